package task

import (
	"errors"
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

// Error is the end of a task: what it was doing, and why it cannot go on.
type Error struct {
	Message string // Kafka's sentence, such as "Tolerance exceeded in error handler"; "" says no more than where the record of the cause came from
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
	if e.Message == "" && e.Cause != nil {
		return fmt.Sprintf("%s (%s)", strings.TrimSpace(e.Cause.Error()), e.where())
	}
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

// putError is the failure of Put.
func putError(err error) error {
	return &Error{Message: "Exiting WorkerSinkTask due to unrecoverable exception.", Cause: err}
}

// pollError is the failure of a poll, unless the poll only passes on the failure of a callback.
func pollError(err error) error {
	var own *Error
	if errors.As(err, &own) {
		return own
	}
	return &Error{Message: "The consumer of the sink task cannot go on", Cause: err}
}

// callbackError is the failure of the plugin's Open or Close.
func callbackError(method string, parts []connect.TopicPartition, err error) error {
	return &Error{Message: fmt.Sprintf("The sink task could not %s partitions %v", method, parts), Cause: err}
}

func panicError(what string, p any) error {
	return &Error{Message: fmt.Sprintf("The plugin panicked in %s: %v", what, p), stack: debug.Stack()}
}
