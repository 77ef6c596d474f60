package connecttest

import (
	"context"
	"maps"
	"slices"
	"testing"
	"time"

	"sluice/connect"
)

// Sink describes a sink to [TestSink].
type Sink struct {
	// New returns a connector as its plugin's NewSink does.
	New func(t testing.TB) connect.SinkConnector
	// Props returns settings with which a task can run, writing to a destination of its own.
	Props func(t testing.TB) map[string]string
	// Value returns the value of the n-th record, from 0. All values must be writable, and tell from each other.
	Value func(n int) any
	// Check fails the test unless the destination of the given settings holds what the records say, which were put in this order.
	Check func(t testing.TB, props map[string]string, put []connect.SinkRecord)
}

// timeLimit is more than any call of the contract should need.
const timeLimit = 10 * time.Second

// TestSink runs the contract of [connect.SinkConnector] and [connect.SinkTask] on a sink, each rule as a subtest.
func TestSink(t *testing.T, s Sink) {
	t.Run("settings are defined in full", s.testConfig)
	t.Run("a connector splits its work", s.testTaskConfigs)
	t.Run("a task takes empty batches at any time", s.testEmptyPuts)
	t.Run("what was put is written when it may be committed", s.testWritten)
	t.Run("offsets to commit are among those put", s.testOffsets)
	t.Run("a task can be stopped without having run", s.testStopAlone)
}

func (s Sink) testConfig(t *testing.T) {
	c := s.New(t)
	if c.Version() == "" {
		t.Error("Version is empty")
	}
	def := c.Config()
	if def == nil {
		t.Fatal("Config is nil")
	}
	for _, k := range def.Keys() {
		if k.Name == "" || k.Type == "" || k.Importance == "" || k.Doc == "" && !k.Internal {
			t.Errorf("key %q lacks a name, type, importance or documentation", k.Name)
		}
		if k.Required && k.Default != nil {
			t.Errorf("key %q is required and has a default", k.Name)
		}
	}
	props := s.Props(t)
	for _, v := range def.Validate(props) {
		if len(v.Errors) > 0 {
			t.Errorf("key %s of valid settings: %q", v.Name, v.Errors)
		}
	}
	if v, ok := c.(connect.ConfigValidator); ok {
		for _, err := range v.ValidateConfig(props) {
			t.Errorf("valid settings: %v", err)
		}
	}
}

func (s Sink) testTaskConfigs(t *testing.T) {
	ctx := bounded(t)
	c := s.New(t)
	props := s.Props(t)
	if err := c.Start(ctx, maps.Clone(props)); err != nil {
		t.Fatalf("Start: %v", err)
	}
	for _, most := range []int{1, 3} {
		configs, err := c.TaskConfigs(most)
		if err != nil || len(configs) < 1 || len(configs) > most {
			t.Fatalf("TaskConfigs(%d): got %d configs, %v", most, len(configs), err)
		}
		for i := range configs {
			configs[i]["changed"] = "by the caller"
			for _, other := range configs[i+1:] {
				if _, shared := other["changed"]; shared {
					t.Error("the settings of two tasks share a map")
				}
			}
		}
		if again, err := c.TaskConfigs(most); err != nil || again[0]["changed"] != "" {
			t.Errorf("TaskConfigs returns a map that it keeps (or fails the second time: %v)", err)
		}
	}
	if err := c.Stop(ctx); err != nil {
		t.Errorf("Stop: %v", err)
	}
}

func (s Sink) testEmptyPuts(t *testing.T) {
	r := s.start(t, s.Props(t))
	r.put(nil)
	r.open(0)
	r.put(nil)
	r.put([]connect.SinkRecord{})
	if offsets := r.close(); len(offsets) > 0 {
		for tp, offset := range offsets {
			if offset != 0 {
				t.Errorf("offset %d of %s may be committed, though nothing was put", offset, tp)
			}
		}
	}
	r.stop()
}

func (s Sink) testWritten(t *testing.T) {
	props := s.Props(t)
	r := s.start(t, props)
	r.open(0, 1)
	var put []connect.SinkRecord
	batch := make([]connect.SinkRecord, 0, 10)
	for n := range 5 {
		batch = batch[:0]
		for i := range 10 {
			batch = append(batch, record(int32(i%2), int64(n*5+i/2), s.Value(n*10+i)))
		}
		put = append(put, batch...)
		r.put(batch)
		clear(batch[:cap(batch)]) // the slice is the worker's again
	}
	want := map[connect.TopicPartition]int64{partition(0): 25, partition(1): 25}
	if got := r.close(); !maps.Equal(got, want) {
		t.Errorf("after the last call of PreCommit, closing: got %v, want %v", got, want)
	}
	s.Check(t, props, put)
	r.stop()
	s.Check(t, props, put)
}

func (s Sink) testOffsets(t *testing.T) {
	r := s.start(t, s.Props(t))
	r.open(0, 1)
	for n := range 20 {
		r.put([]connect.SinkRecord{record(0, int64(n), s.Value(n))})
		current := map[connect.TopicPartition]int64{partition(0): int64(n + 1), partition(1): 7}
		for tp, offset := range r.preCommit(maps.Clone(current), false) {
			if at, ok := current[tp]; !ok || offset > at {
				t.Errorf("offset %d of %s may be committed, of at most %d", offset, tp, at)
			}
		}
	}
	r.close()
	r.stop()
}

func (s Sink) testStopAlone(t *testing.T) {
	r := s.start(t, s.Props(t))
	r.stop()
}

// running is a task as its worker sees it.
type running struct {
	t       *testing.T
	ctx     context.Context
	task    connect.SinkTask
	current map[connect.TopicPartition]int64
}

func (s Sink) start(t *testing.T, props map[string]string) *running {
	t.Helper()
	r := &running{t: t, ctx: bounded(t), task: s.New(t).NewTask(), current: map[connect.TopicPartition]int64{}}
	if err := r.task.Start(r.ctx, NewTaskContext(t), maps.Clone(props)); err != nil {
		t.Fatalf("Start: %v", err)
	}
	return r
}

func (r *running) open(partitions ...int32) {
	r.t.Helper()
	var tps []connect.TopicPartition
	for _, p := range partitions {
		tps = append(tps, partition(p))
		r.current[partition(p)] = 0
	}
	if o, ok := r.task.(connect.Opener); ok {
		if err := o.Open(r.ctx, tps); err != nil {
			r.t.Fatalf("Open: %v", err)
		}
	}
}

func (r *running) put(records []connect.SinkRecord) {
	r.t.Helper()
	for {
		err := r.task.Put(r.ctx, records)
		if err == nil {
			break
		}
		if !connect.IsRetriable(err) || r.ctx.Err() != nil {
			r.t.Fatalf("Put: %v", err)
		}
	}
	for i := range records {
		r.current[records[i].TopicPartition()] = records[i].Offset + 1
	}
}

func (r *running) preCommit(offsets map[connect.TopicPartition]int64, closing bool) map[connect.TopicPartition]int64 {
	r.t.Helper()
	var err error
	switch task := r.task.(type) {
	case connect.PreCommitter:
		offsets, err = task.PreCommit(r.ctx, offsets, closing)
	case connect.Flusher:
		err = task.Flush(r.ctx, offsets)
	}
	if err != nil {
		r.t.Fatalf("PreCommit or Flush: %v", err)
	}
	return offsets
}

// close gives all partitions away and returns what would be committed.
func (r *running) close() map[connect.TopicPartition]int64 {
	r.t.Helper()
	offsets := r.preCommit(maps.Clone(r.current), true)
	if o, ok := r.task.(connect.Opener); ok {
		if err := o.Close(r.ctx, slices.Collect(maps.Keys(r.current))); err != nil {
			r.t.Fatalf("Close: %v", err)
		}
	}
	clear(r.current)
	return offsets
}

func (r *running) stop() {
	r.t.Helper()
	if err := r.task.Stop(r.ctx); err != nil {
		r.t.Errorf("Stop: %v", err)
	}
}

func bounded(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), timeLimit)
	t.Cleanup(cancel)
	return ctx
}
