package task

import (
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"sluice/connect"
	"sluice/internal/kafka"
	"sluice/internal/sampled"
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
	LastFailure    time.Time // of a record, for good; zero if there was none
	Partitions     int       // assigned now
	Commits        int64     // sent, that succeeded
	CommitFailures int64
	Committed      map[connect.TopicPartition]int64 // per assigned partition: last committed, or where reading began
	Lag            map[connect.TopicPartition]int64 // records between the reader and the end of each partition
}

// Recent is what a task did of late, and what its clients tell. Times are in milliseconds.
//
// Kafka: WorkerSinkTask.SinkTaskMetricsGroup, WorkerTask.TaskMetricsGroup.
type Recent struct {
	Reads          sampled.Reading // records in each poll, none included
	Puts           sampled.Reading // records in each batch that the plugin has accepted, none included
	PutTimes       sampled.Reading // how long each of these took
	Active         sampled.Reading // records that were read and are not committed
	CommitSequence int64           // how often a commit was begun
	CommitTimes    sampled.Reading // how long each took that was not refused, from the question to the plugin to the broker's answer
	CommitOutcomes sampled.Reading // 1 for each of these, 0 for a refused one
	SkippedCommits sampled.Reading // one for each answer that came too late to count

	Reader   *kafka.ReaderStats   // of the consumer; nil if it is closed, or not Kafka's
	Producer *kafka.ProducerStats // of the dead letter queue; nil if there is none, or it is closed
}

// counters are what a task counts. Sensors take a lock: they are for what happens once a poll, and not for each record.
type counters struct {
	filtered, skipped, commits, commitFailures                                     atomic.Int64
	failures, retries, errors, errorsLogged, dlqRequests, dlqFailures, lastFailure atomic.Int64

	read, put, putTime, active, commitTime, commitOutcome, skippedCommits *sampled.Sensor
	commitSequence                                                        atomic.Int64

	readerClosed, dlqClosed atomic.Bool

	mu        sync.Mutex // guards committed
	committed map[connect.TopicPartition]int64
}

func (c *counters) init(w sampled.Window) {
	for _, s := range []**sampled.Sensor{&c.read, &c.put, &c.putTime, &c.active, &c.commitTime, &c.commitOutcome, &c.skippedCommits} {
		*s = sampled.New(w)
	}
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

// countActive counts the records between the last commit and the end of what was read.
//
// Kafka: SinkTaskMetricsGroup.computeSinkRecordLag.
func (t *Task) countActive() {
	active := int64(0)
	for _, p := range t.offsets.parts {
		active += max(0, p.pending-p.committed)
	}
	t.stats.active.Record(float64(active))
}

// beginCommit notes that the offsets of partitions are to be committed, if there are any.
func (t *Task) beginCommit(now time.Time, parts []connect.TopicPartition) {
	if len(parts) > 0 {
		t.stats.commitSequence.Add(1)
		t.offsets.begun = now
	}
}

// endCommit notes what became of the commit that was begun last. As in Kafka one that had nothing to send has succeeded.
func (t *Task) endCommit(err error) {
	began := t.offsets.begun
	if began.IsZero() {
		return
	}
	t.offsets.begun = time.Time{}
	if err != nil {
		t.stats.commitOutcome.Record(0)
		return
	}
	t.stats.commitOutcome.RecordAt(t.stats.commitTime.Since(began), 1)
}

// Metrics returns the figures that the plugin keeps about itself; it may be called at any time.
func (t *Task) Metrics() *connect.Metrics { return t.metrics }

// Stats returns the counters; it may be called at any time.
func (t *Task) Stats() Stats {
	committed := t.stats.positions()
	s := Stats{
		Read:           int64(t.stats.read.Read().Total),
		Put:            int64(t.stats.put.Read().Total),
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

// Recent returns what the task did of late; it may be called at any time.
func (t *Task) Recent() Recent {
	now := time.Now()
	r := Recent{
		Reads:          t.stats.read.ReadAt(now),
		Puts:           t.stats.put.ReadAt(now),
		PutTimes:       t.stats.putTime.ReadAt(now),
		Active:         t.stats.active.ReadAt(now),
		CommitSequence: t.stats.commitSequence.Load(),
		CommitTimes:    t.stats.commitTime.ReadAt(now),
		CommitOutcomes: t.stats.commitOutcome.ReadAt(now),
		SkippedCommits: t.stats.skippedCommits.ReadAt(now),
	}
	if reader, ok := t.reader.(interface{ Stats() kafka.ReaderStats }); ok && !t.stats.readerClosed.Load() {
		s := reader.Stats()
		r.Reader = &s
	}
	if t.dlq == nil || t.stats.dlqClosed.Load() {
		return r
	}
	if producer, ok := t.dlq.producer.(interface{ Stats() kafka.ProducerStats }); ok {
		s := producer.Stats()
		r.Producer = &s
	}
	return r
}
