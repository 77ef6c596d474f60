package connect_test

import (
	"errors"
	"slices"
	"testing"

	"sluice/connect"
)

func TestFindTakesClassNamesAndAliases(t *testing.T) {
	plugins, err := connect.NewPlugins(
		connect.Plugin{Class: "org.apache.kafka.connect.file.FileStreamSinkConnector", Type: connect.SinkPluginType},
		connect.Plugin{Class: "com.a.TwinSinkConnector", Type: connect.SinkPluginType},
		connect.Plugin{Class: "com.b.TwinSinkConnector", Type: connect.SinkPluginType},
		connect.Plugin{Class: "org.apache.kafka.connect.json.JsonConverter", Type: connect.ConverterPluginType},
		connect.Plugin{Class: "org.apache.kafka.connect.json.JsonConverter", Type: connect.HeaderConverterPluginType},
		connect.Plugin{Class: "org.apache.kafka.connect.storage.SimpleHeaderConverter", Type: connect.HeaderConverterPluginType},
		connect.Plugin{Class: "a.Cast$Key", Type: connect.TransformationPluginType},
		connect.Plugin{Class: "a.Cast$Value", Type: connect.TransformationPluginType},
		connect.Plugin{Class: "a.Flatten$Value", Type: connect.TransformationPluginType},
		connect.Plugin{Class: "a.RouteTransformation", Type: connect.TransformationPluginType},
		connect.Plugin{Class: "a.SameTransformation", Type: connect.TransformationPluginType},
		connect.Plugin{Class: "a.SamePredicate", Type: connect.PredicatePluginType},
		connect.Plugin{Class: "a.IsOddPredicate", Type: connect.PredicatePluginType},
	)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, want string
		types      []connect.PluginType
	}{
		{"org.apache.kafka.connect.file.FileStreamSinkConnector", "org.apache.kafka.connect.file.FileStreamSinkConnector", []connect.PluginType{connect.SinkPluginType}},
		{"FileStreamSinkConnector", "org.apache.kafka.connect.file.FileStreamSinkConnector", []connect.PluginType{connect.SinkPluginType}},
		{"FileStreamSink", "org.apache.kafka.connect.file.FileStreamSinkConnector", []connect.PluginType{connect.SinkPluginType}},
		{"com.b.TwinSinkConnector", "com.b.TwinSinkConnector", []connect.PluginType{connect.SinkPluginType}},
		{"Json", "org.apache.kafka.connect.json.JsonConverter", []connect.PluginType{connect.ConverterPluginType}},
		{"Json", "org.apache.kafka.connect.json.JsonConverter", []connect.PluginType{connect.HeaderConverterPluginType}},
		{"Simple", "org.apache.kafka.connect.storage.SimpleHeaderConverter", []connect.PluginType{connect.HeaderConverterPluginType}},
		{"a.Cast$Value", "a.Cast$Value", []connect.PluginType{connect.TransformationPluginType}},
		{"Key", "a.Cast$Key", []connect.PluginType{connect.TransformationPluginType}},
		{"Route", "a.RouteTransformation", []connect.PluginType{connect.TransformationPluginType}},
		{"IsOdd", "a.IsOddPredicate", []connect.PluginType{connect.PredicatePluginType}},
	} {
		got, err := plugins.Find(c.name, c.types...)
		if err != nil || got.Class != c.want {
			t.Errorf("%s: got %q, %v, want %q", c.name, got.Class, err, c.want)
		}
	}

	var ambiguous *connect.AmbiguousPluginError
	if _, err := plugins.Find("TwinSink", connect.SinkPluginType); !errors.As(err, &ambiguous) || !slices.Equal(ambiguous.Classes, []string{"com.a.TwinSinkConnector", "com.b.TwinSinkConnector"}) {
		t.Errorf("an alias of two classes: got %v", err)
	}
	var unknown *connect.UnknownPluginError
	for _, c := range []struct {
		why, name string
		kind      connect.PluginType
	}{
		{"a sink is not a converter", "FileStreamSink", connect.ConverterPluginType},
		{"the simple name of a nested class is its own", "Cast$Value", connect.TransformationPluginType},
		{"two classes have the simple name", "Value", connect.TransformationPluginType},
		{"a plugin of another kind has the alias too", "Same", connect.PredicatePluginType},
		{"only Converter is cut off a converter's name", "SimpleHeader", connect.HeaderConverterPluginType},
	} {
		if got, err := plugins.Find(c.name, c.kind); !errors.As(err, &unknown) {
			t.Errorf("%s: %s %s: got %q, %v", c.why, c.kind, c.name, got.Class, err)
		}
	}
}

func TestPluginsAreListedByKindAndName(t *testing.T) {
	plugins, err := connect.NewPlugins(
		connect.Plugin{Class: "z.Header", Type: connect.HeaderConverterPluginType},
		connect.Plugin{Class: "b.Sink", Type: connect.SinkPluginType},
		connect.Plugin{Class: "a.Sink", Type: connect.SinkPluginType},
		connect.Plugin{Class: "a.Transform", Type: connect.TransformationPluginType},
	)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range plugins.All() {
		got = append(got, p.Class)
	}
	if want := []string{"a.Sink", "b.Sink", "a.Transform", "z.Header"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if _, err := connect.NewPlugins(connect.Plugin{Class: "a", Type: connect.SinkPluginType}, connect.Plugin{Class: "a", Type: connect.SinkPluginType}); err == nil {
		t.Error("a class registered twice was accepted")
	}
}
