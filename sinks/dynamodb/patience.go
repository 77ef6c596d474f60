package dynamodb

import (
	"fmt"
	"slices"
	"time"
)

// spent reports whether a write has been tried for as long as the policy allows. The time counts from its first failure.
func (e *engine) spent(w *write, now time.Time) bool {
	limit := e.policy.retryFor
	if limit == 0 {
		return false
	}
	elapsed := now.Sub(e.epoch)
	if w.since == 0 {
		w.since = max(1, elapsed)
		return false
	}
	if elapsed-w.since < limit {
		return false
	}
	if e.policy.onExhausted == pauseAll && !w.overdue {
		w.overdue = true
		e.overdue++
	}
	return true
}

// restore takes a write that is finished, reported or dropped out of the count of those that are overdue.
func (e *engine) restore(w *write) {
	if w.overdue {
		w.overdue = false
		e.overdue--
	}
}

// exhausted says that a write was tried for long enough.
func (e *engine) exhausted(w *write, last error) error {
	return fmt.Errorf("the item was not written within %v (%s=%d), last: %w", e.policy.retryFor, retryTimeConfig, e.policy.retryFor/time.Second, last)
}

// giveUp takes a write out of its slot, with all that it replaced: those are older and were kept waiting for longer. They are reported in the
// order of the topic.
func (e *engine) giveUp(w *write, reason error) []refusal {
	s := w.slot
	var refused []refusal
	for x := w; x != nil; {
		next := x.replaced
		x.replaced, x.oldest = nil, x
		if x.part.closed {
			e.drop(x)
		} else {
			refused = append(refused, e.refusal(x, reason, deadLetter))
		}
		x = next
	}
	s.attempts = 0
	e.settle(s)
	slices.Reverse(refused)
	return refused
}
