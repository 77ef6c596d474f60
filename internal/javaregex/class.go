package javaregex

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// class translates a class. Simple ones stay what they are; one that has others inside, or an intersection, becomes
// look-aheads over simple ones:
//
//	[a[bc]]      (?:[a]|[bc])
//	[a-z&&[^b]]  (?:(?=[a-z])[^b])
//	[^a[b]]      (?:(?!(?:[a]|[b]))[\s\S])
func (t *translator) class(depth int) string {
	if depth > maxDepth {
		t.refuse(fmt.Sprintf("a nesting of more than %d classes", maxDepth))
		return ""
	}
	t.take(1)
	negated := strings.HasPrefix(t.rest, "^")
	if negated {
		t.take(1)
	}
	var operands []string // of the intersection
	var simple strings.Builder
	var inner []string
	if strings.HasPrefix(t.rest, "]") { // at the beginning it means itself
		t.take(1)
		simple.WriteString(`\]`)
	}
	end := func() {
		if simple.Len() > 0 {
			inner = append([]string{"[" + simple.String() + "]"}, inner...)
		}
		if len(inner) > 0 {
			operands = append(operands, oneOf(inner))
		}
		simple.Reset()
		inner = nil
	}
	for t.rest != "" && t.what == "" {
		c := t.rest[0]
		switch {
		case t.comments && t.skipComment():
		case c == ']':
			t.take(1)
			if len(operands) == 0 && len(inner) == 0 {
				if negated {
					return "[^" + simple.String() + "]"
				}
				return "[" + simple.String() + "]"
			}
			end()
			return compound(operands, negated)
		case c == '[':
			t.needsBacktracking("a character class inside of another")
			inner = append(inner, t.class(depth+1))
		case strings.HasPrefix(t.rest, "&&"):
			t.needsBacktracking("an intersection of character classes")
			t.take(2)
			end()
		case c == '\\' && strings.HasPrefix(t.rest, `\Q`):
			t.take(2)
			text, rest, _ := strings.Cut(t.rest, `\E`)
			t.rest = rest
			for _, r := range text {
				simple.WriteString(literal(r))
			}
		case c == '\\':
			if set := t.set(); strings.HasPrefix(set, "[^") {
				t.needsBacktracking("a negated class in another")
				inner = append(inner, set)
			} else {
				simple.WriteString(set)
			}
		case c == '-':
			simple.WriteString(t.take(1))
		default:
			r, size := utf8.DecodeRuneInString(t.rest)
			t.take(size)
			simple.WriteString(literal(r))
		}
	}
	t.refuse("a class without an end")
	return ""
}

func oneOf(classes []string) string {
	if len(classes) == 1 {
		return classes[0]
	}
	return "(?:" + strings.Join(classes, "|") + ")"
}

func compound(operands []string, negated bool) string {
	var b strings.Builder
	b.WriteString("(?:")
	for _, o := range operands[:max(len(operands)-1, 0)] {
		b.WriteString("(?=" + o + ")")
	}
	if len(operands) > 0 {
		b.WriteString(operands[len(operands)-1])
	}
	b.WriteString(")")
	if negated {
		return "(?:(?!" + b.String() + `)[\s\S])`
	}
	return b.String()
}

const (
	// blanks are what \h stands for.
	blanks = "\\t \u00a0\u1680\u180e\u2000-\u200a\u202f\u205f\u3000"
	// lines are the line ends beyond ASCII.
	lines = "\u0085\u2028\u2029"
)

// set translates an escape that stands for one of several characters, or for one. It returns what may stand in a class; or, beginning with "[^", a
// class of its own.
func (t *translator) set() string {
	if len(t.rest) < 2 {
		t.refuse("a backslash at the end")
		return ""
	}
	switch c := t.rest[1]; c {
	case 'p', 'P':
		return t.property(c == 'P')
	case 'h':
		t.take(2)
		return blanks
	case 'H':
		t.take(2)
		return "[^" + blanks + "]"
	case 'v':
		t.take(2)
		return `\n-\r` + lines
	case 'V':
		t.take(2)
		return `[^\n-\r` + lines + "]"
	case 'd', 'D', 'w', 'W', 's', 'S', 't', 'n', 'r', 'f', 'a':
		return t.take(2)
	case 'e':
		t.take(2)
		return `\x1b`
	case 'c':
		t.take(2)
		r, size := utf8.DecodeRuneInString(t.rest)
		t.take(size)
		return literal(r ^ 64)
	case '0', 'x', 'u':
		return t.number(c)
	default:
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '1' && c <= '9' {
			t.refuse(t.rest[:2])
			return ""
		}
		t.take(1)
		r, size := utf8.DecodeRuneInString(t.rest)
		t.take(size)
		return literal(r)
	}
}

// number translates \0101, \x41, \x{41} and \u0041.
func (t *translator) number(kind byte) string {
	all, base := t.rest, 16
	t.take(2)
	var digits string
	switch {
	case kind == '0':
		base = 8
		n := 0
		for n < len(t.rest) && n < 3 && t.rest[n] >= '0' && t.rest[n] <= '7' && (n < 2 || t.rest[0] <= '3') {
			n++
		}
		digits = t.take(n)
	case kind == 'x' && strings.HasPrefix(t.rest, "{"):
		end := max(strings.IndexByte(t.rest, '}'), 1)
		digits = t.take(end + 1)[1:end]
	case kind == 'x':
		digits = t.take(2)
	default:
		digits = t.take(4)
	}
	n, err := strconv.ParseInt(digits, base, 32)
	if err != nil || n > unicode.MaxRune || n >= 0xd800 && n < 0xe000 {
		t.refuse(all[:min(len(all), 6)])
		return ""
	}
	return literal(rune(n))
}

// posixNames are the classes of ASCII characters that Java calls by the names of POSIX.
var posixNames = map[string]string{
	"Lower": "a-z", "Upper": "A-Z", "ASCII": `\x00-\x7f`, "Alpha": "a-zA-Z", "Digit": "0-9", "Alnum": "a-zA-Z0-9", "Punct": `!-\/:-@\[-` + "`" + `{-~`,
	"Graph": "!-~", "Print": " -~", "Blank": ` \t`, "Cntrl": `\x00-\x1f\x7f`, "XDigit": "0-9a-fA-F", "Space": `\t-\r `,
}

// properties are properties of Unicode that Java has behind "Is", as categories.
var properties = map[string]string{
	"alphabetic": "L", "letter": "L", "lowercase": "Ll", "uppercase": "Lu", "titlecase": "Lt", "digit": "Nd", "punctuation": "P", "control": "Cc",
}

// property translates \pL, \p{Alpha}, \p{IsLatin}, \p{IsAlphabetic}, \p{script=Latin} and \p{gc=Lu}.
func (t *translator) property(negated bool) string {
	name := ""
	if all := t.rest; strings.HasPrefix(all[2:], "{") {
		end := strings.IndexByte(all, '}')
		if end < 0 {
			t.refuse(all[:2])
			return ""
		}
		name = t.take(end + 1)[3:end]
	} else {
		_, size := utf8.DecodeRuneInString(all[2:])
		name = t.take(2 + size)[2:]
	}
	if ascii, ok := posixNames[name]; ok {
		if negated {
			return "[^" + ascii + "]"
		}
		return ascii
	}
	unicodeName := name
	if rest, ok := strings.CutPrefix(name, "Is"); ok {
		unicodeName = rest
		if category, ok := properties[strings.ToLower(rest)]; ok {
			unicodeName = category
		}
	} else if key, value, ok := strings.Cut(name, "="); ok {
		switch strings.ToLower(key) {
		case "script", "sc", "general_category", "gc":
			unicodeName = value
		}
	}
	_, category := unicode.Categories[unicodeName]
	_, script := unicode.Scripts[unicodeName]
	if !category && !script {
		t.refuse(`the class \p{` + name + `}`)
		return ""
	}
	if negated {
		return `\P{` + unicodeName + `}`
	}
	return `\p{` + unicodeName + `}`
}
