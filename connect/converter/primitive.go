package converter

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"

	"sluice/connect"
)

var primitiveConfig = connect.NewConfigDef(typeKey)

// Primitive reads and writes bytes that hold one number in big-endian order, or one boolean. The schema of what it reads is the optional one of its
// type. It comes from [NewShort] and its kin.
//
// Kafka: org.apache.kafka.connect.converters.NumberConverter, BooleanConverter.
type Primitive struct {
	name         string // as error messages have it
	javaType     string // the Java class of its values
	deserializer string // as error messages name it
	size         int
	schema       *connect.Schema
	read         func([]byte) (any, error)
	write        func(any) ([]byte, bool) // false for a value of another type
}

// NewShort returns a converter of INT16 in two bytes.
//
// Kafka: org.apache.kafka.connect.converters.ShortConverter.
func NewShort() *Primitive {
	return &Primitive{
		name: "short", javaType: "java.lang.Short", deserializer: "ShortDeserializer", size: 2,
		schema: &connect.Schema{Type: connect.Int16, Optional: true},
		read:   func(b []byte) (any, error) { return int16(binary.BigEndian.Uint16(b)), nil },
		write: func(v any) ([]byte, bool) {
			n, ok := v.(int16)
			return binary.BigEndian.AppendUint16(nil, uint16(n)), ok
		},
	}
}

// NewInteger returns a converter of INT32 in four bytes.
//
// Kafka: org.apache.kafka.connect.converters.IntegerConverter.
func NewInteger() *Primitive {
	return &Primitive{
		name: "integer", javaType: "java.lang.Integer", deserializer: "IntegerDeserializer", size: 4,
		schema: &connect.Schema{Type: connect.Int32, Optional: true},
		read:   func(b []byte) (any, error) { return int32(binary.BigEndian.Uint32(b)), nil },
		write: func(v any) ([]byte, bool) {
			n, ok := v.(int32)
			return binary.BigEndian.AppendUint32(nil, uint32(n)), ok
		},
	}
}

// NewLong returns a converter of INT64 in eight bytes.
//
// Kafka: org.apache.kafka.connect.converters.LongConverter.
func NewLong() *Primitive {
	return &Primitive{
		name: "long", javaType: "java.lang.Long", deserializer: "LongDeserializer", size: 8,
		schema: &connect.Schema{Type: connect.Int64, Optional: true},
		read:   func(b []byte) (any, error) { return int64(binary.BigEndian.Uint64(b)), nil },
		write: func(v any) ([]byte, bool) {
			n, ok := v.(int64)
			return binary.BigEndian.AppendUint64(nil, uint64(n)), ok
		},
	}
}

// NewFloat returns a converter of FLOAT32 in the four bytes of IEEE 754.
//
// Kafka: org.apache.kafka.connect.converters.FloatConverter.
func NewFloat() *Primitive {
	return &Primitive{
		name: "float", javaType: "java.lang.Float", deserializer: "Deserializer", size: 4,
		schema: &connect.Schema{Type: connect.Float32, Optional: true},
		read:   func(b []byte) (any, error) { return math.Float32frombits(binary.BigEndian.Uint32(b)), nil },
		write: func(v any) ([]byte, bool) {
			f, ok := v.(float32)
			return binary.BigEndian.AppendUint32(nil, math.Float32bits(f)), ok
		},
	}
}

// NewDouble returns a converter of FLOAT64 in the eight bytes of IEEE 754.
//
// Kafka: org.apache.kafka.connect.converters.DoubleConverter.
func NewDouble() *Primitive {
	return &Primitive{
		name: "double", javaType: "java.lang.Double", deserializer: "Deserializer", size: 8,
		schema: &connect.Schema{Type: connect.Float64, Optional: true},
		read:   func(b []byte) (any, error) { return math.Float64frombits(binary.BigEndian.Uint64(b)), nil },
		write: func(v any) ([]byte, bool) {
			f, ok := v.(float64)
			return binary.BigEndian.AppendUint64(nil, math.Float64bits(f)), ok
		},
	}
}

// NewBoolean returns a converter of BOOLEAN in one byte, which is 0 or 1.
//
// Kafka: org.apache.kafka.connect.converters.BooleanConverter.
func NewBoolean() *Primitive {
	return &Primitive{
		name: booleanName, javaType: "java.lang.Boolean", deserializer: "BooleanDeserializer", size: 1,
		schema: connect.OptionalBooleanSchema,
		read: func(b []byte) (any, error) {
			if b[0] > 1 {
				return nil, &SerializationError{Message: fmt.Sprintf("Unexpected byte received by BooleanDeserializer: %d", int8(b[0]))}
			}
			return b[0] == 1, nil
		},
		write: func(v any) ([]byte, bool) {
			b, ok := v.(bool)
			if b {
				return []byte{1}, ok
			}
			return []byte{0}, ok
		},
	}
}

const booleanName = "boolean"

// Config returns the settings.
func (*Primitive) Config() *connect.ConfigDef { return primitiveConfig }

// Configure checks the settings; there is nothing to set.
func (*Primitive) Configure(props map[string]string, isKey bool) error {
	_, err := parse(primitiveConfig, props, isKey)
	return err
}

// ToConnect reads a value. Bytes of another length are a [*connect.DataError].
func (c *Primitive) ToConnect(_ string, _ []connect.RawHeader, data []byte) (connect.SchemaAndValue, error) {
	if data == nil {
		return connect.SchemaAndValue{Schema: c.schema}, nil
	}
	var (
		v   any
		err error
	)
	if len(data) != c.size {
		err = &SerializationError{Message: fmt.Sprintf("Size of data received by %s is not %d", c.deserializer, c.size)}
	} else {
		v, err = c.read(data)
	}
	if err != nil {
		return connect.SchemaAndValue{}, &connect.DataError{Message: "Failed to deserialize " + c.name + ": ", Cause: err}
	}
	return connect.SchemaAndValue{Schema: c.schema, Value: v}, nil
}

// FromConnect writes a value, which must be of the very type: a [*connect.DataError] otherwise.
func (c *Primitive) FromConnect(_ string, v connect.SchemaAndValue) ([]byte, error) {
	if c.name == booleanName && v.Schema != nil && v.Schema.Type != connect.Boolean {
		return nil, dataError("Invalid schema type for BooleanConverter: %s", v.Schema.Type)
	}
	value, err := connect.Decode(v.Value)
	if err != nil {
		return nil, dataError("%v", err)
	}
	if value == nil {
		return nil, nil
	}
	data, ok := c.write(value)
	switch {
	case ok:
		return data, nil
	case c.name == booleanName:
		return nil, dataError("BooleanConverter is not compatible with objects of type %s", javaClass(value))
	}
	return nil, &connect.DataError{Message: "Failed to serialize to " + c.name + " (was " + javaClass(value) + "): ", Cause: c.castError(value)}
}

// castError is what Java's runtime says of a value of another type. Of one that is no number it says so.
func (c *Primitive) castError(v any) error {
	from, to := strings.TrimPrefix(javaClass(v), "class "), c.javaType
	switch v.(type) {
	case int8, int16, int32, int64, float32, float64, connect.Decimal:
	default:
		to = "java.lang.Number"
	}
	modules := from + " and " + to + " are in module java.base of loader 'bootstrap'"
	if _, ok := v.(*connect.Struct); ok {
		modules = from + " is in unnamed module of loader 'app'; " + to + " is in module java.base of loader 'bootstrap'"
	}
	return &javaError{"java.lang.ClassCastException", fmt.Sprintf("class %s cannot be cast to class %s (%s)", from, to, modules)}
}
