package bench

import (
	"runtime"
	"testing"
	"time"

	"sluice/worker"
)

// Creating connectors one after the other through REST, each with a task that joins its consumer group. first-ms and last-ms are what a
// client waits for the answer, on average of the first and of the last tenth: they should be equal, whatever there is already. An answer
// waits for the writes of the connector before, so this is also the time to write a connector, its task and their commit.
// heap-KB and goroutines are for one connector with its task that has nothing to do.
//
// One op is 1,000 connectors: run it with -benchtime 1x.
func BenchmarkCreate(b *testing.B) {
	for b.Loop() {
		url := startWorker(b, newBroker(b))
		before, goroutines := heap(), runtime.NumGoroutine()
		took := make([]time.Duration, connectors)
		for i := range took {
			body := mustJSON(b, map[string]any{"name": name(i), "config": connectorConfig(i)})
			began := time.Now()
			call(b, "POST", url+"connectors", body, 201)
			took[i] = time.Since(began)
		}
		awaitRunning(b, url)
		b.ReportMetric(mean(took[:connectors/10]), "first-ms")
		b.ReportMetric(mean(took[connectors-connectors/10:]), "last-ms")
		b.ReportMetric(float64(heap()-before)/1024/connectors, "heap-KB")
		b.ReportMetric(float64(runtime.NumGoroutine()-goroutines)/connectors, "goroutines")
	}
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func mean(ds []time.Duration) float64 {
	sum := time.Duration(0)
	for _, d := range ds {
		sum += d
	}
	return milliseconds(sum) / float64(len(ds))
}

// awaitPaused waits until a connector and its task have come to rest.
func awaitPaused(tb testing.TB, h *worker.Herder, name string) {
	tb.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		info, err := h.ConnectorStatus(name)
		if err == nil && info.Connector.State == "PAUSED" && len(info.Tasks) == 1 && info.Tasks[0].State == "PAUSED" {
			return
		}
		if time.Now().After(end) {
			tb.Fatalf("%s is %+v, %v", name, info, err)
		}
	}
}
