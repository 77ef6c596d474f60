package avro_test

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"

	hamba "github.com/hamba/avro/v2"

	"sluice/connect"
	"sluice/connect/avro"
)

func version(n int) *int { return &n }

func params(kv ...string) map[string]string {
	m := map[string]string{}
	for i := 0; i < len(kv); i += 2 {
		m[kv[i]] = kv[i+1]
	}
	return m
}

// read converts bytes that were written with a schema that the subject does not have, so that the schema has no version of the registry's.
func read(t testing.TB, schema string, data []byte, settings ...string) (connect.SchemaAndValue, error) {
	t.Helper()
	s := newStub(t, nil)
	s.add(1, "elsewhere", schema)
	return newConverter(t, s, settings...).ToConnect("t", nil, message(1, data...))
}

func show(s *connect.Schema) string {
	if s == nil {
		return "none"
	}
	v := "-"
	if s.Version != nil {
		v = fmt.Sprint(*s.Version)
	}
	out := fmt.Sprintf("%s optional=%t name=%q version=%s doc=%q params=%v default=%v", s.Type, s.Optional, s.Name, v, s.Doc, s.Parameters, s.Default)
	for _, f := range s.Fields {
		out += "\n  " + f.Name + ": " + strings.ReplaceAll(show(f.Schema), "\n", "\n  ")
	}
	return out
}

// The bytes are written by hand from the Avro specification 1.11, "Binary Encoding". Schemas and values are what Confluent's AvroData makes of
// them; its test is avro-data/src/test/java/io/confluent/connect/avro/AvroDataTest.java, source of the schema registry, 8.5.
func TestMapping(t *testing.T) {
	const (
		enum     = "io.confluent.connect.avro.Enum"
		flagged  = "io.confluent.connect.avro.field.default"
		dateTime = 1700000000123
	)
	plain := func(ty connect.Type) *connect.Schema { return &connect.Schema{Type: ty} }
	opt := func(ty connect.Type) *connect.Schema { return &connect.Schema{Type: ty, Optional: true} }
	decimal := &connect.Schema{Type: connect.Bytes, Name: connect.DecimalName, Version: version(1), Parameters: params("scale", "2", "connect.decimal.precision", "8")}
	fixedDecimal := &connect.Schema{Type: connect.Bytes, Name: connect.DecimalName, Version: version(1),
		Parameters: params("scale", "0", "connect.fixed.size", "2", "connect.decimal.precision", "4")}
	logical := func(ty connect.Type, name string) *connect.Schema {
		return &connect.Schema{Type: ty, Name: name, Version: version(1)}
	}
	for _, c := range []struct {
		name, schema string
		data         []byte
		want         *connect.Schema
		value        any
	}{
		{"boolean", `"boolean"`, []byte{1}, plain(connect.Boolean), true},
		{"int", `"int"`, []byte{0x7f}, plain(connect.Int32), int32(-64)},
		{"smallest int", `"int"`, []byte{0xff, 0xff, 0xff, 0xff, 0x0f}, plain(connect.Int32), int32(math.MinInt32)},
		{"int8", `{"type":"int","connect.type":"int8"}`, []byte{0x18}, plain(connect.Int8), int8(12)},
		{"int16", `{"type":"int","connect.type":"int16"}`, []byte{0x18}, plain(connect.Int16), int16(12)},
		{"long", `"long"`, []byte{0x80, 0x01}, plain(connect.Int64), int64(64)},
		{"smallest long", `"long"`, []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}, plain(connect.Int64), int64(math.MinInt64)},
		{"float", `"float"`, []byte{0, 0, 0xc0, 0x3f}, plain(connect.Float32), float32(1.5)},
		{"double", `"double"`, []byte{0, 0, 0, 0, 0, 0, 0xf8, 0x3f}, plain(connect.Float64), 1.5},
		{"string", `"string"`, text("foo"), plain(connect.String), "foo"},
		{"empty string", `"string"`, text(""), plain(connect.String), ""},
		{"string that is not UTF-8", `"string"`, text("a\xffb"), plain(connect.String), "a\uFFFDb"},
		{"bytes at the top have no length", `"bytes"`, []byte("foo"), plain(connect.Bytes), []byte("foo")},
		{"a Java string", `{"type":"string","avro.java.string":"String"}`, text("x"), &connect.Schema{Type: connect.String, Parameters: params("avro.java.string", "String")}, "x"},
		{"enum", `{"type":"enum","name":"Colour","namespace":"a","symbols":["RED","BLUE"],"doc":"d","default":"RED"}`, []byte{2},
			&connect.Schema{Type: connect.String, Name: "a.Colour", Parameters: params(enum, "a.Colour", enum+".RED", "RED", enum+".BLUE", "BLUE",
				"io.confluent.connect.avro.enum.doc.Colour", "d", "io.confluent.connect.avro.enum.default.Colour", "RED")}, "BLUE"},
		{"fixed", `{"type":"fixed","name":"Two","size":2}`, []byte("ab"),
			&connect.Schema{Type: connect.Bytes, Name: "Two", Parameters: params("connect.fixed.size", "2")}, []byte("ab")},

		{"decimal", `{"type":"array","items":{"type":"bytes","logicalType":"decimal","precision":8,"scale":2}}`, []byte{2, 4, 0xfe, 0x0c, 0},
			&connect.Schema{Type: connect.Array, Values: decimal}, []any{connect.Decimal{Unscaled: big.NewInt(-500), Scale: 2}}},
		{"decimal of fixed", `{"type":"fixed","name":"D","size":2,"logicalType":"decimal","precision":4}`, []byte{0x01, 0x00},
			fixedDecimal, connect.Decimal{Unscaled: big.NewInt(256)}},
		{"decimal without a precision", `["null",{"type":"bytes","logicalType":"decimal","scale":1}]`, []byte{2, 2, 5},
			&connect.Schema{Type: connect.Bytes, Optional: true, Name: connect.DecimalName, Version: version(1), Parameters: params("scale", "1")},
			connect.Decimal{Unscaled: big.NewInt(5), Scale: 1}},
		{"date", `{"type":"int","logicalType":"date"}`, []byte{2}, logical(connect.Int32, connect.DateName), time.Date(1970, 1, 2, 0, 0, 0, 0, time.UTC)},
		{"time-millis", `{"type":"int","logicalType":"time-millis"}`, []byte{2}, logical(connect.Int32, connect.TimeName), time.Date(1970, 1, 1, 0, 0, 0, 1e6, time.UTC)},
		{"timestamp-millis", `{"type":"long","logicalType":"timestamp-millis"}`, []byte{0xf6, 0xa1, 0xab, 0xfe, 0xf9, 0x62},
			logical(connect.Int64, connect.TimestampName), time.UnixMilli(dateTime).UTC()},
		{"time-micros", `{"type":"long","logicalType":"time-micros"}`, []byte{2}, plain(connect.Int64), int64(1)},
		{"timestamp-micros", `{"type":"long","logicalType":"timestamp-micros"}`, []byte{2}, plain(connect.Int64), int64(1)},
		{"local-timestamp-millis", `{"type":"long","logicalType":"local-timestamp-millis"}`, []byte{2}, plain(connect.Int64), int64(1)},
		{"uuid", `{"type":"string","logicalType":"uuid"}`, text("u"), plain(connect.String), "u"},
		{"a logical type on another type", `{"type":"string","logicalType":"date"}`, text("u"), plain(connect.String), "u"},

		{"array", `{"type":"array","items":"int"}`, []byte{4, 2, 4, 0}, &connect.Schema{Type: connect.Array, Values: plain(connect.Int32)}, []any{int32(1), int32(2)}},
		{"empty array", `{"type":"array","items":"int"}`, []byte{0}, &connect.Schema{Type: connect.Array, Values: plain(connect.Int32)}, []any{}},
		{"array in blocks with sizes", `{"type":"array","items":"int"}`, []byte{1, 2, 2, 1, 2, 4, 0}, &connect.Schema{Type: connect.Array, Values: plain(connect.Int32)}, []any{int32(1), int32(2)}},
		{"map", `{"type":"map","values":["null","int"]}`, []byte{4, 2, 'a', 0, 2, 'b', 2, 6, 0}, &connect.Schema{Type: connect.Map, Keys: connect.StringSchema, Values: opt(connect.Int32)},
			map[string]any{"a": nil, "b": int32(3)}},
		{"map with numbers as keys", `{"type":"array","items":{"type":"record","name":"MapEntry","namespace":"io.confluent.connect.avro","fields":[{"name":"key","type":"int"},{"name":"value","type":"string"}]}}`,
			[]byte{2, 2, 2, 'a', 0}, &connect.Schema{Type: connect.Map, Keys: plain(connect.Int32), Values: plain(connect.String)}, map[any]any{int32(1): "a"}},
		{"map that is named", `{"type":"array","connect.name":"m","items":{"type":"record","name":"m","connect.internal.type":"MapEntry","fields":[{"name":"key","type":["null","string"]},{"name":"value","type":"int"}]}}`,
			[]byte{2, 2, 2, 'a', 4, 0}, &connect.Schema{Type: connect.Map, Name: "m", Keys: opt(connect.String), Values: plain(connect.Int32)}, map[any]any{"a": int32(2)}},
		{"null first", `["null","string"]`, append([]byte{2}, text("x")...), opt(connect.String), "x"},
		{"null last", `["string","null"]`, append([]byte{0}, text("x")...), opt(connect.String), "x"},
		{"a union of one", `["string"]`, append([]byte{0}, text("x")...), plain(connect.String), "x"},
		{"what Connect has written", `{"type":"int","connect.name":"n","connect.version":3,"connect.doc":"d","connect.parameters":{"k":"v"},"connect.default":5}`, []byte{2},
			&connect.Schema{Type: connect.Int32, Name: "n", Version: version(3), Doc: "d", Parameters: params("k", "v"), Default: int32(5)}, int32(1)},
		{"a default of more than a float's precision", `{"type":"long","connect.default":9007199254740993}`, []byte{2}, &connect.Schema{Type: connect.Int64, Default: int64(9007199254740993)}, int64(1)},
		{"a record's default of a field", `{"type":"array","items":{"type":"record","name":"R","fields":[{"name":"a","type":"int","default":7}]}}`, []byte{0},
			&connect.Schema{Type: connect.Array, Values: &connect.Schema{Type: connect.StructT, Name: "R", Fields: []connect.Field{{Name: "a", Schema: &connect.Schema{Type: connect.Int32, Default: int32(7), Parameters: params(flagged, "true")}}}}}, []any{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := read(t, c.schema, c.data)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got.Schema, c.want) {
				t.Errorf("schema: got\n%s\nwant\n%s", show(got.Schema), show(c.want))
			}
			if !reflect.DeepEqual(got.Value, c.value) {
				t.Errorf("value: got %#v, want %#v", got.Value, c.value)
			}
		})
	}
}

func TestRecords(t *testing.T) {
	const schema = `{"type":"record","name":"Order","namespace":"shop","doc":"An order.","connect.version":2,"fields":[
		{"name":"id","type":"long","doc":"Its number."},
		{"name":"note","type":["null","string"],"default":null},
		{"name":"state","type":"string","default":"NEW"},
		{"name":"tags","type":{"type":"array","items":"string"},"default":["a"]},
		{"name":"odd","type":["null","string"],"default":"null"},
		{"name":"day","type":{"type":"int","logicalType":"date"},"default":1},
		{"name":"key","type":"bytes","default":"\u00ff"},
		{"name":"wrong","type":"int","default":"x"},
		{"name":"at","type":{"type":"record","name":"Place","fields":[{"name":"x","type":"int"},{"name":"y","type":"int","default":4}]},"default":{"x":3}}]}`
	data := []byte{2, 2}
	data = append(data, text("n")...)
	data = append(data, text("OLD")...)
	data = append(data, 0, 0, 4, 0, 6, 2, 4)
	got, err := read(t, schema, data)
	if err != nil {
		t.Fatal(err)
	}
	flag := params("io.confluent.connect.avro.field.default", "true")
	y := &connect.Schema{Type: connect.Int32, Default: int32(4), Parameters: flag}
	place := &connect.Schema{Type: connect.StructT, Name: "shop.Place", Parameters: flag, Fields: []connect.Field{{Name: "x", Schema: connect.Int32Schema}, {Name: "y", Schema: y}}}
	place.Default = &connect.Struct{Schema: place, Values: []any{int32(3), int32(4)}}
	want := &connect.Schema{Type: connect.StructT, Name: "shop.Order", Version: version(2),
		Parameters: params("io.confluent.connect.avro.record.doc", "An order.", "io.confluent.connect.avro.field.doc.id", "Its number."),
		Fields: []connect.Field{
			{Name: "id", Schema: connect.Int64Schema},
			{Name: "note", Schema: connect.OptionalStringSchema},
			{Name: "state", Schema: &connect.Schema{Type: connect.String, Default: "NEW", Parameters: flag}},
			{Name: "tags", Schema: &connect.Schema{Type: connect.Array, Values: connect.StringSchema, Default: []any{"a"}, Parameters: flag}},
			{Name: "odd", Schema: connect.OptionalStringSchema},
			{Name: "day", Schema: &connect.Schema{Type: connect.Int32, Name: connect.DateName, Version: version(1), Default: time.Date(1970, 1, 2, 0, 0, 0, 0, time.UTC), Parameters: flag}},
			{Name: "key", Schema: &connect.Schema{Type: connect.Bytes, Default: []byte{0xff}, Parameters: flag}},
			{Name: "wrong", Schema: &connect.Schema{Type: connect.Int32, Parameters: flag}},
			{Name: "at", Schema: place},
		}}
	if !reflect.DeepEqual(got.Schema, want) {
		t.Errorf("schema: got\n%s\nwant\n%s", show(got.Schema), show(want))
	}
	order := got.Value.(*connect.Struct)
	at := order.Values[8].(*connect.Struct)
	wantValues := []any{int64(1), "n", "OLD", []any{}, nil, time.Date(1970, 1, 3, 0, 0, 0, 0, time.UTC), []byte{}, int32(3), at}
	if order.Schema != got.Schema || !reflect.DeepEqual(order.Values, wantValues) || !reflect.DeepEqual(at.Values, []any{int32(1), int32(2)}) {
		t.Errorf("got %#v and %v, want %#v", order.Values, at.Values, wantValues)
	}
}

func TestUnions(t *testing.T) {
	const schema = `["null","int",{"type":"record","name":"R","namespace":"a.b","fields":[]},{"type":"fixed","name":"F","size":1},"bytes",{"type":"array","items":"int"}]`
	for _, c := range []struct {
		settings []string
		name     string
		fields   string
	}{
		{nil, "io.confluent.connect.avro.Union", "int R F bytes array"},
		{[]string{avro.EnhancedConfig, "true"}, "io.confluent.connect.avro.Union", "int a.b.R F bytes array"},
		{[]string{avro.SumTypesConfig, "true"}, "connect_union_0", "connect_union_field_1 connect_union_field_2 connect_union_field_3 connect_union_field_4 connect_union_field_5"},
	} {
		for i, data := range [][]byte{{2, 8}, {4}, {6, 9}, {8, 2, 9}, {10, 2, 2, 0}} {
			got, err := read(t, schema, data, c.settings...)
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, f := range got.Schema.Fields {
				names = append(names, f.Name)
				if !f.Schema.Optional {
					t.Errorf("field %s is not optional", f.Name)
				}
			}
			if got.Schema.Name != c.name || !got.Schema.Optional || strings.Join(names, " ") != c.fields {
				t.Errorf("%v: got %s with fields %s, want %s with %s", c.settings, got.Schema.Name, names, c.name, c.fields)
			}
			for j, v := range got.Value.(*connect.Struct).Values {
				if (v != nil) != (i == j) {
					t.Errorf("type %d: field %d is %v", i, j, v)
				}
			}
		}
		got, err := read(t, schema, []byte{0}, c.settings...)
		if err != nil || got.Value != nil {
			t.Errorf("null: got %v, %v", got.Value, err)
		}
	}
}

func TestARecursiveSchema(t *testing.T) {
	const schema = `{"type":"record","name":"Node","connect.version":1,"fields":[{"name":"n","type":"int"},{"name":"next","type":["null","Node"]},{"name":"more","type":{"type":"array","items":"Node"}}]}`
	got, err := read(t, schema, []byte{2, 2, 4, 0, 0, 2, 6, 0, 0, 0})
	if err != nil {
		t.Fatal(err)
	}
	next := got.Schema.Fields[1].Schema
	if !next.Optional || next.Name != "Node" || *next.Version != 1 || next.Fields[1].Schema != next {
		t.Errorf("got %v for next, want the optional Node that contains itself", next.Name)
	}
	if item := got.Schema.Fields[2].Schema.Values; item.Optional || item.Name != "Node" {
		t.Errorf("got %v for an item, want Node", item)
	}
	root := got.Value.(*connect.Struct)
	second, third := root.Values[1].(*connect.Struct), root.Values[2].([]any)[0].(*connect.Struct)
	if second.Values[0] != int32(2) || third.Values[0] != int32(3) || third.Values[1] != nil {
		t.Errorf("got %v and %v", second.Values, third.Values)
	}
}

func TestSchemalessData(t *testing.T) {
	s := newStub(t, nil)
	c := newConverter(t, s)
	for _, v := range []any{true, []byte("b"), 1.5, int64(7), "x", []any{int64(1), "a", nil}, map[string]any{"k": []any{}}} {
		data, err := c.FromConnect("t", connect.SchemaAndValue{Value: v})
		if err != nil {
			t.Fatal(err)
		}
		got, err := c.ToConnect("t", nil, data)
		if err != nil || got.Schema != nil || !reflect.DeepEqual(got.Value, v) {
			t.Errorf("%#v: got %#v with schema %v, %v", v, got.Value, got.Schema, err)
		}
	}
	for _, text := range []string{`{"a":[1,null,"x",{"b":true}]}`} {
		data, err := c.FromConnect("t", connect.SchemaAndValue{Value: connect.RawJSON(text)})
		if err != nil {
			t.Fatal(err)
		}
		got, err := c.ToConnect("t", nil, data)
		want, _ := connect.RawJSON(text).Decode()
		if err != nil || !reflect.DeepEqual(got.Value, want) {
			t.Errorf("got %#v, %v, want %#v", got.Value, err, want)
		}
	}
}

func TestNullsAndBadData(t *testing.T) {
	s := newStub(t, nil)
	c := newConverter(t, s)
	if got, err := c.ToConnect("t", nil, nil); err != nil || got.Schema != nil || got.Value != nil {
		t.Errorf("null: got %v, %v", got, err)
	}
	deep := make([]byte, 2*avro.MaxDepth)
	for i := range deep {
		deep[i] = 2
	}
	long := []byte{0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}
	for _, c := range []struct {
		name, schema string
		data         []byte
		want         string
	}{
		{"an empty text", `"string"`, nil, "ends too early"},
		{"a text that is cut off", `"string"`, []byte{20, 'a'}, "ends too early"},
		{"a length of 8 exabytes", `"string"`, long, "ends too early"},
		{"a negative length", `"string"`, []byte{1}, "a length is -1"},
		{"an integer without an end", `"long"`, []byte{0xff, 0xff}, "ends too early"},
		{"an integer of 11 bytes", `"long"`, []byte{255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1}, "longer than its type"},
		{"an int of 64 bits", `"int"`, long, "longer than its type"},
		{"a boolean that is 2", `"boolean"`, []byte{2}, "a boolean is 2"},
		{"a symbol that is not there", `{"type":"enum","name":"E","symbols":["A"]}`, []byte{2}, "no symbol 1"},
		{"a type that is not there", `["null","int"]`, []byte{4}, "no type 2"},
		{"a type below zero", `["string","int"]`, []byte{1}, "no type -1"},
		{"a billion items of no bytes", `{"type":"array","items":{"type":"record","name":"E","fields":[]}}`, []byte{0x80, 0xa8, 0xd6, 0xb9, 7, 0}, "more values than"},
		{"items of no bytes block by block", `{"type":"array","items":{"type":"array","items":{"type":"fixed","name":"E","size":0}}}`,
			append([]byte{200, 1}, []byte(strings.Repeat("\x80\xe2\x09\x00", 100))...), "more values than"},
		{"the smallest count", `{"type":"array","items":"int"}`, []byte{255, 255, 255, 255, 255, 255, 255, 255, 255, 1, 0}, "more values than"},
		{"lists in lists without an end", `{"type":"record","name":"N","fields":[{"name":"n","type":["null","N"]}]}`, deep, "nested deeper"},
		{"a decimal of no bytes", `["null",{"type":"bytes","logicalType":"decimal","precision":4}]`, []byte{2, 0}, "a decimal has no bytes"},
		{"a time of more than a day", `{"type":"int","logicalType":"time-millis"}`, []byte{0x82, 0xf0, 0xb2, 0x52}, "milliseconds"},
		{"where it is", `{"type":"record","name":"A","fields":[{"name":"b","type":{"type":"array","items":{"type":"map","values":"boolean"}}}]}`, []byte{2, 2, 2, 'k', 7, 0, 0}, "b[0][k]: a boolean is 7"},
		{"null alone", `"null"`, nil, "Standalone null"},
		{"keys that are lists", `{"type":"array","items":{"type":"record","name":"MapEntry","namespace":"io.confluent.connect.avro","fields":[{"name":"key","type":"bytes"},{"name":"value","type":"int"}]}}`, []byte{0}, "keys of type BYTES"},
		{"no schema", `{"type":"nothing"}`, nil, "Error retrieving Avro value schema for id 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := read(t, c.schema, c.data)
			var bad *connect.DataError
			if !errors.As(err, &bad) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want bad data: %s", err, c.want)
			}
		})
	}
	for _, data := range [][]byte{{}, {0}, {0, 0, 0, 1}, {1, 0, 0, 0, 1, 2}, []byte(`{"a":1}`)} {
		if _, err := c.ToConnect("t", nil, data); err == nil || !strings.Contains(err.Error(), "Failed to deserialize data for topic t to Avro: Unknown magic byte!") {
			t.Errorf("%v: got %v", data, err)
		}
	}
	if _, err := c.ToConnect("t", []connect.RawHeader{{Key: "__value_schema_id", Value: []byte{1}}}, []byte{2}); err == nil || !strings.Contains(err.Error(), "__value_schema_id") {
		t.Errorf("an id in a header: got %v", err)
	}
	if _, err := read(t, `"int"`, []byte{2, 9}, avro.TrailingDataConfig, "true"); err == nil || !strings.Contains(err.Error(), "1 bytes are left") {
		t.Errorf("trailing data: got %v", err)
	}
	if _, err := read(t, `"int"`, []byte{2, 9}); err != nil {
		t.Errorf("trailing data that is allowed: got %v", err)
	}
}

// Another implementation writes, and what is read is the same.
func TestWhatHambaWrites(t *testing.T) {
	const schema = `{"type":"record","name":"R","fields":[{"name":"i","type":"int"},{"name":"s","type":["null","string"]},{"name":"d","type":"double"},
		{"name":"m","type":{"type":"map","values":"long"}},{"name":"a","type":{"type":"array","items":"string"}},{"name":"b","type":"bytes"},{"name":"f","type":"boolean"}]}`
	data, err := hamba.Marshal(hamba.MustParse(schema), map[string]any{"i": -77777, "s": "text", "d": 2.25, "m": map[string]any{"x": int64(1) << 40, "y": int64(-1)},
		"a": []any{"p", "q", ""}, "b": []byte{0, 1}, "f": true})
	if err != nil {
		t.Fatal(err)
	}
	got, err := read(t, schema, data)
	if err != nil {
		t.Fatal(err)
	}
	want := []any{int32(-77777), "text", 2.25, map[string]any{"x": int64(1) << 40, "y": int64(-1)}, []any{"p", "q", ""}, []byte{0, 1}, true}
	if v := got.Value.(*connect.Struct).Values; !reflect.DeepEqual(v, want) {
		t.Errorf("got %#v, want %#v", v, want)
	}
}
