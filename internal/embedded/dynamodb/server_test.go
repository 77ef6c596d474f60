package dynamodb_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sluice/internal/embedded/dynamodb"
)

// newClient is the real SDK talking to a server over TCP. It makes one attempt per call.
func newClient(t *testing.T, server *dynamodb.Server) *sdk.Client {
	t.Helper()
	listener := httptest.NewServer(server)
	t.Cleanup(listener.Close)
	return sdk.New(sdk.Options{
		BaseEndpoint: aws.String(listener.URL),
		Region:       "ap-southeast-2",
		Credentials:  credentials.NewStaticCredentialsProvider("AKID", "SECRET", ""),
		Retryer:      aws.NopRetryer{},
	})
}

// newFlagged is a server that has the table of the demo.
func newFlagged(t *testing.T, opts dynamodb.Options) *dynamodb.Server {
	t.Helper()
	server := dynamodb.New(opts)
	if status := handle(server, "CreateTable", []byte(flaggedTable)); status != http.StatusOK {
		t.Fatalf("CreateTable answered %d", status)
	}
	return server
}

const flagged = "flagged-transactions"

func flaggedItem(id, date string, account int) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{
		"transaction_id":     &types.AttributeValueMemberS{Value: id},
		"transaction_date":   &types.AttributeValueMemberS{Value: date},
		"account_id":         &types.AttributeValueMemberN{Value: strconv.Itoa(account)},
		"transaction_amount": &types.AttributeValueMemberN{Value: "62.5283E+2"},
	}
}

func TestTheSDKRoundTrip(t *testing.T) {
	server := newFlagged(t, dynamodb.Options{})
	client := newClient(t, server)
	ctx := t.Context()
	table, err := client.DescribeTable(ctx, &sdk.DescribeTableInput{TableName: aws.String(flagged)})
	if err != nil {
		t.Fatal(err)
	}
	if got := table.Table.TableStatus; got != types.TableStatusActive {
		t.Errorf("the table is %s, want ACTIVE", got)
	}
	var requests []types.WriteRequest
	for i := range 25 {
		item := flaggedItem(fmt.Sprintf("%016X", i), "2026-11-23 10:58:31.000000", 1000000001+i%2)
		requests = append(requests, types.WriteRequest{PutRequest: &types.PutRequest{Item: item}})
	}
	written, err := client.BatchWriteItem(ctx, &sdk.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{flagged: requests}})
	if err != nil || len(written.UnprocessedItems) != 0 {
		t.Fatalf("BatchWriteItem: %v, unprocessed %v", err, written.UnprocessedItems)
	}
	found, err := client.Query(ctx, &sdk.QueryInput{
		TableName: aws.String(flagged), IndexName: aws.String("account"),
		KeyConditionExpression:    aws.String("account_id = :a"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":a": &types.AttributeValueMemberN{Value: "1000000001"}},
	})
	if err != nil || found.Count != 13 {
		t.Fatalf("Query found %d items, %v; want 13", found.Count, err)
	}
	if got := found.Items[0]["transaction_amount"]; got.(*types.AttributeValueMemberN).Value != "6252.83" {
		t.Errorf("the amount is %v, want 6252.83", got)
	}
	_, err = client.PutItem(ctx, &sdk.PutItemInput{
		TableName: aws.String(flagged), Item: requests[0].PutRequest.Item,
		ConditionExpression: aws.String("attribute_not_exists(transaction_id)"),
	})
	if failed := new(types.ConditionalCheckFailedException); !errors.As(err, &failed) {
		t.Errorf("a put of what is there: %v, want ConditionalCheckFailedException", err)
	}
	_, err = client.GetItem(ctx, &sdk.GetItemInput{TableName: aws.String("nowhere"), Key: map[string]types.AttributeValue{}})
	if missing := new(types.ResourceNotFoundException); !errors.As(err, &missing) {
		t.Errorf("a get from no table: %v, want ResourceNotFoundException", err)
	}
	if got := server.TableItemCount(flagged); got != 25 {
		t.Errorf("the table holds %d items, want 25", got)
	}
	if got := server.TableItemCount("nowhere"); got != -1 {
		t.Errorf("no table holds %d items, want -1", got)
	}
	if got, want := server.Stats().Puts, int64(25); got != want {
		t.Errorf("%d puts counted, want %d", got, want)
	}
}

func TestItemsShowsWhatIsStored(t *testing.T) {
	server := newFlagged(t, dynamodb.Options{})
	if status := handle(server, "BatchWriteItem", flaggedBatch(0)); status != http.StatusOK {
		t.Fatal(status)
	}
	var ids []string
	for item := range server.Items(flagged) {
		id, ok := item.String("transaction_id")
		if !ok {
			t.Fatal("an item has no transaction_id")
		}
		ids = append(ids, id)
		if amount, ok := item.Number("transaction_amount"); !ok || amount != "6252.83" {
			t.Errorf("transaction_amount is %q, %t", amount, ok)
		}
		if _, ok := item.String("account_id"); ok {
			t.Error("account_id passes for a text")
		}
		if got := item.Attributes()["account_id"]; got != "N" {
			t.Errorf("account_id is of type %q, want N", got)
		}
		var wire map[string]map[string]string
		data, err := json.Marshal(item)
		if err != nil {
			t.Fatal(err)
		}
		mustUnmarshal(t, data, &wire)
		if wire["transaction_type"]["S"] != "HealthCare_Service" {
			t.Errorf("the item is %s", data)
		}
	}
	slices.Sort(ids)
	if len(slices.Compact(ids)) != 25 {
		t.Errorf("%d different items, want 25", len(ids))
	}
	for range server.Items("nowhere") {
		t.Error("a table that is not there has items")
	}
}

func TestEveryAnswerCarriesItsChecksum(t *testing.T) {
	server := httptest.NewServer(newFlagged(t, dynamodb.Options{}))
	defer server.Close()
	for _, c := range []call{
		{operation: "ListTables", body: `{}`},
		{operation: "DescribeTable", body: `{"TableName":"nowhere"}`},
		{operation: "PutItem", body: `{`},
	} {
		req, _ := http.NewRequest(http.MethodPost, server.URL, strings.NewReader(c.body))
		req.Header.Set("X-Amz-Target", "DynamoDB_20120810."+c.operation)
		req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=a/20261123/us-east-1/dynamodb/aws4_request")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if got, want := resp.Header.Get("X-Amz-Crc32"), fmt.Sprint(crc32.ChecksumIEEE(body)); got != want {
			t.Errorf("%s %s: checksum %s, want %s", c.operation, c.body, got, want)
		}
		if got := resp.Header.Get("Content-Type"); got != "application/x-amz-json-1.0" {
			t.Errorf("%s: content type %q", c.operation, got)
		}
		if got := resp.Header.Get("X-Amzn-Requestid"); len(got) != 52 {
			t.Errorf("%s: request id %q, want 52 characters", c.operation, got)
		}
	}
}

func TestARequestBeyond16MBIsRefused(t *testing.T) {
	server := newFlagged(t, dynamodb.Options{})
	body := append([]byte(`{"TableName":"`), bytes.Repeat([]byte("x"), 17<<20)...)
	if status := handle(server, "PutItem", body); status != http.StatusRequestEntityTooLarge {
		t.Errorf("status %d, want 413", status)
	}
}

func TestGetSaysHealthy(t *testing.T) {
	w := httptest.NewRecorder()
	dynamodb.New(dynamodb.Options{}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	if w.Code != http.StatusOK || !strings.HasPrefix(w.Body.String(), "healthy") {
		t.Errorf("%d %q", w.Code, w.Body)
	}
}

func TestLatencyIsWaitedAndObeysTheCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := dynamodb.New(dynamodb.Options{Latency: time.Minute})
		start := time.Now()
		handle(server, "ListTables", []byte(`{}`))
		if got := time.Since(start); got != time.Minute {
			t.Errorf("the call took %s, want 1m", got)
		}
		server.SetFaults(dynamodb.ScriptFaults("ListTables", dynamodb.Fault{Delay: time.Hour}))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		req := httptest.NewRequestWithContext(ctx, http.MethodPost, "/", strings.NewReader(`{}`))
		req.Header.Set("X-Amz-Target", "DynamoDB_20120810.ListTables")
		req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=a/b/c/d/e")
		start = time.Now()
		func() {
			defer func() {
				if got := recover(); got != http.ErrAbortHandler {
					t.Errorf("a call whose caller left ended with %v, want http.ErrAbortHandler", got)
				}
			}()
			server.ServeHTTP(httptest.NewRecorder(), req)
		}()
		if got := time.Since(start); got != time.Second {
			t.Errorf("a call whose caller left after 1s took %s", got)
		}
	})
}

func TestCallersDoNotDisturbEachOther(t *testing.T) {
	server := newFlagged(t, dynamodb.Options{})
	client := newClient(t, server)
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			ctx := t.Context()
			for i := range 30 {
				item := flaggedItem(fmt.Sprintf("W%d-%d", worker, i), "2026-11-23", 1000000001+i%3)
				if _, err := client.PutItem(ctx, &sdk.PutItemInput{TableName: aws.String(flagged), Item: item}); err != nil {
					t.Error(err)
					return
				}
				shared := map[string]types.AttributeValue{
					"transaction_id":   &types.AttributeValueMemberS{Value: "shared"},
					"transaction_date": &types.AttributeValueMemberS{Value: "today"},
				}
				if _, err := client.UpdateItem(ctx, &sdk.UpdateItemInput{
					TableName: aws.String(flagged), Key: shared, UpdateExpression: aws.String("ADD seen :one"),
					ExpressionAttributeValues: map[string]types.AttributeValue{":one": &types.AttributeValueMemberN{Value: "1"}},
				}); err != nil {
					t.Error(err)
					return
				}
				if _, err := client.Query(ctx, &sdk.QueryInput{
					TableName: aws.String(flagged), IndexName: aws.String("account"), KeyConditionExpression: aws.String("account_id = :a"),
					ExpressionAttributeValues: map[string]types.AttributeValue{":a": &types.AttributeValueMemberN{Value: "1000000001"}},
				}); err != nil {
					t.Error(err)
					return
				}
				for range server.Items(flagged) {
				}
			}
		})
	}
	wg.Wait()
	for item := range server.Items(flagged) {
		if id, _ := item.String("transaction_id"); id == "shared" {
			if seen, _ := item.Number("seen"); seen != "240" {
				t.Errorf("240 increments counted as %s", seen)
			}
		}
	}
	if got := server.TableItemCount(flagged); got != 241 {
		t.Errorf("%d items, want 241", got)
	}
}
