// Package converter holds the stock converters: they turn the bytes of a record's key, value and headers into Connect values and
// back, with the rules, the quirks and the error texts of Kafka Connect 3.9.
//
//	JSON          JsonConverter: plain JSON, or JSON in an envelope with its schema
//	String        StringConverter
//	ByteArray     ByteArrayConverter
//	SimpleHeader  SimpleHeaderConverter: text from which the type is inferred
//	Primitive     ShortConverter, IntegerConverter, LongConverter, FloatConverter, DoubleConverter, BooleanConverter: the bytes of one value
//
// The path that matters is JSON without schemas: a text is checked once (json_scan.go) and travels on as [connect.RawJSON]; it is decoded
// only if someone asks. The rest follows from the schema (json_schema.go, json_read.go, json_write.go).
//
// A value that cannot be read is a [*connect.DataError] with Kafka Connect's message. The reason, with the parser's words, line and column,
// is its cause: a [*SerializationError].
package converter
