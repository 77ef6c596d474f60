package connecttest

import (
	"context"
	"testing"
	"time"

	"sluice/connect"
)

// badBatch is one bad record between good ones.
func (s Sink) badBatch(t *testing.T) (batch, good []connect.SinkRecord) {
	if s.BadValue == nil {
		t.Skip("the sink's description has no BadValue")
	}
	good = []connect.SinkRecord{Record(0, 0, s.Value(0)), Record(0, 2, s.Value(1))}
	return []connect.SinkRecord{good[0], Record(0, 1, s.BadValue()), good[1]}, good
}

func (s Sink) testBadRecord(t *testing.T) {
	batch, good := s.badBatch(t)
	props := s.Props(t)
	w := NewTask(t, s.New(t), props)
	w.Context.Tolerate = true
	if err := w.Start(props); err != nil {
		t.Fatalf("Start: %v", err)
	}
	w.Assign(0)
	w.Deliver(batch)
	w.Settle()
	w.Stop()
	reported := w.Context.Calls().Reported
	if len(reported) != 1 || reported[0].Record.Offset != 1 || reported[0].Reason == nil {
		t.Errorf("got reports %+v, want one, of the record at offset 1", reported)
	}
	s.Check(t, props, good)
}

func (s Sink) testBadRecordRefused(t *testing.T) {
	batch, _ := s.badBatch(t)
	w := StartTask(t, s.New(t), s.Props(t))
	w.Assign(0)
	var err error
	w.within("the bad record to be the end of the task", func() bool {
		err = w.Put(batch)
		if err == nil {
			batch = nil // a task that works ahead says so later
		}
		return err != nil && !connect.IsRetriable(err)
	})
	for tp, offset := range w.Stop() {
		if offset > 1 {
			t.Errorf("offset %d of %s may be committed, beyond the bad record at 1", offset, tp)
		}
	}
}

// While the destination is away, a task may refuse batches or accept them, but it does not fail and declares nothing to be durable. Then
// everything is written. A flush that fails makes the worker read again.
func (s Sink) testOutage(t *testing.T) {
	if s.Outage == nil {
		t.Skip("the sink's description has no Outage")
	}
	props := s.Props(t)
	w := StartTask(t, s.New(t), props)
	w.Assign(0)
	all := s.values(0, 0, 0, 20)
	put := append([]connect.SinkRecord(nil), all[:10]...)
	w.Deliver(put)
	w.Settle()
	end := s.Outage(t, props)
	ended := false
	defer func() {
		if !ended {
			end()
		}
	}()
	pending := all[10:]
	try := func() {
		if err := w.Put(pending); err == nil {
			put = append(put, pending...)
			pending = nil
		} else if !connect.IsRetriable(err) {
			t.Fatalf("Put: %v; that ends the task, which connect.Retriable would not", err)
		}
		if _, err := w.Commit(); err != nil {
			w.current[Partition(0)] = w.Committed(0)
			pending = all[w.Committed(0):]
		}
	}
	rounds := 0
	w.within("the outage to pass", func() bool { // long enough for a task that works in the background to meet it
		try()
		if at := w.Committed(0); at > 10 {
			t.Fatalf("offset %d may be committed though nothing from 10 on can have been written", at)
		}
		rounds++
		return rounds == 10
	})
	end()
	ended = true
	w.within("everything to be written after the outage", func() bool {
		try()
		return w.Committed(0) == int64(len(all))
	})
	w.Stop()
	s.Check(t, props, put)
}

func (s Sink) testHang(t *testing.T) {
	if s.Hang == nil {
		t.Skip("the sink's description has no Hang")
	}
	props := s.Props(t)
	w := StartTask(t, s.New(t), props)
	w.Assign(0)
	end := s.Hang(t, props)
	defer end()
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	w.ctx = ctx
	_ = w.Put(s.values(0, 0, 0, 10)) // fails the test if it does not return, as all calls do
	offsets, err := w.preCommit(ctx, []connect.TopicPartition{Partition(0)}, true)
	if at, ok := offsets[Partition(0)]; err == nil && ok && at > 0 && w.current[Partition(0)] > 0 {
		t.Errorf("offset %d may be committed though nothing can have been written", at)
	}
	w.Abandon()
}
