package transform

import (
	"regexp"
	"strings"

	"sluice/connect"
)

// pattern is a regular expression of Java. Go's engine runs it, which needs time in proportion to the text whatever the expression is.
//
// Differs: what Go's expressions cannot say is refused, such as look-aheads, references to groups and possessive repetitions; see [toGo].
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
	translated, what := toGo(expr)
	if what != "" {
		return refuse(what)
	}
	inner, err := regexp.Compile(translated)
	if err != nil {
		return refuse(strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	whole, err := regexp.Compile(`\A(?:` + translated + `)\z`)
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

// nonEmptyRegex allows what [connect.Regex] does, but for the empty text.
var nonEmptyRegex = connect.ValidatorFunc("non-empty string, valid regex", func(v any) string {
	if rule := connect.NonEmptyString().Validate(v); rule != "" {
		return rule
	}
	return connect.Regex().Validate(v)
})
