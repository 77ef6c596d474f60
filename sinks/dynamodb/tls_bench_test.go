package dynamodb

import (
	"crypto/tls"
	"net"
	"net/http/httptest"
	"testing"
)

// sinkhole is a connection that can be told to take everything and keep nothing.
type sinkhole struct {
	net.Conn
	open bool
}

func (s *sinkhole) Write(b []byte) (int, error) {
	if s.open {
		return len(b), nil
	}
	return s.Conn.Write(b)
}

// What TLS costs the sink: encrypting the request of a batch, and the handshake of a new connection, both sides of it.
func BenchmarkTLS(b *testing.B) {
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	dial := func(b *testing.B) (*tls.Conn, *sinkhole) {
		raw, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			b.Fatal(err)
		}
		s := &sinkhole{Conn: raw}
		c := tls.Client(s, &tls.Config{InsecureSkipVerify: true})
		if err := c.Handshake(); err != nil {
			b.Fatal(err)
		}
		return c, s
	}
	b.Run("a batch of 25 items of 250 bytes", func(b *testing.B) {
		c, s := dial(b)
		defer s.Close()
		s.open = true
		body := make([]byte, 25*(250+itemOverhead+60))
		for b.Loop() {
			if _, err := c.Write(body); err != nil {
				b.Fatal(err)
			}
		}
		b.SetBytes(int64(len(body)))
	})
	b.Run("a handshake", func(b *testing.B) {
		for b.Loop() {
			_, s := dial(b)
			s.Close()
		}
	})
}
