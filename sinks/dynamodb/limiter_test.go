package dynamodb

import (
	"context"
	"errors"
	"math"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"sluice/connect"
)

func TestSettingsOfTheRateAreRead(t *testing.T) {
	read := func(more ...string) (*settings, error) {
		props := map[string]string{camelTableConfig: "t"}
		for i := 0; i < len(more); i += 2 {
			props[more[i]] = more[i+1]
		}
		return camel().settings(props)
	}
	for _, c := range []struct {
		props    []string
		want     rateLimit
		consumed bool
	}{
		{nil, rateLimit{}, false},
		{[]string{rateLimitConfig, "OFF"}, rateLimit{}, false},
		{[]string{rateLimitConfig, "2500"}, rateLimit{kind: fixedRate, units: 2500}, true},
		{[]string{rateLimitConfig, "0.5"}, rateLimit{kind: fixedRate, units: .5}, true},
		{[]string{rateLimitConfig, "table"}, rateLimit{kind: tableRate, percent: 100}, true},
		{[]string{rateLimitConfig, "Table", ratePercentConfig, "30"}, rateLimit{kind: tableRate, percent: 30}, true},
		{[]string{consumedCapacityConfig, "true"}, rateLimit{}, true},
		{[]string{camelWriteCapacityConfig, "1"}, rateLimit{}, false}, // never throttles
	} {
		if s, err := read(c.props...); err != nil || s.rate != c.want || s.consumed != c.consumed {
			t.Errorf("%v: got %+v, asking %v, %v; want %+v, asking %v", c.props, s.rate, s.consumed, err, c.want, c.consumed)
		}
	}
	for _, c := range []struct {
		props []string
		want  string
	}{
		{[]string{rateLimitConfig, "0"}, "must be off, table, or a number above 0"},
		{[]string{rateLimitConfig, "-1"}, "must be off, table, or a number above 0"},
		{[]string{rateLimitConfig, "NaN"}, "must be off, table, or a number above 0"},
		{[]string{rateLimitConfig, "inf"}, "must be off, table, or a number above 0"},
		{[]string{rateLimitConfig, "all"}, "must be off, table, or a number above 0"},
		{[]string{rateLimitConfig, "table", ratePercentConfig, "101"}, ratePercentConfig},
		{[]string{rateLimitConfig, "table", ratePercentConfig, "0"}, ratePercentConfig},
		{[]string{ratePercentConfig, "50"}, "has no effect unless " + rateLimitConfig + " is table"},
		{[]string{rateLimitConfig, "table", describeTableConfig, "false", tableKeyConfig, "id:S"}, "needs the table's description"},
	} {
		if _, err := read(c.props...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: got %v, want an error with %q", c.props, err, c.want)
		}
	}
}

func TestATaskKnowsItsShare(t *testing.T) {
	id := connect.TaskID{Connector: "c", Task: 3}
	capacity := rates{tableUnits: 1000, "i": 100}
	for _, c := range []struct {
		name  string
		limit rateLimit
		tasks string
		want  rates
	}{
		{"a number", rateLimit{kind: fixedRate, units: 100}, "4", rates{tableUnits: 25}},
		{"settings of before the limit", rateLimit{kind: fixedRate, units: 100}, "", rates{tableUnits: 100}},
		{"what is no number of tasks", rateLimit{kind: fixedRate, units: 100}, "0", rates{tableUnits: 100}},
		{"a part of the table", rateLimit{kind: tableRate, percent: 50}, "5", rates{tableUnits: 100, "i": 10}},
	} {
		got := newLimiter(nil, c.limit, id, map[string]string{rateTasksConfig: c.tasks}).rates(capacity)
		if len(got) != len(c.want) || got[tableUnits] != c.want[tableUnits] || got["i"] != c.want["i"] {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
	if capacity[tableUnits] != 1000 {
		t.Error("the table's capacity was changed")
	}
	if newLimiter(nil, rateLimit{}, id, nil) != nil {
		t.Error("there is a limiter without a limit")
	}
}

// limitedBench is an engine under a limit, with a service that says what each call has consumed: a unit for each write.
func limitedBench(t *testing.T, limit rateLimit, capacity rates, test func(b *bench, l *limiter, tab *table)) {
	t.Helper()
	answer := func(_ context.Context, names []string) outcome {
		time.Sleep(5 * time.Millisecond)
		return outcome{consumed: &consumption{table: float64(len(names))}}
	}
	onBench(t, answer, func(b *bench) {
		l := newLimiter(&allowances{}, limit, connect.TaskID{Connector: "c"}, nil)
		tab := &table{name: "t", capacity: capacity}
		l.apply(b.engine, tab)
		test(b, l, tab)
	})
}

// fill gives the engine writes of a unit, each of a key of its own.
func (b *bench) fill(n int) {
	for range n {
		r := &connect.SinkRecord{Topic: "in", Offset: b.next, Value: "x"}
		w := newWrite(r, []byte("item"))
		w.units = 1
		b.engine.accept(w, []byte{byte(b.next), byte(b.next >> 8), byte(b.next >> 16)})
		b.next++
	}
	b.engine.flush()
}

func (b *bench) written() float64 {
	n := 0
	for _, names := range b.callsMade() {
		n += len(names)
	}
	return float64(n)
}

// The limit follows the table's capacity, and stays as it is while that cannot be read.
func TestALimitFollowsTheTable(t *testing.T) {
	limitedBench(t, rateLimit{kind: tableRate, percent: 50}, rates{tableUnits: 200}, func(b *bench, l *limiter, tab *table) {
		var reads atomic.Int32
		var capacity atomic.Pointer[rates] // nil: it cannot be read
		capacity.Store(&rates{tableUnits: 200})
		l.follow(b.engine, tab, func(_ context.Context, name string) (*table, class, error) {
			reads.Add(1)
			if is := capacity.Load(); is != nil {
				return &table{name: name, capacity: *is}, done, nil
			}
			return nil, transient, errors.New("no answer")
		})
		b.fill(100_000)
		want := func(what string, rate float64) {
			t.Helper()
			time.Sleep(2 * capacityInterval)
			before := b.written()
			time.Sleep(time.Minute)
			if got := b.written() - before; math.Abs(got-60*rate) > 2*rate {
				t.Errorf("%s: %v units in a minute, want %v", what, got, 60*rate)
			}
		}
		want("as it was described", 100)
		capacity.Store(&rates{tableUnits: 400})
		want("with twice the capacity", 200)
		capacity.Store(nil)
		want("while it cannot be read", 200)
		capacity.Store(&rates{tableUnits: 10})
		want("with little capacity", 5)
		if n := reads.Load(); n < 8 || n > 15 {
			t.Errorf("it was read %d times in twelve minutes", n)
		}
		capacity.Store(&rates{}) // on demand now
		time.Sleep(2 * capacityInterval)
		b.want("all is written", b.committable(), b.next)
	})
}

// A call that the service has refused is not charged, and what the engine cannot send does not keep the limit from others.
func TestALimitAndAServiceThatIsDown(t *testing.T) {
	limitedBench(t, rateLimit{kind: fixedRate, units: 10}, nil, func(b *bench, l *limiter, _ *table) {
		other := l.all.join("c", true, "c-1", rates{tableUnits: 10}, func() {}, time.Now())
		good := b.answer
		b.answer = func(context.Context, []string) outcome {
			time.Sleep(5 * time.Millisecond)
			return outcome{class: throttled, err: errors.New("throttled")}
		}
		b.fill(1000)
		time.Sleep(10 * time.Second)
		asked := 0
		for range 600 {
			if _, ok := other.ask(time.Now()); ok {
				other.settle(other.spend(1, time.Now()), 1, &consumption{table: 1})
				asked++
			}
			time.Sleep(100 * time.Millisecond)
		}
		if asked < 500 {
			t.Errorf("the other one made %d calls in a minute, while none of this one got through", asked)
		}
		other.pass()
		b.mu.Lock()
		b.answer, b.calls = good, nil
		b.mu.Unlock()
		time.Sleep(time.Minute)
		if got := b.written(); got < 900 {
			t.Errorf("%v units after the outage", got)
		}
	})
}

// An engine that has stopped gives up its place.
func TestAnEngineThatStopsLeavesTheLimit(t *testing.T) {
	var all *allowances
	limitedBench(t, rateLimit{kind: fixedRate, units: 10}, nil, func(b *bench, l *limiter, _ *table) {
		all = l.all
		b.fill(1000)
		time.Sleep(time.Second)
		synctest.Wait()
	})
	if len(all.by) != 0 {
		t.Errorf("allowances are left: %v", all.by)
	}
}
