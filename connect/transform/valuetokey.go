package transform

import "sluice/connect"

// valueToKey makes a key of fields of the value.
//
// Kafka: org.apache.kafka.connect.transforms.ValueToKey.
type valueToKey struct {
	unheld
	fields      []string
	withDefault bool
	schemas     schemaCache
	object      object
}

var valueToKeyConfig = connect.NewConfigDef(
	connect.ConfigKey{Name: fieldsConfig, Type: connect.TypeList, Required: true, Validator: nonEmptyList, Importance: connect.High,
		Doc: "The names of the value's fields that make up the key."},
	withDefaultKey,
)

// Config returns the settings.
func (*valueToKey) Config() *connect.ConfigDef { return valueToKeyConfig }

// Configure sets the transform up.
func (t *valueToKey) Configure(props map[string]string) error {
	cfg, err := parse(valueToKeyConfig, props)
	t.fields, t.withDefault = cfg.List(fieldsConfig), cfg.Bool(withDefaultConfig)
	return err
}

// Apply makes the key. A field that an object does not have is null in the key; one that a struct does not have is a data error.
func (t *valueToKey) Apply(r *connect.SinkRecord) (*connect.SinkRecord, error) {
	const purpose = "copying fields from value to key"
	if r.ValueSchema == nil {
		if err := t.object.open(r.Value, purpose); err != nil {
			return nil, err
		}
		key := make(map[string]any, len(t.fields))
		for _, name := range t.fields {
			v, err := t.object.get(name)
			if err != nil {
				return nil, err
			}
			key[name] = v
		}
		t.object.close()
		return ofKey.set(r, nil, key), nil
	}
	value, err := requireStruct(r.Value, purpose)
	if err != nil {
		return nil, err
	}
	schema, err := t.schemas.get(value.Schema, t.keySchema)
	if err != nil {
		return nil, err
	}
	key := connect.NewStruct(schema)
	for i, name := range t.fields {
		if err := putField(key, i, fieldValue(value, fieldIndex(value.Schema, name), t.withDefault)); err != nil {
			return nil, err
		}
	}
	return ofKey.set(r, schema, key), nil
}

func (t *valueToKey) keySchema(value *connect.Schema) (*connect.Schema, error) {
	key := structSchema{Schema: &connect.Schema{Type: connect.StructT}}
	for _, name := range t.fields {
		i := fieldIndex(value, name)
		if i < 0 {
			return nil, connect.NewDataError("Field does not exist: %s", name)
		}
		if err := key.add(name, value.Fields[i].Schema); err != nil {
			return nil, err
		}
	}
	return key.Schema, nil
}
