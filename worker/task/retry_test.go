package task_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"sluice/connect"
	"sluice/internal/kafka"
)

// refusing returns a Put that refuses batches with records until it is told to accept, and notes when it was called.
func refusing(fake *fakeSink, accept *atomic.Bool, calls *[]time.Duration, timeout time.Duration) func(context.Context, []connect.SinkRecord) error {
	began := time.Now()
	return func(_ context.Context, records []connect.SinkRecord) error {
		if len(records) == 0 || accept.Load() {
			return nil
		}
		*calls = append(*calls, time.Since(began))
		if timeout > 0 {
			fake.ctx.Timeout(timeout)
		}
		return connect.Retriable(errors.New("throttled"))
	}
}

func TestARefusedBatchComesAgainUnchangedAfterTheTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &fakeSink{}
		var accept atomic.Bool
		var calls []time.Duration
		fake.put = refusing(fake, &accept, &calls, 3*time.Second)
		h := run(t, fake, nil, nil)
		h.reader.produce(tp0, "a", "b")
		h.reader.assign(tp0)
		synctest.Wait()
		h.reader.produce(tp0, "c") // must wait: all partitions are paused
		time.Sleep(7 * time.Second)
		synctest.Wait()
		if want := []time.Duration{0, 3 * time.Second, 6 * time.Second}; !slices.Equal(calls, want) {
			t.Errorf("got calls at %v, want %v", calls, want)
		}
		accept.Store(true)
		time.Sleep(3 * time.Second)
		synctest.Wait()
		h.expect("calls", fake.taken(), "start open[t-0] put(a,b) put(a,b) put(a,b) put(a,b) put(c)")
		if n := strings.Count(h.log.String(), "put is tried again later"); n != 1 {
			t.Errorf("the reason is logged %d times, want once:\n%s", n, h.log)
		}
		h.stop()
		h.expectCommitted(tp0, 3)
	})
}

func TestARefusedBatchIsNotCommitted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &fakeSink{}
		var accept atomic.Bool
		var calls []time.Duration
		fake.put = refusing(fake, &accept, &calls, time.Second)
		h := run(t, fake, &preCommitSink{fakeSink: fake}, nil)
		h.reader.produce(tp0, "a")
		h.reader.assign(tp0)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		h.expectCommitted(tp0, 0)
		h.stop()
		h.expectCommitted(tp0, 0)
		if len(calls) < 100 {
			t.Errorf("got %d tries in two minutes, want one a second", len(calls))
		}
	})
}

func TestWithoutATimeoutTheNextTryIsAtTheNextCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &fakeSink{}
		var accept atomic.Bool
		var calls []time.Duration
		fake.put = refusing(fake, &accept, &calls, 0)
		h := run(t, fake, nil, nil)
		h.reader.assign(tp0)
		synctest.Wait()
		h.reader.produce(tp0, "a")
		time.Sleep(3*time.Minute + time.Second)
		synctest.Wait()
		if len(calls) > 5 {
			t.Errorf("got tries at %v, want one a minute", calls)
		}
		// The plugin can ask for an earlier one.
		before := len(calls)
		fake.ctx.Wake()
		synctest.Wait()
		if len(calls) != before+1 {
			t.Errorf("got %d tries after Wake, want one more than %d", len(calls), before)
		}
		accept.Store(true)
		h.stop()
	})
}

func TestARevokedPartitionLeavesTheRefusedBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &fakeSink{}
		var accept atomic.Bool
		var calls []time.Duration
		fake.put = refusing(fake, &accept, &calls, time.Second)
		h := run(t, fake, nil, nil)
		h.reader.produce(tp0, "a", "b")
		h.reader.produce(tp1, "c")
		h.reader.assign(tp0, tp1)
		synctest.Wait()
		h.reader.revoke(tp0)
		synctest.Wait()
		fake.taken()
		accept.Store(true)
		time.Sleep(time.Second)
		synctest.Wait()
		h.expect("calls", fake.taken(), "put(c)")
		h.stop()
		h.expectCommitted(tp0, 0)
		h.expectCommitted(tp1, 1)
	})
}

func TestWhenAllOfTheRefusedBatchIsRevokedOthersGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &fakeSink{}
		var accept atomic.Bool
		var calls []time.Duration
		fake.put = refusing(fake, &accept, &calls, time.Minute)
		h := run(t, fake, nil, nil)
		h.reader.produce(tp0, "a")
		h.reader.assign(tp0)
		synctest.Wait()
		accept.Store(true)
		h.reader.revoke(tp0)
		h.reader.assign(tp1)
		h.reader.produce(tp1, "c")
		synctest.Wait()
		h.expect("calls", fake.taken()[len("start open[t-0] "):], "put(a) close[t-0] open[t-1] put(c)")
		h.stop()
	})
}

func TestPartitionsAssignedDuringARefusalWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &fakeSink{}
		var accept atomic.Bool
		var calls []time.Duration
		fake.put = refusing(fake, &accept, &calls, time.Second)
		h := run(t, fake, nil, nil)
		h.reader.produce(tp0, "a")
		h.reader.assign(tp0)
		synctest.Wait()
		h.reader.produce(tp1, "c")
		h.reader.assign(tp1)
		time.Sleep(2500 * time.Millisecond)
		synctest.Wait()
		if got := fake.taken(); strings.Contains(got, "c") && strings.Contains(got, "put(a,c)") {
			t.Errorf("a record joined the refused batch: %s", got)
		}
		accept.Store(true)
		time.Sleep(time.Second)
		synctest.Wait()
		h.expect("calls", fake.taken(), "put(a) put(c)")
		h.stop()
	})
}

func TestThePluginPausesPartitions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &fakeSink{}
		h := run(t, fake, nil, nil)
		h.reader.assign(tp0, tp1)
		synctest.Wait()
		fake.taken()
		fake.ctx.Pause(c0)
		synctest.Wait()
		h.reader.produce(tp0, "a")
		h.reader.produce(tp1, "b")
		synctest.Wait()
		h.expect("while paused", fake.taken(), "put(b)")

		// A pause and resume of the connector does not undo it.
		h.task.Pause()
		synctest.Wait()
		h.task.Resume()
		synctest.Wait()
		h.expect("after resuming the connector", fake.taken(), "")

		// Nor does a rebalance that takes the partition away and brings it back at once, as an eager one does.
		h.reader.revoke(tp0, tp1)
		h.reader.assign(tp0, tp1)
		synctest.Wait()
		h.expect("after a rebalance", fake.taken(), "close[t-0 t-1] open[t-0 t-1]")

		fake.ctx.Resume(c0)
		synctest.Wait()
		h.expect("after resuming", fake.taken(), "put(a)")

		// A partition that was away for longer starts afresh.
		fake.ctx.Pause(c0)
		synctest.Wait()
		h.reader.revoke(tp0)
		h.reader.assign(kafka.TopicPartition{Topic: "t", Partition: 2})
		h.reader.assign(tp0)
		h.reader.produce(tp0, "c")
		synctest.Wait()
		h.expect("after coming back", fake.taken(), "close[t-0] open[t-2] open[t-0] put(c)")
		h.stop()
	})
}

func TestWakeMakesAnEmptyPut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &fakeSink{}
		puts := 0
		fake.put = func(context.Context, []connect.SinkRecord) error {
			puts++
			if puts > 2 {
				return errPut // what went wrong in the background
			}
			return nil
		}
		h := run(t, fake, nil, nil)
		h.reader.assign(tp0)
		synctest.Wait()
		fake.ctx.Wake()
		synctest.Wait()
		fake.ctx.Wake()
		if err := h.stopped(); !errors.Is(err, errPut) {
			t.Errorf("got %v after %d puts, want %v", err, puts, errPut)
		}
	})
}

func TestARewindTakesTheRefusedRecordsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &fakeSink{}
		refused := false
		fake.put = func(_ context.Context, records []connect.SinkRecord) error {
			if len(records) == 0 || refused {
				return nil
			}
			refused = true
			fake.ctx.Rewind(map[connect.TopicPartition]int64{c0: 1})
			fake.ctx.Timeout(time.Second)
			return connect.Retriable(errors.New("start over"))
		}
		h := run(t, fake, nil, nil)
		h.reader.produce(tp0, "a", "b")
		h.reader.produce(tp1, "c")
		h.reader.assign(tp0, tp1)
		synctest.Wait()
		h.expect("calls before the time is over", fake.taken(), "start open[t-0 t-1] put(a,b,c)")
		time.Sleep(time.Second)
		synctest.Wait()
		h.expect("calls", fake.taken(), "put(c) put(b)")
		h.stop()
		h.expectCommitted(tp0, 2)
		h.expectCommitted(tp1, 1)
	})
}

func TestAFailedFlushTakesTheRefusedRecordsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &fakeSink{}
		var accept atomic.Bool
		var calls []time.Duration
		fake.put = refusing(fake, &accept, &calls, 10*time.Minute)
		sink := &flushSink{fakeSink: fake, flush: func(map[connect.TopicPartition]int64) error {
			if accept.Load() {
				return nil
			}
			accept.Store(true)
			return errPut
		}}
		h := run(t, fake, sink, nil)
		h.reader.produce(tp0, "a", "b")
		h.reader.assign(tp0)
		time.Sleep(time.Minute)
		synctest.Wait()
		h.expect("calls", fake.taken(), "start open[t-0] put(a,b) put(a,b) flush(map[t-0:0]) put(a,b)")
		h.stop()
		h.expectCommitted(tp0, 2)
	})
}

// Only the end of the time that the plugin has set is a reason to try again, not what else makes a poll return.
func TestARefusedBatchIsNotTriedEarly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &fakeSink{}
		var accept atomic.Bool
		var calls []time.Duration
		fake.put = refusing(fake, &accept, &calls, 10*time.Second)
		h := run(t, fake, nil, nil)
		h.reader.produce(tp0, "a")
		h.reader.assign(tp0)
		synctest.Wait()
		h.reader.assign(tp1)
		synctest.Wait()
		fake.ctx.RequestCommit()
		synctest.Wait()
		h.task.Pause()
		synctest.Wait()
		h.task.Resume()
		synctest.Wait()
		h.expect("calls", fake.taken(), "start open[t-0] put(a) open[t-1]")
		accept.Store(true)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		h.expect("calls", fake.taken(), "put(a)")
		h.stop()
	})
}

// A batch of which nothing is left is no reason to wait.
func TestARewindOfTheWholeRefusedBatchStartsOverAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &fakeSink{}
		refused := false
		fake.put = func(_ context.Context, records []connect.SinkRecord) error {
			if len(records) == 0 || refused {
				return nil
			}
			refused = true
			fake.ctx.Rewind(map[connect.TopicPartition]int64{c0: 1})
			return connect.Retriable(errors.New("start over"))
		}
		h := run(t, fake, nil, nil)
		h.reader.produce(tp0, "a", "b")
		h.reader.assign(tp0)
		synctest.Wait()
		h.expect("calls", fake.taken(), "start open[t-0] put(a,b) put(b)")
		h.stop()
		h.expectCommitted(tp0, 2)
	})
}

// A plugin that asks for a commit whenever it is called is called no more often for it.
func TestACommitIsNoReasonToPut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &fakeSink{}
		puts := 0
		fake.put = func(context.Context, []connect.SinkRecord) error {
			puts++
			fake.ctx.RequestCommit()
			return nil
		}
		h := run(t, fake, nil, nil)
		h.reader.produce(tp0, "a")
		h.reader.assign(tp0)
		time.Sleep(10*time.Minute + time.Second)
		synctest.Wait()
		h.expectCommitted(tp0, 1)
		h.stop()
		if puts != 11 {
			t.Errorf("got %d puts in ten minutes, want one with the record and one a minute", puts)
		}
	})
}
