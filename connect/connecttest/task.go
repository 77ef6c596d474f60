package connecttest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/connect"
)

// timeLimit is more than any call of the contract should need. Only this package's own tests change it.
var timeLimit = 10 * time.Second

// Task is a sink task with a worker's side of the contract around it: it makes the calls in the order in which a worker makes them, one at a time,
// keeps the offsets that a worker would keep, and fails the test when the task breaks a rule: an offset beyond what was put, a
// record changed, a secret in the log, a call that does not return.
//
// It is one side of the contract and no more: it has no Kafka, and what the task asks for through its context is remembered and not done.
//
//	w := connecttest.StartTask(t, newConnector(), props)
//	w.Assign(0)
//	w.Deliver(connecttest.Records(0, "a", "b"))
//	offsets := w.Stop()
type Task struct {
	Task    connect.SinkTask
	Context *TaskContext

	t         testing.TB
	ctx       context.Context
	cancel    context.CancelFunc
	secrets   []string
	current   map[connect.TopicPartition]int64 // of the assigned partitions: after the last record that was accepted
	committed map[connect.TopicPartition]int64 // also of those that were given away
	stopped   bool
}

// StartTask starts a task of a connector, which need not have been started, and fails the test if that fails. The test's end stops it, unless
// that was done before.
func StartTask(t testing.TB, connector connect.SinkConnector, props map[string]string) *Task {
	t.Helper()
	w := NewTask(t, connector, props)
	if err := w.Start(props); err != nil {
		t.Fatalf("Start: %v", err)
	}
	return w
}

// NewTask is StartTask without the start: for a test that sets fields of the Context, or wants the start to fail.
func NewTask(t testing.TB, connector connect.SinkConnector, props map[string]string) *Task {
	t.Helper()
	w := &Task{
		Task: connector.NewTask(), Context: NewTaskContext(t), t: t,
		current: map[connect.TopicPartition]int64{}, committed: map[connect.TopicPartition]int64{},
	}
	for _, k := range connector.Config().Keys() {
		if k.Type == connect.TypePassword && len(props[k.Name]) > 3 {
			w.secrets = append(w.secrets, props[k.Name])
		}
	}
	w.ctx, w.cancel = context.WithCancel(context.Background())
	return w
}

// Start calls the task's Start with a copy of the settings.
func (w *Task) Start(props map[string]string) error {
	w.t.Helper()
	w.t.Cleanup(func() {
		if !w.stopped {
			w.Abandon()
		}
	})
	return w.call("Start", func() error { return w.Task.Start(w.ctx, w.Context, maps.Clone(props)) })
}

// Assign gives the task partitions of [Topic], to be read from their last commit on, which is 0 if there is none.
func (w *Task) Assign(partitions ...int32) {
	w.t.Helper()
	tps := partitionsOf(partitions)
	for _, tp := range tps {
		w.current[tp] = w.committed[tp]
	}
	if o, ok := w.Task.(connect.Opener); ok {
		if err := w.call("Open", func() error { return o.Open(w.ctx, tps) }); err != nil {
			w.t.Fatalf("Open: %v", err)
		}
	}
}

// Put offers a batch once, in a slice that is used again afterwards, and returns the task's answer. The batch counts as accepted only if
// it is nil. As in a worker, a report that was refused is the end of the task though Put may be silent about it.
func (w *Task) Put(records []connect.SinkRecord) error {
	w.t.Helper()
	refused := w.Context.Calls().Refused
	batch := slices.Clone(records)
	err := w.call("Put", func() error { return w.Task.Put(w.ctx, batch) })
	for i := range batch {
		if !reflect.DeepEqual(batch[i], records[i]) {
			w.t.Errorf("Put has changed the record at offset %d of %s", records[i].Offset, records[i].TopicPartition())
		}
	}
	clear(batch)
	if err == nil && w.Context.Calls().Refused > refused {
		return fmt.Errorf("a record was reported and is not tolerated: %w", w.Context.Calls().Reported[len(w.Context.Calls().Reported)-1].Reason)
	}
	if err != nil {
		return err
	}
	for i := range records {
		w.current[records[i].TopicPartition()] = records[i].Offset + 1
	}
	return nil
}

// Deliver puts a batch again and again until the task accepts it, and fails the test on any error but a [connect.Retriable] one.
func (w *Task) Deliver(records []connect.SinkRecord) {
	w.t.Helper()
	w.within("the batch to be accepted", func() bool {
		err := w.Put(records)
		if err != nil && !connect.IsRetriable(err) {
			w.t.Fatalf("Put: %v", err)
		}
		return err == nil
	})
}

// Commit asks what may be committed, as a worker does at every interval, and commits that. It returns the task's answer. After an error a
// worker reads everything since the last commit again, see Committed.
func (w *Task) Commit() (map[connect.TopicPartition]int64, error) {
	w.t.Helper()
	return w.preCommit(w.ctx, slices.Collect(maps.Keys(w.current)), false)
}

// Committed returns the offset from which a partition would be read now.
func (w *Task) Committed(partition int32) int64 { return w.committed[Partition(partition)] }

// Settle commits until everything that was accepted is committed, with empty batches in between, and fails the test if that takes more
// than ten seconds.
func (w *Task) Settle() {
	w.t.Helper()
	w.within("everything to be durable", func() bool {
		w.Deliver(nil)
		if _, err := w.Commit(); err != nil {
			w.t.Fatalf("PreCommit or Flush: %v", err)
		}
		for tp, offset := range w.current {
			if w.committed[tp] != offset {
				return false
			}
		}
		return true
	})
}

// Revoke gives partitions away in order: what is durable is committed, then they are closed. It returns what the task declared.
func (w *Task) Revoke(partitions ...int32) map[connect.TopicPartition]int64 {
	w.t.Helper()
	tps := partitionsOf(partitions)
	offsets, err := w.preCommit(w.ctx, tps, true)
	if err != nil {
		w.t.Fatalf("PreCommit or Flush while closing: %v", err)
	}
	w.close(w.ctx, tps)
	return offsets
}

// Lose takes partitions away without a commit, as when another member of the group may have them already.
func (w *Task) Lose(partitions ...int32) {
	w.t.Helper()
	w.close(w.ctx, partitionsOf(partitions))
}

// Stop gives all partitions away in order, and stops the task. It returns what the task declared.
func (w *Task) Stop() map[connect.TopicPartition]int64 {
	w.t.Helper()
	var numbers []int32
	for tp := range w.current {
		numbers = append(numbers, tp.Partition)
	}
	var offsets map[connect.TopicPartition]int64
	if len(numbers) > 0 {
		offsets = w.Revoke(numbers...)
	}
	w.stop()
	return offsets
}

// Abandon ends the task as a worker does that has waited too long for it, or that is at its own end: the context is cancelled, nothing is
// committed, partitions are closed and the task is stopped.
func (w *Task) Abandon() {
	w.t.Helper()
	w.cancel()
	if len(w.current) > 0 {
		w.close(w.ctx, slices.Collect(maps.Keys(w.current)))
	}
	w.stop()
}

func (w *Task) preCommit(ctx context.Context, tps []connect.TopicPartition, closing bool) (map[connect.TopicPartition]int64, error) {
	w.t.Helper()
	if len(tps) == 0 {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	asked := make(map[connect.TopicPartition]int64, len(tps))
	for _, tp := range tps {
		asked[tp] = w.current[tp]
	}
	offsets := asked
	var err error
	switch task := w.Task.(type) {
	case connect.PreCommitter:
		err = w.call("PreCommit", func() (err error) {
			offsets, err = task.PreCommit(ctx, maps.Clone(asked), closing)
			return err
		})
	case connect.Flusher:
		err = w.call("Flush", func() error { return task.Flush(ctx, maps.Clone(asked)) })
	}
	if err != nil {
		return nil, err
	}
	for tp, offset := range offsets {
		at, ok := w.current[tp]
		switch {
		case !ok:
			w.t.Errorf("offset %d of %s may be committed, which is not assigned", offset, tp)
		case offset > at:
			w.t.Errorf("offset %d of %s may be committed, of at most %d", offset, tp, at)
		default:
			w.committed[tp] = offset
		}
	}
	return offsets, nil
}

func (w *Task) close(ctx context.Context, tps []connect.TopicPartition) {
	w.t.Helper()
	if o, ok := w.Task.(connect.Opener); ok {
		if err := w.call("Close", func() error { return o.Close(ctx, tps) }); err != nil && ctx.Err() == nil {
			w.t.Errorf("Close: %v", err)
		}
	}
	for _, tp := range tps {
		delete(w.current, tp)
	}
}

// stop calls the task's Stop, with a context of its own that lasts a while, also after a cancel.
func (w *Task) stop() {
	w.t.Helper()
	w.stopped = true
	ctx, cancel := context.WithTimeout(context.WithoutCancel(w.ctx), timeLimit/2)
	defer cancel()
	if err := w.call("Stop", func() error { return w.Task.Stop(ctx) }); err != nil {
		w.t.Errorf("Stop: %v", err)
	}
	w.Context.Metrics().Close()
	w.cancel()
	log := w.Context.Log()
	for _, secret := range w.secrets {
		if strings.Contains(log, secret) {
			w.t.Errorf("the value of a setting of type PASSWORD is in the task's log")
		}
	}
}

// call waits for a method of the task, but not for ever. An error must not show a secret, and a panic fails the test with the name of its rule
// instead of ending the process: to a worker it is an error that is not retriable.
func (w *Task) call(what string, method func() error) error {
	w.t.Helper()
	done := make(chan error, 1)
	go func() {
		err := errors.New("the test was ended from within the call")
		defer func() {
			if p := recover(); p != nil {
				err = &panicError{value: p, stack: debug.Stack()}
			}
			done <- err
		}()
		err = method()
	}()
	select {
	case err := <-done:
		if p := (*panicError)(nil); errors.As(err, &p) {
			w.t.Errorf("%s has panicked: %v\n%s", what, p.value, p.stack)
		}
		for _, secret := range w.secrets {
			if err != nil && strings.Contains(err.Error(), secret) {
				w.t.Errorf("the value of a setting of type PASSWORD is in the error of %s", what)
			}
		}
		return err
	case <-time.After(timeLimit):
		w.stopped = true // it would not answer either
		w.t.Fatalf("%s has not returned after %s", what, timeLimit)
		return nil
	}
}

// panicError is what a call comes back with after a panic.
type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string { return fmt.Sprintf("panic: %v", e.value) }

// within tries until a condition holds, and fails the test if that takes too long.
func (w *Task) within(what string, try func() bool) {
	w.t.Helper()
	if !eventually(try) {
		w.t.Fatalf("waited %s for %s", timeLimit, what)
	}
}

// eventually tries again and again, with the pauses of a worker that waits for its next poll, until it works or the time is over.
func eventually(try func() bool) bool {
	pause := time.NewTicker(5 * time.Millisecond)
	defer pause.Stop()
	for late := time.Now().Add(timeLimit); !try(); <-pause.C {
		if time.Now().After(late) {
			return false
		}
	}
	return true
}

func partitionsOf(numbers []int32) []connect.TopicPartition {
	tps := make([]connect.TopicPartition, len(numbers))
	for i, n := range slices.Sorted(slices.Values(numbers)) {
		tps[i] = Partition(n)
	}
	return tps
}
