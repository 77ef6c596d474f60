package dynamodb_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"go.uber.org/goleak"

	"sluice/connect"
	embedded "sluice/internal/embedded/dynamodb"
	sink "sluice/sinks/dynamodb"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A thousand records over a hundred keys: what the table holds is the last record of each key, with exact numbers, and all offsets may be
// committed.
func TestRecordsBecomeItems(t *testing.T) {
	s := newService(t)
	w := started(t, sink.Options{}, s.settings())
	want := make(map[string]map[string]any)
	for i := range 1000 {
		id := fmt.Sprintf("t%d", i%100)
		w.mustPut(transaction(id, fmt.Sprintf(`,"seq":%d,"transaction_amount":%d.83`, i, i)))
		want[id] = storedTransaction(id, map[string]any{
			"seq": map[string]any{"N": fmt.Sprint(i)}, "transaction_amount": map[string]any{"N": fmt.Sprintf("%d.83", i)},
		})
	}
	w.untilCommitted()
	wantItems(t, s.items(t), want)
}

// What the service does wrong, alone and at the same time: nothing is lost, nothing is out of order.
func TestFaultsAreRetriedUntilTheTableIsRight(t *testing.T) {
	for name, chance := range map[string][]embedded.Chance{
		"unprocessed":         {{Rate: 1, Fault: embedded.Fault{Unprocessed: 0.4}}},
		"throttled calls":     {{Rate: 0.4, Fault: embedded.Fault{Error: "ProvisionedThroughputExceededException"}}},
		"internal errors":     {{Rate: 0.4, Fault: embedded.Fault{Error: "InternalServerError"}}},
		"cut before the call": {{Rate: 0.3, Fault: embedded.Fault{CutBefore: true}}},
		"cut after the call":  {{Rate: 0.3, Fault: embedded.Fault{CutAfter: true}}},
		"everything": {
			{Rate: 0.2, Fault: embedded.Fault{Unprocessed: 0.5}}, {Rate: 0.1, Fault: embedded.Fault{Error: "ThrottlingException"}},
			{Rate: 0.1, Fault: embedded.Fault{Error: "ServiceUnavailable"}}, {Rate: 0.1, Fault: embedded.Fault{CutAfter: true}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newService(t)
			w := started(t, sink.Options{}, s.settings())
			s.SetFaults(embedded.RandomFaults("BatchWriteItem", 1, chance...))
			want := make(map[string]map[string]any)
			for i := range 600 {
				id := fmt.Sprintf("t%d", i%150)
				w.mustPut(transaction(id, fmt.Sprintf(`,"seq":%d`, i)))
				want[id] = storedTransaction(id, map[string]any{"seq": map[string]any{"N": fmt.Sprint(i)}})
			}
			w.untilCommitted()
			s.SetFaults(nil)
			wantItems(t, s.items(t), want)
		})
	}
}

func TestABadRecordIsReportedAndTheOthersAreWritten(t *testing.T) {
	for name, c := range map[string]struct{ value, want string }{
		"a tombstone":         {``, `table "flagged-transactions": the record's value, and its members "key" and "item" if it has them, must be JSON objects, found no value (a tombstone)`},
		"no hash key":         {`{"transaction_date":"d","account_id":1}`, `table "flagged-transactions", attribute "transaction_id": the hash key must be of type S, found no value`},
		"a key of wrong type": {`{"transaction_id":5,"transaction_date":"d"}`, `table "flagged-transactions", attribute "transaction_id": the hash key must be of type S, found N`},
		"text for an index":   {transaction("b", `,"account_id":"1000000003"`), `table "flagged-transactions", attribute "account_id": the key of index "account" must be of type N, found S`},
		"null for an index":   {transaction("b", `,"account_id":null`), `table "flagged-transactions", attribute "account_id": the key of index "account" must be of type N, found NULL`},
		"an empty key":        {transaction("", ``), `table "flagged-transactions", attribute "transaction_id": the hash key must be a value of type S that is not empty, found an empty one`},
		"too large":           {transaction("b", `,"x":"`+strings.Repeat("x", 410_000)+`"`), `table "flagged-transactions": an item may have at most 409600 bytes, found 410`},
		"too many digits":     {transaction("b", `,"x":{"y":[123456789012345678901234567890123456789]}`), `table "flagged-transactions", attribute "x": a number may have at most 38 significant digits, found 39`},
	} {
		t.Run(name, func(t *testing.T) {
			s := newService(t)
			w := started(t, sink.Options{}, s.settings())
			w.tolerate = true
			w.mustPut(transaction("before", ``), c.value, transaction("after", ``))
			w.untilCommitted()
			wantItems(t, s.items(t), map[string]map[string]any{"before": storedTransaction("before", nil), "after": storedTransaction("after", nil)})
			got := w.reports()
			if len(got) != 1 || got[0].offset != 1 || !strings.HasPrefix(got[0].reason.Error(), c.want) {
				t.Fatalf("got %v, want a report of offset 1: %s", got, c.want)
			}
			var data *connect.DataError
			if !errors.As(got[0].reason, &data) {
				t.Errorf("the reason is a %T, want a DataError", got[0].reason)
			}
		})
	}
}

// As with the real connector: what came before the bad record is written, what came after it is not, and the offset stays at it.
func TestABadRecordThatIsNotToleratedFailsTheTask(t *testing.T) {
	s := newService(t)
	w := started(t, sink.Options{}, s.settings())
	err := w.put(transaction("before", ``), `{"account_id":1}`, transaction("after", ``))
	if err == nil || !strings.Contains(err.Error(), `attribute "transaction_id": the hash key must be of type S, found no value`) {
		t.Fatalf("got error %v", err)
	}
	if err := w.task.Put(t.Context(), nil); err == nil {
		t.Error("a task that failed goes on")
	}
	if got := w.committable(true); got != 1 {
		t.Errorf("offset %d may be committed, want 1", got)
	}
	wantItems(t, s.items(t), map[string]map[string]any{"before": storedTransaction("before", nil)})
}

// The service rejects whole batches for two items that the sink lets pass. Only those two are reported, all others are written.
func TestTheItemThatTheServiceRejectsIsFound(t *testing.T) {
	s := newService(t)
	url := s.behind(t, func(w http.ResponseWriter, _ *http.Request, body []byte) bool {
		if !bytes.Contains(body, []byte("poison")) {
			return false
		}
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"__type":"com.amazon.coral.validate#ValidationException","message":"no such thing"}`)
		return true
	})
	w := started(t, sink.Options{}, s.settings(prefix+"uriEndpointOverride", url))
	w.tolerate = true
	want := make(map[string]map[string]any)
	var values []string
	for i := range 60 {
		id := fmt.Sprintf("t%d", i)
		if i == 7 || i == 33 {
			values = append(values, transaction(id, `,"x":"poison"`))
			continue
		}
		values = append(values, transaction(id, ``))
		want[id] = storedTransaction(id, nil)
	}
	w.mustPut(values...)
	w.untilCommitted()
	wantItems(t, s.items(t), want)
	offsets := make(map[int64]bool)
	for _, r := range w.reports() {
		offsets[r.offset] = true
		if want := `table "flagged-transactions": the service rejected the item: ValidationException: no such thing`; r.reason.Error() != want {
			t.Errorf("got reason %v, want %s", r.reason, want)
		}
	}
	if len(w.reports()) != 2 || !offsets[7] || !offsets[33] {
		t.Errorf("got reports %v, want offsets 7 and 33", w.reports())
	}
}

func TestWhatSomebodyHasToMendFailsTheTask(t *testing.T) {
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_CONFIG_FILE", "none")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "none")
	s := newService(t)
	for name, c := range map[string]struct {
		props map[string]string
		want  []string
	}{
		"no table":          {s.settings(prefix+"table", ""), []string{prefix + "table", "Missing required"}},
		"a missing table":   {s.settings(prefix+"table", "gone"), []string{"DescribeTable", `"gone"`, "ResourceNotFoundException", "ap-southeast-2", s.url}},
		"no credentials":    {s.settings(prefix+"accessKey", "", prefix+"secretKey", ""), []string{"find credentials", tableName, "ap-southeast-2"}},
		"half a credential": {s.settings(prefix+"secretKey", ""), []string{prefix + "secretKey", "must be set together"}},
		"an unknown region": {s.settings(prefix+"region", "ap-southeast-22", prefix+"overrideEndpoint", "false"), []string{prefix + "region", "ap-southeast-22", "not the name"}},
		"no region":         {s.settings(prefix+"region", ""), []string{prefix + "region", "must be set"}},
		"a bad endpoint":    {s.settings(prefix+"uriEndpointOverride", "localhost:8000"), []string{prefix + "uriEndpointOverride", "localhost:8000", "must be a URL"}},
		"no endpoint":       {s.settings(prefix+"uriEndpointOverride", ""), []string{prefix + "uriEndpointOverride", "must be set if"}},
		"a key of another name": {s.settings("aws.dynamodb.pk.hash", "value.user"),
			[]string{"aws.dynamodb.pk.hash", `it gives attribute "user", but the hash key of table "flagged-transactions" is "transaction_id": put :transaction_id behind it`}},
		"an operation": {s.settings(prefix+"operation", "Replace"), []string{prefix + "operation", "Replace", "must be one of: PutItem, UpdateItem, DeleteItem"}},
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			err := newWorker(t, sink.Options{}).start(c.props)
			if err == nil {
				t.Fatal("the task started")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error does not say %q: %v", want, err)
				}
			}
			if strings.Contains(err.Error(), "secret\"") || strings.Contains(err.Error(), "AKIAIOSFODNN7") {
				t.Errorf("the error shows a secret: %v", err)
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("it took %v to say so", took)
			}
		})
	}
}

func TestDeniedAccessFailsTheTaskWithCallAndPrincipal(t *testing.T) {
	s := newService(t)
	w := started(t, sink.Options{}, s.settings())
	s.SetFaults(embedded.ScriptFaults("BatchWriteItem", embedded.Fault{Error: "AccessDeniedException", Message: "User: arn:aws:iam::1:user/u is not authorized"}))
	err := w.putUntilFailed(transaction("a", ``))
	for _, want := range []string{"BatchWriteItem", tableName, "AccessDeniedException: User: arn:aws:iam::1:user/u is not authorized", "ap-southeast-2", "StaticCredentials", "…MPLE"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q: %v", want, err)
		}
	}
	if got := w.committable(true); got != 0 {
		t.Errorf("offset %d may be committed", got)
	}
}

func TestATableThatIsDeletedFailsTheTask(t *testing.T) {
	s := newService(t)
	w := started(t, sink.Options{}, s.settings())
	if _, err := s.client.DeleteTable(t.Context(), &dynamodb.DeleteTableInput{TableName: aws.String(tableName)}); err != nil {
		t.Fatal(err)
	}
	if err := w.putUntilFailed(transaction("a", ``)); !strings.Contains(err.Error(), "BatchWriteItem") || !strings.Contains(err.Error(), "ResourceNotFoundException") {
		t.Errorf("got %v", err)
	}
}

// A service that is down when the task starts is waited for; what is put meanwhile is kept, with the partition paused and not committed.
func TestAServiceThatIsDownAtTheStartIsWaitedFor(t *testing.T) {
	s := newService(t)
	s.SetFaults(func(string) embedded.Fault { return embedded.Fault{CutBefore: true} })
	w := started(t, sink.Options{}, s.settings())
	w.mustPut(transaction("a", ``))
	if !w.isPaused() {
		t.Error("the partition is not paused")
	}
	if got := w.committable(false); got != 0 {
		t.Errorf("offset %d may be committed", got)
	}
	s.SetFaults(nil)
	w.untilCommitted()
	if w.isPaused() {
		t.Error("the partition is still paused")
	}
	wantItems(t, s.items(t), map[string]map[string]any{"a": storedTransaction("a", nil)})
	if n := strings.Count(w.log.String(), "cannot be written to yet"); n != 1 {
		t.Errorf("%d lines in the log about it:\n%s", n, w.log)
	}
}

func TestEndpointAndCredentialsCanComeFromTheProgram(t *testing.T) {
	s := newService(t)
	options := sink.Options{Endpoint: s.url, Credentials: credentials.NewStaticCredentialsProvider("AKIAIOSFODNN7EXAMPLE", "secret", "")}
	props := s.settings(prefix+"useDefaultCredentialsProvider", "true", prefix+"overrideEndpoint", "false")
	delete(props, prefix+"accessKey")
	delete(props, prefix+"secretKey")
	w := started(t, options, props)
	w.mustPut(transaction("a", ``))
	w.untilCommitted()
	wantItems(t, s.items(t), map[string]map[string]any{"a": storedTransaction("a", nil)})
}

func TestEndpointCanComeFromTheEnvironment(t *testing.T) {
	s := newService(t)
	t.Setenv("AWS_ENDPOINT_URL_DYNAMODB", s.url)
	t.Setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
	w := started(t, sink.Options{}, s.settings(prefix+"overrideEndpoint", "false"))
	w.mustPut(transaction("a", ``))
	w.untilCommitted()
	wantItems(t, s.items(t), map[string]map[string]any{"a": storedTransaction("a", nil)})
}

func TestDeleteItemDeletesByKey(t *testing.T) {
	s := newService(t)
	w := started(t, sink.Options{}, s.settings())
	w.mustPut(transaction("d1", ``), transaction("d2", ``), transaction("d3", ``))
	w.untilCommitted()

	d := started(t, sink.Options{}, s.settings(prefix+"operation", "DeleteItem"))
	d.tolerate = true
	d.mustPut(
		transaction("d1", ``),
		`{"transaction_id":"d2","transaction_date":"2023-08-14 10:21:33.123456"}`,
		`{"key":{"transaction_id":"d3","transaction_date":"2023-08-14 10:21:33.123456"},"item":{"z":1}}`,
		`{"transaction_id":"absent","transaction_date":"2023-08-14 10:21:33.123456"}`,
		``,
	)
	d.untilCommitted()
	wantItems(t, s.items(t), map[string]map[string]any{"d1": storedTransaction("d1", nil)})
	got := d.reports()
	if len(got) != 2 || got[0].offset != 0 || got[1].offset != 4 {
		t.Fatalf("got %v, want reports of offsets 0 and 4", got)
	}
	if want := `must hold its key "transaction_id" and "transaction_date" and nothing else, found 3 attributes`; !strings.Contains(got[0].reason.Error(), want) {
		t.Errorf("got %v, want %s", got[0].reason, want)
	}
}

// Credentials that the service calls expired are fetched anew.
func TestExpiredCredentialsAreRenewed(t *testing.T) {
	s := newService(t)
	fetched := 0
	provider := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		fetched++
		return aws.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "secret", Source: "test"}, nil
	})
	props := s.settings(prefix+"useDefaultCredentialsProvider", "true")
	w := started(t, sink.Options{Credentials: aws.NewCredentialsCache(provider)}, props)
	before := fetched
	s.SetFaults(embedded.ScriptFaults("BatchWriteItem", embedded.Fault{Error: "ExpiredTokenException"}))
	w.mustPut(transaction("a", ``))
	w.untilCommitted()
	if fetched != before+1 {
		t.Errorf("credentials were fetched %d times after the start, want once", fetched-before)
	}
}

// What waits for a call that is free is written before the partition is given away.
func TestTheBacklogIsWrittenBeforePartitionsAreGivenAway(t *testing.T) {
	s := newService(t)
	settings := s.settings()
	settings["aws.dynamodb.max.in.flight"] = "1"
	w := started(t, sink.Options{}, settings)
	values := make([]string, 100)
	for i := range values {
		values[i] = transaction(fmt.Sprintf("t%d", i), "")
	}
	w.mustPut(values...)
	w.until(func() bool { return w.committable(false) > 0 || len(s.items(t)) > 0 }) // the table is known
	if got := w.committable(true); got != 100 {
		t.Errorf("offset %d may be committed, want all 100", got)
	}
}

// The backlog of one partition pauses all of them. When it is given away, the others go on.
func TestPausedPartitionsGoOnWhenTheBacklogIsGivenAway(t *testing.T) {
	s := newService(t)
	w := started(t, sink.Options{}, s.settings())
	other := connect.TopicPartition{Topic: w.tp.Topic, Partition: 1}
	task := w.task.(connect.Opener)
	if err := task.Open(t.Context(), []connect.TopicPartition{other}); err != nil {
		t.Fatal(err)
	}
	s.SetFaults(everyCall(embedded.Fault{Error: "InternalServerError"}))
	for i := 0; !w.isPaused(); i++ {
		if i == 1000 {
			t.Fatal("300 MB of backlog do not pause the partitions")
		}
		w.mustPut(transaction(fmt.Sprintf("t%d", i), `,"x":"`+strings.Repeat("x", 300_000)+`"`))
	}
	paused := func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.paused[other]
	}
	if !paused() {
		t.Error("the other partition is not paused")
	}
	if got := w.committable(true); got != 0 {
		t.Errorf("offset %d may be committed", got)
	}
	if err := task.Close(t.Context(), []connect.TopicPartition{w.tp}); err != nil {
		t.Fatal(err)
	}
	if paused() {
		t.Error("the other partition is still paused")
	}
}

func TestContentIsLoggedOnlyIfAskedFor(t *testing.T) {
	s := newService(t)
	for level, want := range map[string]int{"OFF": 0, "TRACE": 0, "INFO": 1, "error": 1} { // the logger here shows info and above
		w := started(t, sink.Options{}, s.settings("camel.sink.contentLogLevel", level))
		w.mustPut(transaction("a", ``))
		w.untilCommitted()
		if got := strings.Count(w.log.String(), "2023-08-14 10:21:33.123456"); got != want {
			t.Errorf("level %s: the value is logged %d times, want %d", level, got, want)
		}
	}
}

func TestCredentialsThatStayExpiredFailTheTask(t *testing.T) {
	s := newService(t)
	s.SetFaults(embedded.ScriptFaults("DescribeTable", embedded.Fault{Error: "ExpiredTokenException"}))
	started(t, sink.Options{}, s.settings())
	s.SetFaults(func(string) embedded.Fault { return embedded.Fault{Error: "ExpiredTokenException"} })
	err := newWorker(t, sink.Options{}).start(s.settings())
	if err == nil || !strings.Contains(err.Error(), "DescribeTable") || !strings.Contains(err.Error(), "ExpiredTokenException") {
		t.Errorf("got %v", err)
	}
}

// A service whose clock is an hour ahead refuses signatures of our time. From its answers the right time is known.
func TestAWrongClockIsNoObstacle(t *testing.T) {
	s := newService(t)
	url := s.behind(t, func(w http.ResponseWriter, r *http.Request, _ []byte) bool {
		now := time.Now().Add(time.Hour)
		w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
		at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
		if err == nil && now.Sub(at).Abs() < 5*time.Minute {
			return false
		}
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"__type":"com.amazon.coral.service#InvalidSignatureException","message":"Signature expired"}`)
		return true
	})
	w := started(t, sink.Options{}, s.settings(prefix+"uriEndpointOverride", url))
	w.mustPut(transaction("a", ``))
	w.untilCommitted()
	wantItems(t, s.items(t), map[string]map[string]any{"a": storedTransaction("a", nil)})
}

func TestEveryRequestIsSigned(t *testing.T) {
	s := newService(t)
	var mu sync.Mutex
	var unsigned []string
	url := s.behind(t, func(_ http.ResponseWriter, r *http.Request, _ []byte) bool {
		if a := r.Header.Get("Authorization"); !strings.HasPrefix(a, "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/") || !strings.Contains(a, "/ap-southeast-2/dynamodb/aws4_request") {
			mu.Lock()
			defer mu.Unlock()
			unsigned = append(unsigned, r.Header.Get("X-Amz-Target")+": "+a)
		}
		return false
	})
	w := started(t, sink.Options{}, s.settings(prefix+"uriEndpointOverride", url))
	w.mustPut(transaction("a", ``))
	w.untilCommitted()
	mu.Lock()
	defer mu.Unlock()
	if len(unsigned) > 0 {
		t.Errorf("requests without a right signature: %v", unsigned)
	}
}
