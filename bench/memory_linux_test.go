package bench

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// BenchmarkMemory measures how much memory a worker occupies that has more to read than its sink takes: 16 partitions are full, and Put blocks,
// or refuses its batch again and again, or takes 20 ms for each record of 1 MB, or gets records that the broker has compressed twentyfold.
//
//	peak-MB     the most that the process ever occupied (VmHWM)
//	growth-MB   how much more it occupied at the end than halfway
//
// By itself it is a look of two seconds at 64 MB of records; with SLUICE_BENCH_KAFKA=1 half a minute at 500 MB, on Kafka 3.9.2.
func BenchmarkMemory(b *testing.B) {
	for _, c := range []struct {
		name, sink string
		size       int // of a record
		compressed bool
	}{
		{"Blocked", "BlockedSinkConnector", 300, false},
		{"Refusing", "RefusingSinkConnector", 300, false},
		{"SlowAndBig", "SlowSinkConnector", 1_000_000, false},
		{"BlockedCompressed", "BlockedSinkConnector", 300, true},
		{"SlowAndBigCompressed", "SlowSinkConnector", 1_000_000, true},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				peak, growth := stuck(b, c.name, "sluice.bench."+c.sink, c.size, c.compressed)
				b.ReportMetric(float64(peak)/1e6, "peak-MB")
				b.ReportMetric(float64(growth)/1e6, "growth-MB")
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

func stuck(b *testing.B, name, sink string, size int, compressed bool) (peak, growth int64) {
	b.Helper()
	const partitions = 16
	backlog, watch := 64_000_000, 2*time.Second
	if wanted(kafkaVariable) || wanted(javaVariable) {
		backlog, watch = 500_000_000, 30*time.Second
	}
	bootstrap := brokerAddress(b)
	topic, compression := fmt.Sprintf("bench-memory-%d", size), "none"
	if compressed {
		topic, compression = topic+"-compressed", "zstd"
	}
	random := rand.NewChaCha8([32]byte{})
	fillTopic(b, bootstrap, topic, partitions, compression, max(partitions, backlog/size), func(int) message {
		value := make([]byte, size/20) // 19 of 20 bytes are the same in each record
		_, _ = random.Read(value)
		if compressed {
			return message{value: append(value, bytes.Repeat([]byte("x"), size-len(value))...)}
		}
		return message{value: bytes.Repeat(value, 20)}
	})
	file, url := workerProperties(b, bootstrap, map[string]string{"offset.flush.interval.ms": "200"}) // a refused batch is put again at each commit
	p, err := startProcess("sluice", self(workerRole, file))
	must(b, err)
	atEnd(p.stop)
	defer p.stop()
	awaitRoot(b, url)
	call(b, "POST", url+"connectors", mustJSON(b, map[string]any{"name": name, "config": map[string]string{
		"connector.class": sink, "tasks.max": "1", "topics": topic, "consumer.override.auto.offset.reset": "earliest",
		"value.converter": "org.apache.kafka.connect.converters.ByteArrayConverter",
	}}), 201)
	return p.watch(b, watch)
}

// watch looks at the process for some time: the most memory that it ever occupied, and how much more it occupied at the end than halfway.
func (p *process) watch(b *testing.B, watch time.Duration) (peak, growth int64) {
	b.Helper()
	look := func() int64 {
		for end := time.Now().Add(watch / 2); time.Now().Before(end); time.Sleep(watch / 100) {
			select {
			case <-p.done:
				b.Fatalf("%s has ended: %s", p.name, p.tail())
			default:
			}
		}
		now, _ := p.memory(b)
		return now
	}
	halfway := look()
	growth = look() - halfway
	_, peak = p.memory(b)
	return peak, growth
}
