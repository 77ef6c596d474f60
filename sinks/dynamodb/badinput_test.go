package dynamodb_test

import (
	"errors"
	"math"
	"os"
	"strings"
	"testing"

	"sluice/connect"
	sink "sluice/sinks/dynamodb"
)

// badInput are the records that docs/dynamodb-sink.md has a table of, with what is said of each there; an empty text stands for a record that
// is stored.
var badInput = []struct {
	name  string
	props []string // besides the usual ones
	value any      // text: JSON
	says  string
}{
	{"missing key", nil, `{"transaction_date":"d","account_id":1}`, `table "flagged-transactions", attribute "transaction_id": the hash key must be of type S, found no value`},
	{"null key", nil, `{"transaction_id":null,"transaction_date":"d"}`, `table "flagged-transactions", attribute "transaction_id": the hash key must be of type S, found NULL`},
	{"empty key", nil, `{"transaction_id":"","transaction_date":"d"}`, `table "flagged-transactions", attribute "transaction_id": the hash key must be a value of type S that is not empty, found an empty one`},
	{"wrong key type", nil, `{"transaction_id":1,"transaction_date":"d"}`, `table "flagged-transactions", attribute "transaction_id": the hash key must be of type S, found N`},
	{"long key", nil, `{"transaction_id":"a","transaction_date":"` + strings.Repeat("x", 1025) + `"}`, `table "flagged-transactions", attribute "transaction_date": the range key may have at most 1024 bytes, found 1025`},
	{"wrong index type", nil, `{"transaction_id":"a","transaction_date":"d","account_id":"1"}`, `table "flagged-transactions", attribute "account_id": the key of index "account" must be of type N, found S`},
	{"null index key", nil, `{"transaction_id":"a","transaction_date":"d","account_id":null}`, `table "flagged-transactions", attribute "account_id": the key of index "account" must be of type N, found NULL`},
	{"missing index key", nil, `{"transaction_id":"a","transaction_date":"d"}`, ``},
	{"item over 400 KB", nil, `{"transaction_id":"a","transaction_date":"d","x":"` + strings.Repeat("x", 420_000) + `"}`, `table "flagged-transactions": an item may have at most 409600 bytes, found 420033`},
	{"number over 38 digits", nil, `{"transaction_id":"a","transaction_date":"d","x":` + strings.Repeat("1", 39) + `}`, `table "flagged-transactions", attribute "x": a number may have at most 38 significant digits, found 39`},
	{"number out of range", nil, `{"transaction_id":"a","transaction_date":"d","x":1e126}`, `table "flagged-transactions", attribute "x": a number must be below 1E+126, found one beyond it`},
	{"NaN", nil, map[string]any{"transaction_id": "a", "transaction_date": "d", "x": math.NaN()}, `table "flagged-transactions", attribute "x": NaN is not a number that DynamoDB can store`},
	{"nesting over 32", nil, `{"transaction_id":"a","transaction_date":"d","x":` + strings.Repeat("[", 33) + strings.Repeat("]", 33) + `}`, `table "flagged-transactions", attribute "x": lists and maps may be nested 32 levels deep, found more`},
	{"empty set", []string{"aws.dynamodb.type.overrides", "x:SS"}, `{"transaction_id":"a","transaction_date":"d","x":[]}`, `table "flagged-transactions", attribute "x": a set must have a member, found an empty one`},
	{"value that cannot have the type it is given", []string{"aws.dynamodb.type.overrides", "x:N"}, `{"transaction_id":"a","transaction_date":"d","x":"one"}`, `table "flagged-transactions", attribute "x": the settings give it type N, which a string cannot have`},
	{"duplicate JSON field", nil, `{"transaction_id":"a","transaction_date":"d","x":1,"x":2}`, ``},
	{"invalid UTF-8", nil, map[string]any{"transaction_id": "a", "transaction_date": "d", "x": "\xff"}, `table "flagged-transactions", attribute "x": a string must be valid UTF-8`},
	{"half a surrogate pair", nil, `{"transaction_id":"a","transaction_date":"d","x":"\ud800"}`, `table "flagged-transactions", attribute "x": a string must be valid Unicode, found half of a surrogate pair`},
	{"empty name", nil, `{"transaction_id":"a","transaction_date":"d","":1}`, `table "flagged-transactions", attribute "": an attribute name must not be empty`},
	{"not an object", nil, `["a"]`, `table "flagged-transactions": the record's value, and its members "key" and "item" if it has them, must be JSON objects, found JSON array`},
	{"no value (a tombstone)", nil, nil, `table "flagged-transactions": the record's value, and its members "key" and "item" if it has them, must be JSON objects, found no value (a tombstone)`},
	{"text that is no JSON", []string{"camel.sink.unmarshal", ""}, []byte("a,b"), `table "flagged-transactions": the record's value must be a JSON object, found text that is not JSON`},
	{"a placeholder for what is missing", []string{"table.name.format", "t-${value:tenant}"}, `{"id":"a"}`, `table "t-${value:tenant}": value.tenant: the record has none`},
}

// Bad records are reported with table, attribute, what is expected and what was found, the others are stored, and the page tells the same.
func TestBadInputIsReportedAsDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/dynamodb-sink.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range badInput {
		t.Run(c.name, func(t *testing.T) {
			s := newService(t)
			w := newWorker(t, sink.Options{})
			w.tolerate = true
			if err := w.start(s.settings(c.props...)); err != nil {
				t.Fatal(err)
			}
			w.open()
			if text, ok := c.value.(string); ok {
				c.value = connect.RawJSON(text)
			}
			if err := w.putValues(c.value); err != nil {
				t.Fatal(err)
			}
			w.untilCommitted()
			got := ""
			if reports := w.reports(); len(reports) > 0 {
				got = reports[0].reason.Error()
			}
			if got != c.says {
				t.Errorf("reported %q, want %q", got, c.says)
			}
			if !strings.Contains(string(page), "| "+c.name+" |") || c.says != "" && !strings.Contains(string(page), "`"+c.says+"`") {
				t.Errorf("docs/dynamodb-sink.md has no row %q with %q", c.name, c.says)
			}
		})
	}
}

// The dead letter queue's message header has the error's text without that of its cause, so nothing of what is wrong with a record may be in a cause.
func TestBadInputIsToldWithoutACause(t *testing.T) {
	for name, c := range map[string]struct {
		props []string
		value string
		says  string
	}{
		"placeholder":  {[]string{"table.name.format", "t-${value:tenant}"}, `{"id":"a"}`, `value.tenant: the record has none`},
		"part of key":  {[]string{"aws.dynamodb.pk.hash", "value.a:transaction_id"}, `{"transaction_date":"d"}`, `value.a: the record has none`},
		"change event": {[]string{"aws.dynamodb.body.mode", "debezium"}, `{"op":"x"}`, `must be c, r, u, d, t or m, found "x"`},
		"typed value":  {[]string{"aws.dynamodb.input.format", "dynamodb-json"}, `{"transaction_id":"a"}`, `transaction_id`},
	} {
		t.Run(name, func(t *testing.T) {
			s := newService(t)
			w := newWorker(t, sink.Options{})
			w.tolerate = true
			if err := w.start(s.settings(c.props...)); err != nil {
				t.Fatal(err)
			}
			w.open()
			if err := w.putValues(connect.RawJSON(c.value)); err != nil {
				t.Fatal(err)
			}
			w.untilCommitted()
			var data *connect.DataError
			switch reports := w.reports(); {
			case len(reports) != 1 || !errors.As(reports[0].reason, &data):
				t.Fatalf("reported %v, want one error of data", reports)
			case data.Cause != nil || !strings.Contains(data.Message, c.says):
				t.Errorf("reported %q with the cause %v, want %q and no cause", data.Message, data.Cause, c.says)
			}
		})
	}
}
