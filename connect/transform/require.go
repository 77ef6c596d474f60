package transform

import "sluice/connect"

// requireMap returns a value without schema as a map, decoding it if need be. The map must not be changed. Anything else, nil included, is a
// data error.
//
// Kafka: org.apache.kafka.connect.transforms.util.Requirements.
func requireMap(v any, purpose string) (map[string]any, error) {
	v, err := connect.Decode(v)
	if err != nil {
		return nil, causedBy(err, err.Error())
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil, connect.NewDataError("Only Map objects supported in absence of schema for [%s], found: %s", purpose, javaClass(v))
	}
	return m, nil
}

// requireStruct returns a value with a schema as a struct. Anything else, nil included, is a data error.
func requireStruct(v any, purpose string) (*connect.Struct, error) {
	s, ok := v.(*connect.Struct)
	if !ok || s == nil {
		return nil, connect.NewDataError("Only Struct objects supported for [%s], found: %s", purpose, javaClass(v))
	}
	return s, nil
}

// requireStructOrNull returns nil for nil, else what requireStruct does.
func requireStructOrNull(v any, purpose string) (*connect.Struct, error) {
	if v == nil {
		return nil, nil
	}
	return requireStruct(v, purpose)
}
