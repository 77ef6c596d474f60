package metrics_test

import (
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"sluice/connect"
	"sluice/internal/kafka"
	"sluice/internal/sampled"
	"sluice/worker/metrics"
	"sluice/worker/task"
)

// scrape returns the page of a snapshot.
func scrape(t testing.TB, s metrics.Snapshot) string {
	t.Helper()
	w := httptest.NewRecorder()
	metrics.NewHandler(func() metrics.Snapshot { return s }).ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if w.Code != 200 || w.Header().Get("Content-Type") != "text/plain; version=0.0.4; charset=utf-8" {
		t.Fatalf("got %d %v %s", w.Code, w.Header(), w.Body)
	}
	return w.Body.String()
}

// samples reads a page as Prometheus does, and returns its values by metric, labels sorted.
func samples(t testing.TB, page string) map[string]float64 {
	t.Helper()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(page))
	if err != nil {
		t.Fatalf("Prometheus cannot read the page: %v", err)
	}
	out := map[string]float64{}
	for name, f := range families {
		for _, m := range f.GetMetric() {
			var pairs []string
			for _, l := range m.GetLabel() {
				pairs = append(pairs, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
			}
			slices.Sort(pairs)
			key := name + "{" + strings.Join(pairs, ",") + "}"
			if _, twice := out[key]; twice {
				t.Errorf("%s is there twice", key)
			}
			switch {
			case m.Counter != nil:
				out[key] = m.GetCounter().GetValue()
			case m.Histogram != nil:
				out[key] = float64(m.GetHistogram().GetSampleCount())
			case m.Gauge != nil:
				out[key] = m.GetGauge().GetValue()
			}
		}
	}
	return out
}

func reading(values ...float64) sampled.Reading {
	s := sampled.New(sampled.Window{})
	for _, v := range values {
		s.Record(v)
	}
	return s.Read()
}

// everything is a snapshot with something of each kind: a task that runs, one that failed, and one that could not be made.
func everything() metrics.Snapshot {
	now := time.UnixMilli(1_700_000_100_000)
	own := connect.NewMetrics(nil)
	own.Counter("store_calls_total", "Calls.", connect.MetricLabel{Name: "operation", Value: "write"}).Add(3)
	own.Gauge("store_open", "Open.", func() float64 { return 1 })
	took := own.Histogram("store_seconds", "Time.", []float64{0.5, 1})
	took.Observe(0.7)
	took.Observe(7)
	client := kafka.ClientStats{ClientID: "connector-consumer-orders-0", Started: now.Add(-time.Minute), Connections: 3, In: reading(100), Requests: reading(1)}
	reader := kafka.ReaderStats{
		ClientStats: client, Consumed: reading(500), Bytes: reading(5000), LastPoll: now.Add(-1500 * time.Millisecond), Commits: reading(4, 6), Rebalances: reading(30),
		Topics: map[string]kafka.TopicStats{"orders.new": {Consumed: reading(500)}},
		Partitions: map[kafka.TopicPartition]kafka.PartitionStats{
			{Topic: "orders.new", Partition: 0}: {Lag: 12, History: reading(40, 12)}, {Topic: "orders.new", Partition: 1}: {Lag: -1},
		},
	}
	client.ClientID = "connector-dlq-producer-orders-0"
	producer := kafka.ProducerStats{ClientStats: client, Sent: reading(5), Buffer: 1000, Available: 900}
	return metrics.Snapshot{
		Now: now,
		Worker: metrics.Worker{
			ID: "10.0.0.5:8083", Version: "3.9.2-sluice.1", Commit: "abc", Started: now.Add(-time.Hour), ClientID: "connect-10.0.0.5:8083", Connectors: 2, Tasks: 3,
			ConnectorStarts: metrics.Starts{Succeeded: 3, Failed: 1, Outcomes: reading(1, 1, 0, 1)}, AssignedTasks: 3,
		},
		Rebalance:  metrics.Rebalance{Leader: "http://10.0.0.5:8083/", Protocol: "SESSIONED", Epoch: 7, Times: reading(20, 40), Last: now.Add(-8 * time.Second)},
		Connectors: []metrics.Connector{{Name: "orders", Type: "sink", Class: "org.example.Sink", Version: "1", Status: "running"}, {Name: `a "b"\` + "\n", Status: "paused"}},
		Counts:     []metrics.TaskCount{{Connector: "orders", Total: 3, Running: 1, Failed: 2}},
		Tasks: []metrics.Task{
			{
				ID: connect.TaskID{Connector: "orders"}, Status: "running", Running: 0.75, Paused: 0.25, Made: true, Plugin: own.Read(),
				Stats: task.Stats{Failures: 5, DLQRequests: 2, Partitions: 2, LastFailure: now},
				Recent: task.Recent{
					Reads: reading(500, 0, 508), Puts: reading(498, 0, 502), PutTimes: reading(3, 5), Active: reading(500, 20), CommitSequence: 9,
					CommitTimes: reading(4), CommitOutcomes: reading(1, 0, 1, 1), Reader: &reader, Producer: &producer,
				},
			},
			{ID: connect.TaskID{Connector: "orders", Task: 1}, Status: "failed", Made: true, Recent: task.Recent{Reads: sampled.Nothing(), Puts: sampled.Nothing()}},
			{ID: connect.TaskID{Connector: "orders", Task: 2}, Status: "failed"},
		},
	}
}

func TestPage(t *testing.T) {
	got := samples(t, scrape(t, everything()))
	for key, want := range map[string]float64{
		`kafka_connect_app_info{client_id="10.0.0.5:8083",commit_id="abc",start_time_ms="1699996500000",version="3.9.2-sluice.1"}`:                            1,
		`kafka_connect_connect_worker_metrics_connector_count{}`:                                                                                              2,
		`kafka_connect_connect_worker_metrics_connector_startup_attempts_total{}`:                                                                             4,
		`kafka_connect_connect_worker_metrics_connector_startup_failure_percentage{}`:                                                                         0.25,
		`kafka_connect_connect_worker_metrics_task_startup_success_percentage{}`:                                                                              0,
		`kafka_connect_connect_coordinator_metrics_assigned_tasks{client_id="connect-10.0.0.5:8083"}`:                                                         3,
		`kafka_connect_connect_worker_rebalance_metrics_time_since_last_rebalance_ms{}`:                                                                       8000,
		`kafka_connect_connect_worker_rebalance_metrics_rebalance_avg_time_ms{}`:                                                                              30,
		`kafka_connect_connect_worker_rebalance_metrics_leader_name{leader_name="http://10.0.0.5:8083/"}`:                                                     1,
		`kafka_connect_connector_metrics{connector="orders",connector_class="org.example.Sink",connector_type="sink",connector_version="1",status="running"}`: 1,
		`kafka_connect_connector_metrics_status{connector="a \"b\"\\\n",status="paused"}`:                                                                     1,
		`kafka_connect_connect_worker_metrics_connector_failed_task_count{connector="orders"}`:                                                                2,
		`kafka_connect_connector_task_metrics_status{connector="orders",status="failed",task="2"}`:                                                            1,
		`kafka_connect_connector_status{connector="orders",status="running",task="0"}`:                                                                        1,
		`kafka_connect_connector_task_metrics_running_ratio{connector="orders",task="0"}`:                                                                     0.75,
		`kafka_connect_connector_task_metrics_batch_size_max{connector="orders",task="0"}`:                                                                    502,
		`kafka_connect_connector_task_metrics_offset_commit_success_percentage{connector="orders",task="0"}`:                                                  0.75,
		`kafka_connect_sink_task_metrics_sink_record_read_total{connector="orders",task="0"}`:                                                                 1008,
		`kafka_connect_sink_task_metrics_sink_record_active_count{connector="orders",task="0"}`:                                                               20,
		`kafka_connect_sink_task_metrics_offset_commit_seq_no{connector="orders",task="0"}`:                                                                   9,
		`kafka_connect_sink_task_metrics_put_batch_avg_time_ms{connector="orders",task="1"}`:                                                                  0, // this one's reading is the zero value
		`kafka_connect_sink_task_metrics_sink_record_read_rate{connector="orders",task="1"}`:                                                                  0,
		`kafka_connect_connector_task_metrics_batch_size_avg{connector="orders",task="1"}`:                                                                    math.NaN(),
		`kafka_connect_task_error_metrics_last_error_timestamp{connector="orders",task="0"}`:                                                                  1_700_000_100_000,
		`kafka_connect_task_error_metrics_deadletterqueue_produce_requests{connector="orders",task="0"}`:                                                      2,
		`kafka_consumer_consumer_fetch_manager_metrics_records_consumed_total{client_id="connector-consumer-orders-0"}`:                                       500,
		`kafka_consumer_consumer_fetch_manager_metrics_records_consumed_total{client_id="connector-consumer-orders-0",topic="orders.new"}`:                    500,
		`kafka_consumer_consumer_fetch_manager_metrics_records_lag{client_id="connector-consumer-orders-0",partition="0",topic="orders.new"}`:                 12,
		`kafka_consumer_consumer_fetch_manager_metrics_records_lag{client_id="connector-consumer-orders-0",partition="1",topic="orders.new"}`:                 -1,
		`kafka_consumer_consumer_fetch_manager_metrics_records_lag_max{client_id="connector-consumer-orders-0",partition="0",topic="orders.new"}`:             40,
		`kafka_consumer_consumer_metrics_last_poll_seconds_ago{client_id="connector-consumer-orders-0"}`:                                                      1,
		`kafka_consumer_consumer_coordinator_metrics_last_heartbeat_seconds_ago{client_id="connector-consumer-orders-0"}`:                                     -1,
		`kafka_consumer_consumer_coordinator_metrics_commit_latency_avg{client_id="connector-consumer-orders-0"}`:                                             5,
		`kafka_consumer_consumer_coordinator_metrics_assigned_partitions{client_id="connector-consumer-orders-0"}`:                                            2,
		`kafka_producer_producer_metrics_record_send_total{client_id="connector-dlq-producer-orders-0"}`:                                                      5,
		`kafka_producer_producer_metrics_buffer_available_bytes{client_id="connector-dlq-producer-orders-0"}`:                                                 900,
		`kafka_connect_plugins_store_calls_total{connector="orders",operation="write",task="0"}`:                                                              3,
		`kafka_connect_plugins_store_open{connector="orders",task="0"}`:                                                                                       1,
		`kafka_connect_plugins_store_seconds{connector="orders",task="0"}`:                                                                                    2,
	} {
		value, ok := got[key]
		if !ok || value != want && !(math.IsNaN(value) && math.IsNaN(want)) {
			t.Errorf("%s: got %v (%v), want %v", key, value, ok, want)
		}
	}
	for key := range got {
		if strings.Contains(key, `task="2"`) && !strings.Contains(key, "status") {
			t.Errorf("%s is of a task that could not be made", key)
		}
	}
	if page := scrape(t, everything()); !strings.Contains(page, `kafka_connect_plugins_store_seconds_bucket{connector="orders",task="0",le="+Inf"} 2`) || !strings.Contains(page, "\ngo_goroutines ") || !strings.Contains(page, "\nprocess_cpu_seconds_total ") {
		t.Error("the histogram or the process is missing")
	}
}

// A page has just the metrics of the definitions, with their labels, beside those of plugins and of the process.
func TestPageIsAsDefined(t *testing.T) {
	shapes := map[string]bool{}
	for _, d := range metrics.Definitions() {
		names := slices.Sorted(slices.Values(d.Labels))
		shapes[d.Name+" "+strings.Join(names, ",")] = false
	}
	for key := range samples(t, scrape(t, everything())) {
		name, rest, _ := strings.Cut(key, "{")
		if strings.HasPrefix(name, metrics.PluginPrefix) || strings.HasPrefix(name, "go_") || strings.HasPrefix(name, "process_") {
			continue
		}
		var names []string
		for pair := range strings.SplitSeq(strings.TrimSuffix(rest, "}"), `",`) {
			if label, _, ok := strings.Cut(pair, "="); ok {
				names = append(names, label)
			}
		}
		shape := name + " " + strings.Join(names, ",")
		if _, ok := shapes[shape]; !ok {
			t.Errorf("%s is on the page and not defined", shape)
		}
		shapes[shape] = true
	}
	for shape, seen := range shapes {
		if !seen {
			t.Errorf("%s is defined and not on the page", shape)
		}
	}
}

// Tasks of one plugin say one thing; where two plugins have one name for different things, the page stays readable.
func TestPluginsThatDisagree(t *testing.T) {
	a, b := connect.NewMetrics(nil), connect.NewMetrics(nil)
	a.Counter("calls_total", "Calls.").Inc()
	b.Histogram("calls_total", "Something else.", nil).Observe(1)
	s := metrics.Snapshot{Tasks: []metrics.Task{
		{ID: connect.TaskID{Connector: "a"}, Made: true, Plugin: a.Read()}, {ID: connect.TaskID{Connector: "b"}, Made: true, Plugin: b.Read()},
	}}
	got := samples(t, scrape(t, s))
	if got[`kafka_connect_plugins_calls_total{connector="a",task="0"}`] != 1 {
		t.Error("the first one's counter is missing")
	}
	if _, ok := got[`kafka_connect_plugins_calls_total{connector="b",task="0"}`]; ok {
		t.Error("the other one is there")
	}
}

// What was on one page and is gone is not on the next.
func TestPageForgets(t *testing.T) {
	now := everything()
	h := metrics.NewHandler(func() metrics.Snapshot { return now })
	get := func() string {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
		return w.Body.String()
	}
	if page := get(); !strings.Contains(page, "orders") {
		t.Error("the connector is not there")
	}
	now = metrics.Snapshot{Worker: now.Worker, Now: now.Now}
	if page := get(); strings.Contains(page, "orders") || strings.Contains(page, "store_calls_total") {
		t.Error("the connector, or its metrics, are still there")
	}
}

// What a name means is said anew by each page: a plugin whose name was another's until that was deleted shows its metrics.
func TestNameThatChangesItsMeaning(t *testing.T) {
	a, b := connect.NewMetrics(nil), connect.NewMetrics(nil)
	a.Gauge("calls", "Calls.", func() float64 { return 1 })
	b.Histogram("calls", "Something else.", nil).Observe(1)
	var now metrics.Snapshot
	h := metrics.NewHandler(func() metrics.Snapshot { return now })
	for _, own := range []*connect.Metrics{a, b, a} {
		now.Tasks = []metrics.Task{{ID: connect.TaskID{Connector: "x"}, Made: true, Plugin: own.Read()}}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
		page := w.Body.String()
		if samples(t, page)[`kafka_connect_plugins_calls{connector="x",task="0"}`] != 1 || !strings.Contains(page, "# HELP kafka_connect_plugins_calls "+own.Read()[0].Help) {
			t.Errorf("the metric of kind %s is missing, or is told to be another", own.Read()[0].Kind)
		}
	}
}

// A page of 1,000 connectors with one task each. The bar is 50 ms of CPU.
func BenchmarkPage(b *testing.B) {
	s := everything()
	one := s.Tasks[0]
	s.Tasks, s.Connectors, s.Counts = nil, nil, nil
	for i := range 1000 {
		t := one
		t.ID.Connector = fmt.Sprintf("orders-%d", i)
		reader := *one.Recent.Reader
		reader.ClientID = "connector-consumer-" + t.ID.String()
		t.Recent.Reader, t.Recent.Producer = &reader, nil
		s.Tasks = append(s.Tasks, t)
		s.Connectors = append(s.Connectors, metrics.Connector{Name: t.ID.Connector, Type: "sink", Class: "org.example.Sink", Version: "1", Status: "running"})
		s.Counts = append(s.Counts, metrics.TaskCount{Connector: t.ID.Connector, Total: 1, Running: 1})
	}
	h := metrics.NewHandler(func() metrics.Snapshot { return s })
	b.ReportAllocs()
	w := &nowhere{}
	for b.Loop() {
		w.size = 0
		h.ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	}
	b.ReportMetric(float64(w.size), "bytes/page")
}

// nowhere counts what is written to it.
type nowhere struct {
	header http.Header
	size   int
}

func (n *nowhere) Header() http.Header {
	if n.header == nil {
		n.header = http.Header{}
	}
	return n.header
}
func (n *nowhere) WriteHeader(int) {}
func (n *nowhere) Write(b []byte) (int, error) {
	n.size += len(b)
	return len(b), nil
}
