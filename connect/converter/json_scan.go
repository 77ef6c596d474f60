package converter

import (
	"encoding/binary"
	"math/bits"
	"unicode"
	"unicode/utf8"
)

// Limits of the parser that Kafka Connect 3.9 reads JSON with.
//
// Kafka: com.fasterxml.jackson.core.StreamReadConstraints, Jackson 2.16.
const (
	maxDepth        = 1000
	maxNumberLength = 1000
	maxNameLength   = 50_000
	maxStringLength = 20_000_000
)

// scanner checks the first JSON value of a text in one pass and without allocating. It accepts what Jackson accepts as Kafka Connect
// sets it up: leading zeros are allowed, what follows the value is not looked at, and inside strings any bytes that have the
// shape of UTF-8 (see [respell]).
//
// What is wrong is kept in fault; turning it into an error with line and column is the caller's business (see [scanner.err]).
type scanner struct {
	data []byte
	pos  int

	start, end int // the value found, without blanks around it; equal if there is none

	depth    int
	isObject [maxDepth/64 + 1]uint64 // bit n: the container at depth n is an object

	illFormed bool // a string holds bytes that Go does not take for UTF-8
	fault     fault
	faultPos  int  // index of the byte that is wrong, len(data) for a text that ends too early
	faultByte byte // the byte that is not UTF-8
	faultSize int  // what is too much, for a limit
}

// scan checks the first value. It reports false if the text breaks a rule; a text without any value is fine.
func (s *scanner) scan() bool {
	c, ok := s.skipBlanks()
	if !ok {
		return false
	}
	if s.pos == len(s.data) {
		return true
	}
	s.start = s.pos
	if c == ']' || c == '}' {
		return s.failAt(faultWrongClose, s.pos)
	}
	if !s.value(c) {
		return false
	}
	for s.depth > 0 {
		if !s.next() {
			return false
		}
	}
	s.end = s.pos
	return true
}

// next goes on after a value inside a container: to the next member, or out of the container.
func (s *scanner) next() bool {
	c, ok := s.skipBlanks()
	if !ok {
		return false
	}
	inObject := s.inObject()
	if s.pos == len(s.data) {
		return s.failAt(faultUnclosed, s.pos)
	}
	switch c {
	case ',':
		s.pos++
	case '}', ']':
		if inObject != (c == '}') {
			return s.failAt(faultWrongClose, s.pos)
		}
		s.pos++
		s.depth--
		return true
	default:
		if inObject {
			return s.failAt(faultNoObjectComma, s.pos)
		}
		return s.failAt(faultNoArrayComma, s.pos)
	}
	if c, ok = s.skipBlanks(); !ok {
		return false
	}
	if s.pos == len(s.data) {
		return s.failAt(faultEndAfterComma, s.pos)
	}
	if inObject {
		return s.member(c)
	}
	return s.value(c)
}

// value checks the value that starts with c at pos. Of an array or object it goes through the opening and the first member;
// scan does the rest.
func (s *scanner) value(c byte) bool {
	switch c {
	case '"':
		return s.text(false)
	case '{':
		if !s.open(true) {
			return false
		}
		c, ok := s.skipBlanks()
		switch {
		case !ok:
			return false
		case s.pos == len(s.data):
			return s.failAt(faultUnclosed, s.pos)
		case c == '}':
			s.pos++
			s.depth--
			return true
		case c == ']':
			return s.failAt(faultWrongClose, s.pos)
		}
		return s.member(c)
	case '[':
		if !s.open(false) {
			return false
		}
		c, ok := s.skipBlanks()
		switch {
		case !ok:
			return false
		case s.pos == len(s.data):
			return s.failAt(faultUnclosed, s.pos)
		case c == ']':
			s.pos++
			s.depth--
			return true
		case c == '}':
			return s.failAt(faultWrongClose, s.pos)
		}
		return s.value(c)
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return s.number(c)
	case 't':
		return s.literal("true")
	case 'f':
		return s.literal("false")
	case 'n':
		return s.literal("null")
	}
	return s.failAt(faultNoValue, s.pos)
}

// member checks a name, its colon and the value after it. As in value, a container is only opened.
func (s *scanner) member(c byte) bool {
	if c != '"' {
		return s.failAt(faultNoName, s.pos)
	}
	if !s.text(true) {
		return false
	}
	c, ok := s.skipBlanks()
	if !ok {
		return false
	}
	if s.pos == len(s.data) {
		return s.failAt(faultEndInMember, s.pos)
	}
	if c != ':' {
		return s.failAt(faultNoColon, s.pos)
	}
	s.pos++
	if c, ok = s.skipBlanks(); !ok {
		return false
	}
	if s.pos == len(s.data) {
		return s.failAt(faultEndInMember, s.pos)
	}
	return s.value(c)
}

func (s *scanner) open(object bool) bool {
	s.depth++
	if !s.limit(faultTooDeep, s.depth, maxDepth) {
		return false
	}
	if object {
		s.isObject[s.depth/64] |= 1 << (s.depth % 64)
	} else {
		s.isObject[s.depth/64] &^= 1 << (s.depth % 64)
	}
	s.pos++
	return true
}

func (s *scanner) inObject() bool { return s.isObject[s.depth/64]&(1<<(s.depth%64)) != 0 }

// skipBlanks moves to the next byte that is not a blank and returns it; at the end of the text pos is len(data).
func (s *scanner) skipBlanks() (byte, bool) {
	if s.pos < len(s.data) {
		if c := s.data[s.pos]; c > ' ' && c != '/' { // most often there are none
			return c, true
		}
	}
	return s.skipMoreBlanks()
}

func (s *scanner) skipMoreBlanks() (byte, bool) {
	for ; s.pos < len(s.data); s.pos++ {
		switch c := s.data[s.pos]; c {
		case ' ', '\t', '\n', '\r':
		case '/':
			return c, s.failAt(faultComment, s.pos)
		default:
			if c < ' ' {
				return c, s.failAt(faultControl, s.pos)
			}
			return c, true
		}
	}
	return 0, true
}

const (
	onesMask  = 0x0101010101010101
	highsMask = 0x8080808080808080
)

// text checks a string or a name, from its opening quote on.
func (s *scanner) text(isName bool) bool {
	d := s.data
	start := s.pos + 1
	i := start
	high := false
	for {
		for i+8 <= len(d) { // eight bytes that are ASCII and neither quote, backslash nor control
			x := binary.LittleEndian.Uint64(d[i:])
			// The lowest bit that is set belongs to the first other byte; the ones above may be wrong because of a borrow.
			if m := (x | (x - onesMask*' ') | ((x ^ onesMask*'"') - onesMask) | ((x ^ onesMask*'\\') - onesMask)) & highsMask; m != 0 {
				i += bits.TrailingZeros64(m) / 8
				break
			}
			i += 8
		}
		if i >= len(d) {
			return s.failText(faultEndInText, len(d), isName)
		}
		switch c := d[i]; {
		case c == '"':
			s.pos = i + 1
			return s.closed(start, i, isName, high)
		case c == '\\':
			n := s.escape(i)
			if n == 0 {
				return false
			}
			i += n
		case c < ' ':
			return s.failText(faultControlInText, i, isName)
		case c < utf8.RuneSelf:
			i++
		case isName: // names are decoded as a whole: other faults in them come first
			high = true
			i++
		default:
			n := s.multibyte(i, len(d))
			if n == 0 {
				return false
			}
			i += n
		}
	}
}

// closed applies the rules for a whole string or name, d[start:end].
func (s *scanner) closed(start, end int, isName, high bool) bool {
	if !isName {
		if end-start <= maxStringLength {
			return true
		}
		return s.limit(faultStringTooLong, textLength(s.data[start:end]), maxStringLength)
	}
	if high {
		for i := start; i < end; {
			if s.data[i] < utf8.RuneSelf {
				i++
				continue
			}
			n := s.multibyte(i, end)
			if n == 0 {
				s.faultPos = end
				if s.fault == faultEndInText {
					s.fault = faultEndInName
				}
				return false
			}
			i += n
		}
	}
	return s.limit(faultNameTooLong, end-start, maxNameLength)
}

// escape returns the length of the escape sequence at i, 0 if it is wrong.
func (s *scanner) escape(i int) int {
	d := s.data
	if i+1 >= len(d) {
		s.failAt(faultEndInEscape, len(d))
		return 0
	}
	switch d[i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		for k := i + 2; k < i+6; k++ {
			if k >= len(d) {
				s.failAt(faultEndInEscape, len(d))
				return 0
			}
			if !isHexDigit(d[k]) {
				s.failAt(faultNoHexDigit, k)
				return 0
			}
		}
		return 6
	}
	s.failAt(faultEscape, i+1)
	return 0
}

// multibyte returns the length of the sequence of bytes at i that has the shape of UTF-8, 0 if it has not, or ends beyond end.
func (s *scanner) multibyte(i, end int) int {
	var n int
	switch c := s.data[i]; {
	case c&0xe0 == 0xc0:
		n = 2
	case c&0xf0 == 0xe0:
		n = 3
	case c&0xf8 == 0xf0:
		n = 4
	default:
		s.faultByte = s.data[i]
		s.failAt(faultStartByte, i)
		return 0
	}
	for k := i + 1; k < i+n; k++ {
		if k >= end {
			s.failAt(faultEndInText, end)
			return 0
		}
		if s.data[k]&0xc0 != 0x80 {
			s.faultByte = s.data[k]
			s.failAt(faultMiddleByte, k)
			return 0
		}
	}
	if _, size := utf8.DecodeRune(s.data[i:]); size != n {
		s.illFormed = true
	}
	return n
}

// number checks a number, which may have leading zeros.
func (s *scanner) number(c byte) bool {
	d := s.data
	i := s.pos
	if c == '-' {
		i++
		switch {
		case i >= len(d):
			return s.failAt(faultEndInNumber, i)
		case !isDigit(d[i]):
			return s.failAt(faultNoDigitAfterMinus, i)
		}
	}
	for i < len(d) && d[i] == '0' {
		i++
	}
	first := i
	for i < len(d) && isDigit(d[i]) {
		i++
	}
	length := i - first
	if length == 0 {
		length = 1 // a zero
	}
	if i < len(d) && d[i] == '.' {
		i++
		first = i
		for i < len(d) && isDigit(d[i]) {
			i++
		}
		if i == first {
			return s.failAt(faultNoFraction, i)
		}
		length += i - first
	}
	if i < len(d) && d[i]|0x20 == 'e' {
		i++
		if i < len(d) && (d[i] == '+' || d[i] == '-') {
			i++
		}
		first = i
		for i < len(d) && isDigit(d[i]) {
			i++
		}
		if i == first {
			if i == len(d) {
				return s.failAt(faultEndInNumber, i)
			}
			return s.failAt(faultNoExponent, i)
		}
	}
	if !s.limit(faultNumberTooLong, length, maxNumberLength) {
		return false
	}
	if s.depth == 0 && i < len(d) {
		if c := d[i]; c != ' ' && c != '\t' && c != '\n' && c != '\r' {
			return s.failAt(faultNoRootSpace, i)
		}
	}
	s.pos = i
	return true
}

// literal checks true, false or null, and that the word ends there.
func (s *scanner) literal(word string) bool {
	d := s.data
	i := s.pos
	for k := range len(word) {
		if i+k >= len(d) || d[i+k] != word[k] {
			return s.failAt(faultToken, i+k)
		}
	}
	i += len(word)
	if i < len(d) {
		switch c := d[i]; {
		case c >= utf8.RuneSelf: // Jackson trips over the bytes of a character here, whatever it is
			s.faultByte = c
			if c >= 0xc0 && c < 0xf8 {
				return s.failAt(faultMiddleByte, i)
			}
			return s.failAt(faultStartByte, i)
		case c >= '0' && isIdentifierPart(rune(c)):
			return s.failAt(faultToken, i)
		}
	}
	s.pos = i
	return true
}

func (s *scanner) failText(f fault, pos int, isName bool) bool {
	if isName {
		switch f {
		case faultEndInText:
			f = faultEndInName
		case faultControlInText:
			f = faultControlInName
		}
	}
	return s.failAt(f, pos)
}

func (s *scanner) limit(f fault, size, most int) bool {
	if size <= most {
		return true
	}
	s.faultSize = size
	return s.failAt(f, s.pos)
}

func (s *scanner) failAt(f fault, pos int) bool {
	s.fault, s.faultPos = f, pos
	return false
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isHexDigit(c byte) bool { return isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'f' }

// isIdentifierPart is Java's Character.isJavaIdentifierPart, which decides where a bare word ends.
func isIdentifierPart(c rune) bool {
	switch {
	case c < utf8.RuneSelf:
		return c == '_' || c == '$' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c <= 8 || c >= 0x0e && c <= 0x1b || c == 0x7f
	case c <= 0x9f:
		return true
	}
	return unicode.In(c, unicode.L, unicode.Nl, unicode.Nd, unicode.Mn, unicode.Mc, unicode.Pc, unicode.Sc, unicode.Cf)
}

// isIdentifierStart is Java's Character.isJavaIdentifierStart.
func isIdentifierStart(c rune) bool {
	return unicode.In(c, unicode.L, unicode.Nl, unicode.Pc, unicode.Sc)
}

// textLength returns the number of UTF-16 units of the inside of a JSON string, which is what Java counts.
func textLength(in []byte) int {
	n := 0
	for i := 0; i < len(in); n++ {
		switch c := in[i]; {
		case c == '\\' && in[i+1] == 'u':
			i += 6
		case c == '\\':
			i += 2
		case c < utf8.RuneSelf:
			i++
		case c < 0xe0:
			i += 2
		case c < 0xf0:
			i += 3
		default:
			i += 4
			n++
		}
	}
	return n
}
