package transform

import "strings"

// toGo writes an expression of Java in the way of Go. If it has something that Go has not, or that would mean something else there, what names the
// first such thing. The two are taken for the same as far as topics go: for line ends and letters beyond ASCII they differ in more.
func toGo(expr string) (translated, what string) {
	t := regexTranslator{rest: expr}
	for t.rest != "" && t.what == "" {
		t.step()
	}
	return t.out.String(), t.what
}

type regexTranslator struct {
	rest    string
	out     strings.Builder
	inClass bool
	what    string
	// repeated is set behind a repetition: a plus there makes it possessive.
	repeated bool
}

// copy takes over so many bytes.
func (t *regexTranslator) copy(n int) {
	t.out.WriteString(t.rest[:n])
	t.rest = t.rest[n:]
}

// replace writes something else for so many bytes.
func (t *regexTranslator) replace(n int, with string) {
	t.out.WriteString(with)
	t.rest = t.rest[n:]
}

func (t *regexTranslator) step() {
	c, repeated := t.rest[0], t.repeated
	t.repeated = false
	switch {
	case c == '\\' && len(t.rest) > 1:
		t.escape()
	case t.inClass:
		t.class()
	case c == '[':
		t.inClass = true
		for _, start := range []string{"[^]", "[]", "[^", "["} { // a bracket at the beginning means itself
			if strings.HasPrefix(t.rest, start) {
				t.copy(len(start))
				break
			}
		}
	case c == '+' && repeated:
		t.what = "a possessive repetition"
	case c == '*' || c == '+' || c == '?':
		t.repeated = !repeated
		t.copy(1)
	case c == '{': // {2} or {2,3}: that it is one was checked before
		t.repeated = true
		t.copy(max(1, strings.IndexByte(t.rest, '}')+1))
	case strings.HasPrefix(t.rest, "(?"):
		t.group()
	default:
		t.copy(1)
	}
}

func (t *regexTranslator) class() {
	switch {
	case t.rest[0] == '[':
		t.what = "a character class inside of another"
		return
	case strings.HasPrefix(t.rest, "&&"):
		t.what = "an intersection of character classes"
		return
	}
	t.inClass = t.rest[0] != ']'
	t.copy(1)
}

func (t *regexTranslator) group() {
	for _, g := range []struct{ start, what string }{
		{"(?=", "a look-ahead"}, {"(?!", "a look-ahead"}, {"(?<=", "a look-behind"}, {"(?<!", "a look-behind"}, {"(?>", "an atomic group"},
	} {
		if strings.HasPrefix(t.rest, g.start) {
			t.what = g.what
			return
		}
	}
	end := strings.IndexAny(t.rest, "):<")
	if flag := strings.IndexAny(t.rest[:max(end, 2)], "dxuUP#"); flag >= 0 {
		t.what = "the flag " + t.rest[flag:flag+1]
		return
	}
	t.copy(2)
}

// posixNames are the classes of ASCII characters that Java calls by the names of POSIX.
var posixNames = map[string]string{
	"Lower": "lower", "Upper": "upper", "ASCII": "ascii", "Alpha": "alpha", "Digit": "digit", "Alnum": "alnum", "Punct": "punct",
	"Graph": "graph", "Print": "print", "Blank": "blank", "Cntrl": "cntrl", "XDigit": "xdigit", "Space": "space",
}

// blanks are what \h stands for.
const blanks = `\t \x{a0}\x{1680}\x{180e}\x{2000}-\x{200a}\x{202f}\x{205f}\x{3000}`

func (t *regexTranslator) escape() {
	switch c := t.rest[1]; {
	case c == 'Q':
		if end := strings.Index(t.rest, `\E`); end >= 0 {
			t.copy(end + 2)
		} else {
			t.replace(len(t.rest), t.rest+`\E`)
		}
	case c == 'p' || c == 'P' || c == 'x' && strings.HasPrefix(t.rest[2:], "{"):
		end := strings.IndexByte(t.rest, '}')
		if !strings.HasPrefix(t.rest[2:], "{") || end < 0 {
			t.copy(2)
			return
		}
		posix, ok := posixNames[t.rest[3:end]]
		if !ok {
			t.copy(end + 1)
			return
		}
		class := "[:" + posix + ":]"
		if c == 'P' {
			class = "[:^" + posix + ":]"
		}
		t.replace(end+1, t.bracketed(class))
	case c == 'u' && len(t.rest) >= 6:
		t.replace(6, `\x{`+t.rest[2:6]+"}")
	case c == 'h':
		t.replace(2, t.bracketed(blanks))
	case c == 'e':
		t.replace(2, `\x1b`)
	case c == 'Z':
		t.replace(2, `\z`)
	case c >= '0' && c <= '9':
		t.what = "a reference to a group, or an octal number,"
	case strings.IndexByte("vVHRXGkN", c) >= 0:
		t.what = t.rest[:2]
	default:
		t.copy(2)
	}
}

// bracketed makes a class of its own of what stands in one, unless it stands in one.
func (t *regexTranslator) bracketed(class string) string {
	if t.inClass {
		return class
	}
	return "[" + class + "]"
}
