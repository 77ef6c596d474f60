package dynamodb

import "time"

// Bounds of the window and of the waits.
const (
	maxWindow = 32 // calls in flight

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
// The window grows by one after a window's worth of calls that went well and halves after one that mostly did not. If calls fail in a
// row with no success between, everything is held for a while, longer each time, and then one window of calls tries again; so a
// service that is down sees one call every few seconds, not one for each key.
type pace struct {
	window int
	calls  int // of the current round
	bad    int // of them, those that got less than half of their items through

	failures int // calls in a row that were bad
	hold     time.Time
}

func newPace() pace { return pace{window: maxWindow} }

// observe takes in one answered call. Chance is from [0,1).
func (p *pace) observe(c class, items, unprocessed int, now time.Time, chance float64) {
	bad := c == throttled || c == transient || 2*unprocessed > items
	p.calls++
	if bad {
		p.bad++
		p.failures++
		if p.failures >= holdAfter {
			limit := throttleHoldMax
			if c == transient {
				limit = outageHoldMax
			}
			p.hold = now.Add(backoff(holdBase, limit, p.failures-holdAfter, chance))
		}
	} else {
		p.failures = 0
		p.hold = time.Time{}
	}
	if p.calls < p.window {
		return
	}
	if 2*p.bad > p.calls {
		p.window = max(1, p.window/2)
	} else if p.window < maxWindow {
		p.window++
	}
	p.calls, p.bad = 0, 0
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
