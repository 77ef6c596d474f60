package connect

import (
	"fmt"
	"math"
	"regexp"
	"strings"
	"unicode/utf16"
)

// RegexError says why a text is no regular expression, in the form of Java's message:
//
//	Unclosed group near index 3
//	(ab
//
// Kafka: java.util.regex.PatternSyntaxException.
type RegexError struct {
	Description string
	Index       int // in UTF-16 units; -1 if the text as a whole is wrong
	Pattern     string
}

// Error returns the message, in two or three lines.
func (e *RegexError) Error() string {
	units := utf16.Encode([]rune(e.Pattern))
	if e.Index < 0 {
		return e.Description + "\n" + e.Pattern
	}
	text := fmt.Sprintf("%s near index %d\n%s", e.Description, e.Index, e.Pattern)
	if e.Index >= len(units) {
		return text
	}
	margin := make([]byte, e.Index)
	for i := range margin {
		margin[i] = ' '
		if units[i] == '\t' {
			margin[i] = '\t'
		}
	}
	return text + "\n" + string(margin) + "^"
}

// CheckRegex reports whether Java would take the text as a regular expression. The error is a [*RegexError].
//
// Differs: unbalanced groups and classes, misplaced repetitions, unknown escapes and flags are told with Java's text and place. Other mistakes are found where Go's
// expressions, which are a part of Java's, tell them, in Go's words; in expressions that use what only Java's can say they are not found
// before somebody tries to match with it.
func CheckRegex(pattern string) error {
	s := regexScanner{text: utf16.Encode([]rune(pattern))}
	if err := s.scan(); err != nil {
		err.Pattern = pattern
		return err
	}
	if _, err := regexp.Compile(pattern); err != nil && !s.javaOnly {
		return &RegexError{Description: strings.TrimPrefix(err.Error(), "error parsing regexp: "), Index: -1, Pattern: pattern}
	}
	return nil
}

// regexScanner goes through an expression as far as it takes to see how it is put together.
type regexScanner struct {
	text     []uint16
	pos      int
	depth    int  // of groups
	javaOnly bool // it has what Go's expressions have not, or write in another way
}

// at returns the unit that stands ahead from here, 0 past the end.
func (s *regexScanner) at(ahead int) uint16 {
	if i := s.pos + ahead; i < len(s.text) {
		return s.text[i]
	}
	return 0
}

func (s *regexScanner) starts(with string) bool {
	for i := range len(with) {
		if s.at(i) != uint16(with[i]) {
			return false
		}
	}
	return true
}

func (s *regexScanner) fail(description string, index int) *RegexError {
	return &RegexError{Description: description, Index: index}
}

func (s *regexScanner) scan() *RegexError {
	repeatable := false // whether something stands before that can be repeated
	for s.pos < len(s.text) {
		switch c := s.text[s.pos]; c {
		case '\\':
			if err := s.escape(false); err != nil {
				return err
			}
			repeatable = true
		case '[':
			if err := s.class(); err != nil {
				return err
			}
			repeatable = true
		case '(':
			if err := s.group(); err != nil {
				return err
			}
			repeatable = false
		case ')':
			if s.depth == 0 {
				return s.fail("Unmatched closing ')'", s.pos-1)
			}
			s.depth--
			s.pos++
			repeatable = true
		case '|':
			s.pos++
			repeatable = false
		case '*', '+', '?':
			if !repeatable {
				return s.fail(fmt.Sprintf("Dangling meta character '%c'", rune(c)), s.pos)
			}
			s.pos++
			s.quantified()
			repeatable = false
		case '{':
			s.javaOnly = s.javaOnly || !repeatable // a repetition of nothing, or of a repetition
			if err := s.counted(); err != nil {
				return err
			}
			s.quantified()
			repeatable = false
		default:
			s.pos++
			repeatable = true
		}
	}
	if s.depth > 0 {
		return s.fail("Unclosed group", len(s.text))
	}
	return nil
}

// quantified skips what says how a repetition is tried: ? for few, + (which is Java's alone) for all or nothing.
func (s *regexScanner) quantified() {
	switch s.at(0) {
	case '+':
		s.javaOnly = true
		s.pos++
	case '?':
		s.pos++
	}
}

// counted reads a repetition such as {2} or {2,3}.
func (s *regexScanner) counted() *RegexError {
	digit := func() bool { return s.at(0) >= '0' && s.at(0) <= '9' }
	overflow := -1 // where a number becomes too large
	number := func() int {
		n := 0
		for ; digit(); s.pos++ {
			if n = n*10 + int(s.at(0)-'0'); n > math.MaxInt32 {
				n = math.MaxInt32
				if overflow < 0 {
					overflow = s.pos
				}
			}
		}
		return n
	}
	begin := s.pos
	s.pos++
	if !digit() {
		return s.fail("Illegal repetition", begin+1)
	}
	least := number()
	most := least
	if s.at(0) == ',' {
		s.pos++
		most = math.MaxInt32
		if digit() {
			most = number()
		}
	}
	switch {
	case overflow >= 0:
		return s.fail("Illegal repetition range", overflow)
	case s.at(0) == '}' && most < least:
		return s.fail("Illegal repetition range", s.pos)
	case s.at(0) != '}':
		return s.fail("Unclosed counted closure", s.pos)
	}
	s.javaOnly = s.javaOnly || most > 1000 && most != math.MaxInt32 || least > 1000 // more than Go's repetitions may have
	s.pos++
	return nil
}

// escape skips an escape sequence, quoted text included.
func (s *regexScanner) escape(inClass bool) *RegexError {
	c := s.at(1)
	if c == 'Q' {
		s.javaOnly = s.javaOnly || inClass
		s.pos += 2
		for s.pos < len(s.text) && !s.starts(`\E`) {
			s.pos++
		}
		s.pos = min(s.pos+2, len(s.text))
		return nil
	}
	switch {
	case s.pos+1 >= len(s.text) && s.depth > 0:
		return s.fail("Unclosed group", len(s.text)+1)
	case s.pos+1 >= len(s.text):
		return s.fail("Unexpected internal error", len(s.text))
	case c < 0x80 && strings.ContainsRune(unknownEscapes, rune(c)):
		return s.fail("Illegal/unsupported escape sequence", s.pos+1)
	case c == 'N' && s.at(2) != '{':
		return s.fail("Illegal character name escape sequence", s.pos+2)
	case c < 0x80 && strings.ContainsRune(javaEscapes, rune(c)):
		s.javaOnly = true
	}
	s.pos += 2
	if until, ok := map[uint16]uint16{'{': '}', '<': '>'}[s.at(0)]; ok && strings.ContainsRune("pPxNk", rune(c)) {
		for s.pos < len(s.text) && s.text[s.pos] != until {
			s.pos++
		}
		s.pos = min(s.pos+1, len(s.text))
	}
	return nil
}

const (
	unknownEscapes = "gijlmoqyCEFIJKLMOTUY"        // letters that mean nothing after a backslash
	javaEscapes    = "0123456789aceGhHkNpPRuvVXxZ" // what Go has not, or writes in another way
)

// group skips the beginning of a group, or all of one that only sets flags.
func (s *regexScanner) group() *RegexError {
	s.depth++
	s.pos++
	for _, only := range []string{"?=", "?!", "?<=", "?<!", "?>"} {
		if s.starts(only) {
			s.javaOnly = true
			s.pos += len(only)
			return nil
		}
	}
	if s.starts("?<") {
		s.pos += 2
		return s.groupName()
	}
	if s.at(0) != '?' {
		return nil
	}
	for s.pos++; ; s.pos++ {
		switch c := s.at(0); {
		case c == ':':
			s.pos++
			return nil
		case c == ')':
			s.depth--
			s.pos++
			return nil
		case c >= 0x80 || c == 0 || !strings.ContainsRune("idmsuxU-", rune(c)):
			return s.fail("Unknown inline modifier", s.pos)
		case strings.ContainsRune("dxuU", rune(c)):
			s.javaOnly = true // flags that Go has not
		}
	}
}

// groupName skips the name of a group, of Latin letters and digits, and what ends it.
func (s *regexScanner) groupName() *RegexError {
	letter := func() bool { c := s.at(0) | 0x20; return c >= 'a' && c <= 'z' }
	digit := func() bool { return s.at(0) >= '0' && s.at(0) <= '9' }
	if !letter() {
		return s.fail("capturing group name does not start with a Latin letter", s.pos)
	}
	for letter() || digit() {
		s.pos++
	}
	if s.at(0) != '>' {
		return s.fail("named capturing group is missing trailing '>'", s.pos)
	}
	s.pos++
	return nil
}

// class skips a character class. Java's may stand inside each other and have && between them.
func (s *regexScanner) class() *RegexError {
	open := 0
	for s.pos < len(s.text) {
		switch s.text[s.pos] {
		case '\\':
			if err := s.escape(true); err != nil {
				return err
			}
			continue
		case '[':
			if open++; open > 1 {
				s.javaOnly = true
			}
			if s.at(1) == '^' {
				s.pos++
			}
			if s.at(1) == ']' {
				s.pos++ // it means itself here
			}
		case ']':
			if open--; open == 0 {
				s.pos++
				return nil
			}
		case '&':
			s.javaOnly = s.javaOnly || s.at(1) == '&'
		default:
			if end := s.at(2); s.at(1) == '-' && end != 0 && end < 0xd800 && end != ']' && end != '[' && end != '\\' {
				if end < s.text[s.pos] {
					return s.fail("Illegal character range", s.pos+2)
				}
				s.pos += 2
			}
		}
		s.pos++
	}
	return s.fail("Unclosed character class", len(s.text)-1)
}

// Regex allows Java's regular expressions, as far as [CheckRegex] can tell.
//
// Kafka: org.apache.kafka.connect.transforms.util.RegexValidator.
func Regex() Validator {
	return ValidatorFunc("valid regex", func(v any) string {
		s, ok := v.(string)
		if !ok { // Java's own words for a null
			return `Invalid regex: Cannot invoke "String.isEmpty()" because "this.pattern" is null`
		}
		if err := CheckRegex(s); err != nil {
			return "Invalid regex: " + err.Error()
		}
		return ""
	})
}
