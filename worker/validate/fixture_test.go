package validate_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"sluice/connect"
	"sluice/worker/validate"
)

const (
	fileSink        = "org.apache.kafka.connect.file.FileStreamSinkConnector"
	fileSource      = "org.apache.kafka.connect.file.FileStreamSourceConnector"
	camelSink       = "org.apache.camel.kafkaconnector.awsddbsink.CamelAwsddbsinkSinkConnector"
	jsonConverter   = "org.apache.kafka.connect.json.JsonConverter"
	stringConverter = "org.apache.kafka.connect.storage.StringConverter"
	simpleHeader    = "org.apache.kafka.connect.storage.SimpleHeaderConverter"
)

// sink is a connector that has settings and nothing else.
type sink struct {
	connect.SinkConnector
	def *connect.ConfigDef
}

func (s sink) Config() *connect.ConfigDef { return s.def }
func (sink) Version() string              { return "3.9.2" }
func (sink) Start(context.Context, map[string]string) error {
	panic("a validator starts nothing")
}

// strictSink also checks its settings together.
type strictSink struct {
	sink
	check func(map[string]string) []*connect.ConfigError
}

func (s strictSink) ValidateConfig(props map[string]string) []*connect.ConfigError {
	return s.check(props)
}

type converter struct {
	connect.Converter
	def *connect.ConfigDef
}

func (c converter) Config() *connect.ConfigDef { return c.def }

type headerConverter struct {
	connect.HeaderConverter
	def *connect.ConfigDef
}

func (c headerConverter) Config() *connect.ConfigDef { return c.def }

// newPlugins returns the plugins of the worker that gave the golden answers, with the settings that it described.
func newPlugins(t testing.TB, more ...connect.Plugin) *connect.Plugins {
	t.Helper()
	file, camel := readDef(t, "plugin-config-FileStreamSinkConnector.json", 1), readDef(t, "camel-plugin-config.json", -1)
	js, str, none := readDef(t, "plugin-config-JsonConverter.json", -1), readDef(t, "plugin-config-StringConverter.json", -1), connect.NewConfigDef()
	all := append(more,
		connect.Plugin{Class: fileSink, Type: connect.SinkPluginType, Version: "3.9.2", NewSink: func() connect.SinkConnector { return sink{def: file} }},
		connect.Plugin{Class: camelSink, Type: connect.SinkPluginType, Version: "3.20.3", NewSink: func() connect.SinkConnector { return sink{def: camel} }},
		connect.Plugin{Class: jsonConverter, Type: connect.ConverterPluginType, NewConverter: func() connect.Converter { return converter{def: js} }},
		connect.Plugin{Class: stringConverter, Type: connect.ConverterPluginType, NewConverter: func() connect.Converter { return converter{def: str} }},
		connect.Plugin{Class: stringConverter, Type: connect.HeaderConverterPluginType, NewHeaderConverter: func() connect.HeaderConverter { return headerConverter{def: str} }},
		connect.Plugin{Class: simpleHeader, Type: connect.HeaderConverterPluginType, NewHeaderConverter: func() connect.HeaderConverter { return headerConverter{def: none} }},
	)
	p, err := connect.NewPlugins(all...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func newValidator(t testing.TB) *validate.Validator {
	return &validate.Validator{Plugins: newPlugins(t), WorkerGroupID: "connect-cluster"}
}

// readDef makes a definition of the first n keys of an answer to GET /connector-plugins/{p}/config; of all that the framework does not
// define if n is -1.
func readDef(t testing.TB, file string, n int) *connect.ConfigDef {
	t.Helper()
	var infos []validate.ConfigKeyInfo
	if err := json.Unmarshal(golden(t, file), &infos); err != nil {
		t.Fatal(err)
	}
	framework := validate.SinkConnectorConfigDef()
	var keys []connect.ConfigKey
	for _, i := range infos {
		if _, ok := framework.Key(i.Name); ok || n >= 0 && len(keys) == n {
			break
		}
		k := connect.ConfigKey{Name: i.Name, Type: i.Type, Required: i.Required, Importance: i.Importance, Doc: i.Documentation, Width: i.Width, DisplayName: i.DisplayName}
		if i.Group != nil {
			k.Group, k.Order = *i.Group, i.Order
		}
		if i.DefaultValue != nil {
			k.Default = parse(t, i.Type, *i.DefaultValue)
		}
		keys = append(keys, k)
	}
	return connect.NewConfigDef(keys...)
}

func parse(t testing.TB, typ connect.ConfigType, text string) any {
	t.Helper()
	switch typ {
	case connect.TypeBoolean:
		return text == "true"
	case connect.TypeInt, connect.TypeLong, connect.TypeShort:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return n
	case connect.TypeString:
		return text
	}
	t.Fatalf("no default of type %s is known here", typ)
	return nil
}

func golden(t testing.TB, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// props makes a configuration of keys and values in turn; the value "<null>" is a null.
func props(kv ...string) map[string]*string {
	m := map[string]*string{}
	for i := 0; i < len(kv); i += 2 {
		if kv[i+1] == "<null>" {
			m[kv[i]] = nil
			continue
		}
		m[kv[i]] = &kv[i+1]
	}
	return m
}

// valid is a configuration without errors, with changes; the value "<none>" takes a key out.
func valid(kv ...string) map[string]*string {
	m := props("connector.class", fileSink, "name", "x", "topics", "conformance", "file", "/dev/null")
	for k, v := range props(kv...) {
		if v != nil && *v == "<none>" {
			delete(m, k)
			continue
		}
		m[k] = v
	}
	return m
}

// errorsOf lists "key: error" for every error of an answer, in its order.
func errorsOf(infos validate.ConfigInfos) []string {
	var out []string
	for _, c := range infos.Configs {
		for _, e := range c.Value.Errors {
			out = append(out, c.Value.Name+": "+e)
		}
	}
	return out
}

func contains(list []string, part string) bool {
	return strings.Contains(strings.Join(list, "\n"), part)
}
