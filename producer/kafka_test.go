package producer_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	embedded "sluice/internal/embedded/kafka"
	"sluice/internal/fraud"
	"sluice/internal/kafka"
	"sluice/producer"
)

func TestMain(m *testing.M) {
	// go-metrics, which sarama counts with, starts one ticker per process and never stops it.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/rcrowley/go-metrics.(*meterArbiter).tick"))
}

func newBroker(t testing.TB) *embedded.Broker {
	t.Helper()
	b, err := embedded.New(embedded.Options{Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

// mustRead reads the n records of a topic.
func mustRead(t testing.TB, addr, topic string, n int) []kafka.Message {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	r, err := kafka.NewTopicReader(kafka.TopicReaderConfig{Properties: kafka.Properties{"bootstrap.servers": addr}, Topics: []string{topic}})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := r.Start(ctx); err != nil {
		t.Fatal(err)
	}
	var messages []kafka.Message
	for len(messages) < n {
		more, err := r.Poll(ctx, time.Second)
		if err != nil {
			t.Fatalf("after %d of %d records: %v", len(messages), n, err)
		}
		messages = append(messages, more...)
	}
	ends, err := r.EndOffsets(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var total int64
	for _, end := range ends {
		total += end
	}
	if total != int64(n) {
		t.Fatalf("topic %s has %d records, want %d", topic, total, n)
	}
	return messages
}

func TestTransactionsReachTheirPartitions(t *testing.T) {
	const n, partitions = 3000, 3
	broker := newBroker(t)
	cfg := producer.DefaultConfig()
	cfg.BootstrapServers = broker.Addr()
	cfg.Data = producer.Transactions
	cfg.Rate, cfg.Count, cfg.Partitions, cfg.Seed = -1, n, partitions, 3
	told := map[string]fraud.Transaction{}
	cfg.OnTransaction = func(tr fraud.Transaction) { told[tr.TransactionID.Value] = tr }
	p, err := producer.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s := p.Stats(); s.Sent != n || s.Acknowledged != n {
		t.Errorf("%+v", s)
	}
	seen := map[int32]int{}
	for _, m := range mustRead(t, broker.Addr(), "transactions", n) {
		row, ok, err := fraud.DecodeTransaction(m.Value)
		if err != nil || !ok || row != told[row.TransactionID.Value] {
			t.Fatalf("%s is %+v, %v; told of %+v", m.Value, row, err, told[row.TransactionID.Value])
		}
		if want := kafka.Murmur2Partition(m.Key, partitions); m.Partition != want || len(m.Headers) != 0 {
			t.Fatalf("%s on partition %d, want %d; headers %v", m.Key, m.Partition, want, m.Headers)
		}
		seen[m.Partition]++
	}
	if len(seen) != partitions {
		t.Errorf("partitions %v", seen)
	}
}

func TestFlagsReachKafka(t *testing.T) {
	broker := newBroker(t)
	cfg := producer.DefaultConfig()
	cfg.BootstrapServers = broker.Addr()
	p, err := producer.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, m := range mustRead(t, broker.Addr(), "flagged-accounts", 5) {
		keys = append(keys, string(m.Key))
	}
	slices.Sort(keys)
	if want := `{"account_id": 1000000001} {"account_id": 1000000003} {"account_id": 1000000005} {"account_id": 1000000007} {"account_id": 1000000009}`; strings.Join(keys, " ") != want {
		t.Errorf("got %q", keys)
	}
}

func TestKafkaThatIsNotThereEndsTheStartInTime(t *testing.T) {
	broker := newBroker(t)
	addr := broker.Addr()
	if err := broker.Close(); err != nil {
		t.Fatal(err)
	}
	cfg := producer.DefaultConfig()
	cfg.BootstrapServers, cfg.StartTimeout = addr, 300*time.Millisecond
	p, err := producer.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	err = p.Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), addr) || !strings.Contains(err.Error(), "flagged-accounts") {
		t.Errorf("got %v", err)
	}
	if errors.Is(err, context.Canceled) {
		t.Errorf("%v looks like a stop", err)
	}
}
