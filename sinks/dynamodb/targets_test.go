package dynamodb_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sluice/connect"
	sink "sluice/sinks/dynamodb"
)

// addTable makes a table whose key is the text id.
func (s *service) addTable(t *testing.T, name string) {
	t.Helper()
	_, err := s.client.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: aws.String(name), BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: "S"}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: "HASH"}},
	})
	if err != nil {
		t.Fatalf("create table %s: %v", name, err)
	}
}

// ids returns the keys of a table made by addTable, sorted.
func (s *service) ids(t *testing.T, name string) string {
	t.Helper()
	out, err := s.client.Scan(context.Background(), &dynamodb.ScanInput{TableName: aws.String(name)})
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, item := range out.Items {
		ids = append(ids, item["id"].(*types.AttributeValueMemberS).Value)
	}
	slices.Sort(ids)
	return strings.Join(ids, " ")
}

func routed(table, id string) string {
	return fmt.Sprintf(`{"id":%q,"table":%q}`, id, table)
}

func TestRecordsGoToTheTablesThatTheyName(t *testing.T) {
	s := newService(t)
	s.addTable(t, "t-red")
	s.addTable(t, "t-blue")
	var describes atomic.Int32
	url := s.behind(t, func(_ http.ResponseWriter, r *http.Request, _ []byte) bool {
		if strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".DescribeTable") {
			describes.Add(1)
		}
		return false
	})
	w := newWorker(t, sink.Options{})
	w.tolerate = true
	if err := w.start(s.settings("table.name.format", "t-${value:table}", prefix+"uriEndpointOverride", url)); err != nil {
		t.Fatal(err)
	}
	w.open()
	w.mustPut(routed("red", "1"), `{"id":"nowhere"}`, routed("blue", "2"), routed("red", "3"))
	w.mustPut(routed("blue", "4"), routed("red", "5"))
	w.untilCommitted()
	if red, blue := s.ids(t, "t-red"), s.ids(t, "t-blue"); red != "1 3 5" || blue != "2 4" {
		t.Errorf("red has %s, blue has %s", red, blue)
	}
	if got := w.reports(); len(got) != 1 || got[0].offset != 1 || !strings.Contains(got[0].reason.Error(), `table "t-${value:table}": value.table: the record has none`) {
		t.Errorf("reported %v", got)
	}
	if n := describes.Load(); n != 2 {
		t.Errorf("tables were described %d times, want 2", n)
	}
	if w.isPaused() {
		t.Error("the partition is still paused")
	}
}

func TestATableThatTheRecordsNameMustExist(t *testing.T) {
	s := newService(t)
	s.addTable(t, "t-red")
	w := started(t, sink.Options{}, s.settings("table.name.format", "t-${value:table}"))
	w.mustPut(routed("red", "1"))
	w.untilCommitted()
	if err := w.putUntilFailed(routed("red", "2"), routed("gone", "3"), routed("red", "4")); !strings.Contains(err.Error(), `DescribeTable of table "t-gone"`) || !strings.Contains(err.Error(), "ResourceNotFoundException") {
		t.Errorf("the task failed with %v", err)
	}
	w.committable(true) // waits for what is under way
	if got := w.committable(false); got != 2 {
		t.Errorf("offset %d may be committed, want 2", got)
	}
	if red := s.ids(t, "t-red"); red != "1 2" {
		t.Errorf("red has %s", red)
	}
}

// An offset is committed only when the records below it are in their tables, whichever these are.
func TestOffsetsWaitForTheSlowestTable(t *testing.T) {
	s := newService(t)
	s.addTable(t, "t-red")
	s.addTable(t, "t-blue")
	var stuck atomic.Bool
	stuck.Store(true)
	url := s.behind(t, func(w http.ResponseWriter, r *http.Request, body []byte) bool {
		if !stuck.Load() || !bytes.Contains(body, []byte("t-blue")) || strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".DescribeTable") {
			return false
		}
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	})
	w := started(t, sink.Options{}, s.settings("aws.dynamodb.topic.table.map", "b:t-blue", prefix+"table", "t-red", prefix+"uriEndpointOverride", url))
	put := func(topic, id string) {
		t.Helper()
		r := connect.SinkRecord{Topic: w.tp.Topic, TargetTopic: topic, Offset: w.next, Value: connect.RawJSON(`{"id":"` + id + `"}`)}
		w.next++
		if err := w.task.Put(t.Context(), []connect.SinkRecord{r}); err != nil {
			t.Fatal(err)
		}
	}
	put("r", "1")
	put("b", "2")
	put("r", "3")
	w.until(func() bool { return s.ids(t, "t-red") == "1 3" && w.committable(false) == 1 })
	stuck.Store(false)
	w.untilCommitted()
	if blue := s.ids(t, "t-blue"); blue != "2" {
		t.Errorf("blue has %s", blue)
	}
}

// While a table is asked for, what comes is held and nothing more is wanted; partitions given away meanwhile take what was held with them.
func TestRecordsWaitWhileTheirTableIsAskedFor(t *testing.T) {
	s := newService(t)
	s.addTable(t, "t-red")
	var down atomic.Bool
	down.Store(true)
	url := s.behind(t, func(w http.ResponseWriter, _ *http.Request, _ []byte) bool {
		if down.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		return down.Load()
	})
	w := started(t, sink.Options{}, s.settings("table.name.format", "t-${value:table}", prefix+"uriEndpointOverride", url))
	w.mustPut(routed("red", "1"))
	w.mustPut(routed("red", "2"))
	if !w.isPaused() || w.committable(false) != 0 {
		t.Errorf("paused %v, committable %d", w.isPaused(), w.committable(false))
	}
	if err := w.task.(connect.Opener).Close(t.Context(), []connect.TopicPartition{w.tp}); err != nil {
		t.Fatal(err)
	}
	w.open()
	w.next = 0
	down.Store(false)
	w.mustPut(routed("red", "3"))
	w.untilCommitted()
	if red := s.ids(t, "t-red"); red != "3" {
		t.Errorf("red has %s", red)
	}
	if w.isPaused() {
		t.Error("the partition is still paused")
	}
}
