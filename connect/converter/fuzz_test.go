package converter_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"sluice/connect"
	"sluice/connect/converter"
	"sluice/internal/capturedtest"
)

func newJSON(t testing.TB, schemas string) *converter.JSON {
	t.Helper()
	c := converter.NewJSON()
	if err := c.Configure(map[string]string{converter.SchemasEnableConfig: schemas}, false); err != nil {
		t.Fatal(err)
	}
	return c
}

func addCaptured(f *testing.F, class string) {
	for _, c := range capturedCases(f) {
		if c.Converter == class && len(c.Input) < 1000 {
			f.Add(c.Input)
		}
	}
}

// What is accepted keeps the promises of RawJSON; what encoding/json accepts is accepted, within the limits.
func FuzzJSONWithoutSchemas(f *testing.F) {
	addCaptured(f, converter.JSONClass)
	f.Fuzz(func(t *testing.T, data []byte) {
		c := newJSON(t, "false")
		got, err := c.ToConnect("t", nil, data)
		if err != nil {
			var bad *connect.DataError
			var reason *converter.SerializationError
			if !errors.As(err, &bad) || !errors.As(err, &reason) {
				t.Fatalf("%q: error %v has the wrong type", data, err)
			}
			if json.Valid(data) && utf8.Valid(data) && len(data) < 1000 {
				t.Fatalf("%q: valid JSON is refused: %v", data, reason)
			}
			return
		}
		if got.Value == nil {
			return
		}
		raw := got.Value.(connect.RawJSON)
		if s := string(raw); !utf8.Valid(raw) || s != strings.Trim(s, " \t\r\n") || s == "null" || s == "" {
			t.Fatalf("%q: %q is no RawJSON", data, raw)
		}
		tree, err := raw.Decode()
		if err != nil {
			t.Fatalf("%q: accepted but not decodable: %v", data, err)
		}
		written, err := c.FromConnect("t", got)
		if err != nil {
			t.Fatalf("%q: read but not written: %v", data, err)
		}
		if again, err := connect.RawJSON(written).Decode(); err != nil || !strings.Contains(string(written), "Infinity") && !reflect.DeepEqual(tree, again) {
			t.Fatalf("%q: written as %q, which reads as %v, %v, not %v", data, written, again, err, tree)
		}
		converter.JavaString(raw)
	})
}

func FuzzJSONWithSchemas(f *testing.F) {
	addCaptured(f, converter.JSONClass)
	f.Fuzz(func(t *testing.T, data []byte) {
		c := newJSON(t, "true")
		got, err := c.ToConnect("t", nil, data)
		if err != nil {
			if capturedtest.Class(err) == "" {
				t.Fatalf("%q: error %v has the wrong type", data, err)
			}
			return
		}
		if _, err := c.FromConnect("t", got); err != nil {
			var bad *connect.DataError
			if !errors.As(err, &bad) {
				t.Fatalf("%q: error %v has the wrong type", data, err)
			}
		}
		converter.JavaString(got.Value)
	})
}

// Every text is some value, and what it is written as is the same value again.
func FuzzSimpleHeader(f *testing.F) {
	addCaptured(f, converter.SimpleHeaderClass)
	c := converter.NewSimpleHeader()
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := c.ToConnectHeader("t", "k", data)
		if err != nil {
			t.Fatalf("%q: %v", data, err)
		}
		written, err := c.FromConnectHeader("t", "k", got)
		if err != nil {
			t.Fatalf("%q: %v", data, err)
		}
		if text, ok := got.Value.(string); ok && text != string(written) {
			t.Fatalf("%q: text %q is written as %q", data, text, written)
		}
	})
}
