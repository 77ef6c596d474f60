package dynamodb_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"sluice/internal/embedded/dynamodb"
)

func writeBatch(t *testing.T, client *sdk.Client, from, n int) (*sdk.BatchWriteItemOutput, error) {
	t.Helper()
	var requests []types.WriteRequest
	for i := range n {
		requests = append(requests, types.WriteRequest{PutRequest: &types.PutRequest{Item: flaggedItem(fmt.Sprint(from+i), "today", 1000000001)}})
	}
	return client.BatchWriteItem(t.Context(), &sdk.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{flagged: requests}})
}

func TestScriptedFaultsStrikeInOrder(t *testing.T) {
	server := newFlagged(t, dynamodb.Options{})
	client := newClient(t, server)
	server.SetFaults(dynamodb.ScriptFaults("BatchWriteItem",
		dynamodb.Fault{Error: "ProvisionedThroughputExceededException"},
		dynamodb.Fault{Error: "ThrottlingException", Message: "slow down"},
		dynamodb.Fault{Error: "InternalServerError"},
		dynamodb.Fault{Error: "ServiceUnavailable"},
		dynamodb.Fault{CutBefore: true},
		dynamodb.Fault{CutAfter: true},
	))
	for _, want := range []struct {
		code   string
		status int
		stored int64
	}{
		{"ProvisionedThroughputExceededException", 400, 0},
		{"ThrottlingException", 400, 0},
		{"InternalServerError", 500, 0},
		{"ServiceUnavailable", 503, 0},
		{"", 0, 0}, // cut: no answer, nothing written
		{"", 0, 1}, // cut: no answer, but written
	} {
		if _, err := client.ListTables(t.Context(), &sdk.ListTablesInput{}); err != nil {
			t.Fatalf("another operation: %v", err)
		}
		_, err := writeBatch(t, client, 0, 1)
		if err == nil {
			t.Fatalf("no error, want %+v", want)
		}
		var api smithy.APIError
		code := ""
		if errors.As(err, &api) {
			code = api.ErrorCode()
		}
		var response interface{ HTTPStatusCode() int }
		status := 0
		if errors.As(err, &response) {
			status = response.HTTPStatusCode()
		}
		if code != want.code || status != want.status {
			t.Errorf("got %q with status %d, want %q with %d: %v", code, status, want.code, want.status, err)
		}
		if got := server.TableItemCount(flagged); got != want.stored {
			t.Errorf("%q: %d items stored, want %d", want.code, got, want.stored)
		}
	}
	if _, err := writeBatch(t, client, 1, 1); err != nil {
		t.Errorf("after the script: %v", err)
	}
}

func TestUnprocessedItemsAreExactlyThoseNotWritten(t *testing.T) {
	server := newFlagged(t, dynamodb.Options{Seed: 7})
	client := newClient(t, server)
	server.SetFaults(func(string) dynamodb.Fault { return dynamodb.Fault{Unprocessed: 0.5} })
	out, err := writeBatch(t, client, 0, 25)
	if err != nil {
		t.Fatal(err)
	}
	left := len(out.UnprocessedItems[flagged])
	if left == 0 || left == 25 {
		t.Fatalf("%d of 25 came back; the seed makes no test", left)
	}
	if got := server.TableItemCount(flagged); got != int64(25-left) {
		t.Errorf("%d items stored and %d came back, of 25", got, left)
	}
	if got := server.Stats().Unprocessed; got != int64(left) {
		t.Errorf("%d counted as unprocessed, want %d", got, left)
	}
	server.SetFaults(nil)
	for len(out.UnprocessedItems) > 0 {
		out, err = client.BatchWriteItem(t.Context(), &sdk.BatchWriteItemInput{RequestItems: out.UnprocessedItems})
		if err != nil {
			t.Fatalf("what came back, sent again: %v", err)
		}
	}
	if got := server.TableItemCount(flagged); got != 25 {
		t.Errorf("%d items stored, want 25", got)
	}
}

func TestABatchOfWhichNothingIsProcessedIsAnError(t *testing.T) {
	server := newFlagged(t, dynamodb.Options{Faults: func(string) dynamodb.Fault { return dynamodb.Fault{Unprocessed: 1} }})
	_, err := writeBatch(t, newClient(t, server), 0, 3)
	if throttled := new(types.ProvisionedThroughputExceededException); !errors.As(err, &throttled) {
		t.Errorf("got %v, want ProvisionedThroughputExceededException", err)
	}
}

func TestRandomFaultsRepeatWithTheirSeed(t *testing.T) {
	chances := []dynamodb.Chance{
		{Rate: 0.2, Fault: dynamodb.Fault{Error: "ThrottlingException"}},
		{Rate: 0.1, Fault: dynamodb.Fault{Error: "InternalServerError"}},
	}
	a, b := dynamodb.RandomFaults("", 42, chances...), dynamodb.RandomFaults("", 42, chances...)
	count := map[string]int{}
	for range 10000 {
		f, g := a("PutItem"), b("PutItem")
		if f != g {
			t.Fatalf("%+v and %+v from one seed", f, g)
		}
		count[f.Error]++
	}
	if n := count["ThrottlingException"]; n < 1800 || n > 2200 {
		t.Errorf("a chance of 0.2 struck %d times in 10000", n)
	}
	if n := count["InternalServerError"]; n < 800 || n > 1200 {
		t.Errorf("a chance of 0.1 struck %d times in 10000", n)
	}
	if f := dynamodb.RandomFaults("PutItem", 42, dynamodb.Chance{Rate: 1, Fault: dynamodb.Fault{CutAfter: true}})("GetItem"); f != (dynamodb.Fault{}) {
		t.Errorf("a fault of another operation: %+v", f)
	}
}

// The table of the demo has 2 write units, and so has its index. A new server has saved one
// second's worth; every item costs one unit of each.
func TestCapacityThrottlesAndRecovers(t *testing.T) {
	now := time.Unix(0, 0)
	server := newFlagged(t, dynamodb.Options{EnforceCapacity: true, Clock: func() time.Time { return now }})
	client := newClient(t, server)
	out, err := writeBatch(t, client, 0, 5)
	if err != nil {
		t.Fatal(err)
	}
	if left := len(out.UnprocessedItems[flagged]); left != 3 {
		t.Errorf("%d of 5 came back, want 3", left)
	}
	_, err = writeBatch(t, client, 10, 1)
	if throttled := new(types.ProvisionedThroughputExceededException); !errors.As(err, &throttled) {
		t.Errorf("a batch without any capacity: %v", err)
	}
	_, err = client.PutItem(t.Context(), &sdk.PutItemInput{TableName: aws.String(flagged), Item: flaggedItem("one", "today", 1000000001)})
	if throttled := new(types.ProvisionedThroughputExceededException); !errors.As(err, &throttled) {
		t.Errorf("a put without any capacity: %v", err)
	}
	now = now.Add(time.Second)
	if out, err = writeBatch(t, client, 20, 5); err != nil || len(out.UnprocessedItems[flagged]) != 3 {
		t.Errorf("a second later: %v, %d of 5 came back, want 3", err, len(out.UnprocessedItems[flagged]))
	}
	now = now.Add(time.Hour) // no more than five minutes are saved up: 600 units
	written := 0
	for from := 100; ; from += 25 {
		out, err = writeBatch(t, client, from, 25)
		if err != nil {
			break
		}
		written += 25 - len(out.UnprocessedItems[flagged])
		if len(out.UnprocessedItems) > 0 {
			break
		}
	}
	if written != 600 {
		t.Errorf("%d items written after a long rest, want 600", written)
	}
	if got := server.Stats().Throttled; got == 0 {
		t.Error("nothing counted as throttled")
	}
}

func TestOnDemandTablesDoNotThrottle(t *testing.T) {
	server := dynamodb.New(dynamodb.Options{EnforceCapacity: true})
	handle(server, "CreateTable", []byte(billedTable))
	for i := range 100 {
		body := fmt.Sprintf(`{"TableName":"billed","Item":{"w":{"S":"%d"}}}`, i)
		if status := handle(server, "PutItem", []byte(body)); status != http.StatusOK {
			t.Fatalf("put %d answered %d", i, status)
		}
	}
}
