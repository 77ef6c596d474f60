package converter

import (
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
	case '{', '[':
		object := c == '{'
		if !s.open(object) {
			return false
		}
		c, ok := s.skipBlanks()
		switch {
		case !ok:
			return false
		case s.pos == len(s.data):
			return s.failAt(faultUnclosed, s.pos)
		case c == '}' || c == ']':
			if object != (c == '}') {
				return s.failAt(faultWrongClose, s.pos)
			}
			s.pos++
			s.depth--
			return true
		case object:
			return s.member(c)
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
		length += i - first
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

// limit fails if there is more than is allowed.
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
