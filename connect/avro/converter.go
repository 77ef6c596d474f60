package avro

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hamba/avro/v2"

	"sluice/connect"
)

// magic is the first byte of what a schema registry's clients write.
const magic = 0

// idHeaders are the headers in which newer clients may put the schema's id, by side.
var idHeaders = map[bool]string{true: "__key_schema_id", false: "__value_schema_id"}

// unknownFor is how long an id that the registry does not know is not asked for again. It spares the registry when a topic is full of such
// records, and is short enough for one that learns of a schema late.
const unknownFor = time.Second

// Converter reads and writes Avro with the schemas of a registry.
//
// A value gets the schema it was written with, converted as Confluent's AvroData does: unions with null are optional, other unions are
// structs with one field for each type, enums are strings, fixed values are bytes, and the logical types decimal, date, time-millis and
// timestamp-millis are Connect's. All other logical types count as the type that they stand on, so timestamp-micros is INT64. Recursive
// schemas give schemas that contain themselves.
//
// Data that cannot be read is a [*connect.DataError]. A registry that cannot be reached is a [*connect.RetriableError] with its address; no
// error holds credentials. An instance is used by one goroutine and keeps what it has fetched, at most schemas.cache.config schemas.
//
// Differs: a schema that the record's subject does not have is read without a version, where Confluent's converter refuses the record;
// without a strategy in the settings it is TopicNameStrategy, without a look for associations of topics. A null of a union at the top is a
// null without a schema.
//
// Kafka: io.confluent.connect.avro.AvroConverter.
type Converter struct {
	settings
	registry *registry
	plans    map[schemaKey]*entry
	last     schemaKey // of lastPlan: most records have the schema of the one before
	lastPlan *plan
	writers  map[writerKey]*writer
	now      func() time.Time
}

// schemaKey names a schema as a topic's records have it.
type schemaKey struct {
	topic string
	id    int32
}

// entry is what is known of a schema: how to read with it, or why not.
type entry struct {
	plan  *plan
	err   error
	until time.Time // zero: for ever
}

// New returns a converter that has to be configured.
func New() *Converter { return &Converter{now: time.Now} }

// Config returns the settings.
func (*Converter) Config() *connect.ConfigDef { return definition }

// Configure sets the converter up and reads the files of TLS that the settings name. Nothing is sent to the registry.
func (c *Converter) Configure(props map[string]string, isKey bool) error {
	cfg, err := definition.Parse(props)
	if err != nil {
		return err
	}
	c.settings = newSettings(cfg, isKey)
	c.plans, c.lastPlan = map[schemaKey]*entry{}, nil
	c.writers = map[writerKey]*writer{}
	c.registry, err = newRegistry(cfg, props)
	return err
}

// UseContext bounds all waits for the registry.
func (c *Converter) UseContext(ctx context.Context) { c.registry.ctx = ctx }

// ToConnect reads a value. It shares memory with data.
func (c *Converter) ToConnect(topic string, headers []connect.RawHeader, data []byte) (connect.SchemaAndValue, error) {
	if data == nil {
		return connect.SchemaAndValue{}, nil
	}
	v, err := c.read(topic, headers, data)
	if err != nil {
		return connect.SchemaAndValue{}, reading.of(topic, err)
	}
	return v, nil
}

// wording is what Confluent's converter says of a topic's data that it could not read or write.
type wording struct{ failed, unreachable string }

var (
	reading = wording{"Failed to deserialize data for topic %s to Avro", "Network connection error while deserializing data for topic %s"}
	writing = wording{"Failed to serialize Avro data from topic %s", "Network connection error while serializing Avro data for topic %s"}
)

// of puts an error into these words.
func (w wording) of(topic string, err error) error {
	if unreachable := (*unreachableError)(nil); errors.As(err, &unreachable) {
		return connect.Unavailable(&NetworkError{Message: fmt.Sprintf(w.unreachable, topic) + ": " + unreachable.Error(), Cause: err})
	}
	message := fmt.Sprintf(w.failed, topic)
	if connect.IsRetriable(err) {
		return connect.Unavailable(fmt.Errorf("%s: %w", message, err))
	}
	return &connect.DataError{Message: message + ": " + err.Error(), Cause: err}
}

func (c *Converter) read(topic string, headers []connect.RawHeader, data []byte) (connect.SchemaAndValue, error) {
	for i := range headers {
		if headers[i].Key == idHeaders[c.isKey] && headers[i].Value != nil {
			return connect.SchemaAndValue{}, &SerializationError{Message: "the schema's id is in the header " + headers[i].Key + ", which is not supported; it must stand before the value"}
		}
	}
	if len(data) < 5 || data[0] != magic {
		return connect.SchemaAndValue{}, &SerializationError{Message: "Unknown magic byte!"}
	}
	id := int32(binary.BigEndian.Uint32(data[1:]))
	p, err := c.planFor(topic, id)
	if err != nil {
		return connect.SchemaAndValue{}, err
	}
	body := data[5:]
	if p.raw {
		return c.rawBytes(p, body)
	}
	d := newDecoder(body)
	v, err := d.value(p.root)
	if err == nil && c.failOnTrailing && d.pos < len(body) {
		err = fmt.Errorf("%d bytes are left after the value", len(body)-d.pos)
	}
	if err != nil {
		return connect.SchemaAndValue{}, &SerializationError{Message: fmt.Sprintf("Error deserializing Avro message for id %d", id), Cause: err}
	}
	switch {
	case v == nil:
		return connect.SchemaAndValue{}, nil
	case p.anything:
		v, err = unwrap(v)
		return connect.SchemaAndValue{Value: v}, err
	}
	return connect.SchemaAndValue{Schema: p.root.schema, Value: v}, nil
}

// rawBytes returns a value of bytes at the top, which Confluent's serializer writes without their length.
func (*Converter) rawBytes(p *plan, body []byte) (connect.SchemaAndValue, error) {
	var v any = body[:len(body):len(body)]
	if p.root.op == opDecimal {
		var err error
		if v, err = decimal(body, p.root.scale); err != nil {
			return connect.SchemaAndValue{}, err
		}
	}
	return connect.SchemaAndValue{Schema: p.root.schema, Value: v}, nil
}

// planFor returns how data with a schema is read.
func (c *Converter) planFor(topic string, id int32) (*plan, error) {
	key := schemaKey{topic, id}
	if c.lastPlan != nil && c.last == key {
		return c.lastPlan, nil
	}
	e := c.plans[key]
	if e == nil || !e.until.IsZero() && c.now().After(e.until) {
		if e = c.fetch(key); connect.IsRetriable(e.err) {
			return nil, e.err
		}
		if len(c.plans) >= c.cacheSize {
			clear(c.plans) // topics have few schemas: who has more than fit gains nothing from keeping the right ones
		}
		c.plans[key] = e
	}
	if e.err == nil {
		c.last, c.lastPlan = key, e.plan
	}
	return e.plan, e.err
}

// fetch asks the registry for a schema and converts it. A schema that cannot be converted never can, since what an id stands for does not change.
func (c *Converter) fetch(key schemaKey) *entry {
	side := "value"
	if c.isKey {
		side = "key"
	}
	fail := func(what string, err error, until time.Time) *entry {
		return &entry{err: &SerializationError{Message: fmt.Sprintf("Error retrieving Avro %s %s for id %d", side, what, key.id), Cause: err}, until: until}
	}
	soon := c.now().Add(unknownFor)
	subject := ""
	if c.strategy == topicStrategy {
		subject = key.topic + "-" + side
	}
	found, err := c.registry.schema(key.id, subject)
	if err != nil {
		return fail("schema", err, soon)
	}
	schema, err := parseSchemas(found.schema.Schema, found.references)
	if err != nil {
		return fail("schema", err, time.Time{})
	}
	if subject == "" {
		if subject, err = c.subject(key.topic, recordName(schema)); err != nil {
			return fail("schema", err, time.Time{})
		}
	}
	version, err := c.registry.version(subject, found.schema)
	if err != nil {
		return fail("schema version", err, soon)
	}
	p, err := newPlan(schema, c.settings, version)
	if err != nil {
		return fail("schema", err, time.Time{})
	}
	return &entry{plan: p}
}

// subject is the name under which the registry knows the schema of a topic's records.
func (c *Converter) subject(topic, record string) (string, error) {
	side, setting := "value", ValueStrategyConfig
	if c.isKey {
		side, setting = "key", KeyStrategyConfig
	}
	switch {
	case c.strategy == topicStrategy:
		return topic + "-" + side, nil
	case record == "":
		return "", &SerializationError{Message: "In configuration " + setting + " = " + c.strategy + ", the message " + side + " must only be a record schema"}
	case c.strategy == recordStrategy:
		return record, nil
	}
	return topic + "-" + record, nil
}

// recordName is the full name of a record, "" for schemas of other types.
func recordName(s avro.Schema) string {
	if r, ok := resolve(s).(*avro.RecordSchema); ok {
		return strings.TrimPrefix(r.FullName(), ".")
	}
	return ""
}
