package task_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"sluice/connect"
	"sluice/internal/kafka"
	"sluice/worker/task"
)

func TestTopicsAreReportedAgainAfterTheyWereForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var epoch atomic.Uint64
		h := run(t, &fakeSink{}, nil, func(cfg *task.Config) { cfg.TopicEpoch = epoch.Load })
		h.reader.assign(tp0, tp1)
		for range 2 {
			h.reader.produce(tp0, "a")
			synctest.Wait()
		}
		h.expect("statuses", h.statuses.String(), "RUNNING topic:t")
		epoch.Add(1)
		synctest.Wait()
		h.expect("statuses before the next record", h.statuses.String(), "RUNNING topic:t")
		h.reader.produce(tp1, "b", "c")
		synctest.Wait()
		h.reader.produce(tp0, "d")
		synctest.Wait()
		h.stop()
		h.expect("statuses", h.statuses.String(), "RUNNING topic:t topic:t UNASSIGNED")
	})
}

func TestALifeInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &fakeSink{}
		sink := &preCommitSink{fakeSink: fake}
		h := run(t, fake, sink, nil)
		h.reader.onClose = func() { fake.note("reader closed") }
		h.reader.produce(tp0, "a", "b")
		h.reader.assign(tp0, tp1)
		synctest.Wait()
		h.reader.produce(tp1, "c")
		synctest.Wait()
		time.Sleep(time.Minute)
		synctest.Wait()
		h.expectCommitted(tp0, 2)
		h.expectCommitted(tp1, 1)
		h.reader.produce(tp0, "d")
		synctest.Wait()
		h.stop()
		h.expect("calls", fake.taken(), "start open[t-0 t-1] put(a,b) put(c) preCommit(map[t-0:2 t-1:1],closing=false) put(d) "+
			"preCommit(map[t-0:3 t-1:1],closing=true) close[t-0 t-1] stop reader closed")
		h.expect("statuses", h.statuses.String(), "RUNNING topic:t UNASSIGNED")
		h.expectCommitted(tp0, 3)
		if s := h.task.Stats(); s.Read != 4 || s.Put != 4 || s.Commits != 2 || s.Partitions != 0 {
			t.Errorf("got %+v", s)
		}
	})
}

func TestStartingPausedSubscribesToNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := run(t, &fakeSink{}, nil, func(c *task.Config) { c.Paused = true })
		h.expect("calls", h.sink.taken(), "")
		h.expect("statuses", h.statuses.String(), "PAUSED")
		h.task.Resume()
		synctest.Wait()
		h.expect("calls", h.sink.taken(), "start")
		h.stop()
		h.expect("statuses", h.statuses.String(), "PAUSED RUNNING UNASSIGNED")
	})
}

func TestStoppingWhilePausedAtTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := run(t, &fakeSink{}, nil, func(c *task.Config) { c.Paused = true })
		h.stop()
		h.expect("calls", h.sink.taken(), "")
		h.expect("statuses", h.statuses.String(), "PAUSED UNASSIGNED")
	})
}

func TestAPausedTaskCommitsAndGetsNoRecords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := run(t, &fakeSink{}, nil, nil)
		h.reader.assign(tp0)
		h.reader.produce(tp0, "a")
		synctest.Wait()
		h.task.Pause()
		synctest.Wait()
		h.expectCommitted(tp0, 1)
		h.reader.produce(tp0, "b")
		h.reader.assign(tp1)
		h.reader.produce(tp1, "c")
		synctest.Wait()
		h.expect("calls while paused", h.sink.taken(), "start open[t-0] put(a) open[t-1]")
		h.task.Resume()
		synctest.Wait()
		h.expect("calls after the pause", h.sink.taken(), "put(b,c)")
		h.stop()
		h.expect("statuses", h.statuses.String(), "RUNNING topic:t PAUSED RESUMED UNASSIGNED")
	})
}

func TestAPluginThatCannotStartFailsTheTask(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &fakeSink{start: func(context.Context) error { return errPut }}
		h := run(t, fake, nil, nil)
		if err := h.stopped(); !errors.Is(err, errPut) {
			t.Errorf("got %v, want %v", err, errPut)
		}
		h.expect("calls", fake.taken(), "start stop")
		h.expect("statuses", h.statuses.String(), "FAILED")
	})
}

func TestAPanicOfThePluginFailsTheTaskAlone(t *testing.T) {
	for _, where := range []string{"start", "open", "put", "preCommit", "close", "stop"} {
		t.Run(where, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				fake := &fakeSink{}
				sink := &preCommitSink{fakeSink: fake}
				boom := func() { panic("boom") }
				switch where {
				case "start":
					fake.start = func(context.Context) error { boom(); return nil }
				case "open":
					fake.open = func([]connect.TopicPartition) error { boom(); return nil }
				case "put":
					fake.put = func(context.Context, []connect.SinkRecord) error { boom(); return nil }
				case "preCommit":
					sink.preCommit = func(map[connect.TopicPartition]int64, bool) (map[connect.TopicPartition]int64, error) {
						boom()
						return nil, nil
					}
				case "close":
					fake.close = func([]connect.TopicPartition) error { boom(); return nil }
				case "stop":
					fake.stop = func() error { boom(); return nil }
				}
				h := run(t, fake, sink, nil)
				h.reader.produce(tp0, "a")
				h.reader.assign(tp0)
				synctest.Wait()
				h.task.Stop()
				err := h.stopped()
				switch where {
				case "preCommit", "stop": // nothing is left to fail: what was put was put
					if err != nil {
						t.Fatalf("got %v, want no failure", err)
					}
					if !strings.Contains(h.log.String(), "boom") {
						t.Errorf("the panic is not in the log:\n%s", h.log)
					}
				default:
					if err == nil || !strings.Contains(err.Error(), "boom") {
						t.Fatalf("got %v, want the panic", err)
					}
					if trace := task.Trace(err); !strings.Contains(trace, "sink_test.go") && !strings.Contains(trace, "task_test.go") {
						t.Errorf("the trace does not show where:\n%s", trace)
					}
				}
				if where == "preCommit" {
					h.expectCommitted(tp0, 0)
				}
			})
		})
	}
}

func TestACancelledTaskCommitsNothingAndHasNoStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &fakeSink{}
		fake.put = func(ctx context.Context, records []connect.SinkRecord) error {
			if len(records) > 0 && string(records[0].Value.(string)) == "hang" {
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		}
		h := run(t, fake, &preCommitSink{fakeSink: fake}, nil)
		h.reader.assign(tp0)
		h.reader.produce(tp0, "a")
		synctest.Wait()
		h.reader.produce(tp0, "hang")
		synctest.Wait()
		h.task.Stop() // which cannot interrupt Put
		synctest.Wait()
		h.task.Cancel()
		if err := h.stopped(); err != nil {
			t.Errorf("got %v, want nil", err)
		}
		h.expect("calls", fake.taken(), "start open[t-0] put(a) put(hang) close[t-0] stop")
		h.expect("statuses", h.statuses.String(), "RUNNING topic:t")
		if n := h.reader.commits(); n != 0 {
			t.Errorf("got %d commits of an orphan", n)
		}
	})
}

// That an orphan commits nothing does not depend on what its plugin does, which may never come back.
func TestTheReaderOfAnOrphanIsAbandonedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake, release := &fakeSink{}, make(chan struct{})
		fake.put = func(_ context.Context, records []connect.SinkRecord) error {
			if len(records) > 0 {
				<-release // whatever its context says
			}
			return nil
		}
		h := run(t, fake, nil, nil)
		h.reader.assign(tp0)
		h.reader.produce(tp0, "a")
		synctest.Wait()
		h.task.Stop()
		h.task.Cancel()
		synctest.Wait()
		var abandoned bool
		h.reader.set(func() { abandoned = h.reader.abandoned })
		if !abandoned {
			t.Error("the reader was not abandoned while the plugin hangs")
		}
		close(release)
		if err := h.stopped(); err != nil {
			t.Errorf("got %v, want nil", err)
		}
		h.expectCommitted(tp0, 0)
	})
}

// As in Kafka, what fails while the task is being stopped is no failure of the task.
func TestAFailureWhileStoppingIsNoFailedTask(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &fakeSink{close: func([]connect.TopicPartition) error { return errPut }}
		h := run(t, fake, nil, nil)
		h.reader.assign(tp0)
		h.reader.produce(tp0, "a")
		synctest.Wait()
		h.task.Stop()
		if err := h.stopped(); !errors.Is(err, errPut) {
			t.Errorf("got %v, want %v", err, errPut)
		}
		h.expect("statuses", h.statuses.String(), "RUNNING topic:t UNASSIGNED")
		if !strings.Contains(h.log.String(), errPut.Error()) {
			t.Errorf("the log lacks the failure:\n%s", h.log)
		}
	})
}

func TestCancelBeforeRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reader := newFakeReader()
		fake := &fakeSink{}
		tk, err := task.New(config(t, fake, reader, &statuses{}, nil))
		if err != nil {
			t.Fatal(err)
		}
		tk.Cancel()
		if err := tk.Run(t.Context()); err != nil {
			t.Errorf("got %v", err)
		}
		if got := fake.taken(); got != "" {
			t.Errorf("got calls %s", got)
		}
	})
}

func TestTheEndOfTheContextCancels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := run(t, &fakeSink{}, nil, nil)
		h.reader.assign(tp0)
		h.reader.produce(tp0, "a")
		synctest.Wait()
		h.cancel()
		if err := h.stopped(); err != nil {
			t.Errorf("got %v", err)
		}
		h.expectCommitted(tp0, 0)
		h.expect("statuses", h.statuses.String(), "RUNNING topic:t")
	})
}

func TestAFailureOfTheConsumer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := run(t, &fakeSink{}, nil, nil)
		h.reader.assign(tp0)
		h.reader.produce(tp0, "a")
		synctest.Wait()
		gone := errors.New("not authorized to access group: connect-c")
		h.reader.then(func(context.Context) error { return gone })
		if err := h.stopped(); !errors.Is(err, gone) {
			t.Errorf("got %v, want %v", err, gone)
		}
		h.expectCommitted(tp0, 1) // what was put is put
		h.expect("statuses", h.statuses.String(), "RUNNING topic:t FAILED")
	})
}

func TestAnIncompleteConfigurationIsRefused(t *testing.T) {
	for name, change := range map[string]func(*task.Config){
		"no plugin":    func(c *task.Config) { c.Task = nil },
		"no converter": func(c *task.Config) { c.ValueConverter = nil },
		"no topics":    func(c *task.Config) { c.Topics = nil },
		"no listener":  func(c *task.Config) { c.Listener = nil },
		"bad consumer": func(c *task.Config) {
			c.NewReader = nil
			c.ConsumerProperties = kafka.Properties{"bootstrap.servers": "localhost:1", "group.id": "g", "security.protocol": "TLS"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := config(t, &fakeSink{}, newFakeReader(), &statuses{}, nil)
			change(&cfg)
			if _, err := task.New(cfg); err == nil {
				t.Error("got no error")
			}
		})
	}
}
