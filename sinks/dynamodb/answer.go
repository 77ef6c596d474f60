package dynamodb

import (
	"container/heap"
	"context"
	"errors"
	"time"
)

// answered takes in the answer to a call and returns the next batch for the same goroutine, nil if there is none.
func (e *engine) answered(b *batch, out outcome) (context.Context, *batch) {
	e.mu.Lock()
	full := len(e.inFlight) >= e.pace.window
	e.inFlight[b]()
	delete(e.inFlight, b)
	now, overdue := time.Now(), e.overdue
	e.meters.called(b, &out, now)
	if e.limit != nil {
		e.balance(b, &out)
	}
	line := e.observe(b, out, full, now)
	e.observeDuration(b, out, now)
	var refused []refusal
	switch out.class {
	case done:
		for i, w := range b.writes {
			refused = append(refused, e.judge(w, out.of(i), now)...)
		}
	case rejected:
		refused = e.bisect(b, out.err)
	default:
		for _, w := range b.writes {
			refused = append(refused, e.judge(w, verdict{class: out.class, err: out.err}, now)...)
		}
	}
	wake := e.failed != nil || e.overdue > overdue // Put returns the error, or pauses the partitions
	if e.wantRoom && e.roomy() {
		e.wantRoom, wake = false, true
	}
	var ctx context.Context
	next := e.next(true)
	if next != nil {
		ctx = e.register(next)
		e.dispatch(true)
	}
	e.schedule(now)
	e.publish()
	e.mu.Unlock()

	e.logLines([]*logLine{line})
	for _, r := range refused {
		e.refuse(r)
	}
	if wake {
		e.wake()
	}
	return ctx, next
}

// judge deals with one write of an answered call.
func (e *engine) judge(w *write, v verdict, now time.Time) []refusal {
	switch v.class {
	case done:
		e.tally.records[w.op]++
		e.applied(w)
	case throttled, transient:
		return e.retry(w, v, now)
	case rejected:
		return e.remove(w, v.err, e.policy.onData)
	case again:
		e.sendAgain(w)
	case unmetCondition:
		if e.policy.onUnmet != skip {
			return e.remove(w, v.err, e.policy.onUnmet)
		}
		e.tally.records[unmetRecord]++
		e.applied(w) // what it replaced has an older version, so that would not have been applied either
	default:
		e.fail(v.err)
		return e.retry(w, verdict{class: transient, err: v.err}, now)
	}
	return nil
}

// observe keeps pace and trouble informed.
func (e *engine) observe(b *batch, out outcome, full bool, now time.Time) *logLine {
	if errors.Is(out.err, context.Canceled) {
		return nil // cut off by us, which says nothing about the service
	}
	failed, undone, worst := 0, 0, verdict{class: out.class, err: out.err}
	hot := out.hot
	for i := range out.each {
		if out.each[i].class == again {
			undone++
		}
		if v := out.each[i]; v.class == throttled || v.class == transient {
			failed++
			hot = v.hot && (hot || failed == 1)
			if worst.class == done || v.class == transient {
				worst = v
			}
		}
	}
	if failed > 0 {
		failed += undone
	}
	if out.class <= transient {
		e.pace.observe(answer{
			class: out.class, items: len(b.writes), failed: failed, hot: hot, full: full, took: now.Sub(b.began),
		}, now, e.chance())
	}
	switch worst.class {
	case transient:
		return e.troubles[1].failed(now, worst.err)
	case throttled:
		if failed > 0 { // the call itself got through
			e.troubles[1].passed()
		}
		return e.troubles[0].failed(now, worst.err)
	case done:
		e.troubles[0].passed()
		e.troubles[1].passed()
	}
	return nil
}

// applied finishes a write that the table holds, with all that it replaced. None of them may be used after that.
func (e *engine) applied(w *write) {
	s := w.slot
	w.part.sending--
	e.signal(w.part)
	for x := w; x != nil; {
		next := x.replaced
		e.restore(x)
		e.finish(x.part, x.seq, int(x.cost))
		x.recycle()
		if x = next; x != nil {
			e.tally.records[mergedRecord]++
		}
	}
	s.sending, s.attempts = nil, 0
	e.settle(s)
}

// answeredSlot notes that a write is not with the service any more, and returns its slot.
func (e *engine) answeredSlot(w *write) *slot {
	w.slot.sending = nil
	w.part.sending--
	e.signal(w.part)
	return w.slot
}

// takeOut takes a write out of its slot. What it replaced waits again.
func (e *engine) takeOut(w *write) {
	if rest := e.detach(w); rest != nil {
		w.slot.putBack(rest, e.policy.merge)
	}
}

// retry takes back a write that the table may not hold. It is tried again after a pause of its key, unless a newer one came meanwhile and
// goes in its stead.
func (e *engine) retry(w *write, v verdict, now time.Time) []refusal {
	s := e.answeredSlot(w)
	if !w.part.closed && e.spent(w, now) {
		switch reason := e.exhausted(w, v.err); e.policy.onExhausted {
		case failTask:
			e.fail(reason)
		case deadLetter:
			return e.giveUp(w, reason)
		}
	}
	if w.part.closed {
		e.takeOut(w)
		e.drop(w)
	} else {
		s.putBack(w, e.policy.merge)
	}
	if s.waiting == nil {
		e.slots.remove(s, false)
		return nil
	}
	s.due = now.Add(keyPause(v.class, int(s.attempts), e.chance()))
	s.attempts++
	e.tally.retries++
	s.queued = true
	heap.Push(&e.paused, s)
	return nil
}

// sendAgain takes back a write that is to be sent as soon as it can be.
func (e *engine) sendAgain(w *write) {
	s := e.answeredSlot(w)
	if w.part.closed {
		e.takeOut(w)
		e.drop(w)
	} else {
		s.putBack(w, e.policy.merge)
	}
	e.settle(s)
}

// bisect looks for the bad item of a rejected batch: it halves the batch, and reports the item of a batch of one. The halves keep their
// keys, so newer writes go on waiting behind them.
func (e *engine) bisect(b *batch, reason error) []refusal {
	if len(b.writes) == 1 {
		return e.remove(b.writes[0], reason, e.policy.onData)
	}
	middle := len(b.writes) / 2
	for _, half := range [][]*write{b.writes[middle:], b.writes[:middle]} {
		e.splitOff(b.route, half)
	}
	return nil
}

// remove takes out a write that the service refuses, as if the record had never been, so that it has the given fate.
func (e *engine) remove(w *write, reason error, fate fate) []refusal {
	s := e.answeredSlot(w)
	s.attempts = 0
	e.takeOut(w)
	e.settle(s)
	if w.part.closed {
		e.drop(w)
		return nil
	}
	return []refusal{e.refusal(w, reason, fate)}
}

// refusal is the report of a write that left its slot.
func (e *engine) refusal(w *write, reason error, fate fate) refusal {
	e.restore(w)
	w.part.reports++
	return refusal{part: w.part, seq: w.seq, cost: int(w.cost), record: &w.record, reason: reason, fate: fate}
}

// splitOff keeps part of a rejected batch to be sent by itself. Writes of partitions given away meanwhile are left out: their call is over.
func (e *engine) splitOff(r route, writes []*write) {
	half := &batch{route: r}
	for _, w := range writes {
		if w.part.closed {
			e.abandon(w)
		} else {
			half.writes = append(half.writes, w)
		}
	}
	if len(half.writes) > 0 {
		e.split = append(e.split, half)
	}
}

// abandon takes back a write of a partition given away that is not to be sent again.
func (e *engine) abandon(w *write) {
	s := e.answeredSlot(w)
	e.takeOut(w)
	e.drop(w)
	e.settle(s)
}

// detach separates a write from what it replaced, and returns that chain.
func (e *engine) detach(w *write) *write {
	rest := w.replaced
	if rest != nil {
		rest.oldest = w.oldest
	}
	w.replaced, w.oldest = nil, w
	return rest
}

// settle goes on with a key whose write is answered: the next one, or nothing.
func (e *engine) settle(s *slot) {
	if s.waiting == nil {
		e.slots.remove(s, !s.queued)
		return
	}
	e.enqueue(s)
}

// finish counts a record as done.
func (e *engine) finish(p *partition, seq uint64, cost int) {
	p.finish(seq)
	e.records--
	e.bytes -= cost
	if e.policy.ordering == byPartition {
		e.release(p)
	}
}

// drop forgets a write of a partition given away: its next owner gets the record again.
func (e *engine) drop(w *write) {
	e.restore(w)
	e.records--
	e.bytes -= int(w.cost)
}

// fail ends the engine's work; the first error counts.
func (e *engine) fail(err error) {
	if e.failed == nil {
		e.failed = err
	}
}

// signal tells workOff and drain that a partition that they may wait for has less under way.
func (e *engine) signal(p *partition) {
	if p.closed || e.workingOff > 0 {
		close(e.changed)
		e.changed = make(chan struct{})
	}
}
