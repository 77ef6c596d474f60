package dynamodb_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sluice/connect"
	embedded "sluice/internal/embedded/dynamodb"
	sink "sluice/sinks/dynamodb"
)

// inMemory carries requests to a handler without a network, so that they take their time in virtual time.
type inMemory struct {
	handler http.Handler
	takes   time.Duration
}

// RoundTrip is [http.RoundTripper]'s.
func (m inMemory) RoundTrip(r *http.Request) (*http.Response, error) {
	select {
	case <-time.After(m.takes):
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	answer := httptest.NewRecorder()
	m.handler.ServeHTTP(answer, r)
	return answer.Result(), nil
}

// newVirtualService starts a service for a bubble of virtual time.
func newVirtualService(t *testing.T, o embedded.Options) *service {
	t.Helper()
	t.Setenv("AWS_CA_BUNDLE", "") // the SDK wants a client of its own for that
	server := embedded.New(o)
	s := &service{Server: server, url: "http://dynamodb.test", table: tableName}
	s.client = dynamodb.New(dynamodb.Options{
		Region: "ap-southeast-2", BaseEndpoint: aws.String(s.url), HTTPClient: s.http(),
		Credentials: credentials.NewStaticCredentialsProvider("AKIAIOSFODNN7EXAMPLE", "secret", ""),
	})
	return s
}

func (s *service) http() *http.Client {
	return &http.Client{Transport: inMemory{handler: s, takes: 5 * time.Millisecond}}
}

// addProvisioned makes a table with the key id and an index by account_id, with capacities of their own.
func (s *service) addProvisioned(t *testing.T, name string, units, indexUnits int64) {
	t.Helper()
	throughput := func(units int64) *types.ProvisionedThroughput {
		return &types.ProvisionedThroughput{ReadCapacityUnits: aws.Int64(1), WriteCapacityUnits: aws.Int64(units)}
	}
	_, err := s.client.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: aws.String(name), BillingMode: types.BillingModeProvisioned, ProvisionedThroughput: throughput(units),
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: "S"}, {AttributeName: aws.String("account_id"), AttributeType: "N"}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: "HASH"}},
		GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{{
			IndexName: aws.String("account"), Projection: &types.Projection{ProjectionType: types.ProjectionTypeKeysOnly}, ProvisionedThroughput: throughput(indexUnits),
			KeySchema: []types.KeySchemaElement{{AttributeName: aws.String("account_id"), KeyType: "HASH"}},
		}},
	})
	if err != nil {
		t.Fatalf("create table %s: %v", name, err)
	}
}

// numbered is a worker of a task that is not the first one.
type numbered struct {
	*worker
	number int
}

func (w numbered) TaskID() connect.TaskID {
	return connect.TaskID{Connector: "transactions-sink", Task: w.number}
}

// startTasks starts the tasks of a connector, each on the worker of one of the plugins.
func startTasks(t *testing.T, props map[string]string, plugins ...connect.Plugin) []*worker {
	t.Helper()
	c := plugins[0].NewSink()
	if err := c.Start(t.Context(), props); err != nil {
		t.Fatal(err)
	}
	configs, err := c.TaskConfigs(len(plugins))
	if err != nil {
		t.Fatal(err)
	}
	var tasks []*worker
	for i, p := range plugins {
		w := newWorker(t, sink.Options{})
		w.task = p.NewSink().NewTask()
		w.tp.Partition = int32(i)
		if err := w.task.Start(t.Context(), numbered{w, i}, configs[i]); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := w.task.Stop(context.Background()); err != nil {
				t.Errorf("stop: %v", err)
			}
		})
		w.open()
		tasks = append(tasks, w)
	}
	return tasks
}

// flood gives a task more records than it can write, each of a key of its own.
func (w *worker) flood(n int, format string) {
	w.t.Helper()
	values := make([]string, n)
	for i := range values {
		values[i] = fmt.Sprintf(format, fmt.Sprintf("%d-%d", w.tp.Partition, i))
	}
	w.mustPut(values...)
}

const (
	// A record of it costs two units: one of the table and one of its index.
	floodTransaction = `{"account_id":1,"transaction_id":%q,"transaction_date":"2023"}`

	floodMinute = 60.
)

// consumed returns the write units of a table or index that the tasks have counted.
func consumed(tasks []*worker, table, index string) float64 {
	units := 0.
	for _, w := range tasks {
		for _, f := range w.metrics.Read() {
			for _, s := range f.Samples {
				if f.Name == "dynamodb_consumed_write_units_total" && s.Labels[0].Value == table && s.Labels[1].Value == index {
					units += s.Value
				}
			}
		}
	}
	return units
}

func wantAbout(t *testing.T, what string, got, want, slack float64) {
	t.Helper()
	if got < want-slack || got > want+slack {
		t.Errorf("%s: got %v, want %v or at most %v more or less", what, got, want, slack)
	}
}

// However tasks are spread over workers, a connector consumes what it may, indexes included, and no more.
func TestAConnectorKeepsToItsLimit(t *testing.T) {
	const limit = 50
	for name, c := range map[string]struct {
		workers []int // of each task
		idle    int   // tasks without records, from the last
		want    float64
		more    []string
	}{
		"one task":                                {workers: []int{0}, want: limit},
		"two tasks on one worker":                 {workers: []int{0, 0}, want: limit},
		"two tasks on two workers":                {workers: []int{0, 1}, want: limit},
		"an idle task on the same worker":         {workers: []int{0, 0}, idle: 1, want: limit},
		"an idle task on another worker":          {workers: []int{0, 1}, idle: 1, want: limit / 2}, // its share is lost
		"single calls":                            {workers: []int{0}, want: limit, more: []string{"aws.dynamodb.write.api", "single"}},
		"transactions":                            {workers: []int{0}, want: limit, more: []string{"aws.dynamodb.write.api", "transact", "aws.dynamodb.batch.size", "100"}},
		"a small part of a unit":                  {workers: []int{0, 0, 0, 0}, want: 2, more: []string{"aws.dynamodb.write.rate.limit", "2"}},
		"updates, whose answers are calls' alone": {workers: []int{0}, want: limit, more: []string{"aws.dynamodb.operation", "upsert"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newVirtualService(t, embedded.Options{})
				s.createTable(t)
				props := s.settings(append([]string{"aws.dynamodb.write.rate.limit", fmt.Sprint(limit)}, c.more...)...)
				workers := []connect.Plugin{sink.Plugin(sink.Options{HTTPClient: s.http()}), sink.Plugin(sink.Options{HTTPClient: s.http()})}
				var plugins []connect.Plugin
				for _, w := range c.workers {
					plugins = append(plugins, workers[w])
				}
				tasks := startTasks(t, props, plugins...)
				for _, w := range tasks[:len(tasks)-c.idle] {
					w.flood(4_000, floodTransaction)
				}
				time.Sleep(floodMinute * time.Second)
				ofTable, ofIndex := consumed(tasks, tableName, ""), consumed(tasks, tableName, "account")
				units := ofTable + ofIndex
				// Two seconds' worth for each worker: what is saved, and what one call may cost.
				slack := max(4*c.want, 4)
				wantAbout(t, "units in a minute", units, c.want*floodMinute, slack)
				if puts := float64(s.Stats().Puts); puts < .9*ofTable && c.more == nil || ofTable == 0 || ofTable != ofIndex {
					t.Errorf("%v puts, and %v and %v units are shown", puts, ofTable, ofIndex)
				}
			})
		})
	}
}

// A part of a table's capacity leaves the rest to others: nothing is throttled, neither by the table nor by its index, which has less.
func TestALimitByTheTablesCapacity(t *testing.T) {
	const table, index, percent = 100, 40, 50
	synctest.Test(t, func(t *testing.T) {
		s := newVirtualService(t, embedded.Options{EnforceCapacity: true})
		s.addProvisioned(t, "orders", table, index)
		plugin := sink.Plugin(sink.Options{HTTPClient: s.http()})
		tasks := startTasks(t, s.settings("table.name.format", "orders", "aws.dynamodb.write.rate.limit", "table", "aws.dynamodb.write.rate.percent", fmt.Sprint(percent)), plugin, plugin)
		for _, w := range tasks {
			w.flood(3_000, `{"id":%q,"account_id":1}`)
		}
		time.Sleep(floodMinute * time.Second)
		const rate = index * percent / 100
		wantAbout(t, "units of the index", consumed(tasks, "orders", "account"), rate*floodMinute, 4*rate)
		wantAbout(t, "units of the table", consumed(tasks, "orders", ""), rate*floodMinute, 4*rate)
		if n := s.Stats().Throttled; n != 0 {
			t.Errorf("%d writes were throttled", n)
		}
	})
}

// A table on demand has no capacity to take a part of.
func TestNoLimitByTheCapacityOfATableOnDemand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newVirtualService(t, embedded.Options{})
		s.createTable(t)
		w := startTasks(t, s.settings("aws.dynamodb.write.rate.limit", "table"), sink.Plugin(sink.Options{HTTPClient: s.http()}))[0]
		w.flood(5_000, floodTransaction)
		w.untilCommitted()
		if log := w.log.String(); !strings.Contains(log, "so its writes are not limited") {
			t.Errorf("the log does not say that there is no limit:\n%s", log)
		}
	})
}

// Two tables of one task share a limit, whatever they are given.
func TestTablesOfATaskShareItsLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const limit = 100
		s := newVirtualService(t, embedded.Options{})
		s.addTable(t, "t-much")
		s.addTable(t, "t-little")
		w := startTasks(t, s.settings("table.name.format", "t-${value:table}", "aws.dynamodb.write.rate.limit", fmt.Sprint(limit)), sink.Plugin(sink.Options{HTTPClient: s.http()}))[0]
		w.flood(8_000, `{"table":"much","id":%q}`)
		w.flood(2_000, `{"table":"little","id":%q}`)
		w.until(func() bool { return consumed([]*worker{w}, "t-little", "") > 0 }) // both are described
		much, little := consumed([]*worker{w}, "t-much", ""), consumed([]*worker{w}, "t-little", "")
		time.Sleep(10 * time.Second)
		much, little = consumed([]*worker{w}, "t-much", "")-much, consumed([]*worker{w}, "t-little", "")-little
		wantAbout(t, "units in ten seconds", much+little, 10*limit, 2*limit)
		wantAbout(t, "the larger one's", much, little, 2*limit)
	})
}

// While a limit holds records back, Put returns at once, partitions are paused, and what is given away is given up.
func TestALimitHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newVirtualService(t, embedded.Options{})
		s.createTable(t)
		w := startTasks(t, s.settings("aws.dynamodb.write.rate.limit", "1", "aws.dynamodb.max.buffered.records", "1000"), sink.Plugin(sink.Options{HTTPClient: s.http()}))[0]
		began := time.Now()
		w.flood(5_000, floodTransaction)
		if took := time.Since(began); took > time.Second || !w.isPaused() {
			t.Errorf("put took %v, paused is %v", took, w.isPaused())
		}
		if held, _, _ := metricOf(t, w.metrics, "dynamodb_rate_held_back_seconds_total", ""); held != 0 {
			t.Errorf("held back for %v s at the start", held)
		}
		time.Sleep(time.Minute)
		if held, _, _ := metricOf(t, w.metrics, "dynamodb_rate_held_back_seconds_total", ""); held < 50 || held > 60 {
			t.Errorf("held back for %v s in a minute", held)
		}
		if rate, _, _ := metricOf(t, w.metrics, "dynamodb_rate_limit_units", ""); rate != 1 {
			t.Errorf("the share is shown as %v", rate)
		}
		began = time.Now()
		got := w.committable(true)
		if err := w.task.(connect.Opener).Close(t.Context(), []connect.TopicPartition{w.tp}); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("it took %v to give the partition away", took)
		}
		if puts := s.Stats().Puts; got != puts || puts < 25 || puts > 35 {
			t.Errorf("%d items were put, %d offsets may be committed, want some 30", puts, got)
		}
		time.Sleep(time.Minute)
		if now := s.Stats().Puts; now != got {
			t.Errorf("%d items were put after the partition was given away", now-got)
		}
	})
}

// Without a limit no call asks what it has consumed, and tasks have the connector's own settings.
func TestWithoutALimitNothingIsAsked(t *testing.T) {
	s := newService(t)
	var asked atomic.Int32
	url := s.behind(t, func(_ http.ResponseWriter, r *http.Request, body []byte) bool {
		if strings.Contains(string(body), "ReturnConsumedCapacity") {
			asked.Add(1)
		}
		return false
	})
	for _, more := range [][]string{nil, {"aws.dynamodb.write.api", "single"}, {"aws.dynamodb.write.api", "transact"}} {
		props := s.settings(append([]string{prefix + "uriEndpointOverride", url, "aws.dynamodb.write.rate.limit", "off"}, more...)...)
		w := startTasks(t, props, sink.Plugin(sink.Options{}))[0]
		w.mustPut(transaction("a", ""))
		w.untilCommitted()
	}
	if n := asked.Load(); n != 0 {
		t.Errorf("%d calls asked", n)
	}
	c := sink.Plugin(sink.Options{}).NewSink()
	for _, limit := range []string{"", "off"} {
		props := map[string]string{}
		if limit != "" {
			props["aws.dynamodb.write.rate.limit"] = limit
		}
		if err := c.Start(t.Context(), props); err != nil {
			t.Fatal(err)
		}
		if configs, err := c.TaskConfigs(2); err != nil || len(configs[0]) != len(props) {
			t.Errorf("limit %q: got %v, %v", limit, configs, err)
		}
	}
}
