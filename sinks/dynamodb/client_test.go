package dynamodb

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"sluice/connect"
)

// newTestClient makes a client of a server that answers with the given function.
func newTestClient(t *testing.T, answer http.HandlerFunc) *client {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	static := credentials.NewStaticCredentialsProvider("AKIAIOSFODNN7EXAMPLE", "secret", "token")
	s := &session{
		region: "eu-west-1", signingRegion: "eu-west-1", endpoint: server.URL, http: server.Client(), credentials: newKeeper(slog.New(slog.DiscardHandler), static, nil),
		api: dynamodb.New(dynamodb.Options{
			Region: "eu-west-1", BaseEndpoint: aws.String(server.URL), HTTPClient: server.Client(), Credentials: static, Retryer: aws.NopRetryer{},
		}),
	}
	return newClient(s, simple(kindN), &settings{})
}

// writesOf makes writes with the given numbers as keys.
func writesOf(t *testing.T, keys ...string) []*write {
	t.Helper()
	var writes []*write
	for _, k := range keys {
		r := record(connect.RawJSON(`{"id":` + k + `}`))
		item, key, err := newEncoder(simple(kindN), &settings{}).encode(r)
		if err != nil {
			t.Fatal(err)
		}
		w := newWrite(r, item)
		w.slot = &slot{name: string(key), keyLen: uint16(len(key))}
		writes = append(writes, w)
	}
	return writes
}

func reply(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Amzn-Requestid", "R1")
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

func TestAnswersAreTakenForWhatTheyMean(t *testing.T) {
	typed := func(code string) string {
		return `{"__type":"com.amazonaws.dynamodb.v20120810#` + code + `","message":"why"}`
	}
	for name, c := range map[string]struct {
		status int
		body   string
		class  class
		err    string
	}{
		"written":              {200, `{"UnprocessedItems":{}}`, done, ""},
		"nothing said":         {200, `{}`, transient, "does not say which items"},
		"null said":            {200, `{"UnprocessedItems":null}`, transient, "does not say which items"},
		"another's answer":     {200, `{"status":"ok"}`, transient, "does not say which items"},
		"written, with more":   {200, `{"ConsumedCapacity":[],"UnprocessedItems":{}}`, done, ""},
		"not JSON":             {200, `<html>`, transient, "read the answer"},
		"throughput":           {400, typed("ProvisionedThroughputExceededException"), throttled, "ProvisionedThroughputExceededException: why (request R1)"},
		"throttling":           {400, typed("ThrottlingException"), throttled, "ThrottlingException: why"},
		"account limit":        {400, typed("RequestLimitExceeded"), throttled, ""},
		"too many requests":    {429, ``, throttled, "HTTP status 429"},
		"internal error":       {500, typed("InternalServerError"), transient, "InternalServerError"},
		"bad gateway":          {502, `<html>`, transient, "HTTP status 502"},
		"item busy":            {400, typed("TransactionConflictException"), transient, ""},
		"bad item":             {400, typed("ValidationException"), rejected, `table "t": the service rejected the item: ValidationException: why (request R1)`},
		"bad JSON":             {400, typed("SerializationException"), rejected, ""},
		"collection too large": {400, typed("ItemCollectionSizeLimitExceededException"), rejected, ""},
		"request too large":    {413, ``, rejected, ""},
		"no table":             {400, typed("ResourceNotFoundException"), fatal, `BatchWriteItem to table "t" (region eu-west-1, endpoint http://`},
		"denied":               {400, typed("AccessDeniedException"), fatal, "credentials from StaticCredentials, access key …MPLE): AccessDeniedException: why"},
		"unknown key":          {400, typed("UnrecognizedClientException"), fatal, ""},
		"another signature":    {400, typed("InvalidSignatureException"), fatal, ""},
		"forbidden by a proxy": {403, ``, fatal, "HTTP status 403"},
		"moved by a proxy":     {301, ``, transient, "HTTP status 301"},
		"unknown to a proxy":   {404, `<html>`, transient, "HTTP status 404"},
	} {
		t.Run(name, func(t *testing.T) {
			out := newTestClient(t, reply(c.status, c.body)).send(t.Context(), writesOf(t, "1", "2"))
			if out.class != c.class || (out.err == nil) != (c.class == done) || out.err != nil && !strings.Contains(out.err.Error(), c.err) {
				t.Errorf("got class %d, %v; want class %d, %s", out.class, out.err, c.class, c.err)
			}
			if out.err != nil && (strings.Contains(out.err.Error(), "AKIA") || strings.Contains(out.err.Error(), "secret")) {
				t.Errorf("the error shows a secret: %v", out.err)
			}
		})
	}
}

// The reasons are those that the service's documentation names.
func TestAThrottledCallSaysWhetherHotKeysAreTheReason(t *testing.T) {
	const arn = "arn:aws:dynamodb:eu-west-1:1:table/t"
	for name, c := range map[string]struct {
		reasons []string
		hot     bool
	}{
		"none named":      {nil, false},
		"a hot key":       {[]string{"TableWriteKeyRangeThroughputExceeded"}, true},
		"two hot keys":    {[]string{"TableWriteKeyRangeThroughputExceeded", "IndexWriteKeyRangeThroughputExceeded"}, true},
		"the table":       {[]string{"TableWriteProvisionedThroughputExceeded"}, false},
		"an index":        {[]string{"IndexWriteProvisionedThroughputExceeded"}, false},
		"the account":     {[]string{"TableWriteAccountLimitExceeded"}, false},
		"on-demand bound": {[]string{"TableWriteMaxOnDemandThroughputExceeded"}, false},
		"both":            {[]string{"TableWriteKeyRangeThroughputExceeded", "TableWriteProvisionedThroughputExceeded"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			var reasons []string
			for _, r := range c.reasons {
				reasons = append(reasons, fmt.Sprintf(`{"reason":%q,"resource":%q}`, r, arn))
			}
			body := `{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"why","ThrottlingReasons":[` + strings.Join(reasons, ",") + `]}`
			out := newTestClient(t, reply(400, body)).send(t.Context(), writesOf(t, "1"))
			if out.class != throttled || out.hot != c.hot {
				t.Errorf("got class %d, hot %v", out.class, out.hot)
			}
			for _, r := range c.reasons {
				if want := "[" + r + " of " + arn + "]"; !strings.Contains(out.err.Error(), want) {
					t.Errorf("the error does not say %s: %v", want, out.err)
				}
			}
		})
	}
}

// While a table is made a write is answered as if there were none.
func TestATableThatIsBeingMadeIsWaitedFor(t *testing.T) {
	for status, want := range map[string]class{"CREATING": transient, "ACTIVE": transient, "DELETING": fatal} {
		c := newTestClient(t, func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".DescribeTable") {
				fmt.Fprintf(w, `{"Table":{"TableName":"t","TableStatus":%q,"AttributeDefinitions":[{"AttributeName":"id","AttributeType":"N"}],"KeySchema":[{"AttributeName":"id","KeyType":"HASH"}]}}`, status)
				return
			}
			w.WriteHeader(400)
			fmt.Fprint(w, `{"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException","message":"Requested resource not found"}`)
		})
		if out := c.send(t.Context(), writesOf(t, "1")); out.class != want || !strings.Contains(out.err.Error(), "ResourceNotFoundException: Requested resource not found") {
			t.Errorf("%s: got class %d, %v", status, out.class, out.err)
		}
	}
}

func TestErrorsNameTheCallForTheDeadLetterQueue(t *testing.T) {
	headers := func(c *client) map[string]string {
		var e interface{ ErrorHeaders() map[string]string }
		if out := c.send(t.Context(), writesOf(t, "1")); !errors.As(out.err, &e) {
			t.Fatalf("no headers in %v", out.err)
		}
		return e.ErrorHeaders()
	}
	got := headers(newTestClient(t, reply(400, `{"__type":"com.amazon.coral.validate#ValidationException","message":"why"}`)))
	if want := map[string]string{"dynamodb.code": "ValidationException", "dynamodb.table": "t", "dynamodb.operation": "BatchWriteItem", "dynamodb.request.id": "R1"}; !maps.Equal(got, want) {
		t.Errorf("rejected: got %v, want %v", got, want)
	}
	got = headers(newTestClient(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	if want := map[string]string{"dynamodb.table": "t", "dynamodb.operation": "BatchWriteItem"}; !maps.Equal(got, want) {
		t.Errorf("no answer: got %v, want %v", got, want)
	}
}

func TestNoAnswerMeansToTryAgain(t *testing.T) {
	cut := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	if out := newTestClient(t, cut).send(t.Context(), writesOf(t, "1")); out.class != transient || out.err == nil {
		t.Errorf("got %+v", out)
	}
	half := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		fmt.Fprint(w, `{"Unproc`)
	}
	if out := newTestClient(t, half).send(t.Context(), writesOf(t, "1")); out.class != transient {
		t.Errorf("half an answer: got %+v", out)
	}
	damaged := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Amz-Crc32", strconv.Itoa(int(crc32.ChecksumIEEE([]byte(`{"a":1}`)))))
		fmt.Fprint(w, `{"b":1}`)
	}
	if out := newTestClient(t, damaged).send(t.Context(), writesOf(t, "1")); out.class != transient || !strings.Contains(out.err.Error(), "checksum") {
		t.Errorf("a damaged answer: got %+v", out)
	}
}

// The service may write the numbers of keys its own way and in any order.
func TestUnprocessedWritesAreFoundByTheirKeys(t *testing.T) {
	answer := `{"UnprocessedItems":{"t":[{"PutRequest":{"Item":{"x":{"S":"y"},"id":{"N":"100"}}}},{"PutRequest":{"Item":{"id":{"N":"0.5"}}}}]}}`
	out := newTestClient(t, reply(200, answer)).send(t.Context(), writesOf(t, "1", "5e-1", "2", "1E+2"))
	back := verdict{class: throttled, err: errUnprocessed}
	if want := []verdict{{}, back, {}, back}; out.class != done || !reflect.DeepEqual(out.each, want) {
		t.Errorf("got %+v, want %v unprocessed", out, want)
	}
	for _, answer := range []string{
		`{"UnprocessedItems":{"t":[{"PutRequest":{"Item":{"id":{"N":"7"}}}}]}}`,
		`{"UnprocessedItems":{"t":[{"PutRequest":{"Item":{"id":{"S":"1"}}}}]}}`,
		`{"UnprocessedItems":{"t":[{"PutRequest":{"Item":{}}}]}}`,
		`{"UnprocessedItems":{"t":[{}]}}`,
	} {
		if out := newTestClient(t, reply(200, answer)).send(t.Context(), writesOf(t, "1")); out.class != transient {
			t.Errorf("%s: got %+v, want all of it again", answer, out)
		}
	}
}

func TestRequestsAreWhatTheServiceExpects(t *testing.T) {
	var got *http.Request
	var body []byte
	c := newTestClient(t, func(w http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
		fmt.Fprint(w, `{}`)
	})
	c.send(t.Context(), writesOf(t, "1", "2"))
	if want := `{"RequestItems":{"t":[{"PutRequest":{"Item":{"id":{"N":"1"}}}},{"PutRequest":{"Item":{"id":{"N":"2"}}}}]}}`; string(body) != want {
		t.Errorf("got  %s\nwant %s", body, want)
	}
	for name, want := range map[string]string{
		"X-Amz-Target": "DynamoDB_20120810.BatchWriteItem", "Content-Type": "application/x-amz-json-1.0", "X-Amz-Security-Token": "token",
	} {
		if got.Header.Get(name) != want {
			t.Errorf("header %s is %q, want %q", name, got.Header.Get(name), want)
		}
	}
	if a := got.Header.Get("Authorization"); !strings.Contains(a, "/eu-west-1/dynamodb/aws4_request") {
		t.Errorf("signature %s", a)
	}
}
