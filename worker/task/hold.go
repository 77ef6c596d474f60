package task

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"sluice/connect"
)

// holdPoll is how long one poll of a failed task waits: well within max.poll.interval.ms, and it is woken when it is to end.
const holdPoll = time.Minute

// hold keeps the place of a task that failed because of a record, until it is stopped. Its partitions stay with it, paused: if it left the
// group, the partition would go to the next task of the connector, which would fail on the same record, and so on to the last one. If a
// rebalance for another reason gives it other partitions instead, it leaves, so that they do not wait for it.
//
// Differs: in Kafka a failed task leaves the group at once, and one bad record ends all tasks of its connector.
func (t *Task) hold(ctx context.Context, failure error) {
	_, reported := t.wishes() // the plugin need not have returned it
	cause := errantCause(errors.Join(failure, reported))
	if cause == nil {
		return
	}
	bad := connect.TopicPartition{Topic: cause.Topic, Partition: cause.Partition}
	for {
		if w, _ := t.wishes(); w.stop || ctx.Err() != nil {
			return
		}
		if _, ours := t.owned[bad]; !ours && len(t.owned) > 0 { // without any, a rebalance is under way, or nothing is held up
			return
		}
		t.reader.Pause(toKafka(slices.Collect(maps.Keys(t.owned)))...)
		if _, err := t.reader.Poll(ctx, holdPoll); err != nil {
			if ctx.Err() == nil {
				t.log.Warn("the failed task cannot keep its partitions", "err", err)
			}
			return
		}
	}
}

// errantCause returns the part of a failure that is about a record, or nil: that of a reported one is the cause of the failure of Put.
func errantCause(failure error) *Error {
	var cause *Error
	switch all, joined := failure.(interface{ Unwrap() []error }); {
	case joined:
		for _, err := range all.Unwrap() {
			if cause = errantCause(err); cause != nil {
				return cause
			}
		}
		return nil
	case !errors.As(failure, &cause):
		return nil
	case cause.Stage != "":
		return cause
	}
	return errantCause(cause.Cause)
}
