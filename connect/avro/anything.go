package avro

import (
	"sluice/connect"
)

// anythingFields are the fields of the record that wraps schemaless data, in the order of their schema; which of them is set says the type.
// Arrays hold such records again, and maps are arrays of records with key and value.
var anythingFields = []string{"boolean", "bytes", "double", "float", "int", "long", "string", "array", "map"}

// unwrap returns the schemaless value in a record that Confluent's converter has made of it: numbers as int64 and float64, as schemaless
// data has them here.
//
// Kafka: AvroData.toConnectData without a schema.
func unwrap(v any) (any, error) {
	s, ok := v.(*connect.Struct)
	if !ok || len(s.Values) != len(anythingFields) {
		return nil, connect.NewDataError("Invalid Avro data for schemaless Connect data")
	}
	for i, name := range anythingFields {
		x := s.Values[i]
		if s.Schema.Fields[i].Name != name {
			return nil, connect.NewDataError("Invalid Avro data for schemaless Connect data")
		}
		switch x := x.(type) {
		case nil:
			continue
		case int32:
			return int64(x), nil
		case float32:
			return float64(x), nil
		case []any:
			if name == "array" {
				return unwrapArray(x)
			}
		case map[any]any:
			return unwrapMap(x)
		}
		return x, nil
	}
	return nil, nil
}

func unwrapArray(items []any) (any, error) {
	out := make([]any, len(items))
	for i, x := range items {
		var err error
		if out[i], err = unwrap(x); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func unwrapMap(entries map[any]any) (any, error) {
	out := make(map[string]any, len(entries))
	for k, x := range entries {
		key, err := unwrap(k)
		if err != nil {
			return nil, err
		}
		text, ok := key.(string)
		if !ok {
			return nil, connect.NewDataError("a key of a schemaless map is no text")
		}
		if out[text], err = unwrap(x); err != nil {
			return nil, err
		}
	}
	return out, nil
}
