package scenario_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/internal/fraud"
	"sluice/producer"
	"sluice/producer/scenario"
)

const example = "../../configs/scenarios/card-fraud.yaml"

func mustLoad(t testing.TB, file string) *scenario.Scenario {
	t.Helper()
	s, err := scenario.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func mustParse(t testing.TB, text string) *scenario.Scenario {
	t.Helper()
	s, err := scenario.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// played is what came of a play.
type played struct {
	events       []producer.Event
	transactions []producer.Transaction // in the order of their dates
	records      string                 // all bytes, in the order of sending
	truth        string
	frauds       []scenario.TruthFraud
	pairs        []scenario.TruthPair
	end          scenario.TruthEnd
}

func mustPlay(t testing.TB, s *scenario.Scenario, seed uint64) played {
	t.Helper()
	var p played
	var truth, records bytes.Buffer
	play := s.Play(seed, &truth)
	for e := range play.Events() {
		p.events = append(p.events, e)
		if e.Flag != nil {
			fmt.Fprintf(&records, "%s %s\n", e.Flag.AppendKey(nil), e.Flag.AppendValue(nil))
			continue
		}
		p.transactions = append(p.transactions, *e.Transaction)
		fmt.Fprintf(&records, "%s %s\n", e.Transaction.AppendKey(nil), e.Transaction.AppendValue(nil))
	}
	if err := play.Finish(); err != nil {
		t.Fatal(err)
	}
	slices.SortStableFunc(p.transactions, func(a, b producer.Transaction) int { return a.Date.Compare(b.Date) })
	p.records, p.truth = records.String(), truth.String()
	for line := range strings.Lines(p.truth) {
		var kind struct{ Record string }
		must(t, json.Unmarshal([]byte(line), &kind))
		switch kind.Record {
		case "fraud":
			p.frauds = append(p.frauds, mustUnmarshal[scenario.TruthFraud](t, line))
		case "pair":
			p.pairs = append(p.pairs, mustUnmarshal[scenario.TruthPair](t, line))
		case "end":
			p.end = mustUnmarshal[scenario.TruthEnd](t, line)
		}
	}
	return p
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func mustUnmarshal[T any](t testing.TB, line string) (v T) {
	t.Helper()
	must(t, json.Unmarshal([]byte(line), &v))
	return v
}

func TestSameSeedSameBytes(t *testing.T) {
	s := mustLoad(t, example)
	first, second, other := mustPlay(t, s, 7), mustPlay(t, s, 7), mustPlay(t, s, 8)
	if first.records != second.records || first.truth != second.truth {
		t.Error("the same seed made something else")
	}
	if first.records == other.records {
		t.Error("another seed made the same")
	}
	if own := mustPlay(t, s, 0); own.records != mustPlay(t, s, 42).records {
		t.Error("no seed is not the scenario's own")
	}
}

// The bytes of a seed must stay the same from version to version, or what was measured with it cannot be repeated.
func TestSeedMakesTheseBytes(t *testing.T) {
	p := mustPlay(t, mustParse(t, `
time: {start: 2026-01-05 08:00:00, duration: 30m}
background: {accounts: {first: 1, count: 1}, interval: {mean: 20m, min: 10m}, amount: {min: 1, max: 10}}
fraud: [{kind: small-then-large, accounts: {first: 7, count: 1}, small: 1, large: 900.5, window: 1m, at: 1m}]
flags: [{accounts: {first: 7, count: 1}, date: 500ms}]
`), 1)
	const want = `{"account_id": 7} {"account_id": 7, "flag_date": "2026-01-05 08:00:00.500000"}
{"account_id": 7, "transaction_id": "86D6FD953217AE03"} {"account_id": 7, "customer_id": "C7", "merchant_type": "Online", "transaction_id": "86D6FD953217AE03", "transaction_type": "City_Services", "transaction_amount": 1.0, "transaction_date": "2026-01-05 08:01:00.000000"}
{"account_id": 7, "transaction_id": "BCD9DBB49673066B"} {"account_id": 7, "customer_id": "C7", "merchant_type": "Online", "transaction_id": "BCD9DBB49673066B", "transaction_type": "Food and Beverage", "transaction_amount": 900.5, "transaction_date": "2026-01-05 08:01:36.509000"}
{"account_id": 1, "transaction_id": "B1441D254BD86CD7"} {"account_id": 1, "customer_id": "C1", "merchant_type": "In Store", "transaction_id": "B1441D254BD86CD7", "transaction_type": "City_Services", "transaction_amount": 2.71, "transaction_date": "2026-01-05 08:15:30.346724"}
`
	if p.records != want {
		t.Errorf("got\n%s\nwant\n%s", p.records, want)
	}
}

// The truth's pairs are those of the join, done here on the bytes that are sent, and by its definition.
func TestTruthIsTheJoin(t *testing.T) {
	p := mustPlay(t, mustLoad(t, example), 0)
	var flags []fraud.FlaggedAccount
	for _, e := range p.events {
		if e.Flag != nil {
			row, ok, err := fraud.DecodeFlaggedAccount(e.Flag.AppendValue(nil))
			if !ok || err != nil {
				t.Fatal(ok, err)
			}
			flags = append(flags, row)
		}
	}
	want := map[string]int{}
	ids := map[string]bool{}
	for _, tr := range p.transactions {
		row, ok, err := fraud.DecodeTransaction(tr.AppendValue(nil))
		if !ok || err != nil {
			t.Fatal(ok, err)
		}
		if ids[row.TransactionID.Value] {
			t.Errorf("%s is the id of two transactions", row.TransactionID.Value)
		}
		ids[row.TransactionID.Value] = true
		for _, f := range flags {
			if f.AccountID == row.AccountID && row.Date.Value > f.FlagDate.Value {
				want[row.TransactionID.Value]++
			}
		}
	}
	got := map[string]int{}
	for _, pair := range p.pairs {
		got[pair.TransactionID]++
	}
	if !maps.Equal(got, want) || len(want) < 500 {
		t.Errorf("the truth has %d transactions with pairs, the join %d", len(got), len(want))
	}
	if end := (scenario.TruthEnd{Record: "end", Transactions: int64(len(p.transactions)), Flags: int64(len(flags)), Fraud: 30, Pairs: int64(len(p.pairs))}); p.end != end {
		t.Errorf("the last line is %+v, want %+v", p.end, end)
	}
}

// found are the accounts on which rules with the limits of the example's comments find something, by trying every window of every account.
func found(p played) map[scenario.Kind][]int64 {
	accounts := map[int64][]producer.Transaction{}
	for _, tr := range p.transactions {
		accounts[tr.AccountID] = append(accounts[tr.AccountID], tr)
	}
	all := map[scenario.Kind][]int64{}
	for number, list := range accounts {
		kinds := map[scenario.Kind]bool{}
		for i, first := range list {
			kinds[scenario.AmountSpike] = kinds[scenario.AmountSpike] || first.Amount >= 1000_00
			var sum fraud.Cents
			for n, tr := range list[i:] {
				sum += tr.Amount
				within := func(d time.Duration) bool { return tr.Date.Sub(first.Date) < d }
				hit := map[scenario.Kind]bool{
					scenario.Velocity:       within(time.Minute) && n+1 >= 4,
					scenario.Sum:            within(10*time.Minute) && sum > 2400_00 && n+1 <= 6 && tr.Amount < 1000_00,
					scenario.MerchantTypes:  within(5*time.Second) && tr.MerchantType != first.MerchantType,
					scenario.SmallThenLarge: within(time.Minute) && first.Amount <= 5_00 && tr.Amount >= 500_00 && n > 0,
				}
				for kind, yes := range hit {
					kinds[kind] = kinds[kind] || yes
				}
			}
		}
		for kind, yes := range kinds {
			if yes {
				all[kind] = append(all[kind], number)
			}
		}
	}
	for kind := range all {
		slices.Sort(all[kind])
	}
	return all
}

// Rules that look for what is planted find all of it, and nothing in the background or in the decoys, whatever the seed.
func TestPlantedFraudIsAllThereIs(t *testing.T) {
	s := mustLoad(t, example)
	for seed := range uint64(5) {
		p := mustPlay(t, s, seed+1)
		want := map[scenario.Kind][]int64{}
		for _, f := range p.frauds {
			// Ten payments of a velocity plant may add up to the sum's limit, which the example leaves to the velocity rule.
			if f.Fraud && !slices.Contains(want[f.Kind], f.AccountID) {
				want[f.Kind] = append(want[f.Kind], f.AccountID)
			}
		}
		got := found(p)
		got[scenario.Sum] = slices.DeleteFunc(got[scenario.Sum], func(a int64) bool { return slices.Contains(want[scenario.Velocity], a) })
		for kind, accounts := range want {
			slices.Sort(accounts)
			if !slices.Equal(got[kind], accounts) {
				t.Errorf("seed %d: %s finds %v, planted on %v", seed+1, kind, got[kind], accounts)
			}
		}
		if len(got) != len(want) || len(want) != 5 {
			t.Errorf("seed %d: found %v", seed+1, got)
		}
	}
}

// A plant's transactions are as the file says, in the order of the truth.
func TestPlantsKeepToTheFile(t *testing.T) {
	p := mustPlay(t, mustParse(t, `
time: {start: 2026-01-05 08:00:00, duration: 10h}
quiet: 1m
fraud:
  - {kind: velocity, accounts: {first: 10, count: 3, step: 5}, count: 50, window: 2s, amount: 7.5, repeat: 4, name: burst}
  - {kind: sum, accounts: {first: 11, count: 1}, count: 7, window: 1h, sum: 1000.03}
  - {kind: velocity, accounts: {first: 12, count: 1}, count: 3, window: 3ms, amount: 1, at: 2h, late: 1h}
`), 3)
	byID := map[string]producer.Transaction{}
	for _, tr := range p.transactions {
		byID[tr.TransactionID] = tr
	}
	plants := map[int64]int{}
	for _, f := range p.frauds {
		plants[f.AccountID]++
		var dates []time.Time
		var sum fraud.Cents
		for _, id := range f.TransactionIDs {
			tr := byID[id]
			if tr.AccountID != f.AccountID {
				t.Fatalf("%s is of account %d, want %d", id, tr.AccountID, f.AccountID)
			}
			dates, sum = append(dates, tr.Date), sum+tr.Amount
		}
		if !slices.IsSortedFunc(dates, time.Time.Compare) || len(slices.CompactFunc(dates, time.Time.Equal)) != len(f.TransactionIDs) {
			t.Errorf("%s: dates %v", f.Name, dates)
		}
		long := dates[len(dates)-1].Sub(dates[0])
		want := map[int64]struct {
			n      int
			window time.Duration
			sum    fraud.Cents
		}{10: {50, 2 * time.Second, 375_00}, 15: {50, 2 * time.Second, 375_00}, 20: {50, 2 * time.Second, 375_00}, 11: {7, time.Hour, 1000_03}, 12: {3, 3 * time.Millisecond, 3_00}}[f.AccountID]
		if len(dates) != want.n || long >= want.window || long < want.window/2 || sum != want.sum {
			t.Errorf("%s on %d: %d transactions of %v within %v, want %+v", f.Name, f.AccountID, len(dates), sum, long, want)
		}
		if f.AccountID == 12 && f.First != "2026-01-05 10:00:00.000000" {
			t.Errorf("begins at %s", f.First)
		}
	}
	if want := (map[int64]int{10: 4, 15: 4, 20: 4, 11: 1, 12: 1}); !maps.Equal(plants, want) {
		t.Errorf("plants by account: %v, want %v", plants, want)
	}
	// The late one is sent last, though it is first by its date.
	i := slices.IndexFunc(p.events, func(e producer.Event) bool { return e.Transaction.AccountID == 12 })
	if p.events[i].Transaction.Date.Equal(time.Date(2026, 1, 5, 10, 0, 0, 0, time.UTC)) {
		t.Error("the first transaction is not late")
	}
}

func TestBackgroundKeepsToTheFile(t *testing.T) {
	const least = 30 * time.Second
	p := mustPlay(t, mustParse(t, `
time: {start: 2026-01-05 23:59:00, duration: 24h, speed: 3600}
quiet: 20m
background:
  accounts: {first: 100, count: 20}
  interval: {mean: 5m, min: 30s}
  amount: {min: 2, max: 3.01}
  late: {share: 0.1, by: 1m}
fraud: [{kind: amount, accounts: {first: 105, count: 1}, amount: 9, repeat: 10}]
flags: [{accounts: {first: 100, count: 1}, date: 1h, arrives: 12h}]
`), 5)
	last := map[int64]time.Time{}
	var spikes, near []time.Time
	for _, tr := range p.transactions {
		if tr.Amount == 9_00 {
			spikes = append(spikes, tr.Date)
			continue
		}
		if gap := tr.Date.Sub(last[tr.AccountID]); gap < least {
			t.Errorf("%v after the transaction before it", gap)
		}
		last[tr.AccountID] = tr.Date
		if tr.Amount < 2_00 || tr.Amount > 3_01 {
			t.Errorf("amount %v", tr.Amount)
		}
		if tr.AccountID == 105 {
			near = append(near, tr.Date)
		}
	}
	for _, spike := range spikes {
		for _, date := range near {
			if gap := date.Sub(spike).Abs(); gap <= 20*time.Minute {
				t.Errorf("background %v from fraud", gap)
			}
		}
	}
	if n := len(p.transactions); n < 20*24*12*95/100 || n > 20*24*12*105/100 || len(spikes) != 10 || len(near) < 50 {
		t.Errorf("%d transactions, %d spikes, %d beside them", n, len(spikes), len(near))
	}
	start, late := time.Date(2026, 1, 5, 23, 59, 0, 0, time.UTC), 0
	for i, e := range p.events {
		if i > 0 && e.At < p.events[i-1].At {
			t.Fatalf("event %d is sent before the one before it", i)
		}
		if e.Flag != nil {
			if e.At != 12*time.Second {
				t.Errorf("the flag is sent at %v", e.At)
			}
			continue
		}
		switch behind := e.At*3600 - e.Transaction.Date.Sub(start); {
		case behind < -time.Second || behind > time.Minute+time.Second:
			t.Errorf("%v behind its date", behind)
		case behind > time.Second:
			late++
		}
	}
	if share := float64(late) / float64(len(p.transactions)); share < 0.07 || share > 0.13 {
		t.Errorf("%.3f of the transactions are late", share)
	}
}

// What is planted in one entry does not depend on the others.
func TestAnotherEntryChangesNothingElse(t *testing.T) {
	const file = `
time: {start: 2026-01-05 08:00:00, duration: 2h}
background: {accounts: {first: 1, count: 5}, interval: {mean: 5m, min: 1m}, amount: {min: 1, max: 10}}
fraud:
  - {kind: amount, accounts: {first: 50, count: 2}, amount: 100}
`
	dates := func(text string) (dates []string) {
		for _, tr := range mustPlay(t, mustParse(t, text), 9).transactions {
			if tr.AccountID != 60 {
				dates = append(dates, fmt.Sprint(tr.AccountID, tr.Date, tr.Amount, tr.MerchantType))
			}
		}
		return dates
	}
	if one, two := dates(file), dates(file+"  - {kind: amount, accounts: {first: 60, count: 1}, amount: 100}\n"); !slices.Equal(one, two) {
		t.Errorf("got %v, want %v", two, one)
	}
}

// failingWriter takes so many bytes.
type failingWriter struct{ left int }

var errFull = errors.New("disk full")

func (w *failingWriter) Write(p []byte) (int, error) {
	if w.left -= len(p); w.left < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestTruthThatCannotBeWrittenEndsThePlay(t *testing.T) {
	play := mustLoad(t, example).Play(0, &failingWriter{100})
	n := 0
	for range play.Events() {
		n++
	}
	if err := play.Finish(); !errors.Is(err, errFull) {
		t.Errorf("got %v", err)
	}
	if all := len(mustPlay(t, mustLoad(t, example), 0).events); n >= all {
		t.Errorf("all %d events were sent", all)
	}
}

func TestTruthOfHalfAPlayHasNoEnd(t *testing.T) {
	var truth bytes.Buffer
	play := mustLoad(t, example).Play(0, &truth)
	n := 0
	for range play.Events() {
		if n++; n == 100 {
			break
		}
	}
	must(t, play.Finish())
	if strings.Contains(truth.String(), `"end"`) || !strings.Contains(truth.String(), `"scenario"`) {
		t.Errorf("%s", truth.String())
	}
}

// A flag that comes late, and transactions that are late, come in the order of their arrival.
func TestArrivalsAreInOrder(t *testing.T) {
	p := mustPlay(t, mustLoad(t, example), 0)
	if !slices.IsSortedFunc(p.events, func(a, b producer.Event) int { return cmp.Compare(a.At, b.At) }) {
		t.Error("events are not in the order of their sending")
	}
	if at := p.events[len(p.events)-1].At; at > 2*time.Minute+time.Second || at < 110*time.Second {
		t.Errorf("six hours at 180 take %v", at)
	}
}
