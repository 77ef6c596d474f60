package dynamodb

import (
	"slices"
	"strconv"
	"sync"
	"time"
)

// usage is what a call consumed of one table, in capacity units.
type usage struct {
	table   *table
	read    bool
	units   float64            // of the table itself
	indexes map[*index]float64 // of its indexes
}

func (u *usage) addIndex(ix *index, units float64) {
	if units == 0 {
		return
	}
	if u.indexes == nil {
		u.indexes = make(map[*index]float64)
	}
	u.indexes[ix] += units
}

func (u *usage) total() float64 {
	n := u.units
	for _, units := range u.indexes {
		n += units
	}
	return n
}

// writeUnits is what a write of that many bytes costs: one unit for each KB or part of it.
func writeUnits(size int) float64 { return float64(max(1, (size+1023)/1024)) }

// readUnits is what a read of that many bytes costs: one for each 4 KB, half if it need not be
// consistent.
func readUnits(size int, consistent bool) float64 {
	units := float64(max(1, (size+4095)/4096))
	if !consistent {
		units /= 2
	}
	return units
}

// addWrite accounts for the replacement of old by new (either may be absent, with size 0). The
// caller holds the table's lock and calls it before the item's index keys change.
func (u *usage) addWrite(t *table, before, after *version) {
	u.table = t
	u.units += writeUnits(max(before.bytes(), after.bytes()))
	for _, ix := range t.indexes {
		u.addIndex(ix, ix.writeCost(t, before, after))
	}
}

// version is an item before or after a write, as far as its cost depends on it.
type version struct {
	doc     []byte
	size    int
	indexed []key
}

func (v *version) bytes() int {
	if v == nil {
		return 0
	}
	return v.size
}

func (v *version) in(ix *index) bool { return v != nil && v.indexed[ix.number].bytes != "" }

// writeCost is what a write costs the index: nothing if what it holds of the item stays the same,
// one write for an entry that comes, goes or changes, two for one that moves.
func (ix *index) writeCost(t *table, before, after *version) float64 {
	was, is := before.in(ix), after.in(ix)
	switch {
	case !was && !is:
		return 0
	case !was:
		return writeUnits(ix.projectedSize(t, after))
	case !is:
		return writeUnits(ix.projectedSize(t, before))
	case before.indexed[ix.number].bytes != after.indexed[ix.number].bytes:
		return writeUnits(ix.projectedSize(t, before)) + writeUnits(ix.projectedSize(t, after))
	case ix.sameProjection(t, before, after):
		return 0
	}
	return writeUnits(max(ix.projectedSize(t, before), ix.projectedSize(t, after)))
}

// holds reports whether the index has a copy of the attribute.
func (ix *index) holds(t *table, attribute string) bool {
	return ix.projection.kind == "ALL" || t.schema.has(attribute) || ix.schema.has(attribute) ||
		slices.Contains(ix.projection.include, attribute)
}

func (ix *index) projected(t *table, v *version) fields {
	return slices.DeleteFunc(decodeItem(v.doc, t.names), func(f field) bool { return !ix.holds(t, f.name) })
}

func (ix *index) projectedSize(t *table, v *version) int {
	if ix.projection.kind == "ALL" {
		return v.size
	}
	return ix.projected(t, v).size()
}

func (ix *index) sameProjection(t *table, before, after *version) bool {
	a := value{kind: kindMap, fields: ix.projected(t, before)}
	return a.equal(value{kind: kindMap, fields: ix.projected(t, after)})
}

// appendConsumed writes the ConsumedCapacity of one table. detail is the call's
// ReturnConsumedCapacity.
func (u *usage) appendConsumed(out []byte, detail string) []byte {
	out = append(out, `{"TableName":`...)
	out = appendJSONString(out, u.table.name)
	out = append(out, `,"CapacityUnits":`...)
	out = appendUnits(out, u.total())
	if detail == "INDEXES" {
		out = append(out, `,"Table":{"CapacityUnits":`...)
		out = appendUnits(out, u.units)
		out = append(out, '}')
		out = u.appendIndexes(out, "LocalSecondaryIndexes", true)
		out = u.appendIndexes(out, "GlobalSecondaryIndexes", false)
	}
	return append(out, '}')
}

func (u *usage) appendIndexes(out []byte, member string, local bool) []byte {
	first := true
	for _, ix := range u.table.indexes {
		units, used := u.indexes[ix]
		if !used || ix.local != local {
			continue
		}
		if first {
			out = append(out, `,"`...)
			out = append(out, member...)
			out = append(out, `":{`...)
		} else {
			out = append(out, ',')
		}
		first = false
		out = appendJSONString(out, ix.name)
		out = append(out, `:{"CapacityUnits":`...)
		out = appendUnits(out, units)
		out = append(out, '}')
	}
	if !first {
		out = append(out, '}')
	}
	return out
}

// appendUnits writes 3 as 3.0, as Java does.
func appendUnits(out []byte, units float64) []byte {
	return strconv.AppendFloat(out, units, 'f', 1, 64)
}

// burst is how much unused capacity may be saved up.
const burst = 300 * time.Second

// limiter enforces the provisioned capacity of one table and its global indexes.
type limiter struct {
	clock func() time.Time

	mu      sync.Mutex // guards the buckets
	reads   *bucket
	writes  *bucket
	indexes map[*index]*[2]*bucket // reads, writes
}

// bucket holds the units that may be spent now. One call may take more than there is, as at the
// service; the next then waits until the debt is paid.
type bucket struct {
	rate, level float64
	at          time.Time
}

func newLimiter(t *table, clock func() time.Time) *limiter {
	now := clock()
	full := func(rate int64) *bucket {
		return &bucket{rate: float64(rate), level: float64(rate), at: now}
	}
	l := &limiter{clock: clock, reads: full(t.throughput.read), writes: full(t.throughput.write), indexes: map[*index]*[2]*bucket{}}
	for _, ix := range t.indexes {
		if !ix.local {
			l.indexes[ix] = &[2]*bucket{full(ix.throughput.read), full(ix.throughput.write)}
		}
	}
	return l
}

func (b *bucket) refill(now time.Time) {
	b.level = min(b.rate*burst.Seconds(), b.level+b.rate*now.Sub(b.at).Seconds())
	b.at = now
}

// admit reports whether a call may go on. Writes also need room in every global index, for an
// index that cannot keep up holds the table back.
func (l *limiter) admit(read bool, through *index) bool {
	if l == nil {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.clock()
	ok := func(b *bucket) bool {
		b.refill(now)
		return b.level > 0
	}
	if read {
		if ix := l.indexes[through]; ix != nil {
			return ok(ix[0])
		}
		return ok(l.reads)
	}
	for _, ix := range l.indexes {
		if !ok(ix[1]) {
			return false
		}
	}
	return ok(l.writes)
}

// spend takes what a call has consumed.
func (l *limiter) spend(u *usage) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	which, own := 1, l.writes
	if u.read {
		which, own = 0, l.reads
	}
	own.level -= u.units
	for ix, units := range u.indexes {
		if buckets := l.indexes[ix]; buckets != nil {
			buckets[which].level -= units
		} else {
			own.level -= units // a local index spends its table's capacity
		}
	}
}
