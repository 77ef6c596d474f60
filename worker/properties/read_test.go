package properties

import (
	"errors"
	"maps"
	"strings"
	"testing"
)

// Expectations are those of java.util.Properties.load.
func TestRead(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		want       map[string]string
	}{
		{"separators", "a=1\nb:2\nc 3\nd = 4 \n e\t:\t5\nf", map[string]string{"a": "1", "b": "2", "c": "3", "d": "4 ", "e": "5", "f": ""}},
		{"comments", "#a=1\n  ! b=2\nc=3 # not a comment", map[string]string{"c": "3 # not a comment"}},
		{"a line that goes on", "a=1,\\\n   2,\\\n\t3\nb=4", map[string]string{"a": "1,2,3", "b": "4"}},
		{"line ends of other systems", "a=1,\\\r\n  2\r\nb=3\rc=4", map[string]string{"a": "1,2", "b": "3", "c": "4"}},
		{"the last one counts", "a=1\na=2", map[string]string{"a": "2"}},
		{"escapes", `a=\t\n\\x\:\=\#\q` + "\n" + `b\ c\:d=1`, map[string]string{"a": "\t\n\\x:=#q", "b c:d": "1"}},
		{"unicode escapes", `a=\u00e9\u20AC` + "\n" + `\u0062=2`, map[string]string{"a": "é€", "b": "2"}},
		{"a pair of surrogates", `a=\uD83D\uDE00!`, map[string]string{"a": "\U0001F600!"}},
		{"an escaped backslash before u", `a=\\u0041`, map[string]string{"a": `\u0041`}},
		{"ISO-8859-1", "a=\xe9\xfc", map[string]string{"a": "éü"}},
		{"UTF-8 is not read as such", "a=é", map[string]string{"a": "Ã©"}},
		{"variables stay", "a=${file:/etc/secret:key}\nb=${env:X} ${a}", map[string]string{"a": "${file:/etc/secret:key}", "b": "${env:X} ${a}"}},
		{"a backslash at the end", "a=1\\", map[string]string{"a": "1"}},
		{"nothing", "", map[string]string{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := Read(strings.NewReader(tc.text))
			if err != nil || !maps.Equal(got, tc.want) {
				t.Errorf("got %q (%v), want %q", got, err, tc.want)
			}
		})
	}
}

func TestSettingWithoutNameIsAnError(t *testing.T) {
	for _, text := range []string{"a=1\\\n2\n =x", "a=1\\\r\n2\r\n\t:x"} {
		if got, err := Read(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), "line 3") {
			t.Errorf("got %q, %v", got, err)
		}
	}
	if got, err := Read(strings.NewReader("a=\\\n=x")); err != nil || got["a"] != "=x" {
		t.Errorf("a continued line that begins with a separator: %q, %v", got, err)
	}
}

func TestMalformedUnicodeEscapeIsAnError(t *testing.T) {
	if got, err := Read(strings.NewReader(`a=\u00g0`)); err == nil {
		t.Errorf("got %q, want an error as in Java", got)
	}
}

// The bytes of a file for FileConfigProvider are UTF-8.
func TestReadUTF8(t *testing.T) {
	got, err := ReadUTF8(strings.NewReader("a=\u00e9é\U0001F600\nb\u20AC=x\\\n y"))
	if want := map[string]string{"a": "éé\U0001F600", "b€": "xy"}; err != nil || !maps.Equal(got, want) {
		t.Errorf("got %q (%v), want %q", got, err, want)
	}
	if got, err := ReadUTF8(strings.NewReader("a=\xe9")); !errors.Is(err, ErrNotUTF8) {
		t.Errorf("ISO-8859-1 gives %q, %v", got, err)
	}
}

func TestErrorsDoNotShowTheFile(t *testing.T) {
	_, err := Read(strings.NewReader(`secret=\u00zz`))
	if !errors.Is(err, ErrMalformedEscape) || strings.Contains(err.Error(), "zz") {
		t.Errorf("error %v", err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("a=1\\\n b\\u00e9\\uD83D\\uDE00\n#c\n=x\n\\"))
	f.Add([]byte("\xff:\x00\r\\\r\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Read(strings.NewReader(string(data)))
		if err != nil {
			return
		}
		for k := range p {
			if k == "" {
				t.Error("a key is empty")
			}
		}
	})
}
