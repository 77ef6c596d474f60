package rules

import (
	"cmp"
	"iter"
	"math"
	"slices"
	"time"

	"sluice/internal/fraud"
)

// MaxRows is how many transactions of one account are remembered at most: those
// with the latest dates.
const MaxRows = 1000

const (
	recentRows = 8    // arrivals whose dates say what is too old to matter
	maxMarks   = 1000 // flags of one account that are remembered
)

// Account is what is remembered of one account: the transactions that may yet be
// part of a hit, and the flags that were raised. It follows from the transactions
// that were added, in their order, and from nothing else, so that a process which
// adds them again has the same one. The zero value is an account without
// transactions. It belongs to one goroutine.
//
// How old is too old is measured from the dates of the last arrivals, and not from
// the latest date ever seen: a single transaction with a date far in the future
// would switch the rules off for its account.
type Account struct {
	rows   []Row             // in the order of their dates, and of their arrival among equal ones
	recent []fraud.Timestamp // dates of the last arrivals, the oldest first
	marks  []mark
}

// mark is a flag that was raised, or would have been.
type mark struct {
	rule   string
	shadow bool
	date   fraud.Timestamp
}

// Outcome says what becomes of a hit.
type Outcome int

// The outcomes.
const (
	Raised     Outcome = iota // a flag is to be raised
	Shadowed                  // it would be, but the rule only counts
	Suppressed                // one was raised less than the cooldown away
)

// Hit is a transaction at which a rule holds now, and did not before.
type Hit struct {
	Rule    *Rule
	Index   int // of the rule in its set
	At      Row
	Outcome Outcome
}

// Add takes the next transaction and returns the hits that it makes, by rule and
// date. Most make none; one that comes late can make several.
func (a *Account) Add(s *Set, row Row) []Hit {
	at, _ := slices.BinarySearchFunc(a.rows, row.Date, func(r Row, date fraud.Timestamp) int {
		if r.Date <= date {
			return -1
		}
		return 1
	})
	a.rows = slices.Insert(a.rows, at, row)
	var hits []Hit
	for i, r := range s.Rules {
		if !r.Concerns(&row) {
			continue
		}
		for j := range a.affected(r.Condition, at) {
			if a.hits(r, j, at) {
				hits = append(hits, Hit{Rule: r, Index: i, At: a.rows[j], Outcome: a.outcome(r, a.rows[j].Date)})
			}
		}
	}
	a.forget(s, row.Date)
	return hits
}

// affected are the rows at which the new one, at its place, may make a condition hold.
func (a *Account) affected(c Condition, at int) iter.Seq[int] {
	return func(yield func(int) bool) {
		if !c.Counts(&a.rows[at]) {
			yield(at)
			return
		}
		first, date := at, a.rows[at].Date
		for first > 0 && a.rows[first-1].Date == date {
			first--
		}
		for j := first; j < len(a.rows) && distance(a.rows[j].Date, date) < span(c.Window()); j++ {
			if !yield(j) {
				return
			}
		}
	}
}

// hits reports whether the rule holds at a row, and did not without the new one.
func (a *Account) hits(r *Rule, at, added int) bool {
	row := &a.rows[at]
	if !r.Concerns(row) || !r.Condition.Holds(row, a.before(r, at, -1)) {
		return false
	}
	return at == added || !r.Condition.Holds(row, a.before(r, at, added))
}

// before are the other rows in the window of one that count for the rule, the latest first, but one that is left out.
func (a *Account) before(r *Rule, at, but int) iter.Seq[*Row] {
	return func(yield func(*Row) bool) {
		date, window := a.rows[at].Date, span(r.Condition.Window())
		last := at
		for last+1 < len(a.rows) && a.rows[last+1].Date == date {
			last++
		}
		for j := last; j >= 0 && distance(date, a.rows[j].Date) < window; j-- {
			if j != at && j != but && r.Concerns(&a.rows[j]) && r.Condition.Counts(&a.rows[j]) && !yield(&a.rows[j]) {
				return
			}
		}
	}
}

// outcome decides on a hit, and remembers the flag.
func (a *Account) outcome(r *Rule, date fraud.Timestamp) Outcome {
	shadow := r.Mode == Shadow
	for _, m := range a.marks {
		if m.rule == r.Name && m.shadow == shadow && distance(max(date, m.date), min(date, m.date)) < span(r.Cooldown) {
			return Suppressed
		}
	}
	if r.Cooldown > 0 {
		a.marks = append(a.marks, mark{r.Name, shadow, date})
	}
	if shadow {
		return Shadowed
	}
	return Raised
}

// forget drops what no rule will ask for any more.
func (a *Account) forget(s *Set, date fraud.Timestamp) {
	if len(a.recent) == recentRows {
		a.recent = slices.Delete(a.recent, 0, 1)
	}
	a.recent = append(a.recent, date)
	earliest, latest := slices.Min(a.recent), slices.Max(a.recent)
	horizon := 2 * s.window
	first, last := 0, len(a.rows)
	for first < last && a.rows[first].Date <= earlier(earliest, horizon) {
		first++
	}
	for first < last && a.rows[last-1].Date >= later(latest, horizon) {
		last--
	}
	if horizon == 0 {
		first = last
	}
	first = max(first, last-MaxRows)
	a.rows = slices.Delete(a.rows, last, len(a.rows))
	a.rows = slices.Delete(a.rows, 0, first)
	a.marks = slices.DeleteFunc(a.marks, func(m mark) bool {
		i := s.index(m.rule)
		if i < 0 {
			return true
		}
		reach := horizon + s.Rules[i].Cooldown
		return m.date <= earlier(earliest, reach) || m.date >= later(latest, reach)
	})
	if len(a.marks) > maxMarks {
		slices.SortStableFunc(a.marks, func(a, b mark) int { return cmp.Compare(a.date, b.date) })
		a.marks = slices.Delete(a.marks, 0, len(a.marks)-maxMarks)
	}
}

// span is a duration in the unit of a timestamp's distances.
func span(d time.Duration) uint64 { return uint64(d.Milliseconds()) }

// distance is how much later than b a is, which it must not be less. Dates reach over all of int64.
func distance(a, b fraud.Timestamp) uint64 { return uint64(a) - uint64(b) }

// earlier and later stop at the ends of time.
func earlier(t fraud.Timestamp, d time.Duration) fraud.Timestamp {
	if ms := fraud.Timestamp(d.Milliseconds()); t >= math.MinInt64+ms {
		return t - ms
	}
	return math.MinInt64
}

func later(t fraud.Timestamp, d time.Duration) fraud.Timestamp {
	if ms := fraud.Timestamp(d.Milliseconds()); t <= math.MaxInt64-ms {
		return t + ms
	}
	return math.MaxInt64
}
