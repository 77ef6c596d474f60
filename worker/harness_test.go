package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"sluice/connect"
	"sluice/internal/kafka"
	"sluice/worker/store"
	"sluice/worker/task"
	"sluice/worker/validate"
)

const (
	sinkClass      = "org.apache.kafka.connect.file.FileStreamSinkConnector"
	sinkTaskClass  = "org.apache.kafka.connect.file.FileStreamSinkTask"
	otherClass     = "org.apache.kafka.connect.file.FileStreamSourceConnector" // run as a sink here
	otherTaskClass = "org.apache.kafka.connect.file.FileStreamSourceTask"
	javaWorkerID   = "localhost:18283" // of the captured worker
)

// A rig is a worker with its state in memory, fake plugins and fake tasks, inside a synctest bubble: time is virtual, and after
// settle everything that was going to happen without the passing of time has happened.
type rig struct {
	t       *testing.T
	storage *MemoryStorage
	worker  *Worker
	h       *Herder
	plugin  *fakePlugin
	stop    context.CancelFunc
	over    chan error

	failStart string // tasks of a connector with this file cannot start

	mu    sync.Mutex                   // guards the fields below
	tasks map[connect.TaskID]*fakeTask // the latest of each id
	live  map[connect.TaskID]int       // how many of each id are in Run
	left  []string                     // places that were given up for tasks that could not be started
	built []string
}

// newRig makes a worker that is not running yet.
func newRig(t *testing.T, storage *MemoryStorage, settings ...string) *rig {
	t.Helper()
	r := &rig{t: t, storage: storage, plugin: &fakePlugin{}, tasks: map[connect.TaskID]*fakeTask{}, live: map[connect.TaskID]int{}}
	plugins, err := connect.NewPlugins(
		connect.Plugin{Class: sinkClass, Type: connect.SinkPluginType, Version: "3.9.2", TaskClass: sinkTaskClass, NewSink: r.plugin.newSink},
		connect.Plugin{Class: otherClass, Type: connect.SinkPluginType, Version: "3.9.2", TaskClass: otherTaskClass, NewSink: r.plugin.newSink},
		connect.Plugin{Class: "org.apache.kafka.connect.json.JsonConverter", Type: connect.ConverterPluginType, NewConverter: func() connect.Converter { return fakeConverter{} }},
		connect.Plugin{Class: defaultHeaderConverter, Type: connect.HeaderConverterPluginType, NewHeaderConverter: func() connect.HeaderConverter { return fakeHeaderConverter{} }},
	)
	if err != nil {
		t.Fatal(err)
	}
	cfg, _, err := LoadConfig(minimal(settings...), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.worker, err = New(Options{
		Config: cfg, Plugins: plugins, WorkerID: javaWorkerID, Version: "3.9.2-test", Commit: "abc", Storage: storage, Logger: testLogger(t),
	})
	if err != nil {
		t.Fatal(err)
	}
	r.h = r.worker.Herder()
	r.h.newTask = r.newTask
	r.h.leavePlace = func(_ context.Context, p kafka.Properties, _ *slog.Logger) error {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.left = append(r.left, p[groupInstanceIDConfig])
		return nil
	}
	r.h.validator = anything{}
	return r
}

// run starts the worker; it is stopped at the end of the test.
func (r *rig) run() {
	r.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r.stop, r.over = cancel, make(chan error, 1)
	go func() { r.over <- r.worker.Run(ctx) }()
	r.t.Cleanup(func() { r.shutdown() })
	r.settle()
	select {
	case <-r.worker.Ready():
	default:
		r.t.Fatal("the worker is not ready")
	}
}

func (r *rig) shutdown() {
	r.t.Helper()
	if r.over == nil {
		return
	}
	r.stop()
	if err := <-r.over; err != nil {
		r.t.Errorf("worker ended with %v", err)
	}
	r.over = nil
}

func (r *rig) settle() { synctest.Wait() }

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
	r.settle()
}

func (r *rig) put(name string, pairs ...string) {
	r.t.Helper()
	_, _, err := r.h.PutConnector(r.t.Context(), name, config(name, pairs...), nil, true)
	r.must(err)
}

func (r *rig) task(name string, n int) *fakeTask {
	r.t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.tasks[connect.TaskID{Connector: name, Task: n}]
	if t == nil {
		r.t.Fatalf("no task %s-%d was made", name, n)
	}
	return t
}

// state prints a connector and its tasks: "RUNNING [RUNNING FAILED]".
func (r *rig) state(name string) string {
	info, err := r.h.ConnectorStatus(name)
	if err != nil {
		return err.Error()
	}
	states := make([]State, len(info.Tasks))
	for i, t := range info.Tasks {
		states[i] = t.State
	}
	return fmt.Sprint(info.Connector.State, " ", states)
}

func (r *rig) expectState(name, want string) {
	r.t.Helper()
	if got := r.state(name); got != want {
		r.t.Errorf("%s is %s, want %s", name, got, want)
	}
}

// config makes a connector's configuration from pairs, name last.
func config(name string, pairs ...string) Properties {
	var p Properties
	for i := 0; i < len(pairs); i += 2 {
		p = p.With(pairs[i], &pairs[i+1])
	}
	if !p.Has("connector.class") {
		class := sinkClass
		p = append(Properties{{Key: "connector.class", Value: &class}}, p...)
	}
	return p.With("name", &name)
}

func testLogger(t *testing.T) *slog.Logger {
	if !testing.Verbose() {
		return nil
	}
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// anything finds nothing wrong with any configuration, unless it has no class or is said to be invalid.
type anything struct{}

func (anything) Validate(props map[string]*string) (validate.ConfigInfos, error) {
	if props["connector.class"] == nil {
		return (&validate.Validator{}).Validate(props)
	}
	if props["invalid"] != nil {
		return validate.ConfigInfos{ErrorCount: 1, Configs: []validate.ConfigInfo{{Value: &validate.ConfigValueInfo{Errors: []string{"it is invalid"}}}}}, nil
	}
	return validate.ConfigInfos{}, nil
}
func (anything) PluginConfig(string) ([]validate.ConfigKeyInfo, error) { return nil, nil }

// fakePlugin makes connectors whose behaviour a test decides. Without any they give each task their own settings.
type fakePlugin struct {
	mu          sync.Mutex // guards the fields below
	start, halt func(ctx context.Context, name string) error
	taskConfigs func(props map[string]string, most int) ([]map[string]string, error)
	alter       func(ctx context.Context, props map[string]string, offsets map[connect.TopicPartition]*int64) (bool, error) // nil: not able to
	calls       []string
}

func (p *fakePlugin) newSink() connect.SinkConnector {
	if p.alter != nil {
		return &alteringSink{fakeSink{plugin: p}}
	}
	return &fakeSink{plugin: p}
}

func (p *fakePlugin) log(call, name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls = append(p.calls, call+" "+name)
}

func (p *fakePlugin) count(call string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, c := range p.calls {
		if c == call {
			n++
		}
	}
	return n
}

type fakeSink struct {
	plugin *fakePlugin
	props  map[string]string
}

func (s *fakeSink) Version() string            { return "3.9.2" }
func (s *fakeSink) Config() *connect.ConfigDef { return connect.NewConfigDef() }
func (s *fakeSink) NewTask() connect.SinkTask  { return nil }
func (s *fakeSink) Start(ctx context.Context, props map[string]string) error {
	s.props = props
	s.plugin.log("start", props["name"])
	if s.plugin.start != nil {
		return s.plugin.start(ctx, props["name"])
	}
	return nil
}

func (s *fakeSink) Stop(ctx context.Context) error {
	s.plugin.log("stop", s.props["name"])
	if s.plugin.halt != nil {
		return s.plugin.halt(ctx, s.props["name"])
	}
	return nil
}

func (s *fakeSink) TaskConfigs(most int) ([]map[string]string, error) {
	s.plugin.log("taskConfigs", s.props["name"])
	if s.plugin.taskConfigs != nil {
		return s.plugin.taskConfigs(s.props, most)
	}
	configs := make([]map[string]string, most)
	for i := range configs {
		configs[i] = maps.Clone(s.props)
	}
	return configs, nil
}

type fakeConverter struct{ connect.Converter }

func (fakeConverter) Configure(map[string]string, bool) error { return nil }

type fakeHeaderConverter struct{ connect.HeaderConverter }

func (fakeHeaderConverter) Configure(map[string]string) error { return nil }

// fakeTask behaves like task.Task towards its owner and listener, without Kafka and plugin.
type fakeTask struct {
	rig    *rig
	cfg    task.Config
	ask    chan func() error // what Run does next; an error ends it
	gone   chan struct{}     // closed by Cancel
	paused bool
	deaf   bool // does not care for Stop

	stopped, handedOver atomic.Bool // what it was told
	uncount             sync.Once   // when it counts as a run no more
}

var errStopped = errors.New("stopped")

func (r *rig) newTask(cfg task.Config) (taskRunner, error) {
	if cfg.TaskProps["fail"] == "new" {
		return nil, errors.New("it cannot be made")
	}
	if r.failStart != "" && cfg.TaskProps["file"] == r.failStart {
		cfg.TaskProps["fail"] = "start"
	}
	t := &fakeTask{rig: r, cfg: cfg, ask: make(chan func() error, 10), gone: make(chan struct{})}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tasks[cfg.ID] = t
	r.built = append(r.built, cfg.ID.String())
	return t, nil
}

// count notes that a run begins or ends. There is one at a time unless one was abandoned.
func (r *rig) count(id connect.TaskID, change int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.live[id] += change; r.live[id] > 1 {
		r.t.Errorf("%d runs of task %s at the same time", r.live[id], id)
	}
}

// running returns the tasks that run.
func (r *rig) running() []connect.TaskID {
	r.mu.Lock()
	defer r.mu.Unlock()
	var ids []connect.TaskID
	for id, n := range r.live {
		if n > 0 {
			ids = append(ids, id)
		}
	}
	return ids
}

func (t *fakeTask) Run(ctx context.Context) error {
	t.rig.count(t.cfg.ID, 1)
	defer t.uncount.Do(func() { t.rig.count(t.cfg.ID, -1) })
	if t.cfg.Paused {
		t.paused = true
		t.cfg.Listener.Paused(t.cfg.ID)
	} else if t.cfg.TaskProps["fail"] == "start" {
		err := errors.New("it cannot start")
		t.cfg.Listener.Failed(t.cfg.ID, err)
		return err
	} else {
		t.cfg.Listener.Startup(t.cfg.ID)
	}
	for {
		select {
		case next := <-t.ask:
			switch err := next(); {
			case errors.Is(err, errStopped):
				t.cfg.Listener.Shutdown(t.cfg.ID)
				return nil
			case err != nil:
				t.cfg.Listener.Failed(t.cfg.ID, err)
				return err
			}
		case <-t.gone:
			return nil
		case <-ctx.Done():
			return nil
		}
	}
}

func (t *fakeTask) Pause() {
	t.ask <- func() error {
		if !t.paused {
			t.paused = true
			t.cfg.Listener.Paused(t.cfg.ID)
		}
		return nil
	}
}

func (t *fakeTask) Resume() {
	t.ask <- func() error {
		if t.paused {
			t.paused = false
			t.cfg.Listener.Resumed(t.cfg.ID)
		}
		return nil
	}
}

func (t *fakeTask) Stop() {
	t.stopped.Store(true)
	if !t.deaf {
		t.ask <- func() error { return errStopped }
	}
}

func (t *fakeTask) HandOver() {
	t.handedOver.Store(true)
	t.Stop()
}

// Cancel ends a run that is abandoned: it does not count any more, whenever it notices.
func (t *fakeTask) Cancel() {
	t.uncount.Do(func() { t.rig.count(t.cfg.ID, -1) })
	close(t.gone)
}

func (t *fakeTask) fail(err error)   { t.ask <- func() error { return err } }
func (t *fakeTask) see(topic string) { t.cfg.Listener.TopicSeen(t.cfg.ID, topic) }

// keys returns the keys of the records in a log, in order.
func keys(l *store.MemoryLog) []string {
	var out []string
	for _, r := range l.Records() {
		out = append(out, r.Key)
	}
	return out
}

func sorted(s []string) []string {
	out := slices.Clone(s)
	slices.Sort(out)
	return out
}
