package dynamodb_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sluice/connect"
	sink "sluice/sinks/dynamodb"
)

// realService is the one that SLUICE_TEST_DYNAMODB names.
func realService(t *testing.T, region string) *service {
	t.Helper()
	url := os.Getenv("SLUICE_TEST_DYNAMODB")
	if url == "" {
		t.Skip("SLUICE_TEST_DYNAMODB names no service")
	}
	connections := &http.Transport{}
	t.Cleanup(connections.CloseIdleConnections)
	return &service{url: url, client: dynamodb.New(dynamodb.Options{
		HTTPClient: &http.Client{Transport: connections}, Region: region, BaseEndpoint: aws.String(url),
		Credentials: credentials.NewStaticCredentialsProvider("AKIAIOSFODNN7EXAMPLE", "secret", ""),
	})}
}

// A whole task in Confluent's dialect against the service that SLUICE_TEST_DYNAMODB names: two tables, keys out of the record's key, every type.
func TestATaskWritesToTheRealService(t *testing.T) {
	s := realService(t, "us-east-1")
	run := fmt.Sprintf("t%d-", time.Now().UnixNano())
	for _, name := range []string{"red", "blue"} {
		s.addTable(t, run+name)
		t.Cleanup(func() {
			if _, err := s.client.DeleteTable(context.Background(), &dynamodb.DeleteTableInput{TableName: aws.String(run + name)}); err != nil {
				t.Errorf("delete table: %v", err)
			}
		})
	}
	w := newWorker(t, sink.Options{})
	w.task = sink.ConfluentPlugin(sink.Options{}).NewSink().NewTask()
	err := w.start(map[string]string{
		"aws.dynamodb.endpoint": s.url, "aws.access.key.id": "AKIAIOSFODNN7EXAMPLE", "aws.secret.access.key": "secret", "table.name.format": run + "${value:table}",
		"aws.dynamodb.pk.hash": "key:id", "aws.dynamodb.pk.sort": "", "aws.dynamodb.type.overrides": "tags:SS,nums:NS,bins:BS,bin:B", "aws.dynamodb.fields.exclude": "table",
		"aws.dynamodb.kafka.attributes": "offset", "aws.dynamodb.ttl.attribute": "ttl", "aws.dynamodb.ttl.from": "value.until", "aws.dynamodb.null.mode": "omit",
	})
	if err != nil {
		t.Fatal(err)
	}
	w.open()
	put := func(key string, value any) {
		t.Helper()
		r := connect.SinkRecord{Topic: w.tp.Topic, Partition: w.tp.Partition, Offset: w.next, Key: key, Value: value}
		w.next++
		if err := w.task.Put(t.Context(), []connect.SinkRecord{r}); err != nil {
			t.Fatal(err)
		}
	}
	put("a", connect.RawJSON(`{"table":"red","tags":["x","y"],"nums":["1",2.50],"bins":["AQI="],"bin":"AQI=","n":1234567890.123456789,"b":true,"o":{"l":[1,null,"é"]},"gone":null,"until":1700000000123}`))
	put("b", connect.RawJSON(`{"table":"blue"}`))
	put("c", connect.RawJSON(`{"table":"red"}`))
	w.untilCommitted()
	if red, blue := s.ids(t, run+"red"), s.ids(t, run+"blue"); red != "a c" || blue != "b" {
		t.Errorf("red has %s, blue has %s", red, blue)
	}
	got, err := s.client.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String(run + "red"), Key: map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: "a"}}})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]types.AttributeValue{
		"id":   &types.AttributeValueMemberS{Value: "a"},
		"tags": &types.AttributeValueMemberSS{Value: []string{"x", "y"}}, "nums": &types.AttributeValueMemberNS{Value: []string{"1", "2.5"}},
		"bins": &types.AttributeValueMemberBS{Value: [][]byte{{1, 2}}}, "bin": &types.AttributeValueMemberB{Value: []byte{1, 2}},
		"n": &types.AttributeValueMemberN{Value: "1234567890.123456789"}, "b": &types.AttributeValueMemberBOOL{Value: true},
		"o": &types.AttributeValueMemberM{Value: map[string]types.AttributeValue{"l": &types.AttributeValueMemberL{Value: []types.AttributeValue{
			&types.AttributeValueMemberN{Value: "1"}, &types.AttributeValueMemberNULL{Value: true}, &types.AttributeValueMemberS{Value: "é"},
		}}}},
		"until": &types.AttributeValueMemberN{Value: "1700000000123"}, "ttl": &types.AttributeValueMemberN{Value: "1700000000"}, "kafka_offset": &types.AttributeValueMemberN{Value: "0"},
	}
	for name := range want {
		if !reflect.DeepEqual(got.Item[name], want[name]) {
			t.Errorf("%s: got %#v, want %#v", name, got.Item[name], want[name])
		}
	}
	if len(got.Item) != len(want) {
		t.Errorf("got %d attributes, want %d: %v", len(got.Item), len(want), got.Item)
	}
}

// A table that is missing is made, with everything that the service lets one say, and its time to live is turned on.
func TestATaskMakesATableInTheRealService(t *testing.T) {
	s := realService(t, "ap-southeast-2")
	s.table = fmt.Sprintf("made-%d", time.Now().UnixNano())
	t.Cleanup(func() {
		if _, err := s.client.DeleteTable(context.Background(), &dynamodb.DeleteTableInput{TableName: aws.String(s.table)}); err != nil {
			t.Errorf("delete table: %v", err)
		}
	})
	const own = "aws.dynamodb.table."
	props := s.settings(prefix+"table", s.table, own+"create", "true", own+"key", "transaction_id:S, transaction_date:S", own+"indexes", "account(account_id:N, transaction_date:S) include(note); latest(seen:N) local keys",
		own+"tags", "team=data", own+"stream", "NEW_IMAGE", own+"class", "STANDARD", own+"ttl.enable", "true", "aws.dynamodb.ttl.attribute", "gone", "aws.dynamodb.ttl.seconds", "60")
	for _, id := range []string{"a", "b"} { // the second task finds the table
		w := started(t, sink.Options{}, props)
		w.mustPut(transaction(id, ``))
		w.untilCommitted()
	}
	if n := len(s.items(t)); n != 2 {
		t.Errorf("the table has %d items, want 2", n)
	}
	out, err := s.client.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: aws.String(s.table)})
	if err != nil {
		t.Fatal(err)
	}
	d := out.Table
	if len(d.GlobalSecondaryIndexes) != 1 || len(d.LocalSecondaryIndexes) != 1 || d.StreamSpecification == nil || d.StreamSpecification.StreamViewType != types.StreamViewTypeNewImage ||
		aws.ToInt64(d.ProvisionedThroughput.WriteCapacityUnits) != 1 {
		t.Errorf("the table is %+v", d)
	}
	ttl, err := s.client.DescribeTimeToLive(t.Context(), &dynamodb.DescribeTimeToLiveInput{TableName: aws.String(s.table)})
	if err != nil || ttl.TimeToLiveDescription.TimeToLiveStatus != types.TimeToLiveStatusEnabled {
		t.Errorf("the time to live is %+v, %v", ttl.TimeToLiveDescription, err)
	}
	err = newWorker(t, sink.Options{}).start(s.settings(prefix+"table", s.table, own+"key", "transaction_id:S"))
	if err == nil || !strings.Contains(err.Error(), `its range key is expected to be none, found "transaction_date" of type S`) {
		t.Errorf("a table with another key: %v", err)
	}
}
