package rules_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sluice/detector/rules"
	"sluice/internal/fraud"
)

// everyRule has a rule of each type, with windows of up to a second.
func everyRule(mode rules.Mode, cooldown time.Duration) *rules.Set {
	rule := func(name string, c rules.Condition, merchants ...string) *rules.Rule {
		return &rules.Rule{Name: name, Mode: mode, Condition: c, Cooldown: cooldown, MerchantTypes: merchants}
	}
	return rules.NewSet(
		rule("amount", rules.AmountAbove{90}),
		rule("count", rules.CountWithin{3, time.Second}),
		rule("count-online", rules.CountWithin{2, 100 * time.Millisecond}, "Online"),
		rule("sum", rules.SumWithin{150, 700 * time.Millisecond}),
		rule("merchants", rules.MerchantsWithin{50 * time.Millisecond}),
		rule("small-then-large", rules.SmallThenLarge{10, 60, 2, 400 * time.Millisecond}),
	)
}

// modelHits finds at which of some rows a rule holds, by looking at all pairs.
func modelHits(r *rules.Rule, rows []rules.Row) map[int]bool {
	hits := make(map[int]bool)
	for i := range rows {
		at := &rows[i]
		if len(r.MerchantTypes) > 0 && !(at.MerchantType.Valid && slices.Contains(r.MerchantTypes, at.MerchantType.Value)) {
			continue
		}
		var count, small, others int
		var sum fraud.Cents
		for j := range rows {
			z := &rows[j]
			age := time.Duration(at.Date-z.Date) * time.Millisecond
			if i != j && (age < 0 || age >= r.Condition.Window()) {
				continue
			}
			if len(r.MerchantTypes) > 0 && !(z.MerchantType.Valid && slices.Contains(r.MerchantTypes, z.MerchantType.Value)) {
				continue
			}
			count++
			if z.Amount.Valid {
				sum += max(0, z.Amount.Value)
				if c, ok := r.Condition.(rules.SmallThenLarge); ok && i != j && z.Amount.Value >= 0 && z.Amount.Value <= c.Small {
					small++
				}
			}
			if z.MerchantType.Valid && at.MerchantType.Valid && z.MerchantType.Value != at.MerchantType.Value {
				others++
			}
		}
		switch c := r.Condition.(type) {
		case rules.AmountAbove:
			hits[i] = at.Amount.Valid && at.Amount.Value > c.Limit
		case rules.CountWithin:
			hits[i] = count >= c.Count
		case rules.SumWithin:
			hits[i] = at.Amount.Valid && at.Amount.Value > 0 && sum > c.Limit
		case rules.MerchantsWithin:
			hits[i] = others > 0
		case rules.SmallThenLarge:
			hits[i] = at.Amount.Valid && at.Amount.Value >= c.Large && small >= c.Count
		}
	}
	return hits
}

var rowOf = rapid.Custom(func(t *rapid.T) rules.Row {
	r := rules.Row{Date: fraud.Timestamp(rapid.Int64Range(0, 900).Draw(t, "date"))}
	if rapid.IntRange(0, 9).Draw(t, "amount") > 0 {
		r.Amount = fraud.Of(fraud.Cents(rapid.SampledFrom([]int64{-20, 0, 5, 10, 11, 59, 60, 90, 91, 150}).Draw(t, "cents")))
	}
	if rapid.IntRange(0, 9).Draw(t, "merchant") > 0 {
		r.MerchantType = fraud.Of(rapid.SampledFrom([]string{"Online", "In Store"}).Draw(t, "type"))
	}
	return r
})

// After every arrival, the hits so far are those that a model finds in the rows so far. So their order does not matter.
func TestHitsAreThoseOfTheModel(t *testing.T) {
	set := everyRule(rules.Flag, 0)
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(rowOf, 1, 25).Draw(t, "rows")
		var account rules.Account
		got := make(map[string][]fraud.Timestamp)
		for n := range rows {
			rows[n].TransactionID = fraud.Of(fmt.Sprintf("%016X", n))
			for _, hit := range account.Add(set, rows[n]) {
				if hit.Outcome != rules.Raised {
					t.Fatalf("%s: outcome %v without a cooldown", hit.Rule.Name, hit.Outcome)
				}
				got[hit.Rule.Name] = append(got[hit.Rule.Name], hit.At.Date)
			}
			for _, r := range set.Rules {
				var want []fraud.Timestamp
				for i, hit := range modelHits(r, rows[:n+1]) {
					if hit {
						want = append(want, rows[i].Date)
					}
				}
				slices.Sort(want)
				if have := slices.Sorted(slices.Values(got[r.Name])); !slices.Equal(have, want) {
					t.Fatalf("%s after %d rows: got %v, want %v", r.Name, n+1, have, want)
				}
			}
		}
	})
}

// Over a long time, with rows up to a window late and others years away, what is forgotten makes no difference.
func TestForgettingMakesNoDifference(t *testing.T) {
	set := everyRule(rules.Flag, 0)
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(rowOf, 20, 60).Draw(t, "rows")
		var account rules.Account
		var strays rules.Account
		got, stray := make(map[string]int), make(map[string]int)
		for n := range rows {
			rows[n].Date = fraud.Timestamp(n*200) + rows[n].Date // of the last 900 ms, and a window is up to 1000
			for _, hit := range account.Add(set, rows[n]) {
				got[hit.Rule.Name]++
			}
			if n%10 == 3 { // a clock that is wrong
				strays.Add(set, rules.Row{Date: fraud.Timestamp(1_000_000_000_000 * int64(1-n%20/10*2)), MerchantType: fraud.Of("Online")})
			}
			for _, hit := range strays.Add(set, rows[n]) {
				stray[hit.Rule.Name]++
			}
		}
		for _, r := range set.Rules {
			want := 0
			for _, hit := range modelHits(r, rows) {
				if hit {
					want++
				}
			}
			if got[r.Name] != want || stray[r.Name] != want {
				t.Fatalf("%s: %d hits, %d with strays, want %d", r.Name, got[r.Name], stray[r.Name], want)
			}
		}
	})
}

// A flag is raised unless the dates of an earlier one are too near, whichever came first.
func TestCooldown(t *testing.T) {
	for _, mode := range []rules.Mode{rules.Flag, rules.Shadow} {
		set := everyRule(mode, 300*time.Millisecond)
		raised := map[rules.Mode]rules.Outcome{rules.Flag: rules.Raised, rules.Shadow: rules.Shadowed}[mode]
		rapid.Check(t, func(t *rapid.T) {
			rows := rapid.SliceOfN(rowOf, 1, 40).Draw(t, "rows")
			counters := rules.NewCounters(set)
			var account rules.Account
			flags := make(map[string][]fraud.Timestamp)
			total := 0
			for n := range rows {
				hits := account.Add(set, rows[n])
				counters.Count(&rows[n], hits)
				total += len(hits)
				for _, hit := range hits {
					near := slices.ContainsFunc(flags[hit.Rule.Name], func(f fraud.Timestamp) bool { return max(f-hit.At.Date, hit.At.Date-f) < 300 })
					switch {
					case near && hit.Outcome != rules.Suppressed, !near && hit.Outcome != raised:
						t.Fatalf("%s at %d: outcome %v, flags at %v", hit.Rule.Name, hit.At.Date, hit.Outcome, flags[hit.Rule.Name])
					case !near:
						flags[hit.Rule.Name] = append(flags[hit.Rule.Name], hit.At.Date)
					}
				}
			}
			for _, s := range counters.Stats() {
				total -= int(s.Hits)
				if int(s.Raised+s.Shadowed) != len(flags[s.Name]) || s.Hits != s.Raised+s.Shadowed+s.Suppressed || s.Evaluated < s.Hits && s.Suppressed == 0 {
					t.Fatalf("%+v, want %d flags", s, len(flags[s.Name]))
				}
			}
			if total != 0 {
				t.Fatalf("%d hits are not counted", total)
			}
		})
	}
}

func TestARuleThatLeavesShadowRaisesAtOnce(t *testing.T) {
	var account rules.Account
	shadow, flag := everyRule(rules.Shadow, time.Hour), everyRule(rules.Flag, time.Hour)
	for _, c := range []struct {
		set  *rules.Set
		want rules.Outcome
	}{{shadow, rules.Shadowed}, {shadow, rules.Suppressed}, {flag, rules.Raised}, {flag, rules.Suppressed}} {
		hits := account.Add(c.set, pay(5000, 100))
		i := slices.IndexFunc(hits, func(h rules.Hit) bool { return h.Rule.Name == "amount" })
		if i < 0 || hits[i].Outcome != c.want {
			t.Fatalf("got %+v, want outcome %v", hits, c.want)
		}
	}
}

// What is remembered of an account is bounded, whatever comes.
func TestAnAccountStaysSmall(t *testing.T) {
	set := everyRule(rules.Flag, time.Millisecond)
	var account rules.Account
	n := 0
	for i := range 3 * rules.MaxRows {
		hits := account.Add(set, pay(int64(i)/2, 100+int64(i)))
		n += len(hits)
	}
	if n == 0 {
		t.Error("no hit")
	}
	crowded := len(account.AppendTo(nil))
	if crowded > 40*rules.MaxRows {
		t.Errorf("%d bytes", crowded)
	}
	for i := range int64(20) {
		account.Add(set, pay(1_000_000+i*5000, 1))
	}
	if size := len(account.AppendTo(nil)); size > 300 {
		t.Errorf("%d bytes when all that is past, %d before", size, crowded)
	}
}

// An account that was written and read goes on as the one that was not.
func TestEncodingKeepsTheAccount(t *testing.T) {
	set := everyRule(rules.Flag, 200*time.Millisecond)
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(rowOf, 1, 30).Draw(t, "rows")
		ids := rapid.SampledFrom([]fraud.Nullable[string]{{}, fraud.Of(""), fraud.Of("0123456789ABCDEF"), fraud.Of("0123456789abcdef"), fraud.Of("ü")})
		kept := new(rules.Account)
		stored := new(rules.Account)
		for _, row := range rows {
			row.TransactionID = ids.Draw(t, "id")
			row.TransactionType = ids.Draw(t, "type")
			want := kept.Add(set, row)
			got := stored.Add(set, row)
			compare := func(a, b rules.Hit) int { return cmp.Compare(a.Index, b.Index) }
			slices.SortStableFunc(want, compare)
			slices.SortStableFunc(got, compare)
			if !slices.Equal(got, want) {
				t.Fatalf("got %+v, want %+v", got, want)
			}
			var err error
			if stored, err = rules.ParseAccount(stored.AppendTo(nil)); err != nil {
				t.Fatal(err)
			}
		}
		if string(stored.AppendTo(nil)) != string(kept.AppendTo(nil)) {
			t.Fatal("the accounts differ")
		}
	})
}

func FuzzParseAccount(f *testing.F) {
	set := everyRule(rules.Flag, 200*time.Millisecond)
	var account rules.Account
	for i := range int64(30) {
		account.Add(set, pay(i*40, i*7))
	}
	f.Add(account.AppendTo(nil))
	f.Add([]byte{1, 0, 0, 0, 0})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := rules.ParseAccount(b)
		if err != nil {
			return
		}
		again, err := rules.ParseAccount(a.AppendTo(nil))
		if err != nil || string(again.AppendTo(nil)) != string(a.AppendTo(nil)) {
			t.Fatalf("%v: %x", err, b)
		}
		a.Add(set, pay(7, 100)) // whatever it holds, it can be used
	})
}

func BenchmarkAdd(b *testing.B) {
	set := everyRule(rules.Flag, time.Hour)
	var account rules.Account
	for i := range int64(b.N) {
		account.Add(set, pay(i*100, i%97))
	}
}
