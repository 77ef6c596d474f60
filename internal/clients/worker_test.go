package clients_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"sluice/internal/distributed"
	embedded "sluice/internal/embedded/kafka"
	"sluice/sinks/dynamodb"
	"sluice/worker"
)

// urlVariable names a running worker to play the clients against instead of one of ours.
const urlVariable = "SLUICE_CLIENTS_URL"

// The replays, in the order of how much depends on them.
var clients = []client{
	strimzi, kcctl, kafkaUI, debezium, akhq, terraform, pythonClient, connectctl, kafkaConnectCLI, connectUI, exporter, jikkou,
}

var runs atomic.Int64

// uniqueName is a connector's name that no other test and no earlier run uses.
func uniqueName(prefix string) string {
	return fmt.Sprintf("%s-%x-%d", prefix, time.Now().UnixNano(), runs.Add(1))
}

func TestClients(t *testing.T) {
	url := os.Getenv(urlVariable)
	if url == "" {
		url = startWorker(t, startBroker(t))
	}
	for _, c := range clients {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel() // as in life: one worker, many clients
			c.play(t, url, uniqueName("c"))
		})
	}
}

func logger() *slog.Logger {
	level := slog.LevelError + 4
	if testing.Verbose() {
		level = slog.LevelWarn
	}
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
}

// startBroker runs an embedded Kafka until the test ends.
func startBroker(t *testing.T) *embedded.Broker {
	t.Helper()
	broker, err := embedded.New(embedded.Options{Addr: "127.0.0.1:0", AutoCreateTopics: true, Logger: logger()})
	if err != nil {
		t.Fatal(err)
	}
	if err := broker.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := broker.Close(); err != nil {
			t.Error(err)
		}
	})
	return broker
}

// startWorker runs a worker until the test ends and returns its URL, which ends in a slash.
func startWorker(t *testing.T, broker *embedded.Broker) string {
	t.Helper()
	config, _, err := worker.LoadConfig(map[string]string{
		"bootstrap.servers": broker.Addr(), "group.id": "connect-cluster", "listeners": "http://127.0.0.1:0",
		"config.storage.topic": "connect-configs", "config.storage.replication.factor": "1",
		"offset.storage.topic": "connect-offsets", "offset.storage.replication.factor": "1",
		"status.storage.topic": "connect-status", "status.storage.replication.factor": "1",
		"key.converter":   "org.apache.kafka.connect.storage.StringConverter",
		"value.converter": "org.apache.kafka.connect.storage.StringConverter",
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	plugins, err := distributed.Plugins(dynamodb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ready, ended := make(chan string, 1), make(chan error, 1)
	go func() {
		ended <- distributed.Run(ctx, distributed.Options{
			Config: config, Plugins: plugins, Version: "3.9.2-sluice.test", Commit: "test", Logger: logger(),
			Ready: func(url string) { ready <- url },
		})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("stop the worker: %v", err)
		}
	})
	select {
	case url := <-ready:
		return url
	case err := <-ended:
		ended <- err // for the cleanup
		t.Fatalf("start the worker: %v", err)
	case <-time.After(30 * time.Second):
		t.Fatal("the worker does not become ready")
	}
	return ""
}
