package detector

import "sluice/internal/fraud"

// Matches is the rule: a transaction is flagged if its account is and its date
// is later than the date of the flag, to the millisecond. NULL on either side
// matches nothing.
//
// A transaction that matches several flags is emitted once for each of them,
// whatever the order in which they arrive. Package state does that for more of
// both than memory holds.
//
// Flink: StreamingJoinOperator, inner join without unique keys.
func Matches(t *fraud.Transaction, f *fraud.FlaggedAccount) bool {
	return t.AccountID.Valid && f.AccountID.Valid && t.AccountID.Value == f.AccountID.Value &&
		t.Date.Valid && f.FlagDate.Valid && t.Date.Value > f.FlagDate.Value
}
