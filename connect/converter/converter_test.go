package converter_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"sluice/connect"
	"sluice/connect/converter"
)

// flagged is a value as the detector writes it, 245 bytes long.
const flagged = `{"account_id":1000000001,"customer_id":"C1000000001","merchant_type":"Online","transaction_id":"A0B1C2D3E4F56789",` +
	`"transaction_type":"Food and Beverage","transaction_amount":6252.83,"transaction_date":"2026-11-23 10:20:30.123456","flagged":true}`

func TestPlainJSONIsNeitherCopiedNorDecoded(t *testing.T) {
	c := newJSON(t, "false")
	data := []byte(" " + flagged + " ")
	got, err := c.ToConnect("t", nil, data)
	if err != nil {
		t.Fatal(err)
	}
	raw, ok := got.Value.(connect.RawJSON)
	if !ok || string(raw) != flagged || got.Schema != nil {
		t.Fatalf("got %T %v with schema %v", got.Value, got.Value, got.Schema)
	}
	if &raw[0] != &data[1] {
		t.Error("the value was copied")
	}
	if cap(raw) != len(raw) {
		t.Error("appending to the value would write into the fetched data")
	}
	// One allocation puts the slice's header into the interface.
	if n := testing.AllocsPerRun(100, func() { _, _ = c.ToConnect("t", nil, data) }); n > 1 {
		t.Errorf("got %v allocations, want at most 1", n)
	}
}

func TestJSONLimits(t *testing.T) {
	c := newJSON(t, "false")
	for _, tt := range []struct {
		name, text string
		reason     string // "" means accepted
	}{
		{"1000 digits", strings.Repeat("7", 1000), ""},
		{"1001 digits", strings.Repeat("7", 1001), "Number value length (1001) exceeds the maximum allowed (1000, from `StreamReadConstraints.getMaxNumberLength()`)"},
		{"leading zeros do not count", strings.Repeat("0", 2000) + "1", ""},
		{"decimals count", "1." + strings.Repeat("7", 1000), "Number value length (1001) exceeds"},
		{"1000 levels", strings.Repeat("[", 1000) + strings.Repeat("]", 1000), ""},
		{"1001 levels", strings.Repeat(`{"a":`, 1001), "Document nesting depth (1001) exceeds the maximum allowed (1000, from `StreamReadConstraints.getMaxNestingDepth()`)"},
		{"a name of 50,000", `{"` + strings.Repeat("a", 50_000) + `":1}`, ""},
		{"a name of 50,001", `{"` + strings.Repeat("a", 50_001) + `":1}`, "Name length (50001) exceeds the maximum allowed (50000, from `StreamReadConstraints.getMaxNameLength()`)"},
		{"a string of 20,000,000 in more bytes", `"é` + strings.Repeat("a", 19_999_999) + `"`, ""}, // one that is too long is among the recorded cases
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := c.ToConnect("t", nil, []byte(tt.text))
			if tt.reason == "" {
				if err != nil {
					t.Fatalf("got %v: %v", err, errors.Unwrap(err))
				}
				return
			}
			if err == nil || !strings.Contains(errors.Unwrap(err).Error(), tt.reason) {
				t.Fatalf("got %v, %v, want %q", err, errors.Unwrap(err), tt.reason)
			}
		})
	}
}

// Jackson reads overlong forms and surrogates that some programs write for UTF-8. Measured: "\xed\xa0\xbd\xed\xb8\x80" is an emoji, "\xc0\xa2" a quote.
func TestBytesThatOnlyLookLikeUTF8AreSpelledOut(t *testing.T) {
	c := newJSON(t, "false")
	for in, want := range map[string]string{
		"\"\xed\xa0\xbd\xed\xb8\x80\"": "😀",
		"\"a\xc0\xa2\"":                `a"`,
		"\"\xc0\x80\"":                 "\x00",
		"\"\xed\xa0\x80\"":             "�",
	} {
		got, err := c.ToConnect("t", nil, []byte(in))
		if err != nil {
			t.Errorf("%q: %v", in, errors.Unwrap(err))
			continue
		}
		if v, err := connect.Decode(got.Value); err != nil || v != want {
			t.Errorf("%q: got %q, %v, want %q", in, v, err, want)
		}
	}
}

func TestNullsAreNotReplacedWhenToldSo(t *testing.T) {
	c := converter.NewJSON()
	if err := c.Configure(map[string]string{converter.ReplaceNullWithDefaultConfig: "false"}, false); err != nil {
		t.Fatal(err)
	}
	const text = `{"schema":{"type":"int32","optional":true,"default":7},"payload":null}`
	got, err := c.ToConnect("t", nil, []byte(text))
	if err != nil || got.Value != nil {
		t.Fatalf("got %v, %v, want nil", got.Value, err)
	}
	if written, err := c.FromConnect("t", got); err != nil || string(written) != text {
		t.Errorf("wrote %s, %v", written, err)
	}
}

func TestSchemasAreSharedWithinTheCache(t *testing.T) {
	c := newJSON(t, "true")
	read := func(text string) *connect.Schema {
		got, err := c.ToConnect("t", nil, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return got.Schema
	}
	a := read(`{"schema":{"type":"struct","fields":[{"field":"i","type":"int32"}]},"payload":{"i":1}}`)
	b := read(`{"payload":{"i":2},"schema":{"type":"struct","fields":[{"field":"i","type":"int32"}]}}`)
	if a != b {
		t.Error("the same schema was read twice")
	}
}

func TestNullsOfEachConverter(t *testing.T) {
	for class, schema := range map[string]*connect.Schema{
		converter.JSONClass:         nil,
		converter.StringClass:       connect.OptionalStringSchema,
		converter.ByteArrayClass:    connect.OptionalBytesSchema,
		converter.SimpleHeaderClass: nil,
	} {
		c, err := configured(t, class, nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := c.read(nil)
		if err != nil || got.Value != nil || got.Schema != schema {
			t.Errorf("%s: got %v, %v", class, got, err)
		}
		if b, err := c.write(connect.SchemaAndValue{}); err != nil || b != nil {
			t.Errorf("%s: wrote %q, %v", class, b, err)
		}
	}
}

// The texts are those of java.lang.Double.toString and its like.
func TestJavaString(t *testing.T) {
	day := time.Date(2024, 1, 2, 3, 4, 5, 678e6, time.UTC)
	point := &connect.Schema{Type: connect.StructT, Fields: []connect.Field{{Name: "x", Schema: connect.Int32Schema}, {Name: "y", Schema: connect.OptionalStringSchema}, {Name: "z", Schema: connect.Int32Schema}}}
	for _, tt := range []struct {
		v    any
		want string
	}{
		{nil, "null"},
		{"text", "text"},
		{true, "true"},
		{int8(-1), "-1"},
		{int64(math.MinInt64), "-9223372036854775808"},
		{1.0, "1.0"},
		{0.001, "0.001"},
		{0.00099, "9.9E-4"},
		{9999999.0, "9999999.0"},
		{1e7, "1.0E7"},
		{6252.83, "6252.83"},
		{math.Copysign(0, -1), "-0.0"},
		{math.Inf(-1), "-Infinity"},
		{math.NaN(), "NaN"},
		{float32(1.1), "1.1"},
		{float32(3.4028235e38), "3.4028235E38"},
		{[]any{int64(1), "a", nil}, "[1, a, null]"},
		{connect.RawJSON(`{"a":1.50,"zz":[true,null],"b":"x"}`), "{zz=[true, null], a=1.5, b=x}"},
		{map[string]any{"b": nil, "a": int64(1), "zz": 1.0}, "{zz=1.0, a=1, b=null}"},
		{connect.RawJSON(`{"a":1,"b":2,"a":3}`), "{a=3, b=2}"},
		{map[any]any{int32(20): "a", int32(3): "b"}, "{3=b, 20=a}"},
		{&connect.Struct{Schema: point, Values: []any{int32(1), nil, int32(3)}}, "Struct{x=1,z=3}"},
		{day, "Tue Jan 02 03:04:05 UTC 2024"},
		{[]byte("ab"), "[B@2"},
	} {
		if got := converter.JavaString(tt.v); got != tt.want {
			t.Errorf("%#v: got %q, want %q", tt.v, got, tt.want)
		}
	}
}

// The names of a transaction, listed by a java.util.HashMap of Java 17.
func TestMapsComeInJavasOrder(t *testing.T) {
	const want = "{transaction_id=A0B1C2D3E4F56789, transaction_date=2026-11-23 10:20:30.123456, account_id=1000000001, flagged=true, transaction_amount=6252.83, customer_id=C1000000001, transaction_type=Food and Beverage, merchant_type=Online}"
	if got := converter.JavaString(connect.RawJSON(flagged)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestConfigIsThatOfKafkaConnect(t *testing.T) {
	for file, def := range map[string]*connect.ConfigDef{
		"plugin-config-JsonConverter.json":   converter.NewJSON().Config(),
		"plugin-config-StringConverter.json": converter.NewString().Config(),
	} {
		b, err := os.ReadFile("testdata/" + file)
		if err != nil {
			t.Fatal(err)
		}
		var want []struct {
			Name        string             `json:"name"`
			Type        connect.ConfigType `json:"type"`
			Required    bool               `json:"required"`
			Default     *string            `json:"default_value"`
			Importance  connect.Importance `json:"importance"`
			Group       string             `json:"group"`
			Width       connect.Width      `json:"width"`
			DisplayName string             `json:"display_name"`
			Order       int                `json:"order"`
		}
		if err := json.Unmarshal(b, &want); err != nil {
			t.Fatal(err)
		}
		keys := def.Keys()
		if len(keys) != len(want) {
			t.Fatalf("%s: got %d keys, want %d", file, len(keys), len(want))
		}
		for i, w := range want {
			k := keys[i]
			if k.Name != w.Name || k.Type != w.Type || k.Required != w.Required || k.Importance != w.Importance || k.Group != w.Group ||
				cmp.Or(k.Width, connect.WidthNone) != w.Width || cmp.Or(k.DisplayName, k.Name) != w.DisplayName || k.Group != "" && k.Order != w.Order {
				t.Errorf("%s: got %+v, want %+v", file, k, w)
			}
			if (k.Default == nil) != (w.Default == nil) || w.Default != nil && connect.ConfigText(k.Default, k.Type) != *w.Default {
				t.Errorf("%s: default of %s: got %v, want %v", file, k.Name, k.Default, w.Default)
			}
		}
	}
	if n := len(converter.NewSimpleHeader().Config().Keys()); n != 0 {
		t.Errorf("SimpleHeaderConverter has %d settings, want none", n)
	}
}

func TestPluginsAreListedAsInKafkaConnect(t *testing.T) {
	plugins, err := connect.NewPlugins(converter.Plugins()...)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range plugins.All() {
		got = append(got, string(p.Type)+" "+p.Class+" "+p.Version)
	}
	want := []string{
		"converter org.apache.kafka.connect.converters.BooleanConverter 3.9.2",
		"converter org.apache.kafka.connect.converters.ByteArrayConverter 3.9.2",
		"converter org.apache.kafka.connect.converters.DoubleConverter 3.9.2",
		"converter org.apache.kafka.connect.converters.FloatConverter 3.9.2",
		"converter org.apache.kafka.connect.converters.IntegerConverter 3.9.2",
		"converter org.apache.kafka.connect.converters.LongConverter 3.9.2",
		"converter org.apache.kafka.connect.converters.ShortConverter 3.9.2",
		"converter org.apache.kafka.connect.json.JsonConverter 3.9.2",
		"converter org.apache.kafka.connect.storage.StringConverter 3.9.2",
		"header_converter org.apache.kafka.connect.converters.BooleanConverter 3.9.2",
		"header_converter org.apache.kafka.connect.converters.ByteArrayConverter 3.9.2",
		"header_converter org.apache.kafka.connect.converters.DoubleConverter 3.9.2",
		"header_converter org.apache.kafka.connect.converters.FloatConverter 3.9.2",
		"header_converter org.apache.kafka.connect.converters.IntegerConverter 3.9.2",
		"header_converter org.apache.kafka.connect.converters.LongConverter 3.9.2",
		"header_converter org.apache.kafka.connect.converters.ShortConverter 3.9.2",
		"header_converter org.apache.kafka.connect.json.JsonConverter 3.9.2",
		"header_converter org.apache.kafka.connect.storage.SimpleHeaderConverter 3.9.2",
		"header_converter org.apache.kafka.connect.storage.StringConverter 3.9.2",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func BenchmarkPlainJSON(b *testing.B) {
	c := newJSON(b, "false")
	data := []byte(flagged)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.ToConnect("t", nil, data); err != nil {
			b.Fatal(err)
		}
	}
}

// enveloped is a value as the detector writes it, with a schema.
const enveloped = `{"schema":{"type":"struct","fields":[{"field":"account_id","type":"int64"},{"field":"customer_id","type":"string"},` +
	`{"field":"merchant_type","type":"string"},{"field":"transaction_id","type":"string"},{"field":"transaction_type","type":"string"},` +
	`{"field":"transaction_amount","type":"double"},{"field":"transaction_date","type":"string"},{"field":"flagged","type":"boolean"}]},"payload":` + flagged + `}`

func BenchmarkEnvelope(b *testing.B) {
	c := newJSON(b, "true")
	data := []byte(enveloped)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.ToConnect("t", nil, data); err != nil {
			b.Fatal(err)
		}
	}
}

// What ToRawJSON returns is a part of the data, as it says, and what ToConnect returns. Texts that had to be made anew are left to ToConnect.
func TestRawJSONIsAPartOfTheData(t *testing.T) {
	var raw connect.RawJSONConverter = newJSON(t, "false")
	for text, want := range map[string]string{
		`{"a":1}`: `{"a":1}`, " [1] \n": "[1]", "\xef\xbb\xbf7": "7", `"é"`: `"é"`, "0": "0",
		"\"\xc0\x80\"": "", "\xfe\xff\x00[\x00]": "", "\x001": "", "\x00\x00\x001": "", "null": "", "": "", " ": "", "{": "",
	} {
		data := []byte(text)
		got, ok := raw.ToRawJSON(data)
		if ok != (want != "") || ok && string(got) != want {
			t.Errorf("%q: got %q %v, want %q", text, got, ok, want)
			continue
		}
		if clear(data); ok && !bytes.Equal(got, make([]byte, len(got))) {
			t.Errorf("%q: the value is not in the data", text)
		}
	}
}
