package kafka_test

import (
	"context"
	"testing"
	"time"

	embedded "sluice/internal/embedded/kafka"
	"sluice/internal/kafka"
)

// BenchmarkProduceAndRead sends b.N records of 200 bytes to two partitions of the broker in this
// process and reads them back. It reports both rates, in records per second.
func BenchmarkProduceAndRead(b *testing.B) {
	broker, err := embedded.New(embedded.Options{Addr: "127.0.0.1:0", AutoCreateTopics: true, Partitions: 2})
	if err != nil {
		b.Fatal(err)
	}
	if err := broker.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	defer broker.Close()
	props := kafka.Properties{"bootstrap.servers": broker.Addr()}
	p, err := kafka.NewProducer(kafka.ProducerConfig{Properties: props})
	if err != nil {
		b.Fatal(err)
	}
	if err := p.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	defer p.Close(context.Background())
	value := make([]byte, 180)
	b.ResetTimer()
	start := time.Now()
	for i := range b.N {
		rec := kafka.OutRecord{Topic: "bench", Partition: int32(i & 1), Key: value[:20], Value: value}
		if err := p.SendAsync(b.Context(), rec, nil); err != nil {
			b.Fatal(err)
		}
	}
	if err := p.Flush(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "sent/s")

	r, err := kafka.NewTopicReader(kafka.TopicReaderConfig{Properties: props, Topics: []string{"bench"}})
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	start = time.Now()
	if err := r.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	for n := 0; n < b.N; {
		messages, err := r.Poll(b.Context(), time.Second)
		if err != nil {
			b.Fatal(err)
		}
		n += len(messages)
	}
	b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "read/s")
}
