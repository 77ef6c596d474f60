package state

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2"
)

// Metrics is what a store tells about itself.
type Metrics struct {
	Flags          int64 // with account and date
	DiskBytes      int64 // of the files
	MemoryBytes    int64 // of rows that are not in files yet
	CacheBytes     int64 // of the files' blocks in memory
	CompactionDebt int64 // bytes that are still to be rewritten until the files are in their order
	ReadFiles      int64 // files, or layers of them, that a search may have to look into
	Compactions    int64 // since the store was opened
	Flushes        int64 // since the store was opened
	Stalls         int64 // times that writes had to wait for the disk
	Stalled        time.Duration
	Stalling       bool            // writes wait right now
	Durable        map[int32]int64 // by partition of the transactions that was used: rows below are on disk, or more
}

// Metrics returns what the store tells about itself. It must not be called after Close.
func (s *Store) Metrics() Metrics {
	p := s.db.Metrics()
	m := Metrics{
		Flags: s.FlagCount(), DiskBytes: int64(p.DiskSpaceUsage()), MemoryBytes: int64(p.MemTable.Size), CacheBytes: p.BlockCache.Size,
		CompactionDebt: int64(p.Compact.EstimatedDebt), ReadFiles: int64(p.ReadAmp()), Compactions: p.Compact.Count, Flushes: p.Flush.Count,
		Durable: s.durable.known(),
	}
	m.Stalls, m.Stalled, m.Stalling = s.stalls.read(time.Now())
	return m
}

// stalls counts how often writes wait for the disk. Pebble tells when it begins and ends, one at a time.
type stalls struct {
	mu    sync.Mutex
	count int64
	took  time.Duration
	since time.Time // of the one that has not ended; zero if there is none
}

func (s *stalls) begin(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count++
	s.since = now
}

func (s *stalls) end(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.since.IsZero() {
		s.took += now.Sub(s.since)
		s.since = time.Time{}
	}
}

func (s *stalls) read(now time.Time) (count int64, took time.Duration, waiting bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.since.IsZero() {
		return s.count, s.took, false
	}
	return s.count, s.took + now.Sub(s.since), true
}

// watchStalls has Pebble tell of stalls.
func (s *Store) watchStalls(l *pebble.EventListener) {
	l.WriteStallBegin = func(pebble.WriteStallBeginInfo) { s.stalls.begin(time.Now()) }
	l.WriteStallEnd = func() { s.stalls.end(time.Now()) }
}

// durability follows which rows are on disk: what was given to the store before a flush began, once that is over. Flushes that Pebble
// makes by itself are not followed, so there may be more.
type durability struct {
	mu       sync.Mutex
	saved    map[int32]int64 // what the store was given
	onDisk   map[int32]int64
	flushing []flushing // oldest first
}

// flushing is a flush under way.
type flushing struct {
	done <-chan struct{}
	rows map[int32]int64 // what is on disk then
}

// maxFlushing bounds the flushes that are followed, for a disk that has stopped working.
const maxFlushing = 4

// opened notes what was found of a partition.
func (d *durability) opened(partition int32, next int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.saved == nil {
		d.saved, d.onDisk = make(map[int32]int64), make(map[int32]int64)
	}
	if _, known := d.saved[partition]; !known {
		d.saved[partition], d.onDisk[partition] = next, next
	}
}

// gave notes that the store was given the rows of a partition below next.
func (d *durability) gave(partition int32, next int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.saved[partition] = next
}

// dropped forgets a partition.
func (d *durability) dropped(partition int32) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.saved, partition)
	delete(d.onDisk, partition)
	for _, f := range d.flushing {
		delete(f.rows, partition)
	}
}

// given returns what the store was given, to be asked for before a flush begins.
func (d *durability) given() map[int32]int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return maps.Clone(d.saved)
}

// flush notes a flush that has begun, of the rows that were given before.
func (d *durability) flush(done <-chan struct{}, given map[int32]int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.settle()
	if len(d.flushing) < maxFlushing {
		d.flushing = append(d.flushing, flushing{done, given})
	}
}

// settle takes note of flushes that are over. d.mu is held.
func (d *durability) settle() {
	d.flushing = slices.DeleteFunc(d.flushing, func(f flushing) bool {
		select {
		case <-f.done:
			for partition, next := range f.rows {
				if _, used := d.saved[partition]; used {
					d.onDisk[partition] = max(d.onDisk[partition], next)
				}
			}
			return true
		default:
			return false
		}
	})
}

func (d *durability) known() map[int32]int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.settle()
	return maps.Clone(d.onDisk)
}

// Flags returns how many flags the store has that the shard has not joined, and how many the shard has joined that
// the store does not have yet.
func (sh *Shard) Flags() (waiting, missing int64) {
	sh.store.flags.mu.RLock()
	defer sh.store.flags.mu.RUnlock()
	for i, r := range sh.pos.Flags {
		ahead := sh.store.flags.ranges[i].Next - r.Next
		waiting += max(0, ahead)
		missing += max(0, -ahead)
	}
	return waiting, missing
}
