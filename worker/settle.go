package worker

import (
	"slices"
	"time"
)

// settleLimit bounds how long the answer to a change is held back for what follows from the change. It counts for plugins that take
// long to start or stop, for whom nobody should wait.
const settleLimit = 2 * time.Second

// waiter waits until something has come to rest.
type waiter struct {
	rests func() bool
	then  func()
	timer *time.Timer
}

// settle calls then, in the loop, once what is under way for a connector is done: its jobs and those of its tasks, its task configs
// are written and the round that they need is over, and its tasks have told their first state. It calls it after settleLimit in any case.
//
// The answer to a change waits for this: a client that asks for the state next must not be told that of before, as there is no telling
// it from a state that was reached. In Java the same thread does the work and comes to the next request afterwards.
func (h *Herder) settle(connector string, then func()) {
	h.await(func() bool { return h.settled(connector) }, then)
}

// await calls then, in the loop, once something has come to rest, or after settleLimit.
func (h *Herder) await(rests func() bool, then func()) {
	if rests() {
		then()
		return
	}
	w := &waiter{rests: rests, then: then}
	w.timer = h.after(settleLimit, func() {
		if i := slices.Index(h.waiters, w); i >= 0 {
			h.waiters = slices.Delete(h.waiters, i, i+1)
			w.then()
		}
	})
	h.waiters = append(h.waiters, w)
}

// settled reports whether nothing is under way for a connector.
func (h *Herder) settled(connector string) bool {
	if h.rebalance.needed[connector] > h.rebalance.taken {
		return false
	}
	if _, restarting := h.restarts[connector]; restarting {
		return false
	}
	if c := h.connectors[connector]; c != nil && (!c.lane.idle() || c.publishing > 0) {
		return false
	}
	for _, t := range h.tasks[connector] {
		if !t.settled() {
			return false
		}
	}
	return true
}

// settled reports whether nothing is under way for a task, and its state is known.
func (t *taskInstance) settled() bool { return t.lane.idle() && (t.run == nil || t.run.told()) }

// answerSettled calls those who have waited long enough.
func (h *Herder) answerSettled() {
	var ready []*waiter
	h.waiters = slices.DeleteFunc(h.waiters, func(w *waiter) bool {
		if !w.rests() {
			return false
		}
		ready = append(ready, w)
		return true
	})
	for _, w := range ready {
		w.timer.Stop()
		w.then()
	}
}
