package task_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"sluice/connect"
	"sluice/connect/converter"
	"sluice/internal/kafka"
	"sluice/worker/task"
)

// fakeSink is a plugin's task that writes down what is called. The functions replace what it does; nil does nothing.
type fakeSink struct {
	mu     sync.Mutex
	events []string
	ctx    connect.SinkTaskContext

	start func(ctx context.Context) error
	put   func(ctx context.Context, records []connect.SinkRecord) error
	open  func(parts []connect.TopicPartition) error
	close func(parts []connect.TopicPartition) error
	stop  func() error
}

func (s *fakeSink) note(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, fmt.Sprintf(format, args...))
}

// taken returns the events since the last call, joined; empty puts are left out.
func (s *fakeSink) taken() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	events := s.events
	s.events = nil
	return strings.Join(events, " ")
}

func (s *fakeSink) Start(ctx context.Context, tc connect.SinkTaskContext, _ map[string]string) error {
	s.note("start")
	s.mu.Lock()
	s.ctx = tc
	s.mu.Unlock()
	if s.start != nil {
		return s.start(ctx)
	}
	return nil
}

func (s *fakeSink) Put(ctx context.Context, records []connect.SinkRecord) error {
	if len(records) > 0 {
		s.note("put(%s)", texts(records))
	}
	if s.put != nil {
		return s.put(ctx, records)
	}
	return nil
}

func (s *fakeSink) Open(_ context.Context, parts []connect.TopicPartition) error {
	s.note("open%v", parts)
	if s.open != nil {
		return s.open(parts)
	}
	return nil
}

func (s *fakeSink) Close(_ context.Context, parts []connect.TopicPartition) error {
	s.note("close%v", parts)
	if s.close != nil {
		return s.close(parts)
	}
	return nil
}

func (s *fakeSink) Stop(context.Context) error {
	s.note("stop")
	if s.stop != nil {
		return s.stop()
	}
	return nil
}

// preCommitSink also says what is durable.
type preCommitSink struct {
	*fakeSink
	preCommit func(offsets map[connect.TopicPartition]int64, closing bool) (map[connect.TopicPartition]int64, error)
}

func (s *preCommitSink) PreCommit(_ context.Context, offsets map[connect.TopicPartition]int64, closing bool) (map[connect.TopicPartition]int64, error) {
	s.note("preCommit(%v,closing=%v)", offsets, closing)
	if s.preCommit != nil {
		return s.preCommit(offsets, closing)
	}
	return offsets, nil
}

// flushSink is the simple form.
type flushSink struct {
	*fakeSink
	flush func(offsets map[connect.TopicPartition]int64) error
}

func (s *flushSink) Flush(_ context.Context, offsets map[connect.TopicPartition]int64) error {
	s.note("flush(%v)", offsets)
	if s.flush != nil {
		return s.flush(offsets)
	}
	return nil
}

func texts(records []connect.SinkRecord) string {
	var out []string
	for _, r := range records {
		out = append(out, converter.JavaString(r.Value))
	}
	return strings.Join(out, ",")
}

// statuses is a task.Listener that writes down what it is told.
type statuses struct {
	mu   sync.Mutex
	list []string
}

func (s *statuses) add(event string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, event)
}

func (s *statuses) Startup(connect.TaskID)                 { s.add("RUNNING") }
func (s *statuses) Paused(connect.TaskID)                  { s.add("PAUSED") }
func (s *statuses) Resumed(connect.TaskID)                 { s.add("RESUMED") }
func (s *statuses) Failed(_ connect.TaskID, err error)     { s.add("FAILED") }
func (s *statuses) Shutdown(connect.TaskID)                { s.add("UNASSIGNED") }
func (s *statuses) TopicSeen(_ connect.TaskID, top string) { s.add("topic:" + top) }

func (s *statuses) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.list, " ")
}

var (
	tp0 = kafka.TopicPartition{Topic: "t", Partition: 0}
	tp1 = kafka.TopicPartition{Topic: "t", Partition: 1}
	c0  = connect.TopicPartition(tp0)
	c1  = connect.TopicPartition(tp1)
)

// harness is a task with everything around it in memory.
type harness struct {
	t        *testing.T
	task     *task.Task
	reader   *fakeReader
	sink     *fakeSink
	statuses *statuses
	log      *lockedBuffer
	done     chan error
	cancel   context.CancelFunc
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func newString(t testing.TB) *converter.String {
	c := converter.NewString()
	if err := c.Configure(nil, false); err != nil {
		t.Fatal(err)
	}
	return c
}

func newJSON(t testing.TB) *converter.JSON {
	c := converter.NewJSON()
	if err := c.Configure(map[string]string{converter.SchemasEnableConfig: "false"}, false); err != nil {
		t.Fatal(err)
	}
	return c
}

// config returns what a task of connector c over topic t needs, with texts as keys and values.
func config(t testing.TB, sink connect.SinkTask, reader *fakeReader, listener task.Listener, log *slog.Logger) task.Config {
	return task.Config{
		ID: connect.TaskID{Connector: "c", Task: 0}, Task: sink, TaskProps: map[string]string{"topics": "t"},
		KeyConverter: newString(t), ValueConverter: newString(t), HeaderConverter: converter.NewSimpleHeader(),
		KeyConverterClass: converter.StringClass, ValueConverterClass: converter.StringClass, HeaderConverterClass: converter.SimpleHeaderClass,
		Topics: []string{"t"},
		NewReader: func(rc kafka.GroupReaderConfig) (task.Reader, error) {
			reader.listener = rc.Listener
			return reader, nil
		},
		RetryDelayMax:       time.Minute,
		OffsetFlushInterval: time.Minute, OffsetFlushTimeout: 5 * time.Second,
		Listener: listener, Logger: log,
	}
}

// run starts a task inside of a bubble. Sink is the plugin's task, which may be fake itself or wrap it.
func run(t *testing.T, fake *fakeSink, sink connect.SinkTask, change func(*task.Config)) *harness {
	t.Helper()
	h := &harness{t: t, reader: newFakeReader(), sink: fake, statuses: &statuses{}, log: &lockedBuffer{}, done: make(chan error, 1)}
	if sink == nil {
		sink = fake
	}
	cfg := config(t, sink, h.reader, h.statuses, slog.New(slog.NewTextHandler(h.log, nil)))
	if change != nil {
		change(&cfg)
	}
	var err error
	if h.task, err = task.New(cfg); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	h.cancel = cancel
	go func() { h.done <- h.task.Run(ctx) }()
	synctest.Wait()
	return h
}

// stopped waits for the end of the task and returns its failure.
func (h *harness) stopped() error {
	h.t.Helper()
	select {
	case err := <-h.done:
		h.cancel()
		h.done <- err // for who asks again
		return err
	case <-time.After(time.Hour):
		h.t.Fatalf("the task does not end; log:\n%s", h.log)
		return nil
	}
}

// stop ends the task in order.
func (h *harness) stop() {
	h.t.Helper()
	h.task.Stop()
	if err := h.stopped(); err != nil {
		h.t.Errorf("stopping: %v", err)
	}
}

func (h *harness) expect(what, got, want string) {
	h.t.Helper()
	if got != want {
		h.t.Errorf("%s:\n got %s\nwant %s", what, got, want)
	}
}

func (h *harness) expectCommitted(tp kafka.TopicPartition, want int64) {
	h.t.Helper()
	if got := h.reader.committedAt(tp); got != want {
		h.t.Errorf("committed of %s: got %d, want %d", tp, got, want)
	}
}

var errPut = errors.New("the table is gone")
