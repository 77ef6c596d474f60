package converter_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"testing"

	"sluice/connect/converter"
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
	f, err := os.Open("testdata/differential.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n := 0
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for ; lines.Scan(); n++ {
		var want struct {
			captured
			String *string `json:"string"`
		}
		if err := json.Unmarshal(lines.Bytes(), &want); err != nil {
			t.Fatal(err)
		}
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
		if g := shape(got.Schema); !reflect.DeepEqual(g, want.Schema) {
			t.Errorf("%s %q: got schema %v, want %v", want.Converter, want.Input, g, want.Schema)
		}
		if g, w := typed(got.Value), sortMaps(want.Value); !reflect.DeepEqual(g, w) {
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
	if err := lines.Err(); err != nil || n < 800 {
		t.Fatalf("read %d cases, %v", n, err)
	}
}
