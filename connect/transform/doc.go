// Package transform holds the stock transformations (SMTs) and predicates of Kafka Connect 3.9, with its settings, quirks and error texts.
//
//	Cast               values of fields, or the whole value, to another type
//	DropHeaders        take headers away by name
//	ExtractField       one field in place of the whole
//	Filter             drop the record; used with a predicate
//	Flatten            nested fields to the top
//	HeaderFrom         copy or move fields to headers
//	HoistField         the whole as the one field of a struct or map
//	InsertField        topic, partition, offset, timestamp or a text as a field
//	InsertHeader       a header with a fixed value
//	MaskField          empty or fixed values in place of fields
//	RegexRouter        another topic, by a regular expression
//	ReplaceField       leave out, keep or rename fields
//	SetSchemaMetadata  name and version of the schema
//	TimestampConverter times in another form
//	TimestampRouter    another topic, by the record's timestamp
//	ValueToKey         a key made of fields of the value
//
// The predicates are TopicNameMatches, HasHeaderKey and RecordIsTombstone. [Plugins] returns them all. Those that work on a key or a value come
// twice, as nested classes named Key and Value; both are one type here that knows its [side].
//
// A transform changes the record that it gets, but never what the record holds: maps and structs are copied before they are changed, since
// the header or the key may hold the same. JSON that was not decoded yet ([connect.RawJSON]) stays text as far as possible: fields are
// looked up in it and put into it (see [object]), and only what no JSON text stands for, or Flatten, has it decoded.
//
// [CamelPlugins] returns the transforms that come with Camel's connectors, for configurations that name them.
//
// What a record does not allow is a [*connect.DataError], or, where Kafka throws another exception, an error that names it in a method
// JavaClass.
package transform
