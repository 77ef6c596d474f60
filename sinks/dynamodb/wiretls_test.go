package dynamodb

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// joinedConn joins what is written to it up to the next flush, so that several records of TLS arrive together.
type joinedConn struct {
	net.Conn
	joining bool
	written bytes.Buffer
}

func (c *joinedConn) Write(b []byte) (int, error) {
	if c.joining {
		return c.written.Write(b)
	}
	return c.Conn.Write(b)
}

func (c *joinedConn) flush() error {
	_, err := c.written.WriteTo(c.Conn)
	return err
}

func TestWhatTLSHasReadAheadIsNoAnswer(t *testing.T) {
	const unasked = "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nunasked"
	answer := func(content string) string {
		return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(content), content)
	}
	long := strings.Repeat("x", 2*wireReadBuffer) // which goes past the reader's buffer
	for name, c := range map[string]struct {
		content string
		records []string
		conns   int32
	}{
		"nothing":            {"short", []string{answer("short")}, 1},
		"nothing behind two": {"short", []string{answer("short")[:30], answer("short")[30:]}, 1},
		"in the same record": {long, []string{answer(long) + unasked}, 2},
		"in a second record": {"short", []string{answer("short"), unasked}, 2},
		"a part of a record": {long, []string{answer(long), unasked[:9]}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			certificate := httptest.NewTLSServer(http.NotFoundHandler()) // for its certificate
			certificate.Close()
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			var serving sync.WaitGroup
			var conns int32
			serve := func(raw net.Conn) {
				defer raw.Close()
				joined := &joinedConn{Conn: raw}
				secure := tls.Server(joined, &tls.Config{Certificates: certificate.TLS.Certificates})
				in := bufio.NewReader(secure)
				for {
					r, err := http.ReadRequest(in)
					if err != nil {
						return
					}
					body, err := io.ReadAll(r.Body)
					if err != nil {
						return
					}
					records := c.records
					if string(body) != "first" {
						records = []string{answer("to " + string(body))}
					}
					joined.joining = true
					for _, text := range records {
						if _, err := io.WriteString(secure, text); err != nil {
							t.Error(err)
						}
					}
					if err := joined.flush(); err != nil {
						t.Error(err)
					}
					joined.joining = false
				}
			}
			serving.Go(func() {
				for {
					raw, err := l.Accept()
					if err != nil {
						return
					}
					conns++
					serving.Go(func() { serve(raw) })
				}
			})
			trusted := x509.NewCertPool()
			trusted.AddCert(certificate.Certificate())
			w := newWire(&http.Transport{DialContext: new(net.Dialer).DialContext, TLSClientConfig: &tls.Config{RootCAs: trusted}}, "https://"+l.Addr().String(), "eu-west-1")
			for _, body := range []string{"first", "second", "third"} {
				want := "to " + body
				if body == "first" {
					want = c.content
				}
				if head, got, err := ask(t.Context(), w, body); err != nil || head.status != 200 || got != want {
					t.Errorf("%s: %d, %.20q, %v", body, head.status, got, err)
				}
			}
			w.close()
			l.Close()
			serving.Wait()
			if conns != c.conns {
				t.Errorf("%d connections, want %d", conns, c.conns)
			}
		})
	}
}
