package dynamodb

import "strings"

// tokenKind classifies the tokens of an expression.
type tokenKind byte

const (
	tokenEOF     tokenKind = iota
	tokenWord              // an identifier or a keyword
	tokenName              // #name
	tokenValue             // :value
	tokenNumber            // digits, the index of a list
	tokenSymbol            // an operator or a bracket
	tokenUnknown           // a character that no expression has
)

type token struct {
	kind       tokenKind
	text       string
	start, end int // in the expression
}

// is reports whether the token is the keyword, in any case.
func (t token) is(keyword string) bool {
	return t.kind == tokenWord && strings.EqualFold(t.text, keyword)
}

func (t token) symbol(s string) bool { return t.kind == tokenSymbol && t.text == s }

func letter(b byte) bool { return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' }
func digit(b byte) bool  { return b >= '0' && b <= '9' }
func inWord(b byte) bool { return letter(b) || digit(b) || b == '_' }

// lex splits an expression into tokens, the last of which is the end.
func lex(text string) []token {
	var tokens []token
	for i := 0; i < len(text); {
		b := text[i]
		if b == ' ' || b == '\t' || b == '\n' || b == '\r' {
			i++
			continue
		}
		t := token{start: i}
		run := func(in func(byte) bool) {
			for i < len(text) && in(text[i]) {
				i++
			}
		}
		i++
		switch {
		case letter(b):
			t.kind = tokenWord
			run(inWord)
		case digit(b):
			t.kind = tokenNumber
			run(digit)
		case (b == '#' || b == ':') && i < len(text) && inWord(text[i]):
			t.kind = tokenName
			if b == ':' {
				t.kind = tokenValue
			}
			run(inWord)
		case b == '<' && i < len(text) && (text[i] == '>' || text[i] == '='), b == '>' && i < len(text) && text[i] == '=':
			t.kind = tokenSymbol
			i++
		case strings.IndexByte("=<>()[],.+-", b) >= 0:
			t.kind = tokenSymbol
		default:
			t.kind = tokenUnknown
		}
		t.end = i
		t.text = text[t.start:t.end]
		tokens = append(tokens, t)
	}
	return append(tokens, token{kind: tokenEOF, text: "<EOF>", start: len(text), end: len(text)})
}
