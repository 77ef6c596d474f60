package distributed

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"sluice/connect"
	"sluice/internal/loggers"
)

// chatty is a sink whose task speaks at level Debug when the test tells it to.
type chatty struct {
	contexts chan connect.SinkTaskContext // of the tasks that were started
	speak    chan struct{}                // has room for one
	spoken   chan struct{}                // has room for one
}

func (*chatty) Version() string                                { return "1" }
func (*chatty) Config() *connect.ConfigDef                     { return connect.NewConfigDef() }
func (*chatty) Start(context.Context, map[string]string) error { return nil }
func (*chatty) Stop(context.Context) error                     { return nil }
func (*chatty) TaskConfigs(int) ([]map[string]string, error)   { return []map[string]string{{}}, nil }
func (c *chatty) NewTask() connect.SinkTask                    { return &chattyTask{c: c} }

type chattyTask struct {
	c   *chatty
	log *slog.Logger
}

func (t *chattyTask) Start(_ context.Context, tc connect.SinkTaskContext, _ map[string]string) error {
	t.log = tc.Logger()
	t.c.contexts <- tc
	return nil
}

func (t *chattyTask) Put(context.Context, []connect.SinkRecord) error {
	select {
	case <-t.c.speak:
		t.log.Debug("hello")
		t.c.spoken <- struct{}{}
	default:
	}
	return nil
}

func (t *chattyTask) Stop(context.Context) error { return nil }

// ask sends a request and returns the answer's body.
func ask(t *testing.T, method, url, body string, status int) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	must(t, err)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 20 * time.Second}
	resp, err := client.Do(req)
	must(t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	must(t, err)
	if resp.StatusCode != status {
		t.Fatalf("%s %s: %s %s, want %d", method, url, resp.Status, text, status)
	}
	return string(text)
}

func TestLevelsOfARunningTask(t *testing.T) {
	var out lockedBuffer
	log := slog.New(loggers.New(loggers.Info).Handler(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: loggers.All})))
	o := stock(t, log)
	notices := len(out.String())
	sink := &chatty{contexts: make(chan connect.SinkTaskContext, 1), speak: make(chan struct{}, 1), spoken: make(chan struct{}, 1)}
	var err error
	o.Plugins, err = connect.NewPlugins(append(o.Plugins.All(), connect.Plugin{
		Class: "test.ChattySink", Type: connect.SinkPluginType, TaskClass: "test.ChattySinkTask", NewSink: func() connect.SinkConnector { return sink },
	})...)
	must(t, err)
	r := start(t, o, Run)
	base := strings.TrimSuffix(r.url, "/")
	const name = "/admin/loggers/test.ChattySinkTask"
	if got := ask(t, "GET", base+name, "", 200); got != `{"level":"INFO","last_modified":null}` {
		t.Errorf("before anything was set: got %s", got)
	}
	ask(t, "POST", base+"/connectors", `{"name":"c","config":{"connector.class":"test.ChattySink","topics":"t","tasks.max":"1"}}`, 201)
	var tc connect.SinkTaskContext
	select {
	case tc = <-sink.contexts:
	case <-time.After(20 * time.Second):
		t.Fatal("the task does not start")
	}
	// said lets the task speak and returns what is logged of that.
	said := func() string {
		t.Helper()
		before := len(out.String())
		sink.speak <- struct{}{}
		tc.Wake()
		select {
		case <-sink.spoken:
		case <-time.After(20 * time.Second):
			t.Fatal("the task is not put to")
		}
		for line := range strings.Lines(out.String()[before:]) {
			if strings.Contains(line, "msg=hello") {
				return line
			}
		}
		return ""
	}
	if got := said(); got != "" {
		t.Errorf("at level INFO: got %s", got)
	}
	if got := ask(t, "PUT", base+"/admin/loggers/test", `{"level":"debug"}`, 200); got != `["test","test.ChattySink","test.ChattySinkTask"]` {
		t.Errorf("affected: got %s", got)
	}
	if got := said(); !strings.Contains(got, "level=DEBUG") || !strings.Contains(got, "logger=test.ChattySinkTask") || !strings.Contains(got, "connector=c task=0") {
		t.Errorf("at level DEBUG: got %q", got)
	}
	ask(t, "PUT", base+name, `{"level":"OFF"}`, 200)
	if got := said(); got != "" {
		t.Errorf("at level OFF: got %s", got)
	}
	ask(t, "PUT", base+name+"?scope=cluster", `{"level":"trace"}`, 204)
	for deadline := time.Now().Add(20 * time.Second); said() == ""; {
		if time.Now().After(deadline) {
			t.Fatal("the level of the whole cluster has no effect")
		}
	}
	ask(t, "PUT", base+"/admin/loggers/root", `{"level":"all"}`, 200)
	ask(t, "DELETE", base+"/connectors/c", "", 204)
	r.stop()
	must(t, r.ended(t))
	for line := range strings.Lines(out.String()[notices:]) {
		if !strings.Contains(line, " logger=") {
			t.Errorf("a line without a logger's name: %s", line)
		}
	}
}
