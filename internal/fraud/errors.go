package fraud

import (
	"fmt"
	"unicode/utf8"
)

// Error says why a record could not become a row. Flink fails the job on every
// one of these; nothing is skipped.
type Error struct {
	Field  string // the column that could not be converted, empty if the record as a whole could not be read
	Reason string // what is wrong, with an excerpt of the value
}

// Error names the field and the reason.
func (e *Error) Error() string {
	if e.Field == "" {
		return "malformed record: " + e.Reason
	}
	return "field " + e.Field + ": " + e.Reason
}

// malformed is the error of a record that cannot be read at all.
func malformed(format string, args ...any) *Error {
	return &Error{Reason: fmt.Sprintf(format, args...)}
}

// excerptBytes bounds how much of a hostile value an error repeats.
const excerptBytes = 48

// excerpt quotes text for an error message.
func excerpt(text []byte) string {
	if len(text) <= excerptBytes {
		return fmt.Sprintf("%q", text)
	}
	cut := excerptBytes
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return fmt.Sprintf("%q… (%d bytes)", text[:cut], len(text))
}

// describe names a value of the wrong type for an error message.
func (v *rawValue) describe() string {
	switch v.kind {
	case kindString:
		return "the string " + excerpt(v.text)
	case kindTrue:
		return "the boolean true"
	case kindFalse:
		return "the boolean false"
	case kindContainer:
		if v.text[0] == '{' {
			return "an object"
		}
		return "an array"
	case kindNull:
		return "null"
	default:
		return "the number " + excerpt(v.text)
	}
}
