package transform

import (
	"maps"

	"sluice/connect"
)

// structToJSON replaces a value that has a schema by its JSON, as bytes. The settings are those of the JsonConverter, which writes it.
//
// Camel: org.apache.camel.kafkaconnector.transforms.SchemaAndStructToJsonTransform.
type structToJSON struct {
	unheld
	json connect.Converter
}

// converterTypeConfig is the one setting of the JsonConverter that is not left to whoever configures the transform.
const converterTypeConfig = "converter.type"

// Config returns the settings of the JsonConverter.
func (t *structToJSON) Config() *connect.ConfigDef { return t.json.Config() }

// Configure sets the converter up.
func (t *structToJSON) Configure(props map[string]string) error {
	props = maps.Clone(props)
	delete(props, converterTypeConfig)
	return first(t.json.Configure(props, false))
}

// Apply writes the value. A null, and a value without a schema, stay as they are.
func (t *structToJSON) Apply(r *connect.SinkRecord) (*connect.SinkRecord, error) {
	if r.Value == nil || r.ValueSchema == nil {
		return r, nil
	}
	data, err := t.json.FromConnect(r.CurrentTopic(), connect.SchemaAndValue{Schema: r.ValueSchema, Value: r.Value})
	if err != nil || data == nil {
		return r, err
	}
	r.ValueSchema, r.Value = connect.BytesSchema, data
	return r, nil
}
