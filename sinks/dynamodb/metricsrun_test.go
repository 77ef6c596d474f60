package dynamodb_test

import (
	"bytes"
	"fmt"
	"net/http"
	"sync"
	"testing"

	"sluice/connect"
	sink "sluice/sinks/dynamodb"
)

// metricOf returns the value of a metric, of a histogram the number and the sum of its values.
func metricOf(t *testing.T, m *connect.Metrics, name string, label string) (value float64, count uint64, sum float64) {
	t.Helper()
	for _, f := range m.Read() {
		for _, s := range f.Samples {
			if f.Name == name && (label == "" || s.Labels[0].Value == label) {
				return s.Value, s.Count, s.Sum
			}
		}
	}
	t.Fatalf("there is no metric %s of %q", name, label)
	return 0, 0, 0
}

// A run in which everything happens once, against a service that says what it is told to: the metrics tell what the run was.
func TestMetricsTellWhatARunWas(t *testing.T) {
	s := newService(t)
	const held, throttle, failure, unprocessed = "held", "throttle", "failure", "unprocessed"
	came, release := make(chan struct{}), make(chan struct{})
	var mu sync.Mutex
	said := map[string]bool{} // each once
	say := func(what string, body []byte) bool {
		mu.Lock()
		defer mu.Unlock()
		if said[what] || !bytes.Contains(body, []byte(`"`+what+`"`)) {
			return false
		}
		said[what] = true
		return true
	}
	url := s.behind(t, func(w http.ResponseWriter, _ *http.Request, body []byte) bool {
		fail := func(status int, text string) bool {
			w.WriteHeader(status)
			fmt.Fprint(w, text)
			return true
		}
		switch {
		case bytes.Contains(body, []byte(`"poison"`)):
			return fail(http.StatusBadRequest, `{"__type":"com.amazon.coral.validate#ValidationException","message":"no such thing"}`)
		case say(held, body):
			close(came)
			<-release
		case say(throttle, body):
			return fail(http.StatusBadRequest, `{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"why","ThrottlingReasons":[`+
				`{"reason":"TableWriteProvisionedThroughputExceeded","resource":"arn"},{"reason":"IndexWriteKeyRangeThroughputExceeded","resource":"arn"}]}`)
		case say(failure, body):
			return fail(http.StatusInternalServerError, `{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError","message":"why"}`)
		case say(unprocessed, body):
			return fail(http.StatusOK, `{"UnprocessedItems"`+string(bytes.TrimPrefix(body, []byte(`{"RequestItems"`))))
		}
		return false
	})
	w := started(t, sink.Options{}, s.settings(prefix+"uriEndpointOverride", url, "aws.dynamodb.operation.field", "op", "behavior.on.null.values", "ignore"))
	w.tolerate = true
	expect := func(name, label string, want float64) {
		t.Helper()
		if got, _, _ := metricOf(t, w.metrics, name, label); got != want {
			t.Errorf("%s of %q: got %v, want %v", name, label, got, want)
		}
	}
	what := func(id, what string) string { return transaction(id, fmt.Sprintf(`,"what":%q`, what)) }

	w.mustPut(what("a", held))
	<-came
	w.mustPut(what("a", "2"), what("a", "3"))
	expect("dynamodb_calls_in_flight", "", 1)
	expect("dynamodb_window_calls", "", 32)
	expect("dynamodb_backlog_records", "", 3)
	if bytes, _, _ := metricOf(t, w.metrics, "dynamodb_backlog_bytes", ""); bytes < 3*200 {
		t.Errorf("a backlog of %v bytes in 3 records", bytes)
	}
	close(release)
	w.untilCommitted()

	w.mustPut(transaction("b", `,"op":"d"`), "", transaction("c", `,"op":"upsert","x":1`), `{"account_id":1}`)
	w.untilCommitted()
	for _, one := range []string{throttle, failure, unprocessed} {
		w.mustPut(what(one, one))
		w.untilCommitted()
	}
	w.mustPut(what("d", "poison"), what("e", "quite right"))
	w.untilCommitted()

	for label, want := range map[string]float64{
		"put": 6, "delete": 1, "upsert": 1, "update": 0, "insert": 0, "merged": 1, "ignored": 1, "unmet": 0, "skipped": 0, "reported": 2,
	} {
		expect("dynamodb_records_total", label, want)
	}
	expect("dynamodb_calls_total", "BatchWriteItem", 2+1+3*2+3) // the last: both records, then each
	expect("dynamodb_calls_total", "UpdateItem", 1)
	expect("dynamodb_calls_failed_total", "throttled", 1)
	expect("dynamodb_calls_failed_total", "transient", 1)
	expect("dynamodb_calls_failed_total", "rejected", 2)
	expect("dynamodb_throttles_total", "TableWriteProvisionedThroughputExceeded", 1)
	expect("dynamodb_throttles_total", "IndexWriteKeyRangeThroughputExceeded", 1)
	expect("dynamodb_throttles_total", "ProvisionedThroughputExceededException", 0)
	expect("dynamodb_unprocessed_total", "", 1)
	expect("dynamodb_retries_total", "", 3)
	for _, gauge := range []string{"dynamodb_calls_in_flight", "dynamodb_backlog_records", "dynamodb_backlog_bytes", "dynamodb_keys_paused"} {
		expect(gauge, "", 0)
	}
	if _, calls, records := metricOf(t, w.metrics, "dynamodb_call_records", ""); calls != 13 || records != 14 {
		t.Errorf("%d calls carried %v records, want 13 and 14", calls, records)
	}
	if _, calls, took := metricOf(t, w.metrics, "dynamodb_call_seconds", ""); calls != 13 || took <= 0 {
		t.Errorf("%d calls took %v s, want 13 and some time", calls, took)
	}
}
