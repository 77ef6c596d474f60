package rest_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/rest"
	"sluice/worker"
)

// What clients do to a connection, against a real herder: whatever breaks off leaves nothing behind, and holds nobody up. What is answered to
// each kind of broken HTTP is compared with Jetty in jetty_test.go.

// onTheWire serves the API over a socket, with short limits.
func onTheWire(t *testing.T) (api *fuzzed, addr string) {
	t.Helper()
	api = newFuzzed(t)
	s, err := rest.New(rest.Options{Herder: api.herder, Logger: slog.New(slog.DiscardHandler), ReadTimeout: 1500 * time.Millisecond, BodyLimit: 64 << 10})
	if err != nil {
		t.Fatal(err)
	}
	l, _ := serve(t, s, "http://127.0.0.1:0")
	return api, l.Addr().String()
}

// dial connects, with a deadline for all that follows.
func dial(t *testing.T, addr string) *net.TCPConn {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(15 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return conn.(*net.TCPConn)
}

// creation is a request to create a connector as it stands on the wire.
func creation(name string) string {
	body := `{"name":"` + name + `","config":{"connector.class":"FileStreamSink","topics":"t"}}`
	return fmt.Sprintf("POST /connectors HTTP/1.1\r\nHost: w\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}

// wantWell wants the API to be well: that a client who behaves gets what it asks for, at once.
func wantWell(t *testing.T, addr string, connectors ...string) {
	t.Helper()
	conn := dial(t, addr)
	if _, err := io.WriteString(conn, "GET /connectors HTTP/1.1\r\nHost: w\r\nConnection: close\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	want := "[]"
	if len(connectors) > 0 {
		want = `["` + strings.Join(connectors, `","`) + `"]`
	}
	if err != nil || res.StatusCode != 200 || string(body) != want {
		t.Errorf("the connectors are %d %s (%v), want %s", res.StatusCode, body, err, want)
	}
}

// An upload that ends anywhere before its last byte creates nothing, whether the client hangs up in order or not.
func TestAbortedUploads(t *testing.T) {
	_, addr := onTheWire(t)
	whole := creation("aborted")
	var wg sync.WaitGroup
	for n := range len(whole) {
		wg.Go(func() {
			conn := dial(t, addr)
			if n%2 == 0 {
				_ = conn.SetLinger(0) // a reset
			}
			_, _ = io.WriteString(conn, whole[:n]) // it may be reset by the other side
			_ = conn.Close()
		})
	}
	wg.Wait()
	wantWell(t, addr)
}

// A body that is shorter than its length is no request, one that is longer begins another, which is none.
func TestWrongContentLengths(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(whole string) string
		want   []int // statuses; the connection is closed after the last
		made   []string
	}{
		{"shorter than it says, and then the end", func(s string) string { return s[:len(s)-1] }, []int{400}, nil},
		{"longer than it says", func(s string) string { return s + "garbage\r\n\r\n" }, []int{201, 400}, []string{"x"}},
		{"a length of less than the JSON", func(s string) string { return strings.Replace(s, "Content-Length: ", "Content-Length: 1\r\nX: ", 1) }, []int{500, 400}, nil},
		{"no length", func(s string) string { return strings.Replace(s, "Content-Length: ", "X: ", 1) }, []int{500, 400}, nil},
		{"a length that is none", func(s string) string { return strings.Replace(s, "Content-Length: ", "Content-Length: x", 1) }, []int{400}, nil},
		{"a negative length", func(s string) string { return strings.Replace(s, "Content-Length: ", "Content-Length: -", 1) }, []int{400}, nil},
		{"two lengths", func(s string) string {
			return strings.Replace(s, "Content-Length: ", "Content-Length: 5\r\nContent-Length: ", 1)
		}, []int{400}, nil},
		{"a length beyond all numbers", func(s string) string {
			return strings.Replace(s, "Content-Length: ", "Content-Length: 99999999999999999999", 1)
		}, []int{400}, nil},
		{"chunks that are none", func(s string) string { return chunked(s, "zz\r\n{}\r\n0\r\n\r\n") }, []int{400}, nil},
		{"a chunk that is shorter than it says", func(s string) string { return chunked(s, "40\r\n{}\r\n0\r\n\r\n") }, []int{400}, nil},
		{"a chunk that is longer than it says", func(s string) string { return chunked(s, "1\r\n{}\r\n0\r\n\r\n") }, []int{400}, nil},
		{"a chunk beyond all numbers", func(s string) string { return chunked(s, "fffffffffffffffff\r\n{}\r\n0\r\n\r\n") }, []int{400}, nil},
		{"chunks without an end", func(s string) string { return chunked(s, "2\r\n{}\r\n") }, []int{400}, nil},
		{"binary garbage", func(string) string { return "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n" }, []int{400}, nil}, // a TLS client at a plain port
	} {
		t.Run(c.name, func(t *testing.T) {
			_, addr := onTheWire(t)
			conn := dial(t, addr)
			if _, err := io.WriteString(conn, c.change(creation("x"))); err != nil {
				t.Fatal(err)
			}
			if err := conn.CloseWrite(); err != nil {
				t.Fatal(err)
			}
			if got := statuses(t, conn); !slices.Equal(got, c.want) {
				t.Errorf("got %d, want %d", got, c.want)
			}
			wantWell(t, addr, c.made...)
		})
	}
}

// What was asked for is done though the client has gone since: it may ask later what has become of it, and one that has only closed its side
// of the connection still waits for the answer. A worker that stops cuts it off.
func TestRequestsOutliveTheirClients(t *testing.T) {
	entered, outcome := make(chan struct{}), make(chan error, 1)
	s, err := rest.New(rest.Options{
		Logger:          slog.New(slog.DiscardHandler),
		ShutdownTimeout: time.Millisecond,
		Herder: fake{put: func(ctx context.Context, name string, _ worker.Properties, _ *worker.TargetState, _ bool) (worker.ConnectorInfo, bool, error) {
			entered <- struct{}{}
			wait := 200 * time.Millisecond // net/http notices the end of a connection at once
			if name == "cut" {
				wait = 10 * time.Second
			}
			select {
			case <-ctx.Done():
				outcome <- context.Cause(ctx)
				return worker.ConnectorInfo{}, false, ctx.Err()
			case <-time.After(wait):
				outcome <- nil
				return worker.ConnectorInfo{Name: name}, true, nil
			}
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	l, stop := serve(t, s, "http://127.0.0.1:0")
	begin := func(name string) *net.TCPConn {
		conn := dial(t, l.Addr().String())
		if _, err := io.WriteString(conn, creation(name)); err != nil {
			t.Fatal(err)
		}
		<-entered
		return conn
	}

	half := begin("half")
	if err := half.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if err := <-outcome; err != nil {
		t.Errorf("after the client closed its side: %v", err)
	}
	if got := statuses(t, half); !slices.Equal(got, []int{201}) {
		t.Errorf("after the client closed its side it got %d", got)
	}
	gone := begin("gone")
	if err := gone.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-outcome; err != nil {
		t.Errorf("after the client had gone: %v", err)
	}
	begin("cut")
	stop()
	if err := <-outcome; err == nil {
		t.Error("a request outlives the server")
	}
}

// chunked is the request with other bytes for its body, as chunks.
func chunked(whole, body string) string {
	head, _, _ := strings.Cut(whole, "\r\n\r\n")
	head, _, _ = strings.Cut(head, "Content-Length")
	return head + "Transfer-Encoding: chunked\r\n\r\n" + body
}

// statuses reads answers until the connection ends.
func statuses(t *testing.T, conn net.Conn) []int {
	t.Helper()
	var got []int
	in := bufio.NewReader(conn)
	for {
		if _, err := in.Peek(1); err != nil {
			if timeout := net.Error(nil); errors.As(err, &timeout) && timeout.Timeout() {
				t.Errorf("the connection is still open after %d", got)
			}
			return got
		}
		res, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatalf("after %d: %v", got, err)
		}
		if _, err := io.Copy(io.Discard, res.Body); err != nil {
			t.Fatalf("after %d: %v", got, err)
		}
		_ = res.Body.Close()
		got = append(got, res.StatusCode)
	}
}

// Requests that come all at once are answered one after the other, each seeing what the one before it did.
func TestPipelinedRequests(t *testing.T) {
	_, addr := onTheWire(t)
	conn := dial(t, addr)
	request := func(method, path string) string {
		return method + " " + path + " HTTP/1.1\r\nHost: w\r\n\r\n"
	}
	all := creation("p") + creation("p") + request("GET", "/connectors/p") + request("HEAD", "/nope") + request("PUT", "/connectors/p/stop") +
		request("DELETE", "/connectors/p") + request("GET", "/connectors/p") + strings.Replace(creation("q"), "Host: w", "Host: w\r\nConnection: close", 1)
	if _, err := io.WriteString(conn, all); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(conn)
	for i, want := range []int{201, 409, 200, 404, 204, 204, 404, 201} {
		method := http.MethodGet
		if i == 3 {
			method = http.MethodHead
		}
		res, err := http.ReadResponse(in, &http.Request{Method: method})
		if err != nil {
			t.Fatalf("answer %d: %v", i+1, err)
		}
		body, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != want {
			t.Fatalf("answer %d is %d %s (%v), want %d", i+1, res.StatusCode, body, err, want)
		}
	}
	if _, err := in.ReadByte(); err != io.EOF {
		t.Errorf("after the last answer: %v, want the end of the connection", err)
	}
	wantWell(t, addr, "q")
}

// A body over the limit is a 413 however it comes, and is not read to its end.
func TestBodiesOverTheLimit(t *testing.T) {
	_, addr := onTheWire(t)
	large := strings.Repeat(" ", 1<<20)
	for name, request := range map[string]string{
		"with a length": strings.Replace(creation("x"), "Content-Length: ", fmt.Sprintf("Content-Length: %d\r\nX: ", len(large)), 1) + large,
		"in chunks":     chunked(creation("x"), fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(large), large)),
		"for a promise": strings.Replace(creation("x"), "Content-Length: ", "Expect: 100-continue\r\nContent-Length: 999", 1) + large,
	} {
		t.Run(name, func(t *testing.T) {
			conn := dial(t, addr)
			sent := make(chan struct{})
			go func() {
				defer close(sent)
				_, _ = io.WriteString(conn, request) // the other side may hang up before it has all
			}()
			in := bufio.NewReader(conn)
			for {
				res, err := http.ReadResponse(in, nil)
				if err != nil {
					t.Fatal(err)
				}
				_ = res.Body.Close()
				if res.StatusCode == http.StatusContinue {
					continue
				}
				if res.StatusCode != http.StatusRequestEntityTooLarge {
					t.Errorf("got %d, want 413", res.StatusCode)
				}
				break
			}
			_ = conn.Close()
			<-sent
			wantWell(t, addr)
		})
	}
}

// Clients that send a byte now and then are cut, however many there are, and hold up nobody.
func TestManySlowClients(t *testing.T) {
	const clients = 200
	_, addr := onTheWire(t)
	whole := creation("slow")
	var wg sync.WaitGroup
	begun := make(chan struct{}, clients)
	for i := range clients {
		wg.Go(func() {
			conn := dial(t, addr)
			_, err := io.WriteString(conn, whole[:1+i%(len(whole)-1)]) // within the headers or within the body
			begun <- struct{}{}
			if err != nil {
				t.Error(err)
				return
			}
			if left, err := io.ReadAll(conn); err != nil && !errors.Is(err, net.ErrClosed) && !strings.Contains(err.Error(), "reset") {
				t.Errorf("%q and then %v, want the connection closed", left, err)
			}
		})
	}
	for range clients {
		<-begun
	}
	began := time.Now()
	wantWell(t, addr)
	if took := time.Since(began); took > time.Second {
		t.Errorf("another client waits %s", took)
	}
	wg.Wait()
	wantWell(t, addr)
}
