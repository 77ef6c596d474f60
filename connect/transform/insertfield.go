package transform

import (
	"time"

	"sluice/connect"
)

// insertField adds what is known of a record, or a fixed text, as fields.
//
// Kafka: org.apache.kafka.connect.transforms.InsertField.
type insertField struct {
	unheld
	side        side
	inserts     []insertion
	withDefault bool
	schemas     schemaCache
	object      object
	lastTopic   any // of the record before, in the form in which it is inserted
}

// insertion is one field that is added.
type insertion struct {
	name     string
	optional bool
	schema   *connect.Schema // required
	value    func(r *connect.SinkRecord, withSchema bool) any
}

const (
	topicFieldConfig     = "topic.field"
	partitionFieldConfig = "partition.field"
	offsetFieldConfig    = "offset.field"
	timestampFieldConfig = "timestamp.field"
	staticFieldConfig    = "static.field"
	staticValueConfig    = "static.value"
)

const optionality = " With ! at its end the field is required, with ? or without either it is optional."

var insertFieldConfig = connect.NewConfigDef(
	connect.ConfigKey{Name: topicFieldConfig, Type: connect.TypeString, Importance: connect.Medium,
		Doc: "The name of a field for the topic." + optionality},
	connect.ConfigKey{Name: partitionFieldConfig, Type: connect.TypeString, Importance: connect.Medium,
		Doc: "The name of a field for the partition." + optionality},
	connect.ConfigKey{Name: offsetFieldConfig, Type: connect.TypeString, Importance: connect.Medium,
		Doc: "The name of a field for the offset." + optionality},
	connect.ConfigKey{Name: timestampFieldConfig, Type: connect.TypeString, Importance: connect.Medium,
		Doc: "The name of a field for the timestamp." + optionality},
	connect.ConfigKey{Name: staticFieldConfig, Type: connect.TypeString, Importance: connect.Medium,
		Doc: "The name of a field for a fixed text." + optionality},
	connect.ConfigKey{Name: staticValueConfig, Type: connect.TypeString, Importance: connect.Medium,
		Doc: "The fixed text."},
	withDefaultKey,
)

// timestampSchema is the schema of an instant.
var timestampSchema = logicalSchema(connect.Int64, connect.TimestampName)

// logicalSchema returns the schema of a logical type without parameters.
func logicalSchema(t connect.Type, name string) *connect.Schema {
	version := 1
	return &connect.Schema{Type: t, Name: name, Version: &version}
}

// optionalOf returns a schema that is optional and otherwise the same.
func optionalOf(s *connect.Schema, optional bool) *connect.Schema {
	if s.Optional == optional {
		return s
	}
	out := *s
	out.Optional = optional
	return &out
}

// Config returns the settings.
func (*insertField) Config() *connect.ConfigDef { return insertFieldConfig }

// Configure sets the transform up.
func (t *insertField) Configure(props map[string]string) error {
	cfg, err := parse(insertFieldConfig, props)
	if err != nil {
		return err
	}
	t.withDefault = cfg.Bool(withDefaultConfig)
	static := cfg.String(staticValueConfig)
	t.inserts = nil
	for _, in := range []struct {
		key    string
		schema *connect.Schema
		value  func(r *connect.SinkRecord, withSchema bool) any
	}{
		{topicFieldConfig, connect.StringSchema, t.topic},
		{partitionFieldConfig, connect.Int32Schema, func(r *connect.SinkRecord, _ bool) any { return r.Partition }},
		{offsetFieldConfig, connect.Int64Schema, func(r *connect.SinkRecord, _ bool) any { return r.Offset }},
		{timestampFieldConfig, timestampSchema, recordTime},
		{staticFieldConfig, connect.StringSchema, func(*connect.SinkRecord, bool) any { return static }},
	} {
		if !cfg.Given(in.key) {
			continue
		}
		name := cfg.String(in.key)
		optional := true
		switch last := len(name) - 1; {
		case last < 0:
		case name[last] == '?':
			name = name[:last]
		case name[last] == '!':
			name, optional = name[:last], false
		}
		t.inserts = append(t.inserts, insertion{name, optional, optionalOf(in.schema, optional), in.value})
	}
	if len(t.inserts) == 0 {
		return configError("No field insertion configured")
	}
	if cfg.Given(staticFieldConfig) && !cfg.Given(staticValueConfig) {
		return &connect.ConfigError{Key: staticValueConfig, Value: "null", Rule: "No value specified for static field: " + t.inserts[len(t.inserts)-1].name}
	}
	return nil
}

// topic returns a record's topic, which is that of the record before as a rule.
func (t *insertField) topic(r *connect.SinkRecord, _ bool) any {
	if topic := r.CurrentTopic(); topic != t.lastTopic {
		t.lastTopic = topic
	}
	return t.lastTopic
}

// recordTime returns a record's timestamp: a time if there is a schema, else its number; nil if there is none.
func recordTime(r *connect.SinkRecord, withSchema bool) any {
	switch {
	case r.Timestamp < 0:
		return nil
	case withSchema:
		return time.UnixMilli(r.Timestamp).UTC()
	}
	return r.Timestamp
}

const insertPurpose = "field insertion"

// Apply adds the fields. A null is left alone.
func (t *insertField) Apply(r *connect.SinkRecord) (*connect.SinkRecord, error) {
	return t.side.apply(r, t, &t.schemas, insertPurpose)
}

func (t *insertField) inObject(r *connect.SinkRecord, value any) (any, error) {
	if err := t.object.open(value, insertPurpose); err != nil {
		return nil, err
	}
	for _, in := range t.inserts {
		if v := in.value(r, false); v != nil {
			if err := t.object.set(in.name, v); err != nil {
				return nil, err
			}
		}
	}
	return t.object.close(), nil
}

func (t *insertField) inStruct(r *connect.SinkRecord, to, from *connect.Struct) error {
	for i := range from.Schema.Fields {
		if err := putField(to, i, fieldValue(from, i, t.withDefault)); err != nil {
			return err
		}
	}
	for i, in := range t.inserts {
		to.Values[len(from.Values)+i] = in.value(r, true)
	}
	return nil
}

func (t *insertField) schema(from *connect.Schema) (*connect.Schema, error) {
	to := newStructSchema(from)
	to.Fields = append(make([]connect.Field, 0, len(from.Fields)+len(t.inserts)), from.Fields...)
	for _, in := range t.inserts {
		if err := to.add(in.name, in.schema); err != nil {
			return nil, err
		}
	}
	return to.Schema, nil
}
