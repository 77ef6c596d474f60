package jsonobject_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"sluice/internal/jsonobject"
)

func TestAppend(t *testing.T) {
	for text, want := range map[string]string{
		`{}`:                                "",
		"{ \n}":                             "",
		`{"a":1}`:                           "a 1;",
		"{ \"a\" :\t-1.5e+3 , \"b\":true }": "a -1.5e+3;b true;",
		`{"a\"":"\\","a\\":"}\""}`:          `a\" "\\";a\\ "}\"";`,
		`{"a":[{"b":["]"]} ,1],"c":{}}`:     `a [{"b":["]"]} ,1];c {};`,
		`{"a":null,"a":""}`:                 `a null;a "";`,
	} {
		members, ok := jsonobject.Append(nil, []byte(text))
		var got strings.Builder
		for _, m := range members {
			got.WriteString(text[m.Name:m.NameEnd] + " " + text[m.Value:m.ValueEnd] + ";")
		}
		if !ok || got.String() != want {
			t.Errorf("%s: got %s %v, want %s", text, got.String(), ok, want)
		}
	}
}

func TestWhatIsNoObject(t *testing.T) {
	for _, text := range []string{
		"", "{", "}", "[]", `"a"`, " {}", "{} ", `{"a"}`, `{"a":}`, `{"a":1`, `{"a":1,}`, `{,}`, `{"a":"}`, `{"a":1}}`, `{"a":[}`, `{"a":[@]}`, `{"a":@}`,
		`{a:1}`, `{"a":1 "b":2}`, `{"a" 1}`, `{"a":{"b"`, `{"a`, `{"a":]}`, `{"a":1]`,
	} {
		if members, ok := jsonobject.Append(nil, []byte(text)); ok {
			t.Errorf("%s: got %v", text, members)
		}
	}
}

func TestStrings(t *testing.T) {
	for inside, want := range map[string]string{
		``: "", `a`: "a", `\u0061\/\b\f\n\r\t\"\\`: "a/\b\f\n\r\t\"\\", `\ud83d\ude00!`: "😀!", `\ud83d`: "\ufffd", `\ud83dx`: "\ufffdx", `\ud83d\u0041`: "\ufffdA",
		`\ude00\ud83d`: "\ufffd\ufffd", `é\u00E9`: "éé",
	} {
		if got := string(jsonobject.AppendText(nil, []byte(inside))); got != want {
			t.Errorf("%s: got %q, want %q", inside, got, want)
		}
		if !jsonobject.Is([]byte(inside), want) {
			t.Errorf("%s is not %q", inside, want)
		}
		if jsonobject.Is([]byte(inside), want+"x") || jsonobject.Is([]byte(inside+"x"), want) {
			t.Errorf("%s is %q or too much", inside, want+"x")
		}
	}
	for _, inside := range []string{`\`, `\u`, `\u12`, `\uzzzz`, `\ud83d\u`} { // what is no string ends somehow
		if got := jsonobject.AppendText(nil, []byte(inside)); len(got) > 6 {
			t.Errorf("%s: got %q", inside, got)
		}
	}
	if jsonobject.Is([]byte(`\n`), `\n`) {
		t.Error("an escape is taken by its letters")
	}
}

func FuzzAppend(f *testing.F) {
	f.Add([]byte(`{"a":[{"b\\\"":["]"]} ,1],"c":{"d":null}}`))
	f.Add([]byte(`{"\ud83d\ude00":-1.5E3, "":"\u0000"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		members, ok := jsonobject.Append(nil, text)
		if !json.Valid(text) || !utf8.Valid(text) {
			return
		}
		if isObject := len(bytes.TrimSpace(text)) == len(text) && text[0] == '{'; ok != isObject {
			t.Fatalf("%q: got %v", text, ok)
		}
		if !ok {
			return
		}
		want := map[string]json.RawMessage{}
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for _, m := range members {
			name := string(jsonobject.AppendText(nil, text[m.Name:m.NameEnd]))
			got[name] = string(text[m.Value:m.ValueEnd])
			if !jsonobject.Is(text[m.Name:m.NameEnd], name) {
				t.Errorf("%q is not itself", name)
			}
			var quoted string
			if err := json.Unmarshal(jsonobject.AppendString(nil, name), &quoted); err != nil || quoted != name {
				t.Errorf("%q is written as %q, %v", name, quoted, err)
			}
		}
		for name, value := range want {
			if got[name] != string(value) {
				t.Errorf("%q: got %q for %q, want %q", text, got[name], name, value)
			}
		}
		if len(got) != len(want) {
			t.Errorf("%q: got %d members, want %d", text, len(got), len(want))
		}
	})
}
