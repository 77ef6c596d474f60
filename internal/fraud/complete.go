package fraud

import (
	"bytes"
	"errors"
	"math"
	"strconv"
	"unicode"
)

// scanner is the complete scanner: Jackson's UTF-8 parser with unescaped
// control characters allowed and every other leniency off.
//
// Only the first JSON value of the record is read. All of it is checked, also
// the members that are no columns.
type scanner struct {
	schema *schema
	in     []byte // WTF-8 or, for a record in UTF-8, what Jackson takes for it
	pos    int
	tail   error  // not nil: the record goes on behind in, in a way that cannot be read
	buf    []byte // unescaped strings, which rawValues point into
}

// maxDepth bounds the nesting of a record. Flink reads a member of 500 levels;
// how deep the JVM's stack would let it go is not known, but this is beyond it.
const maxDepth = 10_000

// scan fills row with the columns of the record. It reports false if the
// record holds no row: nothing but blanks, or null.
func (s *scanner) scan(row *rawRow) (bool, error) {
	c := s.skipSpace()
	if c == end {
		return false, s.tail
	}
	if c == '{' {
		return true, s.members(func(name []byte) error {
			var v *rawValue
			if i := s.schema.column(name); i >= 0 {
				v = &row[i] // of duplicates the last one stays
			}
			return s.value(v, 1)
		})
	}
	var v rawValue
	if err := s.value(&v, 1); err != nil {
		return false, err
	}
	if v.kind != kindNull {
		return false, malformed("the value is %s, not an object", v.describe())
	}
	return false, s.nullEnd()
}

// end is what peek and skipSpace return at the end of the input.
const end = -1

func (s *scanner) peek() int {
	if s.pos == len(s.in) {
		return end
	}
	return int(s.in[s.pos])
}

// skipSpace moves to the next byte that is no blank and returns it.
func (s *scanner) skipSpace() int {
	for ; s.pos < len(s.in); s.pos++ {
		switch c := s.in[s.pos]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return int(c)
		}
	}
	return end
}

// fail says that something else was expected at the current position.
func (s *scanner) fail(expected string) error {
	if s.pos >= len(s.in) {
		if s.tail != nil {
			return s.tail
		}
		return malformed("ends after %d bytes where %s was expected", len(s.in), expected)
	}
	return malformed("%s at byte %d where %s was expected", excerpt(s.in[s.pos:min(len(s.in), s.pos+8)]), s.pos, expected)
}

// members reads an object. For each member it calls read, which reads the
// value; name is valid until then.
func (s *scanner) members(read func(name []byte) error) error {
	s.pos++ // {
	if s.skipSpace() == '}' {
		s.pos++
		return nil
	}
	for {
		if s.skipSpace() != '"' {
			return s.fail("a member name in double quotes")
		}
		mark := len(s.buf)
		if err := s.string(true); err != nil {
			return err
		}
		name := s.buf[mark:]
		s.buf = s.buf[:mark]
		if s.skipSpace() != ':' {
			return s.fail("a colon")
		}
		s.pos++
		s.skipSpace()
		if err := read(name); err != nil {
			return err
		}
		switch s.skipSpace() {
		case ',':
			s.pos++
		case '}':
			s.pos++
			return nil
		default:
			return s.fail("a comma or the end of the object")
		}
	}
}

// elements reads an array. For each element it calls read, which reads it.
func (s *scanner) elements(read func() error) error {
	s.pos++ // [
	if s.skipSpace() == ']' {
		s.pos++
		return nil
	}
	for {
		s.skipSpace()
		if err := read(); err != nil {
			return err
		}
		switch s.skipSpace() {
		case ',':
			s.pos++
		case ']':
			s.pos++
			return nil
		default:
			return s.fail("a comma or the end of the array")
		}
	}
}

// value reads the value at the current position, into v unless that is nil.
func (s *scanner) value(v *rawValue, depth int) error {
	start := s.pos
	mark := len(s.buf)
	var k kind
	var err error
	switch c := s.peek(); {
	case c == '"':
		k, err = kindString, s.string(false)
	case c == '{' || c == '[':
		k, err = kindContainer, s.skipContainer(depth)
	case c == '-' || c >= '0' && c <= '9':
		k, err = s.number()
	case c == 't':
		k, err = kindTrue, s.literal("true")
	case c == 'f':
		k, err = kindFalse, s.literal("false")
	case c == 'n':
		k, err = kindNull, s.literal("null")
	default:
		return s.fail("a value")
	}
	if err != nil {
		return err
	}
	switch {
	case v == nil:
		s.buf = s.buf[:mark]
	case k == kindString:
		*v = rawValue{k, s.buf[mark:]}
	default:
		*v = rawValue{k, s.in[start:s.pos]}
	}
	return nil
}

// skipContainer reads an object or array that is kept as text, if at all.
func (s *scanner) skipContainer(depth int) error {
	if depth >= maxDepth {
		return malformed("nested deeper than %d levels", maxDepth)
	}
	if s.peek() == '{' {
		return s.members(func([]byte) error { return s.value(nil, depth+1) })
	}
	return s.elements(func() error { return s.value(nil, depth+1) })
}

func (s *scanner) literal(word string) error {
	if !bytes.HasPrefix(s.in[s.pos:], []byte(word)) {
		return s.fail("a value")
	}
	s.pos += len(word)
	return nil
}

// nullEnd checks what follows a record that is null: anything but a character
// that would make it a longer word.
//
// Jackson: UTF8StreamJsonParser._matchToken, which looks only at bytes from
// the zero upwards.
func (s *scanner) nullEnd() error {
	c := s.peek()
	if c == end {
		return s.tail
	}
	if c < '0' || c == ']' || c == '}' {
		return nil
	}
	r := rune(c)
	if c >= 0x80 {
		n := sequenceLength(byte(c))
		if n == 0 || !s.continued(n) {
			return s.fail("a UTF-8 character")
		}
		// Java casts the character to 16 bits before it asks what it is.
		r = rune(uint16(codePoint(s.in[s.pos : s.pos+n])))
	}
	if isJavaIdentifierPart(r) {
		return s.fail("the end of null")
	}
	return nil
}

func isJavaIdentifierPart(r rune) bool {
	return r <= 8 || r >= 0x0E && r <= 0x1B || r >= 0x7F && r <= 0x9F ||
		unicode.In(r, unicode.L, unicode.Nd, unicode.Nl, unicode.Sc, unicode.Pc, unicode.Mn, unicode.Mc, unicode.Cf)
}

// string reads a string in quotes and appends its content to buf.
func (s *scanner) string(name bool) error {
	s.pos++ // opening quote
	start := len(s.buf)
	for {
		run := s.pos
		for s.pos < len(s.in) && s.in[s.pos] < 0x80 && s.in[s.pos] != '"' && s.in[s.pos] != '\\' {
			s.pos++
		}
		s.buf = append(s.buf, s.in[run:s.pos]...)
		if s.pos == len(s.in) {
			return s.fail("the end of a string")
		}
		var err error
		switch s.in[s.pos] {
		case '"':
			s.pos++
			return nil
		case '\\':
			err = s.escape(start)
		default:
			err = s.multibyte(start, name)
		}
		if err != nil {
			return err
		}
	}
}

// escape reads a backslash and what it escapes.
//
// Differs: in UTF-16 and UTF-32 Jackson 2.12 looks at the low byte of a
// hexadecimal digit only, and so takes U+0130 for a zero.
func (s *scanner) escape(start int) error {
	s.pos++
	switch s.peek() {
	case '"', '/', '\\':
		s.buf = append(s.buf, s.in[s.pos])
	case 'b':
		s.buf = append(s.buf, '\b')
	case 'f':
		s.buf = append(s.buf, '\f')
	case 'n':
		s.buf = append(s.buf, '\n')
	case 'r':
		s.buf = append(s.buf, '\r')
	case 't':
		s.buf = append(s.buf, '\t')
	case 'u':
		if len(s.in)-s.pos < 5 {
			s.pos = len(s.in)
			return s.fail("four hexadecimal digits")
		}
		u, err := strconv.ParseUint(string(s.in[s.pos+1:s.pos+5]), 16, 16)
		if err != nil {
			return s.fail("four hexadecimal digits")
		}
		s.buf = appendUnit(s.buf, start, uint16(u))
		s.pos += 4
	default:
		return s.fail("an escaped character")
	}
	s.pos++
	return nil
}

// multibyte reads a UTF-8 sequence the way Jackson does: lead and continuation
// bytes must look right, but overlong forms, surrogates and characters beyond
// U+10FFFF are decoded by plain arithmetic.
func (s *scanner) multibyte(start int, name bool) error {
	n := sequenceLength(s.in[s.pos])
	if n == 0 || !s.continued(n) {
		return s.fail("a UTF-8 character")
	}
	c := codePoint(s.in[s.pos : s.pos+n])
	s.pos += n
	if n < 4 {
		s.buf = appendUnit(s.buf, start, uint16(c))
		return nil
	}
	c -= 0x10000 // negative for an overlong form
	high := uint16(0xD800 | c>>10)
	if name {
		high = uint16(0xD800 + c>>10) // ByteQuads names are put together differently
	}
	s.buf = appendUnit(s.buf, start, high)
	s.buf = appendUnit(s.buf, start, uint16(0xDC00|c&0x3FF))
	return nil
}

// sequenceLength returns how many bytes the sequence of a lead byte from 0x80
// upwards has, 0 if it leads none.
func sequenceLength(lead byte) int {
	switch {
	case lead&0xE0 == 0xC0:
		return 2
	case lead&0xF0 == 0xE0:
		return 3
	case lead&0xF8 == 0xF0:
		return 4
	}
	return 0
}

// continued reports whether the sequence at the current position has its n-1
// continuation bytes.
func (s *scanner) continued(n int) bool {
	if len(s.in)-s.pos < n {
		return false
	}
	for _, c := range s.in[s.pos+1 : s.pos+n] {
		if c&0xC0 != 0x80 {
			return false
		}
	}
	return true
}

// codePoint returns what the bits of a UTF-8 sequence stand for.
func codePoint(seq []byte) rune {
	c := rune(seq[0]) & (0x7F >> len(seq))
	for _, b := range seq[1:] {
		c = c<<6 | rune(b&0x3F)
	}
	return c
}

// number reads a number literal.
func (s *scanner) number() (kind, error) {
	start := s.pos
	if s.peek() == '-' {
		s.pos++
	}
	if s.peek() == '0' {
		s.pos++
		if c := s.peek(); c >= '0' && c <= '9' {
			return 0, s.fail("no digit after a leading zero")
		}
	} else if !s.digits() {
		return 0, s.fail("a digit")
	}
	k := kindInteger
	if s.peek() == '.' {
		k = kindFloat
		s.pos++
		if !s.digits() {
			return 0, s.fail("a digit after the point")
		}
	}
	if c := s.peek(); c == 'e' || c == 'E' {
		k = kindFloat
		s.pos++
		if c := s.peek(); c == '+' || c == '-' {
			s.pos++
		}
		if !s.digits() {
			return 0, s.fail("a digit of the exponent")
		}
	}
	if k == kindInteger {
		return k, nil
	}
	return s.float(s.in[start:s.pos])
}

// digits skips digits and reports whether there were any.
func (s *scanner) digits() bool {
	start := s.pos
	for s.pos < len(s.in) && s.in[s.pos] >= '0' && s.in[s.pos] <= '9' {
		s.pos++
	}
	return s.pos > start
}

// float tells what becomes of a float literal. Jackson always reads the double
// first and stays with it if it is infinite.
//
// Jackson: JsonNodeDeserializer._fromFloat.
func (s *scanner) float(text []byte) (kind, error) {
	if isInfinite(text) {
		return kindInfinity, nil
	}
	if s.schema.exact {
		if _, err := parseDecimal(text); err != nil {
			return 0, malformed("number %s: %v", excerpt(text), err)
		}
	}
	return kindFloat, nil
}

// isInfinite reports whether a float literal rounds to an infinite double.
func isInfinite(text []byte) bool {
	if len(text) < 300 && !bytes.ContainsAny(text, "eE") {
		return false
	}
	f, err := strconv.ParseFloat(string(text), 64)
	return errors.Is(err, strconv.ErrRange) && math.IsInf(f, 0)
}
