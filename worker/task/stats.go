package task

import (
	"sync/atomic"
	"time"

	"sluice/connect"
)

// Stats is a task's counters since it was made, and where it stands.
type Stats struct {
	Read           int64 // records read from Kafka
	Put            int64 // records accepted by the plugin
	Skipped        int64 // records dropped by tolerance
	Failures       int64 // failed attempts at a record
	Partitions     int64 // assigned now
	Commits        int64 // that succeeded
	CommitFailures int64
	PutTimeMax     time.Duration                    // longest call of Put
	Lag            map[connect.TopicPartition]int64 // records between the reader and the end of each partition
}

type counters struct {
	read, put, skipped, failures, partitions, commits, commitFailures, putTimeMax atomic.Int64
}

func (c *counters) putTime(d time.Duration) {
	if int64(d) > c.putTimeMax.Load() { // only the task's goroutine writes
		c.putTimeMax.Store(int64(d))
	}
}

// Stats returns the counters; it may be called at any time.
func (t *Task) Stats() Stats {
	s := Stats{
		Read:           t.stats.read.Load(),
		Put:            t.stats.put.Load(),
		Skipped:        t.stats.skipped.Load(),
		Failures:       t.stats.failures.Load(),
		Partitions:     t.stats.partitions.Load(),
		Commits:        t.stats.commits.Load(),
		CommitFailures: t.stats.commitFailures.Load(),
		PutTimeMax:     time.Duration(t.stats.putTimeMax.Load()),
		Lag:            map[connect.TopicPartition]int64{},
	}
	for tp, lag := range t.reader.Lag() {
		s.Lag[connect.TopicPartition(tp)] = lag
	}
	return s
}
