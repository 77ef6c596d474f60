package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"sluice/connect"
	"sluice/internal/distributed"
	embedded "sluice/internal/embedded/kafka"
	"sluice/internal/kafka"
	"sluice/sinks/dynamodb"
	"sluice/worker"
)

// connectors is how many there are where many are meant.
const connectors = 1000

// settings are those of a worker on a broker, with its REST API on a free port.
func settings(bootstrap string) map[string]string {
	return map[string]string{
		"bootstrap.servers": bootstrap, "group.id": "bench", "listeners": "http://127.0.0.1:0",
		"config.storage.topic": "bench-configs", "config.storage.replication.factor": "1",
		"offset.storage.topic": "bench-offsets", "offset.storage.replication.factor": "1",
		"status.storage.topic": "bench-status", "status.storage.replication.factor": "1",
		"key.converter":   "org.apache.kafka.connect.storage.StringConverter",
		"value.converter": "org.apache.kafka.connect.storage.StringConverter",
	}
}

func name(i int) string { return fmt.Sprintf("connector-%04d", i) }

func connectorConfig(i int) map[string]string {
	return map[string]string{
		"connector.class": "org.apache.kafka.connect.file.FileStreamSinkConnector",
		"tasks.max":       "1", "topics": "orders", "file": "/dev/null", "name": name(i),
	}
}

// records are what a worker has written of a connector with one task.
func records(tb testing.TB, i int, target string) (out [][2]string) {
	tb.Helper()
	task := connectorConfig(i)
	task["task.class"] = "org.apache.kafka.connect.file.FileStreamSinkTask"
	n := name(i)
	return [][2]string{
		{"target-state-" + n, fmt.Sprintf(`{"state":%q,"state.v2":%q}`, target, target)},
		{"connector-" + n, mustJSON(tb, map[string]any{"properties": connectorConfig(i)})},
		{"task-" + n + "-0", mustJSON(tb, map[string]any{"properties": task})},
		{"commit-" + n, `{"tasks":1}`},
	}
}

func mustJSON(tb testing.TB, v any) string {
	tb.Helper()
	data, err := json.Marshal(v)
	must(tb, err)
	return string(data)
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

func loadConfig(tb testing.TB, props map[string]string) *worker.Config {
	tb.Helper()
	config, _, err := worker.LoadConfig(props, nil)
	must(tb, err)
	return config
}

func plugins(tb testing.TB) *connect.Plugins {
	tb.Helper()
	p, err := distributed.Plugins(dynamodb.Options{})
	must(tb, err)
	return p
}

func newBroker(tb testing.TB) string {
	tb.Helper()
	b, err := embedded.New(embedded.Options{Addr: "127.0.0.1:0", AutoCreateTopics: true, Logger: slog.New(slog.DiscardHandler)})
	must(tb, err)
	must(tb, b.Start(tb.Context()))
	tb.Cleanup(func() { b.Close() })
	return b.Addr()
}

// fill writes the topics of a worker that has run all connectors before.
func fill(tb testing.TB, bootstrap string) {
	tb.Helper()
	ctx := tb.Context()
	admin, err := kafka.NewAdmin(kafka.AdminConfig{Properties: kafka.Properties{"bootstrap.servers": bootstrap}})
	must(tb, err)
	defer admin.Close()
	for topic, partitions := range map[string]int32{"bench-configs": 1, "orders": 1} {
		_, err := admin.CreateTopic(ctx, kafka.TopicSpec{Name: topic, Partitions: partitions, ReplicationFactor: 1, Configs: map[string]string{"cleanup.policy": "compact"}})
		must(tb, err)
	}
	producer, err := kafka.NewProducer(kafka.ProducerConfig{Properties: kafka.Properties{"bootstrap.servers": bootstrap, "linger.ms": "0"}})
	must(tb, err)
	must(tb, producer.Start(ctx))
	for i := range connectors {
		for _, r := range records(tb, i, "STARTED") {
			must(tb, producer.Send(ctx, kafka.OutRecord{Topic: "bench-configs", Partition: 0, Key: []byte(r[0]), Value: []byte(r[1])}))
		}
	}
	must(tb, producer.Close(ctx))
}

// startWorker runs a worker as the binary does and returns its URL.
func startWorker(tb testing.TB, bootstrap string) string {
	tb.Helper()
	ctx, stop := context.WithCancel(context.WithoutCancel(tb.Context()))
	ready, over := make(chan string, 1), make(chan error, 1)
	go func() {
		over <- distributed.Run(ctx, distributed.Options{
			Config: loadConfig(tb, settings(bootstrap)), Plugins: plugins(tb), Version: "3.9.2-bench", Logger: slog.New(slog.DiscardHandler),
			Ready: func(url string) { ready <- url },
		})
	}()
	tb.Cleanup(func() {
		stop()
		if err := <-over; err != nil {
			tb.Error(err)
		}
	})
	select {
	case url := <-ready:
		return url
	case err := <-over:
		over <- nil
		tb.Fatalf("start the worker: %v", err)
	case <-time.After(time.Minute):
		tb.Fatal("the worker does not get ready")
	}
	return ""
}

// call sends a request and returns the body of the answer.
func call(tb testing.TB, method, url, body string, want int) []byte {
	tb.Helper()
	req, err := http.NewRequestWithContext(tb.Context(), method, url, bytes.NewBufferString(body))
	must(tb, err)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	must(tb, err)
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	must(tb, err)
	if res.StatusCode != want {
		tb.Fatalf("%s %s: %d %s", method, url, res.StatusCode, data)
	}
	return data
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
