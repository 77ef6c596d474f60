package rules

import (
	"slices"
	"time"

	"sluice/internal/fraud"
)

// Mode says what becomes of the hits of a rule.
type Mode string

// The modes.
const (
	Flag   Mode = "flag"   // a flag is raised
	Shadow Mode = "shadow" // they are only counted, to see what the rule would do
)

// Rule is one entry of the file. Make rules with [Parse]; a zero Rule is none.
type Rule struct {
	Name      string
	Mode      Mode
	Condition Condition
	// Cooldown is how far the dates of two flags for one account are apart at least. 0 raises one for every hit.
	Cooldown time.Duration
	// MerchantTypes and TransactionTypes, if not empty, are those that the rule looks at; what has none is passed over.
	MerchantTypes, TransactionTypes []string
	Reason                          string // of the flag, for people
	Severity                        string // one of Severities
}

// Severities are what the severity of a rule may be.
var Severities = []string{"low", "medium", "high", "critical"}

// Concerns reports whether the rule looks at a row.
func (r *Rule) Concerns(row *Row) bool {
	return accepts(r.MerchantTypes, row.MerchantType) && accepts(r.TransactionTypes, row.TransactionType) && r.Condition.Concerns(row)
}

// accepts reports whether a column passes a filter.
func accepts(filter []string, column fraud.Nullable[string]) bool {
	return len(filter) == 0 || column.Valid && slices.Contains(filter, column.Value)
}

// Set is the rules of a file. It is not changed after it was made, and may be
// used from any goroutine.
type Set struct {
	Rules  []*Rule
	window time.Duration // of the rule with the longest
}

// NewSet makes a set of rules, whose names differ.
func NewSet(rules ...*Rule) *Set {
	s := &Set{Rules: rules}
	for _, r := range rules {
		s.window = max(s.window, r.Condition.Window())
	}
	return s
}

// Concerns reports whether any rule looks at a transaction. Others need not be
// given to [Account.Add]; it would make no difference.
func (s *Set) Concerns(t *fraud.Transaction) bool {
	row, ok := RowOf(t)
	return ok && slices.ContainsFunc(s.Rules, func(r *Rule) bool { return r.Concerns(&row) })
}

// index returns the place of the rule with a name, -1 if there is none.
func (s *Set) index(name string) int {
	return slices.IndexFunc(s.Rules, func(r *Rule) bool { return r.Name == name })
}
