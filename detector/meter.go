package detector

import (
	"sync"
	"sync/atomic"
	"time"

	"sluice/detector/state"
	"sluice/internal/fraud"
	"sluice/internal/kafka"
)

// meter is what an engine tells about itself, beside its counters. Its numbers only grow, as those who watch rates want it. Those who count
// never wait for those who watch.
type meter struct {
	nullKeys, failed         atomic.Int64
	commitFailures, restarts atomic.Int64
	assigned, revoked, lost  atomic.Int64
	commits, fanOut          *distribution

	mu       sync.Mutex // guards what follows; taken before that of a shardMeter
	phase    Phase
	store    *state.Store                  // nil before it is open and after it is closed
	clients  map[string]func() ClientStats // by what the client is for
	shards   map[int32]*shardMeter
	flags    map[int32]*FlagStats
	earliest map[kafka.TopicPartition]int64 // oldest retained offsets
	contact  time.Time                      // when Kafka has answered last
	trouble  error                          // of the last question to it; nil if it was answered
}

func newMeter() *meter {
	ms := int64(time.Millisecond)
	return &meter{
		commits: newDistribution(1e9, 2*ms, 5*ms, 10*ms, 20*ms, 50*ms, 100*ms, 200*ms, 500*ms, 1000*ms, 2000*ms, 5000*ms, 10_000*ms, 30_000*ms, 120_000*ms),
		fanOut:  newDistribution(1, 0, 1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000),
		phase:   Starting, contact: time.Now(),
		clients: make(map[string]func() ClientStats), shards: make(map[int32]*shardMeter), flags: make(map[int32]*FlagStats),
		earliest: make(map[kafka.TopicPartition]int64),
	}
}

// row counts a row that was read, if it matches nothing for want of an account or a date.
func (m *meter) row(whole bool) {
	if !whole {
		m.nullKeys.Add(1)
	}
}

// opened notes the state.
func (m *meter) opened(s *state.Store) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.store = s
}

// became notes what the detector as a whole does. Stopping is for good, and the state may be closed after it.
func (m *meter) became(p Phase) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case p == Stopping:
		m.phase, m.store = p, nil
	case m.phase != Stopping:
		m.phase = p
	}
}

// client notes a client; nil is one that has gone.
func (m *meter) client(purpose string, stats func() ClientStats) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if stats == nil {
		delete(m.clients, purpose)
		return
	}
	m.clients[purpose] = stats
}

// shard makes the meter of a partition that was given to this process.
func (m *meter) shard(partition int32) *shardMeter {
	s := &shardMeter{stats: ShardStats{Partition: partition, Phase: Starting, Progress: time.Now(), Base: -1, Committed: -1, Applied: -1, Stored: -1}}
	m.assigned.Add(1)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.shards[partition] = s
	return s
}

// ended forgets a partition that is another's now.
func (m *meter) ended(s *shardMeter) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.shards[s.stats.Partition] == s {
		delete(m.shards, s.stats.Partition)
	}
}

// read counts what was read of a partition of the flags. newest is the latest date among them.
func (m *meter) read(partition int32, records int, position int64, newest fraud.Nullable[fraud.Timestamp]) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f := m.flags[partition]
	if f == nil {
		f = &FlagStats{Partition: partition}
		m.flags[partition] = f
	}
	f.Records += int64(records)
	f.Position = position
	f.Newest = later(f.Newest, newest)
}

// later returns the later one of two dates.
func later(a, b fraud.Nullable[fraud.Timestamp]) fraud.Nullable[fraud.Timestamp] {
	if !a.Valid || b.Valid && b.Value > a.Value {
		return b
	}
	return a
}

// shardMeter is what a shard tells about itself. Its goroutine writes, once for each batch.
type shardMeter struct {
	mu    sync.Mutex
	stats ShardStats
}

// update changes the figures.
func (s *shardMeter) update(change func(*ShardStats)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.stats
	change(&s.stats)
	after := &s.stats
	if after.Applied > before.furthest || after.Committed > before.Committed || after.Remaining < before.Remaining || after.Late || after.Phase == Live && before.Phase != Live {
		after.Progress = time.Now()
	}
	after.furthest = max(before.furthest, after.Applied)
}

func (s *shardMeter) read() ShardStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stats
}
