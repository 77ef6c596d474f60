package dynamodb

import (
	"cmp"
	"slices"
	"sort"
	"strings"
)

// ordered keeps entries in the order of a scan: by the hash of the hash attribute, then by that
// attribute, by the range attribute and, in an index, by the table's key. A collection (the items
// of one hash attribute) therefore stands together, sorted for Query.
//
// Writes only append; the order is made when somebody reads. To keep that cheap, entries are spread
// over shards by the high bits of the hash, and a read sorts only the shards it walks. Entries of
// items that are gone, or have left the index, stay until their shard is next sorted.
type ordered struct {
	shards []shard
	bits   uint // len(shards) == 1<<bits
	count  int  // entries in all shards, dead ones included
	dead   int  // about how many of them are dead
	live   func(*entry) bool
}

type shard struct {
	entries []entry
	sorted  int // entries[:sorted] are in order
}

// entry is one item's place in an order.
type entry struct {
	key  key // of the table or of the index
	item *item
}

// shardFill is the number of entries per shard at which the number of shards doubles.
const shardFill = 256

func newOrdered(live func(*entry) bool) *ordered {
	return &ordered{shards: make([]shard, 1), live: live}
}

func (o *ordered) shardOf(hash uint64) int { return int(hash >> (64 - o.bits)) }

func (o *ordered) add(e entry) {
	if o.count >= shardFill*len(o.shards) {
		o.tidy()
	}
	s := &o.shards[o.shardOf(e.key.hash)]
	s.entries = append(s.entries, e)
	o.count++
}

// tidy makes room: it drops the dead if they are many, else it doubles the shards.
func (o *ordered) tidy() {
	if o.dead > o.count/2 {
		o.count = 0
		for i := range o.shards {
			o.shards[i].sort(o.live)
			o.count += len(o.shards[i].entries)
		}
		o.dead = 0
		return
	}
	grown := make([]shard, 2*len(o.shards))
	o.bits++
	for i := range o.shards {
		old := o.shards[i]
		for j, e := range old.entries {
			s := &grown[o.shardOf(e.key.hash)]
			s.entries = append(s.entries, e)
			if j < old.sorted {
				s.sorted = len(s.entries)
			}
		}
		o.shards[i] = shard{}
	}
	o.shards = grown
}

func compareEntries(a, b entry) int {
	if c := comparePositions(a.key, b.key); c != 0 {
		return c
	}
	return strings.Compare(a.item.key.bytes, b.item.key.bytes)
}

// comparePositions orders keys of one schema as a scan meets them.
func comparePositions(a, b key) int {
	if c := cmp.Compare(a.hash, b.hash); c != 0 {
		return c
	}
	if c := strings.Compare(a.hashPart(), b.hashPart()); c != 0 {
		return c
	}
	return strings.Compare(a.rangePart(), b.rangePart())
}

// sort brings the shard into order and drops entries that are dead or double.
func (s *shard) sort(live func(*entry) bool) {
	tail := s.entries[s.sorted:]
	slices.SortFunc(tail, compareEntries)
	merged := make([]entry, 0, len(s.entries))
	head := s.entries[:s.sorted]
	for len(head) > 0 || len(tail) > 0 {
		var e entry
		if len(tail) == 0 || len(head) > 0 && compareEntries(head[0], tail[0]) <= 0 {
			e, head = head[0], head[1:]
		} else {
			e, tail = tail[0], tail[1:]
		}
		if !live(&e) || len(merged) > 0 && compareEntries(merged[len(merged)-1], e) == 0 {
			continue
		}
		merged = append(merged, e)
	}
	s.entries, s.sorted = merged, len(merged)
}

// ready answers a shard in order.
func (o *ordered) ready(i int) []entry {
	s := &o.shards[i]
	if s.sorted < len(s.entries) {
		before := len(s.entries)
		s.sort(o.live)
		o.count -= before - len(s.entries)
		o.dead = max(0, o.dead-(before-len(s.entries)))
	}
	return s.entries
}

// collection answers the entries of one hash attribute, in order. Some may be dead.
func (o *ordered) collection(hashPart string) []entry {
	hash := hash64(hashPart)
	entries := o.ready(o.shardOf(hash))
	from := key{bytes: hashPart, hashLen: len(hashPart), hash: hash}
	lo := sort.Search(len(entries), func(i int) bool { return comparePositions(entries[i].key, from) >= 0 })
	n := sort.Search(len(entries)-lo, func(i int) bool {
		k := entries[lo+i].key
		return k.hash != hash || k.hashPart() != hashPart
	})
	return entries[lo : lo+n]
}

// walk calls visit for the live entries after the given one whose hash lies in [from, to], in
// order, until visit answers false. A nil after starts at the beginning.
func (o *ordered) walk(from, to uint64, after *entry, visit func(*entry) bool) {
	if after != nil {
		from = max(from, after.key.hash)
	}
	for i := o.shardOf(from); i <= o.shardOf(to); i++ {
		entries := o.ready(i)
		lo := sort.Search(len(entries), func(j int) bool {
			return entries[j].key.hash >= from && (after == nil || compareEntries(entries[j], *after) > 0)
		})
		for j := lo; j < len(entries) && entries[j].key.hash <= to; j++ {
			if o.live(&entries[j]) && !visit(&entries[j]) {
				return
			}
		}
	}
}
