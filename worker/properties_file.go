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
	loader := properties.Loader{Encoding: properties.UTF8, DisableExpansion: true}
	p, err := loader.LoadBytes([]byte(unifyProperties(data)))
	if err != nil {
		return nil, fmt.Errorf("read properties: %w", err)
	}
	return p.Map(), nil
}

// unifyProperties prepares the text for a parser that has some of Java's rules in another way: it turns ISO-8859-1 into UTF-8 and all
// line ends into one kind, drops a backslash that has nothing to continue with, and replaces a pair of escaped surrogates by the
// character it stands for.
func unifyProperties(data []byte) string {
	var b strings.Builder
	b.Grow(len(data) + 1)
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case c == '\r':
			if i+1 < len(data) && data[i+1] == '\n' {
				i++
			}
			b.WriteByte('\n')
		case c == '\\' && i+1 < len(data) && data[i+1] == 'u':
			hi, ok1 := escapedUnit(data[i:])
			lo, ok2 := escapedUnit(data[min(i+6, len(data)):])
			if r := utf16.DecodeRune(hi, lo); ok1 && ok2 && r != '\uFFFD' {
				b.WriteRune(r)
				i += 11
				continue
			}
			b.WriteByte(c)
		case c == '\\' && i+1 < len(data) && data[i+1] != '\r':
			b.WriteByte(c) // with what it escapes, which may be another backslash
			i++
			b.WriteRune(rune(data[i]))
		default:
			b.WriteRune(rune(c))
		}
	}
	b.WriteByte('\n')
	return b.String()
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
