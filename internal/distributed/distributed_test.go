package distributed

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"sluice/connect"
	embedded "sluice/internal/embedded/kafka"
	"sluice/sinks/dynamodb"
	"sluice/worker"
	"sluice/worker/properties"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, ignoredTicker)
}

// ignoredTicker is of go-metrics, which sarama counts with: one per process is started and never stopped.
var ignoredTicker = goleak.IgnoreTopFunction("github.com/rcrowley/go-metrics.(*meterArbiter).tick")

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// stock returns the options of a worker as the binary runs it with the properties file that comes with it, on a port of its own.
func stock(t *testing.T, logger *slog.Logger, pairs ...string) Options {
	t.Helper()
	broker, err := embedded.New(embedded.Options{Addr: "127.0.0.1:0", GroupMinSessionTimeout: 100 * time.Millisecond})
	must(t, err)
	must(t, broker.Start(t.Context()))
	t.Cleanup(func() { broker.Close() })
	f, err := os.Open("../../configs/worker.properties")
	must(t, err)
	defer f.Close()
	props, err := properties.Read(f)
	must(t, err)
	props["bootstrap.servers"], props["listeners"] = broker.Addr(), "http://127.0.0.1:0"
	for i := 0; i < len(pairs); i += 2 {
		props[pairs[i]] = pairs[i+1]
	}
	config, notices, err := worker.LoadConfig(props, nil)
	must(t, err)
	for _, n := range notices {
		logger.Log(t.Context(), n.Level, n.Text)
	}
	plugins, err := Plugins(dynamodb.Options{})
	must(t, err)
	return Options{Config: config, Plugins: plugins, Version: "3.9.2-test", Logger: logger}
}

// running is a Run that has said that it is ready.
type running struct {
	url  string
	stop context.CancelFunc
	over chan error
}

func start(t *testing.T, o Options, run func(context.Context, Options) error) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	r := &running{stop: cancel, over: make(chan error, 1)}
	ready := make(chan string, 1)
	o.Ready = func(url string) { ready <- url }
	go func() { r.over <- run(ctx, o) }()
	select {
	case r.url = <-ready:
	case err := <-r.over:
		t.Fatalf("ended before it was ready: %v", err)
	case <-time.After(20 * time.Second):
		t.Fatal("does not get ready")
	}
	return r
}

// ended returns what Run has returned.
func (r *running) ended(t *testing.T) error {
	t.Helper()
	select {
	case err := <-r.over:
		return err
	case <-time.After(20 * time.Second):
		t.Fatal("Run does not return")
		return nil
	}
}

// lockedBuffer keeps what is logged.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func TestCleanStartAndStop(t *testing.T) {
	for _, tc := range []struct {
		name     string
		settings []string
	}{
		{name: "as delivered"},
		{"with settings that Java's file has and that mean nothing here", []string{
			"client.dns.lookup", "resolve_canonical_bootstrap_servers_only", "metadata.recovery.strategy", "rebootstrap",
			"send.buffer.bytes", "1000000", "receive.buffer.bytes", "1000000", "connections.max.idle.ms", "1000", "plugin.path", "/usr/share/java",
			"socket.connection.setup.timeout.ms", "5000", "socket.connection.setup.timeout.max.ms", "20000",
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var logged lockedBuffer
			o := stock(t, slog.New(slog.NewTextHandler(&logged, nil)), tc.settings...)
			r := start(t, o, Run)
			resp, err := http.Get(r.url)
			must(t, err)
			body, err := io.ReadAll(resp.Body)
			must(t, errors.Join(err, resp.Body.Close()))
			http.DefaultClient.CloseIdleConnections()
			if resp.StatusCode != http.StatusOK || !strings.Contains(string(body), `"version":"3.9.2-test"`) {
				t.Errorf("GET / answers %d %s", resp.StatusCode, body)
			}
			r.stop()
			if err := r.ended(t); err != nil {
				t.Errorf("a clean stop returns %v", err)
			}
			for line := range strings.Lines(logged.String()) {
				if !strings.Contains(line, "level=INFO") {
					t.Errorf("a normal start and stop logs %s", line)
				}
			}
			if conn, err := net.Dial("tcp", strings.TrimSuffix(strings.TrimPrefix(r.url, "http://"), "/")); err == nil {
				conn.Close()
				t.Error("the listener is still there")
			}
		})
	}
}

func TestTakenPort(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer taken.Close()
	o := stock(t, slog.New(slog.DiscardHandler), "listeners", "http://"+taken.Addr().String())
	err = Run(t.Context(), o)
	var start *StartError
	if !errors.As(err, &start) || start.Settings || !strings.Contains(err.Error(), taken.Addr().String()) {
		t.Errorf("got %v, want a StartError that names %s", err, taken.Addr())
	}
}

func TestKafkaThatCannotBeReached(t *testing.T) {
	o := stock(t, slog.New(slog.DiscardHandler), "bootstrap.servers", "127.0.0.1:1", "default.api.timeout.ms", "500")
	err := Run(t.Context(), o)
	var start *StartError
	if !errors.As(err, &start) || start.Settings || !strings.Contains(err.Error(), "127.0.0.1:1") {
		t.Errorf("got %v, want a StartError that names the broker", err)
	}
}

// stuckOn holds up whoever logs a text, until the test ends.
type stuckOn struct {
	text         string
	stuck, letGo chan struct{}
}

func (h stuckOn) Handle(ctx context.Context, r slog.Record) error {
	if strings.Contains(r.Message, h.text) {
		select {
		case h.stuck <- struct{}{}:
		default:
		}
		<-h.letGo
	}
	return nil
}

func (h stuckOn) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelInfo }
func (h stuckOn) WithAttrs([]slog.Attr) slog.Handler           { return h }
func (h stuckOn) WithGroup(string) slog.Handler                { return h }

// confused is a connector that does not know what its tasks are to do, which the herder's loop logs.
type confused struct{}

func (confused) Version() string                                { return "1" }
func (confused) Config() *connect.ConfigDef                     { return connect.NewConfigDef() }
func (confused) NewTask() connect.SinkTask                      { return nil }
func (confused) Start(context.Context, map[string]string) error { return nil }
func (confused) Stop(context.Context) error                     { return nil }
func (confused) TaskConfigs(int) ([]map[string]string, error)   { return nil, errors.New("not now") }

func TestStoppingIsBoundedWhenTheLoopIsStuck(t *testing.T) {
	handler := stuckOn{"task configurations could not be generated", make(chan struct{}, 1), make(chan struct{})}
	o := stock(t, slog.New(handler), "task.shutdown.graceful.timeout.ms", "100")
	stockPlugins, err := Plugins(dynamodb.Options{})
	must(t, err)
	o.Plugins, err = connect.NewPlugins(append(stockPlugins.All(), connect.Plugin{
		Class: "com.acme.Confused", Type: connect.SinkPluginType, Version: "1", TaskClass: "com.acme.ConfusedTask",
		NewSink: func() connect.SinkConnector { return confused{} },
	})...)
	must(t, err)
	const margin = 300 * time.Millisecond
	before := goleak.IgnoreCurrent()
	r := start(t, o, func(ctx context.Context, o Options) error { return run(ctx, o, margin) })
	resp, err := http.Post(r.url+"connectors", "application/json",
		strings.NewReader(`{"name":"x","config":{"connector.class":"com.acme.Confused","topics":"a","tasks.max":"1"}}`))
	must(t, err)
	must(t, resp.Body.Close())
	http.DefaultClient.CloseIdleConnections()
	select {
	case <-handler.stuck:
	case <-time.After(20 * time.Second):
		t.Fatal("the loop does not get stuck")
	}
	begin := time.Now()
	r.stop()
	err = r.ended(t)
	if err == nil || !strings.Contains(err.Error(), "the worker has not stopped within 400ms") {
		t.Errorf("got %v", err)
	}
	if took := time.Since(begin); took < 400*time.Millisecond {
		t.Errorf("gave up after %s", took)
	}
	close(handler.letGo)
	goleak.VerifyNone(t, before, ignoredTicker) // what was left behind ends on its own after all
}
