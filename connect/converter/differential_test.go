package converter_test

import (
	"bytes"
	"errors"
	"reflect"
	"testing"

	"sluice/connect/converter"
	"sluice/internal/capturedtest"
)

func TestConvertersAgreeWithJavaOnGeneratedTexts(t *testing.T) {
	mustConfigured := func(class string, config map[string]string) bytesConverter {
		c, err := configured(t, class, config)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	converters := map[string]bytesConverter{
		"json":     mustConfigured(converter.JSONClass, map[string]string{"schemas.enable": "false"}),
		"envelope": mustConfigured(converter.JSONClass, map[string]string{"schemas.enable": "true"}),
		"header":   mustConfigured(converter.SimpleHeaderClass, nil),
	}
	type generated struct {
		captured
		String *string `json:"string"`
	}
	for _, want := range capturedtest.Cases[generated](t, "testdata/differential.jsonl", 865) {
		c := converters[want.Converter]
		got, err := c.read(want.Input)
		if want.Error != nil {
			if err == nil || err.Error() != want.Error.Message {
				t.Errorf("%s %q: got error %v, want %q", want.Converter, want.Input, err, want.Error.Message)
			} else if cause := errors.Unwrap(err); (cause != nil) != (want.Error.CauseMessage != "") || cause != nil && cause.Error() != want.Error.CauseMessage {
				t.Errorf("%s %q:\n got cause %v\nwant cause %v", want.Converter, want.Input, cause, want.Error.CauseMessage)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s %q: %v", want.Converter, want.Input, err)
			continue
		}
		if g := capturedtest.Schema(got.Schema); !reflect.DeepEqual(g, want.Schema) {
			t.Errorf("%s %q: got schema %v, want %v", want.Converter, want.Input, g, want.Schema)
		}
		if g, w := capturedtest.Value(got.Value), capturedtest.Sorted(want.Value); !reflect.DeepEqual(g, w) {
			t.Errorf("%s %q: got %v, want %v", want.Converter, want.Input, g, w)
		}
		if g := converter.JavaString(got.Value); want.String != nil && g != *want.String {
			t.Errorf("%s %q: got text %q, want %q", want.Converter, want.Input, g, *want.String)
		}
		written, err := c.write(got)
		if want.WriteError != nil {
			if err == nil || err.Error() != want.WriteError.Message {
				t.Errorf("%s %q: got error %v when writing, want %q", want.Converter, want.Input, err, want.WriteError.Message)
			}
			continue
		}
		if err != nil || !bytes.Equal(written, want.Written) {
			t.Errorf("%s %q: wrote %q, %v, want %q", want.Converter, want.Input, written, err, want.Written)
		}
	}
}
