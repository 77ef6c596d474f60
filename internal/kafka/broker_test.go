package kafka_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	embedded "sluice/internal/embedded/kafka"
	"sluice/internal/kafka"
)

// testBroker is the broker under the tests of this package: kfake, or the real one that
// SLUICE_TEST_KAFKA names. Tests use fresh names for topics and groups, so that they can share it.
type testBroker struct {
	addr string
	fake *embedded.Broker // nil for a real broker
}

func newBroker(t *testing.T) testBroker {
	t.Helper()
	if addr := os.Getenv("SLUICE_TEST_KAFKA"); addr != "" {
		return testBroker{addr: addr}
	}
	return newFakeBroker(t, embedded.Options{})
}

// newFakeBroker starts kfake even when a real broker is there, for tests that inject faults.
func newFakeBroker(t *testing.T, opts embedded.Options) testBroker {
	t.Helper()
	if opts.Addr == "" {
		opts.Addr = "127.0.0.1:0"
	}
	opts.GroupMinSessionTimeout = 100 * time.Millisecond
	b, err := embedded.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return testBroker{addr: b.Addr(), fake: b}
}

// properties returns client properties for b with key, value pairs added.
func (b testBroker) properties(pairs ...string) kafka.Properties {
	p := kafka.Properties{"bootstrap.servers": b.addr, "client.id": "test"}
	for i := 0; i < len(pairs); i += 2 {
		p[pairs[i]] = pairs[i+1]
	}
	return p
}

// fresh returns a name that no other test uses.
func fresh(prefix string) string { return prefix + "-" + uuid.NewString()[:8] }

// testContext bounds a test.
func testContext(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func testLogger(t *testing.T) *slog.Logger {
	if !testing.Verbose() {
		return nil
	}
	return slog.New(slog.NewTextHandler(testWriter{t}, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

type testWriter struct{ t *testing.T }

func (w testWriter) Write(p []byte) (int, error) {
	if w.t.Context().Err() == nil {
		w.t.Log(strings.TrimSpace(string(p)))
	}
	return len(p), nil
}

func newAdmin(t *testing.T, b testBroker) *kafka.Admin {
	t.Helper()
	a, err := kafka.NewAdmin(kafka.AdminConfig{Properties: b.properties(), Logger: testLogger(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a
}

// newTopic creates a topic with a fresh name.
func newTopic(t *testing.T, b testBroker, partitions int32, configs ...string) string {
	t.Helper()
	spec := kafka.TopicSpec{Name: fresh("topic"), Partitions: partitions, ReplicationFactor: 1, Configs: map[string]string{}}
	for i := 0; i < len(configs); i += 2 {
		spec.Configs[configs[i]] = configs[i+1]
	}
	created, err := newAdmin(t, b).CreateTopic(testContext(t), spec)
	if err != nil || !created {
		t.Fatalf("create topic: created=%v err=%v", created, err)
	}
	return spec.Name
}

func newProducer(t *testing.T, b testBroker, pairs ...string) *kafka.Producer {
	t.Helper()
	p, err := kafka.NewProducer(kafka.ProducerConfig{Properties: b.properties(pairs...), Logger: testLogger(t)})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(testContext(t)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		p.Close(ctx)
	})
	return p
}

// produce writes n records "v0" ... to one partition.
func produce(t *testing.T, b testBroker, topic string, partition int32, n int, pairs ...string) {
	t.Helper()
	var recs []kafka.OutRecord
	for i := range n {
		recs = append(recs, kafka.OutRecord{Topic: topic, Partition: partition, Key: fmt.Appendf(nil, "k%d", i), Value: fmt.Appendf(nil, "v%d", i)})
	}
	if err := newProducer(t, b, pairs...).SendBatch(testContext(t), recs); err != nil {
		t.Fatal(err)
	}
}
