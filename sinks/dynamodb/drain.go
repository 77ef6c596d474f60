package dynamodb

import (
	"context"
	"fmt"
	"slices"
	"time"

	"sluice/connect"
)

// workOffTime is how long partitions that are about to be given away are kept back for what is unfinished.
const workOffTime = 2 * time.Second

// workOff waits until nothing of partitions that are about to be given away is unfinished. Otherwise their next owner reads again what was finished behind
// it too, and writes older values over newer ones until it has come to where this one was. It does not wait for a service that takes no writes, nor
// beyond ctx.
func (e *engine) workOff(ctx context.Context, tps []connect.TopicPartition) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.workingOff++
	defer func() { e.workingOff-- }()
	for ctx.Err() == nil && e.unsettled(tps) {
		changed := e.changed
		e.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
		}
		e.mu.Lock()
	}
}

// unsettled reports whether something of the partitions is unfinished that can be finished soon.
func (e *engine) unsettled(tps []connect.TopicPartition) bool {
	if e.failed != nil || e.stopped || e.pace.hold.After(time.Now()) {
		return false
	}
	return slices.ContainsFunc(tps, func(tp connect.TopicPartition) bool {
		p := e.parts[tp]
		return p != nil && p.entries.len() > 0
	})
}

// drain ends all work for partitions that are about to be given away: what was not sent is dropped, since the next owner of the partition
// reads it again from the last committed offset; what is with the service or the reporter is waited for. When ctx ends first, the calls
// are cut off and an error tells so. Either way nothing of the partitions is under way when drain returns, and nothing will be.
func (e *engine) drain(ctx context.Context, tps []connect.TopicPartition) error {
	parts := e.shut(tps)
	for {
		e.mu.Lock()
		sending, reports := underWay(parts)
		changed := e.changed
		e.mu.Unlock()
		if sending+reports == 0 {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			e.cutOff(parts)
			return fmt.Errorf("wait for %d writes and %d reports of partitions given away: %w", sending, reports, ctx.Err())
		}
	}
}

// shut closes the partitions and drops what was not sent.
func (e *engine) shut(tps []connect.TopicPartition) []*partition {
	e.mu.Lock()
	defer e.mu.Unlock()
	var parts []*partition
	for _, tp := range tps {
		if p := e.parts[tp]; p != nil {
			p.closed = true
			parts = append(parts, p)
		}
	}
	if len(parts) == 0 {
		return nil
	}
	given := func(w *write) bool {
		if w.part.closed {
			e.drop(w)
		}
		return w.part.closed
	}
	for _, p := range parts {
		for _, x := range p.parked {
			e.drop(x.write)
		}
		p.parked = nil
	}
	for s := range e.slots.all() {
		s.keepWaiting(given)
		if w := s.sending; w != nil { // what it replaced must not come back
			if rest := e.detach(w).keep(given); rest != nil {
				w.replaced, w.oldest = rest, rest.oldest
			}
			continue
		}
		if s.waiting == nil {
			e.slots.remove(s, false) // a queue that still holds the slot finds it empty
		}
	}
	split := e.split
	e.split = nil
	for _, b := range split {
		e.splitOff(b.route, b.writes)
	}
	return parts
}

// cutOff ends the calls that carry writes of the partitions and waits for their return, which does not take long.
func (e *engine) cutOff(parts []*partition) {
	for {
		e.mu.Lock()
		sending, _ := underWay(parts)
		for b, cancel := range e.inFlight {
			for _, w := range b.writes {
				if w.part.closed {
					cancel()
					break
				}
			}
		}
		changed := e.changed
		e.mu.Unlock()
		if sending == 0 {
			return
		}
		<-changed
	}
}

func underWay(parts []*partition) (sending, reports int) {
	for _, p := range parts {
		sending += p.sending
		reports += p.reports
	}
	return sending, reports
}

// forget ends the books of partitions that were drained.
func (e *engine) forget(tps []connect.TopicPartition) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, tp := range tps {
		delete(e.parts, tp)
	}
}
