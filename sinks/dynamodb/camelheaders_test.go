package dynamodb_test

import (
	"errors"
	"strings"
	"testing"

	"sluice/connect"
	sink "sluice/sinks/dynamodb"
)

// What Camel's headers do: one names a table, some are refused, the others have no effect.
func TestHeadersOfCamel(t *testing.T) {
	const ddb = "CamelHeader.CamelAwsDdb"
	s := newService(t)
	s.addTable(t, "aside")
	w := newWorker(t, sink.Options{})
	w.tolerate = true
	if err := w.start(s.settings()); err != nil {
		t.Fatal(err)
	}
	w.open()
	put := func(id, header string, value any) {
		t.Helper()
		r := connect.SinkRecord{
			Topic: w.tp.Topic, Offset: w.next, Value: connect.RawJSON(strings.Replace(transaction(id, ``), "{", `{"id":"`+id+`",`, 1)),
			Headers: []connect.Header{{Key: "other", Value: "x"}, {Key: ddb + header, Value: value}},
		}
		w.next++
		if err := w.task.Put(t.Context(), []connect.SinkRecord{r}); err != nil {
			t.Fatal(err)
		}
	}
	put("0", "TableName", "aside")
	put("1", "TableName", []byte(tableName))
	put("2", "TableName", nil)
	put("3", "TableName", "a/b")
	put("4", "Operation", "PutItem")
	put("5", "Operation", "DeleteItem")
	put("6", "Item", "{}")
	put("7", "Key", map[string]any{"transaction_id": "a"})
	put("8", "UpdateCondition", "{}")
	put("9", "ReturnValues", "ALL_NEW")
	w.untilCommitted()
	if aside := s.ids(t, "aside"); aside != "0" {
		t.Errorf("the table of the header has %q", aside)
	}
	stored := s.items(t)
	for _, id := range []string{"1", "2", "4", "9"} {
		if stored[id] == nil {
			t.Errorf("item %s is missing", id)
		}
	}
	if len(stored) != 4 {
		t.Errorf("the table of the settings has %v", stored)
	}
	want := map[int64]string{
		3: `the record's header "CamelHeader.CamelAwsDdbTableName": "a/b" is not the name of a table`,
		5: `table "flagged-transactions": the record's header "CamelHeader.CamelAwsDdbOperation" asks for the operation "DeleteItem", which Camel 3 pays no heed to and Camel 4 carries out: with aws.dynamodb.operation.header=CamelHeader.CamelAwsDdbOperation it is carried out`,
		6: `"CamelHeader.CamelAwsDdbItem" cannot hold`, 7: `"CamelHeader.CamelAwsDdbKey" cannot hold`, 8: `"CamelHeader.CamelAwsDdbUpdateCondition" cannot hold`,
	}
	for _, r := range w.reports() {
		if text, ok := want[r.offset]; !ok || !strings.Contains(r.reason.Error(), text) {
			t.Errorf("record %d: reported %v, want %s", r.offset, r.reason, text)
		}
		delete(want, r.offset)
	}
	if len(want) > 0 {
		t.Errorf("not reported: %v", want)
	}

	w = started(t, sink.Options{}, s.settings("camel.map.headers", "false"))
	put("10", "Item", "{}")
	put("11", "TableName", "aside")
	w.untilCommitted()
	if stored := s.items(t); stored["10"] == nil || stored["11"] == nil {
		t.Errorf("without headers the table has %v", stored)
	}
}

// A record that is found to be bad before anything is sent says in the dead letter queue where it was to go.
func TestBadRecordsSayWhereTheyWereToGo(t *testing.T) {
	s := newService(t)
	w := newWorker(t, sink.Options{})
	w.tolerate = true
	if err := w.start(s.settings("aws.dynamodb.operation.field", "op", "table.name.format", "${value:table}")); err != nil {
		t.Fatal(err)
	}
	w.open()
	w.mustPut(`{"op":"d","table":"flagged-transactions"}`, `{"op":"u","table":"flagged-transactions"}`, `{"op":"x","table":"flagged-transactions"}`, `{"op":"u"}`)
	w.untilCommitted()
	want := []map[string]string{
		{"dynamodb.table": tableName, "dynamodb.operation": "DeleteItem"}, {"dynamodb.table": tableName, "dynamodb.operation": "PutItem"}, {"dynamodb.table": tableName}, nil,
	}
	got := map[int64]error{}
	for _, r := range w.reports() {
		got[r.offset] = r.reason
	}
	for i := range want {
		reason := got[int64(i)]
		var data *connect.DataError
		if !errors.As(reason, &data) {
			t.Errorf("record %d: %v is no error of data", i, reason)
		}
		if named, ok := reason.(interface{ JavaClass() string }); ok && named.JavaClass() != "org.apache.kafka.connect.errors.DataException" {
			t.Errorf("record %d: in Java's words it is %s", i, named.JavaClass())
		}
		var more connect.ErrorHeaders
		var headers map[string]string
		if errors.As(reason, &more) {
			headers = more.ErrorHeaders()
		}
		if len(headers) != len(want[i]) || headers["dynamodb.table"] != want[i]["dynamodb.table"] || headers["dynamodb.operation"] != want[i]["dynamodb.operation"] {
			t.Errorf("record %d: headers are %v, want %v", i, headers, want[i])
		}
	}
}
