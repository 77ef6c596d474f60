// Package avro holds AvroConverter: it reads and writes Avro data whose schemas are kept in a Confluent-compatible schema registry.
//
// A record's bytes are
//
//	0x00  schema id (4 bytes, big endian)  Avro's binary encoding of the value
//
// The way from bytes to a Connect value has three steps, of which only the last is taken for every record:
//
//	registry.go   fetches the schema with the id, the schemas it refers to, and its version under the record's subject
//	schema.go     makes a Connect schema of it and, beside it, a tree of nodes that says how values are read; metadata.go and defaults.go
//	              have what all types have in common
//	decode.go     walks this tree along the bytes and fills structs, without a generic tree of values in between
//
// The way back is toschema.go (with attributes.go) and encode.go; logical.go has the logical types of both ways. Schemas are parsed by hamba/avro (parse.go says with what care), the registry is spoken to by
// franz-go's sr client. What the mapping between Avro and Connect looks like is Confluent's (class AvroData of the schema registry's source
// and its tests), the encoding is that of the Avro specification 1.11.
//
// Bytes are read by our own code because nothing may be trusted in them: a length is compared with what is left before memory is taken,
// values are counted and nesting is bounded. Texts and byte strings share the record's memory.
//
// Kafka: io.confluent.connect.avro.AvroConverter (which is Confluent's, not Kafka's).
package avro
