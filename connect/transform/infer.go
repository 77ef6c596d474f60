package transform

import (
	"strconv"

	"sluice/connect"
)

// schemaLike returns a schema for a value by what it looks like. It names the type; of what is inside only an array with items of one type says
// anything, and a struct's schema has no fields.
//
// Camel: org.apache.camel.kafkaconnector.utils.SchemaHelper.buildSchemaBuilderForType.
func schemaLike(v any) (*connect.Schema, error) {
	if v == nil {
		return nil, javaErr(nullPointer, "")
	}
	switch v := v.(type) {
	case connect.Decimal:
		return &connect.Schema{Type: connect.Bytes, Name: connect.DecimalName, Version: version1(), Parameters: map[string]string{"scale": strconv.Itoa(v.Scale)}}, nil
	case *connect.Struct:
		return copyBasics(v.Schema, connect.StructT), nil
	}
	t := typeOf(v)
	if t == "" { // a time: everything else has a type
		return &connect.Schema{Type: connect.Int32, Name: connect.DateName, Version: version1()}, nil
	}
	inferred, err := inferSchema(v)
	if err != nil || inferred == nil || t != connect.Array {
		return &connect.Schema{Type: t}, err
	}
	return &connect.Schema{Type: t, Values: inferred.Values}, nil
}

func version1() *int {
	one := 1
	return &one
}

// inferSchema returns the schema of a value, nil for one that it cannot tell: decimals, times, and lists and maps that are empty or hold several
// types. Of lists and maps inside of others it knows no more than that.
//
// Kafka: org.apache.kafka.connect.data.Values.inferSchema.
func inferSchema(v any) (*connect.Schema, error) {
	switch v := v.(type) {
	case *connect.Struct:
		return v.Schema, nil
	case []any:
		if len(v) == 0 {
			return nil, nil
		}
		var items detector
		for _, item := range v {
			if ok, err := items.detects(item); !ok {
				return nil, err
			}
		}
		schema, err := items.schema()
		return &connect.Schema{Type: connect.Array, Values: schema}, err
	case map[string]any:
		return inferMap(len(v), func(yield func(k, v any) bool) {
			for k, v := range v {
				if !yield(k, v) {
					return
				}
			}
		})
	case map[any]any:
		return inferMap(len(v), func(yield func(k, v any) bool) {
			for k, v := range v {
				if !yield(k, v) {
					return
				}
			}
		})
	}
	if t := typeOf(v); t != "" {
		return &connect.Schema{Type: t}, nil
	}
	return nil, nil
}

func inferMap(size int, entries func(func(k, v any) bool)) (*connect.Schema, error) {
	if size == 0 {
		return nil, nil
	}
	var keys, values detector
	for k, v := range entries {
		if ok, err := keys.detects(k); !ok {
			return nil, err
		}
		if ok, err := values.detects(v); !ok {
			return nil, err
		}
	}
	keySchema, err := keys.schema()
	if err != nil {
		return nil, err
	}
	valueSchema, err := values.schema()
	return &connect.Schema{Type: connect.Map, Keys: keySchema, Values: valueSchema}, err
}

// detector finds the one type that several values have.
type detector struct {
	known    connect.Type
	optional bool
}

// detects takes one more value. It is false if the value's type is not that of the ones before, or cannot be told.
func (d *detector) detects(v any) (bool, error) {
	if v == nil {
		d.optional = true
		return true, nil
	}
	schema, err := inferSchema(v)
	if err != nil || schema == nil || d.known != "" && d.known != schema.Type {
		return false, err
	}
	d.known = schema.Type
	return true, nil
}

// schema returns what was found. Nulls alone have no type.
func (d *detector) schema() (*connect.Schema, error) {
	if d.known == "" {
		return nil, javaErr(schemaBuilderException, "type cannot be null")
	}
	return &connect.Schema{Type: d.known, Optional: d.optional}, nil
}
