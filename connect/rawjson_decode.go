package connect

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// jsonDecoder builds the tree of a JSON text in one pass. It knows the usual; whatever else there is in a text (numbers with leading zeros, very
// deep nesting, mistakes) makes it give up, and the text goes to the decoder of the standard library, which takes five times as long.
//
// Strings are parts of one copy of the text.
type jsonDecoder struct {
	text string
	at   int

	members []jsonMember // of the objects that are open; the innermost one's are at the end
	items   []any        // the same for arrays
}

type jsonMember struct {
	name  string
	value any
}

// jsonDepth is how deep the decoder goes.
const jsonDepth = 200

// decodeJSON returns false if the text is for another decoder.
func decodeJSON(text []byte) (any, bool) {
	var members [16]jsonMember
	d := jsonDecoder{text: string(text), members: members[:0]}
	v, ok := d.value(0)
	d.blanks()
	return v, ok && d.at == len(d.text)
}

func (d *jsonDecoder) blanks() {
	for d.at < len(d.text) {
		switch d.text[d.at] {
		case ' ', '\t', '\n', '\r':
			d.at++
		default:
			return
		}
	}
}

// next skips blanks and returns the byte that follows, 0 at the end.
func (d *jsonDecoder) next() byte {
	d.blanks()
	if d.at == len(d.text) {
		return 0
	}
	return d.text[d.at]
}

func (d *jsonDecoder) value(depth int) (any, bool) {
	switch c := d.next(); {
	case depth > jsonDepth:
		return nil, false
	case c == '"':
		s, ok := d.string()
		return s, ok
	case c == '{':
		return d.object(depth)
	case c == '[':
		return d.array(depth)
	case c == 't':
		return true, d.word("true")
	case c == 'f':
		return false, d.word("false")
	case c == 'n':
		return nil, d.word("null")
	case c == '-' || '0' <= c && c <= '9':
		return d.number()
	}
	return nil, false
}

func (d *jsonDecoder) word(w string) bool {
	ok := strings.HasPrefix(d.text[d.at:], w)
	d.at += len(w)
	return ok
}

func (d *jsonDecoder) object(depth int) (any, bool) {
	first := len(d.members)
	d.at++
	if d.next() == '}' {
		d.at++
		return map[string]any{}, true
	}
	for {
		if d.next() != '"' {
			return nil, false
		}
		name, ok := d.string()
		if !ok || d.next() != ':' {
			return nil, false
		}
		d.at++
		v, ok := d.value(depth + 1)
		if !ok {
			return nil, false
		}
		d.members = append(d.members, jsonMember{name, v})
		switch d.next() {
		case ',':
			d.at++
		case '}':
			d.at++
			m := make(map[string]any, len(d.members)-first)
			for _, member := range d.members[first:] {
				m[member.name] = member.value // of a name that is there twice the last one counts
			}
			d.members = d.members[:first]
			return m, true
		default:
			return nil, false
		}
	}
}

func (d *jsonDecoder) array(depth int) (any, bool) {
	first := len(d.items)
	d.at++
	if d.next() == ']' {
		d.at++
		return []any{}, true
	}
	for {
		v, ok := d.value(depth + 1)
		if !ok {
			return nil, false
		}
		d.items = append(d.items, v)
		switch d.next() {
		case ',':
			d.at++
		case ']':
			d.at++
			out := append(make([]any, 0, len(d.items)-first), d.items[first:]...)
			d.items = d.items[:first]
			return out, true
		default:
			return nil, false
		}
	}
}

// string reads from one quotation mark to the other.
func (d *jsonDecoder) string() (string, bool) {
	start := d.at + 1
	for i := start; i < len(d.text); i++ {
		switch c := d.text[i]; {
		case c == '"':
			d.at = i + 1
			return d.text[start:i], utf8.ValidString(d.text[start:i])
		case c == '\\':
			return d.escaped(start, i)
		case c < ' ':
			return "", false
		}
	}
	return "", false
}

// escaped goes on with string at its first backslash.
func (d *jsonDecoder) escaped(start, i int) (string, bool) {
	out := append(make([]byte, 0, 2*(i-start)+16), d.text[start:i]...)
	for i < len(d.text) {
		c := d.text[i]
		switch {
		case c == '"':
			d.at = i + 1
			return string(out), utf8.Valid(out)
		case c < ' ':
			return "", false
		case c != '\\':
			out = append(out, c)
			i++
			continue
		case i+1 == len(d.text):
			return "", false
		}
		i += 2
		switch e := d.text[i-1]; e {
		case '"', '\\', '/':
			out = append(out, e)
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			r, ok := d.hex(i)
			if !ok {
				return "", false
			}
			i += 4
			if utf16.IsSurrogate(r) {
				if second, ok := d.hex(i + 2); ok && d.text[i:i+2] == `\u` && utf16.DecodeRune(r, second) != utf8.RuneError {
					r = utf16.DecodeRune(r, second)
					i += 6
				} else {
					r = utf8.RuneError // half a character
				}
			}
			out = utf8.AppendRune(out, r)
		default:
			return "", false
		}
	}
	return "", false
}

// hex reads four hexadecimal digits.
func (d *jsonDecoder) hex(i int) (rune, bool) {
	if i+4 > len(d.text) {
		return 0, false
	}
	var r rune
	for _, c := range []byte(d.text[i : i+4]) {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

func (d *jsonDecoder) number() (any, bool) {
	start := d.at
	if d.text[d.at] == '-' {
		d.at++
	}
	first := d.at
	d.digits()
	whole := d.at - first
	if whole == 0 || whole > 1 && d.text[first] == '0' {
		return nil, false
	}
	integral := true
	if d.at < len(d.text) && d.text[d.at] == '.' {
		integral = false
		d.at++
		if d.digits() == 0 {
			return nil, false
		}
	}
	if d.at < len(d.text) && (d.text[d.at] == 'e' || d.text[d.at] == 'E') {
		integral = false
		d.at++
		if d.at < len(d.text) && (d.text[d.at] == '+' || d.text[d.at] == '-') {
			d.at++
		}
		if d.digits() == 0 {
			return nil, false
		}
	}
	text := d.text[start:d.at]
	if integral {
		if i, err := strconv.ParseInt(text, 10, 64); err == nil {
			return i, true
		}
	} else if f, err := ParseFloat(text, 64); err == nil && f != 0 {
		return f, true
	}
	return number(text), true
}

// digits skips digits and returns how many there are.
func (d *jsonDecoder) digits() int {
	start := d.at
	for d.at < len(d.text) && '0' <= d.text[d.at] && d.text[d.at] <= '9' {
		d.at++
	}
	return d.at - start
}
