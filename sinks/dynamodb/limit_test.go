package dynamodb

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
)

// register is a clock and the engines that an allowance has woken.
type register struct {
	now   time.Time
	woken []string
}

func newRegister() *register { return &register{now: time.Unix(1_700_000_000, 0)} }

func (r *register) wait(d time.Duration) { r.now = r.now.Add(d) }

func (r *register) join(a *allowance, name, task string, share rates) *spender {
	return a.join(task, share, func() { r.woken = append(r.woken, name) }, r.now)
}

// goes reports whether a call may be made, and makes it if so.
func (r *register) goes(s *spender, units float64) bool {
	_, ok := s.ask(r.now)
	if ok {
		s.spend(units, r.now)
	}
	return ok
}

func TestWriteUnits(t *testing.T) {
	for size, want := range map[int]uint16{0: 1, 1: 1, 1024: 1, 1025: 2, 2048: 2, 2049: 3, 400 << 10: 400, 500 << 10: 400} {
		if got := writeUnits(size); got != want {
			t.Errorf("%d bytes: got %d units, want %d", size, got, want)
		}
	}
	writes := []*write{{units: 1}, {units: 3}}
	if got := (&batch{writes: writes}).estimate(); got != 4 {
		t.Errorf("a batch is estimated at %v units, want 4", got)
	}
	if got := (&batch{writes: writes, route: transactRoute}).estimate(); got != 8 {
		t.Errorf("a transaction is estimated at %v units, want 8", got)
	}
}

func TestABucketEarnsPaysAndSavesUpToABound(t *testing.T) {
	start := time.Unix(0, 0)
	for _, c := range []struct {
		name  string
		rate  float64
		level float64
		after time.Duration
		want  float64
		due   time.Duration // from start; 0: solvent
	}{
		{"new", 100, 0, 0, 0, 0},
		{"a debt", 100, -50, 0, -50, 500 * time.Millisecond},
		{"half of a debt is earned", 100, -50, 250 * time.Millisecond, -25, 500 * time.Millisecond},
		{"a debt is earned", 100, -50, 500 * time.Millisecond, 0, 0},
		{"units are saved", 100, 0, 300 * time.Millisecond, 30, 0},
		{"no more than a second's", 100, 0, time.Hour, 100, 0},
		{"time that goes back earns nothing", 100, -10, -time.Hour, -10, 100 * time.Millisecond},
		{"a slow rate", 0.5, -1, 0, -1, 2 * time.Second},
		{"next to no rate", 1e-12, -1, 0, -1, time.Hour},
	} {
		b := bucket{rate: c.rate, level: c.level, at: start}
		b.earn(start.Add(c.after))
		if math.Abs(b.level-c.want) > 1e-9 {
			t.Errorf("%s: got %v units, want %v", c.name, b.level, c.want)
		}
		due := b.solvent()
		if c.due == 0 != due.IsZero() || c.due != 0 && due.Sub(start.Add(c.due)).Abs() > time.Microsecond {
			t.Errorf("%s: solvent at %v, want %v after the start", c.name, due, c.due)
		}
	}
}

func TestACallIsMadeWhenTheOneBeforeIsPaidFor(t *testing.T) {
	r, a := newRegister(), &allowance{whole: true}
	s := r.join(a, "s", "c-0", rates{tableUnits: 50})
	if !r.goes(s, 25) {
		t.Fatal("the first call is held back")
	}
	if r.goes(s, 25) {
		t.Fatal("the second call is made before the first is paid for")
	}
	if got := s.due(r.now).Sub(r.now); got != 500*time.Millisecond {
		t.Fatalf("due after %v, want 500ms", got)
	}
	r.wait(500 * time.Millisecond)
	waited, ok := s.ask(r.now)
	if !ok || waited != 500*time.Millisecond {
		t.Fatalf("got %v after %v, want the call after 500ms", ok, waited)
	}
}

func TestEstimatesAreCorrectedByWhatIsConsumed(t *testing.T) {
	r, a := newRegister(), &allowance{whole: true}
	s := r.join(a, "s", "c-0", rates{tableUnits: 100})
	level := func() float64 { return a.buckets[tableUnits].level }
	spend := func(want float64) charge {
		t.Helper()
		before := level()
		c := s.spend(10, r.now)
		if got := before - level(); math.Abs(got-want) > 1e-9 {
			t.Errorf("10 units were charged as %v, want %v", got, want)
		}
		return c
	}

	c := spend(10)
	s.settle(c, 10, &consumption{table: 10, indexes: map[string]float64{"i": 8}, local: map[string]float64{"l": 2}})
	if level() != -20 {
		t.Errorf("after a call of 20 units the level is %v", level())
	}
	c = spend(11.25) // an eighth of the way to 2
	s.refund(c)
	if level() != -20 {
		t.Errorf("after a call that was refused the level is %v, want -20", level())
	}
	for range 200 {
		s.settle(spend(10*s.factor(tableUnits)), 10, &consumption{table: 20})
	}
	if f := s.factor(tableUnits); math.Abs(f-2) > .01 {
		t.Errorf("calls cost twice the estimate, and are taken to cost %v times of it", f)
	}
	if got := s.budget(); got < 49 || got > 51 {
		t.Errorf("a call may cost %d units by estimate, want the half of 100", got)
	}
	c = s.spend(10, r.now) // half of it came back unprocessed
	s.settle(c, 5, &consumption{table: 10})
	if f := s.factor(tableUnits); math.Abs(f-2) > .01 {
		t.Errorf("writes that came back count in what a write costs: %v", f)
	}
}

func TestARefundSavesNoMoreThanTimeDoes(t *testing.T) {
	r, a := newRegister(), &allowance{whole: true}
	s := r.join(a, "s", "c-0", rates{tableUnits: 100})
	r.wait(time.Hour)
	c := s.spend(10, r.now)
	r.wait(time.Hour)
	s.ask(r.now)
	s.refund(c)
	if level := a.buckets[tableUnits].level; level != 100 {
		t.Errorf("%v units are saved, want a second's 100", level)
	}
}

// Who had nothing to write for a while has no claim on what it might have written.
func TestATableThatComesBackTakesTurns(t *testing.T) {
	r, a := newRegister(), &allowance{whole: true}
	busy, idle := r.join(a, "busy", "c-0", rates{tableUnits: 100}), r.join(a, "idle", "c-0", rates{tableUnits: 100})
	for range 100 {
		if !r.goes(busy, 25) {
			t.Fatal("the only one that asks is held back")
		}
		r.wait(250 * time.Millisecond)
	}
	served := map[*spender]int{}
	for range 10 {
		for _, s := range []*spender{busy, idle} {
			s.ask(r.now) // both have something to send
		}
		for _, s := range []*spender{busy, idle} {
			if r.goes(s, 25) {
				served[s]++
			}
		}
		r.wait(250 * time.Millisecond)
	}
	if served[busy] < 4 || served[idle] < 4 {
		t.Errorf("the busy one has %d calls, the other one %d of 10", served[busy], served[idle])
	}
}

// Each global index has its own capacity: the one that has least of it decides.
func TestAnIndexHoldsItsTableBack(t *testing.T) {
	r, a := newRegister(), &allowance{}
	s := r.join(a, "s", "c-0", rates{tableUnits: 100, "i": 10})
	if got := s.budget(); got != 10 {
		t.Errorf("a call may cost %d units, want 10", got)
	}
	c := s.spend(10, r.now)
	s.settle(c, 10, &consumption{table: 10, local: map[string]float64{"l": 5}, indexes: map[string]float64{"i": 20, "not limited": 7}})
	if a.buckets[tableUnits].level != -15 || a.buckets["i"].level != -20 {
		t.Errorf("the table has %v, its index %v", a.buckets[tableUnits].level, a.buckets["i"].level)
	}
	if _, ok := s.ask(r.now); ok {
		t.Error("a call is made on an index in debt")
	}
	if got := s.due(r.now).Sub(r.now); got != 2*time.Second {
		t.Errorf("due after %v, want 2s", got)
	}
}

// Whatever calls cost, no time has more than its units and two seconds' worth.
func TestNoTimeHasMoreThanItsUnits(t *testing.T) {
	for _, rate := range []float64{0.5, 1, 7, 25, 1000, 40000} {
		for _, item := range []float64{1, 3, 400} {
			r, a := newRegister(), &allowance{whole: true}
			s := r.join(a, "s", "c-0", rates{tableUnits: rate})
			r.wait(time.Hour) // which is not all saved up
			began, spent := r.now, 0.
			for range 2000 {
				if at := s.due(r.now); at.After(r.now) {
					r.now = at
				}
				units := item * max(1, math.Floor(min(25, float64(s.budget())/item)))
				if !r.goes(s, units) {
					continue
				}
				spent += units
				if most := rate*r.now.Sub(began).Seconds() + rate + max(rate, item) + 1e-3; spent > most {
					t.Fatalf("rate %v, items of %v: %v units in %v, want at most %v", rate, item, spent, r.now.Sub(began), most)
				}
			}
			if least := rate * (r.now.Sub(began).Seconds()) * .99; spent < least {
				t.Errorf("rate %v, items of %v: %v units in %v, want at least %v", rate, item, spent, r.now.Sub(began), least)
			}
		}
	}
}

// Of tables that all have something to send each is served the same units, and one that has little waits for one call of the others at most.
func TestTablesAreServedFairly(t *testing.T) {
	r, a := newRegister(), &allowance{whole: true}
	share := rates{tableUnits: 100}
	large, small, rare := r.join(a, "large", "c-0", share), r.join(a, "small", "c-0", share), r.join(a, "rare", "c-0", share)
	if a.buckets[tableUnits].rate != 100 {
		t.Fatalf("three tables of a task earn %v, want its share", a.buckets[tableUnits].rate)
	}
	served := map[*spender]float64{}
	units := map[*spender]float64{large: 100, small: 5, rare: 5}
	var order []string
	for i := range 1000 {
		if i%200 == 100 {
			rare.ask(r.now)
		}
		for _, s := range []*spender{large, small, rare} {
			if s == rare && !s.queued {
				continue
			}
			if r.goes(s, units[s]) {
				served[s] += units[s]
				if s != rare {
					s.ask(r.now) // for the next call, as engines do
				}
				order = append(order, map[*spender]string{large: "L", small: "s", rare: "R"}[s])
				break
			}
		}
		r.wait(100 * time.Millisecond)
	}
	if d := math.Abs(served[large] - served[small]); d > 100 {
		t.Errorf("served %v and %v units", served[large], served[small])
	}
	if served[rare] != 25 {
		t.Errorf("the table with few records was served %v units, want 25", served[rare])
	}
	if text := strings.Join(order, ""); strings.Contains(text, "LL") {
		t.Errorf("the large one was served twice in a row: %s", text)
	}
}

func TestTheFirstOfTheQueueIsWoken(t *testing.T) {
	r, a := newRegister(), &allowance{whole: true}
	share := rates{tableUnits: 10}
	s1, s2, s3 := r.join(a, "1", "c-0", share), r.join(a, "2", "c-0", share), r.join(a, "3", "c-0", share)
	want := func(what string, names ...string) {
		t.Helper()
		if !slices.Equal(r.woken, names) {
			t.Errorf("%s: woken %v, want %v", what, r.woken, names)
		}
		r.woken = nil
	}
	c := s1.spend(10, r.now)
	s1.ask(r.now)
	s2.ask(r.now)
	s3.ask(r.now)
	want("while they come")
	if at := s2.due(r.now); at.IsZero() {
		t.Error("the first has no time") // s2 was served less than s1
	}
	if at := s1.due(r.now); !at.IsZero() {
		t.Errorf("another one has the time %v", at)
	}
	s2.pass()
	want("the first has nothing to send", "3")
	s2.pass()
	want("it is not there any more")
	s1.refund(c)
	want("the call before was refused", "3")
	r.goes(s3, 10)
	want("the first has its call", "1")
	s3.settle(charge{by: map[string]float64{tableUnits: 10}}, 10, &consumption{table: 15})
	want("a call was dearer than expected")
	s1.adjust(rates{tableUnits: 20}, r.now)
	want("the limit is another one", "1")
	s3.ask(r.now)
	s1.leave(r.now)
	want("the first is gone", "3")
}

// Tasks bring their shares; what they do not use is there for the others.
func TestSharesAreAddedUp(t *testing.T) {
	r, all := newRegister(), &allowances{}
	join := func(task string, rate float64) *spender {
		return all.join("c", true, task, rates{tableUnits: rate}, func() {}, r.now)
	}
	a := join("c-0", 50)
	b := join("c-1", 50)
	again := join("c-1", 40) // started with another configuration, while the one before has not ended
	earns := func(want float64) {
		t.Helper()
		got := 0.
		if of := all.by["c"]; of != nil {
			got = of.buckets[tableUnits].rate
		}
		if got != want {
			t.Errorf("the allowance earns %v, want %v", got, want)
		}
	}
	earns(90)
	if b.share() != 40 || a.share() != 50 {
		t.Errorf("the shares are %v and %v", a.share(), b.share())
	}
	all.leave("c", b, r.now)
	all.leave("c", b, r.now) // stopped twice
	earns(90)
	all.leave("c", a, r.now)
	earns(40)
	again.adjust(rates{tableUnits: 10}, r.now)
	earns(10)
	all.leave("c", again, r.now)
	if again.adjust(rates{tableUnits: 10}, r.now); len(all.by) != 0 || again.share() != 0 {
		t.Errorf("allowances of nobody are kept: %v", all.by)
	}
	earns(0)
}

// A bucket whose limit is gone holds nobody back, and one that is new begins without anything.
func TestLimitsComeAndGo(t *testing.T) {
	r, a := newRegister(), &allowance{}
	s := r.join(a, "s", "c-0", rates{})
	for range 100 {
		if !r.goes(s, 1000) {
			t.Fatal("held back without a limit")
		}
	}
	if s.budget() < 1000 {
		t.Errorf("a budget of %d without a limit", s.budget())
	}
	c := s.spend(10, r.now)
	s.adjust(rates{tableUnits: 1}, r.now)
	s.settle(c, 10, &consumption{table: 10}) // from before the limit
	if !r.goes(s, 10) || r.goes(s, 10) {
		t.Error("the limit does not hold")
	}
	s.adjust(rates{}, r.now)
	if !r.goes(s, 10) {
		t.Error("held back by a limit that is gone")
	}
	if fmt.Sprint(a.buckets) != "map[]" {
		t.Errorf("buckets %v are left", a.buckets)
	}
}
