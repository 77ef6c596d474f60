package dynamodb

import "time"

// Bounds of the window and of the waits.
const (
	maxWindow   = 128 // calls in flight
	firstWindow = 32  // from which it grows

	// By how much calls must have become slower, besides a factor, before their number is reduced.
	slowdown = 10 * time.Millisecond

	keyBackoffBase     = 25 * time.Millisecond
	throttleBackoffMax = 500 * time.Millisecond // a key that the service has no capacity for
	outageBackoffMax   = 100 * time.Millisecond // a key whose call failed: the engine's own hold does the long waiting

	holdAfter       = 3 // calls in a row that got nothing through
	holdBase        = 50 * time.Millisecond
	throttleHoldMax = 1 * time.Second
	outageHoldMax   = 5 * time.Second
)

// pace decides how many calls may be in flight and when the next one may start. It is a pure state machine: times and chances come from
// the caller.
//
// The window grows by one after a window's worth of calls that went well, if it was what limited them, and halves after one that mostly did
// not. Growing ends where calls only wait for each other: when they take twice as long as the quickest did. If they take far longer still, what was
// grown beyond the first window is given back.
//
// If calls fail in a row with no success between, everything is held for a while, longer each time, and then one window of calls tries again; so a
// service that is down sees one call every few seconds, not one for each key.
type pace struct {
	max    int
	window int

	calls int           // of the current round
	bad   int           // of them, those that got less than half of their items through
	full  int           // of them, those that ended while the window was full
	took  time.Duration // of them, those that went well, together

	quickest time.Duration // a round's mean; 0: none yet

	failures int // calls in a row that were bad, those apart that ended during the hold
	hold     time.Time
}

// answer is what pace has to know of an answered call.
type answer struct {
	class  class
	items  int
	failed int
	hot    bool // the service named hot keys alone as the reason: those are slowed down by themselves
	full   bool // as many calls were in flight as the window allows
	took   time.Duration
}

func (a *answer) bad() bool {
	return a.class == throttled || a.class == transient || 2*a.failed > a.items
}

func newPace(most int) pace { return pace{max: most, window: min(most, firstWindow)} }

// observe takes in one answered call. Chance is from [0,1).
func (p *pace) observe(a answer, now time.Time, chance float64) {
	if a.hot {
		return
	}
	p.calls++
	if a.full {
		p.full++
	}
	if a.bad() {
		p.bad++
		// Calls that were under way when a hold began fail of the same cause: they do not make it longer.
		if p.failures < holdAfter || !now.Before(p.hold) {
			p.failures++
			if p.failures >= holdAfter {
				limit := throttleHoldMax
				if a.class == transient {
					limit = outageHoldMax
				}
				p.hold = now.Add(backoff(holdBase, limit, p.failures-holdAfter, chance))
			}
		}
	} else {
		p.took += a.took
		p.failures = 0
		p.hold = time.Time{}
	}
	if p.calls >= p.window {
		p.adjust()
	}
}

// adjust ends a round.
func (p *pace) adjust() {
	mean := p.took / time.Duration(max(1, p.calls-p.bad))
	if p.bad == 0 && (p.quickest == 0 || mean < p.quickest) {
		p.quickest = mean
	} else {
		p.quickest += p.quickest / 256 // what was quick once need not be possible for ever
	}
	switch {
	case 2*p.bad > p.calls:
		p.window = max(1, p.window/2)
	case mean > 4*p.quickest+slowdown && p.window > firstWindow:
		p.window -= max(1, (p.window-firstWindow)/8)
	case p.window < p.max && (p.window < firstWindow || 2*p.full > p.calls && mean <= 2*p.quickest):
		p.window++
	}
	p.calls, p.bad, p.full, p.took = 0, 0, 0, 0
}

// keyPause returns how long a key waits after its nth sending in a row (from 0) that did not get through.
func keyPause(c class, n int, chance float64) time.Duration {
	limit := throttleBackoffMax
	if c == transient {
		limit = outageBackoffMax
	}
	return backoff(keyBackoffBase, limit, n, chance)
}

// backoff doubles from base to limit with n, and takes between half and all of it by chance, so that what failed together does not come
// again together.
func backoff(base, limit time.Duration, n int, chance float64) time.Duration {
	d := limit
	if n < 16 {
		d = min(limit, base<<n)
	}
	return d/2 + time.Duration(chance*float64(d/2))
}
