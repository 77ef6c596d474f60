package transform_test

import (
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/connect"
	"sluice/connect/transform"
	"sluice/internal/capturedtest"
)

const camel = "org.apache.camel.kafkaconnector.transforms."

func TestTransformsDoWhatCamelsDo(t *testing.T) {
	play(t, capturedtest.Cases[captured](t, "testdata/camel.jsonl.gz", 1514), undecoded)
}

// What no JSON stands for, as Camel's converters answered for each of the targets.
func TestTypeConverterConvertsWhatNoJSONHolds(t *testing.T) {
	targets := []string{"Boolean", "Byte", "Short", "Integer", "Long", "Float", "Double", "String"}
	for _, c := range []struct {
		v    any
		want []any // nil: it cannot be converted
	}{
		{math.NaN(), []any{nil, nil, nil, nil, nil, "NaN", "NaN", "NaN"}},
		{float32(math.NaN()), []any{nil, nil, nil, nil, nil, "NaN", "NaN", "NaN"}},
		{math.Inf(1), []any{nil, int8(-1), int16(-1), int32(math.MaxInt32), int64(math.MaxInt64), "Infinity", "Infinity", "Infinity"}},
		{float32(math.Inf(-1)), []any{nil, int8(0), int16(0), int32(math.MinInt32), int64(math.MinInt64), "-Infinity", "-Infinity", "-Infinity"}},
		{time.UnixMilli(-5).UTC(), []any{nil, nil, nil, nil, int64(-5), nil, nil, "Wed Dec 31 23:59:59 UTC 1969"}},
	} {
		for i, target := range targets {
			smt, _, err := configured(t, camel+"CamelTypeConverterTransform$Value", map[string]string{"target.type": "java.lang." + target})
			if err != nil {
				t.Fatal(err)
			}
			out, err := smt.Apply(&connect.SinkRecord{ValueSchema: connect.Float64Schema, Value: c.v})
			if c.want[i] == nil {
				if data := (*connect.DataError)(nil); !errors.As(err, &data) {
					t.Errorf("%v to %s: got %v, want a data error", c.v, target, err)
				}
				continue
			}
			if err != nil {
				t.Errorf("%v to %s: got %v", c.v, target, err)
				continue
			}
			got := out.Value
			if _, ok := c.want[i].(string); ok {
				got = text.String(got)
			}
			if got != c.want[i] {
				t.Errorf("%v to %s: got %v, want %v", c.v, target, got, c.want[i])
			}
		}
	}
}

func TestTypeConverterRefusesOtherClasses(t *testing.T) {
	for _, class := range []string{"java.util.Map", "java.io.InputStream", "java.lang.Number", "Integer", "int", "[B", ""} {
		_, _, err := configured(t, camel+"CamelTypeConverterTransform$Key", map[string]string{"target.type": class})
		begin := "Invalid value " + class + " for configuration target.type: Class " + class + " could not be found." // Kafka's words for a class that it does not have
		if err == nil || !strings.HasPrefix(err.Error(), begin) || !strings.Contains(err.Error(), "java.lang.String") {
			t.Errorf("%q: got %v, want %q and what there is", class, err, begin)
		}
	}
}

func TestCamelPluginsAreThoseOfItsPackage(t *testing.T) {
	plugins, err := connect.NewPlugins(transform.CamelPlugins(text)...)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range plugins.All() {
		got = append(got, p.Class)
		if p.Type != connect.TransformationPluginType || p.Version != "" {
			t.Errorf("%s: got type %s, version %q; Camel's have no version", p.Class, p.Type, p.Version)
		}
	}
	want := []string{
		camel + "CamelTypeConverterTransform$Key", camel + "CamelTypeConverterTransform$Value", camel + "ConnectRecordValueToMapTransforms",
		camel + "FieldsToHeadersTransform$Key", camel + "FieldsToHeadersTransform$Value", camel + "SchemaAndStructToJsonTransform",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, class := range []string{
		camel + "SinkPojoToSchemaAndStructTransform", camel + "SourcePojoToSchemaAndStructTransform",
		"org.apache.camel.kafkaconnector.file.transformers.FileTransforms", "SinkPojoToSchemaAndStructTransform",
	} {
		_, err := plugins.Find(class, connect.TransformationPluginType)
		begin := "Class " + class + " could not be found. It "
		if err == nil || !strings.HasPrefix(err.Error(), begin) || !strings.Contains(err.Error(), "leave it out") {
			t.Errorf("got %v, want %q and what to do", err, begin)
		}
	}
}

// The settings have the types, defaults and importance of Camel's definitions.
func TestCamelDefinitions(t *testing.T) {
	type key struct {
		Name       string
		Type       connect.ConfigType
		Required   bool
		Default    any
		Importance connect.Importance
	}
	fields := []key{{"fields", connect.TypeList, false, []string{}, connect.Medium}, {"headers", connect.TypeList, true, nil, connect.Medium}}
	target := []key{{"target.type", connect.TypeClass, false, nil, connect.High}}
	want := map[string][]key{
		"FieldsToHeadersTransform$Key": fields, "FieldsToHeadersTransform$Value": fields,
		"CamelTypeConverterTransform$Key": target, "CamelTypeConverterTransform$Value": target,
		"ConnectRecordValueToMapTransforms": {{"key", connect.TypeString, false, nil, connect.Medium}},
	}
	for _, p := range transform.CamelPlugins(text) {
		switch class := strings.TrimPrefix(p.Class, camel); {
		case p.Refusal != "":
		case class == "SchemaAndStructToJsonTransform":
			if got, want := p.Config().Keys(), text.JSON().Config().Keys(); len(got) != len(want) || got[0].Name != want[0].Name {
				t.Errorf("%s: got other settings than the JsonConverter's", class)
			}
		default:
			var got []key
			for _, k := range p.Config().Keys() {
				got = append(got, key{k.Name, k.Type, k.Required, k.Default, k.Importance})
			}
			if !reflect.DeepEqual(got, want[class]) {
				t.Errorf("%s: got %v, want %v", class, got, want[class])
			}
		}
	}
}
