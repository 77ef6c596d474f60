package task_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"sluice/connect"
	"sluice/connect/converter"
	embedded "sluice/internal/embedded/kafka"
	"sluice/internal/kafka"
	"sluice/worker/task"
)

// These tests run tasks with the real consumer against a broker in this process, in real time.

type cluster struct {
	t      *testing.T
	broker *embedded.Broker
	addr   string
	topic  string
	group  string
	admin  *kafka.Admin
	out    *kafka.Producer
}

func newCluster(t *testing.T, partitions int32) *cluster {
	t.Helper()
	b, err := embedded.New(embedded.Options{Addr: "127.0.0.1:0", GroupMinSessionTimeout: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	id := uuid.NewString()[:8]
	c := &cluster{t: t, broker: b, addr: b.Addr(), topic: "topic-" + id, group: "connect-" + id}
	if c.admin, err = kafka.NewAdmin(kafka.AdminConfig{Properties: c.properties()}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.admin.Close() })
	if _, err := c.admin.CreateTopic(bounded(t), kafka.TopicSpec{Name: c.topic, Partitions: partitions, ReplicationFactor: 1}); err != nil {
		t.Fatal(err)
	}
	if c.out, err = kafka.NewProducer(kafka.ProducerConfig{Properties: c.properties()}); err != nil {
		t.Fatal(err)
	}
	if err := c.out.Start(bounded(t)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		c.out.Close(ctx)
	})
	return c
}

func (c *cluster) properties(pairs ...string) kafka.Properties {
	p := kafka.Properties{"bootstrap.servers": c.addr, "client.id": "test"}
	for i := 0; i < len(pairs); i += 2 {
		p[pairs[i]] = pairs[i+1]
	}
	return p
}

func bounded(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// produce writes values to a partition.
func (c *cluster) produce(partition int32, values ...string) {
	c.t.Helper()
	var records []kafka.OutRecord
	for _, v := range values {
		records = append(records, kafka.OutRecord{Topic: c.topic, Partition: partition, Value: []byte(v)})
	}
	if err := c.out.SendBatch(bounded(c.t), records); err != nil {
		c.t.Fatal(err)
	}
}

func (c *cluster) committed() map[int32]int64 {
	c.t.Helper()
	offsets, err := c.admin.GroupOffsets(bounded(c.t), c.group)
	if err != nil {
		c.t.Fatal(err)
	}
	out := map[int32]int64{}
	for tp, o := range offsets {
		out[tp.Partition] = o.Offset
	}
	return out
}

// destination collects what the tasks of a connector put, by partition.
type destination struct {
	mu      sync.Mutex
	offsets map[int32][]int64
	grown   chan struct{} // closed and replaced with each put
}

func newDestination() *destination {
	return &destination{offsets: map[int32][]int64{}, grown: make(chan struct{})}
}

func (d *destination) add(records []connect.SinkRecord) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, r := range records {
		d.offsets[r.Partition] = append(d.offsets[r.Partition], r.Offset)
	}
	close(d.grown)
	d.grown = make(chan struct{})
}

// await waits until the condition holds for what is there.
func (d *destination) await(t *testing.T, what string, condition func(offsets map[int32][]int64) bool) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	for {
		d.mu.Lock()
		ok, grown := condition(d.offsets), d.grown
		d.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-grown:
		case <-deadline:
			t.Fatalf("waited too long for %s; there is %v", what, d.offsets)
		}
	}
}

func total(offsets map[int32][]int64) int {
	n := 0
	for _, o := range offsets {
		n += len(o)
	}
	return n
}

// liveTask is a task that runs.
type liveTask struct {
	*task.Task
	statuses *statuses
	sink     *fakeSink
	done     chan error
}

func (c *cluster) run(number int, to *destination, change func(*task.Config, *fakeSink)) *liveTask {
	c.t.Helper()
	sink := &fakeSink{put: func(_ context.Context, records []connect.SinkRecord) error { to.add(records); return nil }}
	cfg := task.Config{
		ID: connect.TaskID{Connector: "c", Task: number}, Task: sink,
		KeyConverter: newString(c.t), ValueConverter: newJSON(c.t), HeaderConverter: converter.NewSimpleHeader(),
		KeyConverterClass: converter.StringClass, ValueConverterClass: converter.JSONClass, HeaderConverterClass: converter.SimpleHeaderClass,
		Topics: []string{c.topic},
		ConsumerProperties: c.properties("group.id", c.group, "auto.offset.reset", "earliest",
			"session.timeout.ms", "5000", "heartbeat.interval.ms", "100", "max.poll.records", "100"),
		OffsetFlushInterval: 200 * time.Millisecond, OffsetFlushTimeout: 5 * time.Second,
		Listener: &statuses{},
	}
	if testing.Verbose() {
		cfg.Logger = slog.New(slog.NewTextHandler(c.t.Output(), nil))
	}
	if change != nil {
		change(&cfg, sink)
	}
	tk, err := task.New(cfg)
	if err != nil {
		c.t.Fatal(err)
	}
	told, _ := cfg.Listener.(*statuses)
	l := &liveTask{Task: tk, statuses: told, sink: sink, done: make(chan error, 1)}
	ctx, cancel := context.WithCancel(context.Background())
	go func() { l.done <- tk.Run(ctx) }()
	c.t.Cleanup(func() {
		cancel()
		<-l.done
	})
	return l
}

// ended waits for the end of the task.
func (l *liveTask) ended(t *testing.T) error {
	t.Helper()
	select {
	case err := <-l.done:
		l.done <- err
		return err
	case <-time.After(30 * time.Second):
		t.Fatal("the task does not end")
		return nil
	}
}

func numbers(from, n int) []string {
	var out []string
	for i := range n {
		out = append(out, fmt.Sprintf(`{"n":%d}`, from+i))
	}
	return out
}

func TestTwoTasksSharePartitionsAndHandThemOver(t *testing.T) {
	c := newCluster(t, 4)
	to := newDestination()
	first := c.run(0, to, nil)
	second := c.run(1, to, nil)
	for p := range int32(4) {
		c.produce(p, numbers(0, 300)...)
	}
	to.await(t, "all records", func(o map[int32][]int64) bool { return total(o) >= 1200 })
	awaitShare(t, first, second)

	second.Stop()
	if err := second.ended(t); err != nil {
		t.Fatal(err)
	}
	for p := range int32(4) {
		c.produce(p, numbers(300, 50)...)
	}
	to.await(t, "the records after the second task stopped", func(o map[int32][]int64) bool { return total(o) >= 1400 })
	first.Stop()
	if err := first.ended(t); err != nil {
		t.Fatal(err)
	}
	// All stops were in order, so each record was put once, in order.
	for p := range int32(4) {
		if got := to.offsets[p]; len(got) != 350 || !slices.IsSorted(got) || got[0] != 0 || got[349] != 349 {
			t.Errorf("partition %d: got %d records, sorted %v", p, len(got), slices.IsSorted(got))
		}
	}
	if got, want := fmt.Sprint(c.committed()), "map[0:350 1:350 2:350 3:350]"; got != want {
		t.Errorf("committed: got %s, want %s", got, want)
	}
}

// awaitShare waits until both tasks own half of the partitions, which takes a rebalance or two after they have joined.
func awaitShare(t *testing.T, tasks ...*liveTask) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		a, b := tasks[0].Stats().Partitions, tasks[1].Stats().Partitions
		if a == 2 && b == 2 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the tasks own %d and %d partitions, want 2 each", a, b)
		}
		<-time.After(10 * time.Millisecond)
	}
}

func TestARestartResumesWhereItCommitted(t *testing.T) {
	c := newCluster(t, 1)
	to := newDestination()
	c.produce(0, numbers(0, 120)...)
	first := c.run(0, to, nil)
	to.await(t, "the first records", func(o map[int32][]int64) bool { return total(o) == 120 })
	first.Stop()
	if err := first.ended(t); err != nil {
		t.Fatal(err)
	}
	if got := c.committed()[0]; got != 120 {
		t.Fatalf("committed %d, want 120", got)
	}
	c.produce(0, numbers(120, 10)...)
	again := newDestination()
	c.run(0, again, nil)
	again.await(t, "the new records", func(o map[int32][]int64) bool { return total(o) >= 10 })
	if got := again.offsets[0]; got[0] != 120 || len(got) != 10 {
		t.Errorf("the new task got offsets %v, want 120 to 129", got)
	}
}

func TestAMalformedRecordStopsItsTaskAlone(t *testing.T) {
	c := newCluster(t, 2)
	to := newDestination()
	tasks := []*liveTask{c.run(0, to, nil), c.run(1, to, nil)}
	deadline := time.Now().Add(30 * time.Second)
	for tasks[0].Stats().Partitions != 1 || tasks[1].Stats().Partitions != 1 {
		if time.Now().After(deadline) {
			t.Fatal("the tasks do not share the partitions")
		}
		<-time.After(10 * time.Millisecond)
	}
	c.produce(0, numbers(0, 5)...)
	c.produce(1, numbers(0, 5)...)
	to.await(t, "the good records", func(o map[int32][]int64) bool { return total(o) == 10 })

	// The task that fails keeps the partition, so that the other one does not fail on the same record.
	c.produce(0, `{"n":}`, `{"n":7}`)
	var failed, other *liveTask
	for failed == nil {
		if time.Now().After(deadline) {
			t.Fatal("no task fails")
		}
		for i, l := range tasks {
			if strings.HasSuffix(l.statuses.String(), "FAILED") {
				failed, other = l, tasks[1-i]
			}
		}
		<-time.After(10 * time.Millisecond)
	}
	c.produce(1, numbers(5, 20)...)
	to.await(t, "the other task goes on", func(o map[int32][]int64) bool { return len(o[1]) == 25 })
	<-time.After(time.Second) // several heartbeats: a rebalance would have begun
	if got := other.statuses.String(); strings.Contains(got, "FAILED") {
		t.Errorf("the other task: got statuses %s", got)
	}
	if got := other.Stats().Partitions; got != 1 {
		t.Errorf("the other task owns %d partitions, want 1", got)
	}
	if got := to.offsets[0]; len(got) != 5 {
		t.Errorf("put of partition 0: got offsets %v, want 0 to 4", got)
	}

	failed.Stop()
	trace := task.Trace(failed.ended(t))
	for _, want := range []string{
		"Tolerance exceeded in error handler", "VALUE_CONVERTER", "topic " + c.topic, "partition 0", "offset 5",
		"Unexpected character ('}' (code 125)): expected a value", "line: 1, column: 7",
	} {
		if !strings.Contains(trace, want) {
			t.Errorf("the trace lacks %q:\n%s", want, trace)
		}
	}
	if got := failed.statuses.String(); !strings.HasSuffix(got, "FAILED") {
		t.Errorf("the task that failed: got statuses %s after it was stopped", got)
	}
	other.Stop()
	if err := other.ended(t); err != nil && !strings.Contains(err.Error(), "offset 5") { // it may have got the partition meanwhile
		t.Error(err)
	}
	if got, want := fmt.Sprint(c.committed()), "map[0:5 1:25]"; got != want {
		t.Errorf("committed: got %s, want %s: nothing from the bad record on", got, want)
	}
}

func TestAnOrphanLeavesItsRecordsToItsSuccessor(t *testing.T) {
	c := newCluster(t, 1)
	to := newDestination()
	hanging := make(chan struct{}, 1)
	orphan := c.run(0, to, func(_ *task.Config, sink *fakeSink) {
		sink.put = func(ctx context.Context, records []connect.SinkRecord) error {
			if len(records) == 0 {
				return nil
			}
			hanging <- struct{}{}
			<-ctx.Done()
			return errors.New("too late")
		}
	})
	c.produce(0, numbers(0, 3)...)
	<-hanging
	orphan.Cancel()
	if err := orphan.ended(t); err != nil {
		t.Errorf("got %v, want nil", err)
	}
	if got := c.committed(); len(got) != 0 {
		t.Errorf("the orphan has committed %v", got)
	}
	c.run(0, to, nil)
	to.await(t, "the records", func(o map[int32][]int64) bool { return total(o) == 3 })
}
