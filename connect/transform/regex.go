package transform

import (
	"regexp"
	"strings"

	"sluice/connect"
)

// pattern is a regular expression of Java. Go's engine runs it, which needs time in proportion to the text whatever the expression is.
//
// Differs: expressions that Go does not have, or gives another meaning, are refused; see [onlyInJava].
type pattern struct {
	whole *regexp.Regexp
	inner *regexp.Regexp
	names map[string]int // groups by name
}

// compile reads a regular expression, the value of the setting with the key. The error is a [*connect.ConfigError].
func compile(key, expr string) (*pattern, error) {
	if err := connect.CheckRegex(expr); err != nil {
		return nil, &connect.ConfigError{Key: key, Value: expr, Rule: "Invalid regex: " + err.Error()}
	}
	refuse := func(what string) (*pattern, error) {
		return nil, &connect.ConfigError{Key: key, Value: expr, Rule: what + " in a regular expression " + unsupportedText}
	}
	if what := onlyInJava(expr); what != "" {
		return refuse(what)
	}
	inner, err := regexp.Compile(expr)
	if err != nil {
		return refuse(strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	whole, err := regexp.Compile(`\A(?:` + expr + `)\z`)
	if err != nil {
		return refuse(strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	p := &pattern{whole: whole, inner: inner, names: map[string]int{}}
	for i, name := range inner.SubexpNames() {
		if name != "" {
			p.names[name] = i
		}
	}
	return p, nil
}

// match returns the start and end of the match and its groups if the expression matches the whole text, else nil.
func (p *pattern) match(text string) []int { return p.whole.FindStringSubmatchIndex(text) }

// find returns the first match in the text, nil if there is none.
func (p *pattern) find(text string) []int { return p.inner.FindStringSubmatchIndex(text) }

// onlyInJava names the first thing in an expression that Go's expressions have not, or would take for something else. "" means that there is none,
// as far as topics go: for line ends and for letters beyond ASCII the two differ in more.
func onlyInJava(expr string) string {
	inClass := false
	for i := 0; i < len(expr); i++ {
		rest := expr[i:]
		switch {
		case strings.HasPrefix(rest, `\Q`):
			end := strings.Index(rest, `\E`)
			if end < 0 {
				return ""
			}
			i += end + 1
		case expr[i] == '\\' && len(rest) > 1:
			if c := rest[1]; c >= '0' && c <= '9' {
				return "a reference to a group, or an octal number,"
			} else if c == 'v' || c == 'h' || c == 'R' || c == 'X' || c == 'k' || c == 'G' || c == 'Z' {
				return rest[:2]
			}
			i++
		case inClass && expr[i] == '[':
			return "a character class inside of another"
		case inClass && strings.HasPrefix(rest, "&&"):
			return "an intersection of character classes"
		case inClass:
			inClass = expr[i] != ']'
		case expr[i] == '[':
			inClass = true
			for _, start := range []string{"[^]", "[]", "[^"} { // a bracket at the beginning means itself
				if strings.HasPrefix(rest, start) {
					i += len(start) - 1
					break
				}
			}
		default:
			if what := groupOnlyInJava(rest); what != "" {
				return what
			}
		}
	}
	return ""
}

// groupOnlyInJava is onlyInJava for the beginning of a group or what follows a repetition.
func groupOnlyInJava(s string) string {
	for _, g := range []struct{ start, what string }{
		{"(?=", "a look-ahead"}, {"(?!", "a look-ahead"}, {"(?<=", "a look-behind"}, {"(?<!", "a look-behind"}, {"(?>", "an atomic group"}, {"(?P", "(?P"},
		{"*+", "a possessive repetition"}, {"++", "a possessive repetition"}, {"?+", "a possessive repetition"}, {"}+", "a possessive repetition"},
	} {
		if strings.HasPrefix(s, g.start) {
			return g.what
		}
	}
	if !strings.HasPrefix(s, "(?") {
		return ""
	}
	flags, _, _ := strings.Cut(s[2:], ")")
	flags, _, _ = strings.Cut(flags, ":")
	if i := strings.IndexAny(flags, "dxuU"); i >= 0 && !strings.Contains(flags, "<") {
		return "the flag " + flags[i:i+1]
	}
	return ""
}

// nonEmptyRegex allows what [connect.Regex] does, but for the empty text.
var nonEmptyRegex = connect.ValidatorFunc("non-empty string, valid regex", func(v any) string {
	if rule := connect.NonEmptyString().Validate(v); rule != "" {
		return rule
	}
	return connect.Regex().Validate(v)
})
