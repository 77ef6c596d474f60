package rest_test

import (
	"log/slog"
	"testing"
	"time"

	"sluice/internal/workertest"
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
	logger := workertest.Logger(slog.LevelInfo) // which is the level of root that the scenarios were recorded with
	return workertest.Worker(t, workertest.Broker(t, logger), logger)
}
