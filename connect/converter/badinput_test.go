package converter_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"sluice/connect"
	"sluice/connect/converter"
	"sluice/internal/boundtest"
)

// wide returns an object with many members, of which the n-th is called by its number.
func wide(n int, value string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"f%d":%s`, i, value)
	}
	return "{" + b.String()[1:] + "}"
}

// wideSchema returns the schema of a struct with as many fields, from the last to the first.
func wideSchema(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,{"field":"f%d","type":"int64","optional":true}`, n-1-i)
	}
	return `{"type":"struct","fields":[` + b.String()[1:] + `]}`
}

func enveloping(schema, payload string) string {
	return `{"schema":` + schema + `,"payload":` + payload + `}`
}

// TestBadInputTakesNoMoreThanItsShare reads what nobody should send: it is a value or a bad record, in memory and time that grow as the input does.
func TestBadInputTakesNoMoreThanItsShare(t *testing.T) {
	const (
		plain    = "false"
		envelope = "true"
		header   = "header"
	)
	megabyte := strings.Repeat("x", 1<<20)
	size := boundtest.Size
	for name, c := range map[string]struct {
		converter string
		input     string
		reason    string // of the refusal, "" if there is none
		times     int    // how many times its size it may take to read, to decode and to write it as text
	}{
		"10,000 arrays":                   {plain, strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000), "nesting depth (1001)", 2},
		"10,000 objects":                  {plain, strings.Repeat(`{"a":`, 10_000), "nesting depth (1001)", 2},
		"1,000 arrays":                    {plain, strings.Repeat("[", 1000) + strings.Repeat("]", 1000), "", 200},
		"1,000 objects":                   {plain, strings.Repeat(`{"a":`, 1000) + "1" + strings.Repeat("}", 1000), "", 600},
		"a string of 20 MB":               {plain, `"` + strings.Repeat(megabyte, 20) + `"`, "String value length", 2},
		"a string that does not end":      {plain, `"` + megabyte, "Unexpected end-of-input", 2},
		"a number that does not end":      {plain, strings.Repeat("9", size(1<<20)), "Number value length", 2},
		"a great exponent":                {plain, "[1e999999999,1e-999999999,1e2147483648]", "", 10},
		"no UTF-8":                        {plain, `"` + strings.Repeat("\xff", size(1<<20)) + `"`, "Invalid UTF-8 start byte", 2},
		"overlong UTF-8":                  {plain, `"` + strings.Repeat("\xc0\x80", size(1<<19)) + `"`, "", 180},
		"half characters":                 {plain, `"` + strings.Repeat(`\ud800`, size(1<<17)) + `"`, "", 40},
		"UTF-16":                          {plain, "\xfe\xff" + strings.Repeat("\x00 ", size(1<<19)), "", 50},
		"UTF-32":                          {plain, "\x00\x00\xfe\xff" + strings.Repeat("\x00\x00\x00 ", size(1<<18)), "", 30},
		"many fields":                     {plain, wide(size(30_000), "1"), "", 400},
		"one field many times":            {plain, "{" + strings.Repeat(`"a":1,`, size(30_000)) + `"a":2}`, "", 200},
		"names of 50,000":                 {plain, `{"` + strings.Repeat("x", 50_001) + `":1}`, "Name length", 3},
		"blanks":                          {plain, strings.Repeat(" \n", size(1<<19)), "", 1},
		"what follows":                    {plain, "1 " + megabyte, "", 1},
		"no envelope with many fields":    {envelope, wide(size(30_000), "1"), "may not contain additional fields", 5},
		"a struct of many fields":         {envelope, enveloping(wideSchema(size(20_000)), wide(size(20_000), "1")), "", 200},
		"a map of many":                   {envelope, enveloping(`{"type":"map","keys":{"type":"string"},"values":{"type":"int64"}}`, wide(size(30_000), "1")), "", 250},
		"many unknown fields":             {envelope, enveloping(`{"type":"struct","fields":[]}`, wide(size(30_000), "1")), "", 120},
		"one schema inside of another":    {envelope, enveloping(strings.Repeat(`{"type":"array","items":`, 900)+`{"type":"int8"}`+strings.Repeat("}", 900), strings.Repeat("[", 900)+strings.Repeat("1,", size(30_000))+"1"+strings.Repeat("]", 900)), "", 250},
		"arrays in arrays with a mistake": {envelope, enveloping(`{"type":"struct","fields":[{"field":"a","type":"array","items":`+strings.Repeat(`{"type":"array","items":`, 899)+`{"type":"int8"}`+strings.Repeat("}", 900)+"]}", `{"a":`+strings.Repeat("[", 900)+strings.Repeat("1,", size(30_000))+"null"+strings.Repeat("]", 900)+"}"), "Invalid null value", 400},
		"a decimal with a great exponent": {envelope, enveloping(decimal("2"), "1e999999999"), "", 100},
		"a decimal with a great scale":    {envelope, enveloping(decimal("-999999999"), `"AQI="`), "", 100},
		"a decimal that is too long":      {envelope, enveloping(decimal("2"), `"`+strings.Repeat("AQID", size(500_000))+`"`), "Invalid bytes for Decimal field", 15},
		"many bytes":                      {envelope, enveloping(`{"type":"bytes"}`, `"`+strings.Repeat("AQID", size(500_000))+`"`), "", 15},
		"bytes that are none":             {envelope, enveloping(`{"type":"bytes"}`, `"`+strings.Repeat("AQID", size(1<<18))+`!"`), "Invalid bytes field", 30},
		"a map of arrays":                 {envelope, enveloping(`{"type":"map","keys":{"type":"int32"},"values":{"type":"string"}}`, "["+strings.Repeat(`[1,"a"],`, size(30_000))+`[2,"b"]]`), "", 150},
		"parameters":                      {envelope, enveloping(`{"type":"int8","parameters":`+wide(size(30_000), `"x"`)+"}", "1"), "", 150},
		"10,000 open lists":               {header, strings.Repeat("[", 10_000), "", 150},
		"10,000 open maps":                {header, strings.Repeat("{a:", 10_000), "", 400},
		"1,000 lists":                     {header, strings.Repeat("[", 1000) + strings.Repeat("]", 1000), "", 600},
		"a long list":                     {header, "[" + strings.Repeat("1,", size(30_000)) + "2.5]", "", 500},
		"a long map":                      {header, "{" + strings.Repeat("a:1,", size(30_000)) + "b:2}", "", 400},
		"many digits":                     {header, strings.Repeat("9", size(1<<20)), "", 30},
		"many digits in a list":           {header, "[" + strings.Repeat(strings.Repeat("9", 20_000)+",", 20) + "1]", "", 400},
		"backslashes":                     {header, "[" + strings.Repeat(`\`, size(1<<20)), "", 30},
		"quotation marks":                 {header, "[" + strings.Repeat(`"`, size(30_000)), "", 100},
		"blanks in a list":                {header, "[" + strings.Repeat(" ", size(1<<20)) + "1", "", 50},
		"text of bytes that are none":     {header, strings.Repeat("\xff", size(1<<20)), "", 100},
	} {
		t.Run(name, func(t *testing.T) {
			class, config := converter.JSONClass, map[string]string{"schemas.enable": c.converter}
			if c.converter == header {
				class, config = converter.SimpleHeaderClass, nil
			}
			conv, err := configured(t, class, config)
			if err != nil {
				t.Fatal(err)
			}
			data := []byte(c.input)
			boundtest.Memory(t, len(data), c.times, func() {
				for range 2 { // the second time its schema is known
					v, err := conv.read(data)
					if c.reason != "" {
						if err == nil || !strings.Contains(fmt.Sprint(err, errors.Unwrap(err)), c.reason) {
							t.Fatalf("got error %.200v, want %s", err, c.reason)
						}
						continue
					}
					if err != nil {
						t.Fatalf("%.200v", err)
					}
					if _, err := connect.Decode(v.Value); err != nil {
						t.Fatalf("%.200v", err)
					}
					if _, err := conv.write(v); err != nil && c.converter == plain {
						t.Fatalf("%.200v", err)
					}
					converter.AppendJavaString(nil, v.Value)
				}
			})
		})
	}
}

func decimal(scale string) string {
	return `{"type":"bytes","name":"` + connect.DecimalName + `","version":1,"parameters":{"scale":"` + scale + `"}}`
}

// The other converters take their input as it is.
func TestTextsAndBytesOfAnyKind(t *testing.T) {
	for _, p := range converter.Plugins() {
		if p.Type != connect.ConverterPluginType || p.Class == converter.JSONClass {
			continue
		}
		for _, data := range [][]byte{{}, {0xff}, bytes.Repeat([]byte{0xff, 0xed, 0xa0}, 1<<18), make([]byte, 1<<20)} {
			c, err := configured(t, p.Class, nil)
			if err != nil {
				t.Fatal(err)
			}
			boundtest.Memory(t, len(data), 25, func() {
				v, err := c.read(data)
				var bad *connect.DataError
				if err != nil && !errors.As(err, &bad) {
					t.Errorf("%s: %.200v", p.Class, err)
				}
				if err == nil {
					if _, err := c.write(v); err != nil {
						t.Errorf("%s: %.200v", p.Class, err)
					}
				}
			})
		}
	}
}
