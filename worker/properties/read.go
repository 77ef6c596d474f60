package properties

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/magiconair/properties"
)

// ErrMalformedEscape says that \u is not followed by four hexadecimal digits. It has Java's text, and nothing of the file's.
//
//lint:ignore ST1005 it is Java's text
var ErrMalformedEscape = errors.New(`Malformed \uxxxx encoding.`)

// ErrNotUTF8 says that a file read with [ReadUTF8] has bytes that are no UTF-8.
var ErrNotUTF8 = errors.New("not UTF-8")

// Read reads a .properties file: ISO-8859-1 text with \uXXXX escapes, lines continued by a backslash, # and ! for comments. Variables
// such as ${file:secrets:key} stay as they are. The last of equal keys counts. An error never shows what the file holds.
//
// Kafka: java.util.Properties.load(InputStream).
func Read(r io.Reader) (map[string]string, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read properties: %w", err)
	}
	var text strings.Builder
	text.Grow(len(data))
	for _, c := range data {
		text.WriteRune(rune(c))
	}
	return parse(text.String())
}

// ReadUTF8 is [Read] for a file in UTF-8, which may have the same escapes.
//
// Kafka: java.util.Properties.load(Reader).
func ReadUTF8(r io.Reader) (map[string]string, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read properties: %w", err)
	}
	if !utf8.Valid(data) {
		return nil, fmt.Errorf("read properties: %w", ErrNotUTF8)
	}
	return parse(string(data))
}

func parse(text string) (map[string]string, error) {
	text, err := unify(text)
	if err != nil {
		return nil, fmt.Errorf("read properties: %w", err)
	}
	loader := properties.Loader{Encoding: properties.UTF8, DisableExpansion: true}
	p, err := loader.LoadBytes([]byte(text))
	if err != nil { // there is nothing else in a file that the parser minds
		return nil, fmt.Errorf("read properties: %w", ErrMalformedEscape)
	}
	return p.Map(), nil
}

// unify prepares a text for a parser that has some of Java's rules in another way: it turns all line ends into one kind, drops a
// backslash that has nothing to continue with, and replaces a pair of escaped surrogates by the character it stands for.
//
// Differs: Java takes a line that begins with a separator for a setting without a name; here it is an error.
func unify(text string) (string, error) {
	var b strings.Builder
	b.Grow(len(text) + 1)
	line, begins := 1, true // of a setting or comment
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '\r' || c == '\n':
			i += lineEnd(text[i:]) - 1
			b.WriteByte('\n')
			line, begins = line+1, true
			continue
		case c == ' ' || c == '\t' || c == '\f':
			b.WriteByte(c)
			continue
		case begins && (c == '=' || c == ':'):
			return "", fmt.Errorf("line %d: the name of the setting is missing", line)
		case c != '\\':
			b.WriteByte(c)
		default:
			i += unifyEscape(&b, text[i:], &line) - 1
		}
		begins = false
	}
	b.WriteByte('\n')
	return b.String(), nil
}

// unifyEscape writes what begins with a backslash and returns how many bytes it read.
func unifyEscape(b *strings.Builder, text string, line *int) int {
	if hi, ok := escapedUnit(text); ok {
		lo, _ := escapedUnit(text[6:])
		if r := utf16.DecodeRune(hi, lo); r != '\uFFFD' {
			b.WriteRune(r)
			return 12
		}
	}
	b.WriteByte('\\')
	if n := lineEnd(text[1:]); n > 0 {
		b.WriteByte('\n')
		*line++
		return 1 + n
	}
	if len(text) > 1 { // with the first byte of what it escapes, which may be another backslash
		b.WriteByte(text[1])
		return 2
	}
	return 1
}

// lineEnd returns the length of the line end at the beginning of a text, 0 if there is none.
func lineEnd(text string) int {
	switch {
	case len(text) > 1 && text[0] == '\r' && text[1] == '\n':
		return 2
	case len(text) > 0 && (text[0] == '\r' || text[0] == '\n'):
		return 1
	}
	return 0
}

// escapedUnit reads \uXXXX at the beginning of a text.
func escapedUnit(text string) (rune, bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	var unit rune
	for _, c := range text[2:6] {
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
