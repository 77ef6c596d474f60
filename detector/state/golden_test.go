package state

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"sluice/internal/capturedtest"
	"sluice/internal/fraud"
)

// goldenCase is a line of detector-golden.jsonl: what a real Flink 1.15.2 job made of some records, byte for byte.
type goldenCase struct {
	Case            string
	FlaggedAccounts []*string `json:"flagged_accounts"`
	Transactions    []*string
	ValueEncoding   string   `json:"value_encoding"`
	ArrivalOrder    []string `json:"arrival_order"`
	Expected        json.RawMessage
}

func mustReadGolden(t testing.TB) []goldenCase {
	t.Helper()
	return capturedtest.Cases[goldenCase](t, "../testdata/detector-golden.jsonl", 322)
}

// value returns the bytes of a record, nil for one without a value.
func (c *goldenCase) value(t testing.TB, text *string) []byte {
	t.Helper()
	switch {
	case text == nil:
		return nil
	case c.ValueEncoding == "base64":
		value, err := base64.StdEncoding.DecodeString(*text)
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
	return []byte(*text)
}

// decode returns the rows of a case; nil stands for a record without one.
func (c *goldenCase) decode(t testing.TB) (flags []*fraud.FlaggedAccount, rows []*fraud.Transaction, err error) {
	t.Helper()
	for _, text := range c.FlaggedAccounts {
		f, ok, err := fraud.DecodeFlaggedAccount(c.value(t, text))
		if err != nil {
			return nil, nil, err
		}
		flags = append(flags, nil)
		if ok {
			flags[len(flags)-1] = &f
		}
	}
	for _, text := range c.Transactions {
		tr, ok, err := fraud.DecodeTransaction(c.value(t, text))
		if err != nil {
			return nil, nil, err
		}
		rows = append(rows, nil)
		if ok {
			rows[len(rows)-1] = &tr
		}
	}
	return flags, rows, nil
}

// Every golden case, in Flink's order and shuffled, over 1, 2 and 5 partitions, with a crash after every step.
func TestGoldenCasesWithCrashes(t *testing.T) {
	for i, c := range mustReadGolden(t) {
		flags, rows, err := c.decode(t)
		if string(c.Expected) == `"job-fails"` {
			if err == nil {
				t.Errorf("%s: Flink's job fails on this, and every record was read", c.Case)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.Case, err)
			continue
		}
		var want []string
		if err := json.Unmarshal(c.Expected, &want); err != nil {
			t.Fatal(err)
		}
		slices.Sort(want)
		for _, partitions := range []int{1, 2, 5} {
			for seed := min(1, partitions-1); seed < 2; seed++ { // Flink's order for one partition, where it is one
				t.Run(fmt.Sprintf("%s/%d/%d", c.Case, partitions, seed), func(t *testing.T) {
					rng := rand.New(rand.NewPCG(uint64(i), uint64(seed)))
					order := slices.Clone(c.ArrivalOrder)
					if seed > 0 {
						rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
					}
					w := newWorld(t, min(2, partitions), partitions)
					crashes := min(len(order), 12) // of long cases those of the first steps, and one at the end
					for step, entry := range order {
						n, err := strconv.Atoi(entry[1:])
						if err != nil {
							t.Fatal(err)
						}
						if entry[0] == 'F' {
							p := n % len(w.flags)
							w.flags[p] = append(w.flags[p], flags[n])
							w.readFlag(p)
						} else {
							p := n % partitions
							w.rows[p] = append(w.rows[p], rows[n])
						}
						for p := range w.shards {
							for w.readRow(p, rng.IntN(2) == 0) {
							}
							for w.join(p) {
							}
							if rng.IntN(3) > 0 { // else what was emitted is lost with the crash
								w.commit(p)
							}
						}
						if rng.IntN(3) == 0 {
							w.must(w.store.Save())
						}
						if step < crashes || step == len(order)-1 {
							w.crash(0)
						}
					}
					if got := w.finish(); !slices.Equal(got, want) {
						t.Errorf("order %v\n got %q\nwant %q", order, got, want)
					}
				})
			}
		}
	}
}
