package worker_test

import (
	"path/filepath"
	"testing"

	embedded "sluice/internal/embedded/kafka"
	"sluice/internal/kafka"
	"sluice/worker"
)

func createTopic(t *testing.T, bootstrap, name string) {
	t.Helper()
	a, err := kafka.NewAdmin(kafka.AdminConfig{Properties: kafka.Properties{"bootstrap.servers": bootstrap}})
	must(t, err)
	_, err = a.CreateTopic(t.Context(), kafka.TopicSpec{Name: name, Partitions: 1, ReplicationFactor: 1})
	must(t, err)
	must(t, a.Close())
}

func produceTo(t *testing.T, bootstrap, topic string, values ...string) {
	t.Helper()
	p, err := kafka.NewProducer(kafka.ProducerConfig{Properties: kafka.Properties{"bootstrap.servers": bootstrap}})
	must(t, err)
	must(t, p.Start(t.Context()))
	for _, v := range values {
		must(t, p.Send(t.Context(), kafka.OutRecord{Topic: topic, Value: []byte(v)}))
	}
	must(t, p.Close(t.Context()))
}

// A connector with topics.regex reads what matches, also when it comes later, and after a restart of its tasks.
func TestTopicsRegex(t *testing.T) {
	t.Parallel()
	b := startBroker(t, embedded.Options{})
	createTopic(t, b.Addr(), "orders-eu")
	createTopic(t, b.Addr(), "my-orders-eu")
	w, _ := startWorker(t, settings(b.Addr(), "consumer.metadata.max.age.ms", "200"), "one:8083")
	h, ctx := w.Herder(), t.Context()
	out := filepath.Join(t.TempDir(), "out")
	expr := "orders-[^-]+"
	_, _, err := h.PutConnector(ctx, "s", fileSink("s", out, 2).Without("topics").With("topics.regex", &expr), nil, false)
	must(t, err)
	produceTo(t, b.Addr(), "my-orders-eu", "no")
	produceTo(t, b.Addr(), "orders-eu", "a")
	awaitLines(t, out, "a")
	createTopic(t, b.Addr(), "orders-us")
	createTopic(t, b.Addr(), "orders-us-dlq")
	produceTo(t, b.Addr(), "orders-us-dlq", "no")
	produceTo(t, b.Addr(), "orders-us", "b")
	awaitLines(t, out, "b")
	_, err = h.RestartConnectorAndTasks(ctx, worker.RestartRequest{Connector: "s", IncludeTasks: true})
	must(t, err)
	awaitState(t, w, "s", "RUNNING RUNNING RUNNING")
	createTopic(t, b.Addr(), "orders-as")
	produceTo(t, b.Addr(), "orders-as", "c")
	awaitLines(t, out, "c")
	await(t, "three topics", func() (string, bool) {
		topics, err := h.ActiveTopics("s")
		must(t, err)
		return "", len(topics) == 3
	})
}
