package dynamodb

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"sluice/connect"
)

func TestJSONTextBecomesAnItem(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"blanks are left out":             {" { \"id\" : \"a\" ,\n\t\"x\" : [ 1 , { \"y\" : null } ] } ", `{"id":{"S":"a"},"x":{"L":[{"N":"1"},{"M":{"y":{"NULL":true}}}]}}`},
		"escapes are kept":                {`{"id":"a","x":"\"\\\/\b\f\n\r\t\u20ac\ud83d\ude00"}`, `{"id":{"S":"a"},"x":{"S":"\"\\\/\b\f\n\r\t\u20ac\ud83d\ude00"}}`},
		"numbers keep their digits":       {`{"id":"a","x":123456789012345678901234567890.10}`, `{"id":{"S":"a"},"x":{"N":"123456789012345678901234567890.10"}}`},
		"leading zeros are trimmed":       {`{"id":"a","x":007,"y":-00.5}`, `{"id":{"S":"a"},"x":{"N":"7"},"y":{"N":"-0.5"}}`},
		"the last of equal names counts":  {`{"x":1,"id":"a","x":{"y":2,"z":3,"y":4},"w":5}`, `{"id":{"S":"a"},"x":{"M":{"z":{"N":"3"},"y":{"N":"4"}}},"w":{"N":"5"}}`},
		"names are equal when unescaped":  {`{"id":"b","\u0069d":"a"}`, `{"id":{"S":"a"}}`},
		"an earlier bad value is no harm": {`{"id":5,"x":1e400,"y":"\ud800","id":"a","x":1,"y":2}`, `{"id":{"S":"a"},"x":{"N":"1"},"y":{"N":"2"}}`},
		"empty map, list and text":        {`{"id":"a","m":{},"l":[],"s":""}`, `{"id":{"S":"a"},"m":{"M":{}},"l":{"L":[]},"s":{"S":""}}`},
		"an escaped name":                 {`{"id":"a","q\"\u00e9":true}`, "{\"id\":{\"S\":\"a\"},\"q\\\"é\":{\"BOOL\":true}}"},
		"key and item: the item":          {`{"key":{"id":"k"},"item":{"id":"i","x":1},"other":2}`, `{"id":{"S":"i"},"x":{"N":"1"}}`},
		"key alone":                       {`{"other":1,"key":{"id":"k"}}`, `{"id":{"S":"k"}}`},
		"an escaped key":                  {`{"\u006bey":{"id":"k"}}`, `{"id":{"S":"k"}}`},
		"the last item counts":            {`{"item":{"id":"1"},"item":{"id":"2"}}`, `{"id":{"S":"2"}}`},
		"key inside is an attribute":      {`{"item":{"id":"i","key":"k","item":null}}`, `{"id":{"S":"i"},"key":{"S":"k"},"item":{"NULL":true}}`},
		"32 levels":                       {`{"id":"a","x":` + strings.Repeat("[", 32) + strings.Repeat("]", 32) + `}`, `{"id":{"S":"a"},"x":` + strings.Repeat(`{"L":[`, 32) + strings.Repeat(`]}`, 32) + `}`},
		"32 levels in an envelope":        {`{"item":{"id":"a","x":` + strings.Repeat("[", 32) + strings.Repeat("]", 32) + `}}`, `{"id":{"S":"a"},"x":` + strings.Repeat(`{"L":[`, 32) + strings.Repeat(`]}`, 32) + `}`},
	} {
		t.Run(name, func(t *testing.T) {
			item, _, err := newEncoder(simple(kindS), &settings{}).encode(record(connect.RawJSON(c.text)))
			if c.text[0] == ' ' { // RawJSON has no blanks around it, but the reader does not mind
				item, _, err = newEncoder(simple(kindS), &settings{}).encode(record(c.text))
			}
			if err != nil {
				t.Fatal(err)
			}
			if string(item) != c.want {
				t.Errorf("got  %s\nwant %s", item, c.want)
			}
		})
	}
}

// Many fields take another way to find equal names than few.
func TestEqualNamesAreFoundAmongMany(t *testing.T) {
	var text strings.Builder
	text.WriteString(`{"id":"a"`)
	for round := range 2 {
		for i := range 300 {
			fmt.Fprintf(&text, `,"n%d":%d`, i, round)
		}
	}
	text.WriteString(`}`)
	got, err := encoded(t, simple(kindS), &settings{}, connect.RawJSON(text.String()))
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 301 {
		t.Errorf("%d attributes, want 301", len(got))
	}
	for name, v := range got {
		if name != "id" && !reflect.DeepEqual(v, map[string]any{"N": "1"}) {
			t.Errorf("%s is %v", name, v)
		}
	}
}

func TestConnectValuesBecomeTheSameItems(t *testing.T) {
	day := time.Date(1969, 12, 31, 0, 0, 0, 0, time.UTC)
	logical := func(name string, base connect.Type) *connect.Schema { return &connect.Schema{Type: base, Name: name} }
	schema := &connect.Schema{Type: connect.StructT, Fields: []connect.Field{
		{Name: "id", Schema: connect.StringSchema},
		{Name: "i8", Schema: connect.Int8Schema}, {Name: "i16", Schema: connect.Int16Schema}, {Name: "i32", Schema: connect.Int32Schema}, {Name: "i64", Schema: connect.Int64Schema},
		{Name: "f32", Schema: connect.Float32Schema}, {Name: "f64", Schema: connect.Float64Schema},
		{Name: "none", Schema: connect.OptionalStringSchema}, {Name: "bytes", Schema: connect.BytesSchema},
		{Name: "dec", Schema: logical(connect.DecimalName, connect.Bytes)},
		{Name: "date", Schema: logical(connect.DateName, connect.Int32)},
		{Name: "time", Schema: logical(connect.TimeName, connect.Int32)},
		{Name: "ts", Schema: logical(connect.TimestampName, connect.Int64)},
		{Name: "dates", Schema: &connect.Schema{Type: connect.Array, Values: logical(connect.DateName, connect.Int32)}},
		{Name: "inner", Schema: &connect.Schema{Type: connect.StructT, Fields: []connect.Field{{Name: "a", Schema: connect.BooleanSchema}}}},
	}}
	inner := connect.NewStruct(schema.Fields[14].Schema)
	inner.Put("a", true)
	value := connect.NewStruct(schema)
	for name, v := range map[string]any{
		"id": "a", "i8": int8(-8), "i16": int16(16), "i32": int32(-32), "i64": int64(math.MaxInt64), "f32": float32(1.1), "f64": 1e21,
		"bytes": []byte{1, 2, 250}, "dec": connect.Decimal{Unscaled: big.NewInt(-1250), Scale: 2}, "date": day, "time": time.UnixMilli(3_600_001).UTC(),
		"ts": time.UnixMilli(1_692_007_293_123), "dates": []any{day, nil}, "inner": inner,
	} {
		value.Put(name, v)
	}
	for name, c := range map[string]struct {
		value any
		want  string
	}{
		"a struct": {value, `{"id":{"S":"a"},"i8":{"N":"-8"},"i16":{"N":"16"},"i32":{"N":"-32"},"i64":{"N":"9223372036854775807"},"f32":{"N":"1.1"},"f64":{"N":"1e+21"},` +
			`"none":{"NULL":true},"bytes":{"B":"AQL6"},"dec":{"N":"-12.50"},"date":{"N":"-1"},"time":{"N":"3600001"},"ts":{"N":"1692007293123"},"dates":{"L":[{"N":"-1"},{"NULL":true}]},"inner":{"M":{"a":{"BOOL":true}}}}`},
		"a map":            {map[string]any{"x": []any{int64(1), 6252.83, "s", nil, map[string]any{"q": false}}, "id": "a\n\x00é"}, `{"id":{"S":"a\u000a\u0000é"},"x":{"L":[{"N":"1"},{"N":"6252.83"},{"S":"s"},{"NULL":true},{"M":{"q":{"BOOL":false}}}]}}`},
		"a map's item":     {map[string]any{"key": map[string]any{"id": "k"}, "item": map[string]any{"id": "i"}}, `{"id":{"S":"i"}}`},
		"a map's key":      {map[string]any{"key": map[string]any{"id": "k"}, "x": int64(1)}, `{"id":{"S":"k"}}`},
		"text of a string": {`{"id":"a"}`, `{"id":{"S":"a"}}`},
		"text of bytes":    {[]byte(`{"id":"a"}`), `{"id":{"S":"a"}}`},
	} {
		t.Run(name, func(t *testing.T) {
			item, _, err := newEncoder(simple(kindS), &settings{}).encode(record(c.value))
			if err != nil {
				t.Fatal(err)
			}
			if string(item) != c.want {
				t.Errorf("got  %s\nwant %s", item, c.want)
			}
		})
	}
}

func TestWhatIsNoItemIsAnErrorThatNamesWhatWasFound(t *testing.T) {
	object := `table "t": the record's value, and its members "key" and "item" if it has them, must be JSON objects, found `
	nested := func(n int) connect.RawJSON {
		return connect.RawJSON(`{"id":"a","x":` + strings.Repeat("[", n) + strings.Repeat("]", n) + `}`)
	}
	for name, c := range map[string]struct {
		value any
		want  string
	}{
		"a tombstone":            {nil, object + "no value (a tombstone)"},
		"an array":               {connect.RawJSON(`[1]`), object + "JSON array"},
		"a string":               {connect.RawJSON(`"x"`), object + "JSON string"},
		"a number":               {connect.RawJSON(`5`), object + "JSON number"},
		"a decoded array":        {[]any{}, object + "an array"},
		"a decoded number":       {int64(5), object + "a number"},
		"a key that is text":     {connect.RawJSON(`{"id":"a","key":"k"}`), object + "a member that is none"},
		"an item that is null":   {connect.RawJSON(`{"id":"a","item":null}`), object + "a member that is none"},
		"a decoded item of null": {map[string]any{"item": nil}, object + "a member that is none"},
		"text that is no JSON":   {"{", `table "t": the record's value must be a JSON object, found text that is not JSON`},
		"half a character":       {connect.RawJSON(`{"id":"a","x":{"y":"\ud800"}}`), `table "t", attribute "x": a string must be valid Unicode`},
		"text that is no UTF-8":  {map[string]any{"id": "a", "x": "\xff"}, `table "t", attribute "x": a string must be valid UTF-8`},
		"an empty name":          {connect.RawJSON(`{"id":"a","":1}`), `table "t", attribute "": an attribute name must not be empty`},
		"33 levels":              {nested(33), `table "t", attribute "x": lists and maps may be nested 32 levels deep, found more`},
		"a thousand levels":      {nested(1000), `table "t", attribute "x": lists and maps may be nested 32 levels deep, found more`},
		"not a number":           {map[string]any{"id": "a", "x": math.NaN()}, `table "t", attribute "x": NaN is not a number`},
		"a strange type":         {map[string]any{"id": "a", "x": map[any]any{1: 2}}, `table "t", attribute "x": a value of type map[interface {}]interface {} has no form`},
		"a key too long":         {connect.RawJSON(`{"id":"` + strings.Repeat("é", 1025) + `"}`), `table "t", attribute "id": the hash key may have at most 2048 bytes, found 2050`},
		"an escaped long key":    {connect.RawJSON(`{"id":"` + strings.Repeat(`\u00e9`, 1025) + `"}`), `table "t", attribute "id": the hash key may have at most 2048 bytes, found 2050`},
	} {
		t.Run(name, func(t *testing.T) {
			item, _, err := newEncoder(simple(kindS), &settings{}).encode(record(c.value))
			if err == nil {
				t.Fatalf("no error, item %s", item)
			}
			var data *connect.DataError
			if !errors.As(err, &data) {
				t.Errorf("the error is a %T", err)
			}
			if !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}

// The size limit is the service's own count: 400 KiB of names and values, whatever the text of the request needs.
func TestItemsAreMeasuredAsTheServiceMeasuresThem(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		size int
	}{
		"names and text":  {`{"id":"abc","name":"é"}`, 2 + 3 + 4 + 2},
		"escapes":         {`{"id":"\u00e9\ud83d\ude00\n"}`, 2 + 2 + 4 + 1},
		"numbers":         {`{"id":"a","n":12345,"z":0,"m":100}`, 3 + (1 + 4) + (1 + 1) + (1 + 2)},
		"booleans, nulls": {`{"id":"a","b":true,"n":null}`, 3 + 2 + 2},
		"a list":          {`{"id":"a","l":["xy",1]}`, 3 + 1 + 3 + (1 + 2) + (1 + 2)},
		"a map":           {`{"id":"a","m":{"k":"v"}}`, 3 + 1 + 3 + (1 + 1 + 1)},
		"replaced fields": {`{"m":[1,2,3],"id":"a","m":{"k":"x","k":"v"}}`, 3 + 1 + 3 + (1 + 1 + 1)},
	} {
		e := newEncoder(simple(kindS), &settings{})
		if _, _, err := e.encode(record(connect.RawJSON(c.text))); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if e.writer.size != c.size {
			t.Errorf("%s: %d bytes, want %d", name, e.writer.size, c.size)
		}
	}
	fits := `{"id":"a","x":"` + strings.Repeat("x", maxItemSize-4) + `"}`
	if _, err := encoded(t, simple(kindS), &settings{}, connect.RawJSON(fits)); err != nil {
		t.Errorf("an item of exactly 400 KiB: %v", err)
	}
	over := `{"id":"a","x":"` + strings.Repeat("x", maxItemSize-3) + `"}`
	if _, err := encoded(t, simple(kindS), &settings{}, connect.RawJSON(over)); err == nil || !strings.Contains(err.Error(), "at most 409600 bytes, found 409601") {
		t.Errorf("an item of a byte more: %v", err)
	}
}

func TestKeysAreOneIfTheServiceTakesThemForOne(t *testing.T) {
	pair := &table{name: "t", keys: 2, attributes: []keyAttribute{
		{name: "h", escaped: "h", kind: kindS, role: "hash key"}, {name: "r", escaped: "r", kind: kindN, role: "range key"},
	}}
	key := func(text string) string {
		_, key, err := newEncoder(pair, &settings{}).encode(record(connect.RawJSON(text)))
		if err != nil {
			t.Fatal(err)
		}
		return string(key)
	}
	same := [][2]string{
		{`{"h":"a","r":1}`, `{"r":1.0,"x":2,"h":"\u0061"}`},
		{`{"h":"a","r":100}`, `{"h":"a","r":1E+2}`},
		{`{"h":"a/b","r":0}`, `{"h":"a\/b","r":-0.0e5}`},
	}
	for _, p := range same {
		if key(p[0]) != key(p[1]) {
			t.Errorf("%s and %s have different keys", p[0], p[1])
		}
	}
	different := []string{`{"h":"a","r":1}`, `{"h":"a","r":10}`, `{"h":"a","r":-1}`, `{"h":"a1","r":1}`, `{"h":"A","r":1}`, `{"h":"1e0","r":1}`}
	for i, a := range different {
		for _, b := range different[i+1:] {
			if key(a) == key(b) {
				t.Errorf("%s and %s have one key", a, b)
			}
		}
	}
}

// Whatever text comes in, out comes an item that means the same as the text does to encoding/json, or an error.
func FuzzEncodedItemsMeanWhatTheTextMeans(f *testing.F) {
	for _, text := range []string{
		`{"id":"a"}`, `{"id":"a","x":[1,2.50,-3e2,true,false,null,"s",{"y":{}}]}`, `{"id":"a","x":1,"x":2}`, `{"item":{"id":"a"},"key":{}}`,
		`{"id":"\u0061\ud83d\ude00\"","x\n":"é"}`, `{"id":"a","x":007}`, `[]`, `{`, `{"id":"a",}`, `{"id":"a" "b":1}`, `{"id":"\ud800"}`, ` { "id" : "a" } `,
		`{"a\\b":1,"id":"a"}`, // the name has a backslash when it is unescaped
	} {
		f.Add([]byte(text))
	}
	e := newEncoder(simple(kindS), &settings{})
	f.Fuzz(func(t *testing.T, text []byte) {
		if !utf8.Valid(text) {
			return // RawJSON is valid UTF-8
		}
		item, key, err := e.encode(record(connect.RawJSON(text)))
		if err != nil {
			return
		}
		if len(key) < 4 || e.writer.size > maxItemSize || e.writer.size <= 0 {
			t.Fatalf("key %q, size %d of %s", key, e.writer.size, text)
		}
		got := plainValue(t, map[string]any{"M": tree(t, item)})
		want, err := connect.RawJSON(text).Decode()
		if err != nil {
			t.Fatalf("%s is no JSON (%v) and became %s", text, err, item)
		}
		body := want.(map[string]any)
		if key, ok := body["key"]; ok {
			body = key.(map[string]any)
		}
		if item, ok := want.(map[string]any)["item"]; ok {
			body = item.(map[string]any)
		}
		if want := zeros(body); !reflect.DeepEqual(got, want) {
			t.Fatalf("%s\nbecame %s\nwhich is %v\nwant     %v", text, item, got, want)
		}
	})
}

// zeros makes every zero a float, since zero is sent as 0 whatever its text.
func zeros(v any) any {
	switch v := v.(type) {
	case int64:
		if v == 0 {
			return 0.0
		}
	case []any:
		for i := range v {
			v[i] = zeros(v[i])
		}
	case map[string]any:
		for name := range v {
			v[name] = zeros(v[name])
		}
	}
	return v
}

// plainValue takes the types off an attribute value. Numbers go the way of JsonConverter, so that both sides round alike.
func plainValue(t *testing.T, v any) any {
	t.Helper()
	typed, ok := v.(map[string]any)
	if !ok || len(typed) != 1 {
		t.Fatalf("%v is no attribute value", v)
	}
	for k, v := range typed {
		switch k {
		case "S", "BOOL":
			return v
		case "NULL":
			return nil
		case "N":
			n, err := connect.RawJSON(v.(string)).Decode()
			if err != nil {
				t.Fatalf("number %v: %v", v, err)
			}
			return zeros(n)
		case "M":
			out := map[string]any{}
			for name, member := range v.(map[string]any) {
				out[name] = plainValue(t, member)
			}
			return out
		case "L":
			out := []any{}
			for _, member := range v.([]any) {
				out = append(out, plainValue(t, member))
			}
			return out
		}
	}
	t.Fatalf("%v has a type that JSON has not", v)
	return nil
}
