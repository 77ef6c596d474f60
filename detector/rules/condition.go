package rules

import (
	"fmt"
	"iter"
	"time"

	"sluice/internal/fraud"
)

// Row is what rules look at in a transaction. It has an account and a date.
type Row struct {
	Date            fraud.Timestamp
	Amount          fraud.Nullable[fraud.Cents]
	MerchantType    fraud.Nullable[string]
	TransactionType fraud.Nullable[string]
	TransactionID   fraud.Nullable[string]
}

// RowOf returns the row of a transaction; false says that it has no account or
// no date, and concerns no rule.
func RowOf(t *fraud.Transaction) (Row, bool) {
	return Row{
		Date: t.Date.Value, Amount: t.Amount,
		MerchantType: t.MerchantType, TransactionType: t.TransactionType, TransactionID: t.TransactionID,
	}, t.AccountID.Valid && t.Date.Valid
}

// Condition is what a type of rule says. It is pure, and one more row before a
// row at which it holds does not make it untrue there.
type Condition interface {
	// Concerns reports whether the row can be one of those that make the condition hold.
	Concerns(*Row) bool
	// Window is how far before a row the condition looks, 0 if it looks at the row alone.
	Window() time.Duration
	// Counts reports whether a row that it concerns can make the condition hold at a later one.
	Counts(*Row) bool
	// Holds is asked at a row that it concerns. before are the others within the
	// window that count, the latest first.
	Holds(at *Row, before iter.Seq[*Row]) bool
	// String says what the condition is, as the reason of a flag that has no other.
	String() string
}

// AmountAbove holds at a transaction of more than a limit.
type AmountAbove struct{ Limit fraud.Cents }

// Concerns reports whether the amount is above the limit.
func (c AmountAbove) Concerns(r *Row) bool { return r.Amount.Valid && r.Amount.Value > c.Limit }

// Counts is false.
func (c AmountAbove) Counts(*Row) bool { return false }

// Window is 0.
func (c AmountAbove) Window() time.Duration { return 0 }

// Holds is true: other transactions are no concern of the rule.
func (c AmountAbove) Holds(*Row, iter.Seq[*Row]) bool { return true }

func (c AmountAbove) String() string {
	return fmt.Sprintf("a transaction of more than %s", plain(c.Limit))
}

// CountWithin holds at the Count-th transaction in a window and those after it.
type CountWithin struct {
	Count int // at least 2
	Span  time.Duration
}

// Concerns is true.
func (c CountWithin) Concerns(*Row) bool { return true }

// Counts is true.
func (c CountWithin) Counts(*Row) bool { return true }

// Window returns the span.
func (c CountWithin) Window() time.Duration { return c.Span }

// Holds counts.
func (c CountWithin) Holds(_ *Row, before iter.Seq[*Row]) bool { return atLeast(before, c.Count-1) }

func (c CountWithin) String() string {
	return fmt.Sprintf("%d transactions within %v", c.Count, c.Span)
}

// SumWithin holds where the amounts in a window are more than a limit together.
// Refunds, which are negative, do not count.
type SumWithin struct {
	Limit fraud.Cents
	Span  time.Duration
}

// Concerns reports whether the amount is positive.
func (c SumWithin) Concerns(r *Row) bool { return r.Amount.Valid && r.Amount.Value > 0 }

// Counts is true.
func (c SumWithin) Counts(*Row) bool { return true }

// Window returns the span.
func (c SumWithin) Window() time.Duration { return c.Span }

// Holds adds.
func (c SumWithin) Holds(at *Row, before iter.Seq[*Row]) bool {
	sum := at.Amount.Value
	if sum > c.Limit {
		return true
	}
	for r := range before {
		if sum += r.Amount.Value; sum > c.Limit {
			return true
		}
	}
	return false
}

func (c SumWithin) String() string {
	return fmt.Sprintf("more than %s within %v", plain(c.Limit), c.Span)
}

// MerchantsWithin holds at a transaction of one merchant type that follows one of
// another: a card that is in a store and online within seconds.
type MerchantsWithin struct{ Span time.Duration }

// Concerns reports whether the merchant type is known.
func (c MerchantsWithin) Concerns(r *Row) bool { return r.MerchantType.Valid }

// Counts is true.
func (c MerchantsWithin) Counts(*Row) bool { return true }

// Window returns the span.
func (c MerchantsWithin) Window() time.Duration { return c.Span }

// Holds compares.
func (c MerchantsWithin) Holds(at *Row, before iter.Seq[*Row]) bool {
	for r := range before {
		if r.MerchantType.Value != at.MerchantType.Value {
			return true
		}
	}
	return false
}

func (c MerchantsWithin) String() string { return fmt.Sprintf("two merchant types within %v", c.Span) }

// SmallThenLarge holds at a transaction of Large or more that follows Count or
// more of Small or less, but not negative: cards are tried out that way.
type SmallThenLarge struct {
	Small, Large fraud.Cents // Small is the lesser
	Count        int         // of small ones, at least 1
	Span         time.Duration
}

// Concerns reports whether the amount is a small or a large one.
func (c SmallThenLarge) Concerns(r *Row) bool { return c.small(r) || c.large(r) }

func (c SmallThenLarge) small(r *Row) bool {
	return r.Amount.Valid && r.Amount.Value >= 0 && r.Amount.Value <= c.Small
}

func (c SmallThenLarge) large(r *Row) bool { return r.Amount.Valid && r.Amount.Value >= c.Large }

// Counts reports whether the amount is a small one.
func (c SmallThenLarge) Counts(r *Row) bool { return c.small(r) }

// Window returns the span.
func (c SmallThenLarge) Window() time.Duration { return c.Span }

// Holds counts the small ones before a large one.
func (c SmallThenLarge) Holds(at *Row, before iter.Seq[*Row]) bool {
	return c.large(at) && atLeast(before, c.Count)
}

func (c SmallThenLarge) String() string {
	return fmt.Sprintf("%d of at most %s and then one of at least %s within %v", c.Count, plain(c.Small), plain(c.Large), c.Span)
}

// atLeast reports whether there are n rows, without looking at more.
func atLeast(rows iter.Seq[*Row], n int) bool {
	if n <= 0 {
		return true
	}
	for range rows {
		if n--; n == 0 {
			return true
		}
	}
	return false
}

// plain writes an amount as people do, which Cents.String does not: 1520.00, not 1.52E+3.
func plain(c fraud.Cents) string { return fmt.Sprintf("%d.%02d", c/100, c%100) }
