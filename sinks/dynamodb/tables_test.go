package dynamodb_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	sink "sluice/sinks/dynamodb"
)

// called names the operation of a request.
func called(r *http.Request) string {
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	return operation
}

// refuse answers as the service does to what it does not allow.
func refuse(w http.ResponseWriter, code, message string) bool {
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.WriteHeader(http.StatusBadRequest)
	_, _ = io.WriteString(w, `{"__type":"com.amazon.coral.service#`+code+`","message":"`+message+`"}`)
	return true
}

// Two tasks find that the table is missing at the same time: both ask for it, one makes it, both write to it.
func TestAMissingTableIsMadeAndWaitedFor(t *testing.T) {
	s := newService(t)
	var creating, describes atomic.Int32
	var missing sync.WaitGroup
	missing.Add(2)
	url := s.behind(t, func(w http.ResponseWriter, r *http.Request, _ []byte) bool {
		switch called(r) {
		case "CreateTable":
			if creating.Add(1) <= 2 {
				missing.Done()
				missing.Wait() // both have found it missing
			}
		case "DescribeTable":
			if creating.Load() > 0 && describes.Add(1) == 1 { // as long as it is made
				_, _ = io.WriteString(w, `{"Table":{"TableName":"made","TableStatus":"CREATING"}}`)
				return true
			}
		}
		return false
	})
	props := s.settings(prefix+"table", "made", prefix+"uriEndpointOverride", url, "aws.dynamodb.table.create", "true", "aws.dynamodb.table.key", "transaction_id:S",
		"aws.dynamodb.table.indexes", "account(account_id:N)", "aws.dynamodb.ttl.attribute", "gone", "aws.dynamodb.ttl.seconds", "60", "aws.dynamodb.table.ttl.enable", "true")
	workers := []*worker{newWorker(t, sink.Options{}), newWorker(t, sink.Options{})}
	var starting sync.WaitGroup
	for _, w := range workers {
		starting.Go(func() {
			if err := w.start(props); err != nil {
				t.Errorf("start: %v", err)
			}
		})
	}
	starting.Wait()
	if t.Failed() {
		return
	}
	for i, w := range workers {
		w.open()
		w.mustPut(transaction(string(rune('a'+i)), ``))
	}
	for _, w := range workers {
		w.untilCommitted()
	}
	s.table = "made"
	if n := len(s.items(t)); n != 2 {
		t.Errorf("the table has %d items, want 2", n)
	}
	both := workers[0].log.String() + workers[1].log.String()
	if n := strings.Count(both, "the table was missing and is being made"); n != 1 {
		t.Errorf("%d tasks say that they make it, want 1:\n%s", n, both)
	}
	if !strings.Contains(both, "is being created") {
		t.Errorf("the log does not say what is waited for:\n%s", both)
	}
	d, err := s.client.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: aws.String("made")})
	if err != nil || aws.ToString(d.Table.GlobalSecondaryIndexes[0].IndexName) != "account" || d.Table.ProvisionedThroughput == nil || aws.ToInt64(d.Table.ProvisionedThroughput.WriteCapacityUnits) != 1 {
		t.Errorf("got %+v, %v; want the index, and the capacity of Camel's key", d.Table, err)
	}
	ttl, err := s.client.DescribeTimeToLive(t.Context(), &dynamodb.DescribeTimeToLiveInput{TableName: aws.String("made")})
	if err != nil || ttl.TimeToLiveDescription.TimeToLiveStatus != "ENABLED" || aws.ToString(ttl.TimeToLiveDescription.AttributeName) != "gone" {
		t.Errorf("the time to live is %+v, %v", ttl, err)
	}
}

func TestATimeToLiveOnAnotherAttributeFailsTheTask(t *testing.T) {
	s := newService(t)
	props := func(attribute string) map[string]string {
		return s.settings("aws.dynamodb.ttl.attribute", attribute, "aws.dynamodb.ttl.seconds", "60", "aws.dynamodb.table.ttl.enable", "true")
	}
	started(t, sink.Options{}, props("gone"))
	started(t, sink.Options{}, props("gone")) // it is on
	err := newWorker(t, sink.Options{}).start(props("until"))
	if err == nil || !strings.Contains(err.Error(), `time to live of table "flagged-transactions": the settings (aws.dynamodb.ttl.attribute) want it on attribute "until", found it on "gone"`) {
		t.Errorf("got %v", err)
	}
}

// Confluent's class makes tables that are missing: the key has the types that the first record has. A record without a key is a bad one, and does not
// keep the next one from telling.
func TestTheFirstRecordTellsTheTypesOfTheKey(t *testing.T) {
	s := newService(t)
	w := newWorker(t, sink.Options{})
	w.task = sink.ConfluentPlugin(sink.Options{}).NewSink().NewTask()
	w.tolerate = true
	props := map[string]string{
		"aws.dynamodb.endpoint": s.url, "aws.access.key.id": "AKIAIOSFODNN7EXAMPLE", "aws.secret.access.key": "secret", "table.name.format": "by-${value:kind}",
		"aws.dynamodb.pk.hash": "value.id", "aws.dynamodb.pk.sort": "offset",
	}
	if err := w.start(props); err != nil {
		t.Fatal(err)
	}
	w.open()
	w.mustPut(`{"kind":"number"}`, `{"kind":"number","id":7}`, `{"kind":"text","id":"a"}`, `{"kind":"number","id":"8"}`)
	w.untilCommitted()
	for name, want := range map[string]string{"by-number": "N", "by-text": "S"} {
		d, err := s.client.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: aws.String(name)})
		if err != nil {
			t.Fatal(err)
		}
		types := map[string]string{}
		for _, a := range d.Table.AttributeDefinitions {
			types[aws.ToString(a.AttributeName)] = string(a.AttributeType)
		}
		if types["id"] != want || types["offset"] != "N" || len(types) != 2 {
			t.Errorf("%s has %v, want id of type %s", name, types, want)
		}
	}
	if got := w.reports(); len(got) != 1 || got[0].offset != 0 || !strings.Contains(got[0].reason.Error(), `table "by-number", attribute "id": the table's key is to be made of value.id, but value.id: the record has none`) {
		t.Errorf("reported %v", got)
	}
	out, err := s.client.Scan(t.Context(), &dynamodb.ScanInput{TableName: aws.String("by-number")})
	if err != nil || len(out.Items) != 2 {
		t.Errorf("by-number has %v, %v", out.Items, err)
	}
}

// One table by its name, whose key only a record can tell: the task starts without it.
func TestOneTableWaitsForItsFirstRecord(t *testing.T) {
	s := newService(t)
	w := started(t, sink.Options{}, s.settings(prefix+"table", "later", "aws.dynamodb.table.create", "true", "aws.dynamodb.pk.hash", "value.id"))
	w.mustPut(`{"id":"x"}`, `{"id":"y"}`)
	w.untilCommitted()
	if ids := s.ids(t, "later"); ids != "x y" {
		t.Errorf("the table has %s", ids)
	}
}

func TestATableWithAnotherKeyFailsTheTask(t *testing.T) {
	s := newService(t)
	err := newWorker(t, sink.Options{}).start(s.settings("aws.dynamodb.table.create", "true", "aws.dynamodb.table.key", "transaction_id:N"))
	const want = `Invalid value transaction_id:N for configuration aws.dynamodb.table.key: table "flagged-transactions" has another key: its hash key is expected to be "transaction_id" of type N, found "transaction_id" of type S`
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestWithoutTheRightToDescribeTheSettingsTellTheKey(t *testing.T) {
	s := newService(t)
	var describes atomic.Int32
	url := s.behind(t, func(w http.ResponseWriter, r *http.Request, _ []byte) bool {
		if called(r) != "DescribeTable" {
			return false
		}
		describes.Add(1)
		return refuse(w, "AccessDeniedException", "User: arn:aws:iam::1:user/u is not authorized to perform: dynamodb:DescribeTable")
	})
	key := []string{"aws.dynamodb.table.key", "transaction_id:S, transaction_date:S", "aws.dynamodb.table.indexes", "account(account_id:N, transaction_date:S)"}

	err := newWorker(t, sink.Options{}).start(s.settings(prefix+"uriEndpointOverride", url))
	for _, want := range []string{"DescribeTable of table", "not authorized", "grant dynamodb:DescribeTable", "aws.dynamodb.table.key", "aws.dynamodb.table.indexes"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	for name, c := range map[string]struct {
		more      []string
		describes int32
	}{"denied": {nil, 1}, "not asked": {[]string{"aws.dynamodb.describe.table", "false"}, 0}} {
		t.Run(name, func(t *testing.T) {
			describes.Store(0)
			w := newWorker(t, sink.Options{})
			w.tolerate = true
			if err := w.start(s.settings(append(append([]string{prefix + "uriEndpointOverride", url}, key...), c.more...)...)); err != nil {
				t.Fatal(err)
			}
			w.open()
			w.mustPut(transaction(name, ``), strings.Replace(transaction("bad", ``), "1000000003", `"text"`, 1))
			w.untilCommitted()
			if got := s.items(t); got[name] == nil || got["bad"] != nil {
				t.Errorf("the table has %v", got)
			}
			if got := w.reports(); len(got) != 1 || !strings.Contains(got[0].reason.Error(), `the key of index "account" must be of type N, found S`) {
				t.Errorf("reported %v", got)
			}
			if n := describes.Load(); n != c.describes {
				t.Errorf("the table was described %d times, want %d", n, c.describes)
			}
			if said := strings.Contains(w.log.String(), "taken from the settings"); said != (c.describes > 0) {
				t.Errorf("the log says so: %v", said)
			}
			if _, err := s.client.DeleteTable(context.Background(), &dynamodb.DeleteTableInput{TableName: aws.String(tableName)}); err != nil {
				t.Fatal(err)
			}
			defer s.createTable(t)
			err := w.putUntilFailed(transaction("c", ``))
			if !strings.Contains(err.Error(), "BatchWriteItem") || !strings.Contains(err.Error(), "ResourceNotFoundException") {
				t.Errorf("after the table was deleted: %v", err)
			}
			w.committable(true)
			if got := w.committable(false); got != 2 {
				t.Errorf("offset %d may be committed, want 2", got)
			}
		})
	}
}

func TestCreationThatIsRefusedFailsTheTask(t *testing.T) {
	s := newService(t)
	var code atomic.Value
	url := s.behind(t, func(w http.ResponseWriter, r *http.Request, _ []byte) bool {
		return called(r) == "CreateTable" && refuse(w, code.Load().(string), "no")
	})
	props := s.settings(prefix+"table", "made", prefix+"uriEndpointOverride", url, "aws.dynamodb.table.create", "true", "aws.dynamodb.table.key", "id:S")
	for _, c := range []string{"AccessDeniedException", "ValidationException"} {
		code.Store(c)
		err := newWorker(t, sink.Options{}).start(props)
		if err == nil || !strings.Contains(err.Error(), `CreateTable of table "made" (region ap-southeast-2`) || !strings.Contains(err.Error(), c+": no") {
			t.Errorf("%s: got %v", c, err)
		}
	}
	code.Store("LimitExceededException") // too many at once: later
	w := started(t, sink.Options{}, props)
	if !strings.Contains(w.log.String(), "LimitExceededException") {
		t.Errorf("the log does not say what is waited for:\n%s", w.log)
	}
}
