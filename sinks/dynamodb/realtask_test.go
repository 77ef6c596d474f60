package dynamodb_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"reflect"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sluice/connect"
	sink "sluice/sinks/dynamodb"
)

// A whole task in Confluent's dialect against the service that SLUICE_TEST_DYNAMODB names: two tables, keys out of the record's key, every type.
func TestATaskWritesToTheRealService(t *testing.T) {
	url := os.Getenv("SLUICE_TEST_DYNAMODB")
	if url == "" {
		t.Skip("SLUICE_TEST_DYNAMODB names no service")
	}
	connections := &http.Transport{}
	t.Cleanup(connections.CloseIdleConnections)
	s := &service{url: url, client: dynamodb.New(dynamodb.Options{
		HTTPClient: &http.Client{Transport: connections},
		Region:     "us-east-1", BaseEndpoint: aws.String(url), Credentials: credentials.NewStaticCredentialsProvider("AKIAIOSFODNN7EXAMPLE", "secret", ""),
	})}
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
		"aws.dynamodb.endpoint": url, "aws.access.key.id": "AKIAIOSFODNN7EXAMPLE", "aws.secret.access.key": "secret", "table.name.format": run + "${value:table}",
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
