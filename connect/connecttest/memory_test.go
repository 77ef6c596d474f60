package connecttest_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"sluice/connect"
	"sluice/connect/connecttest"
)

// memory is where the test's sink writes to, by the setting "to".
type memory struct {
	mu     sync.Mutex
	values []any
	away   bool
	hung   chan struct{} // nil: it answers
}

var errAway = errors.New("the memory is away")

func (m *memory) write(ctx context.Context, v any) error {
	m.mu.Lock()
	hung := m.hung
	m.mu.Unlock()
	if hung != nil {
		select {
		case <-hung:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away {
		return errAway
	}
	m.values = append(m.values, v)
	return nil
}

// world is all destinations of a test, and the one thing that is wrong with its sink.
type world struct {
	fault string
	mu    sync.Mutex
	all   map[string]*memory
	seen  map[string]map[connect.TopicPartition]int64 // what a faulty task remembers of the offsets put to a memory
}

func (w *world) has(fault string) bool { return w.fault == fault }

func (w *world) memory(name string) *memory {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.has("shares a destination") {
		name = "0"
	}
	if w.all[name] == nil {
		w.all[name] = &memory{}
	}
	return w.all[name]
}

// offsets returns what tasks have put so far: to one partition after the other, and never less.
func (w *world) offsets(name string) map[connect.TopicPartition]int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.seen[name] == nil {
		w.seen[name] = map[connect.TopicPartition]int64{}
	}
	return w.seen[name]
}

// sink describes a sink that works ahead, with the world's fault.
func (w *world) sink() connecttest.Sink {
	w.all, w.seen = map[string]*memory{}, map[string]map[connect.TopicPartition]int64{}
	return connecttest.Sink{
		New: func(testing.TB) connect.SinkConnector { return &memoryConnector{world: w} },
		Props: func(testing.TB) map[string]string {
			w.mu.Lock()
			defer w.mu.Unlock()
			name := fmt.Sprint(len(w.all))
			w.all[name] = &memory{}
			return map[string]string{"to": name, "token": "open sesame"}
		},
		Value:    func(n int) any { return n },
		BadValue: func() any { return "bad" },
		Check: func(t testing.TB, props map[string]string, put []connect.SinkRecord) {
			m := w.memory(props["to"])
			m.mu.Lock()
			defer m.mu.Unlock()
			want := map[int32][]any{} // by partition, in the order of the first delivery
			of := map[any]int32{}
			for i := range put {
				if p, v := put[i].Partition, put[i].Value; !slices.Contains(want[p], v) {
					want[p], of[v] = append(want[p], v), p
				}
			}
			got := map[int32][]any{}
			for _, v := range m.values { // what was written twice counts once
				if p := of[v]; !slices.Contains(got[p], v) {
					got[p] = append(got[p], v)
				}
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
		},
		Outage: func(_ testing.TB, props map[string]string) func() {
			return w.change(props, func(m *memory, on bool) { m.away = on })
		},
		Hang: func(_ testing.TB, props map[string]string) func() {
			return w.change(props, func(m *memory, on bool) {
				if on {
					m.hung = make(chan struct{})
				} else {
					close(m.hung)
					m.hung = nil
				}
			})
		},
	}
}

func (w *world) change(props map[string]string, set func(*memory, bool)) (end func()) {
	m := w.memory(props["to"])
	both := func(on bool) {
		m.mu.Lock()
		defer m.mu.Unlock()
		set(m, on)
	}
	both(true)
	return func() { both(false) }
}

type memoryConnector struct {
	*world
	props  map[string]string
	starts int
}

func (c *memoryConnector) Version() string {
	if c.has("no version") {
		return ""
	}
	return "1"
}

func (c *memoryConnector) Config() *connect.ConfigDef {
	token := connect.ConfigKey{Name: "token", Type: connect.TypePassword, Importance: connect.Low, Doc: "A secret."}
	to := connect.ConfigKey{Name: "to", Type: connect.TypeString, Required: true, Importance: connect.High, Doc: "Where to."}
	retries := connect.ConfigKey{Name: "retries", Type: connect.TypeInt, Default: int64(3), Validator: connect.AtLeast(0), Importance: connect.Low, Doc: "How often."}
	switch c.fault {
	case "a key without documentation":
		to.Doc = ""
	case "a default that is not valid":
		retries.Default = int64(-1)
	case "a key of the framework":
		retries.Name = "tasks.max"
	case "a secret that is text":
		token.Type = connect.TypeString
	}
	return connect.NewConfigDef(to, token, retries)
}

func (c *memoryConnector) Start(_ context.Context, props map[string]string) error {
	if c.starts++; c.starts > 1 && c.has("a connector that starts once") {
		return errors.New("already started")
	}
	c.props = props
	return nil
}

func (c *memoryConnector) TaskConfigs(most int) (configs []map[string]string, _ error) {
	if c.has("too many tasks") {
		most++
	}
	for range most {
		if c.has("one map for all tasks") {
			configs = append(configs, c.props)
		} else {
			configs = append(configs, maps.Clone(c.props))
		}
	}
	return configs, nil
}

func (c *memoryConnector) Stop(context.Context) error { return nil }
func (c *memoryConnector) NewTask() connect.SinkTask  { return &memoryTask{world: c.world} }

// memoryTask writes on a goroutine of its own.
type memoryTask struct {
	*world
	tc     connect.SinkTaskContext
	to     *memory
	cancel context.CancelFunc
	work   sync.WaitGroup
	closed map[connect.TopicPartition]bool  // ever; what a faulty task looks at
	put    map[connect.TopicPartition]int64 // ever, too

	mu     sync.Mutex
	queue  []connect.SinkRecord
	moved  chan struct{} // has room for one: the queue has changed
	failed error
}

func (t *memoryTask) Start(_ context.Context, tc connect.SinkTaskContext, props map[string]string) error {
	config, err := (&memoryConnector{world: t.world}).Config().Parse(props)
	if err != nil && !t.has("a start without what is required") {
		return err
	}
	if t.has("a secret in the log") {
		tc.Logger().Info("starting", "props", props)
	}
	t.tc, t.to, t.closed = tc, t.memory(config.String("to")), map[connect.TopicPartition]bool{}
	t.put = map[connect.TopicPartition]int64{}
	if t.has("offsets of another task") {
		t.put = t.offsets(config.String("to"))
	}
	t.moved = make(chan struct{}, 1)
	ctx, cancel := context.WithCancel(context.Background())
	t.cancel = cancel
	t.work.Go(func() { t.write(ctx) })
	return nil
}

func (t *memoryTask) write(ctx context.Context) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			if t.has("a goroutine that stays") {
				ctx = context.Background()
				continue
			}
			return
		case <-tick.C:
		}
		for t.writeOne(ctx) {
		}
	}
}

func (t *memoryTask) writeOne(ctx context.Context) bool {
	t.mu.Lock()
	if len(t.queue) == 0 {
		t.mu.Unlock()
		return false
	}
	r := t.queue[0]
	t.mu.Unlock()
	var err error
	switch {
	case r.Value == "bad" && t.has("a bad record that nobody hears of"):
	case r.Value == "bad":
		if err := <-t.tc.Report(&r, errors.New("bad")); err != nil && !t.has("a bad record that is passed") {
			t.mu.Lock()
			t.failed = err
			t.mu.Unlock()
			return false
		}
	case t.has("a lost record") && r.Offset == 3:
	default:
		err = t.to.write(ctx, r.Value)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if err != nil {
		if t.has("an outage that ends the task") && errors.Is(err, errAway) {
			t.failed = err
		}
		if !t.has("an error that nobody hears of") {
			return false
		}
	}
	if len(t.queue) > 0 && t.queue[0].TopicPartition() == r.TopicPartition() && t.queue[0].Offset == r.Offset {
		t.queue = t.queue[1:]
	}
	return true
}

func (t *memoryTask) Put(_ context.Context, records []connect.SinkRecord) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.failed != nil:
		return t.failed
	case len(records) == 0 && t.has("no empty batches"):
		return errors.New("nothing to do")
	case t.has("the worker's slice is kept"):
		t.queue = records
		return nil
	}
	batch := slices.Clone(records)
	if t.has("a batch in reverse") {
		slices.Reverse(batch)
	}
	for i := range records {
		if t.has("a record that is changed") {
			records[i].Value = 0
		}
		if t.has("a put that panics") && records[i].Offset == 3 {
			panic("three")
		}
		t.put[records[i].TopicPartition()] = records[i].Offset + 1
	}
	if t.has("a partition that does not come back") {
		batch = slices.DeleteFunc(batch, func(r connect.SinkRecord) bool { return t.closed[r.TopicPartition()] })
	}
	t.queue = append(t.queue, batch...)
	return nil
}

func (t *memoryTask) PreCommit(ctx context.Context, offsets map[connect.TopicPartition]int64, closing bool) (map[connect.TopicPartition]int64, error) {
	for closing && t.pending(offsets) {
		select {
		case <-time.After(time.Millisecond):
		case <-ctx.Done():
			if !t.has("a wait without end") {
				closing = false
			}
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.has("an offset of a strange partition") {
		offsets[connecttest.Partition(9)] = 1
	}
	for tp := range offsets {
		if t.has("an offset that was not put") {
			offsets[tp]++
		}
		if t.has("offsets of another time") || t.has("offsets of another task") {
			offsets[tp] = t.put[tp]
		}
	}
	if t.has("an offset that is not durable") {
		return offsets, nil
	}
	for _, r := range t.queue {
		tp := r.TopicPartition()
		offsets[tp] = min(offsets[tp], r.Offset)
	}
	return offsets, nil
}

func (t *memoryTask) pending(of map[connect.TopicPartition]int64) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.failed == nil && slices.ContainsFunc(t.queue, func(r connect.SinkRecord) bool { _, ok := of[r.TopicPartition()]; return ok })
}

func (t *memoryTask) Open(context.Context, []connect.TopicPartition) error { return nil }

func (t *memoryTask) Close(_ context.Context, partitions []connect.TopicPartition) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, tp := range partitions {
		t.closed[tp] = true
	}
	t.queue = slices.DeleteFunc(slices.Clone(t.queue), func(r connect.SinkRecord) bool { return slices.Contains(partitions, r.TopicPartition()) })
	return nil
}

func (t *memoryTask) Stop(context.Context) error {
	switch t.fault {
	case "a stop that panics":
		panic("no")
	case "a stop that does not end":
		select {}
	}
	if t.cancel == nil {
		if t.has("a stop that needs a start") {
			return errors.New("not started")
		}
		return nil
	}
	t.cancel()
	if !t.has("a goroutine that stays") {
		t.work.Wait()
	}
	return nil
}
