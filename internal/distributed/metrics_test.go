package distributed

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	embedded "sluice/internal/embedded/kafka"
	"sluice/worker/metrics"
)

// javaMetrics is what a Java worker told by JMX of the same load as here; worker/metrics/testdata/README.md has the story.
const javaMetrics = "../../worker/metrics/testdata/java-3.9.2.tsv"

// compared are the attributes that do not depend on time or on how records fell into batches, by the beginning of the MBean.
var compared = map[string][]string{
	"kafka.connect:type=connect-worker-metrics,connector=": {
		"connector-total-task-count", "connector-running-task-count", "connector-paused-task-count", "connector-failed-task-count",
		"connector-unassigned-task-count", "connector-destroyed-task-count", "connector-restarting-task-count",
	},
	"kafka.connect:type=connector-metrics,connector=":      {"status"},
	"kafka.connect:type=connector-task-metrics,connector=": {"status", "offset-commit-success-percentage", "offset-commit-failure-percentage", "pause-ratio"},
	"kafka.connect:type=sink-task-metrics,connector=tolerant": {
		"sink-record-read-total", "sink-record-send-total", "partition-count", "sink-record-active-count", "offset-commit-skip-total", "offset-commit-skip-rate",
	},
	"kafka.connect:type=sink-task-metrics,connector=strict": {"sink-record-send-total", "sink-record-send-rate", "partition-count", "sink-record-active-count", "sink-record-active-count-max"},
	"kafka.connect:type=task-error-metrics,connector=": {
		"total-record-failures", "total-record-errors", "total-records-skipped", "total-retries", "total-errors-logged",
		"deadletterqueue-produce-requests", "deadletterqueue-produce-failures",
	},
	"kafka.consumer:type=consumer-fetch-manager-metrics,client-id=connector-consumer-tolerant-0": {"records-consumed-total", "records-lag"},
	"kafka.consumer:type=consumer-coordinator-metrics,client-id=connector-consumer-tolerant-0":   {"assigned-partitions"},
	"kafka.producer:type=producer-metrics,client-id=connector-dlq-producer-tolerant-0": {
		"record-send-total", "record-error-total", "record-retry-total", "buffer-total-bytes", "buffer-available-bytes",
	},
}

// Given the load that a Java worker was measured with, poison included, when it is through, then the worker says what Java's said, and forgets a
// connector that is deleted.
func TestMetricsAreWhatJavaTells(t *testing.T) {
	broker, err := embedded.New(embedded.Options{Addr: "127.0.0.1:0", AutoCreateTopics: true})
	must(t, err)
	must(t, broker.Start(t.Context()))
	defer broker.Close()
	client, err := kgo.NewClient(kgo.SeedBrokers(broker.Addr()), kgo.AllowAutoTopicCreation())
	must(t, err)
	defer client.Close()
	for _, topic := range []string{"load", "strict.load"} {
		must(t, client.ProduceSync(t.Context(), load(topic)...).FirstErr())
	}

	r := start(t, propertiesOf(t, broker.Addr(), "offset.flush.interval.ms", "200",
		"key.converter", "org.apache.kafka.connect.storage.StringConverter", "value.converter.schemas.enable", "false"), Run)
	dir := t.TempDir()
	r.create(t, `{"name":"tolerant","config":{"connector.class":"FileStreamSink","topics":"load","file":"`+filepath.Join(dir, "a")+`",
		"errors.tolerance":"all","errors.log.enable":"true","errors.deadletterqueue.topic.name":"load-dlq","errors.deadletterqueue.topic.replication.factor":"1",
		"transforms":"drop","transforms.drop.type":"org.apache.kafka.connect.transforms.Filter","transforms.drop.predicate":"gone",
		"predicates":"gone","predicates.gone.type":"org.apache.kafka.connect.transforms.predicates.RecordIsTombstone"}}`)
	r.create(t, `{"name":"strict","config":{"connector.class":"FileStreamSink","topics":"strict.load","file":"`+filepath.Join(dir, "b")+`"}}`)

	want := javaSays(t)
	if len(want) < 50 {
		t.Fatalf("got %d values to compare", len(want))
	}
	r.awaitMetrics(t, func(page map[string]string) (differences []string) {
		for metric, value := range want {
			if got, ok := page[metric]; !ok || got != value {
				differences = append(differences, fmt.Sprintf("%s is %q, want %q", metric, got, value))
			}
		}
		return differences
	})

	req, err := http.NewRequest("DELETE", r.url+"connectors/tolerant", nil)
	must(t, err)
	resp, err := http.DefaultClient.Do(req)
	must(t, err)
	resp.Body.Close()
	r.awaitMetrics(t, func(page map[string]string) (left []string) {
		for metric := range page {
			if strings.Contains(metric, "tolerant") {
				left = append(left, metric)
			}
		}
		if page[`kafka_connect_connector_task_metrics_status{connector="strict",task="0",status="failed"}`] != "1" {
			left = append(left, "the failed task of the other one is gone")
		}
		return left
	})
	http.DefaultClient.CloseIdleConnections()
	r.stop()
	must(t, r.ended(t))
}

// load is 1,000 JSON records, one that is none after every 200th, and three tombstones.
func load(topic string) (records []*kgo.Record) {
	for n := range 1000 {
		records = append(records, &kgo.Record{Topic: topic, Key: fmt.Append(nil, "k", n), Value: fmt.Appendf(nil, `{"n":%d}`, n)})
		if n%200 == 199 {
			records = append(records, &kgo.Record{Topic: topic, Key: []byte("bad"), Value: []byte("not json")})
		}
	}
	for n := range 3 {
		records = append(records, &kgo.Record{Topic: topic, Key: fmt.Append(nil, "t", n)})
	}
	return records
}

// javaSays returns the values that are compared, as lines of the page: metric with labels to value.
func javaSays(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile(javaMetrics)
	must(t, err)
	names := map[string]string{} // MBean's type and attribute to metric
	for _, d := range metrics.Definitions() {
		names[d.Bean+" "+d.Attribute] = d.Name
	}
	out := map[string]string{}
	for line := range strings.Lines(string(text)) {
		fields := strings.Split(strings.TrimSpace(line), "\t")
		bean, attribute, value := fields[0], fields[1], fields[2]
		for beginning, attributes := range compared {
			for _, wanted := range attributes {
				if !strings.HasPrefix(bean, beginning) || attribute != wanted {
					continue
				}
				kind, labels := parseBean(bean)
				if attribute == "status" {
					labels, value = labels+`,status="`+value+`"`, "1"
				}
				number, err := strconv.ParseFloat(value, 64)
				must(t, err)
				out[names[kind+" "+attribute]+"{"+labels+"}"] = strconv.FormatFloat(number, 'f', -1, 64)
			}
		}
	}
	return out
}

// parseBean returns an MBean without the values of its tags, and its tags as labels.
func parseBean(bean string) (kind, labels string) {
	kind, tags, _ := strings.Cut(bean, ",")
	for tag := range strings.SplitSeq(tags, ",") {
		key, value, _ := strings.Cut(tag, "=")
		kind += "," + key + "=*"
		if labels != "" {
			labels += ","
		}
		labels += strings.ReplaceAll(key, "-", "_") + `="` + value + `"`
	}
	return kind, labels
}

func (r *running) create(t *testing.T, body string) {
	t.Helper()
	resp, err := http.Post(r.url+"connectors", "application/json", strings.NewReader(body))
	must(t, err)
	defer resp.Body.Close()
	if answer, _ := io.ReadAll(resp.Body); resp.StatusCode != http.StatusCreated {
		t.Fatalf("got %d: %s", resp.StatusCode, answer)
	}
}

// awaitMetrics scrapes, as Prometheus would, until nothing is wrong.
func (r *running) awaitMetrics(t *testing.T, wrong func(page map[string]string) []string) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		resp, err := http.Get(r.url + "metrics")
		must(t, err)
		text, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		must(t, err)
		page := map[string]string{}
		for line := range strings.Lines(string(text)) {
			if i := strings.LastIndexByte(line, ' '); !strings.HasPrefix(line, "#") && i > 0 {
				page[line[:i]] = strings.TrimSpace(line[i:])
			}
		}
		left := wrong(page)
		if len(left) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("after 30 s:\n%s", strings.Join(left, "\n"))
		}
		time.Sleep(50 * time.Millisecond) // a scrape is the only event there is
	}
}
