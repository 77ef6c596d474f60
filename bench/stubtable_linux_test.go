package bench

import (
	"sync"
	"sync/atomic"
	"time"
)

// faults are what the stub does to its clients. Chances are between 0 and 1.
type faults struct {
	Latency     time.Duration // of each answer
	Unprocessed float64       // chance of a write to come back
	Throttled   float64       // chance of a call to be throttled
	Errors      float64       // chance of a call to be answered with 500
	Cut         float64       // chance of a call to be carried out and then to lose its connection without an answer
	Outage      time.Duration // from the moment that this is set calls are answered with 500 or cut off, by turns
	RejectEvery uint64        // a call with a write whose version is divisible by it is refused, 0: none is
	KeyUnits    int           // writes of one key in a tenth of a second, 0: as many as come

	outageEnd time.Time
}

// stubCounts are what came of the calls so far.
type stubCounts struct {
	Calls, Items                                  int64 // items: writes that were carried out
	Throttled, Unprocessed, Errors, Cut, Rejected int64
	Unsigned, Invalid, DupInBatch                 int64 // what a correct sink never does
	Overlap, Reordered                            int64 // two writes of one key in flight; a lower version after a higher one
	MaxInFlight                                   int64
	LastWrite                                     int64  // when the last write was done, in nanoseconds since 1970
	Keys                                          int64  // items that the table holds
	Digest                                        uint64 // of the items that the table holds, see state
	WhyInvalid                                    string // the first reason
}

type stubCounters struct {
	calls, items                                  atomic.Int64
	throttled, unprocessed, errors, cut, rejected atomic.Int64
	unsigned, invalid, dupInBatch                 atomic.Int64
	overlap, reordered                            atomic.Int64
	inFlight, maxInFlight                         atomic.Int64
	lastWrite                                     atomic.Int64
	whyInvalid                                    atomic.Pointer[string]
}

// stubItem is what the stub knows of a key.
type stubItem struct {
	content  uint64
	version  uint64
	tenth    uint32 // of a second, in which used writes were let through
	used     uint16
	inFlight uint16
	present  bool
}

// stubKeys are all keys of the table, in parts with a lock each. 32 bytes a key: a million takes some 50 MB.
type stubKeys [64]struct {
	sync.Mutex
	items  map[uint64]stubItem
	digest uint64
	count  int64
}

// begin notes that a write is in flight, and reports whether its key has a unit left.
func (k *stubKeys) begin(w *stubWrite, units int, now time.Time, c *stubCounters) bool {
	part := &k[w.key&63]
	part.Lock()
	defer part.Unlock()
	it := part.items[w.key]
	it.inFlight++
	if it.inFlight > 1 {
		c.overlap.Add(1)
	}
	ok := true
	if units > 0 {
		if tenth := uint32(now.UnixMilli() / 100); it.tenth != tenth {
			it.tenth, it.used = tenth, 0
		}
		if ok = int(it.used) < units; ok {
			it.used++
		}
	}
	part.items[w.key] = it
	return ok
}

// end notes that a write is no longer in flight; apply says whether it has been carried out.
func (k *stubKeys) end(w *stubWrite, apply bool, c *stubCounters) {
	part := &k[w.key&63]
	part.Lock()
	defer part.Unlock()
	it := part.items[w.key]
	it.inFlight--
	if apply {
		if it.present {
			part.digest -= state(w.key, it.content)
			part.count--
		}
		it.present = !w.remove
		if !w.remove {
			if w.version < it.version {
				c.reordered.Add(1)
			}
			it.content, it.version = w.content, w.version
			part.digest += state(w.key, it.content)
			part.count++
		}
	}
	part.items[w.key] = it
}

// state stands for an item in the sum that stands for the table: two tables with the same items have the same sum, whatever was written when.
func state(key, content uint64) uint64 { return mix(key, content) }

// sum returns how many items there are and the sum of their states.
func (k *stubKeys) sum() (count int64, digest uint64) {
	for i := range k {
		k[i].Lock()
		count += k[i].count
		digest += k[i].digest
		k[i].Unlock()
	}
	return count, digest
}
