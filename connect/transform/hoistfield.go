package transform

import "sluice/connect"

// hoistField makes the whole key or value the one field of a struct or map.
//
// Kafka: org.apache.kafka.connect.transforms.HoistField.
type hoistField struct {
	unheld
	side    side
	field   string
	schemas schemaCache
}

var hoistFieldConfig = connect.NewConfigDef(
	connect.ConfigKey{Name: fieldConfig, Type: connect.TypeString, Required: true, Importance: connect.Medium,
		Doc: "The name of the field that holds what was the whole."},
)

// Config returns the settings.
func (*hoistField) Config() *connect.ConfigDef { return hoistFieldConfig }

// Configure sets the transform up.
func (t *hoistField) Configure(props map[string]string) error {
	cfg, err := parse(hoistFieldConfig, props)
	t.field = cfg.String(fieldConfig)
	return err
}

// Apply wraps the key or value. A null without schema is wrapped too.
func (t *hoistField) Apply(r *connect.SinkRecord) (*connect.SinkRecord, error) {
	schema, value := t.side.get(r)
	if schema == nil {
		value, err := connect.Decode(value) // raw JSON stands alone
		if err != nil {
			return nil, causedBy(err, err.Error())
		}
		return t.side.set(r, nil, map[string]any{t.field: value}), nil
	}
	hoisted, err := t.schemas.get(schema, func(s *connect.Schema) (*connect.Schema, error) {
		out := structSchema{Schema: &connect.Schema{Type: connect.StructT}}
		return out.Schema, out.add(t.field, s)
	})
	if err != nil {
		return nil, err
	}
	s := connect.NewStruct(hoisted)
	if err := putField(s, 0, value); err != nil {
		return nil, err
	}
	return t.side.set(r, hoisted, s), nil
}
