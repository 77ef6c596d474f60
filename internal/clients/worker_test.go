package clients_test

import (
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"sluice/internal/embedded/kafka"
	"sluice/internal/workertest"
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

// startBroker runs an embedded Kafka until the test ends.
func startBroker(t *testing.T) *kafka.Broker {
	t.Helper()
	return workertest.Broker(t, workertest.Logger(slog.LevelWarn))
}

// startWorker runs a worker until the test ends and returns its URL, which ends in a slash.
func startWorker(t *testing.T, broker *kafka.Broker) string {
	t.Helper()
	return workertest.Worker(t, broker, workertest.Logger(slog.LevelWarn))
}
