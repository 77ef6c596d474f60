package task

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"sluice/connect"
	"sluice/internal/kafka"
)

// retryDelayMin is the first wait of errors.retry.*.
//
// Kafka: org.apache.kafka.connect.runtime.errors.RetryWithToleranceOperator.RETRIES_DELAY_MIN_MS.
const retryDelayMin = 300 * time.Millisecond

// errant is a record that could not be processed: where it came from, at which stage it failed, and why.
//
// Kafka: org.apache.kafka.connect.runtime.errors.ProcessingContext.
type errant struct {
	stage         Stage
	class         string // Java name of what executed the stage
	partition     connect.TopicPartition
	offset        int64
	timestamp     int64
	timestampType connect.TimestampType
	err           error
}

// exceeds returns the failure of the task that does not tolerate the record.
func (e *errant) exceeds() error {
	return &Error{
		Message: "Tolerance exceeded in error handler", Cause: e.err,
		Stage: e.stage, Class: e.class, Topic: e.partition.Topic, Partition: e.partition.Partition, Offset: e.offset,
	}
}

// reporter makes errant records known, before they are skipped or fail the task. It may be called from any goroutine.
//
// Kafka: org.apache.kafka.connect.runtime.errors.ErrorReporter.
type reporter interface {
	report(e *errant)
}

// logReporter writes the line that errors.log.enable asks for. The payload is never part of it.
//
// Kafka: org.apache.kafka.connect.runtime.errors.LogReporter.
type logReporter struct {
	log      *slog.Logger
	task     connect.TaskID
	messages bool // errors.log.include.messages
}

func (l *logReporter) report(e *errant) {
	record := ""
	if l.messages {
		record = fmt.Sprintf(", where consumed record is {topic='%s', partition=%d, offset=%d, timestamp=%d, timestampType=%s}",
			e.partition.Topic, e.partition.Partition, e.offset, e.timestamp, e.timestampType)
	}
	l.log.Error(fmt.Sprintf("Error encountered in task %s. Executing stage '%s' with class '%s'%s.", l.task, e.stage, e.class, record), "err", Trace(e.err))
}

// reportErrant tells all reporters.
func (t *Task) reportErrant(e *errant) {
	t.stats.failures.Add(1)
	for _, r := range t.reporters {
		r.report(e)
	}
}

// handle deals with a message that failed to convert: it tries again while the error is retriable and the budget lasts, then skips the
// message or returns the failure of the task.
//
// A retriable error whose budget is used up skips the message whatever the tolerance. That is Kafka's behaviour, and not what one would
// guess.
//
// Kafka: org.apache.kafka.connect.runtime.errors.RetryWithToleranceOperator.execAndHandleError.
func (t *Task) handle(ctx context.Context, m *kafka.Message, r *connect.SinkRecord, stage Stage, err error) (skip bool, _ error) {
	start := time.Now()
	for attempt := 1; connect.IsRetriable(err); attempt++ {
		wait := retryDelay(attempt, t.cfg.RetryDelayMax)
		if t.cfg.RetryTimeout >= 0 {
			left := t.cfg.RetryTimeout - time.Since(start)
			if left <= 0 {
				break
			}
			wait = min(wait, left)
		}
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-time.After(wait):
		}
		if stage, err = t.convertMessage(m, r); err == nil {
			return false, nil
		}
	}
	e := errant{
		stage: stage, class: t.class(stage), err: err,
		partition: connect.TopicPartition{Topic: m.Topic, Partition: m.Partition}, offset: m.Offset,
		timestamp: m.Timestamp, timestampType: connect.TimestampType(m.TimestampType),
	}
	t.reportErrant(&e)
	if t.cfg.Tolerance == ToleranceNone && !connect.IsRetriable(err) {
		return false, e.exceeds()
	}
	t.stats.skipped.Add(1)
	return true, nil
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
	e := errant{
		stage: StageTaskPut, class: sinkTaskClass, err: reason,
		partition: r.TopicPartition(), offset: r.Offset, timestamp: r.Timestamp, timestampType: r.TimestampType,
	}
	t.reportErrant(&e)
	done := make(chan error, 1)
	if t.cfg.Tolerance == ToleranceAll && len(t.reporters) > 0 {
		t.stats.skipped.Add(1)
		done <- nil
	} else {
		err := e.exceeds()
		t.failRecord(e.partition, e.offset, putError(err))
		done <- err
	}
	close(done)
	return done
}
