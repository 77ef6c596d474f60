package demo

import (
	"strings"
	"testing"

	"sluice/internal/fraud"
)

func TestExpectationIsTheJoin(t *testing.T) {
	var e expectation
	txn := func(account int64, id string, ms fraud.Timestamp, cents fraud.Cents) fraud.Transaction {
		return fraud.Transaction{AccountID: fraud.Of(account), TransactionID: fraud.Of(id), Date: fraud.Of(ms), Amount: fraud.Of(cents)}
	}
	flag := func(account int64, ms fraud.Timestamp) fraud.FlaggedAccount {
		return fraud.FlaggedAccount{AccountID: fraud.Of(account), FlagDate: fraud.Of(ms)}
	}
	e.addFlag(flag(1, 1000))
	e.addFlag(flag(1, 2000)) // a second flag of an account makes a second pair, and the same item
	e.addFlag(flag(3, 1000))
	for _, r := range []fraud.Transaction{txn(1, "before", 1000, 1), txn(1, "between", 1001, 10000), txn(1, "after", 2001, 12050), txn(2, "clean", 5000, 1)} {
		e.addTransaction(r)
	}
	items, pairs := e.items()
	if pairs != 3 || len(items) != 2 {
		t.Fatalf("got %d pairs, %d items: %v", pairs, len(items), items)
	}
	for id, amount := range map[string]string{"between": "N 100", "after": "N 120.5"} {
		found := false
		for k, attributes := range items {
			if k.id == id {
				found = true
				if attributes["transaction_amount"] != amount || attributes["account_id"] != "N 1" {
					t.Errorf("%s: got %v", id, attributes)
				}
			}
		}
		if !found {
			t.Errorf("%s is missing in %v", id, items)
		}
	}
}

func TestCompareSpellsOutDifferences(t *testing.T) {
	key := itemKey{"A", "2023-08-14 12:00:00"}
	item := map[string]string{"account_id": "N 1"}
	for _, c := range []struct {
		name      string
		want, got map[itemKey]map[string]string
		says      string
	}{
		{"equal", map[itemKey]map[string]string{key: item}, map[itemKey]map[string]string{key: {"account_id": "N 1"}}, ""},
		{"missing", map[itemKey]map[string]string{key: item}, nil, "missing: A"},
		{"too many", nil, map[itemKey]map[string]string{key: item}, "not expected: A"},
		{"another type", map[itemKey]map[string]string{key: item}, map[itemKey]map[string]string{key: {"account_id": "S 1"}}, `account_id is "S 1", expected "N 1"`},
		{"another attribute", map[itemKey]map[string]string{key: item}, map[itemKey]map[string]string{key: {"account_id": "N 1", "x": "S y"}}, `x "S y" is not expected`},
	} {
		got := compare(c.want, c.got)
		if (c.says == "") != (got == "") || !strings.Contains(got, c.says) {
			t.Errorf("%s: got %q, want %q", c.name, got, c.says)
		}
	}
}
