package dynamodb_test

import (
	"bufio"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"sluice/connect"
	embedded "sluice/internal/embedded/dynamodb"
	sink "sluice/sinks/dynamodb"
)

// connectorCase says what becomes of the records of a captured connector here: the state of the task, the transaction ids that stand in
// the table, and the offsets that are reported. Differs tells why that is not what the real one did; empty: it is the same.
type connectorCase struct {
	props    []string // besides the usual settings
	faults   embedded.FaultFunc
	values   []any // instead of the captured values
	tolerate bool
	differs  string

	fails    string // part of the task's error; empty: it goes on
	stored   []string
	reported []int64
	recovers bool // the faults end after a while
}

const (
	retried = "an outage or a throttled table is waited for; Camel fails the task or moves the records to the dead letter queue"
)

func everyCall(f embedded.Fault) embedded.FaultFunc {
	return func(string) embedded.Fault { return f }
}

var connectorCases = map[string]connectorCase{
	"connector/none-missing-key": {fails: `attribute "transaction_id"`, stored: []string{"r1"}, reported: []int64{1}},
	"connector/none-tombstone":   {fails: "a tombstone", stored: []string{"r1"}, reported: []int64{1}},
	"connector/none-over-400k": {
		values: []any{flat("r1"), connect.RawJSON(`{"transaction_id":"big","transaction_date":"2023-08-14 10:00:00.000000","account_id":1,"x":"` + strings.Repeat("x", 420_000) + `"}`), flat("r2")},
		fails:  "409600 bytes", stored: []string{"r1"}, reported: []int64{1},
	},
	"connector/none-table-missing": {props: []string{prefix + "table", "gone"}, fails: "ResourceNotFoundException"},
	"connector/all-no-dlq": {
		tolerate: true, stored: []string{"r1", "r2"}, reported: []int64{1},
		differs: "the worker always takes reports, and decides by errors.tolerance; Java has no reporter here, so Camel fails the task",
	},
	"connector/all-no-dlq-log":     {tolerate: true, stored: []string{"r1", "r2"}, reported: []int64{1}},
	"connector/no-unmarshal":       {props: []string{"camel.sink.unmarshal", ""}, stored: []string{"r1"}, differs: "objects need no data format; Camel has no type converter for them"},
	"connector/key-json-converter": {stored: []string{"r1"}},
	"connector/struct-value": {
		values: []any{structValue()}, stored: []string{"r1"},
		differs: "a struct is written by its fields; Camel's Jackson cannot marshal it",
	},
	"connector/string-value-converter":              {values: []any{string(flat("r1"))}, fails: "found a string", reported: []int64{0}},
	"connector/string-value-converter-no-unmarshal": {props: []string{"camel.sink.unmarshal", ""}, values: []any{string(flat("r1"))}, stored: []string{"r1"}},
	"connector/bad-operation":                       {props: []string{prefix + "operation", "Nope"}, fails: "must be one of"},
	"connector/no-region":                           {props: []string{prefix + "region", ""}, fails: prefix + "region"},
	"connector/conn-refused":                        {faults: everyCall(embedded.Fault{CutBefore: true}), recovers: true, stored: []string{"r1"}, differs: retried},
	"connector/stub-outage":                         {faults: everyCall(embedded.Fault{Error: "InternalServerError"}), recovers: true, stored: []string{"so1"}, differs: retried},
	"connector/stub-throttle":                       {faults: everyCall(embedded.Fault{Error: "ProvisionedThroughputExceededException"}), recovers: true, stored: []string{"t1"}, differs: retried},
	"connector/dlq-outage-25s": {
		values: []any{flat("k5"), flat("k6"), flat("k7")}, tolerate: true, faults: everyCall(embedded.Fault{Error: "InternalServerError"}), recovers: true,
		stored: []string{"k5", "k6", "k7"}, differs: retried,
	},
	"connector/dlq-table-missing": {
		props: []string{prefix + "table", "gone"}, tolerate: true, fails: "ResourceNotFoundException",
		differs: "a missing table fails the task, and no record is lost to the dead letter queue",
	},

	"update/flat":      {props: []string{prefix + "operation", "UpdateItem"}, stored: []string{"u-flat"}, differs: "the key is found among the attributes; Camel takes all of them for the key"},
	"update/keyitem":   {props: []string{prefix + "operation", "UpdateItem"}, stored: []string{"u1"}},
	"update/again":     {props: []string{prefix + "operation", "UpdateItem"}, stored: []string{"u1"}},
	"update/keyonly":   {props: []string{prefix + "operation", "UpdateItem"}, stored: []string{"u2"}, differs: "an item is made of the key alone; Camel tries to set the key's attributes, too"},
	"update/tombstone": {props: []string{prefix + "operation", "UpdateItem"}, tolerate: true, reported: []int64{0}},

	"delete/flatextra": {props: []string{prefix + "operation", "DeleteItem"}, tolerate: true, stored: []string{"d1", "d2", "d3", "d4"}, reported: []int64{0}},
	"delete/flatkeys":  {props: []string{prefix + "operation", "DeleteItem"}, stored: []string{"d1", "d3", "d4"}},
	"delete/key":       {props: []string{prefix + "operation", "DeleteItem"}, stored: []string{"d1", "d2", "d4"}},
	"delete/absent":    {props: []string{prefix + "operation", "DeleteItem"}, stored: []string{"d1", "d2", "d3", "d4"}},
	"delete/tombstone": {props: []string{prefix + "operation", "DeleteItem"}, tolerate: true, stored: []string{"d1", "d2", "d3", "d4"}, reported: []int64{0}},
}

// What the converter refuses never reaches a sink.
var converterCases = []string{"connector/none-not-json", "connector/all-no-dlq-not-json"}

// The captured connectors, each as a task against the embedded service.
func TestConnectorsEndAsCamelsButForTheListedDifferences(t *testing.T) {
	f, err := os.Open("testdata/camel/items.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	seen := 0
	for lines.Scan() {
		var row struct {
			Name    string          `json:"name"`
			Value   json.RawMessage `json:"record_value"`
			Outcome string          `json:"outcome"`
		}
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(row.Name, "/") || slices.Contains(converterCases, row.Name) {
			continue
		}
		seen++
		t.Run(row.Name, func(t *testing.T) {
			c, ok := connectorCases[row.Name]
			if !ok {
				t.Fatal("the case is not known here")
			}
			if c.differs == "" && (row.Outcome == "task FAILED") != (c.fails != "") {
				t.Errorf("the case says that it is as captured, which ended with %q", row.Outcome)
			}
			if c.values == nil {
				c.values = capturedValues(t, row.Value)
			}
			c.run(t)
		})
	}
	if seen != len(connectorCases) {
		t.Errorf("saw %d cases, know %d", seen, len(connectorCases))
	}
}

func (c connectorCase) run(t *testing.T) {
	s := newService(t)
	if strings.Join(c.props, " ") == prefix+"operation DeleteItem" {
		before := started(t, sink.Options{}, s.settings())
		for _, id := range []string{"d1", "d2", "d3", "d4"} {
			before.mustPut(string(flat(id)))
		}
		before.untilCommitted()
	}
	w := newWorker(t, sink.Options{})
	w.tolerate = c.tolerate
	s.SetFaults(c.faults)
	err := w.start(s.settings(c.props...))
	if err == nil {
		w.open()
		if err = w.putValues(c.values...); err == nil && c.recovers {
			if got := w.committable(false); got != 0 {
				t.Errorf("offset %d may be committed during an outage", got)
			}
			s.SetFaults(nil)
		}
		if err == nil && c.fails == "" {
			w.untilCommitted()
		}
		w.committable(true) // waits for what is under way
	}
	if (err != nil) != (c.fails != "") || err != nil && !strings.Contains(err.Error(), c.fails) {
		t.Errorf("the task ended with %v, want %q", err, c.fails)
	}
	s.SetFaults(nil)
	var stored []string
	for id := range s.items(t) {
		stored = append(stored, id)
	}
	slices.Sort(stored)
	if !slices.Equal(stored, c.stored) {
		t.Errorf("stored %v, want %v", stored, c.stored)
	}
	var offsets []int64
	for _, r := range w.reports() {
		offsets = append(offsets, r.offset)
	}
	if !slices.Equal(offsets, c.reported) {
		t.Errorf("reported offsets %v, want %v", offsets, c.reported)
	}
}

// capturedValues reads one value or a list of them; null is a tombstone.
func capturedValues(t *testing.T, text json.RawMessage) []any {
	t.Helper()
	var list []*string
	if err := json.Unmarshal(text, &list); err != nil {
		var one *string
		if err := json.Unmarshal(text, &one); err != nil {
			t.Fatal(err)
		}
		list = []*string{one}
	} else if list == nil {
		list = []*string{nil}
	}
	values := make([]any, len(list))
	for i, v := range list {
		if v != nil {
			values[i] = connect.RawJSON(*v)
		}
	}
	return values
}

func flat(id string) connect.RawJSON {
	return connect.RawJSON(`{"transaction_id":"` + id + `","transaction_date":"2023-08-14 10:00:00.000000","account_id":1,"x":1}`)
}

func structValue() *connect.Struct {
	s := connect.NewStruct(&connect.Schema{Type: connect.StructT, Fields: []connect.Field{
		{Name: "transaction_id", Schema: connect.StringSchema}, {Name: "transaction_date", Schema: connect.StringSchema}, {Name: "account_id", Schema: connect.Int64Schema},
	}})
	s.Put("transaction_id", "r1")
	s.Put("transaction_date", "2023-08-14 10:00:00.000000")
	s.Put("account_id", int64(1))
	return s
}
