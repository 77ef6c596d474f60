package rest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"sluice/connect"
	"sluice/rest"
	"sluice/worker"
	"sluice/worker/validate"
)

// fake is a herder that does what a test says; a call that it does not speak of panics.
type fake struct {
	rest.Herder
	health     func(context.Context) (worker.Health, error)
	connectors func() []string
	info       func(context.Context, string) (worker.ConnectorInfo, error)
	config     func(context.Context, string) (worker.Properties, error)
	status     func(string) (worker.ConnectorStateInfo, error)
	taskStatus func(connect.TaskID) (worker.TaskStateInfo, error)
	put        func(ctx context.Context, name string, config worker.Properties, initial *worker.TargetState, allowReplace bool) (worker.ConnectorInfo, bool, error)
	patch      func(context.Context, string, worker.Properties) (worker.ConnectorInfo, error)
	restart    func(context.Context, string) error
	restartAll func(context.Context, worker.RestartRequest) (worker.ConnectorStateInfo, error)
	topics     func(string) ([]string, error)
	plugins    func(bool) []worker.PluginInfo
	validate   func(context.Context, string, worker.Properties) (validate.ConfigInfos, error)
}

func (f fake) Health(ctx context.Context) (worker.Health, error) { return f.health(ctx) }
func (f fake) Connectors() []string                              { return f.connectors() }
func (f fake) ConnectorInfo(ctx context.Context, name string) (worker.ConnectorInfo, error) {
	return f.info(ctx, name)
}
func (f fake) ConnectorConfig(ctx context.Context, name string) (worker.Properties, error) {
	return f.config(ctx, name)
}
func (f fake) ConnectorStatus(name string) (worker.ConnectorStateInfo, error) { return f.status(name) }
func (f fake) TaskStatus(id connect.TaskID) (worker.TaskStateInfo, error)     { return f.taskStatus(id) }
func (f fake) PutConnector(ctx context.Context, name string, config worker.Properties, initial *worker.TargetState, allowReplace bool) (worker.ConnectorInfo, bool, error) {
	return f.put(ctx, name, config, initial, allowReplace)
}
func (f fake) PatchConnector(ctx context.Context, name string, patch worker.Properties) (worker.ConnectorInfo, error) {
	return f.patch(ctx, name, patch)
}
func (f fake) RestartConnector(ctx context.Context, name string) error { return f.restart(ctx, name) }
func (f fake) RestartConnectorAndTasks(ctx context.Context, req worker.RestartRequest) (worker.ConnectorStateInfo, error) {
	return f.restartAll(ctx, req)
}
func (f fake) ActiveTopics(name string) ([]string, error)            { return f.topics(name) }
func (f fake) Plugins(connectorsOnly bool) []worker.PluginInfo       { return f.plugins(connectorsOnly) }
func (f fake) PluginConfig(string) ([]validate.ConfigKeyInfo, error) { return nil, nil }
func (f fake) ValidateConfig(ctx context.Context, plugin string, config worker.Properties) (validate.ConfigInfos, error) {
	return f.validate(ctx, plugin, config)
}

// logs collects what a server logs from level Warn on.
type logs struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logs) lines() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.b.String(), "\n")
}

func newServer(t testing.TB, h rest.Herder, change ...func(*rest.Options)) (*rest.Server, *logs) {
	t.Helper()
	l := &logs{}
	o := rest.Options{Herder: h, Logger: slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelWarn}))}
	for _, c := range change {
		c(&o)
	}
	s, err := rest.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s, l
}

// call sends one request past the network. A body goes as JSON unless a header, given in turn with its value, says otherwise.
func call(h http.Handler, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// wantError checks an answer that is an error.
func wantError(t *testing.T, w *httptest.ResponseRecorder, status int, message string) {
	t.Helper()
	var body struct {
		ErrorCode int    `json:"error_code"`
		Message   string `json:"message"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		t.Fatalf("the body is not JSON: %q", w.Body)
	}
	if w.Code != status || body.ErrorCode != status || !strings.Contains(body.Message, message) {
		t.Errorf("got %d %s\nwant %d with message %s", w.Code, w.Body, status, message)
	}
	if ct := w.Header().Get("Content-Type"); ct != "application/json" {
		t.Errorf("content type: got %s", ct)
	}
}
