package connect

import (
	"errors"
	"fmt"
)

// DataError says that a record's data is wrong: it will fail again however often it is tried. From a converter, transform or predicate the
// worker handles it, like every error that is not [Retriable], by the connector's tolerance and dead letter queue. A sink task hands it to
// [SinkTaskContext].Report together with the record: returned by [SinkTask].Put it ends the task as any other error does.
//
// Kafka: org.apache.kafka.connect.errors.DataException.
type DataError struct {
	Message string
	Cause   error // may be nil
}

// NewDataError returns a DataError with a formatted message; a %w verb sets its cause.
func NewDataError(format string, args ...any) *DataError {
	err := fmt.Errorf(format, args...)
	return &DataError{Message: err.Error(), Cause: errors.Unwrap(err)}
}

// Error returns the message, which includes the cause where the author put it there.
func (e *DataError) Error() string { return e.Message }

// Unwrap returns the cause.
func (e *DataError) Unwrap() error { return e.Cause }

// RetriableError asks for the same call again later. From [SinkTask].Put it means: keep this batch, go on polling, and put it again. From a
// converter or transform it means: try again within errors.retry.timeout. Other methods of connectors and tasks are not called again for it.
//
// Kafka: org.apache.kafka.connect.errors.RetriableException.
type RetriableError struct {
	Cause error

	unavailable bool // see Unavailable
}

// Retriable marks err as worth another try. It returns nil for nil.
func Retriable(err error) error {
	if err == nil {
		return nil
	}
	return &RetriableError{Cause: err}
}

// Unavailable marks err as worth another try, for as long as something is missing that no record can do without, such as a schema registry. When
// the worker gives up trying, the record is dealt with by the connector's tolerance, as it is after an error that is not retriable; after any
// other retriable error it is skipped. It returns nil for nil.
//
// Differs: Kafka's own classes know no such mark. Confluent's converters get to the same end with exceptions that Kafka Connect does not try
// again (NetworkException).
func Unavailable(err error) error {
	if err == nil {
		return nil
	}
	return &RetriableError{Cause: err, unavailable: true}
}

// IsUnavailable reports whether err, or an error it wraps, was marked by [Unavailable].
func IsUnavailable(err error) bool {
	var r *RetriableError
	return errors.As(err, &r) && r.unavailable
}

// IsRetriable reports whether err, or an error it wraps, is a [RetriableError].
func IsRetriable(err error) bool {
	var r *RetriableError
	return errors.As(err, &r)
}

// Error returns the text of the cause.
func (e *RetriableError) Error() string { return e.Cause.Error() }

// Unwrap returns the cause.
func (e *RetriableError) Unwrap() error { return e.Cause }

// ErrorHeaders is what an error given to [SinkTaskContext].Report, or an error that it wraps, may implement: what the destination said, for
// programs that read the dead letter queue. Where errors.deadletterqueue.context.headers.enable is set, each entry becomes a header of the record,
// its name with "__connect.errors." in front: "dynamodb.code" gives __connect.errors.dynamodb.code. A name should begin with that of the
// destination. Of several such errors in a chain the outermost counts.
//
// Differs: Kafka Connect writes its own headers only.
type ErrorHeaders interface {
	error
	ErrorHeaders() map[string]string
}

// ConfigError names a setting that cannot be used: its key, its value as given, and the rule it breaks.
//
// Kafka: org.apache.kafka.common.config.ConfigException.
type ConfigError struct {
	Key   string
	Value string // as given; "[hidden]" for a secret; not shown when Missing
	Rule  string

	// Missing means that the setting was not given at all.
	Missing bool

	// Text is the whole text, for the few errors that are of no such form; the other fields then do not count.
	Text string
}

// Error returns Kafka's text: "Invalid value V for configuration K: rule", the one for a missing setting, or Text.
func (e *ConfigError) Error() string {
	if e.Text != "" {
		return e.Text
	}
	if e.Missing {
		return fmt.Sprintf("Missing required configuration \"%s\" which has no default value.", e.Key) // not %q, which would escape
	}
	if e.Rule == "" {
		return fmt.Sprintf("Invalid value %s for configuration %s", e.Value, e.Key)
	}
	return fmt.Sprintf("Invalid value %s for configuration %s: %s", e.Value, e.Key, e.Rule)
}
