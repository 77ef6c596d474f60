package task

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"sluice/connect"
	"sluice/internal/kafka"
)

// retryDelayMin is the first wait of errors.retry.*.
//
// Kafka: org.apache.kafka.connect.runtime.errors.RetryWithToleranceOperator.RETRIES_DELAY_MIN_MS.
const retryDelayMin = 300 * time.Millisecond

// skippedOffset marks a record of the batch that is tolerated away.
const skippedOffset = -1

// handle deals with a record that failed to convert: it tries again while the error is retriable and the budget lasts, then skips the
// record (r.Offset < 0) or returns the failure of the task.
//
// Kafka: RetryWithToleranceOperator.execAndHandleError. A retriable error whose budget is used up skips the record whatever the
// tolerance, which is Kafka's behaviour and not what one would guess.
func (t *Task) handle(ctx context.Context, m *kafka.Message, r *connect.SinkRecord, stage Stage, err error) error {
	t.stats.failures.Add(1)
	start := time.Now()
	for attempt := 1; connect.IsRetriable(err); attempt++ {
		left := t.cfg.RetryTimeout - time.Since(start)
		if t.cfg.RetryTimeout >= 0 && left <= 0 {
			break
		}
		wait := retryDelay(attempt, t.cfg.RetryDelayMax)
		if t.cfg.RetryTimeout >= 0 {
			wait = min(wait, left)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
		if stage, err = t.convertMessage(m, r); err == nil {
			return nil
		}
		t.stats.failures.Add(1)
	}
	class, tp := t.class(stage), connect.TopicPartition{Topic: m.Topic, Partition: m.Partition}
	t.logErrant(stage, class, tp, m.Offset, m.Timestamp, connect.TimestampType(m.TimestampType), err)
	if t.cfg.Tolerance == ToleranceNone && !connect.IsRetriable(err) {
		return toleranceExceeded(stage, class, tp, m.Offset, err)
	}
	t.stats.skipped.Add(1)
	r.Offset = skippedOffset
	return nil
}

// retryDelay returns the wait before a further attempt: 300 ms doubled each time; beyond the largest allowed wait, a random part of it.
//
// Kafka: RetryWithToleranceOperator.backoff.
func retryDelay(attempt int, largest time.Duration) time.Duration {
	d := retryDelayMin << min(attempt-1, 20)
	if d > largest {
		if largest <= 0 {
			return 0
		}
		return rand.N(largest)
	}
	return d
}

// report is what a plugin says of a record it cannot write. It may be called from any goroutine.
//
// As in Kafka, where a task gets no reporter unless there is a dead letter queue or a log to report to, such a record is tolerated only if it
// leaves a trace; otherwise the task fails even with errors.tolerance=all.
func (t *Task) report(r *connect.SinkRecord, reason error) <-chan error {
	done := make(chan error, 1)
	defer close(done)
	t.stats.failures.Add(1)
	t.logErrant(StageTaskPut, sinkTaskClass, r.TopicPartition(), r.Offset, r.Timestamp, r.TimestampType, reason)
	if t.cfg.Tolerance == ToleranceAll && t.cfg.ErrorsLogEnable {
		t.stats.skipped.Add(1)
		done <- nil
		return done
	}
	err := toleranceExceeded(StageTaskPut, sinkTaskClass, r.TopicPartition(), r.Offset, reason)
	t.fail(err)
	done <- err
	return done
}

// logErrant writes the line that errors.log.enable asks for. The payload is never part of it.
//
// Kafka: org.apache.kafka.connect.runtime.errors.LogReporter.
func (t *Task) logErrant(stage Stage, class string, tp connect.TopicPartition, offset, timestamp int64, kind connect.TimestampType, err error) {
	if !t.cfg.ErrorsLogEnable {
		return
	}
	record := ""
	if t.cfg.ErrorsLogIncludeMessages {
		record = fmt.Sprintf(", where consumed record is {topic='%s', partition=%d, offset=%d, timestamp=%d, timestampType=%s}",
			tp.Topic, tp.Partition, offset, timestamp, kind)
	}
	t.log.Error(fmt.Sprintf("Error encountered in task %s. Executing stage '%s' with class '%s'%s.", t.cfg.ID, stage, class, record), "err", err)
}
