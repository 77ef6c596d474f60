package dynamodb

import (
	"time"

	"sluice/connect"
)

// write is one record on its way to the table. Once accepted it belongs to the engine's lock.
type write struct {
	record connect.SinkRecord // kept for the errant record reporter
	item   []byte             // what is sent, in DynamoDB's JSON
	cost   int                // bytes of memory that it is taken to hold

	part *partition
	seq  uint64 // place in part's order
	slot *slot

	// Replaced is the older write of the same key in whose stead this one is sent; it may have replaced another. Oldest is the
	// end of that chain, this write itself if it replaced none; it is right only in the first write of a chain.
	replaced *write
	oldest   *write
}

// newWrite copies what the encoder made of a record.
func newWrite(r *connect.SinkRecord, item []byte) *write {
	w := &write{record: *r, item: append(make([]byte, 0, len(item)), item...)}
	w.oldest = w
	w.cost = len(item) + writeOverhead
	if v, ok := r.Value.(connect.RawJSON); ok {
		w.cost += len(v)
	} else {
		w.cost += 2 * len(item) // a decoded value is larger than its text
	}
	return w
}

// writeOverhead is what a write takes in memory besides item and value: itself, its slot and key, its place in the maps.
const writeOverhead = 512

// slot is the place of one key that has unfinished writes. It is the guard of the order: of all writes of a key at most the one in
// sending is with the service, and at most one waits behind it, since a newer one replaces an older one that was not sent.
//
//	                take                        answered
//	waiting ──────────────────────> sending ─────────────────> finished, with all that it replaced
//	  ^ ^                              │ │ rejected
//	  │ └── pause of the key ──────────┘ └──> reported; what it replaced comes back as waiting
//	  │     (unprocessed, throttled, no answer)
//	newer record of the key
type slot struct {
	key      string
	sending  *write
	waiting  *write
	queued   bool // in the engine's ready queue or among its paused keys
	attempts int  // sendings in a row that did not get through

	due time.Time // while paused: when it may be tried again
}

// replaceWaiting makes w what the slot sends next, in the stead of whatever waited.
func (s *slot) replaceWaiting(w *write) {
	if s.waiting != nil {
		w.oldest.replaced = s.waiting
		w.oldest = s.waiting.oldest
	}
	s.waiting = w
}

// putBack returns a write that was not applied, or what is left of its chain, to the slot. What waits is newer and takes its place.
func (s *slot) putBack(w *write) {
	if s.waiting == nil {
		s.waiting = w
		return
	}
	s.waiting.oldest.replaced = w
	s.waiting.oldest = w.oldest
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
