package avro

import (
	"fmt"
	"strings"

	"sluice/connect"
)

// SerializationError says why a value could not be read or written. It is the cause of the [connect.DataError] that the converter returns.
//
// Kafka: org.apache.kafka.common.errors.SerializationException.
type SerializationError struct {
	Message string
	Cause   error // may be nil
}

// Error returns the message and the cause.
func (e *SerializationError) Error() string {
	if e.Cause == nil {
		return e.Message
	}
	return e.Message + ": " + e.Cause.Error()
}

// Unwrap returns the cause.
func (e *SerializationError) Unwrap() error { return e.Cause }

// JavaClass returns the name under which Java users know the error; traces show it.
func (*SerializationError) JavaClass() string {
	return "org.apache.kafka.common.errors.SerializationException"
}

// unreachableError says that no URL of the registry has answered.
type unreachableError struct {
	addresses string
	err       error
}

func (e *unreachableError) Error() string {
	return fmt.Sprintf("schema registry at %s cannot be reached: %v", e.addresses, e.err)
}

func (e *unreachableError) Unwrap() error { return e.err }

// NetworkError says that a value could not be read or written because the registry cannot be reached. The converter returns it with the mark of
// [connect.Unavailable].
//
// Kafka: org.apache.kafka.common.errors.NetworkException, as Confluent's AvroConverter throws it.
type NetworkError struct {
	Message string // with the registry's address
	Cause   error
}

// Error returns the message.
func (e *NetworkError) Error() string { return e.Message }

// Unwrap returns the cause.
func (e *NetworkError) Unwrap() error { return e.Cause }

// JavaClass returns the name under which Java users know the error; traces and dead letter queues show it.
func (*NetworkError) JavaClass() string { return "org.apache.kafka.common.errors.NetworkException" }

// placeError says where in a value something is wrong: order.lines[3].price.
type placeError struct {
	place string
	err   error
}

func (e *placeError) Error() string { return e.place + ": " + e.err.Error() }
func (e *placeError) Unwrap() error { return e.err }

// in puts a field's name or an index in front of where an error has happened. The place is cut at a length that can be read.
func in(name string, err error) error {
	const longest = 200
	p, ok := err.(*placeError)
	switch {
	case !ok:
		return &placeError{place: name, err: err}
	case len(p.place) > longest:
		return p
	case strings.HasPrefix(p.place, "["):
		p.place = name + p.place
	default:
		p.place = name + "." + p.place
	}
	return p
}

func schemaError(format string, args ...any) error { return connect.NewDataError(format, args...) }
