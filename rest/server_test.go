package rest_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"sluice/rest"
	"sluice/worker"
)

// serve runs a server on free ports until the test ends or stop is called, which returns what Run did.
func serve(t *testing.T, s *rest.Server, listeners ...string) (l *rest.Listeners, stop func() error) {
	t.Helper()
	l, err := rest.Listen(t.Context(), rest.ListenerOptions{Listeners: listeners})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error, 1)
	go func() { result <- s.Run(ctx, l) }()
	stopped := false
	stop = func() error {
		if stopped {
			return nil
		}
		stopped = true
		cancel()
		return <-result
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	return l, stop
}

func get(t *testing.T, client *http.Client, url string) (int, string) {
	t.Helper()
	res, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

func newClient(t *testing.T) *http.Client {
	tr := &http.Transport{}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, Timeout: 20 * time.Second}
}

func TestRunServesAllListeners(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	s, _ := newServer(t, fake{connectors: func() []string { return []string{"a"} }})
	l, stop := serve(t, s, "http://127.0.0.1:0", "http://localhost:0")
	client := newClient(t)
	for _, a := range l.Addrs() {
		if status, body := get(t, client, "http://"+a.String()+"/connectors"); status != 200 || body != `["a"]` {
			t.Errorf("%s: got %d %s", a, status, body)
		}
	}
	client.CloseIdleConnections()
	if err := stop(); err != nil {
		t.Errorf("Run: %v", err)
	}
	if _, err := net.Dial("tcp", l.Addr().String()); err == nil {
		t.Error("the port is still open after Run")
	}
	if err := l.Close(); err != nil {
		t.Errorf("Close after Run: %v", err)
	}
}

func TestRequestsUnderWayFinish(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	s, _ := newServer(t, fake{config: func(context.Context, string) (worker.Properties, error) {
		close(entered)
		<-release
		return worker.Properties{}, nil
	}})
	l, stop := serve(t, s, "http://127.0.0.1:0")
	client := newClient(t)
	answered := make(chan string, 1)
	go func() {
		_, body := get(t, client, "http://"+l.Addr().String()+"/connectors/a/config")
		answered <- body
	}()
	<-entered
	stopped := make(chan error, 1)
	go func() { stopped <- stop() }()
	for { // until the server stopped listening, which is the first thing that it does
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			break
		}
		conn.Close()
	}
	select {
	case <-stopped:
		t.Error("Run returned while a request was under way")
	default:
	}
	close(release)
	if body := <-answered; body != "{}" {
		t.Errorf("got %s", body)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

func TestRequestsThatDoNotFinishAreCutOff(t *testing.T) {
	entered, gaveUp := make(chan struct{}), make(chan struct{})
	s, logs := newServer(t, fake{config: func(ctx context.Context, _ string) (worker.Properties, error) {
		close(entered)
		<-ctx.Done()
		close(gaveUp)
		return nil, ctx.Err()
	}}, func(o *rest.Options) { o.ShutdownTimeout = 50 * time.Millisecond })
	l, stop := serve(t, s, "http://127.0.0.1:0")
	client := newClient(t)
	go func() {
		if res, err := client.Get("http://" + l.Addr().String() + "/connectors/a/config"); err == nil {
			res.Body.Close()
		}
	}()
	<-entered
	if err := stop(); err != nil {
		t.Error(err)
	}
	<-gaveUp
	if logs.lines() != 1 {
		t.Errorf("logged %d lines, want one about the requests that were cut off", logs.lines())
	}
}

func TestSlowClientsAreCut(t *testing.T) {
	s, _ := newServer(t, fake{}, func(o *rest.Options) { o.ReadTimeout = 300 * time.Millisecond })
	l, _ := serve(t, s, "http://127.0.0.1:0")
	for name, sent := range map[string]string{
		"headers": "GET /connectors HTTP/1.1\r\nHost: w\r\nX-Slow: ",
		"body":    "POST /connectors HTTP/1.1\r\nHost: w\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
	} {
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := io.WriteString(conn, sent); err != nil {
			t.Fatal(err)
		}
		if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(conn); err != nil {
			t.Errorf("a client that sends its %s slowly: %v, want the connection closed", name, err)
		}
	}
}

func TestLargeHeadersAreRefused(t *testing.T) {
	s, _ := newServer(t, fake{})
	l, _ := serve(t, s, "http://127.0.0.1:0")
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "GET /connectors HTTP/1.1\r\nHost: w\r\nX-Large: "+strings.Repeat("x", 64<<10)+"\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("got %d", res.StatusCode)
	}
}

func TestListen(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	busy := taken.Addr().String()
	for _, c := range []struct {
		name    string
		options rest.ListenerOptions
		errors  []string // parts of the error; none if it works
	}{
		{"a free port", rest.ListenerOptions{Listeners: []string{"http://127.0.0.1:0"}}, nil},
		{"upper case and blanks", rest.ListenerOptions{Listeners: []string{" HTTP://localhost:0 "}}, nil},
		{"every interface", rest.ListenerOptions{Listeners: []string{"http://:0", "http://[::1]:0"}}, nil},
		{"a port that is taken", rest.ListenerOptions{Listeners: []string{"http://127.0.0.1:0", "http://" + busy}}, []string{"http://" + busy, "address already in use"}},
		{"https without its settings", rest.ListenerOptions{Listeners: []string{"https://:8443"}}, []string{"Invalid value https://:8443 for configuration listeners: there are no settings for https"}},
		{"an admin listener on a port that is taken", rest.ListenerOptions{Listeners: []string{"http://127.0.0.1:0"}, AdminListeners: []string{"http://" + busy}}, []string{"http://" + busy, "address already in use"}},
		{"an admin listener of another protocol", rest.ListenerOptions{Listeners: []string{"http://127.0.0.1:0"}, AdminListeners: []string{"ftp://:21"}}, []string{"configuration admin.listeners"}},
		{"another protocol", rest.ListenerOptions{Listeners: []string{"ftp://:21"}}, []string{`Listener protocol must be either "http" or "https".`}},
		{"no protocol", rest.ListenerOptions{Listeners: []string{"localhost:8083"}}, []string{"Invalid value localhost:8083 for configuration listeners"}},
		{"no port", rest.ListenerOptions{Listeners: []string{"http://localhost"}}, []string{"Listener doesn't have the right format (protocol://hostname:port)."}},
		{"a port that is none", rest.ListenerOptions{Listeners: []string{"http://localhost:70000"}}, []string{"0 to 65535"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, err := rest.Listen(t.Context(), c.options)
			if err == nil {
				defer l.Close()
			}
			if (err != nil) != (len(c.errors) > 0) {
				t.Fatalf("got error %v", err)
			}
			for _, part := range c.errors {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("got error %v, want one with %q", err, part)
				}
			}
		})
	}
}

func TestWorkerID(t *testing.T) {
	l, err := rest.Listen(t.Context(), rest.ListenerOptions{Listeners: []string{"http://127.0.0.1:0"}})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	if l.WorkerID() != "127.0.0.1:"+port || l.AdvertisedURL() != "http://127.0.0.1:"+port+"/" {
		t.Errorf("got %s, %s; the port is %s", l.WorkerID(), l.AdvertisedURL(), port)
	}
}
