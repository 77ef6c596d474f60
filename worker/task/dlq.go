package task

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"time"

	"sluice/connect"
	"sluice/internal/kafka"
)

// deadLetterQueue writes records that cannot be processed to a topic, as they were in Kafka.
//
// Kafka: org.apache.kafka.connect.runtime.errors.DeadLetterQueueReporter.
type deadLetterQueue struct {
	cfg      DLQ
	id       connect.TaskID
	log      *slog.Logger
	producer DLQProducer
	admin    DLQAdmin
}

// dlqPartitions is how many partitions a topic gets that the task creates.
const dlqPartitions = 1

// newDeadLetterQueue checks the settings of the clients. It connects to nothing.
func newDeadLetterQueue(cfg DLQ, id connect.TaskID, log *slog.Logger) (*deadLetterQueue, error) {
	q := &deadLetterQueue{cfg: cfg.withDefaults(), id: id, log: log.With(loggerKey, dlqLoggerName)}
	var err error
	if q.producer, err = q.cfg.NewProducer(kafka.ProducerConfig{Properties: cfg.Producer, Logger: log}); err != nil {
		return nil, fmt.Errorf("producer of the dead letter queue: %w", err)
	}
	if q.admin, err = q.cfg.NewAdmin(kafka.AdminConfig{Properties: cfg.Admin, Logger: log}); err != nil {
		return nil, fmt.Errorf("admin client of the dead letter queue: %w", err)
	}
	return q, nil
}

// open sees to the topic and connects the producer. A topic that somebody else creates at the same time is as good; so is one of any
// shape that is there already.
func (q *deadLetterQueue) open(ctx context.Context) error {
	if err := q.ensureTopic(ctx); err != nil {
		return &Error{Message: "Could not initialize dead letter queue with topic=" + q.cfg.Topic, Cause: err}
	}
	if err := q.producer.Start(ctx); err != nil {
		return &Error{Message: "Could not initialize dead letter queue with topic=" + q.cfg.Topic, Cause: err}
	}
	return nil
}

func (q *deadLetterQueue) ensureTopic(ctx context.Context) error {
	defer q.closeAdmin()
	topics, err := q.admin.Topics(ctx)
	if err != nil || slices.Contains(topics, q.cfg.Topic) {
		return err
	}
	q.log.Info("the topic of the dead letter queue does not exist and is created", "topic", q.cfg.Topic,
		"partitions", dlqPartitions, "replication_factor", q.cfg.ReplicationFactor)
	_, err = q.admin.CreateTopic(ctx, kafka.TopicSpec{Name: q.cfg.Topic, Partitions: dlqPartitions, ReplicationFactor: q.cfg.ReplicationFactor})
	if refused := (*kafka.BrokerError)(nil); errors.As(err, &refused) {
		return executionError{refused} // what it was asked for is in the task's own words
	}
	return err
}

// executionError is how Java hands over a failure that has happened elsewhere.
//
// Kafka: java.util.concurrent.ExecutionException, which KafkaFuture.get throws.
type executionError struct{ cause *kafka.BrokerError }

func (e executionError) Error() string   { return e.cause.JavaClass() + ": " + e.cause.Error() }
func (e executionError) Unwrap() error   { return e.cause }
func (executionError) JavaClass() string { return "java.util.concurrent.ExecutionException" }

// close ends the clients. What is not acknowledged by the end of ctx counts as not delivered.
func (q *deadLetterQueue) close(ctx context.Context) {
	if err := q.producer.Close(ctx); err != nil {
		q.log.Warn("closing the producer of the dead letter queue failed", "err", err)
	}
	q.closeAdmin()
}

func (q *deadLetterQueue) closeAdmin() {
	if err := q.admin.Close(); err != nil {
		q.log.Warn("closing the admin client of the dead letter queue failed", "err", err)
	}
}

// send hands a record over. It blocks while the producer has no room, until ctx ends, which is then its error. Otherwise done is called
// exactly once, from anywhere, when the broker has acknowledged the record, or with the reason why it never will.
func (q *deadLetterQueue) send(ctx context.Context, e *errant, done func(error)) error {
	m := e.message
	out := kafka.OutRecord{Topic: q.cfg.Topic, Partition: -1, Key: m.Key, Value: m.Value, Headers: m.Headers, Timestamp: sentAt(m)}
	if q.cfg.ContextHeaders {
		out.Headers = slices.Concat(m.Headers, contextHeaders(q.id, e))
	}
	finish := func(err error) {
		if err != nil {
			q.log.Error("Could not produce message to dead letter queue. topic="+q.cfg.Topic, "topic", m.Topic, "partition", m.Partition, "offset", m.Offset, "err", err)
		}
		done(err)
	}
	if err := q.producer.SendAsync(ctx, out, func(_ int32, _ int64, err error) { finish(err) }); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		finish(err)
	}
	return nil
}

// contextHeaders says where a record came from and why it failed, in Kafka Connect's headers and behind them those of [connect.ErrorHeaders]. All values are text; a null is an exception without a message.
//
// Kafka: DeadLetterQueueReporter.populateContextHeaders.
func contextHeaders(id connect.TaskID, e *errant) []kafka.Header {
	const prefix = "__connect.errors."
	x := javaThrowable(e.err)
	headers := []kafka.Header{
		{Key: prefix + "topic", Value: []byte(e.message.Topic)},
		{Key: prefix + "partition", Value: strconv.AppendInt(nil, int64(e.message.Partition), 10)},
		{Key: prefix + "offset", Value: strconv.AppendInt(nil, e.message.Offset, 10)},
		{Key: prefix + "connector.name", Value: []byte(id.Connector)},
		{Key: prefix + "task.id", Value: strconv.AppendInt(nil, int64(id.Task), 10)},
		{Key: prefix + "stage", Value: []byte(e.stage)},
		{Key: prefix + "class.name", Value: []byte(e.class)},
		{Key: prefix + "exception.class.name", Value: []byte(x.class)},
		{Key: prefix + "exception.message", Value: []byte(x.message)},
		{Key: prefix + "exception.stacktrace", Value: []byte(Trace(e.err))},
	}
	if x.message == "" {
		headers[len(headers)-2].Value = nil
	}
	var more connect.ErrorHeaders
	if errors.As(e.err, &more) {
		own := more.ErrorHeaders()
		for _, name := range slices.Sorted(maps.Keys(own)) {
			headers = append(headers, kafka.Header{Key: prefix + name, Value: []byte(own[name])})
		}
	}
	return headers
}

// sentAt is the time of a message as a producer takes it: that of one without a time is now.
func sentAt(m *kafka.Message) time.Time {
	if m.Timestamp < 0 {
		return time.Time{}
	}
	return time.UnixMilli(m.Timestamp)
}
