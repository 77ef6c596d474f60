package rest_test

import (
	"encoding/binary"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf16"
)

func utf16Text(order binary.AppendByteOrder, s string) string {
	var out []byte
	for _, unit := range utf16.Encode([]rune(s)) {
		out = order.AppendUint16(out, unit)
	}
	return string(out)
}

func utf32Text(order binary.AppendByteOrder, s string) string {
	var out []byte
	for _, c := range s {
		out = order.AppendUint32(out, uint32(c))
	}
	return string(out)
}

// The statuses and names are those that Kafka Connect 3.9.2 answered with.
func TestBodiesInOtherFormsOfUnicode(t *testing.T) {
	le, be := binary.LittleEndian, binary.BigEndian
	body := func(name string) string {
		return `{"name":"` + name + `","config":{"connector.class":"FileStreamSink","topics":"t","file":"/dev/null"}}`
	}
	const mark = "\ufeff"
	for _, c := range []struct {
		name, body, contentType string
		status                  int
		made                    string
	}{
		{"UTF-8 with a mark", mark + body("a"), "", 201, "a"},
		{"UTF-16LE", utf16Text(le, body("a")), "", 201, "a"},
		{"UTF-16BE", utf16Text(be, body("a")), "", 201, "a"},
		{"UTF-16LE with a mark", utf16Text(le, mark+body("a")), "", 201, "a"},
		{"UTF-16BE with a mark", utf16Text(be, mark+body("a")), "", 201, "a"},
		{"UTF-32LE", utf32Text(le, body("a")), "", 201, "a"},
		{"UTF-32BE", utf32Text(be, body("a")), "", 201, "a"},
		{"UTF-32LE with a mark", utf32Text(le, mark+body("a")), "", 201, "a"},
		{"UTF-32BE with a mark", utf32Text(be, mark+body("a")), "", 201, "a"},
		{"what the media type says does not count", body("a"), "application/json;charset=utf-16", 201, "a"},
		{"it is found without, too", utf16Text(le, body("a")), "application/json;charset=utf-8", 201, "a"},
		{"a pair", utf16Text(le, body("s😀x")), "", 201, "s😀x"},
		{"half a pair takes the next with it", strings.Replace(utf16Text(le, body("sQx")), "Q\x00", "\x00\xd8", 1), "", 201, "s\ufffd"},
		{"a second half alone", strings.Replace(utf16Text(le, body("sQx")), "Q\x00", "\x00\xdc", 1), "", 201, "s\ufffdx"},
		{"blanks in front", utf16Text(be, " "+body("a")), "", 201, "a"},
		{"ISO-8859-1", strings.Replace(body("l?t"), "?", "\xe4", 1), "application/json;charset=iso-8859-1", 500, ""},
		{"a byte too many in UTF-16", utf16Text(le, body("a")) + "\x00", "", 500, ""},
		{"a byte too few", utf16Text(be, body("a"))[1:], "", 500, ""},
		{"a mark alone", "\xff\xfe", "", 500, ""},
		{"beyond Unicode", utf32Text(be, `{"name":"`) + "\x00\x11\x00\x00" + utf32Text(be, `","config":{}}`), "", 500, ""},
		{"bytes too many in UTF-32", utf32Text(be, body("a")) + "\x00\x00", "", 500, ""},
		{"zeros in front", "\x00" + body("a"), "", 500, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, _ := newServer(t, newModel(t))
			contentType := c.contentType
			if contentType == "" {
				contentType = "application/json"
			}
			w := call(s, "POST", "/connectors", c.body, "Content-Type", contentType)
			var answer struct{ Name string }
			if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != c.status || answer.Name != c.made {
				t.Errorf("got %d %s, want %d and the connector %q", w.Code, w.Body, c.status, c.made)
			}
		})
	}
}

// Kafka looks for a connector before it looks at a patch that is not there, and not before it reads one that cannot be read.
func TestPatchWithoutABody(t *testing.T) {
	s, _ := newServer(t, newModel(t))
	if w := call(s, "POST", "/connectors", `{"name":"a","config":{"connector.class":"FileStreamSink","topics":"t","file":"/dev/null"}}`); w.Code != 201 {
		t.Fatalf("got %d %s", w.Code, w.Body)
	}
	for _, body := range []string{"", "  ", "null", "\n null "} {
		wantError(t, call(s, "PATCH", "/connectors/nope/config", body), 404, "Connector nope not found")
		if w := call(s, "PATCH", "/connectors/a/config", body); w.Code != 500 {
			t.Errorf("%q: got %d %s, want 500", body, w.Code, w.Body)
		}
	}
	for _, body := range []string{"[]", "{", "nul", "1"} {
		if w := call(s, "PATCH", "/connectors/nope/config", body); w.Code != 500 {
			t.Errorf("%q: got %d %s, want 500", body, w.Code, w.Body)
		}
	}
}
