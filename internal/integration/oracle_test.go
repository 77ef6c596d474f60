package integration

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
)

// transaction and flag are the inputs of the pipeline, read without the product's code.
type transaction struct {
	AccountID json.Number `json:"account_id"`
	Customer  string      `json:"customer_id"`
	Merchant  string      `json:"merchant_type"`
	ID        string      `json:"transaction_id"`
	Type      string      `json:"transaction_type"`
	Amount    json.Number `json:"transaction_amount"`
	Date      string      `json:"transaction_date"`
}

type flag struct {
	AccountID json.Number `json:"account_id"`
	Date      string      `json:"flag_date"`
}

// milliseconds is the part of a date that the join sees: what is below the millisecond is cut off.
// Dates in this form compare as texts.
func milliseconds(date string) string { return date[:len("2006-01-02 15:04:05.000")] }

// expectedItems is what the pipeline must leave in the table for the records of its input topics: one item for every
// transaction of a flagged account that is dated after the flag, to the millisecond. It must be given the flags once per
// account, as the producer sends them.
//
// The items' dates have no trailing zeros and no bare dot, and N values are in the service's normal form, as text.
func expectedItems(t *testing.T, transactions, flags []record) map[string]item {
	t.Helper()
	flagged := map[json.Number]string{}
	for _, r := range flags {
		f := mustParse[flag](t, r)
		if _, twice := flagged[f.AccountID]; twice {
			t.Fatalf("account %s is flagged twice", f.AccountID)
		}
		flagged[f.AccountID] = milliseconds(f.Date)
	}
	items := map[string]item{}
	for _, r := range transactions {
		tx := mustParse[transaction](t, r)
		since, ok := flagged[tx.AccountID]
		if !ok || milliseconds(tx.Date) <= since {
			continue
		}
		if _, twice := items[tx.ID]; twice {
			t.Fatalf("transaction %s was sent twice", tx.ID)
		}
		items[tx.ID] = item{
			"account_id":         number(tx.AccountID.String()),
			"customer_id":        text(tx.Customer),
			"merchant_type":      text(tx.Merchant),
			"transaction_id":     text(tx.ID),
			"transaction_type":   text(tx.Type),
			"transaction_amount": number(withoutTrailingZeros(tx.Amount.String())),
			"transaction_date":   text(withoutTrailingZeros(milliseconds(tx.Date))),
		}
	}
	return items
}

// withoutTrailingZeros cuts the zeros that end a fraction, and the dot of an empty one. There must be a dot.
func withoutTrailingZeros(s string) string {
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

func mustParse[T any](t *testing.T, r record) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(r.value, &v); err != nil {
		t.Fatalf("the record at %d-%d, %q: %v", r.partition, r.offset, r.value, err)
	}
	return v
}

// compareItems reports how a table differs from what it must hold, with up to ten examples.
func compareItems(t *testing.T, got []item, want map[string]item) {
	t.Helper()
	complaints := 0
	complain := func(format string, args ...any) {
		t.Helper()
		if complaints++; complaints <= 10 {
			t.Errorf(format, args...)
		}
	}
	seen := map[string]bool{}
	for _, g := range got {
		id := strings.Trim(strings.TrimPrefix(g["transaction_id"], "S "), `"`)
		w, ok := want[id]
		switch {
		case !ok:
			complain("item %v should not be in the table", g)
		case seen[id]:
			complain("item %s is in the table twice: %v", id, g)
		case !maps.Equal(g, w):
			complain("item %s is\n%v, want\n%v", id, g, w)
		}
		seen[id] = true
	}
	for _, id := range slices.Sorted(maps.Keys(want)) {
		if !seen[id] {
			complain("item %v is missing", want[id])
		}
	}
	if complaints > 0 {
		t.Errorf("%d differences; the table holds %d items, want %d", complaints, len(got), len(want))
	}
}
