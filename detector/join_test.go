package detector_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"sluice/detector"
	"sluice/internal/fraud"
)

func nullable[T any](g *rapid.Generator[T]) *rapid.Generator[fraud.Nullable[T]] {
	return rapid.Custom(func(t *rapid.T) fraud.Nullable[T] {
		if rapid.IntRange(0, 9).Draw(t, "null") == 0 {
			return fraud.Nullable[T]{}
		}
		return fraud.Of(g.Draw(t, "value"))
	})
}

var (
	anyAccount = nullable(rapid.OneOf(rapid.Int64Range(1, 4), rapid.Int64()))
	anyDate    = nullable(rapid.Map(rapid.OneOf(rapid.Int64Range(0, 9), rapid.Int64()), func(n int64) fraud.Timestamp { return fraud.Timestamp(n) }))
	anyText    = nullable(rapid.OneOf(rapid.SampledFrom([]string{"", "Online", "In Store", "C1", "0123456789ABCDEF", "0123456789abcdef"}), rapid.String()))
	anyFlag    = rapid.Custom(func(t *rapid.T) fraud.FlaggedAccount {
		return fraud.FlaggedAccount{AccountID: anyAccount.Draw(t, "account"), FlagDate: anyDate.Draw(t, "date")}
	})
	anyTransaction = rapid.Custom(func(t *rapid.T) fraud.Transaction {
		return fraud.Transaction{
			AccountID:       anyAccount.Draw(t, "account"),
			CustomerID:      anyText.Draw(t, "customer"),
			MerchantType:    anyText.Draw(t, "merchant"),
			TransactionID:   anyText.Draw(t, "id"),
			TransactionType: anyText.Draw(t, "type"),
			Amount:          nullable(rapid.Map(rapid.Int64Range(-9999999999, 9999999999), func(n int64) fraud.Cents { return fraud.Cents(n) })).Draw(t, "amount"),
			Date:            anyDate.Draw(t, "date"),
		}
	})
)

// The oracle, from the reference: for finished inputs, the multiset
// { t : (t,f) in T x F, same non-null account, ms(t) > ms(f) }.
func TestJoinEqualsNestedLoops(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		flags := rapid.SliceOfN(anyFlag, 0, 12).Draw(t, "flags")
		transactions := rapid.SliceOfN(anyTransaction, 0, 40).Draw(t, "transactions")
		var want []string
		for _, tr := range transactions {
			for _, f := range flags {
				if f.AccountID.Valid && tr.AccountID == f.AccountID && tr.Date.Valid && f.FlagDate.Valid && tr.Date.Value > f.FlagDate.Value {
					want = append(want, fmt.Sprintf("%+v", tr))
				}
			}
		}
		order := rapid.Permutation(slices.Collect(func(yield func(int) bool) {
			for i := range len(flags) + len(transactions) {
				if !yield(i) {
					return
				}
			}
		})).Draw(t, "order")
		var join detector.Join
		var got []string
		emit := func(tr *fraud.Transaction) error { got = append(got, fmt.Sprintf("%+v", *tr)); return nil }
		for _, i := range order {
			if i < len(flags) {
				_ = join.AddFlag(&flags[i], emit)
				continue
			}
			tr := &transactions[i-len(flags)]
			for range join.AddTransaction(tr) {
				_ = emit(tr)
			}
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Fatalf("got  %q\nwant %q", got, want)
		}
	})
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

func TestAddFlagStopsAtTheFirstError(t *testing.T) {
	var join detector.Join
	for i := range 5 {
		join.AddTransaction(&fraud.Transaction{AccountID: fraud.Of[int64](1), Date: fraud.Of(fraud.Timestamp(i + 1))})
	}
	full := errors.New("full")
	calls := 0
	flag := fraud.FlaggedAccount{AccountID: fraud.Of[int64](1), FlagDate: fraud.Of(fraud.Timestamp(2))}
	err := join.AddFlag(&flag, func(*fraud.Transaction) error { calls++; return full })
	if !errors.Is(err, full) || calls != 1 {
		t.Errorf("got %v after %d calls", err, calls)
	}
	if n := join.AddTransaction(&fraud.Transaction{AccountID: fraud.Of[int64](1), Date: fraud.Of(fraud.Timestamp(9))}); n != 1 {
		t.Errorf("the flag matches %d times, want 1: it has been taken", n)
	}
}

// usual returns the i-th transaction of the form that producers write.
func usual(i int) fraud.Transaction {
	account := int64(1000000001 + i%10)
	return fraud.Transaction{
		AccountID:       fraud.Of(account),
		CustomerID:      fraud.Of(fmt.Sprintf("C%d", account)),
		MerchantType:    fraud.Of("Online"),
		TransactionID:   fraud.Of(fmt.Sprintf("%016X", uint64(i)*0x9E3779B97F4A7C15)),
		TransactionType: fraud.Of("Grocery_Store"),
		Amount:          fraud.Of(fraud.Cents(i % 1000000)),
		Date:            fraud.Of(fraud.Timestamp(1692014400000 + int64(i)*3)),
	}
}

func TestStateIsCompact(t *testing.T) {
	var join detector.Join
	const n = 10_000
	for i := range n {
		tr := usual(i)
		join.AddTransaction(&tr)
	}
	size := join.Size()
	if size.Transactions != n || size.Accounts != 10 {
		t.Errorf("size %+v", size)
	}
	if per := size.Bytes / n; per > 24 {
		t.Errorf("%d bytes for a transaction, want at most 24", per)
	}
}

func BenchmarkAddTransaction(b *testing.B) {
	var join detector.Join
	flag := fraud.FlaggedAccount{AccountID: fraud.Of[int64](1000000001), FlagDate: fraud.Of(fraud.Timestamp(0))}
	_ = join.AddFlag(&flag, nil)
	transactions := make([]fraud.Transaction, 1000)
	for i := range transactions {
		transactions[i] = usual(i)
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		join.AddTransaction(&transactions[i%len(transactions)])
		i++
	}
}
