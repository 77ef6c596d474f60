package store_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/connect"
	"sluice/worker/store"
)

// A medium makes stores that share one log, as the workers of a cluster do.
type medium struct {
	configs  func(t *testing.T) *store.ConfigStore
	statuses func(t *testing.T) *store.StatusStore
	// appendConfig adds a record to the config log, as another writer would.
	appendConfig func(t *testing.T, key, value string)
}

func memory(*testing.T) medium {
	var configs, statuses store.MemoryLog
	return medium{
		configs:  func(*testing.T) *store.ConfigStore { return store.NewMemoryConfigStore(&configs, nil) },
		statuses: func(*testing.T) *store.StatusStore { return store.NewMemoryStatusStore(&statuses, nil) },
		appendConfig: func(_ *testing.T, key, value string) {
			configs.Append(key, []byte(value))
		},
	}
}

func startConfigs(t *testing.T, m medium, l store.ConfigListener) *store.ConfigStore {
	t.Helper()
	s := m.configs(t)
	if err := s.Start(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeStore(t, s) })
	return s
}

func startStatuses(t *testing.T, m medium) *store.StatusStore {
	t.Helper()
	s := m.statuses(t)
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeStore(t, s) })
	return s
}

func closeStore(t *testing.T, s interface{ Close(context.Context) error }) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := s.Close(ctx); err != nil {
		t.Errorf("close: %v", err)
	}
}

// told keeps what a listener was told, one line each.
type told struct {
	mu    sync.Mutex
	lines []string
}

func (l *told) add(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, line)
}

func (l *told) ConnectorConfigUpdated(c string) { l.add("updated " + c) }
func (l *told) ConnectorConfigRemoved(c string) { l.add("removed " + c) }
func (l *told) TargetStateChanged(c string)     { l.add("target " + c) }
func (l *told) TaskConfigsUpdated(c string, ids []connect.TaskID) {
	line := "tasks " + c
	for _, id := range ids {
		line += " " + id.String()
	}
	l.add(line)
}
func (l *told) RestartRequested(r store.RestartRequest) { l.add("restart " + r.Connector) }
func (l *told) LoggerLevelChanged(namespace, level string) {
	l.add("logger " + namespace + " " + level)
}

func (l *told) take() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := strings.Join(l.lines, ", ")
	l.lines = nil
	return s
}

func props(pairs ...string) store.Properties {
	var p store.Properties
	for i := 0; i < len(pairs); i += 2 {
		p = p.With(pairs[i], &pairs[i+1])
	}
	return p
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// configContract is what every ConfigStore does, whatever its log.
func configContract(t *testing.T, open func(*testing.T) medium) {
	t.Run("a change shows once its write returned and the listener is told first", func(t *testing.T) {
		ctx, l := t.Context(), &told{}
		s := startConfigs(t, open(t), l)
		expect := func(want string) {
			t.Helper()
			if got := l.take(); got != want {
				t.Errorf("told %q, want %q", got, want)
			}
		}
		if got := s.Snapshot().Offset(); got != -1 {
			t.Errorf("config offset of an empty log is %d, want -1", got)
		}
		must(t, s.PutConnectorConfig(ctx, "c-1", props("name", "c-1", "topics", "a"), nil))
		expect("updated c-1")
		p, ok := s.Snapshot().ConnectorConfig("c-1")
		if want := props("name", "c-1", "topics", "a"); !ok || !slices.EqualFunc(p, want, func(a, b store.Property) bool { return a.Key == b.Key && *a.Value == *b.Value }) {
			t.Errorf("config %v, want %v in this order", p, want)
		}
		must(t, s.PutTaskConfigs(ctx, "c-1", []store.Properties{props("n", "0"), props("n", "1")}))
		expect("tasks c-1 c-1-0 c-1-1")
		must(t, s.PutTargetState(ctx, "c-1", store.Paused))
		expect("target c-1")
		must(t, s.PutTargetState(ctx, "c-1", store.Paused))
		expect("")
		must(t, s.PutRestartRequest(ctx, store.RestartRequest{Connector: "c-1", IncludeTasks: true}))
		expect("restart c-1")
		must(t, s.PutLoggerLevel(ctx, "org.apache", "debug"))
		must(t, s.Refresh(ctx)) // that write does not wait for its record
		expect("logger org.apache debug")
		must(t, s.PutTaskConfigs(ctx, "c-1", nil))
		expect("tasks c-1")
		if got := s.Snapshot().Tasks("c-1"); len(got) != 0 {
			t.Errorf("tasks %v after an empty commit", got)
		}
		must(t, s.RemoveConnectorConfig(ctx, "c-1"))
		expect("removed c-1")
		if s.Snapshot().Contains("c-1") || s.Snapshot().TargetState("c-1") != store.Started {
			t.Error("something is left of a removed connector")
		}
		stopped := store.Stopped
		must(t, s.PutConnectorConfig(ctx, "c-1", props("name", "c-1"), &stopped))
		expect("updated c-1")
		if got := s.Snapshot().TargetState("c-1"); got != store.Stopped {
			t.Errorf("target state %s, want the one given at creation", got)
		}
	})

	t.Run("a later store reads what an earlier one wrote and tells nobody", func(t *testing.T) {
		ctx, m := t.Context(), open(t)
		first := startConfigs(t, m, nil)
		must(t, first.PutConnectorConfig(ctx, "x", props("name", "x"), nil))
		must(t, first.PutTaskConfigs(ctx, "x", []store.Properties{props("n", "0")}))
		must(t, first.PutRestartRequest(ctx, store.RestartRequest{Connector: "x"}))
		must(t, first.PutLoggerLevel(ctx, "a.b", "DEBUG"))
		must(t, first.PutTargetState(ctx, "x", store.Stopped))
		m.appendConfig(t, "session-key", `{"key":"AQID","algorithm":"HmacSHA256","creation-timestamp":1729800000000}`)
		must(t, first.Refresh(ctx))

		l := &told{}
		second := startConfigs(t, m, l)
		if got := l.take(); got != "" {
			t.Errorf("told %q of records that were there at start", got)
		}
		s := second.Snapshot()
		if got := len(s.Tasks("x")); got != 1 || s.TargetState("x") != store.Stopped || s.Offset() != first.Snapshot().Offset() {
			t.Errorf("%d tasks, target state %s, offset %d of %d", got, s.TargetState("x"), s.Offset(), first.Snapshot().Offset())
		}
		if key := s.SessionKey(); key == nil || string(key.Key) != "\x01\x02\x03" || key.Created.UnixMilli() != 1729800000000 || strings.Contains(fmt.Sprint(*key), "1 2 3") {
			t.Errorf("session key %v", key)
		}
		must(t, first.PutConnectorConfig(ctx, "y", props("name", "y"), nil))
		must(t, second.Refresh(ctx))
		if got := l.take(); got != "updated y" {
			t.Errorf("told %q of another's write, want updated y", got)
		}
	})

	t.Run("a session key shows once its write returned and nobody is told", func(t *testing.T) {
		ctx, l := t.Context(), &told{}
		s := startConfigs(t, open(t), l)
		for i := range byte(2) {
			key := store.SessionKey{Key: []byte{i, 250, 251}, Algorithm: "HmacSHA256", Created: time.UnixMilli(1729800000000 + int64(i))}
			must(t, s.PutSessionKey(ctx, key))
			if got := s.Snapshot().SessionKey(); got == nil || !slices.Equal(got.Key, key.Key) || got.Algorithm != key.Algorithm || !got.Created.Equal(key.Created) {
				t.Errorf("session key %v, want %v", got, key)
			}
		}
		if got := l.take(); got != "" || s.Snapshot().Offset() != 2 {
			t.Errorf("told %q, config offset %d", got, s.Snapshot().Offset())
		}
	})

	t.Run("a record of another writer that means nothing does no harm", func(t *testing.T) {
		ctx, m, l := t.Context(), open(t), &told{}
		s := startConfigs(t, m, l)
		for _, r := range [][2]string{
			{"connector-x", `{"properties":`}, {"commit-x", `{"tasks":"1"}`}, {"session-key", `{"key":"AA=="}`}, {"what", `1`},
		} {
			m.appendConfig(t, r[0], r[1])
		}
		must(t, s.Refresh(ctx))
		must(t, s.PutConnectorConfig(ctx, "x", props("name", "x"), nil))
		if got := l.take(); got != "updated x" {
			t.Errorf("told %q, want updated x", got)
		}
		if got := s.Snapshot().Offset(); got != 5 {
			t.Errorf("config offset %d, want 5", got)
		}
	})

	t.Run("a store that was closed writes nothing", func(t *testing.T) {
		s := startConfigs(t, open(t), nil)
		closeStore(t, s)
		if err := s.PutTargetState(t.Context(), "x", store.Paused); err == nil {
			t.Error("a write after Close succeeded")
		}
	})
}

// statusContract is what every StatusStore does, whatever its log.
func statusContract(t *testing.T, open func(*testing.T) medium) {
	id := func(n int) connect.TaskID { return connect.TaskID{Connector: "x", Task: n} }

	t.Run("the last write of a key counts, in the order of the calls", func(t *testing.T) {
		ctx := t.Context()
		s := startStatuses(t, open(t))
		for _, state := range []store.State{store.Unassigned, store.Restarting, store.Running} {
			s.PutConnector("x", store.Status{State: state, WorkerID: "a:1", Generation: 3})
		}
		s.PutTask(id(10), store.Status{State: store.Failed, Trace: "broken\n\tat here", WorkerID: "a:1", Generation: 3})
		s.PutTask(id(2), store.Status{State: store.Running, WorkerID: "a:1", Generation: 4})
		must(t, s.Flush(ctx))
		if got, ok := s.Connector("x"); !ok || got != (store.Status{State: store.Running, WorkerID: "a:1", Generation: 3}) {
			t.Errorf("connector %+v", got)
		}
		tasks := s.Tasks("x")
		if len(tasks) != 2 || tasks[0].ID != id(2) || tasks[1].Trace != "broken\n\tat here" {
			t.Errorf("tasks %+v", tasks)
		}
		if got := s.MaxGeneration(); got != 4 {
			t.Errorf("highest generation %d, want 4", got)
		}
		s.DeleteTask(id(2))
		s.DeleteConnector("x")
		must(t, s.Flush(ctx))
		if got := s.Connectors(); len(got) != 0 {
			t.Errorf("left after the removal: %v", got)
		}
		if _, ok := s.Task(id(10)); ok {
			t.Error("a task outlives its connector's tombstone")
		}
	})

	t.Run("a safe write gives way to another worker's younger one", func(t *testing.T) {
		ctx := t.Context()
		s := startStatuses(t, open(t))
		s.PutConnector("x", store.Status{State: store.Running, WorkerID: "b:1", Generation: 7})
		s.PutTask(id(0), store.Status{State: store.Running, WorkerID: "b:1", Generation: 7})
		must(t, s.Flush(ctx))
		s.PutConnectorSafe("x", store.Status{State: store.Failed, WorkerID: "a:1", Generation: 6})
		s.PutTaskSafe(id(0), store.Status{State: store.Failed, WorkerID: "a:1", Generation: 6})
		must(t, s.Flush(ctx))
		if got, _ := s.Connector("x"); got.State != store.Running {
			t.Errorf("connector is %s, want RUNNING", got.State)
		}
		if got, _ := s.Task(id(0)); got.State != store.Running {
			t.Errorf("task is %s, want RUNNING", got.State)
		}
		s.PutTaskSafe(id(0), store.Status{State: store.Failed, WorkerID: "a:1", Generation: 7})
		must(t, s.Flush(ctx))
		if got, _ := s.Task(id(0)); got.State != store.Failed {
			t.Errorf("task is %s, want FAILED", got.State)
		}
	})

	t.Run("topics are known at once, written once and forgotten together", func(t *testing.T) {
		ctx, m := t.Context(), open(t)
		s := startStatuses(t, m)
		for _, topic := range []string{"orders", "returns", "orders"} {
			s.PutTopic(store.TopicStatus{Topic: topic, Task: id(1), Discovered: 5})
		}
		if got := s.Topics("x"); !slices.Equal(got, []string{"orders", "returns"}) {
			t.Errorf("topics %v", got)
		}
		must(t, s.Flush(ctx))
		other := startStatuses(t, m)
		if got := other.Topics("x"); !slices.Equal(got, []string{"orders", "returns"}) {
			t.Errorf("topics read by another store %v", got)
		}
		before, beforeElsewhere := s.TopicEpoch(), other.TopicEpoch()
		s.DeleteTopics("x")
		if got := s.Topics("x"); len(got) != 0 {
			t.Errorf("topics after the reset %v", got)
		}
		must(t, s.Flush(ctx))
		must(t, other.Flush(ctx)) // it has read what the first has written
		if s.TopicEpoch() == before || other.TopicEpoch() == beforeElsewhere {
			t.Errorf("epochs after the reset: %d, at the other store %d, want others than %d and %d", s.TopicEpoch(), other.TopicEpoch(), before, beforeElsewhere)
		}
		before = s.TopicEpoch()
		s.PutTopic(store.TopicStatus{Topic: "orders", Task: id(1), Discovered: 6})
		must(t, s.Flush(ctx))
		if s.TopicEpoch() != before {
			t.Error("a topic that is new begins an epoch, want none")
		}
		s.DeleteTopics("x")
		must(t, s.Flush(ctx))
		later := startStatuses(t, m)
		if got := later.Topics("x"); len(got) != 0 {
			t.Errorf("topics read after the reset %v", got)
		}
	})

	t.Run("closing writes what is queued", func(t *testing.T) {
		m := open(t)
		s := startStatuses(t, m)
		for n := range 50 {
			s.PutTask(id(n), store.Status{State: store.Unassigned, WorkerID: "a:1", Generation: 1})
		}
		closeStore(t, s)
		closeStore(t, s)
		s.PutConnector("x", store.Status{State: store.Running, WorkerID: "a:1"}) // dropped
		later := startStatuses(t, m)
		if got := len(later.Tasks("x")); got != 50 {
			t.Errorf("%d statuses were written, want 50", got)
		}
	})
}

func TestMemoryStores(t *testing.T) {
	t.Run("configs", func(t *testing.T) { configContract(t, memory) })
	t.Run("statuses", func(t *testing.T) { statusContract(t, memory) })
}
