package javaregex

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/dlclark/regexp2"
)

// MatchTimeout is how long one match of an expression that backtracks may take, about.
const MatchTimeout = 500 * time.Millisecond

// Regexp is a compiled expression. It may be used by several goroutines at a time.
type Regexp struct {
	expr         string
	whole, inner engine
	names        map[string]int
}

// engine finds the first match in a text: start and end of it and of each group in bytes, -1 for a group that took no
// part; nil if there is none.
type engine interface {
	find(text string) ([]int, error)
	matches(text string) (bool, error)
}

// UnsupportedError says what of an expression has no counterpart here.
type UnsupportedError struct {
	Expr, What string
}

func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("%s in the regular expression %s is not supported", e.What, e.Expr)
}

// TimeoutError says that a match was broken off. Another text may match in no time.
type TimeoutError struct {
	Expr, Text string
}

func (e *TimeoutError) Error() string {
	return fmt.Sprintf("the regular expression %s needs more than %v for %q", e.Expr, MatchTimeout, e.Text)
}

// Compile translates an expression that Java takes. The error is an [*UnsupportedError]; of an expression that Java does
// not take it may be none.
func Compile(expr string) (*Regexp, error) {
	r := &Regexp{expr: expr}
	forGo := translate(expr, linear)
	if forGo.what == "" && r.useGo(forGo.out.String()) {
		r.names = forGo.names
		return r, nil
	}
	t := translate(expr, backtracking)
	if t.what != "" {
		return nil, &UnsupportedError{expr, t.what}
	}
	if err := r.useBacktracking(t.out.String()); err != nil {
		return nil, &UnsupportedError{expr, err.Error()}
	}
	r.names = t.names
	return r, nil
}

func (r *Regexp) useGo(translated string) bool {
	inner, err := regexp.Compile(translated)
	if err != nil {
		return false
	}
	whole, err := regexp.Compile(`\A(?:` + translated + `)\z`)
	if err != nil {
		return false
	}
	r.inner, r.whole = goEngine{inner}, goEngine{whole}
	return true
}

func (r *Regexp) useBacktracking(translated string) (err error) {
	defer func() { // a parser that was made for expressions of developers, not of strangers
		if p := recover(); p != nil {
			err = fmt.Errorf("what follows from it (%v)", p)
		}
	}()
	compile := func(expr string) (*backtracker, error) {
		compiled, err := regexp2.Compile(expr, regexp2.RE2)
		if err != nil {
			return nil, fmt.Errorf("%s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
		}
		compiled.MatchTimeout = MatchTimeout
		return &backtracker{r.expr, compiled}, nil
	}
	inner, err := compile(translated)
	if err != nil {
		return err
	}
	whole, err := compile(`\A(?:` + translated + `)\z`)
	r.inner, r.whole = inner, whole
	return err
}

// String returns the expression as it was given.
func (r *Regexp) String() string { return r.expr }

// Matches reports whether the expression matches the whole text. The error is a [*TimeoutError].
//
// Kafka: java.util.regex.Matcher.matches.
func (r *Regexp) Matches(text string) (bool, error) { return r.whole.matches(text) }

// Match returns the start and end in bytes of the match and of its groups if the expression matches the whole text, else
// nil. A group that took no part has -1. The error is a [*TimeoutError].
func (r *Regexp) Match(text string) ([]int, error) { return r.whole.find(text) }

// Find is Match for the first part of the text that matches.
//
// Kafka: java.util.regex.Matcher.find.
func (r *Regexp) Find(text string) ([]int, error) { return r.inner.find(text) }

// Group returns the number of the group with a name.
func (r *Regexp) Group(name string) (number int, ok bool) {
	number, ok = r.names[name]
	return number, ok
}

// goEngine needs linear time and knows no errors.
type goEngine struct{ re *regexp.Regexp }

func (e goEngine) find(text string) ([]int, error)   { return e.re.FindStringSubmatchIndex(text), nil }
func (e goEngine) matches(text string) (bool, error) { return e.re.MatchString(text), nil }

// backtracker needs whatever it needs, up to MatchTimeout.
type backtracker struct {
	expr string // as it was given
	re   *regexp2.Regexp
}

func (e *backtracker) matches(text string) (bool, error) {
	match, err := e.first(text)
	return match != nil, err
}

func (e *backtracker) first(text string) (match *regexp2.Match, err error) {
	defer func() {
		if p := recover(); p != nil || err != nil {
			match, err = nil, &TimeoutError{e.expr, text} // the only error that the engine has
		}
	}()
	return e.re.FindStringMatch(text)
}

func (e *backtracker) find(text string) ([]int, error) {
	match, err := e.first(text)
	if match == nil {
		return nil, err
	}
	offsets := make([]int, 0, len(text)+1) // of each rune, in bytes
	for i := range text {
		offsets = append(offsets, i)
	}
	offsets = append(offsets, len(text))
	var found []int
	for _, g := range match.Groups() {
		if len(g.Captures) == 0 {
			found = append(found, -1, -1)
			continue
		}
		found = append(found, offsets[g.Index], offsets[g.Index+g.Length])
	}
	return found, nil
}
