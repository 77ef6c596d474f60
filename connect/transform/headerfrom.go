package transform

import (
	"fmt"
	"slices"

	"sluice/connect"
)

// headerFrom copies or moves fields to headers.
//
// Kafka: org.apache.kafka.connect.transforms.HeaderFrom.
type headerFrom struct {
	unheld
	side        side
	fields      []string
	headers     []string // one for each field
	operation   string
	withDefault bool
	schemas     schemaCache
	object      object
}

const (
	operationConfig = "operation"
	moveOperation   = "move"
	copyOperation   = "copy"
)

var headerFromConfig = connect.NewConfigDef(
	connect.ConfigKey{Name: fieldsConfig, Type: connect.TypeList, Required: true, Validator: nonEmptyList, Importance: connect.High,
		Doc: "The names of the fields whose values become headers."},
	connect.ConfigKey{Name: headersConfig, Type: connect.TypeList, Required: true, Validator: nonEmptyList, Importance: connect.High,
		Doc: "The names of the headers, in the order of the fields."},
	connect.ConfigKey{Name: operationConfig, Type: connect.TypeString, Required: true, Validator: connect.OneOf(moveOperation, copyOperation), Importance: connect.High,
		Doc: "Whether the fields stay where they are as well (copy) or not (move)."},
	withDefaultKey,
)

// Config returns the settings.
func (*headerFrom) Config() *connect.ConfigDef { return headerFromConfig }

// Configure sets the transform up.
func (t *headerFrom) Configure(props map[string]string) error {
	cfg, err := parse(headerFromConfig, props)
	if err != nil {
		return err
	}
	t.fields, t.headers = cfg.List(fieldsConfig), cfg.List(headersConfig)
	if len(t.fields) != len(t.headers) {
		return configError(fmt.Sprintf("'%s' config must have the same number of elements as '%s' config.", fieldsConfig, headersConfig))
	}
	t.operation, t.withDefault = cfg.String(operationConfig), cfg.Bool(withDefaultConfig)
	return nil
}

// Apply makes the headers. A field that an object does not have is a header with a null.
func (t *headerFrom) Apply(r *connect.SinkRecord) (*connect.SinkRecord, error) {
	schema, value := t.side.get(r)
	purpose := "header " + t.operation
	if schema == nil {
		headers, out, err := t.fromObject(value, purpose)
		if err != nil {
			return nil, err
		}
		return t.side.set(withHeader(r, headers...), nil, out), nil
	}
	s, err := requireStruct(value, purpose)
	if err != nil {
		return nil, err
	}
	headers := make([]connect.Header, len(t.fields))
	for i, name := range t.fields {
		at := fieldIndex(s.Schema, name)
		if at < 0 {
			return nil, javaErr(nullPointer, `Cannot invoke "org.apache.kafka.connect.data.Field.schema()" because the return value of "org.apache.kafka.connect.data.Schema.field(String)" is null`)
		}
		headers[i] = connect.Header{Key: t.headers[i], Schema: s.Schema.Fields[at].Schema, Value: fieldValue(s, at, t.withDefault)}
	}
	if t.operation == moveOperation {
		if schema, err = t.schemas.get(s.Schema, t.schema); err != nil {
			return nil, err
		}
		out := connect.NewStruct(schema)
		for i, f := range schema.Fields {
			if err := putField(out, i, fieldValue(s, fieldIndex(s.Schema, f.Name), t.withDefault)); err != nil {
				return nil, err
			}
		}
		value = out
	}
	return t.side.set(withHeader(r, headers...), schema, value), nil
}

// fromObject returns the headers, and what is left of a value without schema.
func (t *headerFrom) fromObject(value any, purpose string) ([]connect.Header, any, error) {
	if err := t.object.open(value, purpose); err != nil {
		return nil, nil, err
	}
	headers := make([]connect.Header, len(t.fields))
	for i, name := range t.fields {
		v, err := t.object.get(name)
		if err == nil && t.operation == moveOperation {
			_, _, err = t.object.take(name)
		}
		if err != nil {
			return nil, nil, err
		}
		headers[i] = connect.Header{Key: t.headers[i], Value: v}
	}
	return headers, t.object.close(), nil
}

// schema returns the schema of what is left when the fields have moved.
func (t *headerFrom) schema(from *connect.Schema) (*connect.Schema, error) {
	to := newStructSchema(from)
	for _, f := range from.Fields {
		if slices.Contains(t.fields, f.Name) {
			continue
		}
		if err := to.add(f.Name, f.Schema); err != nil {
			return nil, err
		}
	}
	return to.Schema, nil
}
