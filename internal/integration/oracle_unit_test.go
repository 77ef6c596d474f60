package integration

import (
	"maps"
	"testing"
)

// The oracle against a table made by hand. It needs nothing, so it runs in every go test.
func TestExpectedItems(t *testing.T) {
	tx := func(account, id, amount, date string) record {
		return record{value: []byte(`{"account_id": ` + account + `, "customer_id": "C1", "merchant_type": "Online", "transaction_id": "` + id +
			`", "transaction_type": "Others", "transaction_amount": ` + amount + `, "transaction_date": "` + date + `"}`)}
	}
	got := expectedItems(t, []record{
		tx("1", "LATER", "100.0", "2026-11-23 11:05:06.120000"),
		tx("1", "SAME-MILLISECOND", "1.5", "2026-11-23 11:05:05.000999"),
		tx("1", "EARLIER", "1.5", "2026-11-23 11:05:04.999999"),
		tx("2", "NOT-FLAGGED", "1.5", "2026-11-23 11:05:06.000000"),
		tx("1", "NEXT-MILLISECOND", "0.25", "2026-11-23 11:05:05.001000"),
		tx("1", "WHOLE-SECOND", "0.0", "2026-11-23 11:05:10.000000"),
	}, []record{{value: []byte(`{"account_id": 1, "flag_date": "2026-11-23 11:05:05.000001"}`)}})
	want := map[string][2]string{
		"LATER":            {`N "100"`, `S "2026-11-23 11:05:06.12"`},
		"NEXT-MILLISECOND": {`N "0.25"`, `S "2026-11-23 11:05:05.001"`},
		"WHOLE-SECOND":     {`N "0"`, `S "2026-11-23 11:05:10"`},
	}
	if len(got) != len(want) {
		t.Errorf("%d items are expected, want %d: %v", len(got), len(want), got)
	}
	for id, w := range want {
		wantItem := item{
			"account_id": `N "1"`, "customer_id": `S "C1"`, "merchant_type": `S "Online"`, "transaction_id": `S "` + id + `"`,
			"transaction_type": `S "Others"`, "transaction_amount": w[0], "transaction_date": w[1],
		}
		if !maps.Equal(got[id], wantItem) {
			t.Errorf("%s: got %v, want %v", id, got[id], wantItem)
		}
	}
}
