package rules

import "sync/atomic"

// Stats is what a rule has done since the process started. A transaction that is
// evaluated again, because a commit did not succeed, is counted again.
//
// Hits is Raised, Shadowed and Suppressed together.
type Stats struct {
	Name       string
	Type       string
	Mode       Mode
	Evaluated  int64 // transactions that the rule looks at
	Hits       int64
	Raised     int64 // flags
	Shadowed   int64 // hits that a rule in flag mode would have raised a flag for
	Suppressed int64 // hits within the cooldown
}

// Counters are the live form of Stats. They are safe for concurrent use.
type Counters struct {
	set   *Set
	rules []ruleCounters
}

type ruleCounters struct {
	evaluated atomic.Int64
	outcomes  [Suppressed + 1]atomic.Int64
}

// NewCounters makes the counters of a set, at 0.
func NewCounters(s *Set) *Counters {
	return &Counters{set: s, rules: make([]ruleCounters, len(s.Rules))}
}

// Count counts a transaction and the hits that it made.
func (c *Counters) Count(row *Row, hits []Hit) {
	for i, r := range c.set.Rules {
		if r.Concerns(row) {
			c.rules[i].evaluated.Add(1)
		}
	}
	for i := range hits {
		c.rules[hits[i].Index].outcomes[hits[i].Outcome].Add(1)
	}
}

// Stats returns a snapshot, in the order of the file.
func (c *Counters) Stats() []Stats {
	all := make([]Stats, len(c.rules))
	for i, r := range c.set.Rules {
		n := &c.rules[i]
		s := &all[i]
		*s = Stats{
			Name: r.Name, Type: typeOf(r.Condition), Mode: r.Mode,
			Raised: n.outcomes[Raised].Load(), Shadowed: n.outcomes[Shadowed].Load(), Suppressed: n.outcomes[Suppressed].Load(),
		}
		s.Hits = s.Raised + s.Shadowed + s.Suppressed
		s.Evaluated = n.evaluated.Load()
	}
	return all
}
