package detector

import (
	"slices"

	"sluice/internal/fraud"
)

// Matches is the rule: a transaction is flagged if its account is and its date
// is later than the date of the flag, to the millisecond. NULL on either side
// matches nothing.
func Matches(t *fraud.Transaction, f *fraud.FlaggedAccount) bool {
	return t.AccountID.Valid && f.AccountID.Valid && t.AccountID.Value == f.AccountID.Value &&
		t.Date.Valid && f.FlagDate.Valid && t.Date.Value > f.FlagDate.Value
}

// Join is the state of the join: every flag and every transaction it was given,
// by account, in memory. Each pair for which [Matches] holds comes out once, at
// the arrival of whichever of the two came second, whatever the order.
//
// The zero value is an empty join. A Join is not safe for concurrent use.
//
// Flink: StreamingJoinOperator, inner join without unique keys. Differs: rows
// without account or date are not kept, since they can never match.
type Join struct {
	accounts map[int64]*account
	strings  dictionary
	size     JoinSize
}

// JoinSize says how much a [Join] holds.
type JoinSize struct {
	Accounts     int
	Flags        int
	Transactions int
	Bytes        int64 // of the stored transactions; flags and accounts take some hundred bytes each beyond it
}

// account is what is known of one account.
type account struct {
	flags []fraud.Timestamp // ascending
	rows  rows
}

// Size returns how much the join holds.
func (j *Join) Size() JoinSize {
	s := j.size
	s.Accounts = len(j.accounts)
	return s
}

// AddTransaction takes a transaction and returns how many flags it matches: so
// many times it belongs to the output.
func (j *Join) AddTransaction(t *fraud.Transaction) int {
	if !t.AccountID.Valid || !t.Date.Valid {
		return 0
	}
	a := j.account(t.AccountID.Value)
	j.size.Bytes += int64(a.rows.add(t, &j.strings))
	j.size.Transactions++
	earlier, _ := slices.BinarySearch(a.flags, t.Date.Value)
	return earlier
}

// AddFlag takes a flag and calls emit for every transaction that it matches
// among those added before it. The first error of emit ends the calls and is
// returned; the flag has been taken nonetheless. emit must not call the join,
// and the transaction is its own until it returns.
func (j *Join) AddFlag(f *fraud.FlaggedAccount, emit func(*fraud.Transaction) error) error {
	if !f.AccountID.Valid || !f.FlagDate.Valid {
		return nil
	}
	a := j.account(f.AccountID.Value)
	at, _ := slices.BinarySearch(a.flags, f.FlagDate.Value)
	a.flags = slices.Insert(a.flags, at, f.FlagDate.Value)
	j.size.Flags++
	return a.rows.since(f.AccountID.Value, f.FlagDate.Value, &j.strings, emit)
}

// account returns the state of an account.
func (j *Join) account(id int64) *account {
	a := j.accounts[id]
	if a == nil {
		if j.accounts == nil {
			j.accounts = make(map[int64]*account)
		}
		a = new(account)
		j.accounts[id] = a
	}
	return a
}
