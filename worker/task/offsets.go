package task

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"sluice/connect"
	"sluice/internal/kafka"
)

// position is how far one partition has come. All offsets are that of the next record.
//
//	committed <= durable (known to the plugin) <= current <= pending
type position struct {
	committed int64 // last committed, or where reading began
	stored    bool  // it was committed since then, and not just found
	current   int64 // everything before it was accepted by Put, or skipped
	pending   int64 // everything before it was converted; in the batch that waits for Put
}

// offsets is the task's bookkeeping of positions and commits. Only the task's goroutine uses it, but for the results of asynchronous
// commits.
type offsets struct {
	parts   map[connect.TopicPartition]*position
	touched []*position // those whose pending is ahead of current

	nextCommit time.Time
	requested  bool // a commit is due now

	seq      int                              // of the last commit that was sent
	inFlight map[connect.TopicPartition]int64 // what the asynchronous commit under way is about; nil if there is none
	sentAt   time.Time                        // when it was sent
	begun    time.Time                        // when the commit under way was begun, the plugin's part included; zero if its end was counted

	mu      sync.Mutex // guards results
	results []commitResult
}

type commitResult struct {
	seq int
	err error
}

func (o *offsets) init() { o.parts = map[connect.TopicPartition]*position{} }

// assign adds partitions with the offsets at which reading begins.
func (t *Task) assign(added map[kafka.TopicPartition]int64) []connect.TopicPartition {
	parts := make([]connect.TopicPartition, 0, len(added))
	for tp, at := range added {
		p := connect.TopicPartition(tp)
		t.offsets.parts[p] = &position{committed: at, current: at, pending: at}
		t.stats.commit(p, at)
		parts = append(parts, p)
	}
	t.countActive()
	sortPartitions(parts)
	return parts
}

// forget drops partitions. The answer to a commit that is under way no longer matters: a partition that comes back starts
// afresh, and for the others the next commit says it again.
func (t *Task) forget(parts []connect.TopicPartition) {
	for _, tp := range parts {
		delete(t.offsets.parts, tp)
	}
	t.offsets.voidAnswer()
	t.reports.forget(parts)
	t.stats.forget(parts)
	t.countActive()
}

func (o *offsets) assigned() []connect.TopicPartition {
	parts := slices.Collect(maps.Keys(o.parts))
	sortPartitions(parts)
	return parts
}

// convertedTo notes that the batch now reaches up to next.
func (o *offsets) convertedTo(p *position, next int64) {
	if p.pending == p.current {
		o.touched = append(o.touched, p)
	}
	p.pending = next
}

// advance declares the batch accepted.
func (o *offsets) advance() {
	for _, p := range o.touched {
		p.current = p.pending
	}
	o.touched = o.touched[:0]
}

// moveTo makes the partition go on from an offset, as after a seek. The answer to a commit that is under way would be about the
// time before, and does not count.
func (o *offsets) moveTo(tp connect.TopicPartition, offset int64) {
	if p := o.parts[tp]; p != nil {
		*p = position{committed: offset, current: offset, pending: offset}
	}
	o.voidAnswer()
}

// voidAnswer makes the answer to the commit under way, if there is one, count for nothing.
func (o *offsets) voidAnswer() {
	o.seq++
	o.inFlight = nil
}

func (o *offsets) requestCommit() { o.requested = true }

// currentOf returns how far the given partitions were put.
func (o *offsets) currentOf(parts []connect.TopicPartition) map[connect.TopicPartition]int64 {
	out := make(map[connect.TopicPartition]int64, len(parts))
	for _, tp := range parts {
		if p := o.parts[tp]; p != nil {
			out[tp] = p.current
		}
	}
	return out
}

// commitIfDue starts a commit when the interval is over or someone asked for one, unless one is in flight.
func (t *Task) commitIfDue(ctx context.Context) error {
	o := &t.offsets
	t.takeCommitResults()
	now := time.Now()
	if o.inFlight != nil && now.Sub(o.sentAt) >= t.cfg.OffsetFlushTimeout {
		t.log.Warn("offset commit was not answered in time", "timeout", t.cfg.OffsetFlushTimeout)
		t.stats.commitFailures.Add(1)
		o.inFlight = nil // a late answer has an old number and is ignored
	}
	if !o.requested && !t.sinkCtx.takeCommitRequest() && now.Before(o.nextCommit) {
		return nil
	}
	if o.inFlight != nil {
		o.requested = true // as soon as the one under way is through
		o.nextCommit = now.Add(t.cfg.OffsetFlushInterval)
		return nil
	}
	o.requested = false
	o.nextCommit = now.Add(t.cfg.OffsetFlushInterval)
	parts := o.assigned()
	t.beginCommit(now, parts)
	durable, err := t.preCommit(ctx, parts, false)
	if err != nil {
		t.endCommit(err)
		if ctx.Err() != nil {
			return nil // cancelled
		}
		t.log.Warn("pre-commit failed; going back to the last committed offsets", "err", err)
		return t.rewindToCommitted()
	}
	if durable = t.committable(parts, durable); len(durable) == 0 || ctx.Err() != nil {
		t.endCommit(nil)
		return nil
	}
	o.seq++
	seq := o.seq
	o.inFlight, o.sentAt = durable, now
	t.reader.CommitAsync(offsetsToKafka(durable), func(err error) {
		o.mu.Lock()
		o.results = append(o.results, commitResult{seq, err})
		o.mu.Unlock()
		t.reader.Wakeup() // another commit may be waiting for this one
	})
	return nil
}

// takeCommitResults applies the answers to asynchronous commits.
func (t *Task) takeCommitResults() {
	o := &t.offsets
	o.mu.Lock()
	results := o.results
	o.results = nil
	o.mu.Unlock()
	for _, r := range results {
		if r.seq != o.seq || o.inFlight == nil {
			t.stats.skippedCommits.Record(1)
			continue
		}
		t.committed(o.inFlight, r.err)
		o.inFlight = nil
	}
}

// committed notes the outcome of a commit. A failed one is never the end of the task: the next one covers it.
func (t *Task) committed(what map[connect.TopicPartition]int64, err error) {
	t.endCommit(err)
	if err != nil {
		t.stats.commitFailures.Add(1)
		t.log.Warn("offset commit failed; the next one covers it", "err", err)
		return
	}
	t.stats.commits.Add(1)
	for tp, offset := range what {
		if p := t.offsets.parts[tp]; p != nil {
			p.committed, p.stored = offset, true
			t.stats.commit(tp, offset)
		}
	}
	t.countActive()
}

// preCommit asks the plugin what is durable.
func (t *Task) preCommit(ctx context.Context, parts []connect.TopicPartition, closing bool) (map[connect.TopicPartition]int64, error) {
	current := t.offsets.currentOf(parts)
	if len(current) == 0 {
		return nil, nil
	}
	limit := t.cfg.OffsetFlushTimeout
	if closing {
		limit = t.closingTime()
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if closing {
		defer t.reports.wait(ctx, parts) // for as long as the plugin has left
	}
	durable := current
	var err error
	switch {
	case t.committer != nil:
		err = call("pre-commit", func() (err error) {
			durable, err = t.committer.PreCommit(ctx, current, closing)
			return err
		})
	case t.flusher != nil:
		err = call("flush", func() error { return t.flusher.Flush(ctx, current) })
	}
	if err != nil {
		return nil, err
	}
	return durable, nil
}

// preCommitClosing is preCommit for partitions that are given up: a failure means that nothing is committed for them.
func (t *Task) preCommitClosing(ctx context.Context, parts []connect.TopicPartition) map[connect.TopicPartition]int64 {
	t.beginCommit(time.Now(), parts)
	durable, err := t.preCommit(ctx, parts, true)
	if err != nil {
		t.endCommit(err)
		t.log.Warn("pre-commit failed while partitions are given up; what was not committed is delivered again", "err", err)
		return nil
	}
	return t.committable(parts, durable)
}

// committable drops what must not or need not be committed: a partition that is not ours, an offset beyond what was put (the plugin cannot
// know it to be durable), and what is committed already. A record that was reported and is not tolerated, or that the dead letter queue has
// not got yet, holds its partition at its own offset, whatever the plugin says.
//
// If there is something to commit, the partitions of parts that have not moved are committed once too, as in Kafka: with auto.offset.reset=latest, and
// nothing committed, a record that comes while nobody reads would be lost.
func (t *Task) committable(parts []connect.TopicPartition, durable map[connect.TopicPartition]int64) map[connect.TopicPartition]int64 {
	out := make(map[connect.TopicPartition]int64, len(durable))
	for tp, offset := range durable {
		switch p := t.offsets.parts[tp]; {
		case p == nil:
			t.log.Warn("the plugin declared an offset of a partition that is not assigned to it", "topic", tp.Topic, "partition", tp.Partition, "offset", offset)
		case offset > p.current:
			t.log.Warn("the plugin declared an offset beyond what it was given", "topic", tp.Topic, "partition", tp.Partition, "offset", offset, "given", p.current)
		default:
			if offset = t.heldBack(tp, p, offset); offset != p.committed {
				out[tp] = offset
			}
		}
	}
	if len(out) == 0 {
		return out
	}
	for _, tp := range parts {
		if p := t.offsets.parts[tp]; p != nil && !p.stored {
			if _, moves := out[tp]; !moves {
				out[tp] = p.committed
			}
		}
	}
	return out
}

// heldBack returns how much of what the plugin has declared may be committed.
func (t *Task) heldBack(tp connect.TopicPartition, p *position, offset int64) int64 {
	if bad, ok := t.failedAt(tp); ok {
		offset = min(offset, bad)
	}
	if open, ok := t.reports.first(tp); ok && open < offset {
		offset = max(open, min(offset, p.committed)) // a record that is below the last commit came too late to hold it
	}
	return offset
}

// commitNow commits and waits. An orphan does not: its context is over.
func (t *Task) commitNow(ctx context.Context, durable map[connect.TopicPartition]int64) {
	if len(durable) == 0 || ctx.Err() != nil {
		t.endCommit(nil)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, t.cfg.OffsetFlushTimeout)
	defer cancel()
	t.offsets.voidAnswer()
	t.committed(durable, t.reader.Commit(ctx, offsetsToKafka(durable)))
}

// rewindToCommitted makes everything since the last commit come again.
func (t *Task) rewindToCommitted() error {
	for tp, p := range t.offsets.parts {
		if err := t.reader.Seek(kafka.TopicPartition(tp), p.committed); err != nil {
			return err
		}
		t.offsets.moveTo(tp, p.committed)
	}
	t.offsets.touched = t.offsets.touched[:0]
	clear(t.batch)
	t.batch = t.batch[:0]
	if t.redeliver {
		t.redeliver = false
		t.resumePartitions()
	}
	return nil
}

func offsetsToKafka(m map[connect.TopicPartition]int64) map[kafka.TopicPartition]kafka.OffsetAndMetadata {
	out := make(map[kafka.TopicPartition]kafka.OffsetAndMetadata, len(m))
	for tp, offset := range m {
		out[kafka.TopicPartition(tp)] = kafka.OffsetAndMetadata{Offset: offset}
	}
	return out
}
