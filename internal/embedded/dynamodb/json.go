package dynamodb

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// maxJSONDepth bounds the recursion over a request body. The deepest legal item nests 32 levels,
// each of which is two levels of JSON; what lies beyond is refused before the stack suffers.
const maxJSONDepth = 512

// cursor reads JSON text from front to back without building a tree. Its error is sticky: after
// the first fault every method is a no-op that answers zero, so that callers check err once.
//
// Strings that hold no escape are returned as parts of the text itself.
type cursor struct {
	text []byte
	pos  int
	err  *apiError
}

func (c *cursor) fail(err *apiError) {
	if c.err == nil {
		c.err = err
	}
	c.pos = len(c.text)
}

func (c *cursor) failSyntax() { c.fail(serializationError("")) }

// peek skips white space and answers the next byte, 0 at the end of the text.
func (c *cursor) peek() byte {
	for c.pos < len(c.text) {
		b := c.text[c.pos]
		if b != ' ' && b != '\n' && b != '\t' && b != '\r' {
			return b
		}
		c.pos++
	}
	return 0
}

// accept consumes the next byte if it is b.
func (c *cursor) accept(b byte) bool {
	if c.peek() != b || c.err != nil {
		return false
	}
	c.pos++
	return true
}

// null consumes a null literal if it is next.
func (c *cursor) null() bool {
	if c.peek() == 'n' && c.literal("null") {
		return true
	}
	return false
}

func (c *cursor) literal(word string) bool {
	if len(c.text)-c.pos >= len(word) && string(c.text[c.pos:c.pos+len(word)]) == word {
		c.pos += len(word)
		return true
	}
	c.failSyntax()
	return false
}

// open consumes the bracket that starts an object or array and reports the wrong kind of value in
// the service's words.
func (c *cursor) open(bracket byte) {
	if c.accept(bracket) {
		return
	}
	switch next := c.peek(); {
	case c.err != nil:
	case next == 0:
		c.failSyntax()
	case next == '{':
		c.fail(serializationError("Start of structure or map found where not expected"))
	case next == '[':
		c.fail(serializationError("Unrecognized collection type"))
	default:
		c.fail(serializationError("Unexpected field type"))
	}
}

// member moves to the next member of the open object and answers its name; false at the end.
// first is true for the first call after open and is cleared.
func (c *cursor) member(first *bool) ([]byte, bool) {
	if !c.separator(first, '}') {
		return nil, false
	}
	if c.peek() != '"' {
		c.failSyntax()
		return nil, false
	}
	name := c.string()
	if !c.accept(':') {
		c.failSyntax()
		return nil, false
	}
	return name, c.err == nil
}

// element moves to the next element of the open array; false at the end.
func (c *cursor) element(first *bool) bool { return c.separator(first, ']') }

func (c *cursor) separator(first *bool, end byte) bool {
	switch {
	case c.err != nil || c.accept(end):
		return false
	case *first:
		*first = false
	case !c.accept(','):
		c.failSyntax()
		return false
	}
	return true
}

// string consumes a string. The result may be a part of the text.
func (c *cursor) string() []byte {
	if !c.accept('"') {
		c.failWrongScalar("String")
		return nil
	}
	start := c.pos
	ascii := true
	for i := start; i < len(c.text); i++ {
		switch b := c.text[i]; {
		case b == '"':
			c.pos = i + 1
			s := c.text[start:i]
			if !ascii && !utf8.Valid(s) {
				c.failSyntax()
				return nil
			}
			return s
		case b == '\\':
			return c.escaped(start, i)
		case b < 0x20:
			c.failSyntax()
			return nil
		case b >= utf8.RuneSelf:
			ascii = false
		}
	}
	c.failSyntax()
	return nil
}

// escaped finishes a string whose first escape is at i.
func (c *cursor) escaped(start, i int) []byte {
	out := append(make([]byte, 0, i-start+32), c.text[start:i]...)
	for i < len(c.text) {
		b := c.text[i]
		i++
		switch {
		case b == '"':
			c.pos = i
			if !utf8.Valid(out) {
				c.failSyntax()
				return nil
			}
			return out
		case b < 0x20:
			c.failSyntax()
			return nil
		case b != '\\':
			out = append(out, b)
			continue
		}
		if i >= len(c.text) {
			break
		}
		e := c.text[i]
		i++
		if at := bytes.IndexByte([]byte(`"\/bfnrt`), e); at >= 0 {
			out = append(out, "\"\\/\b\f\n\r\t"[at])
			continue
		}
		r, ok := hex4(c.text, i)
		if e != 'u' || !ok {
			break
		}
		i += 4
		if utf16.IsSurrogate(r) {
			low, ok := rune(0), false
			if i+1 < len(c.text) && c.text[i] == '\\' && c.text[i+1] == 'u' {
				low, ok = hex4(c.text, i+2)
			}
			if pair := utf16.DecodeRune(r, low); ok && pair != utf8.RuneError {
				r = pair
				i += 6
			} else {
				r = '?' // as Java writes half a pair in UTF-8
			}
		}
		out = utf8.AppendRune(out, r)
	}
	c.failSyntax()
	return nil
}

func hex4(text []byte, at int) (rune, bool) {
	if at+4 > len(text) {
		return 0, false
	}
	var r rune
	for _, b := range text[at : at+4] {
		switch {
		case b >= '0' && b <= '9':
			r = r<<4 | rune(b-'0')
		case b|0x20 >= 'a' && b|0x20 <= 'f':
			r = r<<4 | rune(b|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

// boolean consumes true or false.
func (c *cursor) boolean() bool {
	switch c.peek() {
	case 't':
		return c.literal("true")
	case 'f':
		c.literal("false")
		return false
	case '"':
		c.fail(serializationError("Unexpected token received from parser"))
	default:
		c.failWrongScalar("Boolean")
	}
	return false
}

// integer consumes a number and cuts its fraction off, as the service does.
func (c *cursor) integer() int64 {
	b := c.peek()
	if b != '-' && (b < '0' || b > '9') {
		c.failWrongScalar("Long")
		return 0
	}
	text := c.number()
	var n int64
	for i, d := range text {
		if i == 0 && d == '-' {
			continue
		}
		if d < '0' || d > '9' {
			break
		}
		if n > (1<<62)/10 {
			c.fail(serializationError("NUMBER_VALUE out of range for Long"))
			return 0
		}
		n = n*10 + int64(d-'0')
	}
	if b == '-' {
		return -n
	}
	return n
}

// number consumes a JSON number and answers its text.
func (c *cursor) number() []byte {
	start := c.pos
	digits := func() bool {
		from := c.pos
		for c.pos < len(c.text) && c.text[c.pos] >= '0' && c.text[c.pos] <= '9' {
			c.pos++
		}
		return c.pos > from
	}
	next := func(set string) bool {
		if c.pos < len(c.text) && bytes.IndexByte([]byte(set), c.text[c.pos]) >= 0 {
			c.pos++
			return true
		}
		return false
	}
	next("-")
	zero := c.pos < len(c.text) && c.text[c.pos] == '0'
	from := c.pos
	ok := digits() && (!zero || c.pos == from+1)
	if ok && next(".") {
		ok = digits()
	}
	if ok && next("eE") {
		next("+-")
		ok = digits()
	}
	if !ok {
		c.failSyntax()
		return nil
	}
	return c.text[start:c.pos]
}

// failWrongScalar reports a value of another type than want, or broken JSON.
func (c *cursor) failWrongScalar(want string) {
	if c.err != nil {
		return
	}
	var found string
	switch b := c.peek(); {
	case b == '"':
		found = "STRING_VALUE"
	case b == 't':
		found = "TRUE_VALUE"
	case b == 'f':
		found = "FALSE_VALUE"
	case b == '-' || b >= '0' && b <= '9':
		found = "NUMBER_VALUE"
	case b == '{':
		c.fail(serializationError("Start of structure or map found where not expected"))
		return
	case b == '[':
		c.fail(serializationError("Unrecognized collection type class java.lang." + want))
		return
	default:
		c.failSyntax()
		return
	}
	c.fail(serializationError(found + " cannot be converted to " + want))
}

// skip consumes one value of any kind and answers its text.
func (c *cursor) skip() []byte { return c.skipNested(0) }

func (c *cursor) skipNested(depth int) []byte {
	b := c.peek()
	start := c.pos
	first := true
	switch {
	case depth > maxJSONDepth:
		c.failSyntax()
	case b == '{':
		c.pos++
		for {
			if _, ok := c.member(&first); !ok {
				break
			}
			c.skipNested(depth + 1)
		}
	case b == '[':
		c.pos++
		for c.element(&first) {
			c.skipNested(depth + 1)
		}
	case b == '"':
		c.skipString()
	case b == 't':
		c.literal("true")
	case b == 'f':
		c.literal("false")
	case b == 'n':
		c.literal("null")
	default:
		c.number()
	}
	if c.err != nil {
		return nil
	}
	return c.text[start:c.pos]
}

// skipString passes over a string without decoding it.
func (c *cursor) skipString() {
	for i := c.pos + 1; i < len(c.text); i++ {
		switch b := c.text[i]; {
		case b == '"':
			c.pos = i + 1
			return
		case b == '\\':
			i++
		case b < 0x20:
			c.failSyntax()
			return
		}
	}
	c.failSyntax()
}

const hexDigits = "0123456789abcdef"

// appendJSONString writes s as a JSON string, escaping no more than JSON demands.
func appendJSONString[T string | []byte](out []byte, s T) []byte {
	out = append(out, '"')
	from := 0
	for i := 0; i < len(s); i++ {
		b := s[i]
		if b >= 0x20 && b != '"' && b != '\\' {
			continue
		}
		out = append(out, s[from:i]...)
		from = i + 1
		switch b {
		case '"', '\\':
			out = append(out, '\\', b)
		case '\n':
			out = append(out, '\\', 'n')
		case '\r':
			out = append(out, '\\', 'r')
		case '\t':
			out = append(out, '\\', 't')
		default:
			out = append(out, '\\', 'u', '0', '0', hexDigits[b>>4], hexDigits[b&15])
		}
	}
	out = append(out, s[from:]...)
	return append(out, '"')
}
