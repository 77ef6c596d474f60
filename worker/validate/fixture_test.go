package validate_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sluice/connect"
	"sluice/connect/converter"
	"sluice/connect/transform"
	"sluice/sinks/dynamodb"
	"sluice/sinks/file"
	"sluice/worker/validate"
)

const (
	fileSink        = "org.apache.kafka.connect.file.FileStreamSinkConnector"
	fileSource      = "org.apache.kafka.connect.file.FileStreamSourceConnector"
	camelSink       = "org.apache.camel.kafkaconnector.awsddbsink.CamelAwsddbsinkSinkConnector"
	jsonConverter   = "org.apache.kafka.connect.json.JsonConverter"
	stringConverter = "org.apache.kafka.connect.storage.StringConverter"
	filter          = "org.apache.kafka.connect.transforms.Filter"
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

// newPlugins returns the plugins of the worker that gave the golden answers: ours, with the definitions that ours have.
func newPlugins(t testing.TB, more ...connect.Plugin) *connect.Plugins {
	t.Helper()
	all := append(more, file.Plugin(nil), dynamodb.Plugin(dynamodb.Options{}))
	all = append(all, transform.Plugins(transform.Text{})...)
	p, err := connect.NewPlugins(append(all, converter.Plugins()...)...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func newValidator(t testing.TB) *validate.Validator {
	return &validate.Validator{Plugins: newPlugins(t), WorkerGroupID: "connect-cluster"}
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
