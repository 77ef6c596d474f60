package dynamodb

import (
	"sync"
	"time"
)

// table is one table and its indexes.
//
// mu guards everything below it. It is taken for the time of one batch or one page, never across
// network I/O. Calls that touch several tables at once (transactions) lock them in the order of
// their names.
type table struct {
	name       string
	id         string
	arn        string
	created    time.Time
	schema     keySchema
	attributes []keyPart // as defined, in order
	onDemand   bool
	throughput throughput
	protected  bool
	indexes    []*index
	names      *dictionary
	limits     *limiter // nil: capacity is not enforced

	mu    sync.Mutex
	items map[uint64]*item // by hash of the whole key; collisions are chained
	order *ordered
	count int64
	bytes int64
	ttl   string // attribute that holds the expiry, empty: off
}

// index is a secondary index. What it holds is in order; its place in an item is number.
type index struct {
	name       string
	number     int
	local      bool
	schema     keySchema
	projection projection
	throughput throughput
	order      *ordered
	count      int64
	bytes      int64
}

type throughput struct{ read, write int64 }

// projection says which attributes an index holds.
type projection struct {
	kind    string // ALL, KEYS_ONLY or INCLUDE
	include []string
}

// item is one item at rest. doc is replaced, never changed.
type item struct {
	key     key
	doc     []byte
	size    int
	dead    bool  // deleted; entries that still point here are to be dropped
	next    *item // another key with the same hash
	indexed []key // by index number; the zero key where the item is not in the index
}

func (it *item) inIndex(n int) bool { return it.indexed[n].bytes != "" }

func newTable(name string) *table {
	return &table{
		name:  name,
		names: newDictionary(),
		items: make(map[uint64]*item),
		order: newOrdered(func(e *entry) bool { return !e.item.dead }),
	}
}

func (t *table) addIndex(ix *index) {
	ix.number = len(t.indexes)
	n := ix.number
	ix.order = newOrdered(func(e *entry) bool {
		k := &e.item.indexed[n]
		return !e.item.dead && k.hashLen == e.key.hashLen && k.bytes == e.key.bytes
	})
	t.indexes = append(t.indexes, ix)
}

func (t *table) index(name string) *index {
	for _, ix := range t.indexes {
		if ix.name == name {
			return ix
		}
	}
	return nil
}

// find answers the item with the key, nil if there is none. The caller holds mu.
func (t *table) find(k key) *item {
	it := t.items[hash64(k.bytes)]
	for it != nil && (it.key.bytes != k.bytes || it.key.hashLen != k.hashLen) {
		it = it.next
	}
	return it
}

// write is a checked item, ready to be stored.
type write struct {
	key     key
	doc     []byte
	size    int
	indexed []key // nil if the table has no index
}

// put stores an item and answers the one it replaced. The caller holds mu.
func (t *table) put(w write) (old []byte, oldSize int) {
	it := t.find(w.key)
	if it == nil {
		it = &item{key: w.key, indexed: make([]key, len(t.indexes))}
		if len(t.indexes) == 0 {
			it.indexed = nil
		}
		h := hash64(w.key.bytes)
		it.next = t.items[h]
		t.items[h] = it
		t.order.add(entry{it.key, it})
		t.count++
	} else {
		old, oldSize = it.doc, it.size
	}
	for i, ix := range t.indexes {
		ix.move(it, w.indexed[i], oldSize, w.size)
	}
	t.bytes += int64(w.size - oldSize)
	it.doc, it.size = w.doc, w.size
	return old, oldSize
}

// move brings an item's place in the index up to date.
func (ix *index) move(it *item, to key, oldSize, size int) {
	was := it.inIndex(ix.number)
	is := to.bytes != ""
	if was {
		ix.count--
		ix.bytes -= int64(oldSize)
	}
	if is {
		ix.count++
		ix.bytes += int64(size)
	}
	from := it.indexed[ix.number]
	if from.bytes == to.bytes && from.hashLen == to.hashLen {
		return
	}
	it.indexed[ix.number] = to
	if was {
		ix.order.dead++
	}
	if is {
		ix.order.add(entry{to, it})
	}
}

// remove deletes an item and answers what it was. The caller holds mu.
func (t *table) remove(k key) (old []byte, oldSize int) {
	it := t.find(k)
	if it == nil {
		return nil, 0
	}
	h := hash64(k.bytes)
	if t.items[h] == it {
		if it.next == nil {
			delete(t.items, h)
		} else {
			t.items[h] = it.next
		}
	} else {
		before := t.items[h]
		for before.next != it {
			before = before.next
		}
		before.next = it.next
	}
	for _, ix := range t.indexes {
		ix.move(it, key{}, it.size, 0)
	}
	it.dead = true
	t.order.dead++
	t.count--
	t.bytes -= int64(it.size)
	return it.doc, it.size
}

// indexKeys answers the item's key in each index, the zero key where an attribute is missing.
func (t *table) indexKeys(attribute func(name string) (encoded []byte, ok bool), scratch []byte) []key {
	if len(t.indexes) == 0 {
		return nil
	}
	out := make([]key, len(t.indexes))
	for i, ix := range t.indexes {
		hash, ok := attribute(ix.schema.hash.name)
		var rng []byte
		if ok && ix.schema.hasRange {
			rng, ok = attribute(ix.schema.rng.name)
		}
		if ok {
			out[i] = makeKey(scratch, hash, rng)
		}
	}
	return out
}
