package dynamodb_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sluice/connect"
	embedded "sluice/internal/embedded/dynamodb"
	sink "sluice/sinks/dynamodb"
)

const (
	tableName = "flagged-transactions"
	prefix    = "camel.kamelet.aws-ddb-sink."
)

// deadline bounds every wait of a test.
const deadline = 10 * time.Second

// service is an embedded DynamoDB behind a real HTTP server, or another one, and the table that tests write to.
type service struct {
	*embedded.Server
	url    string
	table  string
	client *dynamodb.Client
}

// newService starts a service that has the table of flagged transactions.
func newService(t *testing.T) *service {
	t.Helper()
	server := embedded.New(embedded.Options{})
	front := httptest.NewServer(server)
	t.Cleanup(front.Close)
	client := dynamodb.New(dynamodb.Options{
		Region: "ap-southeast-2", BaseEndpoint: aws.String(front.URL), HTTPClient: front.Client(),
		Credentials: credentials.NewStaticCredentialsProvider("AKIAIOSFODNN7EXAMPLE", "secret", ""),
	})
	s := &service{Server: server, url: front.URL, table: tableName, client: client}
	s.createTable(t)
	return s
}

func (s *service) createTable(t *testing.T) {
	t.Helper()
	attribute := func(name string, k types.ScalarAttributeType) types.AttributeDefinition {
		return types.AttributeDefinition{AttributeName: aws.String(name), AttributeType: k}
	}
	key := func(name string, k types.KeyType) types.KeySchemaElement {
		return types.KeySchemaElement{AttributeName: aws.String(name), KeyType: k}
	}
	_, err := s.client.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName:            aws.String(s.table),
		BillingMode:          types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{attribute("transaction_id", "S"), attribute("transaction_date", "S"), attribute("account_id", "N")},
		KeySchema:            []types.KeySchemaElement{key("transaction_id", "HASH"), key("transaction_date", "RANGE")},
		GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{{
			IndexName: aws.String("account"), Projection: &types.Projection{ProjectionType: types.ProjectionTypeAll},
			KeySchema: []types.KeySchemaElement{key("account_id", "HASH"), key("transaction_date", "RANGE")},
		}},
	})
	if err != nil {
		t.Fatalf("create the table: %v", err)
	}
}

// items returns the table's items by transaction id, as plain trees like {"x":{"N":"1"}}.
func (s *service) items(t *testing.T) map[string]map[string]any {
	t.Helper()
	out := make(map[string]map[string]any)
	for pages := dynamodb.NewScanPaginator(s.client, &dynamodb.ScanInput{TableName: aws.String(s.table)}); pages.HasMorePages(); {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatalf("scan the table: %v", err)
		}
		for _, item := range page.Items {
			plainItem := make(map[string]any)
			for name, v := range item {
				plainItem[name] = plain(t, v)
			}
			out[item["transaction_id"].(*types.AttributeValueMemberS).Value] = plainItem
		}
	}
	return out
}

func plain(t *testing.T, v types.AttributeValue) map[string]any {
	t.Helper()
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return map[string]any{"S": v.Value}
	case *types.AttributeValueMemberN:
		return map[string]any{"N": v.Value}
	case *types.AttributeValueMemberNULL:
		return map[string]any{"NULL": v.Value}
	case *types.AttributeValueMemberBOOL:
		return map[string]any{"BOOL": v.Value}
	}
	t.Fatalf("an attribute of type %T was not expected", v)
	return nil
}

// behind starts a server in front of the service and returns its URL. It passes on each request that first did not answer itself.
func (s *service) behind(t *testing.T, first func(w http.ResponseWriter, r *http.Request, body []byte) bool) string {
	t.Helper()
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		if first(w, r, body) {
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		s.ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	return front.URL
}

// settings are those of configs/sink.json, with the endpoint of the service and static keys.
func (s *service) settings(more ...string) map[string]string {
	props := map[string]string{
		prefix + "table": tableName, prefix + "region": "ap-southeast-2", prefix + "operation": "PutItem", prefix + "writeCapacity": "1",
		prefix + "accessKey": "AKIAIOSFODNN7EXAMPLE", prefix + "secretKey": "secret", "camel.sink.unmarshal": "jackson",
		prefix + "overrideEndpoint": "true", prefix + "uriEndpointOverride": s.url,
	}
	for i := 0; i < len(more); i += 2 {
		props[more[i]] = more[i+1]
	}
	return props
}

// worker is a sink task with the worker around it: the context that the task sees, and what a task runner keeps.
type worker struct {
	t    *testing.T
	task connect.SinkTask
	log  *logs
	tp   connect.TopicPartition
	next int64 // offset of the next record

	tolerate bool
	woken    chan struct{}
	metrics  *connect.Metrics

	mu       sync.Mutex
	paused   map[connect.TopicPartition]bool
	reported []reported
}

type reported struct {
	offset int64
	reason error
}

// newWorker makes a task that is not started.
func newWorker(t *testing.T, options sink.Options) *worker {
	t.Helper()
	w := &worker{
		t: t, log: &logs{}, tp: connect.TopicPartition{Topic: "flagged-transactions"},
		woken: make(chan struct{}, 1), paused: make(map[connect.TopicPartition]bool),
		metrics: connect.NewMetrics(func(err error) { t.Error(err) }),
	}
	w.task = sink.Plugin(options).NewSink().NewTask()
	return w
}

// started makes a task that runs and has one partition.
func started(t *testing.T, options sink.Options, props map[string]string) *worker {
	t.Helper()
	w := newWorker(t, options)
	if err := w.start(props); err != nil {
		t.Fatalf("start: %v", err)
	}
	w.open()
	return w
}

func (w *worker) start(props map[string]string) error {
	w.t.Helper()
	w.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), deadline)
		defer cancel()
		if err := w.task.Stop(ctx); err != nil {
			w.t.Errorf("stop: %v", err)
		}
	})
	return w.task.Start(w.t.Context(), w, props)
}

func (w *worker) open() {
	w.t.Helper()
	if err := w.task.(connect.Opener).Open(w.t.Context(), []connect.TopicPartition{w.tp}); err != nil {
		w.t.Fatalf("open: %v", err)
	}
}

// put gives the task records with the given JSON values; an empty one is a tombstone.
func (w *worker) put(values ...string) error {
	all := make([]any, len(values))
	for i, v := range values {
		if v != "" {
			all[i] = connect.RawJSON(v)
		}
	}
	return w.putValues(all...)
}

func (w *worker) putValues(values ...any) error {
	records := make([]connect.SinkRecord, len(values))
	for i, v := range values {
		records[i] = connect.SinkRecord{Topic: w.tp.Topic, Partition: w.tp.Partition, Offset: w.next, Value: v}
		w.next++
	}
	return w.task.Put(w.t.Context(), records)
}

// mustPut is put for records that are accepted.
func (w *worker) mustPut(values ...string) {
	w.t.Helper()
	if err := w.put(values...); err != nil {
		w.t.Fatalf("put: %v", err)
	}
}

// putUntilFailed puts what makes the task fail, and returns its error. That may come from this put already, or from a later one.
func (w *worker) putUntilFailed(values ...string) error {
	w.t.Helper()
	if err := w.put(values...); err != nil {
		return err
	}
	return w.untilFailed()
}

func (w *worker) committable(closing bool) int64 {
	w.t.Helper()
	got, err := w.task.(connect.PreCommitter).PreCommit(w.t.Context(), map[connect.TopicPartition]int64{w.tp: w.next}, closing)
	if err != nil {
		w.t.Fatalf("pre-commit: %v", err)
	}
	return got[w.tp]
}

// untilCommitted goes on as a worker does, with empty puts, until everything put may be committed.
func (w *worker) untilCommitted() {
	w.t.Helper()
	w.until(func() bool { return w.committable(false) == w.next })
}

func (w *worker) until(reached func() bool) {
	w.t.Helper()
	if err := w.run(reached); err != nil {
		w.t.Fatalf("put: %v", err)
	}
}

// untilFailed goes on until a put returns an error.
func (w *worker) untilFailed() error {
	w.t.Helper()
	err := w.run(func() bool { return false })
	if err == nil {
		w.t.Fatal("the task did not fail")
	}
	return err
}

func (w *worker) run(reached func() bool) error {
	w.t.Helper()
	end := time.After(deadline)
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	for {
		if err := w.task.Put(w.t.Context(), nil); err != nil {
			return err
		}
		if reached() {
			return nil
		}
		select {
		case <-w.woken:
		case <-poll.C:
		case <-end:
			w.t.Fatalf("nothing after %v; committed %d of %d; log:\n%s", deadline, w.committable(false), w.next, w.log)
		}
	}
}

// What follows is the connect.SinkTaskContext.

func (w *worker) TaskID() connect.TaskID {
	return connect.TaskID{Connector: "transactions-sink", Task: 0}
}

func (w *worker) Logger() *slog.Logger { return slog.New(slog.NewTextHandler(w.log, nil)) }

func (w *worker) Metrics() *connect.Metrics { return w.metrics }

func (w *worker) Pause(partitions ...connect.TopicPartition) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, tp := range partitions {
		w.paused[tp] = true
	}
}

func (w *worker) Resume(partitions ...connect.TopicPartition) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, tp := range partitions {
		delete(w.paused, tp)
	}
}

func (w *worker) isPaused() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.paused[w.tp]
}

func (w *worker) Rewind(map[connect.TopicPartition]int64) {}
func (w *worker) Timeout(time.Duration)                   {}
func (w *worker) RequestCommit()                          {}

func (w *worker) Wake() {
	select {
	case w.woken <- struct{}{}:
	default:
	}
}

func (w *worker) Report(r *connect.SinkRecord, reason error) <-chan error {
	answer := make(chan error, 1)
	w.mu.Lock()
	w.reported = append(w.reported, reported{r.Offset, reason})
	w.mu.Unlock()
	if w.tolerate {
		answer <- nil
	} else {
		answer <- fmt.Errorf("not tolerated: %w", reason)
	}
	close(answer)
	return answer
}

func (w *worker) reports() []reported {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]reported(nil), w.reported...)
}

// logs collects what the task logs.
type logs struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logs) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// transaction is a flagged transaction as the detector writes it.
func transaction(id string, more string) string {
	return fmt.Sprintf(`{"account_id":1000000003,"transaction_id":%q,"transaction_date":"2023-08-14 10:21:33.123456"%s}`, id, more)
}

func wantItems(t *testing.T, got, want map[string]map[string]any) {
	t.Helper()
	for id, item := range want {
		if !reflect.DeepEqual(got[id], item) {
			t.Errorf("item %s:\ngot  %v\nwant %v", id, got[id], item)
		}
	}
	for id := range got {
		if _, ok := want[id]; !ok {
			t.Errorf("item %s was not expected: %v", id, got[id])
		}
	}
}

func storedTransaction(id string, more map[string]any) map[string]any {
	item := map[string]any{
		"account_id":       map[string]any{"N": "1000000003"},
		"transaction_id":   map[string]any{"S": id},
		"transaction_date": map[string]any{"S": "2023-08-14 10:21:33.123456"},
	}
	for name, v := range more {
		item[name] = v
	}
	return item
}
