package rest_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/connect"
	"sluice/connect/converter"
	"sluice/connect/transform"
	"sluice/rest"
	"sluice/sinks/file"
	"sluice/worker"
)

// The targets send what nobody would to the API in front of a real herder with its state in memory. Whatever comes, there is no panic, no
// hang, an error has the shape of one, and nothing is a success that Kafka Connect refuses, see refusal_test.go. Seeds are the bodies and
// paths of the recorded scenarios.

// answerLimit is how long an answer may take. Nothing here waits for anybody; the machine may be busy.
const answerLimit = 10 * time.Second

// fuzzed is the API under fire.
type fuzzed struct {
	server *rest.Server
	herder *worker.Herder
}

// newFuzzed runs a worker that keeps its state in memory until the fuzzing ends. Its connector is the file sink's, but with no tasks: those
// would look for Kafka.
func newFuzzed(tb testing.TB) *fuzzed {
	tb.Helper()
	sink := file.Plugin(converter.AppendJavaString)
	inner := sink.NewSink
	sink.NewSink = func() connect.SinkConnector { return withoutTasks{inner()} }
	plugins, err := connect.NewPlugins(slices.Concat(
		converter.Plugins(),
		transform.Plugins(transform.Text{Parse: converter.ParseText, String: converter.JavaString}),
		[]connect.Plugin{sink},
	)...)
	if err != nil {
		tb.Fatal(err)
	}
	config, _, err := worker.LoadConfig(map[string]string{
		"bootstrap.servers": "127.0.0.1:1", "group.id": "connect-cluster", "config.storage.topic": "c", "offset.storage.topic": "o", "status.storage.topic": "s",
		"key.converter": "org.apache.kafka.connect.storage.StringConverter", "value.converter": "org.apache.kafka.connect.storage.StringConverter",
	}, nil)
	if err != nil {
		tb.Fatal(err)
	}
	w, err := worker.New(worker.Options{Config: config, Plugins: plugins, WorkerID: "w:8083", Version: "3.9.2-sluice.test", Storage: &worker.MemoryStorage{}})
	if err != nil {
		tb.Fatal(err)
	}
	server, err := rest.New(rest.Options{Herder: w.Herder(), Logger: slog.New(slog.DiscardHandler), RequestTimeout: 2 * answerLimit, BodyLimit: 1 << 20})
	if err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	tb.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			tb.Error(err)
		}
	})
	select {
	case <-w.Ready():
	case err := <-ended:
		ended <- err
		tb.Fatal(err)
	}
	return &fuzzed{server, w.Herder()}
}

type withoutTasks struct{ connect.SinkConnector }

func (withoutTasks) TaskConfigs(int) ([]map[string]string, error) { return nil, nil }

// send makes a request of what would come over the wire and holds its answer against the rules for all answers. It returns nil if it is no
// request that net/http would let through.
func (f *fuzzed) send(t *testing.T, method, target string, headers http.Header, body []byte) *httptest.ResponseRecorder {
	t.Helper()
	var wire bytes.Buffer
	fmt.Fprintf(&wire, "%s %s HTTP/1.1\r\nHost: w\r\nContent-Length: %d\r\n", method, target, len(body))
	_ = headers.Write(&wire) // a buffer takes everything
	fmt.Fprintf(&wire, "\r\n%s", body)
	r, err := http.ReadRequest(bufio.NewReader(&wire))
	if err != nil {
		return nil
	}
	w := httptest.NewRecorder()
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		f.server.ServeHTTP(w, r)
	}()
	select {
	case <-answered:
	case <-time.After(answerLimit):
		t.Fatalf("%s %q is not answered within %s", method, target, answerLimit)
	}
	if strings.Contains(w.Body.String(), "internal error, see the worker's log") {
		t.Fatalf("%s %q: a handler panicked", method, target)
	}
	if err := wellFormed(method, w); err != nil && r.URL.Path != "/health" {
		t.Errorf("%s %q: %v; got %d %q", method, target, err, w.Code, w.Body)
	}
	if w.Code/100 == 2 {
		path, _, _ := strings.Cut(target, "?")
		if why := refusedRequest(method, path, r.Header.Get("Content-Type"), len(body)); why != "" {
			t.Errorf("%s %q is a %d; Kafka refuses %s", method, target, w.Code, why)
		}
	}
	return w
}

// wellFormed looks at the shape of an answer.
func wellFormed(method string, w *httptest.ResponseRecorder) error {
	body, contentType := w.Body.Bytes(), w.Header().Get("Content-Type")
	switch {
	case w.Code < 200 || w.Code > 599:
		return errors.New("no such status")
	case w.Code >= 300 && w.Code < 400:
		return errors.New("a redirect")
	case w.Code == http.StatusNoContent || w.Code == http.StatusAccepted && len(body) == 0 || method == "OPTIONS" && w.Code == 200:
		return nil
	case w.Code < 300:
		if !json.Valid(body) || !strings.HasPrefix(contentType, "application/json") {
			return fmt.Errorf("a success that is not JSON (%q)", contentType)
		}
		return nil
	}
	var e map[string]any
	if err := json.Unmarshal(body, &e); err != nil {
		return fmt.Errorf("the error is not JSON: %w", err)
	}
	_, text := e["message"].(string)
	if code, _ := e["error_code"].(float64); int(code) != w.Code || !text || len(e) != 2 || contentType != "application/json" {
		return errors.New("the error has not the shape of one")
	}
	return nil
}

// config reads a connector's config back, nil if there is none.
func (f *fuzzed) config(t *testing.T, name string) map[string]string {
	t.Helper()
	w := f.send(t, "GET", "/connectors/"+url.PathEscape(name)+"/config", nil, nil)
	if w == nil || w.Code != 200 {
		return nil
	}
	var config map[string]string // a null is as good as an empty text here
	if err := json.Unmarshal(w.Body.Bytes(), &config); err != nil {
		t.Fatal(err)
	}
	return config
}

// empty deletes what was created, by the herder itself: the name may be one that no path has.
func (f *fuzzed) empty(t *testing.T) {
	t.Helper()
	for _, name := range f.herder.Connectors() {
		if err := f.herder.DeleteConnector(t.Context(), name); err != nil {
			t.Fatalf("delete %q: %v", name, err)
		}
	}
}

var jsonHeaders = http.Header{"Content-Type": {"application/json"}}

// oddTexts are names and values that have gone wrong somewhere before.
var oddTexts = []string{
	"a", " a ", "", "   ", "a/b", "..", ".", "a%2Fb", "%", "%zz", "{name}", "a\x00b", "a\x07", "\x7f", "\u0085", "\u2028", "a\r\nX: y", "ünïcödé", "名前", "\U0001F600", "\xff\xfe",
	"\ufeffa", "é", "a;b=c", "a?b", "a#b", "${file:/etc/passwd:root}", "<script>", strings.Repeat("n", 10<<10), strings.Repeat("é", 5<<10),
}

func FuzzCreate(f *testing.F) {
	for _, s := range scenarioBodies(f, "POST", "/connectors") {
		f.Add(s, "application/json")
	}
	for _, odd := range oddTexts {
		name, _ := json.Marshal(odd)
		f.Add(fmt.Sprintf(`{"name":%s,"config":{"connector.class":"FileStreamSink","topics":"t"}}`, name), "application/json")
		f.Add(fmt.Sprintf(`{"name":"n","config":{"connector.class":"FileStreamSink","topics":"t",%s:%s}}`, name, name), "application/json; charset=utf-8")
		f.Add(odd, odd)
	}
	f.Add(`{"name":"n","config":{"connector.class":"FileStreamSink","topics":"t"},"config":{}}`, "application/json")
	f.Add(`{"name":"n","config":`+strings.Repeat(`{"a":`, 5000), "application/json")
	f.Add(`{"name":1e400,"config":{"connector.class":"FileStreamSink","topics":"t","tasks.max":1e0}}`, "application/json")
	api := newFuzzed(f)
	f.Fuzz(func(t *testing.T, body, mediaType string) {
		defer api.empty(t)
		headers := http.Header{"Content-Type": {mediaType}}
		w := api.send(t, "POST", "/connectors", headers, []byte(body))
		if w == nil || w.Code/100 != 2 {
			if left := api.herder.Connectors(); len(left) > 0 {
				t.Errorf("refused, and there is %q", left)
			}
			return
		}
		name, why := refusedCreate([]byte(body))
		if w.Code != 201 || why != "" {
			t.Fatalf("%d for %q; Kafka refuses it: %s", w.Code, body, why)
		}
		if got := api.herder.Connectors(); !slices.Equal(got, []string{name}) {
			t.Errorf("created %q, want %q", got, name)
		}
		if again := api.send(t, "POST", "/connectors", headers, []byte(body)); again.Code != 409 {
			t.Errorf("the same once more: %d %s, want 409", again.Code, again.Body)
		}
	})
}

func FuzzConfig(f *testing.F) {
	bodies := slices.Concat(scenarioBodies(f, "PUT", "/config"), scenarioBodies(f, "PATCH", "/config"), scenarioBodies(f, "PUT", "/validate"))
	for i, s := range bodies {
		f.Add("n", s, bodies[len(bodies)-1-i])
	}
	for _, odd := range oddTexts {
		text, _ := json.Marshal(odd)
		f.Add(odd, `{"connector.class":"FileStreamSink","topics":"t"}`, fmt.Sprintf(`{"topics":%s,%s:null}`, text, text))
		f.Add("n", fmt.Sprintf(`{"connector.class":"FileStreamSink","topics":"t","transforms":%s,"transforms.a.type":%s,"file":%s}`, text, text, text), "{}")
	}
	api := newFuzzed(f)
	f.Fuzz(func(t *testing.T, name, body, patch string) {
		defer api.empty(t)
		name = strings.ToValidUTF8(name, "\ufffd") // what becomes of other bytes is a test of its own
		path := "/connectors/" + url.PathEscape(name) + "/config"
		w := api.send(t, "PUT", path, jsonHeaders, []byte(body))
		if w == nil || w.Code/100 != 2 {
			if left := api.herder.Connectors(); len(left) > 0 {
				t.Errorf("refused, and there is %q", left)
			}
			api.send(t, "PUT", "/connector-plugins/FileStreamSink/config/validate", jsonHeaders, []byte(body))
			return
		}
		if why := refusedConfig(name, []byte(body)); w.Code != 201 || why != "" {
			t.Fatalf("%d for %q with %q; Kafka refuses it: %s", w.Code, name, body, why)
		}
		want := map[string]string{"name": name}
		fields, _ := object([]byte(body))
		for k, v := range fields {
			want[k], _ = scalarText(v)
		}
		if got := api.config(t, name); !maps.Equal(got, want) {
			t.Errorf("the config is %q, want %q", got, want)
		}
		w = api.send(t, "PATCH", path, jsonHeaders, []byte(patch))
		if w.Code/100 != 2 {
			if got := api.config(t, name); !maps.Equal(got, want) {
				t.Errorf("the patch was refused, and the config is %q, want %q", got, want)
			}
			return
		}
		changes, why := object([]byte(patch))
		if why != "" {
			t.Fatalf("%d for the patch %q; Kafka refuses it: %s", w.Code, patch, why)
		}
		for k, v := range changes {
			text, nested := scalarText(v)
			if nested {
				t.Fatalf("%d for the patch %q, with a value that is no scalar", w.Code, patch)
			}
			want[k] = text
			if string(v) == "null" {
				delete(want, k)
			}
		}
		merged, _ := json.Marshal(want)
		if why := refusedConfig(want["name"], merged); why != "" {
			t.Fatalf("%d for the patch %q; Kafka refuses its result: %s", w.Code, patch, why)
		}
		if got := api.config(t, name); !maps.Equal(got, want) {
			t.Errorf("the patched config is %q, want %q", got, want)
		}
	})
}

// FuzzPaths asks for anything, while there is one connector.
func FuzzPaths(f *testing.F) {
	seen := map[string]bool{} // each kind of request once
	for _, s := range readScenarios(f) {
		r := newRun("http://w", 0)
		for _, step := range s.Steps {
			if seen[step.Method+step.Path] {
				continue
			}
			seen[step.Method+step.Path] = true
			body := ""
			switch {
			case step.JSON != nil:
				body = r.fill(string(step.JSON))
			case step.Body != nil:
				body = r.fill(*step.Body)
			}
			accept := ""
			if a := step.Headers["Accept"]; a != nil {
				accept = *a
			}
			f.Add(step.Method, strings.ReplaceAll(r.fill(step.Path), r.prefix, "there"), accept, "application/json", body)
		}
	}
	for _, odd := range oddTexts {
		f.Add("GET", "/connectors/"+odd+"/status", odd, odd, odd)
		f.Add("PUT", "/admin/loggers/"+url.PathEscape(odd), "", "application/json", `{"level":"DEBUG"}`)
	}
	for _, shape := range []string{"/%s", "/connectors/there/tasks/%s/status", "/connector-plugins/%s/config", "/connectors?expand=%s", "/connectors/there/restart?includeTasks=%s"} {
		for _, odd := range []string{"%", "%2F", "-1", "\xff", "a;b", "99999999999", "+1", "true&true", "%00"} {
			f.Add("GET", strings.ReplaceAll(shape, "%s", odd), "", "", "")
		}
	}
	api := newFuzzed(f)
	f.Fuzz(func(t *testing.T, method, target, accept, mediaType, body string) {
		if len(api.herder.Connectors()) != 1 {
			api.empty(t)
			if w := api.send(t, "PUT", "/connectors/there/config", jsonHeaders, []byte(`{"connector.class":"FileStreamSink","topics":"t"}`)); w.Code != 201 {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
		}
		headers := http.Header{}
		if accept != "" {
			headers.Set("Accept", accept)
		}
		if mediaType != "" {
			headers.Set("Content-Type", mediaType)
		}
		w := api.send(t, method, target, headers, []byte(body))
		if w == nil {
			return
		}
		path, _, _ := strings.Cut(target, "?")
		if strings.HasPrefix(path, "/admin/loggers/") && method == "PUT" && w.Code/100 == 2 {
			fields, why := object([]byte(body))
			level, _ := scalarText(fields["level"])
			if why != "" || !slices.Contains([]string{"OFF", "FATAL", "ERROR", "WARN", "INFO", "DEBUG", "TRACE", "ALL"}, strings.ToUpper(level)) {
				t.Errorf("%d for the level in %q", w.Code, body)
			}
		}
		// There is no Kafka whose offsets could be changed, and the connector is not STOPPED unless it was stopped before.
		if strings.HasSuffix(strings.TrimSuffix(path, "/"), "/offsets") && slices.Contains([]string{"GET", "PATCH", "DELETE"}, method) && w.Code/100 == 2 {
			t.Errorf("%d %s for offsets without a Kafka", w.Code, w.Body)
		}
		if strings.HasSuffix(path, "/fence") && w.Code/100 == 2 {
			t.Errorf("%d for an unsigned request among workers", w.Code)
		}
	})
}

// scenarioBodies are the bodies that were recorded for a kind of request.
func scenarioBodies(tb testing.TB, method, suffix string) []string {
	tb.Helper()
	var bodies []string
	for _, s := range readScenarios(tb) {
		r := newRun("http://w", 0)
		for _, step := range s.Steps {
			if step.Method != method || !strings.HasSuffix(strings.TrimSuffix(step.Path, "/"), suffix) {
				continue
			}
			switch {
			case step.JSON != nil:
				bodies = append(bodies, r.fill(string(step.JSON)))
			case step.Body != nil:
				bodies = append(bodies, r.fill(*step.Body))
			}
		}
	}
	if len(bodies) == 0 {
		tb.Fatalf("nothing was recorded for %s …%s", method, suffix)
	}
	return bodies
}
