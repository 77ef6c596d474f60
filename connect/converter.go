package connect

import "context"

// Converter turns the bytes of a record's key or value into a Connect value and back.
//
// A converter is configured once and then used by one goroutine. Data that cannot be converted is a [*DataError] (or, for a
// registry that cannot be reached, a [Retriable] one). Slices in the result may share memory with data.
//
// Kafka: org.apache.kafka.connect.storage.Converter.
type Converter interface {
	// Config defines the settings, without the prefix key.converter. or value.converter. that they have in a connector's config.
	Config() *ConfigDef
	// Configure is called once before all else, with the settings without their prefix. isKey tells which side it serves.
	Configure(props map[string]string, isKey bool) error
	// ToConnect reads data. Nil data is a null: both fields of the result are nil, or the converter's null schema.
	ToConnect(topic string, headers []RawHeader, data []byte) (SchemaAndValue, error)
	// FromConnect writes a value. Nil bytes are a null.
	FromConnect(topic string, v SchemaAndValue) ([]byte, error)
}

// RawJSONConverter is an optional ability of a [Converter] whose values are texts of JSON as a rule, as those of JsonConverter without schemas: the
// worker, which reads many, can put them into records without a piece of memory for each.
type RawJSONConverter interface {
	// ToRawJSON is ToConnect of data that is a [RawJSON] without a schema. It reports false for all else: for data that cannot be read, for a null,
	// for any other value, and for a text that is no part of data, since a record that is kept keeps the texts around its own in memory. The worker
	// then calls ToConnect.
	ToRawJSON(data []byte) (raw RawJSON, ok bool)
}

// HeaderConverter turns the bytes of a header into a Connect value and back. The rules of [Converter] apply.
//
// Kafka: org.apache.kafka.connect.storage.HeaderConverter.
type HeaderConverter interface {
	Config() *ConfigDef
	Configure(props map[string]string) error
	ToConnectHeader(topic, key string, data []byte) (SchemaAndValue, error)
	FromConnectHeader(topic, key string, v SchemaAndValue) ([]byte, error)
}

// ContextUser is a [Converter], [HeaderConverter], [Transform] or [Predicate] that may wait for something outside of this process, such as a schema
// registry. Their methods have no context, since nearly all of them only compute.
//
// The worker calls UseContext once, before the first record. From then on no wait may outlast ctx, which ends when the task is told to stop: the call
// under way returns a [Retriable] error, and its record comes again to the task's successor.
type ContextUser interface {
	UseContext(ctx context.Context)
}

// RawHeader is a header as it is in Kafka. A nil Value is a null.
type RawHeader struct {
	Key   string
	Value []byte
}
