package transform

import "sluice/connect"

// extractField puts one field in place of the whole key or value.
//
// Kafka: org.apache.kafka.connect.transforms.ExtractField.
type extractField struct {
	unheld
	side        side
	name        string
	path        fieldPath
	withDefault bool
	object      object
}

var extractFieldConfig = connect.NewConfigDef(
	connect.ConfigKey{Name: fieldConfig, Type: connect.TypeString, Required: true, Importance: connect.Medium,
		Doc: "The name of the field to take out."},
	withDefaultKey,
	syntaxVersionKey,
)

// Config returns the settings.
func (*extractField) Config() *connect.ConfigDef { return extractFieldConfig }

// Configure sets the transform up.
func (t *extractField) Configure(props map[string]string) error {
	cfg, err := parse(extractFieldConfig, props)
	if err != nil {
		return err
	}
	t.name, t.withDefault = cfg.String(fieldConfig), cfg.Bool(withDefaultConfig)
	t.path, err = newFieldPath(t.name, cfg.String(syntaxVersionConfig))
	return err
}

// Apply takes the field out. A field that an object does not have is null; one that a schema does not have is an error.
func (t *extractField) Apply(r *connect.SinkRecord) (*connect.SinkRecord, error) {
	const purpose = "field extraction"
	schema, value := t.side.get(r)
	if schema == nil {
		if value == nil {
			return r, nil
		}
		field, err := t.path.inObject(&t.object, value, purpose)
		if err != nil {
			return nil, err
		}
		return t.side.set(r, nil, field), nil
	}
	s, err := requireStructOrNull(value, purpose)
	if err != nil {
		return nil, err
	}
	fieldSchema, err := t.path.schema(schema)
	switch {
	case err != nil:
		return nil, err
	case fieldSchema == nil:
		return nil, javaErr(illegalArgument, "Unknown field: "+t.name)
	}
	var field any
	if s != nil {
		if field, err = t.path.inStruct(s, t.withDefault); err != nil {
			return nil, err
		}
	}
	return t.side.set(r, fieldSchema, field), nil
}
