package task

import (
	"fmt"
	"log/slog"

	"sluice/connect"
	"sluice/internal/kafka"
)

// errant is a record that could not be processed: what it was in Kafka, at which stage it failed, and why.
//
// Kafka: org.apache.kafka.connect.runtime.errors.ProcessingContext.
type errant struct {
	stage     Stage
	class     string // Java name of what executed the stage
	message   *kafka.Message
	partition connect.TopicPartition // where its offset counts
	err       error
}

// exceeds returns the failure of the task that does not tolerate the record.
func (e *errant) exceeds() error { return e.failure("Tolerance exceeded in error handler", e.err) }

// undelivered returns the failure of the task that cannot get rid of the record.
func (e *errant) undelivered(topic string, cause error) error {
	return e.failure("Could not produce message to dead letter queue. topic="+topic, cause)
}

// unreported returns the failure of the task whose record there is no place to report to: its reason, as a task of Java would throw it.
func (e *errant) unreported() error { return e.failure("", e.err) }

func (e *errant) failure(message string, cause error) error {
	return &Error{
		Message: message, Cause: cause,
		Stage: e.stage, Class: e.class, Topic: e.partition.Topic, Partition: e.partition.Partition, Offset: e.message.Offset,
	}
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
			e.message.Topic, e.message.Partition, e.message.Offset, e.message.Timestamp, connect.TimestampType(e.message.TimestampType))
	}
	l.log.Error(fmt.Sprintf("Error encountered in task %s. Executing stage '%s' with class '%s'%s.", l.task, e.stage, e.class, record), "err", Trace(e.err))
}
