package jaas

import "unicode"

type kind int

const (
	end kind = iota
	word
	number
	punctuation
)

type token struct {
	kind   kind
	text   string // of a word, quotes and escapes resolved
	symbol rune   // of punctuation
	line   int
}

// String tells what kind of token it is, and nothing of a word.
func (t token) String() string {
	switch t.kind {
	case end:
		return "the end of the file"
	case word:
		return "a word"
	case number:
		return "a number"
	default:
		return string(t.symbol)
	}
}

// scanner cuts a text into tokens by the rules of Java's java.io.StreamTokenizer, as ConfigFile sets them up: a slash begins a comment even
// alone, a number is no word, a quoted text ends with its line.
type scanner struct {
	text []rune
	at   int
	line int
	// kafka is for sasl.jaas.config, for which Kafka sets the tokenizer up otherwise: apostrophes quote as well, a word does not begin with a
	// dash, and an asterisk is none of its letters.
	kafka bool
}

func (s *scanner) peek(ahead int) rune {
	if s.at+ahead < len(s.text) {
		return s.text[s.at+ahead]
	}
	return -1
}

func (s *scanner) next() token {
	for {
		switch c := s.peek(0); {
		case c == -1:
			return token{kind: end, line: s.line}
		case c == '\n':
			s.line++
			s.at++
		case c <= ' ':
			s.at++
		case c == '/' && s.peek(1) == '*':
			s.skipBlock()
		case c == '/':
			for c := s.peek(0); c != -1 && c != '\n'; c = s.peek(0) {
				s.at++
			}
		case c == '"', c == '\'' && s.kafka:
			return s.quoted(c)
		case isNumeric(c):
			return s.word(number)
		case s.isWord(c) && !(s.kafka && c == '-'):
			return s.word(word)
		default:
			s.at++
			return token{kind: punctuation, symbol: c, line: s.line}
		}
	}
}

func (s *scanner) skipBlock() {
	for s.at += 2; s.peek(0) != -1; s.at++ {
		if s.peek(0) == '*' && s.peek(1) == '/' {
			s.at += 2
			return
		}
		if s.peek(0) == '\n' {
			s.line++
		}
	}
}

func (s *scanner) word(k kind) token {
	from := s.at
	for c := s.peek(0); s.isWord(c) || isNumeric(c); c = s.peek(0) {
		s.at++
	}
	return token{kind: k, text: string(s.text[from:s.at]), line: s.line}
}

// isNumeric tells what begins a number, and goes on with a word.
func isNumeric(c rune) bool { return c >= '0' && c <= '9' || c == '.' }

func (s *scanner) isWord(c rune) bool {
	return c == '$' || c == '_' || c == '-' || c == '*' && !s.kafka || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0xA0 && unicode.IsGraphic(c)
}

func (s *scanner) quoted(quote rune) token {
	t := token{kind: word, line: s.line}
	var text []rune
	for s.at++; ; s.at++ {
		c := s.peek(0)
		if c == -1 || c == '\n' || c == '\r' {
			break
		}
		if c == quote {
			s.at++
			break
		}
		if c == '\\' && s.peek(1) != -1 {
			s.at++
			c = s.escape()
		}
		text = append(text, c)
	}
	t.text = string(text)
	return t
}

// escapes are the letters behind a backslash.
var escapes = map[rune]rune{'a': 7, 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v'}

// escape returns what the character behind a backslash stands for, and leaves the scanner on the last character of it.
func (s *scanner) escape() rune {
	c := s.peek(0)
	if r, ok := escapes[c]; ok {
		return r
	}
	if c < '0' || c > '7' {
		return c
	}
	octal := func(r rune) bool { return r >= '0' && r <= '7' }
	value, most := c-'0', 3
	if c > '3' {
		most = 2
	}
	for n := 1; n < most && octal(s.peek(1)); n++ {
		s.at++
		value = value*8 + s.peek(0) - '0'
	}
	return value
}
