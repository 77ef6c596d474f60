package converter

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"

	"sluice/internal/jsonobject"
)

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
	if end-start <= maxNameLength {
		return true
	}
	return s.limit(faultNameTooLong, len(jsonobject.AppendText(nil, s.data[start:end])), maxNameLength)
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

func isHexDigit(c byte) bool { return isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'f' }

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
