package avro

import (
	"strings"
	"unicode/utf8"

	"sluice/connect"
)

// scrub makes a name that Avro allows of any other: it is encoded as in a URL's query, and what Avro does not allow becomes an underscore.
//
// Kafka: AvroData.doScrubName.
func scrub(name string) string {
	if name == "" || isName(name) {
		return name
	}
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(name) {
		switch c := name[i]; {
		case isNameByte(c):
			b.WriteByte(c)
		case c == '.' || c == '-' || c == '*' || c == ' ': // these stay one character in a query
			b.WriteByte('_')
		default:
			b.WriteByte('_')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
	}
	if s := b.String(); s[0] < '0' || s[0] > '9' {
		return s
	}
	return "x" + b.String()
}

func isName(name string) bool {
	if name == "" || name[0] >= '0' && name[0] <= '9' {
		return false
	}
	for i := range len(name) {
		if !isNameByte(name[i]) {
			return false
		}
	}
	return true
}

func isNameByte(c byte) bool {
	return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_'
}

// splitName splits a full name into namespace and name, which are scrubbed if asked for.
func splitName(full string, scrubbed bool) (space, name string) {
	if scrubbed {
		parts := strings.Split(full, ".")
		for i := range parts {
			parts[i] = scrub(parts[i])
		}
		full = strings.Join(parts, ".")
	}
	if i := strings.LastIndexByte(full, '.'); i >= 0 {
		return full[:i], full[i+1:]
	}
	return "", full
}

// byText reports whether the keys of a map are a string each: such maps are map[string]any.
func byText(s *connect.Schema) bool { return s.Keys.Type == connect.String && !s.Keys.Optional }

// validText returns the text with each byte that is not part of a character replaced, as Java reads it.
func validText(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return string([]rune(s))
}
