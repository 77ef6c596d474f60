package converter_test

import (
	"hash/crc32"
	"strings"
	"testing"

	"sluice/connect"
	"sluice/connect/converter"
	"sluice/internal/capturedtest"
)

// extreme is one case of testdata/extremes.jsonl, taken from the converters of Kafka Connect 3.9.2.
type extreme struct {
	ID        string
	Converter string
	Input     []any // texts, each with how often it stands there
	Class     string
	String    *string
	Length    int    `json:"string_length"`
	CRC32     uint32 `json:"string_crc32"`
	Error     *capturedError
}

// differing are the cases in which these converters do something else.
var differing = map[string]string{
	"x007": signOfZero, "x012": signOfZero, "x016": signOfZero, "x031": signOfZero, "x036": signOfZero, "x040": signOfZero,
	"x169": lengthOfName, "x174": lengthOfName,
}

const (
	signOfZero   = "the zero that stands for a number beyond Java's exponents has no sign"
	lengthOfName = "Jackson tells the length of a buffer for names that are not ASCII"
)

func (x *extreme) input() string {
	var b strings.Builder
	for i := 0; i < len(x.Input); i += 2 {
		b.WriteString(strings.Repeat(x.Input[i].(string), int(x.Input[i+1].(float64))))
	}
	return b.String()
}

func TestConvertersAgreeWithJavaOnExtremes(t *testing.T) {
	for _, x := range capturedtest.Cases[extreme](t, "testdata/extremes.jsonl", 572) {
		if testing.Short() && len(x.input()) > 1<<20 {
			continue // nothing but long
		}
		t.Run(x.ID, x.check)
	}
}

func (x *extreme) check(t *testing.T) {
	class := map[string]string{"json": converter.JSONClass, "envelope": converter.JSONClass, "header": converter.SimpleHeaderClass}[x.Converter]
	var config map[string]string
	if x.Converter == "json" {
		config = map[string]string{"schemas.enable": "false"}
	}
	c, err := configured(t, class, config)
	if err != nil {
		t.Fatal(err)
	}
	if why, ok := differing[x.ID]; ok {
		t.Log(why)
		if _, err := c.read([]byte(x.input())); (err != nil) != (x.Error != nil) {
			t.Errorf("%v: got error %v", x.Input, err)
		}
		return
	}
	got, err := c.read([]byte(x.input()))
	if x.Error != nil {
		x.Error.check(t, x.ID, err)
		return
	}
	if err != nil {
		t.Fatalf("%v: %v", x.Input, err)
	}
	value, err := connect.Decode(got.Value)
	if err != nil {
		t.Fatal(err)
	}
	if class := simpleClass(value); class != x.Class {
		t.Errorf("%v: got %s, want %s", x.Input, class, x.Class)
	}
	forms := []any{got.Value, value}
	if x.Length > 1<<20 {
		forms = forms[:1]
	}
	for _, v := range forms {
		text := converter.JavaString(v)
		switch {
		case x.String != nil && text != *x.String:
			t.Errorf("%v: got %.400s, want %s", x.Input, text, *x.String)
		case x.String == nil && (len(text) != x.Length || crc32.ChecksumIEEE([]byte(text)) != x.CRC32):
			t.Errorf("%v: got %.400s… of %d bytes, want another of %d", x.Input, text, len(text), x.Length)
		}
	}
}

// simpleClass returns the name of the class that a value has in Java, without its package.
func simpleClass(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "Boolean"
	case string:
		return "String"
	case int8:
		return "Byte"
	case int16:
		return "Short"
	case int32:
		return "Integer"
	case int64:
		return "Long"
	case float32:
		return "Float"
	case float64:
		return "Double"
	case []any:
		return "ArrayList"
	case map[string]any, map[any]any:
		return "HashMap"
	case *connect.Struct:
		return "Struct"
	case connect.Decimal:
		return "BigDecimal"
	}
	return "Date"
}
