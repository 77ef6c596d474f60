package rules_test

import (
	"slices"
	"testing"
	"time"

	"sluice/detector/rules"
	"sluice/internal/fraud"
)

// pay is a row dated so many milliseconds after 0, of an amount in cents.
func pay(ms int64, cents int64) rules.Row {
	return rules.Row{Date: fraud.Timestamp(ms), Amount: fraud.Of(fraud.Cents(cents)), MerchantType: fraud.Of("Online"), TransactionType: fraud.Of("Others")}
}

// in is the row at another merchant.
func in(merchant string, r rules.Row) rules.Row {
	r.MerchantType = fraud.Of(merchant)
	return r
}

func without(r rules.Row, columns ...string) rules.Row {
	for _, c := range columns {
		switch c {
		case "amount":
			r.Amount = fraud.Nullable[fraud.Cents]{}
		case "merchant":
			r.MerchantType = fraud.Nullable[string]{}
		case "type":
			r.TransactionType = fraud.Nullable[string]{}
		}
	}
	return r
}

// Each case says at which dates a rule hits when rows arrive in that order.
func TestConditions(t *testing.T) {
	second := time.Second
	for _, c := range []struct {
		name      string
		condition rules.Condition
		rows      []rules.Row
		want      []fraud.Timestamp
	}{
		{"an amount above the limit", rules.AmountAbove{1000}, []rules.Row{pay(0, 1000), pay(1, 1001), pay(2, 999)}, []fraud.Timestamp{1}},
		{"an amount that is NULL is not above", rules.AmountAbove{1000}, []rules.Row{without(pay(0, 2000), "amount")}, nil},
		{"a refund is not above", rules.AmountAbove{1000}, []rules.Row{pay(0, -2000)}, nil},

		{"three in a second", rules.CountWithin{3, second}, []rules.Row{pay(0, 1), pay(500, 1), pay(999, 1)}, []fraud.Timestamp{999}},
		{"the first is a second ago, which is too long", rules.CountWithin{3, second}, []rules.Row{pay(0, 1), pay(500, 1), pay(1000, 1)}, nil},
		{"every further one hits", rules.CountWithin{2, second}, []rules.Row{pay(0, 1), pay(1, 1), pay(2, 1), pay(1001, 1)}, []fraud.Timestamp{1, 2, 1001}},
		{"of the same date, all count", rules.CountWithin{2, second}, []rules.Row{pay(5, 1), pay(5, 1)}, []fraud.Timestamp{5, 5}},
		{"a late one completes the window", rules.CountWithin{3, second}, []rules.Row{pay(0, 1), pay(900, 1), pay(300, 1)}, []fraud.Timestamp{900}},
		{"a late one completes more than one", rules.CountWithin{2, second}, []rules.Row{pay(0, 1), pay(1500, 1), pay(700, 1)}, []fraud.Timestamp{700, 1500}},
		{"amounts do not matter to a count", rules.CountWithin{2, second}, []rules.Row{without(pay(0, 1), "amount", "merchant", "type"), pay(1, -5)}, []fraud.Timestamp{1}},
		{"dates before 1970", rules.CountWithin{2, second}, []rules.Row{pay(-1500, 1), pay(-600, 1)}, []fraud.Timestamp{-600}},

		{"a sum above the limit", rules.SumWithin{1000, second}, []rules.Row{pay(0, 400), pay(1, 600), pay(2, 1)}, []fraud.Timestamp{2}},
		{"one alone is a sum", rules.SumWithin{1000, second}, []rules.Row{pay(0, 1001)}, []fraud.Timestamp{0}},
		{"refunds take nothing off", rules.SumWithin{1000, second}, []rules.Row{pay(0, 800), pay(1, -800), pay(2, 300)}, []fraud.Timestamp{2}},
		{"a late amount makes the sum", rules.SumWithin{1000, second}, []rules.Row{pay(0, 500), pay(900, 500), pay(100, 1)}, []fraud.Timestamp{900}},
		{"NULL adds nothing", rules.SumWithin{1000, second}, []rules.Row{pay(0, 1000), without(pay(1, 1), "amount")}, nil},

		{"in a store and online", rules.MerchantsWithin{second}, []rules.Row{in("In Store", pay(0, 1)), pay(999, 1)}, []fraud.Timestamp{999}},
		{"the same merchant type", rules.MerchantsWithin{second}, []rules.Row{pay(0, 1), pay(1, 1)}, nil},
		{"too far apart", rules.MerchantsWithin{second}, []rules.Row{in("In Store", pay(0, 1)), pay(1000, 1)}, nil},
		{"one between them does not hide it", rules.MerchantsWithin{second}, []rules.Row{in("In Store", pay(0, 1)), pay(1, 1), pay(2, 1)}, []fraud.Timestamp{1, 2}},
		{"an unknown merchant is no second one", rules.MerchantsWithin{second}, []rules.Row{pay(0, 1), without(pay(1, 1), "merchant")}, nil},

		{"small, then large", rules.SmallThenLarge{100, 5000, 1, second}, []rules.Row{pay(0, 100), pay(10, 5000)}, []fraud.Timestamp{10}},
		{"large, then small", rules.SmallThenLarge{100, 5000, 1, second}, []rules.Row{pay(0, 5000), pay(10, 100)}, nil},
		{"not small enough, not large enough", rules.SmallThenLarge{100, 5000, 1, second}, []rules.Row{pay(0, 101), pay(1, 5000), pay(2, 50), pay(3, 4999)}, nil},
		{"two small ones wanted", rules.SmallThenLarge{100, 5000, 2, second}, []rules.Row{pay(0, 0), pay(1, 5000), pay(2, 1), pay(3, 5000)}, []fraud.Timestamp{3}},
		{"the small one comes late", rules.SmallThenLarge{100, 5000, 1, second}, []rules.Row{pay(10, 5000), pay(0, 1)}, []fraud.Timestamp{10}},
		{"a refund is not a small charge", rules.SmallThenLarge{100, 5000, 1, second}, []rules.Row{pay(0, -1), pay(10, 5000)}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			set := rules.NewSet(&rules.Rule{Name: "rule", Mode: rules.Flag, Condition: c.condition})
			var account rules.Account
			var got []fraud.Timestamp
			for _, row := range c.rows {
				for _, hit := range account.Add(set, row) {
					got = append(got, hit.At.Date)
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestFilters(t *testing.T) {
	account, date := fraud.Of[int64](1), fraud.Of[fraud.Timestamp](0)
	full := fraud.Transaction{AccountID: account, Date: date, MerchantType: fraud.Of("Online"), TransactionType: fraud.Of("Others"), Amount: fraud.Of[fraud.Cents](5)}
	for _, c := range []struct {
		name   string
		rule   rules.Rule
		change func(*fraud.Transaction)
		want   bool
	}{
		{"no filter", rules.Rule{}, func(*fraud.Transaction) {}, true},
		{"no account", rules.Rule{}, func(t *fraud.Transaction) { t.AccountID.Valid = false }, false},
		{"no date", rules.Rule{}, func(t *fraud.Transaction) { t.Date.Valid = false }, false},
		{"one of the merchant types", rules.Rule{MerchantTypes: []string{"In Store", "Online"}}, func(*fraud.Transaction) {}, true},
		{"another merchant type", rules.Rule{MerchantTypes: []string{"In Store"}}, func(*fraud.Transaction) {}, false},
		{"no merchant type", rules.Rule{MerchantTypes: []string{""}}, func(t *fraud.Transaction) { t.MerchantType = fraud.Nullable[string]{} }, false},
		{"another transaction type", rules.Rule{TransactionTypes: []string{"Gas_Station"}}, func(*fraud.Transaction) {}, false},
		{"both filters", rules.Rule{MerchantTypes: []string{"Online"}, TransactionTypes: []string{"Others"}}, func(*fraud.Transaction) {}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.rule.Condition = rules.CountWithin{2, time.Second}
			row := full
			c.change(&row)
			if got := rules.NewSet(&c.rule).Concerns(&row); got != c.want {
				t.Errorf("concerned: %v, want %v", got, c.want)
			}
		})
	}
}
