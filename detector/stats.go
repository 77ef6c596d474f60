package detector

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"sluice/internal/kafka"
)

// Stats is what a detector has done since it was started. What it reads again,
// silently, to build its state does not count, but for flags.
type Stats struct {
	Flags        int64 // rows read from the topic of flagged accounts
	Transactions int64 // rows of the topic of transactions that were joined
	Skipped      int64 // records of both topics that hold no row: no value, blanks, null
	Matches      int64 // outputs found
	Acknowledged int64 // outputs that were committed, at least once: that Kafka has acknowledged
	State        StateSize
	Partitions   []PartitionStats // of the flags, and of the transactions those that this process has had, by topic and partition
}

// StateSize says how much a detector holds.
type StateSize struct {
	Flags        int   // with account and date: others match nothing
	Transactions int   // that were added since the start
	Bytes        int64 // on disk
}

// PartitionStats is how far a partition has been read.
type PartitionStats struct {
	Topic     string
	Partition int32
	Position  int64 // everything before it was joined and committed, or, of the flags, read
	End       int64 // end of the partition when last asked for, -1 before that
}

// Lag returns how many records are known to wait in the sources. It is 0 until
// the ends are known.
func (s *Stats) Lag() int64 {
	var lag int64
	for _, p := range s.Partitions {
		lag += max(0, p.End-p.Position)
	}
	return lag
}

// counters is the live form of Stats.
type counters struct {
	flags, transactions, skipped, matches, acknowledged atomic.Int64

	stored atomic.Int64 // rows that were new to an engine's store

	mu        sync.Mutex // guards what follows
	state     StateSize
	positions map[kafka.TopicPartition]int64
	ends      map[kafka.TopicPartition]int64
}

// moved notes that everything before positions has been joined.
func (c *counters) moved(positions map[kafka.TopicPartition]int64, state StateSize) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.positions == nil {
		c.positions = make(map[kafka.TopicPartition]int64)
	}
	maps.Copy(c.positions, positions)
	c.state = state
}

// ended notes where partitions end.
func (c *counters) ended(ends map[kafka.TopicPartition]int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ends == nil {
		c.ends = make(map[kafka.TopicPartition]int64)
	}
	maps.Copy(c.ends, ends)
}

// watchFlagEnds keeps the end offsets of the flags up to date; poll does it for
// the transactions. They serve only those who watch, so a failure is left to the
// reader to report.
func (e *engine) watchFlagEnds(ctx context.Context, flags *kafka.TopicReader) error {
	ticker := time.NewTicker(e.cfg.StatsInterval)
	defer ticker.Stop()
	for {
		if ends, err := flags.EndOffsets(ctx); err == nil {
			e.counters.ended(ends)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// Stats returns a snapshot. It may be called from any goroutine at any time.
// Acknowledged is read first, so it is never ahead of Matches.
func (d *Detector) Stats() Stats {
	c := &d.counters
	s := Stats{Acknowledged: c.acknowledged.Load()}
	s.Matches = c.matches.Load()
	s.Flags = c.flags.Load()
	s.Transactions = c.transactions.Load()
	s.Skipped = c.skipped.Load()
	c.mu.Lock()
	defer c.mu.Unlock()
	s.State = c.state
	for tp, position := range c.positions {
		end, ok := c.ends[tp]
		if !ok {
			end = -1
		}
		s.Partitions = append(s.Partitions, PartitionStats{tp.Topic, tp.Partition, position, end})
	}
	slices.SortFunc(s.Partitions, func(a, b PartitionStats) int {
		return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition))
	})
	return s
}
