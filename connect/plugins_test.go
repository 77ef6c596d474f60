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
	if _, err := plugins.Find("FileStreamSink", connect.ConverterPluginType); !errors.As(err, &unknown) {
		t.Errorf("a sink is not a converter: got %v", err)
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
