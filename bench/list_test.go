package bench

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"testing"

	"sluice/rest"
	"sluice/worker"
)

// Reading 1,000 connectors: GET /connectors, without the network, from the handler of a worker whose state is in memory. The connectors are
// paused, so that nothing else uses the processor. cpu-ms/op is the processor time of the whole process, garbage collection included.
func BenchmarkListNames(b *testing.B) { benchmarkGet(b, "/connectors", connectors) }

// The same with everything that there is to tell: GET /connectors?expand=status&expand=info, as dashboards ask every few seconds.
func BenchmarkListExpanded(b *testing.B) {
	benchmarkGet(b, "/connectors?expand=status&expand=info", connectors)
}

func benchmarkGet(b *testing.B, path string, want int) {
	server := pausedWorker(b)
	get := func() []byte {
		w := httptest.NewRecorder()
		server.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		return w.Body.Bytes()
	}
	var list []any
	var all map[string]any
	if data := get(); json.Unmarshal(data, &list) != nil && json.Unmarshal(data, &all) != nil || len(list)+len(all) != want {
		b.Fatalf("got %d entries, want %d: %.200s", len(list)+len(all), want, data)
	}
	before := processorTime()
	for b.Loop() {
		get()
	}
	b.ReportMetric(milliseconds(processorTime()-before)/float64(b.N), "cpu-ms/op")
}

// pausedWorker is the REST API of a worker with its state in memory and connectors that do nothing.
func pausedWorker(b *testing.B) *rest.Server {
	storage := &worker.MemoryStorage{}
	for i := range connectors {
		for _, r := range records(b, i, "PAUSED") {
			storage.Configs.Append(r[0], []byte(r[1]))
		}
	}
	w, err := worker.New(worker.Options{
		Config: loadConfig(b, settings("127.0.0.1:1")), Plugins: plugins(b), WorkerID: "127.0.0.1:8083", Version: "3.9.2-bench", Storage: storage,
	})
	must(b, err)
	ctx, stop := context.WithCancel(context.WithoutCancel(b.Context()))
	over := make(chan error, 1)
	go func() { over <- w.Run(ctx) }()
	b.Cleanup(func() {
		stop()
		must(b, <-over)
	})
	<-w.Ready()
	for i := range connectors {
		awaitPaused(b, w.Herder(), name(i))
	}
	server, err := rest.New(rest.Options{Herder: w.Herder(), Logger: slog.New(slog.DiscardHandler)})
	must(b, err)
	return server
}
