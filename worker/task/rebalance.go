package task

import (
	"context"
	"slices"

	"sluice/connect"
	"sluice/internal/kafka"
)

// rebalanceListener hears of the group's partitions on behalf of the task. The reader calls it from inside Poll and Close, so it is on
// the task's goroutine.
type rebalanceListener Task

// Assigned opens new partitions.
func (l *rebalanceListener) Assigned(ctx context.Context, added map[kafka.TopicPartition]int64) error {
	t := (*Task)(l)
	for tp := range added {
		t.owned[connect.TopicPartition(tp)] = struct{}{}
	}
	if t.closing { // the plugin is gone; see hold
		return nil
	}
	parts := t.assign(added)
	t.log.Debug("partitions assigned", "partitions", parts)
	t.sinkCtx.retain(t.offsets.parts)
	if t.redeliver || t.paused {
		t.reader.Pause(toKafka(parts)...)
	} else {
		t.reader.Pause(toKafka(t.sinkCtx.pausedOf(parts))...)
	}
	if t.opener != nil && len(parts) > 0 {
		if err := call("open", func() error { return t.opener.Open(ctx, parts) }); err != nil {
			return callbackError("open", parts, err)
		}
	}
	t.sinkCtx.apply()
	return nil
}

// Revoked gives partitions up while they are still owned.
func (l *rebalanceListener) Revoked(ctx context.Context, parts []kafka.TopicPartition) error {
	t := (*Task)(l)
	gone := fromKafka(parts)
	for _, tp := range gone {
		delete(t.owned, tp)
	}
	if t.closing {
		return nil
	}
	t.log.Debug("partitions revoked", "partitions", gone)
	err := t.closePartitions(ctx, gone, true)
	t.dropPending(gone)
	t.endEmptyRetry() // nothing may be assigned in exchange
	return err
}

// Lost forgets partitions that another member may already read: nothing of them can be committed.
func (l *rebalanceListener) Lost(ctx context.Context, parts []kafka.TopicPartition) error {
	t := (*Task)(l)
	gone := fromKafka(parts)
	for _, tp := range gone {
		delete(t.owned, tp)
	}
	if t.closing {
		return nil
	}
	t.log.Warn("partitions lost", "partitions", gone)
	err := t.closePartitions(ctx, gone, false)
	t.dropPending(gone)
	t.endEmptyRetry() // nothing may be assigned in exchange
	return err
}

// closePartitions lets go of partitions in Kafka's order: pre-commit, close, commit. Without commit, and once the task was cancelled, only close is
// called.
func (t *Task) closePartitions(ctx context.Context, parts []connect.TopicPartition, commit bool) error {
	if len(parts) == 0 {
		return nil
	}
	defer t.forget(parts)
	commit = commit && ctx.Err() == nil
	var durable map[connect.TopicPartition]int64
	if commit {
		durable = t.preCommitClosing(ctx, parts)
	}
	var err error
	if t.opener != nil {
		if err = call("close", func() error { return t.opener.Close(ctx, parts) }); err != nil {
			err = callbackError("close", parts, err)
		}
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
		if !slices.Contains(gone, t.batch[i].TopicPartition()) {
			kept = append(kept, t.batch[i])
		}
	}
	clear(t.batch[len(kept):])
	t.batch = kept
}
