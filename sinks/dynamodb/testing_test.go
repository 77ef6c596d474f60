package dynamodb

import (
	"encoding/json"
	"testing"

	"sluice/connect"
)

// flagged is the table that the goldens were made with.
func flagged() *table {
	return &table{name: "flagged-transactions", keys: 2, attributes: []keyAttribute{
		{name: "transaction_id", escaped: "transaction_id", kind: kindS, role: "hash key", maxSize: maxHashSize},
		{name: "transaction_date", escaped: "transaction_date", kind: kindS, role: "range key", maxSize: maxRangeSize},
		{name: "account_id", escaped: "account_id", kind: kindN, role: `key of index "account"`},
	}}
}

// simple is a table with one key attribute, id, of the given type.
func simple(k kind) *table {
	return &table{name: "t", keys: 1, attributes: []keyAttribute{{name: "id", escaped: "id", kind: k, role: "hash key", maxSize: maxHashSize}}}
}

func record(value any) *connect.SinkRecord {
	return &connect.SinkRecord{Topic: "in", Value: value}
}

// encoded encodes a value, and returns the item as a tree.
func encoded(t testing.TB, tab *table, s *settings, value any) (map[string]any, error) {
	t.Helper()
	item, _, err := newEncoder(tab, s).encode(record(value))
	if err != nil {
		return nil, err
	}
	return tree(t, item), nil
}

func tree(t testing.TB, text []byte) map[string]any {
	t.Helper()
	var out map[string]any
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatalf("the item is not JSON: %v\n%s", err, text)
	}
	return out
}
