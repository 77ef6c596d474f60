package converter

import "sluice/connect"

// TypeConfig says what a converter is for: key, value or header. The worker sets it.
const TypeConfig = "converter.type"

var typeKey = connect.ConfigKey{Name: TypeConfig, Type: connect.TypeString, Required: true, Importance: connect.Low,
	Validator: connect.OneOf("key", "value", "header"),
	Doc:       "What the converter is used for: key, value or header. It is set by the worker."}

// parse reads the settings of a converter; the type is set here.
func parse(def *connect.ConfigDef, props map[string]string, isKey bool) (connect.Config, error) {
	with := make(map[string]string, len(props)+1)
	for k, v := range props {
		with[k] = v
	}
	with[TypeConfig] = "value"
	if isKey {
		with[TypeConfig] = "key"
	}
	return def.Parse(with)
}

// asHeader makes a header converter of a converter.
type asHeader struct{ connect.Converter }

// Configure sets the converter up.
func (h asHeader) Configure(props map[string]string) error {
	return h.Converter.Configure(props, false)
}

// ToConnectHeader reads a header's value.
func (h asHeader) ToConnectHeader(topic, _ string, data []byte) (connect.SchemaAndValue, error) {
	return h.ToConnect(topic, nil, data)
}

// FromConnectHeader writes a header's value.
func (h asHeader) FromConnectHeader(topic, _ string, v connect.SchemaAndValue) ([]byte, error) {
	return h.FromConnect(topic, v)
}
