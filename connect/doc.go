// Package connect is what a plugin author imports: records and schemas, the definition of settings, and the
// contracts of sink connectors, sink tasks, converters, transforms and predicates. It has the vocabulary of Kafka Connect
// (org.apache.kafka.connect.*) in the shape of Go, and depends on the standard library alone.
//
// It is not the runtime: how tasks are started, fed and committed is package worker's business, and nothing here
// knows a Kafka client.
//
// # The parts
//
//	SinkRecord, Header, RawJSON      what travels            (record.go, rawjson.go)
//	Schema, Struct, Decimal          what it is made of      (schema.go, struct.go)
//	ConfigDef, ConfigKey, Validator  what can be set         (configdef.go, config.go, validators.go)
//	SinkConnector, SinkTask          what a plugin implements (sink.go)
//	Converter, Transform, Predicate  what stands in between  (converter.go, transform.go)
//	Plugins                          what a worker can run   (plugins.go)
//	DataError, RetriableError, ...   how things fail         (errors.go)
//
// # A sink
//
// A sink is a connector, which checks settings and splits the work, and a task, which does it. See the package example
// for a complete one.
package connect
