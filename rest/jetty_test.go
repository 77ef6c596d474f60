package rest_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"sluice/rest"
	"sluice/worker"
)

// recorded is a file of testdata/jetty; see its README.
type recorded struct {
	Settings  map[string]string
	Files     map[string]string
	Exchanges []exchange
}

type exchange struct {
	Name    string
	Port    string
	Send    []string
	Receive string
	Closed  bool
}

// otherStatus are the recorded exchanges that get another answer here, with its status and the reason why that is left so.
var otherStatus = map[string]struct {
	status int
	why    string
}{
	"plain/two hosts":            {400, "net/http refuses a second Host header, as RFC 9112 asks of servers"},
	"plain/bad host":             {400, "net/http refuses a Host header that is none, as RFC 9112 asks of servers"},
	"plain/http09":               {400, "net/http takes a request line without a version for a broken one"},
	"plain/bad version":          {400, "net/http takes a version that is none for a broken request line"},
	"plain/http2":                {505, "net/http does not ask the client to upgrade"},
	"plain/prior h2":             {505, "net/http does not ask the client to upgrade"},
	"plain/big uri 9000":         {431, "net/http has one limit for the request line and the headers"},
	"plain/leading crlf":         {400, "net/http does not skip an empty line before a request"},
	"plain/header fold":          {200, "net/http still takes a header of several lines"},
	"plain/length and chunked":   {500, "net/http takes the length for void, as RFC 9112 allows; the 500 is about the body"},
	"plain/te gzip":              {501, "net/http names what is not supported"},
	"plain/bad chunk":            {400, "the fault is the client's"},
	"plain/fragment":             {404, "net/http takes what no client sends, a fragment, for a part of the path"},
	"plain/bad query":            {200, "net/url drops a parameter that is not escaped well, Jetty takes it as it is"},
	"plain/expect refused early": {404, "net/http waits for the body, which the client may still send, and keeps the connection"},
	"plain/dots up":              {404, "a path above the root is one that no endpoint has"},
}

// What a client sees on the wire is what Jetty and Kafka's filters answer: statuses, headers, bodies, and whether the connection stays.
func TestAnswersOfJetty(t *testing.T) {
	for _, name := range []string{"plain", "full", "open"} {
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join("testdata", "jetty", name+".json"))
			if err != nil {
				t.Fatal(err)
			}
			var r recorded
			if err := json.Unmarshal(data, &r); err != nil {
				t.Fatal(err)
			}
			l := serveSettings(t, r.Settings, r.Files)
			for _, e := range r.Exchanges {
				t.Run(e.Name, func(t *testing.T) {
					t.Parallel()
					addr := l.Addr()
					if e.Port == "admin" {
						addr = l.AdminAddrs()[0]
					}
					got, closed := sendRaw(t, addr, e.Send, len(wantResponses(t, e)))
					compareWithJetty(t, name+"/"+e.Name, e, got, closed)
				})
			}
		})
	}
}

// serveSettings serves the model of a herder as a worker with the settings would.
func serveSettings(t *testing.T, settings, files map[string]string) *rest.Listeners {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	props := map[string]string{
		"group.id": "g", "config.storage.topic": "c", "offset.storage.topic": "o", "status.storage.topic": "s", "listeners": "http://127.0.0.1:0",
		"key.converter": "org.apache.kafka.connect.storage.StringConverter", "value.converter": "org.apache.kafka.connect.storage.StringConverter",
	}
	maps.Copy(props, settings)
	if props["admin.listeners"] == "${admin}" {
		props["admin.listeners"] = "http://127.0.0.1:0"
	}
	environ := []string{"KAFKA_OPTS=-Dlab.dir=" + dir + " -Djava.security.auth.login.config=" + filepath.Join(dir, "jaas.conf")}
	config, _, err := worker.LoadConfig(props, environ)
	if err != nil {
		t.Fatal(err)
	}
	change := func(o *rest.Options) {
		o.AdminListeners, o.ResponseHeaders = config.REST.AdminListeners, config.REST.ResponseHeaders
		o.AllowedOrigins, o.AllowedMethods = config.REST.AllowedOrigins, config.REST.AllowedMethods
		if !config.REST.BasicAuth {
			return
		}
		auth, _, err := rest.LoadBasicAuth(config.REST.LoginConfig, func(name string) (string, bool) { v, ok := config.REST.SystemProperties[name]; return v, ok })
		if err != nil {
			t.Fatal(err)
		}
		o.BasicAuth = auth
	}
	s, _ := newServer(t, newModel(t), change)
	l, err := rest.Listen(t.Context(), rest.ListenerOptions{Listeners: config.Listeners, AdminListeners: config.REST.AdminListeners})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- s.Run(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ran; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	return l
}

var macro = regexp.MustCompile(`\$\{x:(\d+)\}`)

// latin1 returns the bytes that a recorded text stands for.
func latin1(text string) []byte {
	text = macro.ReplaceAllStringFunc(text, func(m string) string {
		n, _ := strconv.Atoi(macro.FindStringSubmatch(m)[1])
		return strings.Repeat("x", n)
	})
	var b []byte
	for _, r := range text {
		b = append(b, byte(r))
	}
	return b
}

// sendRaw sends a request as it was recorded and returns the n responses to it, and whether the connection is closed after them.
func sendRaw(t *testing.T, addr net.Addr, writes []string, n int) (responses []*http.Response, closed bool) {
	t.Helper()
	conn, err := net.Dial("tcp", addr.String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	from := bufio.NewReader(conn)
	head := strings.HasPrefix(writes[0], "HEAD")
	for i, w := range writes {
		if _, err := conn.Write(latin1(w)); err != nil {
			return responses, true // refused before all of it was sent
		}
		if i < len(writes)-1 {
			responses = append(responses, readResponse(t, from, head))
			if responses[i].StatusCode != http.StatusContinue {
				return responses, endsHere(conn, from)
			}
		}
	}
	for len(responses) < n {
		responses = append(responses, readResponse(t, from, head))
	}
	return responses, n > 0 && endsHere(conn, from) // of a request that is not complete nothing can be said
}

// endsHere reports whether the server has closed the connection: one that it keeps answers another request.
func endsHere(conn net.Conn, from *bufio.Reader) bool {
	if _, err := io.WriteString(conn, "GET /another HTTP/1.1\r\nHost: w\r\n\r\n"); err != nil {
		return true
	}
	_, err := from.ReadByte()
	return err != nil
}

// readResponse reads a response with its whole body.
func readResponse(t *testing.T, from *bufio.Reader, head bool) *http.Response {
	t.Helper()
	request := &http.Request{Method: http.MethodGet}
	if head {
		request.Method = http.MethodHead
	}
	res, err := http.ReadResponse(from, request)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	res.Body = io.NopCloser(bytes.NewReader(body))
	return res
}

// wantResponses are the recorded responses.
func wantResponses(t *testing.T, e exchange) []*http.Response {
	t.Helper()
	from := bufio.NewReader(bytes.NewReader(latin1(e.Receive)))
	var out []*http.Response
	for {
		if _, err := from.Peek(1); err != nil {
			return out
		}
		out = append(out, readResponse(t, from, strings.HasPrefix(e.Send[0], "HEAD")))
	}
}

func compareWithJetty(t *testing.T, name string, e exchange, got []*http.Response, closed bool) {
	t.Helper()
	want := wantResponses(t, e)
	if other, ok := otherStatus[name]; ok {
		if got[0].StatusCode != other.status {
			t.Errorf("got %d, Jetty answers %d, the table says %d: %s", got[0].StatusCode, want[0].StatusCode, other.status, other.why)
		}
		return
	}
	if len(got) != len(want) {
		t.Fatalf("got %d responses, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i].StatusCode != want[i].StatusCode {
			body, _ := io.ReadAll(got[i].Body)
			t.Fatalf("got %d %s\nwant %d", got[i].StatusCode, body, want[i].StatusCode)
		}
		if strings.HasPrefix(want[i].Header.Get("Content-Type"), "text/html") {
			continue // Jetty's own page, about a request that never reached Kafka
		}
		compareHeaders(t, got[i].Header, want[i].Header, want[i].StatusCode)
		gotBody, _ := io.ReadAll(got[i].Body) // read from memory
		wantBody, _ := io.ReadAll(want[i].Body)
		if strings.HasPrefix(string(wantBody), `{"error_code":500`) && !strings.HasPrefix(e.Send[0], "GET") {
			continue // the words of Java's JSON parser
		}
		if wantBody = sortedMethods(wantBody, want[i].Header); string(sortedMethods(gotBody, want[i].Header)) != string(wantBody) {
			t.Errorf("got %s\nwant %s", gotBody, wantBody)
		}
	}
	if closed != e.Closed {
		t.Errorf("the connection is closed: %v, with Jetty %v", closed, e.Closed)
	}
}

// sortedMethods sorts the list of methods that answers OPTIONS.
func sortedMethods(body []byte, h http.Header) []byte {
	if h.Get("Allow") == "" {
		return body
	}
	list := strings.Split(string(body), ", ")
	slices.Sort(list)
	return []byte(strings.Join(list, ", "))
}

// routing are the statuses that Kafka gives without a Content-Type, or with that of a rule, where ours is application/json.
var routing = []int{404, 405, 406, 415}

func compareHeaders(t *testing.T, got, want http.Header, status int) {
	t.Helper()
	got, want = got.Clone(), want.Clone()
	for _, dated := range []string{"Date", "Expires", "Last-Modified"} {
		for _, h := range []http.Header{got, want} {
			if text := h.Get(dated); text != "" {
				if _, err := http.ParseTime(text); err != nil {
					t.Errorf("%s: %v", dated, err)
				}
				h.Set(dated, "a date")
			}
		}
	}
	want.Del("Server")
	if slices.Contains(routing, status) && want.Get("Content-Type") != "application/json" {
		got.Del("Content-Type")
		want.Del("Content-Type")
	}
	for _, h := range []http.Header{got, want} {
		if allow := h.Get("Allow"); allow != "" {
			h.Set("Allow", string(sortedMethods([]byte(strings.ReplaceAll(allow, ",", ", ")), h)))
		}
		if strings.HasPrefix(h.Get("Content-Length"), "5") && status == 500 { // the words of Java's JSON parser
			h.Del("Content-Length")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(union(got, want))) {
		if !slices.Equal(got[name], want[name]) {
			t.Errorf("%s: got %q, want %q", name, got[name], want[name])
		}
	}
}

func union(a, b http.Header) http.Header {
	a = a.Clone()
	maps.Copy(a, b)
	return a
}
