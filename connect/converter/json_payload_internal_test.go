package converter

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"sluice/connect"
)

// payloads are schemas, each with payloads that fit it and payloads that do not.
var payloads = map[string][]string{
	`{"type":"struct","fields":[{"field":"a","type":"int64"},{"field":"b","type":"string","optional":true},{"field":"c","type":"double","default":1.5}]}`: {
		`{"a":1,"b":"x","c":2}`, ` { "a" : 1 , "b" : "x" } `, `{"b":"x","a":-0,"c":null}`, `{"a":1,"b":null,"x":{"a":[1]}}`, `{"a":1,"a":2}`, `{"a":null,"a":2}`,
		`{"a":2,"a":null}`, `{"c":null,"c":2,"a":1}`, `{"a":"1","b":1}`, `{"a":true,"b":"a\"\u0041\\"}`, `{"\u0061":1}`, `{"a":99999999999999999999,"c":-0.0}`, `{}`, `[]`, `null`,
		`{"a":007,"c":1e400}`, `{"a":1.5,"c":1e-400}`, `{"a":1,"b":"\ud83d"}`, `{"a":1,"b":""}`,
	},
	`{"type":"struct","optional":true,"fields":[{"field":"s","type":"struct","fields":[{"field":"x","type":"boolean"}]},{"field":"l","type":"array","items":{"type":"int32","optional":true}}]}`: {
		`{"s":{"x":true},"l":[1,null,-2147483648]}`, `{"s":{"x":false,"x":true},"l":[]}`, `{"s":null,"l":[]}`, `{"s":{},"l":[1]}`, `{"s":{"x":1},"l":[2147483648,"3",1.9]}`, `null`,
		`{"l":{"a":1},"s":{"x":true}}`, `{"l":[[1]],"s":{"x":"true"}}`,
	},
	`{"type":"map","keys":{"type":"string"},"values":{"type":"int8"}}`:                                                                                            {`{"a":1,"b":300,"a":2}`, `{"a":null}`, `[]`, `{"\u0061":1,"a":2}`},
	`{"type":"map","keys":{"type":"int32"},"values":{"type":"string","optional":true}}`:                                                                           {`[[1,"a"],[2,null]]`, `{}`, `[[1]]`},
	`{"type":"struct","fields":[{"field":"m","type":"map","keys":{"type":"string","name":"org.apache.kafka.connect.data.Timestamp"},"values":{"type":"int32"}}]}`: {`{"m":{"a":1}}`, `{"m":{}}`},
	`{"type":"bytes"}`: {`"AQI="`, `"!"`, `1`, `null`},
	`{"type":"bytes","name":"org.apache.kafka.connect.data.Decimal","version":1,"parameters":{"scale":"2"}}`: {`"AQI="`, `1.25`, `1e999999999`, `true`, `""`},
	`{"type":"int32","name":"org.apache.kafka.connect.data.Date"}`:                                           {`1`, `"1"`, `1.5`, `99999999999`},
	`{"type":"int64","name":"org.apache.kafka.connect.data.Timestamp"}`:                                      {`1`, `"1"`, `1.5`},
	`{"type":"int64","name":"io.debezium.time.Timestamp"}`:                                                   {`1`, `"1"`, `1.5`},
	`{"type":"float"}`: {`1`, `1.1`, `"x"`, `-0`},
	`{"type":"array","items":{"type":"array","items":{"type":"string"}}}`:                                                                    {`[["a"],[]]`, `[null]`, `[["a",1]]`, `{"x":["y"]}`},
	`{"type":"struct","fields":[{"field":"d","type":"string","default":"x"},{"field":"e","type":"boolean","optional":true,"default":true}]}`: {`{}`, `{"d":null,"e":null}`, `{"e":false}`},
	`null`: {`1`, `{"a":[1,2.5,"x",null]}`, `null`},
}

func TestPayloadsAreReadFromTextAsFromTrees(t *testing.T) {
	for schema, texts := range payloads {
		for _, defaults := range []string{"true", "false"} {
			c := NewJSON()
			if err := c.Configure(map[string]string{"schemas.enable": "true", "replace.null.with.default": defaults}, false); err != nil {
				t.Fatal(err)
			}
			for _, payload := range texts {
				compareWithTree(t, c, schema, payload)
			}
		}
	}
}

// compareWithTree reads an envelope twice, the second time with its beginning known, and compares both with what comes of a tree.
func compareWithTree(t *testing.T, c *JSON, schema, payload string) {
	t.Helper()
	data := []byte(`{"schema":` + schema + `,"payload":` + payload + `}`)
	r := jsonReader{defaults: c.defaults}
	s, wantErr := r.schema(readTree([]byte(schema)))
	var want any
	if wantErr == nil {
		want, wantErr = r.value(s, readTree([]byte(payload)))
	}
	for range 2 {
		got, err := c.ToConnect("t", nil, data)
		if text(err) != text(wantErr) {
			t.Errorf("%s of %s: got error %q, want %q", payload, schema, text(err), text(wantErr))
			return
		}
		if err != nil {
			continue
		}
		if !reflect.DeepEqual(got.Schema, s) || shown(got.Value) != shown(want) {
			t.Errorf("%s of %s: got %s, want %s", payload, schema, shown(got.Value), shown(want))
		}
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return fmt.Sprint(err, ": ", errors.Unwrap(err))
}

// shown shows a value with its types; the sign of a zero counts.
func shown(v any) string {
	switch v := v.(type) {
	case *connect.Struct:
		return "struct" + shown(v.Values)
	case []any:
		items := make([]string, len(v))
		for i := range v {
			items[i] = shown(v[i])
		}
		return fmt.Sprint(items)
	case float64:
		return fmt.Sprint("float64 ", v, math.Signbit(v))
	case connect.Decimal:
		return fmt.Sprint("decimal ", v.Unscaled, v.Scale)
	case map[string]any:
		names := sortedNames(v)
		for i, name := range names {
			names[i] = fmt.Sprintf("%q:%s", name, shown(v[name]))
		}
		return fmt.Sprint(names)
	}
	return fmt.Sprintf("%T %#v", v, v)
}

func TestOnlyBeginningsThatSayAllAreKnown(t *testing.T) {
	const schema = `{"type":"int32"}`
	c := NewJSON()
	if err := c.Configure(map[string]string{"schemas.enable": "true"}, false); err != nil {
		t.Fatal(err)
	}
	for _, data := range []string{
		`{"payload":1,"schema":` + schema + `}`, ` {"schema":` + schema + `,"payload":1}`, "\xef\xbb\xbf" + `{"schema":` + schema + `,"payload":1}`,
		`{"schema":` + schema + `,"payload":1,"schema":null}`,
	} {
		if _, err := c.ToConnect("t", nil, []byte(data)); err != nil {
			t.Fatal(err)
		}
		if len(c.cache.beginnings) > 0 {
			t.Errorf("%s: known is %s", data, c.cache.beginnings[0].text)
		}
	}
	known := `{"schema":` + schema + ` , "payload" : `
	for _, rest := range []string{"1}", "2 } what follows", `"x"}`} {
		if _, err := c.ToConnect("t", nil, []byte(known+rest)); err != nil || len(c.cache.beginnings) != 1 {
			t.Fatalf("%s: %v, known are %d", rest, err, len(c.cache.beginnings))
		}
	}
	for rest, want := range map[string]string{
		``: "Unexpected end-of-input", `1`: "Unexpected end-of-input", `1]`: "Unexpected close marker ']'", `{"a":]}`: "Unexpected character", `1,"x":2}`: "",
		strings.Repeat("[", maxDepth): "Document nesting depth (1001) exceeds the maximum allowed (1000",
	} {
		_, err := c.ToConnect("t", nil, []byte(known+rest))
		if err == nil || want != "" && (errors.Unwrap(err) == nil || !strings.Contains(errors.Unwrap(err).Error(), want)) || want == "" && err.Error() != needsEnvelope {
			t.Errorf("%.20s: got %v, want %s", rest, err, want)
		}
	}
	if v, err := c.ToConnect("t", nil, []byte(known+`1,"payload":2}`)); err != nil || v.Value != int32(2) {
		t.Errorf("got %v, %v", v.Value, err)
	}
	if v, err := c.ToConnect("t", nil, []byte(known+`1,"schema":null}`)); err != nil || v.Value != int64(1) {
		t.Errorf("got %v, %v", v.Value, err)
	}
}

// A topic may have as many schemas as it likes.
func TestSchemasTakeNoMoreThanTheirRoom(t *testing.T) {
	c := NewJSON()
	if err := c.Configure(map[string]string{"schemas.enable": "true"}, false); err != nil {
		t.Fatal(err)
	}
	doc := strings.Repeat("x", 40_000)
	for i := range 600 {
		if _, err := c.ToConnect("t", nil, fmt.Appendf(nil, `{"schema":{"type":"int32","doc":"%s","name":"%d"},"payload":%d}`, doc, i, i)); err != nil {
			t.Fatal(err)
		}
		size := 0
		for text := range c.cache.schemas {
			size += len(text)
		}
		if size != c.cache.size || size > mostSchemaText || len(c.cache.beginnings) > mostBeginnings {
			t.Fatalf("%d bytes, counted are %d; %d beginnings", size, c.cache.size, len(c.cache.beginnings))
		}
	}
}

func FuzzPayload(f *testing.F) {
	for schema, texts := range payloads {
		for _, payload := range texts {
			f.Add(schema, payload)
		}
	}
	f.Fuzz(func(t *testing.T, schema, payload string) {
		for _, part := range []string{schema, payload} {
			s := scanner{data: []byte(part)}
			if !s.scan() || s.illFormed || s.start != 0 || s.end != len(part) || s.end == 0 || part[0] == 0 || len(part) > 1 && part[1] == 0 {
				return
			}
		}
		c := NewJSON()
		if err := c.Configure(map[string]string{"schemas.enable": "true"}, false); err != nil {
			t.Fatal(err)
		}
		if strings.Count(schema, "[")+strings.Count(schema, "{")+strings.Count(payload, "[")+strings.Count(payload, "{") < maxDepth {
			compareWithTree(t, c, schema, payload)
		}
	})
}
