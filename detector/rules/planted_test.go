package rules_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"sluice/detector/rules"
	"sluice/producer/scenario"
)

// The limits of plantedRules are just met by the fraud of this scenario, and just missed by its decoys and its background.
const plantedFraud = `
time: {start: 2026-01-05 08:00:00, duration: 24h}
quiet: 1h
background:
  accounts: {first: 1, count: 60}
  interval: {mean: 30m, min: 10m}
  amount: {min: 1.00, max: 400.00}
  late: {share: 0.05, by: 40m}
fraud:
  - {name: large, kind: amount, accounts: {first: 1, count: 5}, amount: 4000.01}
  - {name: many, kind: velocity, accounts: {first: 6, count: 5}, count: 10, window: 1h, amount: 2}
  - {name: many, kind: velocity, accounts: {first: 100, count: 5}, count: 10, window: 1h, amount: 2, late: 50m}
  - {name: dear, kind: sum, accounts: {first: 11, count: 5}, count: 6, window: 1h, sum: 4800.00}
  - {name: twice, kind: merchant-types, accounts: {first: 16, count: 5}, window: 500ms, amount: 2}
  - {name: tried, kind: small-then-large, accounts: {first: 21, count: 5}, small: 0.50, large: 900.00, window: 1m}
  - {name: tried, kind: small-then-large, accounts: {first: 110, count: 5}, small: 0.50, large: 900.00, window: 1m, late: 40s}
  - {name: not large, kind: amount, accounts: {first: 31, count: 5}, amount: 4000.00, decoy: true}
  - {name: not many, kind: velocity, accounts: {first: 36, count: 5}, count: 9, window: 1h, amount: 2, decoy: true}
  - {name: not dear, kind: sum, accounts: {first: 41, count: 5}, count: 6, window: 1h, sum: 4799.99, decoy: true}
  - {name: not tried, kind: small-then-large, accounts: {first: 46, count: 5}, small: 0.51, large: 900.00, window: 1m, decoy: true}
`

const plantedRules = `
rules:
  - {name: large, type: amount, above: 4000.00}
  - {name: many, type: count, count: 10, window: 1h}
  - {name: dear, type: sum, above: 4799.99, window: 1h}
  - {name: twice, type: merchants, window: 500ms}
  - {name: tried, type: small-then-large, small: 0.50, large: 900.00, window: 1m}
`

// Every plant raises one flag, at its last transaction, and nothing else does: recall and precision are both 1.
func TestPlantedFraudIsFound(t *testing.T) {
	set, err := rules.Parse("planted", strings.NewReader(plantedRules))
	if err != nil {
		t.Fatal(err)
	}
	s, err := scenario.Parse([]byte(plantedFraud))
	if err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(3) {
		var truth bytes.Buffer
		play := s.Play(seed+1, &truth)
		accounts := make(map[int64]*rules.Account)
		var got, want []string
		transactions := 0
		for e := range play.Events() {
			tr := e.Transaction.Row()
			transactions++
			if !set.Concerns(&tr) {
				continue
			}
			a := accounts[tr.AccountID.Value]
			if a == nil {
				a = new(rules.Account)
				accounts[tr.AccountID.Value] = a
			}
			row, _ := rules.RowOf(&tr)
			for _, hit := range a.Add(set, row) {
				if hit.Outcome == rules.Raised {
					got = append(got, hit.Rule.Name+" "+hit.At.TransactionID.Value)
				}
			}
		}
		if err := play.Finish(); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(truth.String()) {
			if !strings.HasPrefix(line, `{"record":"fraud"`) {
				continue
			}
			var f scenario.TruthFraud
			if err := json.Unmarshal([]byte(line), &f); err != nil {
				t.Fatal(err)
			}
			if f.Fraud {
				want = append(want, f.Name+" "+f.TransactionIDs[len(f.TransactionIDs)-1])
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("seed %d: got  %q\nwant %q", seed+1, got, want)
		}
		if len(want) != 35 || transactions < 1000 {
			t.Errorf("seed %d: %d plants in %d transactions, so this shows little", seed+1, len(want), transactions)
		}
	}
}
