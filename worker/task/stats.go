package task

import (
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"sluice/connect"
)

// Stats is a task's counters since it was made, and where it stands.
type Stats struct {
	Read           int64 // records read from Kafka
	Put            int64 // records accepted by the plugin
	Filtered       int64 // records dropped by a transform
	Skipped        int64 // records that could not be converted or transformed and were dropped
	Failures       int64 // operations that failed, each try counted
	Retries        int64 // tries after the first
	Errors         int64 // records that could not be converted or transformed, or were reported and not tolerated
	ErrorsLogged   int64
	DLQRequests    int64     // records handed to the dead letter queue
	DLQFailures    int64     // those that it could not be given
	LastFailure    time.Time // zero if there was none
	Partitions     int       // assigned now
	Commits        int64     // that succeeded
	CommitFailures int64
	PutTimeMax     time.Duration                    // longest call of Put
	Committed      map[connect.TopicPartition]int64 // per assigned partition: last committed, or where reading began
	Lag            map[connect.TopicPartition]int64 // records between the reader and the end of each partition
}

type counters struct {
	read, put, filtered, skipped, commits, commitFailures, putTimeMax              atomic.Int64
	failures, retries, errors, errorsLogged, dlqRequests, dlqFailures, lastFailure atomic.Int64

	mu        sync.Mutex // guards committed
	committed map[connect.TopicPartition]int64
}

// commit notes where a partition's commits stand.
func (c *counters) commit(tp connect.TopicPartition, offset int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.committed == nil {
		c.committed = map[connect.TopicPartition]int64{}
	}
	c.committed[tp] = offset
}

// forget drops partitions that are no longer assigned.
func (c *counters) forget(parts []connect.TopicPartition) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, tp := range parts {
		delete(c.committed, tp)
	}
}

func (c *counters) positions() map[connect.TopicPartition]int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.committed)
}

func (c *counters) putTime(d time.Duration) {
	if int64(d) > c.putTimeMax.Load() { // only the task's goroutine writes
		c.putTimeMax.Store(int64(d))
	}
}

// failed counts an operation that failed.
func (c *counters) failed() {
	c.failures.Add(1)
	c.lastFailure.Store(time.Now().UnixMilli())
}

// Metrics returns the figures that the plugin keeps about itself; it may be called at any time.
func (t *Task) Metrics() *connect.Metrics { return t.metrics }

// Stats returns the counters; it may be called at any time.
func (t *Task) Stats() Stats {
	committed := t.stats.positions()
	s := Stats{
		Read:           t.stats.read.Load(),
		Put:            t.stats.put.Load(),
		Filtered:       t.stats.filtered.Load(),
		Skipped:        t.stats.skipped.Load(),
		Failures:       t.stats.failures.Load(),
		Retries:        t.stats.retries.Load(),
		Errors:         t.stats.errors.Load(),
		ErrorsLogged:   t.stats.errorsLogged.Load(),
		DLQRequests:    t.stats.dlqRequests.Load(),
		DLQFailures:    t.stats.dlqFailures.Load(),
		Commits:        t.stats.commits.Load(),
		CommitFailures: t.stats.commitFailures.Load(),
		PutTimeMax:     time.Duration(t.stats.putTimeMax.Load()),
		Partitions:     len(committed),
		Committed:      committed,
		Lag:            map[connect.TopicPartition]int64{},
	}
	if at := t.stats.lastFailure.Load(); at != 0 {
		s.LastFailure = time.UnixMilli(at)
	}
	for tp, lag := range t.reader.Lag() {
		s.Lag[connect.TopicPartition(tp)] = lag
	}
	return s
}
