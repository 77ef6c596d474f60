package rest

import (
	"testing"

	"sluice/internal/listener"
)

func TestAdvertise(t *testing.T) {
	one := func(host string, port int) []listener.Address {
		return []listener.Address{{Scheme: "http", Host: host, Port: port}}
	}
	mixed := []listener.Address{{Scheme: "https", Host: "secure.local", Port: 8443}, {Scheme: "http", Host: "", Port: 8083}, {Scheme: "http", Host: "plain.local", Port: 8084}}
	for _, c := range []struct {
		name      string
		options   ListenerOptions
		listeners []listener.Address
		want      string
	}{
		{"the listener's host", ListenerOptions{}, one("connect.local", 8083), "http://connect.local:8083/"},
		{"every interface", ListenerOptions{}, one("", 8083), "http://10.0.0.5:8083/"},
		{"every interface by its number", ListenerOptions{}, one("0.0.0.0", 8083), "http://10.0.0.5:8083/"},
		{"every interface of IPv6", ListenerOptions{}, one("::", 8083), "http://10.0.0.5:8083/"},
		{"IPv6", ListenerOptions{}, one("::1", 8083), "http://[::1]:8083/"},
		{"what the settings say", ListenerOptions{AdvertisedHost: "connect.example.com", AdvertisedPort: 80}, one("", 8083), "http://connect.example.com:80/"},
		{"only the host", ListenerOptions{AdvertisedHost: "connect.example.com"}, one("", 8083), "http://connect.example.com:8083/"},
		{"https alone", ListenerOptions{}, []listener.Address{{Scheme: "https", Host: "a.local", Port: 8443}}, "https://a.local:8443/"},
		{"http before https, and the first listener's host where it has none", ListenerOptions{}, mixed, "http://secure.local:8083/"},
		{"https because it is asked for", ListenerOptions{AdvertisedListener: "HTTPS"}, mixed, "https://secure.local:8443/"},
		{"a protocol that has no listener", ListenerOptions{AdvertisedListener: "https"}, one("a.local", 8083), "https://a.local:8083/"},
	} {
		if got := advertise(c.options, c.listeners, func() string { return "10.0.0.5" }).String(); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}
