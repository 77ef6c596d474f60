package rest

import "testing"

func TestAdvertise(t *testing.T) {
	for _, c := range []struct {
		name    string
		options ListenerOptions
		first   address
		want    string
	}{
		{"the listener's host", ListenerOptions{}, address{"connect.local", 8083}, "http://connect.local:8083/"},
		{"a port that was free", ListenerOptions{}, address{"localhost", 0}, "http://localhost:8083/"},
		{"every interface", ListenerOptions{}, address{"", 8083}, "http://10.0.0.5:8083/"},
		{"every interface by its number", ListenerOptions{}, address{"0.0.0.0", 8083}, "http://10.0.0.5:8083/"},
		{"every interface of IPv6", ListenerOptions{}, address{"::", 8083}, "http://10.0.0.5:8083/"},
		{"IPv6", ListenerOptions{}, address{"::1", 8083}, "http://[::1]:8083/"},
		{"what the settings say", ListenerOptions{AdvertisedHost: "connect.example.com", AdvertisedPort: 80}, address{"", 8083}, "http://connect.example.com:80/"},
		{"only the host", ListenerOptions{AdvertisedHost: "connect.example.com"}, address{"", 8083}, "http://connect.example.com:8083/"},
	} {
		if got := advertise(c.options, c.first, 8083, func() string { return "10.0.0.5" }).String(); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}
