package converter_test

import (
	"bytes"
	"errors"
	"reflect"
	"testing"

	"sluice/connect"
	"sluice/connect/converter"
	"sluice/internal/capturedtest"
)

// captured is one case of testdata/cases.jsonl, taken from the converters of Kafka Connect 3.9.2.
type captured struct {
	ID         string            `json:"id"`
	Converter  string            `json:"converter"`
	Config     map[string]string `json:"config"`
	Input      []byte            `json:"input_b64"`
	Schema     any               `json:"output_schema"`
	Value      any               `json:"output_value_typed"`
	Written    []byte            `json:"written_b64"`
	Error      *capturedError    `json:"error"`
	WriteError *capturedError    `json:"write_error"`
}

type capturedError struct {
	Phase        string `json:"phase"`
	Class        string `json:"class"`
	Message      string `json:"message"`
	CauseClass   string `json:"cause_class"`
	CauseMessage string `json:"cause_message"`
}

// javaInternal are the cases whose cause is an exception inside of Java's own code, for which there is no counterpart here.
var javaInternal = map[string]string{
	"c080": "NullPointerException of a map of parameters that is not there",
}

func capturedCases(t testing.TB) []captured {
	t.Helper()
	return capturedtest.Cases[captured](t, "testdata/cases.jsonl", 173)
}

// bytesConverter is what converters and header converters have in common here.
type bytesConverter struct {
	read  func([]byte) (connect.SchemaAndValue, error)
	write func(connect.SchemaAndValue) ([]byte, error)
}

func configured(t testing.TB, class string, config map[string]string) (bytesConverter, error) {
	t.Helper()
	for _, p := range converter.Plugins() {
		switch {
		case p.Class != class:
		case p.Type == connect.ConverterPluginType:
			c := p.NewConverter()
			return bytesConverter{
				func(b []byte) (connect.SchemaAndValue, error) { return c.ToConnect("t", nil, b) },
				func(v connect.SchemaAndValue) ([]byte, error) { return c.FromConnect("t", v) },
			}, c.Configure(config, false)
		case class == converter.SimpleHeaderClass:
			c := p.NewHeaderConverter()
			return bytesConverter{
				func(b []byte) (connect.SchemaAndValue, error) { return c.ToConnectHeader("t", "k", b) },
				func(v connect.SchemaAndValue) ([]byte, error) { return c.FromConnectHeader("t", "k", v) },
			}, c.Configure(config)
		}
	}
	t.Fatalf("no converter %s", class)
	return bytesConverter{}, nil
}

func TestConvertersDoWhatKafkaConnectDoes(t *testing.T) {
	for _, want := range capturedCases(t) {
		t.Run(want.ID, func(t *testing.T) {
			c, err := configured(t, want.Converter, want.Config)
			if want.Error != nil && want.Error.Phase == "configure" {
				want.Error.check(t, want.ID, err)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got, err := c.read(want.Input)
			if want.Error != nil {
				want.Error.check(t, want.ID, err)
				return
			}
			if err != nil {
				t.Fatalf("%q: %v", want.Input, err)
			}
			if g := capturedtest.Schema(got.Schema); !reflect.DeepEqual(g, want.Schema) {
				t.Errorf("%q: got schema %v, want %v", want.Input, g, want.Schema)
			}
			if g, w := capturedtest.Value(got.Value), capturedtest.Sorted(want.Value); !reflect.DeepEqual(g, w) {
				t.Errorf("%q: got %v, want %v", want.Input, g, w)
			}
			written, err := c.write(got)
			if want.WriteError != nil {
				want.WriteError.check(t, want.ID, err)
				return
			}
			if err != nil || !bytes.Equal(written, want.Written) || (written == nil) != (want.Written == nil) {
				t.Errorf("%q: wrote %q, %v, want %q", want.Input, written, err, want.Written)
			}
		})
	}
}

func (want *capturedError) check(t *testing.T, id string, err error) {
	t.Helper()
	if err == nil {
		t.Fatalf("got no error, want %q", want.Message)
	}
	if err.Error() != want.Message {
		t.Errorf("got error %q, want %q", err, want.Message)
	}
	if class := capturedtest.Class(err); class != want.Class {
		t.Errorf("got class %s, want %s", class, want.Class)
	}
	cause := errors.Unwrap(err)
	switch why, internal := javaInternal[id]; {
	case internal:
		t.Logf("cause not compared: %s", why)
	case want.CauseClass == "" && cause == nil:
	case cause == nil:
		t.Errorf("got no cause, want %q", want.CauseMessage)
	case cause.Error() != want.CauseMessage:
		t.Errorf("got cause %q, want %q", cause, want.CauseMessage)
	case capturedtest.Class(cause) != want.CauseClass:
		t.Errorf("got cause %s, want %s", capturedtest.Class(cause), want.CauseClass)
	}
}
