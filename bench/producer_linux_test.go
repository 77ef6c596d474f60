package bench

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"sluice/internal/kafka"
)

// BenchmarkProducerSpeed measures sluice producer at --rate 0, from the start of its process to its end, when all is acknowledged by acks=all, into four partitions:
//
//	cpu-us/record   processor time of its process, user and kernel
//	records/s       by the clock on the wall; the broker shares the processors
//	peak-MB         the most memory that it ever occupied
//
// Plain is the producer as it is, the others have a setting of the client by --command-config. By itself it is a small run on the embedded Kafka; with
// SLUICE_BENCH_KAFKA=1 2,000,000 records on Kafka 3.9.2.
func BenchmarkProducerSpeed(b *testing.B) {
	for _, c := range []struct{ name, properties string }{
		{"Plain", ""},
		{"LZ4", "compression.type=lz4"},
		{"ZSTD", "compression.type=zstd"},
		{"Linger5ms", "linger.ms=5"},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				n := ofSize(20_000, 2_000_000)
				args := []string{"--data", "transaction", "--rate", "0", "--count", fmt.Sprint(n)}
				if c.properties != "" {
					file := filepath.Join(b.TempDir(), "client.properties")
					must(b, os.WriteFile(file, []byte(c.properties+"\n"), 0o600))
					args = append(args, "--command-config", file)
				}
				took, used, peak := produce(b, int64(n), args...)
				b.ReportMetric(microseconds(used)/float64(n), "cpu-us/record")
				b.ReportMetric(float64(n)/took.Seconds(), "records/s")
				b.ReportMetric(peak, "peak-MB")
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkProducerPace measures how well sluice producer keeps to a rate: behind-ms is how much longer its process took than the
// time until the last batch is due, its own start and the last acknowledgement included.
func BenchmarkProducerPace(b *testing.B) {
	for _, rate := range []int{1, 1000, 100_000} {
		b.Run(fmt.Sprint(rate), func(b *testing.B) {
			for b.Loop() {
				n := rate * ofSize(1, 10)
				took, used, _ := produce(b, int64(n), "--data", "transaction", "--batch", fmt.Sprint(min(rate, 5)), "--rate", fmt.Sprint(rate), "--count", fmt.Sprint(n))
				// The first batch goes at once, so the last one goes a batch before the end.
				due := time.Duration(n-min(rate, 5)) * time.Second / time.Duration(rate)
				b.ReportMetric(milliseconds(took-due), "behind-ms")
				b.ReportMetric(microseconds(used)/float64(n), "cpu-us/record")
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

// produce runs sluice producer into a topic of its own, which has to have n records at the end.
func produce(b *testing.B, n int64, args ...string) (took, used time.Duration, peak float64) {
	b.Helper()
	sluice, err := program()
	must(b, err)
	bootstrap := brokerAddress(b)
	topic := fmt.Sprintf("bench-producer-%d", time.Now().UnixNano())
	createTopic(b, bootstrap, topic, 4)
	cmd := exec.Command(sluice, append([]string{"producer", "--bootstrap-servers", bootstrap, "--seed", "1"}, args...)...)
	cmd.Env = append(os.Environ(), "TRANSACTION_TOPIC_NAME="+topic)
	began := time.Now()
	p, err := startProcess("producer", cmd)
	must(b, err)
	<-p.done
	took = time.Since(began)
	state := p.cmd.ProcessState
	if !state.Success() {
		b.Fatalf("the producer ended with %v: %s", state, p.tail())
	}
	if got := endOffsets(b, bootstrap, topic); got != n {
		b.Errorf("%s has %d records, want %d", strings.Join(args, " "), got, n)
	}
	return took, state.UserTime() + state.SystemTime(), float64(state.SysUsage().(*syscall.Rusage).Maxrss) * 1024 / 1e6
}

// endOffsets is how many records a topic has.
func endOffsets(tb testing.TB, bootstrap, topic string) (n int64) {
	tb.Helper()
	reader, err := kafka.NewTopicReader(kafka.TopicReaderConfig{Topics: []string{topic}, Properties: kafka.Properties{"bootstrap.servers": bootstrap}})
	must(tb, err)
	defer reader.Close()
	must(tb, reader.Start(tb.Context()))
	ends, err := reader.EndOffsets(tb.Context())
	must(tb, err)
	for _, end := range ends {
		n += end
	}
	return n
}
