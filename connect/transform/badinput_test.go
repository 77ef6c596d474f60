package transform_test

import (
	"fmt"
	"math"
	"math/big"
	"strings"
	"testing"
	"time"

	"sluice/connect"
	"sluice/internal/boundtest"
)

// wideStruct returns a struct with as many fields, and how much it holds.
func wideStruct(n int) (*connect.Struct, int) {
	s := &connect.Schema{Type: connect.StructT}
	for i := range n {
		s.Fields = append(s.Fields, connect.Field{Name: fmt.Sprintf("f%d", i), Schema: &connect.Schema{Type: connect.Int64, Optional: true}})
	}
	return connect.NewStruct(s), n * 100
}

// everyTransform returns settings for each of the transforms that look into a value. The fields that they name are often not there.
func everyTransform() map[string][]map[string]string {
	return map[string][]map[string]string{
		"Cast$Value":               {{"spec": "f1:string,f2:int8,f99999:float32,g:boolean"}, {"spec": "int64"}, {"spec": "float64"}, {"spec": "string"}, {"spec": "boolean"}},
		"ExtractField$Value":       {{"field": "f99999"}, {"field": "f1.x.y", "field.syntax.version": "V2"}},
		"Flatten$Value":            {{}, {"delimiter": "--"}},
		"HeaderFrom$Value":         {{"fields": "f1,f99999", "headers": "a,b", "operation": "move"}, {"fields": "f1", "headers": "a", "operation": "copy"}},
		"HoistField$Value":         {{"field": "a"}},
		"InsertField$Value":        {{"topic.field": "t", "partition.field": "p", "offset.field": "f1", "static.field": "s", "static.value": strings.Repeat("x", 1000)}, {"static.field": "f2", "static.value": "x"}},
		"MaskField$Value":          {{"fields": "f1,f99999"}, {"fields": "f1,f2", "replacement": strings.Repeat("9", 1000)}, {"fields": "f1", "replacement": "1e999999999"}, {"fields": "f1", "replacement": "1e-999999999"}},
		"ReplaceField$Value":       {{"exclude": "f1,f99999"}, {"include": "f1,f2"}, {"renames": "f1:f2,f2:f1,f3:f4"}},
		"SetSchemaMetadata$Value":  {{"schema.name": "n"}},
		"TimestampConverter$Value": {{"target.type": "Timestamp", "format": "yyyy-MM-dd HH:mm:ss.SSSXXX", "field": "f1"}, {"target.type": "unix", "format": "yyyyy"}, {"target.type": "string", "format": "yyyy-MM-dd", "field": "f1"}},
		"ValueToKey":               {{"fields": "f1,f99999"}},
	}
}

// TestBadInputTakesNoMoreThanItsShare sends what nobody should send through each transform: it is transformed or a bad record, in memory that grows as the
// input does, and does not panic.
func TestBadInputTakesNoMoreThanItsShare(t *testing.T) {
	size := boundtest.Size
	long := strings.Repeat("x", size(1<<17))
	type value struct {
		schema *connect.Schema
		value  any
		size   int
	}
	values := map[string]value{}
	for name, text := range map[string]string{
		"many fields":           wide(size(20_000), "1"),
		"one field many times":  "{" + strings.Repeat(`"f1":1,`, size(20_000)) + `"f1":2}`,
		"1,000 objects":         strings.Repeat(`{"f1":`, 1000) + "1" + strings.Repeat("}", 1000),
		"1,000 arrays":          `{"f1":` + strings.Repeat("[", 999) + strings.Repeat("]", 999) + "}",
		"long names in another": strings.Repeat(`{"x":1,"`+strings.Repeat("n", 1000)+`":`, 900) + "1" + strings.Repeat("}", 900),
		"a long string":         `{"f1":"` + long + `"}`,
		"a string of digits":    `{"f1":"` + strings.Repeat("9", size(1<<17)) + `"}`,
		"a string of blanks":    `{"f1":"` + strings.Repeat(" ", size(1<<17)) + `1"}`,
		"escapes":               `{"\u0066\u0031":"` + strings.Repeat(`\u0000`, size(20_000)) + `"}`,
		"half characters":       `{"f1":"` + strings.Repeat(`\ud800`, size(20_000)) + `"}`,
		"great numbers":         `{"f1":1e999999999,"f2":-1e999999999,"f3":` + strings.Repeat("9", 1000) + `}`,
		"an array":              "[" + strings.Repeat("1,", size(20_000)) + "1]",
		"a string alone":        `"` + long + `"`,
		"digits alone":          `"` + strings.Repeat("9", size(1<<17)) + `"`,
		"a number alone":        strings.Repeat("9", 1000) + "e-999",
	} {
		values[name] = value{nil, connect.RawJSON(text), len(text)}
	}
	s, held := wideStruct(size(20_000))
	values["a struct of many fields"] = value{s.Schema, s, held}
	decimal := func(scale int) value {
		schema := &connect.Schema{Type: connect.Bytes, Name: connect.DecimalName}
		st := connect.NewStruct(&connect.Schema{Type: connect.StructT, Fields: []connect.Field{{Name: "f1", Schema: schema}, {Name: "f2", Schema: schema}}})
		st.Values[0], st.Values[1] = connect.Decimal{Unscaled: big.NewInt(12), Scale: scale}, connect.Decimal{}
		return value{st.Schema, st, 100}
	}
	values["a decimal of a billion digits"], values["a decimal of a billion zeros"] = decimal(-999_999_999), decimal(999_999_999)
	times := connect.NewStruct(&connect.Schema{Type: connect.StructT, Fields: []connect.Field{{Name: "f1", Schema: &connect.Schema{Type: connect.Int64, Name: connect.TimestampName}}}})
	times.Values[0] = time.UnixMilli(math.MaxInt64)
	values["the end of time"] = value{times.Schema, times, 100}
	values["too late"] = value{nil, map[string]any{"f1": int64(math.MinInt64), "f2": math.NaN()}, 100}
	same := &connect.Schema{Type: connect.Int8}
	for range 30 { // each twice in the next: 2^30 fields
		same = &connect.Schema{Type: connect.StructT, Optional: true, Fields: []connect.Field{{Name: "left", Schema: same}, {Name: "right", Schema: same}}}
	}
	values["structs that share a schema"] = value{same, connect.NewStruct(same), 1 << 10}

	for class, settings := range everyTransform() {
		for _, config := range settings {
			for name, v := range values {
				smt, _, err := configured(t, "org.apache.kafka.connect.transforms."+class, config)
				if err != nil {
					t.Fatal(err)
				}
				size := v.size
				if strings.HasPrefix(class, "Flatten") {
					size += 1 << 19 // names may take what they may take, however short the value is
				}
				boundtest.Memory(t, size, 250, func() {
					r := &connect.SinkRecord{Topic: "t", Timestamp: 1, ValueSchema: v.schema, Value: v.value}
					out, err := smt.Apply(r)
					if err == nil {
						_, err = connect.Decode(out.Value)
					}
					if err != nil && len(err.Error()) > 2*v.size+1000 {
						t.Errorf("%s: %s: an error of %d bytes", class, name, len(err.Error()))
					}
				})
				if t.Failed() {
					t.Fatalf("%s %v: %s", class, config, name)
				}
			}
		}
	}
}

// wide returns an object with many members.
func wide(n int, value string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"f%d":%s`, i, value)
	}
	return "{" + b.String()[1:] + "}"
}

// Of names inside of names Java makes as long ones as it has memory for.
func TestFlattenRefusesNamesWithoutAnEnd(t *testing.T) {
	smt, _, err := configured(t, "org.apache.kafka.connect.transforms.Flatten$Value", nil)
	if err != nil {
		t.Fatal(err)
	}
	deep := func(levels, name int) connect.RawJSON {
		return connect.RawJSON(strings.Repeat(`{"x":1,"`+strings.Repeat("n", name)+`":`, levels) + "1" + strings.Repeat("}", levels))
	}
	if r, err := smt.Apply(&connect.SinkRecord{Value: deep(100, 100)}); err != nil || len(r.Value.(map[string]any)) != 101 {
		t.Errorf("got %v", err)
	}
	if _, err := smt.Apply(&connect.SinkRecord{Value: deep(900, 1000)}); err == nil || !strings.Contains(err.Error(), "longer than 16777216 bytes") {
		t.Errorf("got %v", err)
	}
	if _, err := smt.Apply(&connect.SinkRecord{Value: deep(100, 100)}); err != nil { // the next record counts from nothing
		t.Errorf("got %v", err)
	}
}
