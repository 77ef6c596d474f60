package javaregex

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// dialect is what an expression is translated into.
type dialect bool

const (
	linear       dialect = false // of package regexp
	backtracking dialect = true  // of package regexp2
)

// maxDepth bounds how deep groups and classes may stand in each other, since engines go through them by recursion.
const maxDepth = 500

// maxLength bounds what a translation may cost.
const maxLength = 16 << 10

// translator goes through an expression once and writes it in another dialect.
type translator struct {
	dialect dialect
	rest    string
	out     strings.Builder
	what    string // what cannot be translated, the first of it

	groups   int            // opened so far that capture
	names    map[string]int // of groups
	open     []scope
	comments bool // blanks and comments do not count
	atom     int  // where in out the part begins that a repetition repeats; -1 if there is none
	repeated bool // a repetition has just been written: a plus makes it possessive
}

// scope is a group that is open.
type scope struct {
	atom     int
	comments bool
}

func translate(expr string, d dialect) *translator {
	t := &translator{dialect: d, rest: expr, names: map[string]int{}, atom: -1}
	switch {
	case !utf8.ValidString(expr):
		t.refuse("text that is not UTF-8")
	case len(expr) > maxLength:
		t.refuse(fmt.Sprintf("a length of more than %d bytes", maxLength))
	}
	for t.rest != "" && t.what == "" {
		t.step()
	}
	return t
}

// refuse notes what cannot be translated.
func (t *translator) refuse(what string) {
	if t.what == "" {
		t.what = what
	}
}

// needsBacktracking refuses what only that dialect has.
func (t *translator) needsBacktracking(what string) {
	if t.dialect == linear {
		t.refuse(what)
	}
}

// begin marks that an atom begins here.
func (t *translator) begin() { t.atom, t.repeated = t.out.Len(), false }

// take returns the next n bytes and goes on behind them.
func (t *translator) take(n int) string {
	n = min(n, len(t.rest))
	s := t.rest[:n]
	t.rest = t.rest[n:]
	return s
}

func (t *translator) step() {
	c := t.rest[0]
	if t.comments && t.skipComment() {
		return
	}
	switch c {
	case '\\':
		t.begin()
		t.escape()
	case '[':
		t.begin()
		t.out.WriteString(t.class(0))
	case '(':
		t.group()
	case ')':
		t.out.WriteString(t.take(1))
		t.atom, t.repeated = -1, false
		if n := len(t.open); n > 0 {
			t.atom, t.comments = t.open[n-1].atom, t.open[n-1].comments
			t.open = t.open[:n-1]
		}
	case '|':
		t.out.WriteString(t.take(1))
		t.atom, t.repeated = -1, false
	case '*', '+', '?', '{':
		t.repetition(c)
	default:
		_, size := utf8.DecodeRuneInString(t.rest)
		t.begin()
		t.out.WriteString(t.take(size))
	}
}

// skipComment skips a blank or a comment, if there is one.
func (t *translator) skipComment() bool {
	switch c := t.rest[0]; {
	case c == ' ' || c >= '\t' && c <= '\r':
		t.take(1)
	case c == '#':
		if end := strings.IndexAny(t.rest, "\n\r"); end >= 0 {
			t.take(end + 1)
		} else {
			t.rest = ""
		}
	default:
		return false
	}
	return true
}

// repetition copies one, or makes a possessive one atomic: x++ is (?>x+).
func (t *translator) repetition(c byte) {
	if t.repeated && c == '+' {
		t.take(1)
		t.repeated = false
		t.needsBacktracking("a possessive repetition")
		if t.atom >= 0 {
			t.wrapAtom("(?>", ")")
		}
		return
	}
	lazy := t.repeated && c == '?'
	n := 1
	if c == '{' { // {2} or {2,3}: that it is one was checked before
		n = max(1, strings.IndexByte(t.rest, '}')+1)
	}
	t.out.WriteString(t.take(n))
	t.repeated = !lazy
}

func (t *translator) wrapAtom(before, after string) {
	written := t.out.String()
	t.out.Reset()
	t.out.WriteString(written[:t.atom] + before + written[t.atom:] + after)
}

// group opens a group, or sets flags.
func (t *translator) group() {
	if !strings.HasPrefix(t.rest, "(?") {
		t.groups++
		t.openGroup(t.take(1))
		return
	}
	for _, g := range []struct{ start, what string }{
		{"(?=", "a look-ahead"}, {"(?!", "a look-ahead"}, {"(?<=", "a look-behind"}, {"(?<!", "a look-behind"}, {"(?>", "an atomic group"},
	} {
		if strings.HasPrefix(t.rest, g.start) {
			t.needsBacktracking(g.what)
			t.openGroup(t.take(len(g.start)))
			return
		}
	}
	if strings.HasPrefix(t.rest, "(?<") {
		end := strings.IndexByte(t.rest, '>')
		if end < 0 {
			t.refuse("a group without the end of its name")
			return
		}
		t.groups++
		t.names[t.rest[len("(?<"):end]] = t.groups
		t.take(end + 1)
		t.openGroup("(") // the engine that backtracks would count named groups behind all others
		return
	}
	t.flags()
}

func (t *translator) openGroup(as string) {
	t.open = append(t.open, scope{t.out.Len(), t.comments})
	if len(t.open) > maxDepth {
		t.refuse(fmt.Sprintf("a nesting of more than %d groups", maxDepth))
	}
	t.out.WriteString(as)
	t.atom, t.repeated = -1, false
}

// flags translates (?i-s) and (?i-s:. Both dialects know i, m and s; d is about line ends and u about letters beyond ASCII.
func (t *translator) flags() {
	end := strings.IndexAny(t.rest, "):")
	if end < 0 {
		t.refuse("a group without an end")
		return
	}
	closing := t.rest[end]
	given := t.take(end + 1)[len("(?"):end]
	on, off, _ := strings.Cut(given, "-")
	before := t.comments
	t.comments = (t.comments || strings.ContainsRune(on, 'x')) && !strings.ContainsRune(off, 'x')
	if strings.ContainsAny(given, "U") {
		t.refuse("the flag U")
	}
	known := func(flags string) string {
		return strings.Map(func(r rune) rune {
			if strings.ContainsRune("ims", r) {
				return r
			}
			return -1
		}, flags)
	}
	text := known(on)
	if off := known(off); off != "" {
		text += "-" + off
	}
	if closing == ':' {
		after := t.comments
		t.comments = before
		t.openGroup("(?" + text + ":")
		t.comments = after
		return
	}
	if text != "" {
		t.out.WriteString("(?" + text + ")")
	}
	t.atom, t.repeated = -1, false
}

// escape translates what stands behind a backslash outside of classes.
func (t *translator) escape() {
	if len(t.rest) < 2 {
		t.refuse("a backslash at the end")
		return
	}
	switch c := t.rest[1]; {
	case c == 'Q':
		t.take(2)
		t.quoted()
	case c >= '1' && c <= '9':
		t.reference()
	case c == 'k':
		t.namedReference()
	case c == 'R':
		t.take(2)
		t.out.WriteString(`(?:\r\n|[\n-\r` + lines + `])`)
	case c == 'Z':
		t.take(2)
		t.out.WriteString(`\z`)
	case strings.IndexByte("AzbB", c) >= 0:
		t.out.WriteString(t.take(2))
	default:
		set := t.set()
		if strings.HasPrefix(set, "[") || isPlain(set) {
			t.out.WriteString(set)
			return
		}
		t.out.WriteString("[" + set + "]")
	}
}

// isPlain reports whether what a set returned may stand outside of a class.
func isPlain(set string) bool {
	return !strings.HasPrefix(set, "[:") && (utf8.RuneCountInString(set) == 1 || strings.HasPrefix(set, `\`) && !strings.Contains(set[1:], `\`) && !strings.ContainsAny(set, "- "))
}

// quoted translates what stands between \Q and \E, each character of which is an atom.
func (t *translator) quoted() {
	text, rest, _ := strings.Cut(t.rest, `\E`)
	t.rest = rest
	for _, r := range text {
		t.begin()
		t.out.WriteString(literal(r))
	}
}

// reference translates \1. As many digits count as there are groups.
func (t *translator) reference() {
	t.needsBacktracking("a reference to a group")
	t.take(1)
	number := int(t.take(1)[0] - '0')
	for t.rest != "" && t.rest[0] >= '0' && t.rest[0] <= '9' && number*10+int(t.rest[0]-'0') <= t.groups {
		number = number*10 + int(t.take(1)[0]-'0')
	}
	t.writeReference(number)
}

func (t *translator) namedReference() {
	t.needsBacktracking("a reference to a group")
	end := strings.IndexByte(t.rest, '>')
	if end < len(`\k<`) {
		t.refuse(`\k`)
		return
	}
	number, ok := t.names[t.take(end + 1)[len(`\k<`):end]]
	if !ok {
		t.refuse("a reference to a group that comes later")
		return
	}
	t.writeReference(number)
}

// writeReference writes a reference; in Java one to a group that is not there, or not yet, never matches.
func (t *translator) writeReference(number int) {
	if number > t.groups {
		t.out.WriteString(`(?!)`)
		return
	}
	t.out.WriteString(fmt.Sprintf(`(?:\%d)`, number))
}

// literal writes a character so that it means itself, in a class and outside.
func literal(r rune) string {
	switch {
	case r < ' ' || r == 0x7f:
		return fmt.Sprintf(`\x%02x`, r)
	case r >= utf8.RuneSelf, r >= '0' && r <= '9', r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', slices.Contains([]rune(" _"), r):
		return string(r)
	}
	return `\` + string(r)
}
