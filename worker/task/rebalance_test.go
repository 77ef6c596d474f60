package task_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"sluice/connect"
	"sluice/internal/kafka"
	"sluice/worker/task"
)

func TestRevokedPartitionsAreCommittedBeforeTheyGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &fakeSink{}
		h := run(t, fake, &preCommitSink{fakeSink: fake}, nil)
		h.reader.produce(tp0, "a")
		h.reader.produce(tp1, "b", "c")
		h.reader.assign(tp0, tp1)
		synctest.Wait()
		h.reader.set(func() {
			h.reader.onCommit = func(tp kafka.TopicPartition, offset int64) { fake.note("committed(%s@%d)", tp, offset) }
		})
		h.reader.revoke(tp1)
		synctest.Wait()
		h.expect("calls", fake.taken(), "start open[t-0 t-1] put(a,b,c) preCommit(map[t-1:2],closing=true) close[t-1] committed(t-1@2)")
		h.reader.produce(tp0, "d")
		synctest.Wait()
		h.stop()
		h.expect("calls", fake.taken(), "put(d) preCommit(map[t-0:2],closing=true) close[t-0] committed(t-0@2) stop")
	})
}

func TestLostPartitionsAreClosedWithoutACommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &fakeSink{}
		h := run(t, fake, &preCommitSink{fakeSink: fake}, nil)
		h.reader.produce(tp0, "a")
		h.reader.assign(tp0)
		synctest.Wait()
		h.reader.lose(tp0)
		synctest.Wait()
		h.expect("calls", fake.taken(), "start open[t-0] put(a) close[t-0]")
		h.reader.assign(tp0)
		synctest.Wait()
		h.expect("calls", fake.taken(), "open[t-0] put(a)") // delivered again
		h.stop()
		h.expectCommitted(tp0, 1)
	})
}

func TestAnAnswerToACommitOfAnEarlierAssignmentDoesNotCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &fakeSink{}
		h := run(t, fake, nil, nil)
		h.reader.produce(tp0, "a", "b")
		h.reader.assign(tp0)
		synctest.Wait()
		h.reader.set(func() { h.reader.hold = true })
		fake.ctx.RequestCommit()
		synctest.Wait()
		h.reader.lose(tp0)
		h.reader.assign(tp0) // begins at 0 again: nothing was committed
		synctest.Wait()
		h.reader.release() // the broker takes the old commit after all
		synctest.Wait()
		if at := h.task.Stats().Committed[c0]; at != 0 {
			t.Errorf("the position is %d, want 0, where the new assignment began", at)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if at := h.task.Stats().Committed[c0]; at != 2 {
			t.Errorf("the position is %d, want 2", at)
		}
		h.stop()
	})
}

func TestFailuresOfTheCallbacksFailTheTask(t *testing.T) {
	for name, set := range map[string]func(*fakeSink){
		"open":  func(s *fakeSink) { s.open = func([]connect.TopicPartition) error { return errPut } },
		"close": func(s *fakeSink) { s.close = func([]connect.TopicPartition) error { return errPut } },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				fake := &fakeSink{}
				set(fake)
				h := run(t, fake, nil, nil)
				h.reader.produce(tp0, "a")
				h.reader.assign(tp0)
				synctest.Wait()
				h.reader.revoke(tp0)
				err := h.stopped()
				if !errors.Is(err, errPut) {
					t.Fatalf("got %v, want %v", err, errPut)
				}
				want := "org.apache.kafka.connect.errors.ConnectException: The sink task could not " + name + " partitions [t-0]\n" +
					"Caused by: org.apache.kafka.connect.errors.ConnectException: the table is gone\n"
				h.expect("trace", task.Trace(err), want)
				if name == "close" {
					h.expectCommitted(tp0, 1)
				}
			})
		})
	}
}

// Without the plugin's say, what was put is durable.
func TestASinkWithoutCallbacks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &fakeSink{}
		h := run(t, fake, bareSink{fake}, nil)
		h.reader.produce(tp0, "a", "b")
		h.reader.assign(tp0)
		synctest.Wait()
		h.reader.revoke(tp0)
		synctest.Wait()
		h.expectCommitted(tp0, 2)
		h.stop()
		h.expect("calls", fake.taken(), "start put(a,b) stop")
	})
}

// bareSink has nothing but what every task has.
type bareSink struct{ fake *fakeSink }

func (s bareSink) Start(ctx context.Context, tc connect.SinkTaskContext, props map[string]string) error {
	return s.fake.Start(ctx, tc, props)
}

func (s bareSink) Put(ctx context.Context, records []connect.SinkRecord) error {
	return s.fake.Put(ctx, records)
}

func (s bareSink) Stop(ctx context.Context) error { return s.fake.Stop(ctx) }

func TestTraceNamesNoSettings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &fakeSink{}
		fake.put = func(_ context.Context, records []connect.SinkRecord) error {
			if len(records) > 0 {
				panic("out of range")
			}
			return nil
		}
		h := run(t, fake, nil, func(c *task.Config) {
			c.TaskProps = map[string]string{"aws.secret": "hunter2"}
			c.ConsumerProperties = kafka.Properties{"sasl.jaas.config": "hunter2"}
		})
		h.reader.assign(tp0)
		h.reader.produce(tp0, "a")
		err := h.stopped()
		for what, text := range map[string]string{"trace": task.Trace(err), "error": err.Error(), "log": h.log.String()} {
			if strings.Contains(text, "hunter2") {
				t.Errorf("the %s shows a secret:\n%s", what, text)
			}
		}
	})
}
