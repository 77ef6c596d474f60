package dynamodb

import (
	"container/heap"
	"context"
	"time"
)

// runTimers lets paused keys go on when their time has come, ends a hold, and notices the end of trouble.
func (e *engine) runTimers() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		select {
		case <-e.ctx.Done():
			return
		case <-e.kick:
		case <-timer.C:
		}
		if next := e.tick(); !next.IsZero() {
			timer.Reset(time.Until(next))
		} else {
			timer.Stop()
		}
	}
}

// tick does what is due and returns when something will be due next.
func (e *engine) tick() time.Time {
	e.mu.Lock()
	now := time.Now()
	for len(e.paused) > 0 && !e.paused[0].due.After(now) {
		s := heap.Pop(&e.paused).(*slot)
		s.queued = false
		e.enqueue(s)
	}
	e.dispatch(true)
	var lines []*logLine
	for i := range e.troubles {
		lines = append(lines, e.troubles[i].over(now))
	}
	e.nextTick = e.deadline(now)
	next := e.nextTick
	e.mu.Unlock()
	e.logLines(lines)
	return next
}

// deadline returns when the timers have to look next, zero if there is nothing to wait for.
func (e *engine) deadline(now time.Time) time.Time {
	var first time.Time
	consider := func(t time.Time) {
		if !t.IsZero() && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	if len(e.paused) > 0 {
		consider(e.paused[0].due)
	}
	if e.pace.hold.After(now) {
		consider(e.pace.hold)
	}
	if e.limit != nil {
		consider(e.limit.due(now))
	}
	for i := range e.troubles {
		consider(e.troubles[i].ends())
	}
	return first
}

// schedule wakes the timers if something is due before they look next.
func (e *engine) schedule(now time.Time) {
	d := e.deadline(now)
	if d.IsZero() || !e.nextTick.IsZero() && !d.Before(e.nextTick) {
		return
	}
	e.nextTick = d
	select {
	case e.kick <- struct{}{}:
	default:
	}
}

func (e *engine) logLines(lines []*logLine) {
	for _, l := range lines {
		if l != nil {
			e.log.Log(context.Background(), l.level, l.message, l.args...)
		}
	}
}
