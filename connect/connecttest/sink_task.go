package connecttest

import (
	"context"
	"maps"
	"sync"
	"testing"
	"time"

	"sluice/connect"
)

func (s Sink) testEmptyPuts(t *testing.T) {
	w := StartTask(t, s.New(t), s.Props(t))
	w.Deliver(nil)
	w.Assign(0)
	w.Deliver(nil)
	w.Deliver([]connect.SinkRecord{})
	for tp, offset := range w.Stop() {
		if offset != 0 {
			t.Errorf("offset %d of %s may be committed, though nothing was put", offset, tp)
		}
	}
}

func (s Sink) testWritten(t *testing.T) {
	props := s.Props(t)
	w := StartTask(t, s.New(t), props)
	w.Assign(0, 1)
	var put []connect.SinkRecord
	for n := range 5 {
		var batch []connect.SinkRecord
		for i := range 10 {
			batch = append(batch, Record(int32(i%2), int64(n*5+i/2), s.Value(n*10+i)))
		}
		w.Deliver(batch)
		put = append(put, batch...)
	}
	w.Settle()
	s.Check(t, props, put)
	w.Stop()
	s.Check(t, props, put)
}

func (s Sink) testOffsets(t *testing.T) {
	w := StartTask(t, s.New(t), s.Props(t))
	w.Assign(0, 1)
	for n := range 20 {
		w.Deliver(s.values(0, int64(n), n, 1))
		if _, err := w.Commit(); err != nil {
			t.Fatalf("PreCommit or Flush: %v", err)
		}
	}
	w.Settle()
	if got := w.Committed(1); got != 0 {
		t.Errorf("partition 1, of which nothing was put, is committed up to %d", got)
	}
	w.Stop()
}

func (s Sink) testStopAlone(t *testing.T) {
	StartTask(t, s.New(t), s.Props(t)).Stop()
}

// A start fails with settings that are missing, and whenever its context is over before it is through.
func (s Sink) testFailedStart(t *testing.T) {
	props := s.Props(t)
	for _, k := range s.New(t).Config().Keys() {
		if !k.Required {
			continue
		}
		broken := maps.Clone(props)
		delete(broken, k.Name)
		w := NewTask(t, s.New(t), props)
		if err := w.Start(broken); err == nil {
			t.Errorf("the task starts without %s, which is required", k.Name)
		}
		w.Stop()
	}
	w := NewTask(t, s.New(t), props)
	w.cancel()
	_ = w.Start(props) // a sink that does nothing slow need not look
	w.Stop()
}

func (s Sink) testRestart(t *testing.T) {
	props := s.Props(t)
	w := StartTask(t, s.New(t), props)
	w.Assign(0, 1)
	put := s.values(0, 0, 0, 10)
	w.Deliver(put)
	w.Settle()
	w.Stop()
	next := StartTask(t, s.New(t), props)
	next.committed = w.committed
	next.Assign(0, 1)
	more := s.values(0, w.Committed(0), 10, 10)
	next.Deliver(more)
	next.Settle()
	next.Stop()
	s.Check(t, props, append(put, more...))
}

func (s Sink) testAbandoned(t *testing.T) {
	props := s.Props(t)
	w := StartTask(t, s.New(t), props)
	w.Assign(0)
	all := s.values(0, 0, 0, 20)
	w.Deliver(all[:10])
	if _, err := w.Commit(); err != nil {
		t.Fatalf("PreCommit or Flush: %v", err)
	}
	w.Deliver(all[10:])
	w.Abandon()
	next := StartTask(t, s.New(t), props)
	next.committed = w.committed
	next.assignAgain(0)
	again := all[w.Committed(0):]
	next.Deliver(again)
	next.Settle()
	next.Stop()
	s.Check(t, props, append(append([]connect.SinkRecord(nil), all...), again...))
}

// assignAgain gives the task a partition of which it, or its predecessor, may have had records in hand, and asks at once what may be committed:
// what it knew of the partition does not count any more.
func (w *Task) assignAgain(partition int32) {
	w.t.Helper()
	w.Assign(partition)
	if _, err := w.Commit(); err != nil {
		w.t.Fatalf("PreCommit or Flush: %v", err)
	}
}

// Two partitions: one is given away in order and comes back, then the other is lost and comes back. Each time the task gets again what was
// not committed.
func (s Sink) testRebalance(t *testing.T) {
	props := s.Props(t)
	w := StartTask(t, s.New(t), props)
	w.Assign(0, 1)
	first, second := s.values(0, 0, 0, 20), s.values(1, 0, 20, 20)
	var put []connect.SinkRecord
	deliver := func(records []connect.SinkRecord) {
		w.Deliver(records)
		put = append(put, records...)
	}
	deliver(first[:5])
	deliver(second[:5])
	w.Revoke(1)
	deliver(first[5:10])
	w.assignAgain(1)
	deliver(second[w.Committed(1):10])
	if _, err := w.Commit(); err != nil {
		t.Fatalf("PreCommit or Flush: %v", err)
	}
	deliver(first[10:15])
	w.Lose(0)
	deliver(second[10:])
	w.assignAgain(0)
	deliver(first[w.Committed(0):])
	w.Settle()
	w.Stop()
	if got := [2]int64{w.Committed(0), w.Committed(1)}; got != [2]int64{20, 20} {
		t.Errorf("committed up to %v, want 20 of both partitions", got)
	}
	s.Check(t, props, put)
}

// Each task of a worker has a goroutine of its own. What they share by mistake, the race detector or a mixed-up destination shows.
func (s Sink) testConcurrent(t *testing.T) {
	const tasks = 3
	props := make([]map[string]string, tasks)
	for i := range props {
		props[i] = s.Props(t)
	}
	var all sync.WaitGroup
	workers := make([]*Task, tasks)
	put := make([][]connect.SinkRecord, tasks)
	failed := make([]error, tasks)
	for i := range tasks {
		workers[i] = StartTask(t, s.New(t), props[i])
		workers[i].Assign(0)
		put[i] = s.values(0, 0, 100*i, 30)
	}
	for i, w := range workers {
		all.Go(func() { // nothing here may end the test but from its own goroutine
			for from := 0; from < 30 && failed[i] == nil; from += 10 {
				for late := time.Now().Add(timeLimit); ; {
					failed[i] = w.Put(put[i][from : from+10])
					if !connect.IsRetriable(failed[i]) || time.Now().After(late) {
						break
					}
				}
			}
		})
	}
	all.Wait()
	for i, w := range workers {
		if failed[i] != nil {
			t.Fatalf("Put: %v", failed[i])
		}
		w.Settle()
		w.Stop()
		s.Check(t, props[i], put[i])
	}
}

func (s Sink) testGoroutines(t *testing.T) {
	props := s.Props(t)
	before := goroutines()
	for _, end := range []func(*Task){func(w *Task) { w.Stop() }, (*Task).Abandon} {
		w := StartTask(t, s.New(t), props)
		w.Assign(0)
		w.Deliver(s.values(0, 0, 0, 10))
		w.Settle()
		w.Deliver(s.values(0, 10, 10, 10))
		end(w)
		var left map[string]string
		if !eventually(func() bool { // there is no event for the end of a goroutine
			left = goroutines()
			maps.DeleteFunc(left, func(number, _ string) bool { _, known := before[number]; return known })
			return len(left) == 0
		}) {
			for _, stack := range left {
				t.Errorf("still there after Stop:\n%s", stack)
			}
			return
		}
	}
}

// An abandoned task gets contexts that are over. It need not do anything then, but it must not wait.
func (s Sink) testContextOver(t *testing.T) {
	w := StartTask(t, s.New(t), s.Props(t))
	w.Assign(0)
	w.Deliver(s.values(0, 0, 0, 10))
	over, cancel := context.WithCancel(context.Background())
	cancel()
	w.ctx = over
	_ = w.Put(s.values(0, 10, 10, 10))
	_, _ = w.preCommit(over, []connect.TopicPartition{Partition(0)}, true)
	w.Abandon()
}
