package task_test

import (
	"context"
	"errors"
	"maps"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"sluice/connect"
	"sluice/internal/kafka"
	"sluice/worker/task"
)

func TestOnlyWhatThePluginDeclaresIsCommitted(t *testing.T) {
	for _, tt := range []struct {
		name     string
		declared map[connect.TopicPartition]int64
		want     map[kafka.TopicPartition]int64 // committed, when 3 records of each partition were put
		warning  string
	}{
		{"all", map[connect.TopicPartition]int64{c0: 3, c1: 3}, map[kafka.TopicPartition]int64{tp0: 3, tp1: 3}, ""},
		{"a part of it", map[connect.TopicPartition]int64{c0: 2, c1: 1}, map[kafka.TopicPartition]int64{tp0: 2, tp1: 1}, ""},
		{"a partition left out", map[connect.TopicPartition]int64{c1: 3}, map[kafka.TopicPartition]int64{tp1: 3}, ""},
		{"nothing", nil, map[kafka.TopicPartition]int64{}, ""},
		{"beyond what was put", map[connect.TopicPartition]int64{c0: 4, c1: 3}, map[kafka.TopicPartition]int64{tp1: 3}, "beyond what it was given"},
		{"a foreign partition", map[connect.TopicPartition]int64{{Topic: "other"}: 1, c0: 3}, map[kafka.TopicPartition]int64{tp0: 3}, "not assigned"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				fake := &fakeSink{}
				sink := &preCommitSink{fakeSink: fake, preCommit: func(map[connect.TopicPartition]int64, bool) (map[connect.TopicPartition]int64, error) {
					return tt.declared, nil
				}}
				h := run(t, fake, sink, nil)
				h.reader.produce(tp0, "a", "b", "c")
				h.reader.produce(tp1, "d", "e", "f")
				h.reader.assign(tp0, tp1)
				synctest.Wait()
				time.Sleep(time.Minute)
				synctest.Wait()
				for tp, want := range tt.want {
					h.expectCommitted(tp, want)
				}
				if len(tt.want) == 0 && h.reader.commits() != 0 {
					t.Error("a commit without offsets was sent")
				}
				if !strings.Contains(h.log.String(), tt.warning) {
					t.Errorf("the log lacks %q:\n%s", tt.warning, h.log)
				}
				h.stop()
			})
		})
	}
}

func TestASinkThatFlushes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &fakeSink{}
		h := run(t, fake, &flushSink{fakeSink: fake}, nil)
		h.reader.produce(tp0, "a")
		h.reader.assign(tp0)
		time.Sleep(time.Minute)
		synctest.Wait()
		h.expectCommitted(tp0, 1)
		h.stop()
		h.expect("calls", fake.taken(), "start open[t-0] put(a) flush(map[t-0:1]) flush(map[t-0:1]) close[t-0] stop")
		if n := h.reader.commits(); n != 1 {
			t.Errorf("got %d commits, want 1: the second would say the same", n)
		}
	})
}

func TestAFailedFlushDeliversAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &fakeSink{}
		var fails atomic.Bool
		sink := &flushSink{fakeSink: fake, flush: func(map[connect.TopicPartition]int64) error {
			if fails.Swap(false) {
				return errPut
			}
			return nil
		}}
		h := run(t, fake, sink, nil)
		h.reader.produce(tp0, "a", "b")
		h.reader.assign(tp0)
		time.Sleep(time.Minute)
		synctest.Wait()
		h.expectCommitted(tp0, 2)
		h.reader.produce(tp0, "c", "d")
		synctest.Wait()
		fails.Store(true)
		fake.taken()
		time.Sleep(time.Minute)
		synctest.Wait()
		h.expect("calls", fake.taken(), "flush(map[t-0:4]) put(c,d)")
		h.expectCommitted(tp0, 2)
		time.Sleep(time.Minute)
		synctest.Wait()
		h.expectCommitted(tp0, 4)
		h.stop()
	})
}

func TestAFailedFlushWhileClosingCommitsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &fakeSink{}
		h := run(t, fake, &flushSink{fakeSink: fake, flush: func(map[connect.TopicPartition]int64) error { return errPut }}, nil)
		h.reader.produce(tp0, "a")
		h.reader.assign(tp0)
		synctest.Wait()
		h.stop()
		h.expect("calls", fake.taken(), "start open[t-0] put(a) flush(map[t-0:1]) close[t-0] stop")
		h.expectCommitted(tp0, 0)
	})
}

func TestThePluginCanAskForACommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &fakeSink{}
		h := run(t, fake, nil, nil)
		h.reader.produce(tp0, "a")
		h.reader.assign(tp0)
		synctest.Wait()
		fake.ctx.RequestCommit()
		synctest.Wait()
		h.expectCommitted(tp0, 1)
		if n := h.reader.commits(); n != 1 {
			t.Errorf("got %d commits, want 1", n)
		}
		h.stop()
	})
}

func TestOneAsynchronousCommitIsUnderWayAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &fakeSink{}
		h := run(t, fake, nil, nil)
		h.reader.set(func() { h.reader.hold = true })
		h.reader.produce(tp0, "a")
		h.reader.assign(tp0)
		synctest.Wait()
		fake.ctx.RequestCommit()
		synctest.Wait()
		h.reader.produce(tp0, "b")
		synctest.Wait()
		fake.ctx.RequestCommit()
		synctest.Wait()
		if got := len(h.reader.held); got != 1 {
			t.Fatalf("got %d commits under way, want 1", got)
		}
		h.reader.release()
		synctest.Wait()
		h.expectCommitted(tp0, 2) // the second follows the first without waiting for the interval
		h.stop()
	})
}

// overtakenCommit lets a task commit one record, answers nothing until another commit has covered a second record, and returns the first one's answer.
func overtakenCommit(h *harness, fake *fakeSink) (late func()) {
	h.reader.set(func() { h.reader.hold = true })
	h.reader.produce(tp0, "a")
	h.reader.assign(tp0)
	synctest.Wait()
	fake.ctx.RequestCommit()
	synctest.Wait()
	late = h.reader.held[0]
	h.reader.set(func() { h.reader.held, h.reader.hold = nil, false })
	h.reader.produce(tp0, "b")
	time.Sleep(2 * time.Minute)
	synctest.Wait()
	return late
}

func TestACommitThatIsNotAnsweredIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &fakeSink{}
		h := run(t, fake, nil, nil)
		late := overtakenCommit(h, fake)
		h.expectCommitted(tp0, 2)
		if s := h.task.Stats(); s.CommitFailures != 1 || s.Commits != 1 || s.Committed[c0] != 2 {
			t.Errorf("got %+v, want one failure, one commit, at 2", s)
		}
		// The late answer is to an older commit: it must not undo what is known of the newer one.
		h.reader.set(func() { h.reader.refuse = errors.New("too late") })
		late()
		h.reader.set(func() { h.reader.refuse = nil })
		synctest.Wait()
		if s := h.task.Stats(); s.CommitFailures != 1 || s.Committed[c0] != 2 {
			t.Errorf("after the late answer: got %+v", s)
		}
		h.stop()
	})
}

func TestARefusedCommitIsNotTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := run(t, &fakeSink{}, nil, nil)
		h.reader.set(func() { h.reader.refuse = errors.New("coordinator load in progress") })
		h.reader.produce(tp0, "a")
		h.reader.assign(tp0)
		time.Sleep(time.Minute)
		synctest.Wait()
		h.expectCommitted(tp0, 0)
		h.reader.set(func() { h.reader.refuse = nil })
		time.Sleep(time.Minute)
		synctest.Wait()
		h.expectCommitted(tp0, 1)
		if s := h.task.Stats(); s.CommitFailures != 1 || s.Commits != 1 {
			t.Errorf("got %+v", s)
		}
		h.stop()
	})
}

func TestAFailingTaskCommitsWhatWasPutBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &fakeSink{}
		fake.put = func(_ context.Context, records []connect.SinkRecord) error {
			if len(records) > 0 && records[0].Value == "bad" {
				return errPut
			}
			return nil
		}
		h := run(t, fake, &preCommitSink{fakeSink: fake}, nil)
		h.reader.assign(tp0)
		h.reader.produce(tp0, "a", "b")
		synctest.Wait()
		h.reader.produce(tp0, "bad", "c")
		err := h.stopped()
		h.expect("calls", fake.taken(), "start open[t-0] put(a,b) put(bad,c) preCommit(map[t-0:2],closing=true) close[t-0] stop")
		h.expectCommitted(tp0, 2)
		want := "org.apache.kafka.connect.errors.ConnectException: Exiting WorkerSinkTask due to unrecoverable exception.\n" +
			"Caused by: org.apache.kafka.connect.errors.ConnectException: the table is gone\n"
		h.expect("trace", task.Trace(err), want)
	})
}

func TestRewind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &fakeSink{}
		h := run(t, fake, nil, nil)
		h.reader.produce(tp0, "a", "b", "c")
		h.reader.assign(tp0)
		synctest.Wait()
		fake.ctx.Rewind(map[connect.TopicPartition]int64{c0: 1, c1: 5})
		synctest.Wait()
		h.expect("calls", fake.taken(), "start open[t-0] put(a,b,c) put(b,c)")
		h.expect("seeks", strings.Join(h.reader.seeks, " "), "t-0@1")
		h.stop()
		h.expectCommitted(tp0, 3)
	})
}

func TestRewindFromOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &fakeSink{}
		fake.open = func([]connect.TopicPartition) error {
			fake.ctx.Rewind(map[connect.TopicPartition]int64{c0: 2})
			return nil
		}
		h := run(t, fake, nil, nil)
		h.reader.produce(tp0, "a", "b", "c")
		h.reader.assign(tp0)
		synctest.Wait()
		h.expect("calls", fake.taken(), "start open[t-0] put(c)")
		h.stop()
	})
}

func TestThePluginGetsMapsOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &fakeSink{}
		sink := &preCommitSink{fakeSink: fake, preCommit: func(offsets map[connect.TopicPartition]int64, _ bool) (map[connect.TopicPartition]int64, error) {
			declared := maps.Clone(offsets)
			clear(offsets)
			return declared, nil
		}}
		h := run(t, fake, sink, nil)
		h.reader.produce(tp0, "a")
		h.reader.assign(tp0)
		time.Sleep(time.Minute)
		synctest.Wait()
		h.expectCommitted(tp0, 1)
		h.stop()
	})
}

func TestAnAnswerFromBeforeARewindDoesNotCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &fakeSink{}
		h := run(t, fake, nil, nil)
		h.reader.produce(tp0, "a", "b")
		h.reader.assign(tp0)
		synctest.Wait()
		h.reader.set(func() { h.reader.hold = true })
		fake.ctx.RequestCommit()
		synctest.Wait()
		fake.ctx.Rewind(map[connect.TopicPartition]int64{c0: 0})
		synctest.Wait()
		h.reader.release()
		synctest.Wait()
		h.expect("calls", fake.taken(), "start open[t-0] put(a,b) put(a,b)")
		if s := h.task.Stats(); s.Commits != 0 {
			t.Errorf("got %d commits that count, want none", s.Commits)
		}
		h.stop()
		h.expectCommitted(tp0, 2)
	})
}
