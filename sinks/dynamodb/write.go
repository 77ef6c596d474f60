package dynamodb

import (
	"math"
	"slices"
	"sync"
	"time"

	"sluice/connect"
)

// write is one record on its way to the table. Once accepted it belongs to the engine's lock.
type write struct {
	record connect.SinkRecord // kept for the errant record reporter
	item   []byte             // what is sent, in DynamoDB's JSON
	cost   int32              // bytes of memory that it is taken to hold

	units      uint16 // that it costs, by its own size
	op         operation
	route      route // by which of the service's calls it is sent
	overwrites bool  // whatever the item was before, nothing of it is left; so the write can stand for older ones of its key

	judged  bool // whether its condition holds is of interest, so that it has to be sent
	overdue bool // it is counted in the engine's
	part    *partition
	since   time.Duration // from the engine's epoch: when it failed first; 0: it did not
	seq     uint64        // place in part's order
	slot    *slot

	version *version // what newer-wins compares; nil: nothing

	// Replaced is the older write of the same key in whose stead this one is sent; it may have replaced another. Oldest is the
	// end of that chain, this write itself if it replaced none; it is right only in the first write of a chain.
	replaced *write
	oldest   *write
}

// newWrite copies what the encoder made of a record.
func newWrite(r *connect.SinkRecord, item []byte) *write {
	w, _ := writes.Get().(*write)
	if w == nil {
		w = &write{item: make([]byte, 0, len(item))}
	}
	w.record, w.item, w.overwrites = *r, append(w.item, item...), true
	w.oldest = w
	cost := writeOverhead + len(item)
	if v, ok := r.Value.(connect.RawJSON); ok {
		cost += len(v)
	} else {
		cost += 2 * len(item) // a decoded value is larger than its text
	}
	w.cost = int32(min(cost, math.MaxInt32))
	return w
}

// writes are those that were finished, for use again: a write and its item are half of the memory that a record takes.
var writes sync.Pool

// keptItem is up to what length the memory of an item is kept with its write.
const keptItem = 4 << 10

// recycle gives up a write that nothing refers to any more.
func (w *write) recycle() {
	item := w.item[:0]
	if cap(item) > keptItem {
		item = nil
	}
	*w = write{item: item}
	writes.Put(w)
}

// supersedes reports whether the table ends the same, and nothing else is missed, if old, which is the next older write of the same key, is
// not sent. With versions that is so if this one is newer: where it does not win, the older one would not have won either.
func (w *write) supersedes(old *write) bool {
	if !w.overwrites || old.judged {
		return false
	}
	return w.version == nil || old.version != nil && w.version.newer(old.version)
}

// writeOverhead is what a write takes in memory besides item and value: itself, its slot and key, its place in the maps.
const writeOverhead = 512

// slot is the place of one key that has unfinished writes. It is the guard of the order: of all writes of a key at most the one in
// sending is with the service. The others wait behind it, oldest first; most of the time that is at most one, since a newer one replaces an
// older one that was not sent and of which it leaves nothing.
//
//	                take                        answered
//	waiting ──────────────────────> sending ─────────────────> finished, with all that it replaced
//	  ^ ^                              │ │ rejected
//	  │ └── pause of the key ──────────┘ └──> reported; what it replaced comes back as waiting
//	  │     (unprocessed, throttled, no answer)
//	newer record of the key
type slot struct {
	name     string // among the engine's slots: the key, and without an order something that tells it from others of the key
	keyLen   uint16
	queued   bool  // in a ready queue of the engine or among its paused keys
	attempts int32 // sendings in a row that did not get through

	sending *write
	waiting *write    // the next to be sent
	behind  *[]*write // what waits behind it, oldest first; nil if nothing does, as most of the time

	due time.Time // while paused: when it may be tried again

	hash uint64 // of the name, for the table of slots
	next *slot  // in that table
}

// key returns the canonical key of the item.
func (s *slot) key() string { return s.name[:s.keyLen] }

// add takes in the newest write of the key. With merge it is sent in the stead of the newest one that waits, if it supersedes that.
func (s *slot) add(w *write, merge bool) {
	w.slot = s
	newest := s.newest()
	switch {
	case newest == nil:
		s.waiting = w
		return
	case !merge || !w.supersedes(newest):
		if s.behind == nil {
			s.behind = new([]*write)
		}
		*s.behind = append(*s.behind, w)
		return
	}
	w.oldest.replaced = newest
	w.oldest = newest.oldest
	if s.behind != nil {
		(*s.behind)[len(*s.behind)-1] = w
	} else {
		s.waiting = w
	}
}

// newest returns the newest write that waits, nil if none does.
func (s *slot) newest() *write {
	if s.behind != nil {
		return (*s.behind)[len(*s.behind)-1]
	}
	return s.waiting
}

// putBack returns the oldest write of the key, which was not applied, or what is left of its chain. What waits is newer, and takes its place if it
// may.
func (s *slot) putBack(w *write, merge bool) {
	w.slot = s
	switch {
	case s.waiting == nil:
		s.waiting = w
	case merge && s.waiting.oldest.supersedes(w):
		s.waiting.oldest.replaced = w
		s.waiting.oldest = w.oldest
	default:
		if s.behind == nil {
			s.behind = new([]*write)
		}
		*s.behind = slices.Insert(*s.behind, 0, s.waiting)
		s.waiting = w
	}
}

// take makes the next write the one that is with the service.
func (s *slot) take() *write {
	s.sending, s.waiting = s.waiting, nil
	s.advance()
	return s.sending
}

// advance lets the next write wait in front.
func (s *slot) advance() {
	if s.behind == nil {
		return
	}
	if s.waiting == nil {
		(*s.behind)[0], s.waiting = nil, (*s.behind)[0]
		*s.behind = (*s.behind)[1:]
	}
	if len(*s.behind) == 0 {
		s.behind = nil
	}
}

// keepWaiting takes the writes that drop picks out of those that wait.
func (s *slot) keepWaiting(drop func(*write) bool) {
	s.waiting = s.waiting.keep(drop)
	if s.behind == nil {
		return
	}
	for i := range *s.behind {
		(*s.behind)[i] = (*s.behind)[i].keep(drop)
	}
	*s.behind = slices.DeleteFunc(*s.behind, func(w *write) bool { return w == nil })
	if len(*s.behind) == 0 {
		s.behind = nil
	}
	s.advance()
}

// keep takes the writes that drop picks out of the chain that begins at w, and returns the first one that stays.
func (w *write) keep(drop func(*write) bool) *write {
	var first, last *write
	for w != nil {
		next := w.replaced
		if !drop(w) {
			if last == nil {
				first = w
			} else {
				last.replaced = w
			}
			last = w
		}
		w.replaced = nil
		w = next
	}
	if first != nil {
		first.oldest = last
	}
	return first
}

// pausedKeys is a heap of slots by the time when they may be tried again, for container/heap.
type pausedKeys []*slot

func (p pausedKeys) Len() int           { return len(p) }
func (p pausedKeys) Less(i, j int) bool { return p[i].due.Before(p[j].due) }
func (p pausedKeys) Swap(i, j int)      { p[i], p[j] = p[j], p[i] }

// Push and Pop are for container/heap.
func (p *pausedKeys) Push(x any) {
	*p = append(*p, x.(*slot))
}

func (p *pausedKeys) Pop() any {
	last := len(*p) - 1
	s := (*p)[last]
	(*p)[last] = nil
	*p = (*p)[:last]
	return s
}
