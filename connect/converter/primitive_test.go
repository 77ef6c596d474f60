package converter_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"sluice/connect"
	"sluice/connect/converter"
)

// The texts are those of Kafka Connect 3.9.2 on Java 17.
func TestPrimitivesWriteTheirOwnTypeOnly(t *testing.T) {
	for _, c := range []struct {
		name    string
		make    func() *converter.Primitive
		value   connect.SchemaAndValue
		want    []byte
		message string
		cause   string
	}{
		{name: "a null", make: converter.NewShort},
		{name: "a short", make: converter.NewShort, value: connect.SchemaAndValue{Value: int16(-2)}, want: []byte{0xff, 0xfe}},
		{name: "an integer", make: converter.NewInteger, value: connect.SchemaAndValue{Value: int32(3)}, want: []byte{0, 0, 0, 3}},
		{name: "a long", make: converter.NewLong, value: connect.SchemaAndValue{Value: int64(4)}, want: []byte{0, 0, 0, 0, 0, 0, 0, 4}},
		{name: "a long that is JSON", make: converter.NewLong, value: connect.SchemaAndValue{Value: connect.RawJSON("4")}, want: []byte{0, 0, 0, 0, 0, 0, 0, 4}},
		{name: "a float", make: converter.NewFloat, value: connect.SchemaAndValue{Value: float32(1.5)}, want: []byte{0x3f, 0xc0, 0, 0}},
		{name: "a double", make: converter.NewDouble, value: connect.SchemaAndValue{Value: -2.5}, want: []byte{0xc0, 4, 0, 0, 0, 0, 0, 0}},
		{name: "a boolean", make: converter.NewBoolean, value: connect.SchemaAndValue{Value: true}, want: []byte{1}},
		{name: "a number of another size", make: converter.NewShort, value: connect.SchemaAndValue{Value: int32(3)},
			message: "Failed to serialize to short (was class java.lang.Integer): ",
			cause:   "class java.lang.Integer cannot be cast to class java.lang.Short (java.lang.Integer and java.lang.Short are in module java.base of loader 'bootstrap')"},
		{name: "a number with a schema that does not fit", make: converter.NewLong, value: connect.SchemaAndValue{Schema: connect.StringSchema, Value: int64(1)}, want: []byte{0, 0, 0, 0, 0, 0, 0, 1}},
		{name: "no number", make: converter.NewDouble, value: connect.SchemaAndValue{Value: time.UnixMilli(0)},
			message: "Failed to serialize to double (was class java.util.Date): ",
			cause:   "class java.util.Date cannot be cast to class java.lang.Number (java.util.Date and java.lang.Number are in module java.base of loader 'bootstrap')"},
		{name: "no boolean", make: converter.NewBoolean, value: connect.SchemaAndValue{Value: []byte{1}}, message: "BooleanConverter is not compatible with objects of type class [B"},
		{name: "a schema of no boolean", make: converter.NewBoolean, value: connect.SchemaAndValue{Schema: connect.StringSchema, Value: true},
			message: "Invalid schema type for BooleanConverter: STRING"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := c.make()
			if err := p.Configure(nil, false); err != nil {
				t.Fatal(err)
			}
			got, err := p.FromConnect("t", c.value)
			if c.message == "" {
				if err != nil || !bytes.Equal(got, c.want) {
					t.Errorf("got %x, %v, want %x", got, err, c.want)
				}
				return
			}
			if err == nil || err.Error() != c.message {
				t.Fatalf("got %x, %v, want %q", got, err, c.message)
			}
			if cause := errors.Unwrap(err); (cause == nil) != (c.cause == "") || cause != nil && cause.Error() != c.cause {
				t.Errorf("got cause %v, want %q", cause, c.cause)
			}
		})
	}
}

func TestPrimitivesReadNullsWithTheirSchema(t *testing.T) {
	for _, p := range []*converter.Primitive{
		converter.NewShort(), converter.NewInteger(), converter.NewLong(), converter.NewFloat(), converter.NewDouble(), converter.NewBoolean(),
	} {
		got, err := p.ToConnect("t", nil, nil)
		if err != nil || got.Value != nil || got.Schema == nil || !got.Schema.Optional {
			t.Errorf("got %+v, %v, want a null with an optional schema", got, err)
		}
	}
}
