package transform

import (
	"errors"

	"sluice/connect"
	"sluice/internal/javaregex"
)

// pattern is a regular expression of Java.
type pattern struct{ re *javaregex.Regexp }

// compile reads a regular expression, the value of the setting with the key. The error is a [*connect.ConfigError].
func compile(key, expr string) (*pattern, error) {
	if err := connect.CheckRegex(expr); err != nil {
		return nil, &connect.ConfigError{Key: key, Value: expr, Rule: "Invalid regex: " + err.Error()}
	}
	re, err := javaregex.Compile(expr)
	var unsupported *javaregex.UnsupportedError
	if errors.As(err, &unsupported) {
		return nil, &connect.ConfigError{Key: key, Value: expr, Rule: unsupported.What + " in a regular expression " + unsupportedText}
	}
	return &pattern{re}, err
}

// matches reports whether the expression matches the whole text. A match that takes too long is a bad record, as in find.
//
// Differs: Java tries for ever.
func (p *pattern) matches(text string) (bool, error) {
	ok, err := p.re.Matches(text)
	return ok, badRecord(err)
}

// find returns the first match in the text with its groups, nil if there is none.
func (p *pattern) find(text string) ([]int, error) {
	match, err := p.re.Find(text)
	return match, badRecord(err)
}

func badRecord(err error) error {
	if err == nil {
		return nil
	}
	return connect.NewDataError("%w", err)
}

// nonEmptyRegex allows what [connect.Regex] does, but for the empty text.
var nonEmptyRegex = connect.ValidatorFunc("non-empty string, valid regex", func(v any) string {
	if rule := connect.NonEmptyString().Validate(v); rule != "" {
		return rule
	}
	return connect.Regex().Validate(v)
})
