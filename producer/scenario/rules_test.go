package scenario_test

import (
	"maps"
	"strings"
	"testing"

	"sluice/detector/rules"
	"sluice/internal/fraud"
	"sluice/producer/scenario"
)

// exampleRules have limits between the example's background, its decoys and its fraud. They are named for what they look for.
const exampleRules = `
rules:
  - {name: amount, type: amount, above: 1000}
  - {name: velocity, type: count, count: 10, window: 1m}
  - {name: sum, type: sum, above: 4799.99, window: 10m}
  - {name: merchant-types, type: merchants, window: 5s}
  - {name: small-then-large, type: small-then-large, small: 2.00, large: 900.00, count: 1, window: 1m}
`

// The detector's rules find every plant of the example at its last transaction, and nothing else, in the order in which the transactions arrive.
func TestDetectorsRulesFindThePlants(t *testing.T) {
	set, err := rules.Parse("example", strings.NewReader(exampleRules))
	must(t, err)
	type hit struct{ rule, id string }
	for seed := range uint64(3) {
		p := mustPlay(t, mustLoad(t, example), seed+1)
		want := map[hit]int{}
		for _, f := range p.frauds {
			if !f.Fraud {
				continue
			}
			last := f.TransactionIDs[len(f.TransactionIDs)-1]
			want[hit{string(f.Kind), last}]++
			if f.Kind == scenario.AmountSpike { // one of 5,000 is a sum by itself
				want[hit{"sum", last}]++
			}
		}
		got := map[hit]int{}
		accounts := map[int64]*rules.Account{}
		for _, e := range p.events {
			if e.Transaction == nil {
				continue
			}
			tr, ok, err := fraud.DecodeTransaction(e.Transaction.AppendValue(nil))
			if !ok || err != nil {
				t.Fatal(ok, err)
			}
			row, ok := rules.RowOf(&tr)
			if !ok {
				t.Fatal("a transaction concerns no rule")
			}
			account := accounts[tr.AccountID.Value]
			if account == nil {
				account = new(rules.Account)
				accounts[tr.AccountID.Value] = account
			}
			for _, h := range account.Add(set, row) {
				got[hit{h.Rule.Name, h.At.TransactionID.Value}]++
			}
		}
		if !maps.Equal(got, want) || len(want) != 35 {
			t.Errorf("seed %d: the rules find %v, planted is %v", seed+1, got, want)
		}
	}
}
