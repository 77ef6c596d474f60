// Package workertest runs a worker for the tests of what talks to one: the REST API as the recorded scenarios and the clients that people have use it.
// It is the whole worker with all its plugins, on an embedded Kafka, in the process of the test.
package workertest

import (
	"context"
	"log/slog"
	"os"
	"testing"
	"time"

	"sluice/internal/distributed"
	"sluice/internal/embedded/kafka"
	"sluice/sinks/dynamodb"
	"sluice/worker"
)

// startLimit is more than a worker should need to start, on any machine.
const startLimit = 30 * time.Second

// Logger returns a logger to standard error that shows records from the level on with go test -v, and nothing without.
func Logger(verbose slog.Level) *slog.Logger {
	level := slog.LevelError + 4
	if testing.Verbose() {
		level = verbose
	}
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
}

// Broker runs an embedded Kafka until the test ends.
func Broker(t testing.TB, logger *slog.Logger) *kafka.Broker {
	t.Helper()
	broker, err := kafka.New(kafka.Options{Addr: "127.0.0.1:0", AutoCreateTopics: true, Logger: logger})
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

// Worker runs a worker on a broker until the test ends and returns its URL, which ends in a slash. It has the settings of the worker that the
// scenarios were recorded with.
func Worker(t testing.TB, broker *kafka.Broker, logger *slog.Logger) string {
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
			Config: config, Plugins: plugins, Version: "3.9.2-sluice.test", Commit: "test", Logger: logger,
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
	case <-time.After(startLimit):
		t.Fatal("the worker does not become ready")
	}
	return ""
}
