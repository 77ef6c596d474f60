package converter

import "sluice/connect"

var byteArrayConfig = connect.NewConfigDef(typeKey)

// ByteArray passes bytes on as they are. The schema of what it reads is optional bytes; the value shares memory with the data.
//
// Kafka: org.apache.kafka.connect.converters.ByteArrayConverter.
type ByteArray struct{}

// NewByteArray returns a converter.
func NewByteArray() *ByteArray { return &ByteArray{} }

// Config returns the settings.
func (*ByteArray) Config() *connect.ConfigDef { return byteArrayConfig }

// Configure checks the settings; there is nothing to set.
func (*ByteArray) Configure(props map[string]string, isKey bool) error {
	_, err := parse(byteArrayConfig, props, isKey)
	return err
}

// ToConnect returns the data.
func (*ByteArray) ToConnect(_ string, _ []connect.RawHeader, data []byte) (connect.SchemaAndValue, error) {
	if data == nil {
		return connect.SchemaAndValue{Schema: connect.OptionalBytesSchema}, nil
	}
	return connect.SchemaAndValue{Schema: connect.OptionalBytesSchema, Value: data}, nil
}

// FromConnect returns the bytes; any other value is a [*connect.DataError].
func (*ByteArray) FromConnect(_ string, v connect.SchemaAndValue) ([]byte, error) {
	if v.Schema != nil && v.Schema.Type != connect.Bytes {
		return nil, dataError("Invalid schema type for ByteArrayConverter: %s", v.Schema.Type)
	}
	switch b := v.Value.(type) {
	case nil:
		return nil, nil
	case []byte:
		return b, nil
	}
	return nil, dataError("ByteArrayConverter is not compatible with objects of type %s", javaClass(v.Value))
}
