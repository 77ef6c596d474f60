package dynamodb

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// newTestWire makes connections to an endpoint with the dialer of net/http.
func newTestWire(t *testing.T, endpoint string) *wire {
	t.Helper()
	w := newWire(&http.Transport{DialContext: new(net.Dialer).DialContext, MaxIdleConnsPerHost: 8, IdleConnTimeout: time.Minute}, endpoint, "eu-west-1")
	if w == nil {
		t.Fatalf("%s is not called directly", endpoint)
	}
	t.Cleanup(w.close)
	return w
}

// ask makes one call.
func ask(ctx context.Context, w *wire, body string) (answerHead, string, error) {
	c := aws.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "secret"}
	head, answer, err := w.roundTrip(ctx, func(dst []byte) []byte {
		return w.signer.appendHead(dst, "BatchWriteItem", []byte(body), &c, time.Unix(1790000000, 0))
	}, []byte(body))
	return head, string(answer), err
}

func TestCallsShareConnectionsThatTheServerKeeps(t *testing.T) {
	var conns atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		w.Header().Set("X-Amzn-Requestid", "R1")
		switch string(body) {
		case "last":
			w.Header().Set("Connection", "close")
		case "refused":
			w.WriteHeader(400)
		case "chunked":
			w.(http.Flusher).Flush()
		}
		fmt.Fprintf(w, "%s %d", r.Header.Get("X-Amz-Target"), len(body))
	}))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			conns.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	w := newTestWire(t, server.URL)
	for _, c := range []struct {
		body   string
		status int
		conns  int32
	}{
		{"first", 200, 1}, {"refused", 400, 1}, {"chunked", 200, 1}, {strings.Repeat("long", wireWriteBuffer), 200, 1}, {"last", 200, 1}, {"new", 200, 2},
	} {
		head, answer, err := ask(t.Context(), w, c.body)
		want := fmt.Sprintf("DynamoDB_20120810.BatchWriteItem %d", len(c.body))
		if err != nil || head.status != c.status || head.requestID != "R1" || answer != want || conns.Load() != c.conns {
			t.Errorf("%.10q: %d, %q, %v over %d connections; want %d, %q over %d", c.body, head.status, answer, err, conns.Load(), c.status, want, c.conns)
		}
	}
}

func TestConnectionsThatTheServerClosedAreNotUsed(t *testing.T) {
	var served sync.Map
	closed := make(chan struct{}, 16)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "ok") }))
	server.Config.ConnState = func(c net.Conn, s http.ConnState) {
		switch s {
		case http.StateIdle:
			if _, again := served.LoadOrStore(c, true); !again {
				_ = c.Close() // after its first answer
				closed <- struct{}{}
			}
		}
	}
	server.Start()
	defer server.Close()
	w := newTestWire(t, server.URL)
	for range 5 {
		if _, answer, err := ask(t.Context(), w, "a"); err != nil || answer != "ok" {
			t.Fatalf("%q, %v", answer, err)
		}
		<-closed
		w.mu.Lock() // the end of a connection takes its way through the system
		for _, c := range w.idle {
			for isQuiet(c.raw) {
			}
		}
		w.mu.Unlock()
	}
}

func TestACallEndsWithItsContext(t *testing.T) {
	arrived := make(chan struct{}, 1)
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if body, _ := io.ReadAll(r.Body); string(body) == "wait" {
			arrived <- struct{}{}
			<-release
		}
		fmt.Fprint(w, "ok")
	}))
	defer server.Close()
	defer close(release)
	w := newTestWire(t, server.URL)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-arrived
		cancel()
	}()
	if _, _, err := ask(ctx, w, "wait"); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	ctx, cancel = context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, _, err := ask(ctx, w, "wait"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("out of time: %v", err)
	}
	if _, answer, err := ask(t.Context(), w, "go"); err != nil || answer != "ok" {
		t.Errorf("afterwards: %q, %v", answer, err)
	}
}

func TestTLSTrustsWhatTheTransportTrusts(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Proto) }))
	server.Config.ErrorLog = nil
	defer server.Close()
	trusted := x509.NewCertPool()
	trusted.AddCert(server.Certificate())
	call := func(c *tls.Config) (string, error) {
		w := newWire(&http.Transport{DialContext: new(net.Dialer).DialContext, TLSClientConfig: c, TLSHandshakeTimeout: deadlineOfTest}, server.URL, "eu-west-1")
		defer w.close()
		var answer string
		var err error
		for range 3 {
			if _, answer, err = ask(t.Context(), w, "a"); err != nil {
				return "", err
			}
		}
		return answer, nil
	}
	if answer, err := call(&tls.Config{RootCAs: trusted, NextProtos: []string{"h2", "http/1.1"}}); err != nil || answer != "HTTP/1.1" {
		t.Errorf("with its CA: %q, %v", answer, err)
	}
	var untrusted *tls.CertificateVerificationError
	if _, err := call(nil); !errors.As(err, &untrusted) {
		t.Errorf("without its CA: %v", err)
	}
	if _, err := call(&tls.Config{RootCAs: trusted, ServerName: "another.host"}); !errors.As(err, &untrusted) {
		t.Errorf("with another name: %v", err)
	}
}

// deadlineOfTest is longer than anything here takes.
const deadlineOfTest = 30 * time.Second

func TestUnusedConnectionsAreClosedInTime(t *testing.T) {
	gone := make(chan struct{})
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "ok") }))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateClosed {
			close(gone)
		}
	}
	server.Start()
	defer server.Close()
	w := newTestWire(t, server.URL)
	w.idleTime = time.Millisecond
	if _, _, err := ask(t.Context(), w, "a"); err != nil {
		t.Fatal(err)
	}
	select {
	case <-gone:
	case <-time.After(deadlineOfTest):
		t.Fatal("the connection is still open")
	}
}

func TestAnAnswerBeforeTheRequestIsReadCounts(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		fmt.Fprint(c, "HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
		_, _ = io.CopyN(io.Discard, c, 100)
		_ = c.(*net.TCPConn).CloseWrite()
		_, _ = io.Copy(io.Discard, c)
	}()
	w := newTestWire(t, "http://"+l.Addr().String())
	head, answer, err := ask(t.Context(), w, strings.Repeat("x", 8<<20))
	if err != nil || head.status != 413 || answer != "{}" {
		t.Errorf("%d, %q, %v", head.status, answer, err)
	}
	w.close()
	<-ended
}

// deafConn has an answer, and takes no request.
type deafConn struct {
	net.Conn
	answer io.Reader
}

func (c deafConn) Read(b []byte) (int, error)      { return c.answer.Read(b) }
func (c deafConn) Write([]byte) (int, error)       { return 0, io.ErrClosedPipe }
func (c deafConn) SetReadDeadline(time.Time) error { return nil }

func TestOfARequestThatWasNotSentARefusalAloneIsTheAnswer(t *testing.T) {
	for _, c := range []struct {
		status  string
		refused bool
	}{{"413 Content Too Large", true}, {"503 Slow Down", true}, {"200 OK", false}} {
		conn := deafConn{answer: strings.NewReader("HTTP/1.1 " + c.status + "\r\nContent-Length: 2\r\n\r\n{}")}
		w := newTestWire(t, "http://dynamodb.test")
		head, _, reusable, err := w.exchange(&wireConn{Conn: conn, raw: conn, reader: bufio.NewReader(conn)}, func(dst []byte) []byte { return dst }, []byte("body"))
		if reusable || c.refused != (err == nil) || c.refused && fmt.Sprint(head.status) != c.status[:3] || !c.refused && !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("%s: got status %d, reusable %v, %v", c.status, head.status, reusable, err)
		}
	}
}

func TestWhatIsNotSimpleGoesByNetHTTP(t *testing.T) {
	plain := func() *http.Transport { return &http.Transport{DialContext: new(net.Dialer).DialContext} }
	proxied, unproxied, secure := plain(), plain(), plain()
	proxied.Proxy = func(*http.Request) (*url.URL, error) { return &url.URL{Scheme: "http", Host: "proxy:3128"}, nil }
	unproxied.Proxy = func(*http.Request) (*url.URL, error) { return nil, nil }
	secure.DialTLSContext = secure.DialContext
	const service = "https://dynamodb.eu-west-1.amazonaws.com/"
	for name, c := range map[string]struct {
		transport *http.Transport
		endpoint  string
		address   string // "": by net/http
		host      string
	}{
		"the service":            {plain(), service, "dynamodb.eu-west-1.amazonaws.com:443", "dynamodb.eu-west-1.amazonaws.com"},
		"its port":               {plain(), "https://dynamodb.eu-west-1.amazonaws.com:443", "dynamodb.eu-west-1.amazonaws.com:443", "dynamodb.eu-west-1.amazonaws.com"},
		"another port":           {plain(), "http://localhost:8000", "localhost:8000", "localhost:8000"},
		"no port":                {plain(), "http://localhost", "localhost:80", "localhost"},
		"IPv6":                   {plain(), "http://[::1]:8000", "[::1]:8000", "[::1]:8000"},
		"no proxy for it":        {unproxied, service, "dynamodb.eu-west-1.amazonaws.com:443", "dynamodb.eu-west-1.amazonaws.com"},
		"a proxy":                {proxied, service, "", ""},
		"a client of the caller": {nil, service, "", ""},
		"a dialer for TLS":       {secure, service, "", ""},
		"a path":                 {plain(), "http://localhost:8000/dynamodb", "", ""},
		"a query":                {plain(), "http://localhost:8000/?a=b", "", ""},
		"a user":                 {plain(), "http://me:secret@localhost:8000", "", ""},
		"a zone":                 {plain(), "http://[fe80::1%25eth0]:8000", "", ""},
		"another scheme":         {plain(), "ftp://localhost", "", ""},
		"unknown yet":            {plain(), "", "", ""},
	} {
		w := newWire(c.transport, c.endpoint, "eu-west-1")
		switch {
		case w == nil && c.address != "":
			t.Errorf("%s: by net/http", name)
		case w != nil && (w.address != c.address || w.signer.host != c.host):
			t.Errorf("%s: to %q as %q, want %q as %q", name, w.address, w.signer.host, c.address, c.host)
		}
	}
}

func TestAClosedWireKeepsNoConnection(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "ok") }))
	defer server.Close()
	w := newTestWire(t, server.URL)
	if _, _, err := ask(t.Context(), w, "a"); err != nil || len(w.idle) != 1 {
		t.Fatalf("%v, %d connections kept", err, len(w.idle))
	}
	w.close()
	if _, _, err := ask(t.Context(), w, "a"); err != nil || len(w.idle) != 0 {
		t.Errorf("after close: %v, %d connections kept", err, len(w.idle))
	}
}

var answersToRead = []string{
	"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
	"HTTP/1.1 200 OK\r\nDate: Mon, 23 Nov 2026 21:00:00 GMT\r\nx-amz-crc32: 1\r\nX-AMZN-REQUESTID: R\r\nx-amzn-errortype: E\r\ncontent-length:2\r\n\r\n{}",
	"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1;x=y\r\n}\r\n0\r\nTrailer: x\r\n\r\n",
	"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
	"HTTP/1.1 400 Bad Request\r\n\r\nup to the end",
	"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\n{}",
	"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}",
	"HTTP/1.1 204\r\n\r\n",
	"HTTP/1.1 200 OK\nContent-Length: 2\n\n{}",
	"HTTP/1.1 200 OK\r\nX-Long: " + strings.Repeat("x", 3*wireReadBuffer) + "\r\nContent-Length: 2\r\n\r\n{}",
	"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}",
	"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
	"HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\n{}",
	"HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\n{}",
	"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n{}",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n{}",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{}",
	"HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\n{}",
	"HTTP/1.1 200 OK\r\n folded: 2\r\n\r\n{}",
	"HTTP/1.1 101 Switching Protocols\r\n\r\n",
	"HTTP/2.0 200 OK\r\n\r\n",
	"HTTP/1.1 2x0 OK\r\n\r\n",
	"HTTP/1.1 200 OK\r\nContent-Le",
	"SSH-2.0-x\r\n",
	"",
}

// What net/http does not accept must not be accepted either, and what both accept must be the same.
func FuzzAnswersAreReadAsByNetHTTP(f *testing.F) {
	for _, text := range answersToRead {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		head, content, reusable, err := readAnswer(bufio.NewReaderSize(strings.NewReader(text), wireReadBuffer))
		if err != nil {
			return
		}
		var r *http.Response
		in := bufio.NewReader(strings.NewReader(text))
		for {
			var err error
			if r, err = http.ReadResponse(in, &http.Request{Method: http.MethodPost}); err != nil {
				t.Fatalf("%q: read as status %d; net/http: %v", text, head.status, err)
			}
			if r.StatusCode >= 200 {
				break
			}
		}
		want, err := io.ReadAll(r.Body)
		if err != nil || string(want) != string(content) || headOf(r) != head || reusable && r.Close {
			t.Fatalf("%q: read as %+v, %q, reusable %t; net/http: %+v, %q, close %t, %v", text, head, content, reusable, headOf(r), want, r.Close, err)
		}
	})
}

func TestAnswersThatAreRefused(t *testing.T) {
	for text, want := range map[string]string{
		"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}":                      "unexpected EOF",
		"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n{}":            "longer than",
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}": "Content-Length",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n{}":                "Transfer-Encoding",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{}":        "unexpected EOF",
		"HTTP/1.1 101 Switching Protocols\r\n\r\n":                            "another protocol",
		"SSH-2.0-x\r\n": "the status line is",
		"HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", maxHeadBytes) + "\r\n\r\n":                 "the head of the answer is longer",
		strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", maxInterim+1) + "HTTP/1.1 204 No\r\n\r\n": "too many interim answers",
		"": "EOF",
	} {
		_, _, _, err := readAnswer(bufio.NewReader(strings.NewReader(text)))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: %v, want %s", text, err, want)
		}
	}
}
