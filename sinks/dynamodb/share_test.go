package dynamodb

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"sluice/connect"
)

// sharing is a task with engines in virtual time whose service is a gate for each table. It is the context of the task too.
type sharing struct {
	connect.SinkTaskContext
	t     *testing.T
	task  *task
	gates map[string]chan struct{}
	next  int64
	woken atomic.Int32
}

func (s *sharing) Pause(tps ...connect.TopicPartition)  {}
func (s *sharing) Resume(tps ...connect.TopicPartition) {}
func (s *sharing) Wake()                                { s.woken.Add(1) }
func (s *sharing) Report(*connect.SinkRecord, error) <-chan error {
	s.t.Error("a record was reported")
	return nil
}

// onShare runs a test in a bubble of virtual time, with a task of the given bounds that has the partitions "p0" and "p1".
func onShare(t *testing.T, p policy, test func(s *sharing)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &sharing{t: t, gates: make(map[string]chan struct{})}
		s.task = &task{
			tc: s, log: slog.New(slog.DiscardHandler), settings: &settings{policy: p}, meters: newMeters(nil),
			parts:  map[connect.TopicPartition]struct{}{{Topic: "p0"}: {}, {Topic: "p1"}: {}},
			paused: make(map[connect.TopicPartition]struct{}),
		}
		s.task.targets = targets{byName: make(map[string]*target), calls: make(chan struct{}, p.maxInFlight)}
		test(s)
		if err := s.task.Stop(context.Background()); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
}

// table opens a table whose calls wait until its gate is closed.
func (s *sharing) table(name string) *target {
	gate := make(chan struct{})
	s.gates[name] = gate
	to := &target{used: time.Now(), engine: s.task.newEngine(s.task.log, s.task.targets.taking(func(ctx context.Context, _ []*write) outcome {
		select {
		case <-gate:
			return outcome{}
		case <-ctx.Done():
			return outcome{class: transient, err: ctx.Err()}
		}
	}))}
	s.task.targets.byName[name] = to
	return to
}

// put gives a table n records of a partition, each with a key of its own.
func (s *sharing) put(to *target, topic string, n int) {
	for range n {
		to.engine.accept(newWrite(&connect.SinkRecord{Topic: topic, Offset: s.next, Value: ""}, []byte("{}")), fmt.Append(nil, s.next))
		s.next++
	}
	to.used = time.Now()
	to.engine.flush()
	synctest.Wait()
	s.task.settlePauses()
}

// want fails the test unless just these partitions are paused.
func (s *sharing) want(when string, topics ...string) {
	s.t.Helper()
	var paused []string
	for tp := range s.task.paused {
		paused = append(paused, tp.Topic)
	}
	if slices.Sort(paused); !slices.Equal(paused, topics) {
		s.t.Errorf("%s: %v are paused, want %v", when, paused, topics)
	}
}

// settled lets what was let through arrive, and does what a worker does when it is woken.
func (s *sharing) settled(when string) {
	s.t.Helper()
	synctest.Wait()
	if s.woken.Swap(0) == 0 {
		s.t.Errorf("%s: the worker was not woken", when)
	}
	s.task.settlePauses()
}

func hundred() policy {
	p := defaultPolicy()
	p.backlogRecords = 100
	return p
}

func TestATableThatIsStuckHoldsUpItsOwnPartitions(t *testing.T) {
	onShare(t, hundred(), func(s *sharing) {
		slow, quick := s.table("slow"), s.table("quick")
		s.put(slow, "p0", 49)
		s.want("below half of the bound")
		s.put(slow, "p0", 1)
		s.want("at half of the bound", "p0")
		close(s.gates["quick"])
		s.put(quick, "p1", 300)
		s.want("while another table has its records written", "p0")
		close(s.gates["slow"])
		s.settled("once it goes on")
		s.want("once it goes on")
	})
}

func TestTheBacklogOfAllTablesIsBounded(t *testing.T) {
	onShare(t, hundred(), func(s *sharing) {
		a, b, c := s.table("a"), s.table("b"), s.table("c")
		s.put(a, "p0", 49)
		s.put(b, "p1", 32)
		s.want("two tables with their shares", "p0")
		s.put(c, "p1", 20)
		s.want("at the bound of all", "p0", "p1")
		close(s.gates["b"]) // a is stuck, and must not keep the task from going on
		s.settled("room by one table")
		s.want("room by one table", "p0")
	})
}

// The table of a connector that has but one may use the whole of the bound, whatever else is in the books.
func TestTheOnlyTableHasTheWholeBacklog(t *testing.T) {
	onShare(t, hundred(), func(s *sharing) {
		only := s.table("only")
		delete(s.task.targets.byName, "only") // where those are that records name
		s.task.misrouted().pass(&connect.SinkRecord{Topic: "p0", Offset: s.next})
		s.put(only, "p0", 99)
		s.want("below the bound")
		s.put(only, "p0", 1)
		s.want("at the bound", "p0", "p1")
		close(s.gates["only"])
		s.settled("once it goes on")
		s.want("once it goes on")
	})
}

func TestCallsOfAllTablesAreBounded(t *testing.T) {
	p := defaultPolicy()
	p.maxInFlight = 3
	onShare(t, p, func(s *sharing) {
		var under, most atomic.Int32
		release := make(chan struct{})
		for i := range 4 {
			to := &target{engine: s.task.newEngine(s.task.log, s.task.targets.taking(func(context.Context, []*write) outcome {
				if n := under.Add(1); n > most.Load() {
					most.Store(n)
				}
				<-release
				under.Add(-1)
				return outcome{}
			}))}
			s.task.targets.byName[fmt.Sprint(i)] = to
			s.put(to, "p0", 200)
		}
		if under.Load() != 3 {
			t.Errorf("%d calls are in flight, want 3", under.Load())
		}
		close(release)
		synctest.Wait()
		if most.Load() > 3 {
			t.Errorf("%d calls were in flight, want at most 3", most.Load())
		}
		if records, _ := s.task.targets.byName["3"].engine.load(); records != 0 {
			t.Errorf("%d records of the last table are not written", records)
		}
	})
}

// A connector with a table for each day, or each customer: what is out of use is closed, what has something to do is not.
func TestTablesOutOfUseAreClosed(t *testing.T) {
	onShare(t, defaultPolicy(), func(s *sharing) {
		stuck := s.table("stuck")
		s.put(stuck, "p0", 1)
		for i := range 200 {
			to := s.table(fmt.Sprintf("orders-%03d", i))
			close(s.gates[fmt.Sprintf("orders-%03d", i)])
			s.put(to, "p1", 1)
			time.Sleep(time.Millisecond)
		}
		open := func(after string, want int, first string) {
			t.Helper()
			s.task.sweep(s.t.Context())
			synctest.Wait()
			names := make([]string, 0, want)
			for name := range s.task.targets.byName {
				names = append(names, name)
			}
			if slices.Sort(names); len(names) != want || names[0] != first || names[len(names)-1] != "stuck" || len(s.task.targets.all) != want || len(s.task.meters.engines) != want {
				t.Errorf("%s: %d tables are open from %s, %d engines, want %d from %s", after, len(names), names[0], len(s.task.targets.all), want, first)
			}
		}
		open("at once", 201, "orders-000")
		time.Sleep(9500 * time.Millisecond)
		open("when some were used a moment ago", 201, "orders-000")
		time.Sleep(time.Second)
		open("after some seconds", 128, "orders-073")
		s.put(s.task.targets.byName["orders-150"], "p1", 1)
		time.Sleep(idleLong - time.Second)
		open("after minutes", 2, "orders-150")
		if got, err := s.task.PreCommit(s.t.Context(), map[connect.TopicPartition]int64{{Topic: "p0"}: 1, {Topic: "p1"}: s.next}, false); err != nil || got[connect.TopicPartition{Topic: "p0"}] != 0 || got[connect.TopicPartition{Topic: "p1"}] != s.next {
			t.Errorf("committable are %v, %v, want everything but the stuck record", got, err)
		}
	})
}

// What decides is when a table was used last, and whether it has something to do.
func TestWhichTablesAreOutOfUse(t *testing.T) {
	tables := map[string]*target{}
	now := time.Now()
	for i, age := range []time.Duration{0, idleShort, idleLong, time.Hour} {
		e := newEngine(nil, defaultPolicy(), nil, nil, nil)
		tables[fmt.Sprint(i)] = &target{engine: e, used: now.Add(-age)}
	}
	if got := strings.Join(outOfUse(tables, now), " "); got != "3 2" {
		t.Errorf("out of use are %q, the longest first, want 3 2", got)
	}
	tables["3"].engine.records = 1
	tables["2"].engine.troubles[1].since = now
	if got := outOfUse(tables, now); len(got) > 0 {
		t.Errorf("out of use are %q, want none: one has a record, the other trouble that is not over", got)
	}
}
