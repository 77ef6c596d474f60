package rest

import "testing"

// The texts are those that Kafka Connect 3.9.2 makes of the bytes in a path.
func TestUnicodeText(t *testing.T) {
	for in, want := range map[string]string{
		"":                     "",
		"名前 \U0001F600 \x07":   "名前 \U0001F600 \x07",
		"\xff\xfe":             "\ufffd\ufffd",
		"a\xe2\x82x":           "a\ufffdx",
		"\xf0\x9f\x98":         "\ufffd",
		"\xc3(":                "\ufffd(",
		"\xe2(\xa1":            "\ufffd(\ufffd",
		"\xed\xa0\x80":         "\ufffd",
		"\xf4\x90\x80\x80":     "\ufffd\ufffd\ufffd\ufffd",
		"\xc0\xaf":             "\ufffd\ufffd",
		"\xf8\x88\x80\x80\x80": "\ufffd\ufffd\ufffd\ufffd\ufffd",
		"\xe2\x82\xe2\x82":     "\ufffd\ufffd",
		"\x80x":                "\ufffdx",
	} {
		if got := unicodeText(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}
