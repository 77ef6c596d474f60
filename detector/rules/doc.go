// Package rules finds accounts that behave like fraud, by rules that look at the
// transactions of one account: an amount above a limit, so many transactions in
// a window, a sum in a window, two merchant types within seconds, a small charge
// and then a large one. It decides and remembers; it reads no topic, knows no
// clock and starts nothing.
//
//	rules.yaml ─> Load ─> Set
//	transaction ─> Set.Concerns ─> Account.Add ─> hits: a flag to raise, or only a count
//
// The parts:
//
//	rule.go       a rule: its name, filters, mode and condition
//	condition.go  the five conditions, each a small pure type
//	account.go    what is remembered of an account, and when a rule hits
//	encode.go     the same as bytes
//	file.go       the YAML file
//	stats.go      counters
//
// # When a rule hits
//
// Time is that of the transactions: transaction_date. A condition is asked at a
// transaction, about that one and those of the same account that are dated within
// the window before it; one of exactly the same date counts as before it, and one
// of exactly a window earlier no more. The hits of an account are the transactions
// at which the condition holds. All conditions are such that a further transaction
// makes none of them untrue, so the hits of a set of transactions are the same in
// whatever order they arrive: one that comes late completes the windows that it
// belongs to. That is exact as long as none comes more than a window (of the rule
// with the longest) behind the latest of its account, and as long as no more than
// [MaxRows] are within twice the window; what is older is forgotten.
//
// A hit raises a flag, dated as the transaction it is at, unless the rule has raised
// one for the account whose date is less than the cooldown away.
//
// A transaction without account or date concerns no rule. One without an amount
// concerns those that do not look at amounts.
package rules
