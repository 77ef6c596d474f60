package converter

// SerializationError says why bytes could not be read or written. It is the cause of the [connect.DataError] that a converter returns.
//
// Kafka: org.apache.kafka.common.errors.SerializationException.
type SerializationError struct {
	Message string
	Cause   error // may be nil
}

// Error returns the message.
func (e *SerializationError) Error() string { return e.Message }

// Unwrap returns the cause.
func (e *SerializationError) Unwrap() error { return e.Cause }

// JavaClass returns the name under which Java users know the error; traces show it.
func (*SerializationError) JavaClass() string {
	return "org.apache.kafka.common.errors.SerializationException"
}

const numberFormatException = "java.lang.NumberFormatException"

// javaError is a cause that in Java comes from a library: its class and its text.
type javaError struct {
	class, text string
}

func (e *javaError) Error() string     { return e.text }
func (e *javaError) JavaClass() string { return e.class }

// serializationError returns an error that is caused by an exception of a Java library, and has its text.
func serializationError(class, text string) *SerializationError {
	return &SerializationError{Message: class + ": " + text, Cause: &javaError{class: class, text: text}}
}
