package rules

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"sluice/internal/fraud"
)

// Limits of a file.
const (
	MaxRules  = 64
	maxBytes  = 1 << 20
	maxCount  = MaxRows / 2
	maxWindow = 366 * 24 * time.Hour
	maxAmount = 99_999_999_99 // of a transaction, in cents

	maxCooldown     = 10 * maxWindow
	defaultCooldown = 24 * time.Hour
)

// FileError refuses a file of rules.
type FileError struct {
	File  string
	Line  int    // 0 if it is not known
	Rule  string // name of the rule, empty outside of one and before its name is known
	Key   string // empty if there is none
	Value string // empty if there is none
	Must  string // what is wrong, or what is expected
}

// Error names file, line, rule, key, value and what is expected.
func (e *FileError) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d", e.Line)
	}
	b.WriteString(": ")
	if e.Rule != "" {
		fmt.Fprintf(&b, "rule %q, ", e.Rule)
	}
	if e.Key != "" {
		fmt.Fprintf(&b, "key %q, ", e.Key)
	}
	if e.Value != "" {
		fmt.Fprintf(&b, "value %q, ", e.Value)
	}
	text := b.String()
	if cut, ok := strings.CutSuffix(text, ", "); ok {
		text = cut + ": "
	}
	return text + e.Must
}

// Load reads the file at path, see [Parse].
func Load(path string) (*Set, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read rules: %w", err)
	}
	defer f.Close()
	return Parse(path, f)
}

// Parse reads a file of rules:
//
//	rules:
//	  - name: velocity           # letters, digits, dots, dashes and underscores
//	    type: count
//	    count: 10
//	    window: 1m
//	    mode: shadow             # flag unless given
//	    severity: high           # medium unless given
//	    reason: ten in a minute  # what the condition is, unless given
//	    cooldown: 24h            # 24h unless given
//	    merchant_type: Online    # one or a list; all unless given
//	    transaction_type: [Gas_Station, Others]
//
// and beside these, by type:
//
//	amount            above
//	count             count, window
//	sum               above, window
//	merchants         window
//	small-then-large  small, large, window, and count, 1 unless given
//
// Amounts are decimals with at most two places, durations as time.ParseDuration
// reads them. Whatever else there is, and whatever is missing, is a [*FileError].
func Parse(name string, r io.Reader) (*Set, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read rules from %s: %w", name, err)
	}
	f := file{name: name}
	if len(data) > maxBytes {
		return nil, f.refuse(nil, fmt.Sprintf("more than %d bytes", maxBytes))
	}
	var document, further yaml.Node
	d := yaml.NewDecoder(bytes.NewReader(data))
	switch err := d.Decode(&document); {
	case errors.Is(err, io.EOF):
		return nil, f.refuse(nil, "empty: must have the key rules")
	case err != nil:
		return nil, f.refuse(nil, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if err := d.Decode(&further); !errors.Is(err, io.EOF) {
		return nil, f.refuse(&further, "must be one document")
	}
	rules, err := f.rules(document.Content[0])
	if err != nil {
		return nil, err
	}
	return NewSet(rules...), nil
}

// file is a file that is being read.
type file struct{ name string }

func (f *file) refuse(at *yaml.Node, must string) *FileError {
	e := &FileError{File: f.name, Must: must}
	if at != nil {
		e.Line = at.Line
	}
	return e
}

// rules reads the document.
func (f *file) rules(n *yaml.Node) ([]*Rule, error) {
	top, err := f.section(n)
	if err != nil {
		return nil, err
	}
	list := top.take("rules")
	if err := top.finish(); err != nil {
		return nil, err
	}
	if list == nil || list.Kind != yaml.SequenceNode || len(list.Content) == 0 || len(list.Content) > MaxRules {
		return nil, &FileError{File: f.name, Line: n.Line, Key: "rules", Must: fmt.Sprintf("must be a list of 1 to %d rules", MaxRules)}
	}
	var rules []*Rule
	for _, entry := range list.Content {
		r, err := f.rule(entry)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(rules, func(other *Rule) bool { return other.Name == r.Name }) {
			return nil, &FileError{File: f.name, Line: entry.Line, Key: "name", Value: r.Name, Must: "must be another one than that of an earlier rule"}
		}
		rules = append(rules, r)
	}
	return rules, nil
}

var nameForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// rule reads one rule.
func (f *file) rule(n *yaml.Node) (*Rule, error) {
	s, err := f.section(n)
	if err != nil {
		return nil, err
	}
	name := s.text("name", "")
	if s.err == nil && !nameForm.MatchString(name) {
		s.fail("name", "must be up to 64 letters, digits, dots, dashes and underscores, a letter or digit first")
	}
	s.rule = name
	r := &Rule{
		Name:             name,
		Mode:             Mode(s.oneOf("mode", string(Flag), string(Flag), string(Shadow))),
		Severity:         s.oneOf("severity", "medium", Severities...),
		Cooldown:         s.duration("cooldown", defaultCooldown, 0, maxCooldown),
		MerchantTypes:    s.texts("merchant_type"),
		TransactionTypes: s.texts("transaction_type"),
	}
	kind := s.oneOf("type", "", typeNames()...)
	for _, t := range types {
		if t.name == kind && s.err == nil {
			r.Condition = t.read(s)
		}
	}
	if _, compares := r.Condition.(MerchantsWithin); compares && len(r.MerchantTypes) == 1 {
		s.fail("merchant_type", "must be more than one for a rule that compares them")
	}
	if s.err == nil {
		r.Reason = s.text("reason", r.Condition.String())
	}
	return r, s.finish()
}

// types are the types of rules, in the order in which they are told.
var types = []struct {
	name string
	is   func(Condition) bool
	read func(*section) Condition
}{
	{"amount", is[AmountAbove], func(s *section) Condition { return AmountAbove{s.amount("above")} }},
	{"count", is[CountWithin], func(s *section) Condition { return CountWithin{s.count(0, 2), s.window()} }},
	{"sum", is[SumWithin], func(s *section) Condition { return SumWithin{s.amount("above"), s.window()} }},
	{"merchants", is[MerchantsWithin], func(s *section) Condition { return MerchantsWithin{s.window()} }},
	{"small-then-large", is[SmallThenLarge], func(s *section) Condition {
		c := SmallThenLarge{Small: s.amount("small"), Large: s.amount("large"), Count: s.count(1, 1), Span: s.window()}
		if s.err == nil && c.Large <= c.Small {
			s.fail("large", "must be more than small")
		}
		return c
	}},
}

func is[T Condition](c Condition) bool { _, ok := c.(T); return ok }

// typeOf is what the file calls a condition.
func typeOf(c Condition) string {
	for _, t := range types {
		if t.is(c) {
			return t.name
		}
	}
	return fmt.Sprintf("%T", c)
}

func typeNames() []string {
	var names []string
	for _, t := range types {
		names = append(names, t.name)
	}
	return names
}

// section is a mapping whose keys are taken one by one. The first thing that is wrong with it stays in err.
type section struct {
	file *file
	rule string
	at   *yaml.Node
	keys map[string]*yaml.Node // name to key; its value follows in at.Content
	left []string              // keys that nobody has asked for
	err  error
}

// section opens a mapping.
func (f *file) section(n *yaml.Node) (*section, error) {
	if n.Kind != yaml.MappingNode {
		return nil, f.refuse(n, "must be keys and values")
	}
	s := &section{file: f, at: n, keys: make(map[string]*yaml.Node)}
	for i := 0; i < len(n.Content); i += 2 {
		key := n.Content[i]
		if key.Kind != yaml.ScalarNode || s.keys[key.Value] != nil {
			return nil, &FileError{File: f.name, Line: key.Line, Key: key.Value, Must: "must be there once"}
		}
		s.keys[key.Value] = key
		s.left = append(s.left, key.Value)
	}
	return s, nil
}

// take returns the value of a key, nil if there is none.
func (s *section) take(key string) *yaml.Node {
	s.left = slices.DeleteFunc(s.left, func(k string) bool { return k == key })
	for i := 0; i < len(s.at.Content); i += 2 {
		if s.at.Content[i].Value == key {
			return s.at.Content[i+1]
		}
	}
	return nil
}

// fail notes that the value of a key, or its absence, is wrong.
func (s *section) fail(key, must string) {
	if s.err != nil {
		return
	}
	e := &FileError{File: s.file.name, Line: s.at.Line, Rule: s.rule, Key: key, Must: must}
	if n := s.take(key); n != nil {
		e.Line, e.Value = n.Line, n.Value
	}
	s.err = e
}

// finish refuses the keys that are left.
func (s *section) finish() error {
	if s.err == nil && len(s.left) > 0 {
		key := s.left[0]
		s.err = &FileError{File: s.file.name, Line: s.keys[key].Line, Rule: s.rule, Key: key, Value: s.take(key).Value, Must: "unknown key"}
	}
	return s.err
}

// scalar returns the text of a key, false if there is none. It is not for aliases, lists and nothing at all.
func (s *section) scalar(key string) (string, bool) {
	n := s.take(key)
	if n == nil {
		return "", false
	}
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" || n.Value == "" {
		s.fail(key, "must be a value")
		return "", false
	}
	return n.Value, true
}

// text returns a text; an empty fallback means that there has to be one.
func (s *section) text(key, fallback string) string {
	value, ok := s.scalar(key)
	if !ok {
		if fallback == "" {
			s.fail(key, "must be set")
		}
		return fallback
	}
	if len(value) > 256 {
		s.fail(key, "must be at most 256 bytes")
	}
	return value
}

// oneOf returns one of some texts.
func (s *section) oneOf(key, fallback string, allowed ...string) string {
	value := s.text(key, fallback)
	if s.err == nil && !slices.Contains(allowed, value) {
		s.fail(key, "must be one of "+strings.Join(allowed, ", "))
	}
	return value
}

// texts returns a text or a list of them, nil if there is none.
func (s *section) texts(key string) []string {
	n := s.take(key)
	if n == nil {
		return nil
	}
	entries := n.Content
	if n.Kind == yaml.ScalarNode {
		entries = []*yaml.Node{n}
	}
	var texts []string
	for _, entry := range entries {
		if entry.Kind != yaml.ScalarNode || entry.Tag == "!!null" || entry.Value == "" || len(entry.Value) > 256 {
			s.fail(key, "must be a text of at most 256 bytes, or a list of them")
			return nil
		}
		texts = append(texts, entry.Value)
	}
	if len(texts) == 0 {
		s.fail(key, "must have an entry, or not be there")
	}
	return texts
}

// duration returns whole milliseconds.
func (s *section) duration(key string, fallback, least, most time.Duration) time.Duration {
	value, ok := s.scalar(key)
	if !ok {
		return fallback
	}
	d, err := time.ParseDuration(value)
	if err != nil || d < least || d > most || d%time.Millisecond != 0 {
		s.fail(key, fmt.Sprintf("must be a duration in whole milliseconds, such as 500ms, 30s, 1h30m, from %v to %v", least, most))
	}
	return d
}

// window returns how far a rule looks back.
func (s *section) window() time.Duration {
	d := s.duration("window", 0, time.Millisecond, maxWindow)
	if d == 0 {
		s.fail("window", "must be set")
	}
	return d
}

var amountForm = regexp.MustCompile(`^[0-9]{1,8}(\.[0-9]{1,2})?$`)

// amount returns an amount above 0.
func (s *section) amount(key string) fraud.Cents {
	const must = "must be an amount from 0.01 to 99999999.99 with at most two places, such as 1500 or 19.99"
	value, ok := s.scalar(key)
	if !ok {
		s.fail(key, must)
		return 0
	}
	if !amountForm.MatchString(value) {
		s.fail(key, must)
		return 0
	}
	whole, places, _ := strings.Cut(value, ".")
	cents, err := strconv.ParseInt(whole+(places + "00")[:2], 10, 64)
	if err != nil || cents <= 0 || cents > maxAmount {
		s.fail(key, must)
	}
	return fraud.Cents(cents)
}

// count returns a number of transactions; a fallback of 0 means that there has to be one.
func (s *section) count(fallback, least int) int {
	value, ok := s.scalar("count")
	if !ok && fallback > 0 {
		return fallback
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < least || n > maxCount {
		s.fail("count", fmt.Sprintf("must be a number from %d to %d", least, maxCount))
	}
	return n
}
