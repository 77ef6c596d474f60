package transform

import (
	"bytes"
	"encoding/json"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"sluice/connect"
)

// TestObjectsOfTextAreThoseOfMaps changes texts and what they are decoded to in the same way.
func TestObjectsOfTextAreThoseOfMaps(t *testing.T) {
	for _, text := range []string{
		`{}`, `{ }`, `{"a":1}`, `{ "a" : 1 , "b" : [1,{"a":"}"}] }`, `{"a":1,"a":2}`, `{"\u0061":"x","b":null}`, `{"a\"b":"\\","c":"\"","a":-0.0}`,
		`{"a":{"b":{"c":1}},"b":"\ud83d\ude00"}`, `{"b":007,"a":12345678901234567890}`, `{"a":1e400}`,
	} {
		for _, change := range []func(o *object) error{
			func(o *object) error { return nil },
			func(o *object) error { return o.set("new", "x\"\\\n") },
			func(o *object) error { return o.set("a", int64(7)) },
			func(o *object) error { return o.set("a", 1.0) },
			func(o *object) error { return o.set("a", 1e300) },
			func(o *object) error { return o.set("a", int32(7)) },
			func(o *object) error { return o.set("a", math.Inf(1)) },
			func(o *object) error { return o.set("a", math.Copysign(0, -1)) },
			func(o *object) error { return o.set("a", "\xff") },
			func(o *object) error { return o.set("\xff", "a") },
			func(o *object) error { return o.set("a", []any{int64(1)}) },
			func(o *object) error { return o.set("b", map[string]any{}) },
			func(o *object) error { return o.replace("b", func(v any) (any, error) { return v, nil }) },
			func(o *object) error { return o.retain([]string{"b", "c"}) },
			func(o *object) error {
				for _, name := range []string{"x", "b", "y", "a", "x", ""} {
					if err := o.set(name, name+"!"); err != nil {
						return err
					}
				}
				return nil
			},
			func(o *object) error { // names change places, then the text is given up
				a, _, err := o.take("a")
				if err != nil {
					return err
				}
				b, _, err := o.take("b")
				if err != nil {
					return err
				}
				if err := o.set("a", b); err != nil {
					return err
				}
				if err := o.set("b", a); err != nil {
					return err
				}
				return o.set("bytes", []byte("x"))
			},
		} {
			same(t, connect.RawJSON(text), change)
		}
	}
}

// same makes one change to a text and to a map and compares the results.
func same(t *testing.T, text connect.RawJSON, change func(o *object) error) {
	t.Helper()
	tree, err := text.Decode()
	if err != nil {
		t.Fatal(err)
	}
	fields, ok := tree.(map[string]any)
	if !ok {
		return
	}
	textBefore, fieldsBefore := bytes.Clone(text), maps.Clone(fields)
	var ofText, ofMap object
	results := []any{}
	for _, open := range []struct {
		o     *object
		value any
	}{{&ofText, text}, {&ofMap, fields}} {
		if err := open.o.open(open.value, ""); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if err := change(open.o); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		out, err := connect.Decode(open.o.close())
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		results = append(results, out)
	}
	if !reflect.DeepEqual(results[0], results[1]) || !signs(results[0], results[1]) {
		t.Errorf("%s: got %v, want %v", text, results[0], results[1])
	}
	if !bytes.Equal(text, textBefore) || !reflect.DeepEqual(fields, fieldsBefore) {
		t.Errorf("%s has become %s, and %v %v", textBefore, text, fieldsBefore, fields)
	}
}

// signs compares the signs of zeros.
func signs(a, b any) bool {
	x, _ := a.(map[string]any)["a"].(float64)
	y, _ := b.(map[string]any)["a"].(float64)
	return math.Signbit(x) == math.Signbit(y)
}

func TestFieldsOfATextStandWhereTheyStood(t *testing.T) {
	var o object
	for _, c := range []struct {
		text, want string
		change     func() error
	}{
		{`{"a":1, "b":2,"c":3}`, `{"a":1,"b":"x","c":3,"d":null}`, func() error {
			if err := o.set("d", nil); err != nil {
				return err
			}
			return o.set("b", "x")
		}},
		{`{ "a" : 1 , "b":2 }`, `{ "a" : 1 , "b":2,"é\"":true}`, func() error { return o.set(`é"`, true) }},
		{`{"a":1,"b":2,"c":3}`, `{"b":2}`, func() error { return o.retain([]string{"b"}) }},
		{`{"a":1}`, `{}`, func() error { return o.retain(nil) }},
	} {
		if err := o.open(connect.RawJSON(c.text), ""); err != nil {
			t.Fatal(err)
		}
		if err := c.change(); err != nil {
			t.Fatal(err)
		}
		if got, ok := o.close().(connect.RawJSON); !ok || string(got) != c.want {
			t.Errorf("%s: got %s, want %s", c.text, got, c.want)
		}
	}
}

// Texts that follow each other in memory do not reach into each other.
func TestTextsHaveNoRoomToGrow(t *testing.T) {
	var o object
	var made []connect.RawJSON
	for i := range 1000 {
		if err := o.open(connect.RawJSON(`{"a":1}`), ""); err != nil {
			t.Fatal(err)
		}
		if err := o.set("b", strings.Repeat("x", i*2)); err != nil {
			t.Fatal(err)
		}
		text := o.close().(connect.RawJSON)
		made = append(made, append(text, "tail"...)[:len(text)])
	}
	for i, text := range made {
		if want := `{"a":1,"b":"` + strings.Repeat("x", i*2) + `"}`; string(text) != want {
			t.Fatalf("got %s, want %s", text, want)
		}
	}
}

func TestNumbersAreQuotedAsJavaWritesThem(t *testing.T) {
	for text, want := range map[string]string{
		"5": `"5"`, "-5": `"-5"`, "999999999999999999": `"999999999999999999"`, `"x\n"`: `"x\n"`,
		"0": "", "-0": "", "007": "", "1e2": "", "1.0": "", "9999999999999999999": "", "null": "", "true": "", "{}": "", "[1]": "",
	} {
		var o object
		if err := o.open(connect.RawJSON(`{"a":`+text+`}`), ""); err != nil {
			t.Fatal(err)
		}
		quoted := o.quote("a")
		got := string(o.close().(connect.RawJSON))
		if quoted != (want != "") || quoted && got != `{"a":`+want+`}` || !quoted && got != `{"a":`+text+`}` {
			t.Errorf("%s: got %v %s", text, quoted, got)
		}
	}
}

func TestATextThatIsNotTouchedStaysWhatItIs(t *testing.T) {
	text := connect.RawJSON(`{"a":1}`)
	var o object
	if err := o.open(text, ""); err != nil {
		t.Fatal(err)
	}
	if v, err := o.get("a"); v != int64(1) || err != nil {
		t.Errorf("got %v, %v", v, err)
	}
	if got, ok := o.close().(connect.RawJSON); !ok || &got[0] != &text[0] {
		t.Errorf("got %v", got)
	}
}

// Texts that no converter lets through are errors, not accidents.
func TestTextsThatAreNoJSON(t *testing.T) {
	for _, text := range []string{`{`, `}`, `{]`, `{"a"}`, `{"a":}`, `{"a":1`, `{"a":1,}`, `{"a":"}`, `{"a":[}`, `{"a":@}`, `{1:2}`, `{"a":1 2}`, "\x00"} {
		var o object
		err := o.open(connect.RawJSON(text), "")
		if err == nil {
			_, err = o.get("a")
		}
		if err == nil {
			t.Errorf("%s: got no error", text)
		}
	}
}

func FuzzObject(f *testing.F) {
	f.Add([]byte(`{"a":1,"b":{"c":"d"},"\u0061":2}`), "a", "b", "c", "x\n", byte(3))
	f.Add([]byte(`{"":[]}`), "", "\xff", "é", "", byte(29))
	f.Fuzz(func(t *testing.T, text []byte, a, b, c, value string, ops byte) {
		if len(text) == 0 || text[0] != '{' {
			return
		}
		if !json.Valid(text) || !utf8.Valid(text) {
			var o object
			if o.open(connect.RawJSON(text), "") == nil { // an error or not, but no accident
				_, _ = o.get(a)
				_ = o.set(b, value)
				o.close()
			}
			return
		}
		same(t, text, func(o *object) error {
			var errs []error
			if ops&1 != 0 {
				errs = append(errs, o.set(a, value))
			}
			if ops&2 != 0 {
				v, found, err := o.take(b)
				if found {
					err = o.set(c, v)
				}
				errs = append(errs, err)
			}
			if ops&4 != 0 {
				errs = append(errs, o.replace(c, func(v any) (any, error) { return v, nil }))
			}
			if ops&8 != 0 {
				errs = append(errs, o.set(c, int64(ops)))
			}
			if ops&16 != 0 {
				errs = append(errs, o.set(b, int8(ops)))
			}
			if i := slices.IndexFunc(errs, func(err error) bool { return err != nil }); i >= 0 {
				return errs[i]
			}
			return nil
		})
	})
}
