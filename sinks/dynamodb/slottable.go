package dynamodb

import (
	"hash/maphash"
	"iter"
)

// slotTable finds slots by name. In a map of Go keys that come and go as fast as here leave traces that each search has to step over, and the slots
// have to be made anew; here a search is mostly one step, and a slot that is out of use is used again. Not safe for concurrent use.
type slotTable struct {
	seed    maphash.Seed
	buckets []*slot // chains, by the lowest bits of the hash; the number is a power of two
	n       int
	spare   *slot // a chain of slots to use again
	spares  int
}

const (
	leastBuckets = 64
	mostSpares   = 4096 // slots kept for use again: what a window of calls needs
)

func newSlotTable() slotTable {
	return slotTable{seed: maphash.MakeSeed(), buckets: make([]*slot, leastBuckets)}
}

// get returns the slot of a name, nil if there is none.
func (t *slotTable) get(name []byte) *slot {
	hash := maphash.Bytes(t.seed, name)
	for s := t.buckets[hash&uint64(len(t.buckets)-1)]; s != nil; s = s.next {
		if s.hash == hash && s.name == string(name) {
			return s
		}
	}
	return nil
}

// add makes the slot of a name that has none. The first keyLen bytes of the name are the key.
func (t *slotTable) add(name []byte, keyLen int) *slot {
	if t.n >= len(t.buckets) {
		t.resize(2 * len(t.buckets))
	}
	s := t.spare
	if s != nil {
		t.spare, s.next = s.next, nil
		t.spares--
	} else {
		s = new(slot)
	}
	s.name, s.keyLen, s.hash = string(name), uint16(keyLen), maphash.Bytes(t.seed, name) // a key is two parts of at most 2048 bytes, or their base64
	t.link(s)
	t.n++
	return s
}

func (t *slotTable) link(s *slot) {
	first := &t.buckets[s.hash&uint64(len(t.buckets)-1)]
	s.next, *first = *first, s
}

// remove takes out a slot. One that nothing refers to any more may be used again.
func (t *slotTable) remove(s *slot, unused bool) {
	at := &t.buckets[s.hash&uint64(len(t.buckets)-1)]
	for *at != nil && *at != s {
		at = &(*at).next
	}
	if *at == nil {
		return // it is not there
	}
	*at, s.next = s.next, nil
	t.n--
	if t.n == 0 && len(t.buckets) > mostSpares {
		t.resize(leastBuckets) // lets go of the memory of a long backlog
	}
	if unused && t.spares < mostSpares {
		*s = slot{next: t.spare}
		t.spare = s
		t.spares++
	}
}

func (t *slotTable) resize(n int) {
	old := t.buckets
	t.buckets = make([]*slot, n)
	for _, s := range old {
		for s != nil {
			next := s.next
			t.link(s)
			s = next
		}
	}
}

// all goes through the slots. The one that is given may be removed.
func (t *slotTable) all() iter.Seq[*slot] {
	return func(yield func(*slot) bool) {
		for _, s := range t.buckets { // those of now, should they be replaced
			for s != nil {
				next := s.next
				if !yield(s) {
					return
				}
				s = next
			}
		}
	}
}
