package converter

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// fault is the rule that a text breaks.
type fault uint8

const (
	noFault fault = iota
	faultComment
	faultControl
	faultControlInText
	faultControlInName
	faultNoValue
	faultNoName
	faultNoColon
	faultNoArrayComma
	faultNoObjectComma
	faultWrongClose
	faultToken
	faultEscape
	faultNoHexDigit
	faultStartByte
	faultMiddleByte
	faultNoDigitAfterMinus
	faultNoFraction
	faultNoExponent
	faultNoRootSpace
	faultUnclosed
	faultEndAfterComma
	faultEndInMember
	faultEndInText
	faultEndInName
	faultEndInEscape
	faultEndInNumber
	faultTooDeep
	faultNumberTooLong
	faultNameTooLong
	faultStringTooLong
)

// Classes of Jackson's exceptions, which stand before the reason.
const (
	parseException       = "com.fasterxml.jackson.core.JsonParseException"
	eofException         = "com.fasterxml.jackson.core.io.JsonEOFException"
	constraintsException = "com.fasterxml.jackson.core.exc.StreamConstraintsException"
)

const (
	validValues   = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
	nonStandard   = "Non-standard token '%s': enable `JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS` to allow"
	maxErrorToken = 256
)

// err describes the fault in the words of Jackson 2.16, with its line and column: the column after the byte that is wrong, counted
// in bytes from 1. The words matter because users search for them, and tell them from each other in traces.
func (s *scanner) err() *SerializationError {
	r := reason{class: parseException, at: s.faultPos}
	if s.faultPos < len(s.data) {
		r.at++
	}
	s.explain(&r)
	if r.class != constraintsException {
		line, column := s.place(s.faultPos, r.at)
		r.text += fmt.Sprintf("\n at %s line: %d, column: %d]", sourceMark, line, column)
	}
	return serializationError(r.class, r.text)
}

// sourceMark stands where Jackson could show the text itself; Kafka Connect keeps it from doing so.
const sourceMark = "[Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled);"

// reason is what an error says: at is the index of the first byte that the parser had not read yet.
type reason struct {
	class string
	text  string
	at    int
}

func (r *reason) set(class, format string, args ...any) {
	r.class, r.text = class, fmt.Sprintf(format, args...)
}

func (r *reason) unexpected(c rune, what string) {
	r.set(parseException, "Unexpected character (%s)%s", describe(c), what)
}

func (s *scanner) explain(r *reason) {
	var c byte
	if s.faultPos < len(s.data) {
		c = s.data[s.faultPos]
	}
	switch s.fault {
	case faultComment:
		r.unexpected('/', ": maybe a (non-standard) comment? (not recognized as one since Feature 'ALLOW_COMMENTS' not enabled for parser)")
	case faultControl:
		r.set(parseException, "Illegal character (%s): only regular white space (\\r, \\n, \\t) is allowed between tokens", describe(rune(c)))
	case faultControlInText, faultControlInName:
		where := "string value"
		if s.fault == faultControlInName {
			where = "name"
		}
		r.set(parseException, "Illegal unquoted character (%s): has to be escaped using backslash to be included in %s", describe(rune(c)), where)
	case faultNoValue:
		s.explainNoValue(r, c)
	case faultNoName:
		r.unexpected(s.charAt(s.faultPos), ": was expecting double-quote to start field name")
	case faultNoColon:
		r.unexpected(rune(c), ": was expecting a colon to separate field name and value")
	case faultNoArrayComma:
		r.unexpected(rune(c), ": was expecting comma to separate Array entries")
	case faultNoObjectComma:
		r.unexpected(rune(c), ": was expecting comma to separate Object entries")
	case faultWrongClose:
		expected := byte(']')
		if c == ']' {
			expected = '}'
		}
		r.set(parseException, "Unexpected close marker '%c': expected '%c' (for %s)", c, expected, s.container("starting at"))
	case faultToken:
		s.explainToken(r, s.pos, s.faultPos-s.pos)
	case faultEscape:
		r.set(parseException, "Unrecognized character escape %s", describe(s.charAt(s.faultPos)))
	case faultNoHexDigit:
		r.unexpected(rune(c), ": expected a hex-digit for character escape sequence")
	case faultStartByte:
		r.set(parseException, "Invalid UTF-8 start byte 0x%x", s.faultByte)
	case faultMiddleByte:
		r.set(parseException, "Invalid UTF-8 middle byte 0x%x", s.faultByte)
	case faultNoDigitAfterMinus:
		if c == '.' {
			r.unexpected('.', ": expected a valid value "+validValues)
		} else if !s.explainInfinity(r, s.faultPos, "-") {
			r.unexpected(rune(s.data[r.at-1]), " in numeric value: expected digit (0-9) to follow minus sign, for valid numeric value")
		}
	case faultNoFraction:
		if s.faultPos == len(s.data) {
			c = '.'
		}
		r.unexpected(rune(c), " in numeric value: Decimal point not followed by a digit")
	case faultNoExponent:
		r.unexpected(rune(c), " in numeric value: Exponent indicator not followed by a digit")
	case faultNoRootSpace:
		r.unexpected(rune(c), ": Expected space separating root-level values")
	case faultUnclosed:
		r.set(eofException, "Unexpected end-of-input: expected close marker for %s", s.container("(start marker at")+")")
	case faultEndAfterComma:
		r.set(parseException, "Unexpected end-of-input within/between %s entries", s.containerKind())
	case faultEndInMember:
		r.set(eofException, "Unexpected end-of-input within/between %s entries", s.containerKind())
	case faultEndInText:
		r.set(eofException, "Unexpected end-of-input in VALUE_STRING")
	case faultEndInName:
		if s.faultPos == s.pos+1 {
			r.set(eofException, `Unexpected end-of-input: was expecting closing '"' for name`)
			return
		}
		r.set(eofException, "Unexpected end-of-input in field name")
	case faultEndInEscape:
		r.set(eofException, "Unexpected end-of-input in character escape sequence")
	case faultEndInNumber:
		r.set(eofException, "Unexpected end-of-input in null")
	case faultTooDeep:
		r.set(constraintsException, "Document nesting depth (%d) exceeds the maximum allowed (%d, from `StreamReadConstraints.getMaxNestingDepth()`)", s.faultSize, maxDepth)
	case faultNumberTooLong:
		r.set(constraintsException, "Number value length (%d) exceeds the maximum allowed (%d, from `StreamReadConstraints.getMaxNumberLength()`)", s.faultSize, maxNumberLength)
	case faultNameTooLong:
		r.set(constraintsException, "Name length (%d) exceeds the maximum allowed (%d, from `StreamReadConstraints.getMaxNameLength()`)", s.faultSize, maxNameLength)
	case faultStringTooLong:
		r.set(constraintsException, "String value length (%d) exceeds the maximum allowed (%d, from `StreamReadConstraints.getMaxStringLength()`)", s.faultSize, maxStringLength)
	}
}

// explainNoValue is about a byte that no value starts with.
func (s *scanner) explainNoValue(r *reason, c byte) {
	inArray := s.depth > 0 && !s.inObject()
	switch {
	case c == ',', c == '}', c == ']' && inArray:
		r.unexpected(rune(c), ": expected a value")
		return
	case c == 'N':
		s.explainWord(r, s.faultPos, "NaN", 1)
		return
	case c == 'I':
		s.explainWord(r, s.faultPos, "Infinity", 1)
		return
	case c == '+':
		if s.faultPos+1 == len(s.data) {
			r.set(eofException, "Unexpected end-of-input in a Number value")
			return
		}
		r.at++
		if !s.explainInfinity(r, s.faultPos+1, "+") {
			r.unexpected('+', " in numeric value: JSON spec does not allow numbers to have plus signs: enable `JsonReadFeature.ALLOW_LEADING_PLUS_SIGN_FOR_NUMBERS` to allow")
		}
		return
	}
	if isIdentifierStart(rune(c)) {
		s.explainToken(r, s.faultPos, 1)
		return
	}
	r.unexpected(rune(c), ": expected a valid value "+validValues)
}

// explainInfinity is about -INF, -Infinity and their positive twins; i is the index after the sign. It reports false if the text is
// none of them, having moved r to the byte that tells.
func (s *scanner) explainInfinity(r *reason, i int, sign string) bool {
	if s.data[i] != 'I' {
		return false
	}
	if i+1 == len(s.data) {
		r.at = i + 1
		r.set(eofException, "Unexpected end-of-input in a Number value")
		return true
	}
	switch s.data[i+1] {
	case 'N':
		s.explainWord(r, i-1, sign+"INF", 3)
	case 'n':
		s.explainWord(r, i-1, sign+"Infinity", 3)
	default:
		r.at = i + 2
		return false
	}
	return true
}

// explainWord is about a word at i of which the first known bytes are right: either it is there, and not allowed, or it is some
// other token.
func (s *scanner) explainWord(r *reason, i int, word string, known int) {
	for k := known; k < len(word); k++ {
		if i+k >= len(s.data) || s.data[i+k] != word[k] {
			s.explainToken(r, i, k)
			return
		}
	}
	end := i + len(word)
	if end < len(s.data) && s.data[end] >= '0' {
		if c, _ := utf8.DecodeRune(s.data[end:]); isIdentifierPart(c) {
			s.explainToken(r, i, len(word))
			return
		}
	}
	r.at = end
	r.set(parseException, nonStandard, word)
}

// explainToken is about a bare word at i whose first known bytes were read.
func (s *scanner) explainToken(r *reason, i, known int) {
	var token strings.Builder
	for _, c := range s.data[i:min(i+known, len(s.data))] {
		token.WriteRune(rune(c)) // Jackson takes the first byte for a character
	}
	n := known
	for i+known < len(s.data) {
		at := i + known
		size := 1
		if s.data[at] >= utf8.RuneSelf {
			if size = s.multibyte(at, len(s.data)); size == 0 {
				if s.fault == faultEndInText {
					r.at = len(s.data)
					r.set(eofException, "Unexpected end-of-input in null")
					return
				}
				r.at = s.faultPos + 1
				s.explain(r)
				return
			}
		}
		c, _ := utf8.DecodeRune(s.data[at : at+size])
		known += size
		if !isIdentifierPart(c) {
			break
		}
		token.WriteRune(c)
		if n++; n >= maxErrorToken {
			token.WriteString("...")
			break
		}
	}
	r.at = min(i+known, len(s.data))
	r.set(parseException, "Unrecognized token '%s': was expecting %s", token.String(), validValues)
}

// charAt returns the character at i, or the byte if there is none.
func (s *scanner) charAt(i int) rune {
	if c, size := utf8.DecodeRune(s.data[i:]); c != utf8.RuneError || size > 1 {
		return c
	}
	return rune(s.data[i])
}

// containerKind returns Object or Array.
func (s *scanner) containerKind() string {
	if s.inObject() {
		return "Object"
	}
	return "Array"
}

// container names the innermost open array or object and where it starts.
func (s *scanner) container(verb string) string {
	if s.depth == 0 {
		return "root " + verb + " " + sourceMark + " line: 1]"
	}
	at := s.opening()
	line, column := s.place(at, at)
	return fmt.Sprintf("%s %s %s line: %d, column: %d]", s.containerKind(), verb, sourceMark, line, column)
}

// opening returns the index of the bracket of the innermost open container, by going through the text once more.
func (s *scanner) opening() int {
	var open []int
	inText := false
	for i := 0; i < min(s.faultPos, len(s.data)); i++ {
		switch c := s.data[i]; {
		case inText && c == '\\':
			i++
		case c == '"':
			inText = !inText
		case inText:
		case c == '{', c == '[':
			open = append(open, i)
		case c == '}', c == ']':
			open = open[:len(open)-1]
		}
	}
	return open[len(open)-1]
}

// place returns the line of the byte at index i and the column of the one at index at, which Jackson counts on the same line; both
// from 1.
func (s *scanner) place(i, at int) (line, column int) {
	before := s.data[:min(i, len(s.data))]
	line = 1 + bytes.Count(before, []byte("\n")) + bytes.Count(before, []byte("\r")) - bytes.Count(before, []byte("\r\n"))
	return line, at - bytes.LastIndexAny(before, "\r\n")
}

// describe shows a character as Jackson does.
func describe(c rune) string {
	switch {
	case c < ' ' || c >= 0x7f && c <= 0x9f:
		return fmt.Sprintf("(CTRL-CHAR, code %d)", c)
	case c > 0xff:
		return fmt.Sprintf("'%c' (code %d / 0x%x)", c, c, c)
	}
	return fmt.Sprintf("'%c' (code %d)", c, c)
}
