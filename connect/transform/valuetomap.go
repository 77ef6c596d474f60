package transform

import (
	"sluice/connect"
)

// valueToMap makes the whole value the one entry of a map, and forgets the schema of the key. The schema of the value is then that of the
// entry, not of the map; this is Camel's quirk, and transforms of fields refuse such a record.
//
// Camel: org.apache.camel.kafkaconnector.transforms.ConnectRecordValueToMapTransforms.
type valueToMap struct {
	unheld
	key string
}

const keyConfig = "key"

var valueToMapConfig = connect.NewConfigDef(
	connect.ConfigKey{Name: keyConfig, Type: connect.TypeString, Importance: connect.Medium,
		Doc: "The name of the entry that holds what was the whole. It has to be given."},
)

// Config returns the settings.
func (*valueToMap) Config() *connect.ConfigDef { return valueToMapConfig }

// Configure sets the transform up.
func (t *valueToMap) Configure(props map[string]string) error {
	cfg, err := parse(valueToMapConfig, props)
	if err != nil {
		return err
	}
	if cfg.Value(keyConfig) == nil {
		return configError("The ConnectRecordValueToMapTransforms transformer requires a 'key'")
	}
	t.key = cfg.String(keyConfig)
	return nil
}

// Apply wraps the value, which must not be null.
func (t *valueToMap) Apply(r *connect.SinkRecord) (*connect.SinkRecord, error) {
	value, err := connect.Decode(r.Value) // raw JSON stands alone
	if err != nil {
		return nil, causedBy(err, err.Error())
	}
	schema, err := schemaLike(value)
	if err != nil {
		return nil, err
	}
	r.KeySchema = nil
	r.ValueSchema, r.Value = schema, map[string]any{t.key: value}
	return r, nil
}
