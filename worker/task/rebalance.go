package task

import (
	"context"

	"sluice/connect"
	"sluice/internal/kafka"
)

// rebalanceListener hears of the group's partitions on behalf of the task. The reader calls it from inside Poll and Close, so it is on
// the task's goroutine.
type rebalanceListener Task

// Assigned opens new partitions.
func (l *rebalanceListener) Assigned(ctx context.Context, added map[kafka.TopicPartition]int64) error {
	t := (*Task)(l)
	parts := make([]connect.TopicPartition, 0, len(added))
	for tp, position := range added {
		p := connect.TopicPartition(tp)
		t.offsets.assign(p, position)
		parts = append(parts, p)
	}
	sortPartitions(parts)
	t.stats.partitions.Store(int64(len(t.offsets.parts)))
	if t.redeliver || t.paused { // a new partition joins what the others are in
		t.reader.Pause(toKafka(parts)...)
	}
	t.log.Info("partitions assigned", "partitions", parts)
	if t.opener != nil && len(parts) > 0 {
		if err := t.call("open", func() error { return t.opener.Open(ctx, parts) }); err != nil {
			return err
		}
	}
	t.sinkCtx.apply()
	return nil
}

// Revoked gives partitions up while they are still owned.
func (l *rebalanceListener) Revoked(ctx context.Context, parts []kafka.TopicPartition) error {
	t := (*Task)(l)
	if t.closing {
		return nil
	}
	gone := fromKafka(parts)
	t.log.Info("partitions revoked", "partitions", gone)
	err := t.closePartitions(ctx, gone, true)
	t.dropPending(gone)
	return err
}

// Lost forgets partitions that another member may already read: nothing of them can be committed.
func (l *rebalanceListener) Lost(ctx context.Context, parts []kafka.TopicPartition) error {
	t := (*Task)(l)
	if t.closing {
		return nil
	}
	gone := fromKafka(parts)
	t.log.Warn("partitions lost", "partitions", gone)
	err := t.closePartitions(ctx, gone, false)
	t.dropPending(gone)
	return err
}

// closePartitions lets go of partitions in Kafka's order: pre-commit, close, commit. Without commit only close is called.
func (t *Task) closePartitions(ctx context.Context, parts []connect.TopicPartition, commit bool) error {
	if len(parts) == 0 {
		return nil
	}
	defer func() {
		t.offsets.forget(parts)
		t.stats.partitions.Store(int64(len(t.offsets.parts)))
	}()
	var durable map[connect.TopicPartition]int64
	if commit {
		durable = t.preCommitClosing(ctx, parts)
	}
	var err error
	if t.opener != nil {
		err = t.call("close", func() error { return t.opener.Close(ctx, parts) })
	}
	if commit {
		t.commitNow(ctx, durable)
	}
	return err
}

// dropPending takes the records of partitions that are gone out of a batch that waits to be put again.
func (t *Task) dropPending(gone []connect.TopicPartition) {
	kept := t.batch[:0]
	for i := range t.batch {
		if !containsPartition(gone, t.batch[i].TopicPartition()) {
			kept = append(kept, t.batch[i])
		}
	}
	clear(t.batch[len(kept):])
	t.batch = kept
}
