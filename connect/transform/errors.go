package transform

import (
	"math/big"
	"time"

	"sluice/connect"
)

// Classes of exceptions that are not what a [connect.DataError] stands for.
const (
	connectException       = "org.apache.kafka.connect.errors.ConnectException"
	schemaBuilderException = "org.apache.kafka.connect.errors.SchemaBuilderException"
	illegalArgument        = "java.lang.IllegalArgumentException"
	indexOutOfBounds       = "java.lang.IndexOutOfBoundsException"
	nullPointer            = "java.lang.NullPointerException"
	numberFormatException  = "java.lang.NumberFormatException"
	parseException         = "java.text.ParseException"
)

// unsupportedText ends the refusal of what Kafka has and this version has not.
const unsupportedText = "is not supported by this version"

// javaError is an error that in Java comes from the runtime or is of a class of its own: its class, its text and what caused it.
type javaError struct {
	class, text string
	cause       error // may be nil
}

func (e *javaError) Error() string     { return e.text }
func (e *javaError) Unwrap() error     { return e.cause }
func (e *javaError) JavaClass() string { return e.class }

// javaErr returns an error of a class without a cause.
func javaErr(class, text string) *javaError { return &javaError{class: class, text: text} }

// causedBy is a data error with a cause that its message does not repeat.
func causedBy(cause error, message string) error {
	return &connect.DataError{Message: message, Cause: cause}
}

// javaClass returns the name of the class that a Connect value has in Java, "null" for nil.
func javaClass(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "java.lang.Boolean"
	case int8:
		return "java.lang.Byte"
	case int16:
		return "java.lang.Short"
	case int32:
		return "java.lang.Integer"
	case int64:
		return "java.lang.Long"
	case float32:
		return "java.lang.Float"
	case float64:
		return "java.lang.Double"
	case string:
		return "java.lang.String"
	case []byte:
		return "[B"
	case []any:
		return "java.util.ArrayList"
	case map[string]any, map[any]any:
		return "java.util.HashMap"
	case *connect.Struct:
		return "org.apache.kafka.connect.data.Struct"
	case connect.Decimal:
		return "java.math.BigDecimal"
	case *big.Int:
		return "java.math.BigInteger"
	case time.Time:
		return "java.util.Date"
	}
	return "java.lang.Object"
}
