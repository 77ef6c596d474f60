// Package jsonobject goes through the text of a JSON object by the places where its members stand, so that a program which needs
// some of them, or writes them in another order, neither decodes nor copies the rest.
//
// Texts are expected to be valid, as those of connect.RawJSON are. Of one that is not, [Append] may report less than what is wrong with it, but it
// reads nothing beyond its end and takes time in proportion to its length.
package jsonobject

import "bytes"

// Member says where a member stands in a text: its name without the quotation marks, and its value.
type Member struct {
	Name, NameEnd   int
	Value, ValueEnd int
}

// Append appends the members of an object, in their order; a name that is there twice comes twice. It reports false if the text is not one object
// from its first byte to its last.
func Append(members []Member, text []byte) ([]Member, bool) {
	if len(text) < 2 || text[0] != '{' {
		return members, false
	}
	i := blanks(text, 1)
	if i < len(text) && text[i] == '}' {
		return members, i == len(text)-1
	}
	for {
		var m Member
		if i >= len(text) || text[i] != '"' {
			return members, false
		}
		m.Name = i + 1
		if m.NameEnd = quote(text, m.Name); m.NameEnd < 0 {
			return members, false
		}
		if i = blanks(text, m.NameEnd+1); i >= len(text) || text[i] != ':' {
			return members, false
		}
		m.Value = blanks(text, i+1)
		if m.ValueEnd = value(text, m.Value); m.ValueEnd < 0 {
			return members, false
		}
		members = append(members, m)
		if i = blanks(text, m.ValueEnd); i >= len(text) {
			return members, false
		}
		switch text[i] {
		case ',':
			i = blanks(text, i+1)
		case '}':
			return members, i == len(text)-1
		default:
			return members, false
		}
	}
}

// blanks returns the place of the next byte that is no blank.
func blanks(text []byte, i int) int {
	for i < len(text) && isBlank(text[i]) {
		i++
	}
	return i
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// quote returns the place of the quotation mark that ends the string whose inside begins at i, -1 if there is none.
func quote(text []byte, i int) int {
	start := i
	for {
		n := bytes.IndexByte(text[i:], '"')
		if n < 0 {
			return -1
		}
		i += n
		if i == start || text[i-1] != '\\' {
			return i
		}
		slashes := 1
		for i-1-slashes >= start && text[i-1-slashes] == '\\' {
			slashes++
		}
		if slashes%2 == 0 {
			return i
		}
		i++
	}
}

// value returns where the value that begins at i ends, -1 if there is none.
func value(text []byte, i int) int {
	depth := 0
	for i < len(text) {
		switch c := text[i]; {
		case c == '"':
			if i = quote(text, i+1); i < 0 {
				return -1
			}
			i++
		case c == '{' || c == '[':
			depth++
			i++
			continue
		case c == '}' || c == ']':
			if depth == 0 {
				return -1
			}
			depth--
			i++
		case c == ',' || c == ':' || isBlank(c):
			if depth == 0 {
				return -1
			}
			i++
			continue
		default: // a number or a word
			first := i
			for i < len(text) && isScalar(text[i]) {
				i++
			}
			if i == first {
				return -1
			}
		}
		if depth == 0 {
			return i
		}
	}
	return -1
}

// isScalar reports whether a byte can be in a number or a word.
func isScalar(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c == '.' || c == '-' || c == '+'
}
