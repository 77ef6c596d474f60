package task

import (
	"fmt"
	"runtime/debug"
	"strings"

	"sluice/connect"
)

// Stage is the step at which a record failed, in Kafka's spelling.
//
// Kafka: org.apache.kafka.connect.runtime.errors.Stage.
type Stage string

// The stages of a sink task.
const (
	StageKeyConverter    Stage = "KEY_CONVERTER"
	StageValueConverter  Stage = "VALUE_CONVERTER"
	StageHeaderConverter Stage = "HEADER_CONVERTER"
	StageTransformation  Stage = "TRANSFORMATION"
	StageTaskPut         Stage = "TASK_PUT"
)

// sinkTaskClass is what Java names as the class that executes the stage TASK_PUT.
const sinkTaskClass = "org.apache.kafka.connect.sink.SinkTask"

const connectException = "org.apache.kafka.connect.errors.ConnectException"

// Error is the end of a task: what it was doing, and why it cannot go on.
type Error struct {
	Message string // Kafka's sentence, such as "Tolerance exceeded in error handler"
	Cause   error

	// Where the record came from, if it is about one.
	Stage     Stage  // "" if it is not about a record
	Class     string // Java name of what executed the stage
	Topic     string
	Partition int32
	Offset    int64

	stack []byte // of a panic
}

// Error returns the sentence, the record and the cause.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Message)
	if e.Stage != "" {
		fmt.Fprintf(&b, " (%s)", e.where())
	}
	if e.Cause != nil {
		b.WriteString(": ")
		b.WriteString(strings.TrimSpace(e.Cause.Error()))
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

func (e *Error) where() string {
	return fmt.Sprintf("stage %s with class %s, record of topic %s, partition %d, offset %d", e.Stage, e.Class, e.Topic, e.Partition, e.Offset)
}

func putError(err error) error {
	return &Error{Message: "Exiting WorkerSinkTask due to unrecoverable exception.", Cause: err}
}

func pollError(err error) error {
	return &Error{Message: "The consumer of the sink task cannot go on", Cause: err}
}

func panicError(what string, p any) error {
	return &Error{Message: fmt.Sprintf("The plugin panicked in %s: %v", what, p), stack: debug.Stack()}
}

// toleranceExceeded is the failure of a record that the connector does not tolerate.
func toleranceExceeded(stage Stage, class string, tp connect.TopicPartition, offset int64, cause error) *Error {
	return &Error{
		Message: "Tolerance exceeded in error handler", Cause: cause,
		Stage: stage, Class: class, Topic: tp.Topic, Partition: tp.Partition, Offset: offset,
	}
}
