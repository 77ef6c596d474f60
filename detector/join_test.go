package detector_test

import (
	"testing"

	"sluice/detector"
	"sluice/internal/fraud"
)

// model is the join as one would say it: what the detector does on disk, position by position, is compared with it.
type model struct {
	flags        []fraud.FlaggedAccount
	transactions []fraud.Transaction
}

// addFlag emits every transaction added before that the flag matches.
func (m *model) addFlag(f fraud.FlaggedAccount, emit func(*fraud.Transaction)) {
	m.flags = append(m.flags, f)
	for i := range m.transactions {
		if detector.Matches(&m.transactions[i], &f) {
			emit(&m.transactions[i])
		}
	}
}

// addTransaction emits the transaction for every flag added before that matches it.
func (m *model) addTransaction(t fraud.Transaction, emit func(*fraud.Transaction)) {
	m.transactions = append(m.transactions, t)
	for i := range m.flags {
		if detector.Matches(&t, &m.flags[i]) {
			emit(&t)
		}
	}
}

func TestMatchesIsStrictAndNullIsNeverTrue(t *testing.T) {
	at := func(account int64, date fraud.Timestamp) (fraud.Transaction, fraud.FlaggedAccount) {
		return fraud.Transaction{AccountID: fraud.Of(account), Date: fraud.Of(date)}, fraud.FlaggedAccount{AccountID: fraud.Of(account), FlagDate: fraud.Of(date)}
	}
	tr, same := at(1, 100)
	_, before := at(1, 99)
	_, other := at(2, 99)
	for _, c := range []struct {
		name string
		t    fraud.Transaction
		f    fraud.FlaggedAccount
		want bool
	}{
		{"flagged a millisecond before", tr, before, true},
		{"flagged in the same millisecond", tr, same, false},
		{"another account", tr, other, false},
		{"transaction of NULLs", fraud.Transaction{}, before, false},
		{"flag of NULLs", tr, fraud.FlaggedAccount{}, false},
		{"both of NULLs", fraud.Transaction{}, fraud.FlaggedAccount{}, false},
	} {
		if got := detector.Matches(&c.t, &c.f); got != c.want {
			t.Errorf("%s: got %v", c.name, got)
		}
	}
}
