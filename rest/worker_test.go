package rest_test

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

// TestConformanceOfTheWorker plays the scenarios against the worker itself, on the embedded Kafka.
func TestConformanceOfTheWorker(t *testing.T) {
	if testing.Short() {
		t.Skip("plays more than 600 requests and waits for what they begin")
	}
	playTwice(t, startWorker(t), 40*time.Millisecond)
}

// startWorker runs a worker until the test ends and returns its URL.
func startWorker(t *testing.T) string {
	t.Helper()
	level := slog.LevelError + 4
	if testing.Verbose() {
		level = slog.LevelInfo // which is the level of root that the scenarios were recorded with
	}
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
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
	case <-time.After(30 * time.Second):
		t.Fatal("the worker does not become ready")
	}
	return ""
}
