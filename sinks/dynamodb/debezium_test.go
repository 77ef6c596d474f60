package dynamodb_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sluice/connect"
	sink "sluice/sinks/dynamodb"
)

// event is a change event in the shape that Debezium's documentation shows, for a row of the table "customers".
func event(op, before, after string) connect.RawJSON {
	return connect.RawJSON(`{"before":` + before + `,"after":` + after + `,"source":{"version":"2.7.0.Final","connector":"postgresql","ts_ms":1559033904863,"schema":"public","table":"customers","lsn":24023128},"op":"` + op + `","ts_ms":1559033904961}`)
}

// A table follows the changes of another one: rows come and go, by the events alone.
func TestATableFollowsChangeEvents(t *testing.T) {
	s := newService(t)
	w := newWorker(t, sink.Options{})
	w.tolerate = true
	props := s.settings("aws.dynamodb.body.mode", "debezium", "table.name.format", "cdc-${value:source.table}", "aws.dynamodb.table.create", "true", "aws.dynamodb.pk.hash", "value.id",
		"aws.dynamodb.fields.exclude", "secret")
	delete(props, prefix+"table")
	if err := w.start(props); err != nil {
		t.Fatal(err)
	}
	w.open()
	put := w.putEvent
	put(nil, nil) // a tombstone, before anything is known of the table
	put(nil, event("t", "null", "null"))
	put(nil, event("r", "null", `{"id":1,"name":"Ann","secret":"x"}`))
	put(nil, event("c", "null", `{"id":2,"name":"Bob"}`))
	put(nil, event("u", `{"id":1,"name":"Ann"}`, `{"id":1,"name":"Anne","op":"business"}`))
	put(nil, event("c", "null", `{"id":3,"name":"Cyd"}`))
	put(nil, event("d", `{"id":2,"name":null}`, "null"))
	put(connect.RawJSON(`{"id":2}`), nil)
	put(nil, map[string]any{"op": "c", "before": nil, "after": map[string]any{"id": int64(4), "name": "Dee"}, "source": map[string]any{"table": "customers"}})
	put(nil, string(event("c", "null", `{"id":5}`)))
	put(nil, event("m", "null", "null"))
	bad := map[int64]string{w.next: `the op of the change event must be c, r, u, d, t or m, found "x"`}
	put(nil, event("x", "null", "null"))
	bad[w.next] = `the member "after" of the change event must be an object for op "u", found null`
	put(nil, event("u", "null", "null"))
	bad[w.next] = `table "cdc-customers": the record's value must be a change event of Debezium, with the members op, before and after: its op must be a text, found nothing`
	put(nil, connect.RawJSON(`{"id":6,"source":{"table":"customers"}}`))
	bad[w.next] = `value.id, but value.id: the record has none`
	put(nil, event("d", `{}`, "null"))
	w.untilCommitted()

	out, err := s.client.Scan(t.Context(), &dynamodb.ScanInput{TableName: aws.String("cdc-customers")})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, item := range out.Items {
		name, _ := item["name"].(*types.AttributeValueMemberS)
		if name == nil {
			name = &types.AttributeValueMemberS{}
		}
		got[item["id"].(*types.AttributeValueMemberN).Value] = name.Value
		if item["secret"] != nil || item["after"] != nil {
			t.Errorf("stored was %v", item)
		}
	}
	if len(got) != 4 || got["1"] != "Anne" || got["3"] != "Cyd" || got["4"] != "Dee" || got["5"] != "" {
		t.Errorf("the table has %v", got)
	}
	for _, r := range w.reports() {
		if want, ok := bad[r.offset]; !ok || !strings.Contains(r.reason.Error(), want) {
			t.Errorf("record %d: reported %v, want %s", r.offset, r.reason, want)
		}
		delete(bad, r.offset)
	}
	if len(bad) > 0 {
		t.Errorf("not reported: %v", bad)
	}
	if n, _, _ := metricOf(t, w.metrics, "dynamodb_records_total", "ignored"); n != 4 {
		t.Errorf("%v records were ignored, want two tombstones, a truncation and a message", n)
	}
}

// Where the event of a deletion has no state before, the record's key tells the row.
func TestADeletedRowIsKnownByTheRecordsKey(t *testing.T) {
	s := newService(t)
	s.addTable(t, "rows")
	w := started(t, sink.Options{}, s.settings(prefix+"table", "rows", "aws.dynamodb.body.mode", "debezium"))
	w.putEvent(nil, event("c", "null", `{"id":"a"}`))
	w.putEvent(nil, event("c", "null", `{"id":"b"}`))
	w.putEvent(connect.RawJSON(`{"id":"a"}`), event("d", "null", "null"))
	w.untilCommitted()
	if ids := s.ids(t, "rows"); ids != "b" {
		t.Errorf("the table has %q, want b", ids)
	}
}

func (w *worker) putEvent(key, value any) {
	w.t.Helper()
	r := connect.SinkRecord{Topic: w.tp.Topic, Offset: w.next, Key: key, Value: value}
	w.next++
	if err := w.task.Put(w.t.Context(), []connect.SinkRecord{r}); err != nil {
		w.t.Fatal(err)
	}
}

func TestSettingsThatContradictChangeEvents(t *testing.T) {
	for _, c := range []struct{ key, value, more, want string }{
		{"aws.dynamodb.operation.field", "op", "", "has no effect with aws.dynamodb.body.mode=debezium"},
		{"aws.dynamodb.operation.header", "op", "", "has no effect with aws.dynamodb.body.mode=debezium"},
		{"aws.dynamodb.input.format", "dynamodb-json", "", "contradicts aws.dynamodb.body.mode=debezium"},
		{"aws.dynamodb.version.field", "updated", "newer-wins", "must be __offset or __timestamp with aws.dynamodb.body.mode=debezium"},
		{"aws.dynamodb.version.field", "__offset", "newer-wins", ""},
	} {
		props := map[string]string{prefix + "table": "t", "aws.dynamodb.body.mode": "debezium", c.key: c.value}
		if c.more != "" {
			props["aws.dynamodb.condition"] = c.more
		}
		errs := sink.Plugin(sink.Options{}).NewSink().(connect.ConfigValidator).ValidateConfig(props)
		switch {
		case c.want == "" && len(errs) > 0:
			t.Errorf("%s=%s: got %v", c.key, c.value, errs[0])
		case c.want != "" && (len(errs) != 1 || !strings.Contains(errs[0].Error(), c.want)):
			t.Errorf("%s=%s: got %v, want %s", c.key, c.value, errs, c.want)
		}
	}
}
