package dynamodb

import (
	"errors"
	"testing"
	"time"

	"sluice/connect"
)

func TestTheWindowHalvesWhenMostCallsFailAndGrowsWhenTheyDoNot(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	p := newPace(maxWindow)
	round := func(bad int) int {
		for i := range p.window {
			c := done
			if i < bad {
				c = throttled
			}
			p.observe(answer{class: c, items: 25, full: true, took: 5 * time.Millisecond}, now, 0)
		}
		return p.window
	}
	for _, step := range []struct{ bad, want int }{{32, 16}, {9, 8}, {8, 4}, {4, 2}, {2, 1}, {1, 1}, {0, 2}, {0, 3}, {1, 4}, {2, 5}} {
		if got := round(step.bad); got != step.want {
			t.Fatalf("after a round with %d bad calls: window %d, want %d", step.bad, got, step.want)
		}
	}
	for range 200 {
		round(0)
	}
	if p.window != maxWindow {
		t.Errorf("the window grew to %d", p.window)
	}
}

func TestTheWindowGrowsNoFurtherThanItHelps(t *testing.T) {
	const ms = time.Millisecond
	for name, c := range map[string]struct {
		window int
		full   bool
		took   time.Duration
		want   int
	}{
		"calls are as quick as ever":     {32, true, 5 * ms, 33},
		"they take a little longer":      {32, true, 10 * ms, 33},
		"they take twice as long":        {32, true, 11 * ms, 32},
		"there was nothing to send":      {32, false, 5 * ms, 32},
		"it is still below the first":    {8, false, 50 * ms, 9},
		"it is at its bound":             {128, true, 5 * ms, 128},
		"calls have become very slow":    {128, true, 31 * ms, 116},
		"and still are":                  {33, true, 31 * ms, 32},
		"the first window is not shrunk": {32, true, time.Second, 32},
	} {
		p := newPace(maxWindow)
		p.window, p.quickest = c.window, 5*ms
		for range c.window {
			p.observe(answer{items: 25, full: c.full, took: c.took}, time.Time{}, 0)
		}
		if p.window != c.want {
			t.Errorf("%s: window %d, want %d", name, p.window, c.want)
		}
	}
}

func TestACallIsBadIfMostOfItCameBack(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	for _, c := range []struct {
		class       class
		unprocessed int
		bad         bool
	}{{done, 0, false}, {done, 12, false}, {done, 13, true}, {throttled, 0, true}, {transient, 0, true}} {
		p := newPace(maxWindow)
		p.observe(answer{class: c.class, items: 25, failed: c.unprocessed}, now, 0)
		if (p.failures == 1) != c.bad {
			t.Errorf("class %d with %d unprocessed: bad is %v", c.class, c.unprocessed, p.failures == 1)
		}
	}
}

func TestFailuresInARowHoldEverythingUntilOneSucceeds(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	p := newPace(maxWindow)
	for i, want := range []time.Duration{0, 0, 50, 100, 200, 400, 800, 1600, 3200, 5000, 5000} {
		calls := 1
		if i >= holdAfter-1 {
			calls = firstWindow // those in flight together fail together
		}
		for range calls {
			p.observe(answer{class: transient, items: 1}, now, 0.999999999)
		}
		held := max(0, p.hold.Sub(now))
		if got := held.Round(time.Millisecond); got != want*time.Millisecond {
			t.Errorf("after %d failures: held for %v, want %v", i+1, got, want*time.Millisecond)
		}
		now = now.Add(held)
	}
	p.observe(answer{items: 1}, now, 0)
	if !p.hold.IsZero() || p.failures != 0 {
		t.Errorf("after a success: %+v", p)
	}
}

func TestBackOffIsBetweenHalfAndAll(t *testing.T) {
	for _, c := range []struct {
		n      int
		chance float64
		want   time.Duration
	}{{0, 0, 50}, {0, 0.5, 75}, {1, 0, 100}, {3, 0, 400}, {4, 0, 500}, {1000, 0, 500}} {
		if got := backoff(100*time.Millisecond, time.Second, c.n, c.chance); got != c.want*time.Millisecond {
			t.Errorf("backoff %d with chance %v: %v, want %v", c.n, c.chance, got, c.want*time.Millisecond)
		}
	}
}

func TestTroubleEndsWhenNothingFailedForAWhile(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	tr := trouble{what: "it rains"}
	if l := tr.failed(now, errors.New("wet")); l == nil || l.message != "it rains, retrying until it works" {
		t.Fatalf("got %+v", l)
	}
	now = now.Add(time.Minute)
	if l := tr.failed(now, errors.New("wet")); l != nil {
		t.Errorf("a second line: %+v", l)
	}
	if !tr.ends().IsZero() || tr.over(now.Add(time.Hour)) != nil {
		t.Error("it is over although nothing got through")
	}
	tr.passed()
	if l := tr.over(now.Add(quiet - 1)); l != nil {
		t.Errorf("it is over too early: %+v", l)
	}
	l := tr.over(now.Add(quiet))
	if l == nil || l.message != "it rains: over" || l.args[1] != time.Minute || l.args[3] != 2 {
		t.Errorf("got %+v", l)
	}
	if tr.over(now.Add(time.Hour)) != nil || !tr.ends().IsZero() {
		t.Error("it ends twice")
	}
}

func TestOnlyThePrefixOfFinishedRecordsIsCommitted(t *testing.T) {
	p := &partition{tp: connect.TopicPartition{Topic: "in"}}
	var seqs []uint64
	for _, offset := range []int64{10, 11, 15, 16} { // 12 to 14 never reached the sink
		seqs = append(seqs, p.add(offset))
	}
	for _, step := range []struct {
		finish int
		want   int64
	}{{1, 10}, {3, 10}, {0, 15}, {0, 15}, {2, 20}} {
		p.finish(seqs[step.finish])
		if got := p.committable(20); got != step.want {
			t.Errorf("after record %d: %d may be committed, want %d", step.finish, got, step.want)
		}
	}
	if seq := p.add(30); seq != 4 || p.committable(31) != 30 || p.committable(25) != 25 {
		t.Errorf("the next record has number %d, committable %d", seq, p.committable(31))
	}
}
