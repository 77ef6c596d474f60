package provider

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"sluice/connect"
)

// Secrets are values that config providers have put into settings, and passwords that stand there themselves. Nothing but those settings
// may show them: logs, traces and answers go through Redact, which shows the variable in place of its value. Which of the providers' values
// are passwords nobody can tell, so all are treated alike.
//
// A value is recognised as it is, without surrounding blanks, by its single lines if it has several, and in the forms that quoting, JSON
// and URLs give it. It is not recognised in parts or in any other encoding. Values shorter than 4 characters, and true, false and null, are
// left alone: every text is full of them.
//
// Nil is none. Secrets never change and may be used by several goroutines at once.
type Secrets struct {
	shown    map[string]string // what is shown for a value: a variable, or connect.Hidden
	replacer *strings.Replacer // of all forms of the values
	exact    *strings.Replacer // of the values of variables as they are
}

const (
	minSecret     = 4 // characters
	minRestored   = 6
	minSecretLine = 8
)

// secretsOf returns the secrets that are worth looking for, by what is shown for them.
func secretsOf(shown map[string]string) *Secrets {
	maps.DeleteFunc(shown, func(value, _ string) bool { return !recognisable(value, minSecret) })
	if len(shown) == 0 {
		return nil
	}
	return newSecrets(shown)
}

// WithHidden returns the secrets with passwords that stand in the settings themselves; [connect.Hidden] is shown in their place. What is the
// value of a variable already is shown as that.
func (s *Secrets) WithHidden(passwords ...string) *Secrets {
	hidden := map[string]string{}
	for _, p := range passwords {
		if s == nil || s.shown[p] == "" {
			hidden[p] = connect.Hidden
		}
	}
	return s.With(secretsOf(hidden))
}

// With returns the secrets of both. What is a password in one and the value of a variable in the other is shown as the variable.
func (s *Secrets) With(other *Secrets) *Secrets {
	switch {
	case other == nil:
		return s
	case s == nil:
		return other
	}
	all := maps.Clone(s.shown)
	for value, shown := range other.shown {
		if all[value] == "" || shown != connect.Hidden {
			all[value] = shown
		}
	}
	return newSecrets(all)
}

func newSecrets(shown map[string]string) *Secrets {
	forms, exact := map[string]string{}, map[string]string{}
	for _, value := range slices.Sorted(maps.Keys(shown)) {
		for _, form := range formsOf(value) {
			forms[form] = shown[value]
		}
		if shown[value] != connect.Hidden && recognisable(value, minRestored) {
			exact[value] = shown[value]
		}
	}
	maps.Copy(forms, shown) // what is a value itself and a form of another is itself
	return &Secrets{shown, replacer(forms), replacer(exact)}
}

// replacer replaces keys by values. It takes the first of its pairs that fits, so the longest stands first: a longer secret must not be left
// half shown by a shorter one in it.
func replacer(replacements map[string]string) *strings.Replacer {
	texts := slices.SortedFunc(maps.Keys(replacements), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), strings.Compare(a, b))
	})
	pairs := make([]string, 0, 2*len(texts))
	for _, text := range texts {
		pairs = append(pairs, text, replacements[text])
	}
	return strings.NewReplacer(pairs...)
}

// Redact returns a text with variables in place of their values.
func (s *Secrets) Redact(text string) string {
	if s == nil {
		return text
	}
	return s.replacer.Replace(text)
}

// Restore returns a text with variables in place of their values, which becomes the same text again when it is resolved. It takes values
// as they are and of at least 6 characters, so that a short one in a text that has nothing to do with it stays.
func (s *Secrets) Restore(text string) string {
	if s == nil {
		return text
	}
	return s.exact.Replace(text)
}

// Error returns an error whose text is redacted. It still is, for [errors.Is] and [errors.As], what it was; the texts of what it wraps
// are not redacted. It returns nil for nil.
func (s *Secrets) Error(err error) error {
	if s == nil || err == nil {
		return err
	}
	if text := err.Error(); s.Redact(text) != text {
		return &redactedError{s.Redact(text), err}
	}
	return err
}

type redactedError struct {
	text string
	err  error
}

func (e *redactedError) Error() string { return e.text }
func (e *redactedError) Unwrap() error { return e.err }

// recognisable reports whether a text is long and rare enough to be looked for.
func recognisable(text string, least int) bool {
	return len([]rune(strings.TrimSpace(text))) >= least && !slices.Contains([]string{"true", "false", "null"}, strings.ToLower(strings.TrimSpace(text)))
}

// formsOf returns the texts in which a value may show.
func formsOf(value string) []string {
	plain := []string{value, strings.TrimSpace(value)}
	if lines := strings.FieldsFunc(value, func(r rune) bool { return r == '\n' || r == '\r' }); len(lines) > 1 {
		for _, line := range lines {
			if recognisable(line, minSecretLine) {
				plain = append(plain, strings.TrimSpace(line))
			}
		}
	}
	var forms []string
	for _, text := range plain {
		quoted := strconv.Quote(text)
		forms = append(forms, text, quoted[1:len(quoted)-1], inJSON(text), url.QueryEscape(text), url.PathEscape(text))
	}
	slices.Sort(forms)
	return slices.Compact(forms)
}

// inJSON returns a text as JSON writes it between its quotes.
func inJSON(text string) string {
	b, err := json.Marshal(text)
	if err != nil {
		return text
	}
	return string(b[1 : len(b)-1])
}
