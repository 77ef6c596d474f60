package task

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"sluice/connect"
	"sluice/internal/kafka"
)

// retryDelayMin is the first wait of errors.retry.*.
//
// Kafka: org.apache.kafka.connect.runtime.errors.RetryWithToleranceOperator.RETRIES_DELAY_MIN_MS.
const retryDelayMin = 300 * time.Millisecond

// errInterrupted says that an operation was given up because the task is to end. The record counts as not seen.
var errInterrupted = errors.New("the task is to end")

// perform does the operations one after the other. It returns false if the record is to go no further: an operation has dropped it, it is
// skipped, or the task fails with the error.
func (t *Task) perform(ops []operation, m *kafka.Message, r *connect.SinkRecord) (keep bool, err error) {
	for i := range ops {
		if keep, err = ops[i].do(m, r); err != nil {
			keep, err = t.handle(&ops[i], m, r, err)
		}
		if !keep {
			return false, err
		}
	}
	return true, nil
}

// handle deals with an operation that has failed: it is tried again while the error is retriable and its budget lasts; then the record is
// reported, and skipped or the end of the task.
//
// A retriable error whose budget is used up skips the record whatever the tolerance. That is Kafka's behaviour, and not what one would
// guess. Where something is unavailable that every record needs ([connect.Unavailable]), the tolerance decides.
//
// Kafka: org.apache.kafka.connect.runtime.errors.RetryWithToleranceOperator.execAndHandleError.
// Differs: a task that is told to stop gives up the wait for another try, and the record comes again to its successor.
func (t *Task) handle(op *operation, m *kafka.Message, r *connect.SinkRecord, err error) (keep bool, _ error) {
	if t.ending.Err() != nil {
		return false, errInterrupted // which may be why it has failed, and nobody waits for the rest of a batch whose records all take long to fail
	}
	start := time.Now()
	t.stats.failures.Add(1)
	for attempt := 1; connect.IsRetriable(err); attempt++ {
		wait := retryDelay(attempt, t.cfg.RetryDelayMax)
		if t.cfg.RetryTimeout >= 0 {
			left := t.cfg.RetryTimeout - time.Since(start)
			if left <= 0 {
				break
			}
			wait = min(wait, left)
		}
		t.tellOutage(op, m, err)
		select {
		case <-t.ending.Done():
			return false, errInterrupted
		case <-time.After(wait):
		}
		t.stats.retries.Add(1)
		if keep, err = op.do(m, r); err == nil {
			t.outage = ""
			return keep, nil
		}
		if t.ending.Err() != nil {
			return false, errInterrupted
		}
		t.stats.failures.Add(1)
	}
	t.stats.lastFailure.Store(time.Now().UnixMilli())
	e := &errant{stage: op.stage, class: op.class, message: m, partition: connect.TopicPartition{Topic: m.Topic, Partition: m.Partition}, err: err}
	t.stats.errors.Add(1)
	if err := t.publish(t.ending, e, nil); err != nil {
		return false, err
	}
	if t.cfg.Tolerance == ToleranceNone && (!connect.IsRetriable(err) || connect.IsUnavailable(err)) {
		return false, e.exceeds()
	}
	t.stats.skipped.Add(1)
	return false, nil
}

// tellOutage logs what a record waits for, when it is something new: with errors.retry.timeout=-1 that can be long. Other retriable errors are
// the record's own, and stay silent as in Kafka.
func (t *Task) tellOutage(op *operation, m *kafka.Message, err error) {
	if !connect.IsUnavailable(err) || err.Error() == t.outage {
		return
	}
	t.outage = err.Error()
	t.log.Warn("a record waits for something that is not available; it is tried again", "stage", string(op.stage), "class", op.class,
		"topic", m.Topic, "partition", m.Partition, "offset", m.Offset, "err", err)
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

// publish makes a record known that cannot be processed: to the log, then to the dead letter queue. done, which may be nil, is called once
// the queue has the record, or with the reason why it does not get it; without a queue, at once. Until then no commit goes past the record.
//
// A record that cannot be delivered to the queue fails the task. One that the queue's producer refuses since it is larger than max.request.size
// counts as delivered, as in Kafka: with a failed task its connector could never go on. If ctx ends before it is handed over, it holds its partition's commits, and
// errInterrupted is returned.
//
// Kafka: RetryWithToleranceOperator.report.
// Differs: in Kafka a record that could not be converted or transformed, and not be delivered either, is lost with a line in the log.
func (t *Task) publish(ctx context.Context, e *errant, done func(error)) error {
	if t.errorLog != nil {
		t.stats.errorsLogged.Add(1)
		t.errorLog.report(e)
	}
	if done == nil {
		done = func(error) {}
	}
	if t.dlq == nil {
		done(nil)
		return nil
	}
	t.stats.dlqRequests.Add(1)
	e.message = e.message.Clone() // it may wait for long, and would keep all that was fetched with it
	open := t.reports.add(e.partition, e.message.Offset)
	err := t.dlq.send(ctx, e, func(err error) {
		if err != nil {
			t.stats.dlqFailures.Add(1)
		}
		if tooLarge := (*kafka.RecordTooLargeError)(nil); errors.As(err, &tooLarge) {
			err = nil // it never fits, however often the task is started; the log has said where it is
		}
		if err != nil && t.reports.has(open) { // else the partition is someone else's
			t.failRecord(e.partition, e.message.Offset, e.undelivered(t.cfg.DLQ.Topic, err))
		}
		t.reports.settle(open)
		done(err)
	})
	if err == nil {
		return nil
	}
	t.holdRecord(e.partition, e.message.Offset)
	t.reports.settle(open)
	done(errInterrupted)
	return errInterrupted
}

// report is what a plugin says of a record it cannot write. It may be called from any goroutine.
//
// As in Kafka, where a task gets no reporter unless there is a dead letter queue or a log to report to, such a record is tolerated only if it
// leaves a trace; otherwise the task fails with the reason even with errors.tolerance=all, and counters know nothing of it.
//
// Kafka: org.apache.kafka.connect.runtime.errors.WorkerErrantRecordReporter.report, RetryWithToleranceOperator.executeFailed.
// Differs: a report that is not tolerated is thrown in Java, which a task may catch; here it ends the task.
func (t *Task) report(r *connect.SinkRecord, reason error) <-chan error {
	done := make(chan error, 1)
	finish := func(err error) {
		done <- err
		close(done)
	}
	e := &errant{stage: StageTaskPut, class: sinkTaskClass, message: &kafka.Message{Offset: r.Offset}, partition: r.TopicPartition(), err: reason}
	if t.errorLog == nil && t.dlq == nil {
		t.failRecord(e.partition, r.Offset, putError(e.unreported()))
		finish(e.unreported())
		return done
	}
	message, err := t.messageOf(r)
	if err != nil {
		finish(t.notConverted(e, err))
		return done
	}
	if e.message = message; r.Origin() != nil {
		e.partition = connect.TopicPartition{Topic: message.Topic, Partition: message.Partition}
	}
	t.stats.failures.Add(1)
	t.stats.lastFailure.Store(time.Now().UnixMilli())
	if t.cfg.Tolerance == ToleranceAll {
		_ = t.publish(t.reporting, e, finish) // it tells finish
		return done
	}
	t.stats.errors.Add(1)
	t.failRecord(e.partition, e.message.Offset, putError(e.exceeds()))
	_ = t.publish(t.reporting, e, nil) // the task fails in any case
	finish(e.exceeds())
	return done
}

// notConverted ends the task because of a record that its plugin has made and that the converters cannot write; the error is the plugin's answer. One
// that could not be converted because the task is to end comes again.
func (t *Task) notConverted(e *errant, err error) error {
	e.err = errors.Join(err, e.err)
	if connect.IsRetriable(err) && t.ending.Err() != nil {
		t.holdRecord(e.partition, e.message.Offset)
		return errInterrupted
	}
	t.failRecord(e.partition, e.message.Offset, putError(e.unreported()))
	return e.unreported()
}

// messageOf returns what a record was in Kafka. One that the plugin has made itself goes back through the converters.
func (t *Task) messageOf(r *connect.SinkRecord) (*kafka.Message, error) {
	if m, ok := r.Origin().(*kafka.Message); ok {
		return m, nil
	}
	m := &kafka.Message{
		Topic: r.CurrentTopic(), Partition: r.Partition, Offset: r.Offset, Timestamp: r.Timestamp, TimestampType: int8(r.TimestampType),
	}
	if t.dlq == nil {
		m.Topic = r.Topic
		return m, nil
	}
	t.converting.Lock()
	defer t.converting.Unlock()
	var err error
	if m.Key, err = t.cfg.KeyConverter.FromConnect(m.Topic, connect.SchemaAndValue{Schema: r.KeySchema, Value: r.Key}); err != nil {
		return nil, err
	}
	if m.Value, err = t.cfg.ValueConverter.FromConnect(m.Topic, connect.SchemaAndValue{Schema: r.ValueSchema, Value: r.Value}); err != nil {
		return nil, err
	}
	for _, h := range r.Headers {
		value, err := t.cfg.HeaderConverter.FromConnectHeader(m.Topic, h.Key, connect.SchemaAndValue{Schema: h.Schema, Value: h.Value})
		if err != nil {
			return nil, err
		}
		m.Headers = append(m.Headers, kafka.Header{Key: h.Key, Value: value})
	}
	return m, nil
}
