package dynamodb

import (
	"cmp"
	"math"
	"slices"
	"sync"
	"time"
)

// savedUp is the time whose worth of units may be saved, and whose worth one call may cost unless a single write costs more. So in any time at
// most two such times' worth is spent above the rate, and a debt is mostly paid in one.
const savedUp = time.Second

// askedAgain is the longest wait before a limit is looked at again.
const askedAgain = time.Hour

// bucket is the account of one limit: what may be spent now, in write units. What a call costs is known from its answer alone, so the level
// may be below zero: then nothing is spent until that is earned.
type bucket struct {
	rate  float64 // units earned in a second
	level float64
	at    time.Time // of the level
}

// earn brings the level up to a time.
func (b *bucket) earn(now time.Time) {
	if d := now.Sub(b.at); d > 0 {
		b.level = min(b.rate*savedUp.Seconds(), b.level+b.rate*d.Seconds())
		b.at = now
	}
}

// solvent returns when the level, as it was brought up to a time, is no longer below zero; zero if it is not.
func (b *bucket) solvent() time.Time {
	if b.level > -1e-6 { // which is no unit, but what floating point leaves of none
		return time.Time{}
	}
	wait := math.Ceil(-b.level / b.rate * float64(time.Second))
	return b.at.Add(time.Duration(min(wait, float64(askedAgain)))) // a rate close to nothing makes for more than a Duration holds
}

// rates are limits in write units a second by what they are of: tableUnits, or the name of a global index. What is not in it is not limited.
type rates map[string]float64

// tableUnits are the units of a table and its local indexes; in an allowance of whole calls, those of its global indexes too.
const tableUnits = ""

// allowance is what the tasks of one connector that run on this worker may spend together, of one table or of all. It is a state machine that is
// told the time.
//
// Each task brings its share. They are put together, so that what one task or table does not use is not lost for another one on the same
// worker. Who wants to make a call stands in a queue, in which whoever was served least, in units, is first (start-time fair queueing): a table with
// many records does not crowd out one with few. The first of the queue waits until every bucket is solvent.
type allowance struct {
	whole bool // a call is charged as a whole, global indexes included, in one bucket

	mu      sync.Mutex // taken while an engine's lock is held; nothing waits under it
	shares  map[string]*taskShare
	buckets map[string]*bucket // by the names in rates
	queue   []*spender         // in the order in which they came
	served  float64            // the mark of the latest spender that was served: nobody who comes is behind it
}

// taskShare is what one task brings.
type taskShare struct {
	rates    rates
	spenders int // tables of the task; a task that is started again before it has ended has them twice
}

// spender is an engine's place at its allowance. Its methods are called under the engine's lock.
type spender struct {
	of   *allowance
	task string
	wake func() // has the engine look again; must not wait

	// By how much the consumed units differ from the estimated ones, by bucket: indexes, old items that are larger, transactions.
	factors map[string]float64

	mark   float64   // units served, or what stands for them in the order of the queue
	queued bool      // it stands in the queue
	since  time.Time // from when on
	left   bool
}

// charge is what a call was charged before it was made.
type charge struct {
	units float64            // estimated
	by    map[string]float64 // by bucket
}

// join adds an engine of a task with its share, which replaces what was known of the task's share.
func (a *allowance) join(task string, r rates, wake func(), now time.Time) *spender {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.shares == nil {
		a.shares, a.buckets = map[string]*taskShare{}, map[string]*bucket{}
	}
	if a.shares[task] == nil {
		a.shares[task] = &taskShare{}
	}
	a.shares[task].spenders++
	a.set(task, r, now)
	return &spender{of: a, task: task, wake: wake, factors: map[string]float64{}, mark: a.served}
}

// set changes a task's share.
func (a *allowance) set(task string, r rates, now time.Time) {
	a.shares[task].rates = r
	a.combine(now)
}

// combine makes the buckets earn what all shares together say.
func (a *allowance) combine(now time.Time) {
	sums := rates{}
	for _, s := range a.shares {
		for name, rate := range s.rates {
			sums[name] += rate
		}
	}
	for name, b := range a.buckets {
		b.earn(now)
		if _, limited := sums[name]; !limited {
			delete(a.buckets, name)
		}
	}
	for name, rate := range sums {
		if a.buckets[name] == nil {
			a.buckets[name] = &bucket{at: now} // nothing is saved up at the start, or starting again would pay
		}
		a.buckets[name].rate = rate
	}
}

// leave ends the engine's part, and its task's share with the task's last engine. It reports whether nobody is left.
func (s *spender) leave(now time.Time) bool {
	a := s.of
	a.mu.Lock()
	defer a.mu.Unlock()
	if s.left {
		return len(a.shares) == 0
	}
	s.left = true
	a.dequeue(s)
	if share := a.shares[s.task]; share.spenders > 1 {
		share.spenders--
	} else {
		delete(a.shares, s.task)
	}
	a.combine(now)
	a.wakeFirst()
	return len(a.shares) == 0
}

// adjust changes the share of the engine's task.
func (s *spender) adjust(r rates, now time.Time) {
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	if !s.left {
		s.of.set(s.task, r, now)
		s.of.wakeFirst()
	}
}

// share returns what the engine's task may spend on tables.
func (s *spender) share() float64 {
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	if share := s.of.shares[s.task]; share != nil {
		return share.rates[tableUnits]
	}
	return 0
}

// ask reports whether a call may be made now, and how long it has been held back. If it may not, the engine stands in the queue: it is woken when it
// is the first there, and is to ask again at the time that due returns.
func (s *spender) ask(now time.Time) (waited time.Duration, ok bool) {
	a := s.of
	a.mu.Lock()
	defer a.mu.Unlock()
	if !s.queued {
		s.queued, s.since = true, now
		s.mark = max(s.mark, a.served)
		a.queue = append(a.queue, s)
	}
	if a.first() != s || !a.solvent(now).IsZero() {
		return 0, false
	}
	return now.Sub(s.since), true
}

// due returns when to ask again; zero if the engine is woken then.
func (s *spender) due(now time.Time) time.Time {
	a := s.of
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.first() != s {
		return time.Time{}
	}
	if at := a.solvent(now); !at.IsZero() {
		return at
	}
	return now
}

// pass gives the place in the queue up: there is nothing to send, or it cannot be sent.
func (s *spender) pass() {
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	if s.of.dequeue(s) {
		s.of.wakeFirst()
	}
}

// budget returns how many estimated units a call may cost.
func (s *spender) budget() int {
	a := s.of
	a.mu.Lock()
	defer a.mu.Unlock()
	least := float64(math.MaxInt32)
	for name, b := range a.buckets {
		least = min(least, b.rate*savedUp.Seconds()/max(s.factor(name), .01))
	}
	return max(1, int(least))
}

// factor is how many units of a bucket an estimated unit stands for.
func (s *spender) factor(name string) float64 {
	if f, known := s.factors[name]; known {
		return f
	}
	return 1
}

// spend charges a call that is about to be made.
func (s *spender) spend(units float64, now time.Time) charge {
	a := s.of
	a.mu.Lock()
	defer a.mu.Unlock()
	c := charge{units: units, by: make(map[string]float64, len(a.buckets))}
	for name, b := range a.buckets {
		b.earn(now)
		c.by[name] = units * s.factor(name)
		b.level -= c.by[name]
	}
	a.served = max(a.served, s.mark)
	s.mark += units
	a.dequeue(s)
	a.wakeFirst()
	return c
}

// refund takes a charge back: the call was refused.
func (s *spender) refund(c charge) { s.correct(c, func(string) float64 { return 0 }) }

// settle charges what a call has consumed in place of what was estimated. Written are the estimated units of the writes that were carried out.
func (s *spender) settle(c charge, written float64, used *consumption) {
	s.correct(c, func(name string) float64 {
		units := used.units(name)
		if s.of.whole {
			units = used.total()
		}
		if written > 0 {
			s.factors[name] = s.factor(name) + (units/written-s.factor(name))/8
		}
		return units
	})
}

// correct replaces a charge, bucket by bucket.
func (s *spender) correct(c charge, actual func(name string) float64) {
	a := s.of
	a.mu.Lock()
	defer a.mu.Unlock()
	credit := false
	for name, charged := range c.by {
		if b := a.buckets[name]; b != nil {
			more := charged - actual(name)
			b.level = min(b.rate*savedUp.Seconds(), b.level+more)
			credit = credit || more > 0
		}
	}
	if credit {
		a.wakeFirst() // its time has come nearer
	}
}

// first returns whose turn it is: of those that were served least the one that came first.
func (a *allowance) first() *spender {
	if len(a.queue) == 0 {
		return nil
	}
	return slices.MinFunc(a.queue, func(x, y *spender) int { return cmp.Compare(x.mark, y.mark) })
}

// solvent returns when all buckets are, zero if they are now.
func (a *allowance) solvent(now time.Time) time.Time {
	var last time.Time
	for _, b := range a.buckets {
		b.earn(now)
		if at := b.solvent(); at.After(last) {
			last = at
		}
	}
	return last
}

// dequeue takes an engine out of the queue, and reports whether it stood there.
func (a *allowance) dequeue(s *spender) bool {
	if !s.queued {
		return false
	}
	s.queued = false
	a.queue = slices.DeleteFunc(a.queue, func(other *spender) bool { return other == s })
	return true
}

// wakeFirst tells whoever is first now: it does not know, or its time has changed.
func (a *allowance) wakeFirst() {
	if s := a.first(); s != nil {
		s.wake()
	}
}

// allowances are those of the connectors of a worker. The zero value has none.
type allowances struct {
	mu sync.Mutex // guards by; taken before the lock of an allowance
	by map[string]*allowance
}

// join adds an engine to an allowance, which is made if need be.
func (all *allowances) join(name string, whole bool, task string, r rates, wake func(), now time.Time) *spender {
	all.mu.Lock()
	defer all.mu.Unlock()
	if all.by == nil {
		all.by = map[string]*allowance{}
	}
	if all.by[name] == nil {
		all.by[name] = &allowance{whole: whole}
	}
	return all.by[name].join(task, r, wake, now)
}

// leave ends an engine's part.
func (all *allowances) leave(name string, s *spender, now time.Time) {
	all.mu.Lock()
	defer all.mu.Unlock()
	if s.leave(now) && all.by[name] == s.of {
		delete(all.by, name)
	}
}
