package kafka

import (
	"testing"
	"time"
)

// Kafka: ExpiringCredentialRefreshingLogin.refreshMs, with its defaults but for the cases' own.
func TestWhenATokenIsRenewed(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	for _, c := range []struct {
		name              string
		life              time.Duration
		minPeriod, buffer time.Duration
		random            float64
		want              time.Duration
	}{
		{"after most of its life", time.Hour, time.Minute, 5 * time.Minute, 0, 48 * time.Minute},
		{"not all at once", time.Hour, time.Minute, 5 * time.Minute, 1, 51 * time.Minute},
		{"not in its last minutes", 20 * time.Minute, time.Minute, 5 * time.Minute, 0, 15 * time.Minute},
		{"not too soon", 62 * time.Second, 60 * time.Second, time.Second, 0, 60 * time.Second},
		{"a life too short for either", time.Minute, time.Minute, 5 * time.Minute, 0, 48 * time.Second},
	} {
		s := &endpointTokens{windowFactor: 0.8, windowJitter: 0.05, minPeriod: c.minPeriod, buffer: c.buffer}
		if got := s.refreshTime(now, now.Add(c.life), c.random).Sub(now).Round(time.Second); got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

func TestRegionOfABroker(t *testing.T) {
	for host, want := range map[string]string{
		"b-1.demo.abc123.c2.kafka.eu-west-1.amazonaws.com":         "eu-west-1",
		"boot-abc123.c1.kafka-serverless.us-east-1.amazonaws.com":  "us-east-1",
		"b-1.demo.abc123.c2.kafka.cn-north-1.amazonaws.com.cn":     "cn-north-1",
		"b-1-public.demo.abc.c2.kafka.us-gov-west-1.amazonaws.com": "us-gov-west-1",
		"kafka.example.com":                      "",
		"kafka.eu-west-1.amazonaws.com.evil.org": "",
	} {
		got := ""
		if found := mskHost.FindStringSubmatch(host); found != nil {
			got = found[1]
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", host, got, want)
		}
	}
}

// Whatever a peer sends during a login, nothing is read beyond it, and no count of it is believed.
func FuzzWireReader(f *testing.F) {
	f.Add([]byte{0, 0, 0x7f, 0xff, 0xff, 0xff, 0, 18})
	f.Add([]byte{0, 58, 0, 2, 'n', 'o', 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, data []byte) {
		r := wireReader{append([]byte{}, data...)}
		read := 2 + 2 + 4 + 8
		r.int16()
		text, bytes := r.text(), r.bytes()
		r.int64()
		if read += len(text) + len(bytes); !r.short() && read > len(data) {
			t.Errorf("read %d of %d bytes", read, len(data))
		}
	})
}
