package worker

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf16"

	"github.com/magiconair/properties"
)

// ReadProperties reads a Java .properties file: ISO-8859-1 text with \uXXXX escapes, lines continued by a backslash, # and ! for
// comments. Variables such as ${file:secrets:key} stay as they are. The last of equal keys counts.
//
// Kafka: java.util.Properties.load.
func ReadProperties(r io.Reader) (map[string]string, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read properties: %w", err)
	}
	text, err := unifyProperties(data)
	if err != nil {
		return nil, fmt.Errorf("read properties: %w", err)
	}
	loader := properties.Loader{Encoding: properties.UTF8, DisableExpansion: true}
	p, err := loader.LoadBytes([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("read properties: %w", err)
	}
	return p.Map(), nil
}

// unifyProperties prepares the text for a parser that has some of Java's rules in another way: it turns ISO-8859-1 into UTF-8 and all
// line ends into one kind, drops a backslash that has nothing to continue with, and replaces a pair of escaped surrogates by the
// character it stands for.
//
// Differs: Java takes a line that begins with a separator for a setting without a name; here it is an error.
func unifyProperties(data []byte) (string, error) {
	var b strings.Builder
	b.Grow(len(data) + 1)
	line, begins := 1, true // of a setting or comment
	for i := 0; i < len(data); i++ {
		c := data[i]
		switch {
		case c == '\r' || c == '\n':
			i += lineEnd(data[i:]) - 1
			b.WriteByte('\n')
			line, begins = line+1, true
			continue
		case c == ' ' || c == '\t' || c == '\f':
			b.WriteByte(c)
			continue
		case begins && (c == '=' || c == ':'):
			return "", fmt.Errorf("line %d: the name of the setting is missing", line)
		case c != '\\':
			b.WriteRune(rune(c))
		default:
			i += unifyEscape(&b, data[i:], &line) - 1
		}
		begins = false
	}
	b.WriteByte('\n')
	return b.String(), nil
}

// unifyEscape writes what begins with a backslash and returns how many bytes it read.
func unifyEscape(b *strings.Builder, data []byte, line *int) int {
	if hi, ok := escapedUnit(data); ok {
		lo, _ := escapedUnit(data[6:])
		if r := utf16.DecodeRune(hi, lo); r != '\uFFFD' {
			b.WriteRune(r)
			return 12
		}
	}
	b.WriteByte('\\')
	if n := lineEnd(data[1:]); n > 0 {
		b.WriteByte('\n')
		*line++
		return 1 + n
	}
	if len(data) > 1 { // with what it escapes, which may be another backslash
		b.WriteRune(rune(data[1]))
		return 2
	}
	return 1
}

// lineEnd returns the length of the line end at the beginning of data, 0 if there is none.
func lineEnd(data []byte) int {
	switch {
	case len(data) > 1 && data[0] == '\r' && data[1] == '\n':
		return 2
	case len(data) > 0 && (data[0] == '\r' || data[0] == '\n'):
		return 1
	}
	return 0
}

// escapedUnit reads \uXXXX at the beginning of data.
func escapedUnit(data []byte) (rune, bool) {
	if len(data) < 6 || data[0] != '\\' || data[1] != 'u' {
		return 0, false
	}
	var unit rune
	for _, c := range data[2:6] {
		switch {
		case c >= '0' && c <= '9':
			unit = unit<<4 | rune(c-'0')
		case c >= 'a' && c <= 'f':
			unit = unit<<4 | rune(c-'a'+10)
		case c >= 'A' && c <= 'F':
			unit = unit<<4 | rune(c-'A'+10)
		default:
			return 0, false
		}
	}
	return unit, true
}
