package avro_test

import (
	"encoding/json"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"

	hamba "github.com/hamba/avro/v2"

	"sluice/connect"
	"sluice/connect/avro"
)

// written returns the schema under which a value was registered, and its bytes behind the id.
func written(t *testing.T, v connect.SchemaAndValue, settings ...string) (string, []byte) {
	t.Helper()
	s := newStub(t, nil)
	data, err := newConverter(t, s, settings...).FromConnect("t", v)
	if err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	id := s.subjects["t-value"][0]
	if want := message(id); string(data[:5]) != string(want) {
		t.Errorf("got head %v, want %v", data[:5], want)
	}
	return s.schemas[id]["schema"].(string), data[5:]
}

// Expected schemas are what Confluent's AvroDataTest expects (testFromConnect...), with attributes in the order of Java's Schema.toString.
func TestSchemasThatAreWritten(t *testing.T) {
	decimal := &connect.Schema{Type: connect.Bytes, Name: connect.DecimalName, Version: version(1), Parameters: params("scale", "2")}
	inner := &connect.Schema{Type: connect.StructT, Name: "a.b.In", Fields: []connect.Field{{Name: "n", Schema: connect.Int32Schema}}}
	optionalInner := *inner
	optionalInner.Optional = true
	for _, c := range []struct {
		name     string
		schema   *connect.Schema
		value    any
		settings []string
		want     string
	}{
		{"boolean", connect.BooleanSchema, true, nil, `"boolean"`},
		{"int8", connect.Int8Schema, int8(1), nil, `{"type":"int","connect.type":"int8"}`},
		{"int8 without metadata", connect.Int8Schema, int8(1), []string{avro.MetaDataConfig, "false"}, `"int"`},
		{"optional string", connect.OptionalStringSchema, "x", nil, `["null","string"]`},
		{"default", &connect.Schema{Type: connect.String, Optional: true, Default: "d"}, "x", nil, `[{"type":"string","connect.default":"d"},"null"]`},
		{"all there is", &connect.Schema{Type: connect.Int32, Name: "n", Doc: "d", Version: version(3), Parameters: params("k", "v")}, int32(1), nil,
			`{"type":"int","connect.doc":"d","connect.version":3,"connect.parameters":{"k":"v"},"connect.name":"n"}`},
		{"decimal", decimal, connect.Decimal{Unscaled: big.NewInt(156), Scale: 2}, nil,
			`{"type":"bytes","scale":2,"precision":64,"connect.version":1,"connect.parameters":{"scale":"2"},"connect.name":"org.apache.kafka.connect.data.Decimal","logicalType":"decimal"}`},
		{"timestamp", &connect.Schema{Type: connect.Int64, Name: connect.TimestampName, Version: version(1)}, time.UnixMilli(0), nil,
			`{"type":"long","connect.version":1,"connect.name":"org.apache.kafka.connect.data.Timestamp","logicalType":"timestamp-millis"}`},
		{"map of texts", &connect.Schema{Type: connect.Map, Keys: connect.StringSchema, Values: connect.Int32Schema}, map[string]any{"a": int32(1)}, nil, `{"type":"map","values":"int"}`},
		{"map of numbers", &connect.Schema{Type: connect.Map, Keys: connect.Int32Schema, Values: connect.Int32Schema}, map[any]any{int32(1): int32(1)}, nil,
			`{"type":"array","items":{"type":"record","name":"MapEntry","namespace":"io.confluent.connect.avro","fields":[{"name":"key","type":"int"},{"name":"value","type":"int"}]}}`},
		{"struct without a name", &connect.Schema{Type: connect.StructT, Fields: []connect.Field{{Name: "a", Schema: connect.OptionalStringSchema}}}, []any{nil}, nil,
			`{"type":"record","name":"ConnectDefault","namespace":"io.confluent.connect.avro","fields":[{"name":"a","type":["null","string"],"default":null}]}`},
		{"a struct twice", &connect.Schema{Type: connect.StructT, Name: "a.b.Out", Fields: []connect.Field{{Name: "x", Schema: inner}, {Name: "y", Schema: &optionalInner}}},
			[]any{&connect.Struct{Schema: inner, Values: []any{int32(1)}}, nil}, nil,
			`{"type":"record","name":"Out","namespace":"a.b","fields":[{"name":"x","type":{"type":"record","name":"In","fields":[{"name":"n","type":"int"}],"connect.name":"a.b.In"}},` +
				`{"name":"y","type":["null","In"],"default":null}],"connect.name":"a.b.Out"}`},
		{"names that are not allowed", &connect.Schema{Type: connect.StructT, Name: "a-b.c d", Fields: []connect.Field{{Name: "9 é", Schema: connect.Int32Schema}}}, []any{int32(1)},
			[]string{avro.ScrubNamesConfig, "true", avro.MetaDataConfig, "false"},
			`{"type":"record","name":"c_d","namespace":"a_b","fields":[{"name":"x9__C3_A9","type":"int"}]}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := c.value
			if values, ok := v.([]any); ok {
				v = &connect.Struct{Schema: c.schema, Values: values}
			}
			if got, _ := written(t, connect.SchemaAndValue{Schema: c.schema, Value: v}, c.settings...); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

// What is read can be written again, to the same bytes.
func TestRoundTrips(t *testing.T) {
	for _, c := range []struct {
		schema   string
		data     []byte
		settings []string
	}{
		{`"string"`, text("x"), nil},
		{`"bytes"`, []byte("x"), nil},
		{`["null","bytes"]`, []byte{2, 2, 'x'}, nil},
		{`{"type":"fixed","name":"Two","size":2}`, []byte("ab"), nil},
		{`{"type":"fixed","name":"D","size":2,"logicalType":"decimal","precision":4}`, []byte{0xff, 0x80}, nil},
		{`{"type":"array","items":{"type":"bytes","logicalType":"decimal","precision":9}}`, []byte{8, 2, 0, 2, 0x7f, 2, 0x80, 4, 0xff, 0x7f, 0}, nil},
		{`{"type":"enum","name":"E","symbols":["A","B"]}`, []byte{2}, []string{avro.EnhancedConfig, "true"}},
		{`{"type":"enum","name":"E","symbols":["B","A"]}`, []byte{2}, []string{avro.SumTypesConfig, "true"}},
		{`["null","int",{"type":"record","name":"R","fields":[{"name":"a","type":"string"}]}]`, []byte{4, 2, 'x'}, nil},
		{`{"type":"record","name":"N","fields":[{"name":"n","type":["null","N"],"default":null}]}`, []byte{2, 2, 0}, nil},
		{`{"type":"record","name":"O","fields":[{"name":"d","type":{"type":"int","logicalType":"date"}},{"name":"t","type":{"type":"int","logicalType":"time-millis"}},{"name":"f","type":"float"},{"name":"g","type":"double"},{"name":"h","type":"boolean"}]}`,
			[]byte{1, 2, 0, 0, 0xc0, 0x3f, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 1}, nil},
		{`{"type":"array","items":{"type":"record","name":"MapEntry","namespace":"io.confluent.connect.avro","fields":[{"name":"key","type":"int"},{"name":"value","type":"string"}]}}`, []byte{2, 2, 2, 'a', 0}, nil},
	} {
		v, err := read(t, c.schema, c.data, c.settings...)
		if err != nil {
			t.Errorf("%s: %v", c.schema, err)
			continue
		}
		schema, data := written(t, v, c.settings...)
		if string(data) != string(c.data) {
			t.Errorf("%s: got bytes %v, want %v (schema %s)", c.schema, data, c.data, schema)
		}
		again, err := read(t, schema, data, c.settings...)
		if err != nil || show(first(again.Schema)) != show(first(v.Schema)) {
			t.Errorf("%s: got schema\n%s\nwant\n%s\n%v", c.schema, show(first(again.Schema)), show(first(v.Schema)), err)
		}
		if s := v.Schema; s.Type != connect.StructT && !reflect.DeepEqual(again.Value, v.Value) {
			t.Errorf("%s: got %v, want %v", c.schema, again.Value, v.Value)
		}
	}
}

// first is a schema without its fields, which may contain it.
func first(s *connect.Schema) *connect.Schema {
	if s == nil {
		return nil
	}
	head := *s
	head.Fields = nil
	head.Parameters = nil // field documentation comes and goes with metadata
	return &head
}

// Another implementation reads what is written.
func TestWhatHambaReads(t *testing.T) {
	schema := &connect.Schema{Type: connect.StructT, Name: "R", Fields: []connect.Field{
		{Name: "i", Schema: connect.Int64Schema}, {Name: "s", Schema: connect.OptionalStringSchema}, {Name: "none", Schema: connect.OptionalStringSchema},
		{Name: "def", Schema: &connect.Schema{Type: connect.Int64, Optional: true, Default: int64(5)}},
		{Name: "m", Schema: &connect.Schema{Type: connect.Map, Keys: connect.StringSchema, Values: connect.Float64Schema}},
	}}
	value := &connect.Struct{Schema: schema, Values: []any{int64(-1) << 40, "x", nil, nil, map[string]any{"a": 1.5}}}
	text, data := written(t, connect.SchemaAndValue{Schema: schema, Value: value})
	if !json.Valid([]byte(text)) {
		t.Fatalf("not JSON: %s", text)
	}
	var got map[string]any
	if err := hamba.Unmarshal(hamba.MustParse(text), data, &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"i": int64(-1) << 40, "s": "x", "none": nil, "def": int64(5), "m": map[string]any{"a": 1.5}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %#v, want %#v", got, want)
	}
	_, data = written(t, connect.SchemaAndValue{Schema: schema, Value: value}, avro.IgnoreDefaultConfig, "true")
	if err := hamba.Unmarshal(hamba.MustParse(text), data, &got); err != nil || got["def"] != nil {
		t.Errorf("without defaults: got %v, %v, want a null", got["def"], err)
	}
}

func TestWithoutRegistering(t *testing.T) {
	s := newStub(t, nil)
	c := newConverter(t, s, avro.AutoRegisterConfig, "false")
	_, err := c.FromConnect("t", connect.SchemaAndValue{Schema: connect.StringSchema, Value: "x"})
	if err == nil || !strings.Contains(err.Error(), "Failed to serialize Avro data from topic t") || !strings.Contains(err.Error(), "Subject 't-value' not found") {
		t.Errorf("got %v, want that the subject is not found", err)
	}
	s.add(5, "t-value", `"string"`)
	for range 2 {
		data, err := c.FromConnect("t", connect.SchemaAndValue{Schema: connect.StringSchema, Value: "x"})
		if err != nil || string(data) != string(message(5, text("x")...)) {
			t.Errorf("got %v, %v", data, err)
		}
	}
	if n := len(s.asked()); n != 2 {
		t.Errorf("got %d requests, want 2: one that failed and one", n)
	}
}

func TestValuesThatCannotBeWritten(t *testing.T) {
	deep := &connect.Schema{Type: connect.Array}
	deep.Values = deep
	for _, c := range []struct {
		schema *connect.Schema
		value  any
		want   string
	}{
		{connect.StringSchema, nil, "Found null value for non-optional schema"},
		{connect.StringSchema, int32(1), "Invalid type for STRING: int32"},
		{connect.Int8Schema, int32(1), "Invalid type for INT8"},
		{&connect.Schema{Type: connect.StructT, Name: "a b"}, &connect.Struct{Schema: &connect.Schema{}}, "scrub.invalid.names"},
		{&connect.Schema{Type: connect.Bytes, Name: "F", Parameters: params("connect.fixed.size", "2")}, []byte("abc"), "do not fit"},
		{&connect.Schema{Type: connect.Bytes, Name: connect.DecimalName, Parameters: params("scale", "2")}, connect.Decimal{Scale: 1}, "mismatching scale"},
		{nil, struct{}{}, "schemaless"},
		{deep, []any{}, "nested deeper"},
	} {
		_, err := newConverter(t, newStub(t, nil)).FromConnect("t", connect.SchemaAndValue{Schema: c.schema, Value: c.value})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: got %v, want %s", c.value, err, c.want)
		}
	}
	if data, err := newConverter(t, newStub(t, nil)).FromConnect("t", connect.SchemaAndValue{}); data != nil || err != nil {
		t.Errorf("null: got %v, %v", data, err)
	}
}
