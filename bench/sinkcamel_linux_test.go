package bench

import (
	"cmp"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// camelJars is the folder beside those of the tests' jars that holds Kafka Connect and Camel's connector together.
const camelJars = "connect-3.9.2-camel-3.20.3"

// BenchmarkSinkCamel measures the same connector with two tasks on Kafka Connect 3.9.2 with Camel 3.20.3, right after ours, at no latency and at 5 ms. It
// needs SLUICE_BENCH_JAVA=1 and, in the user's cache folder under sluice-test/connect-3.9.2-camel-3.20.3, the jars of org.apache.camel.kafkaconnector:
// camel-aws-ddb-sink-kafka-connector:3.20.3 beside those of connect-3.9.2. Metrics of Kafka Connect begin with java-; the ratios are ours over theirs or theirs over
// ours, whichever is good when it is large. As Camel waits for each record, it is given fewer of them.
//
// Camel stores other items (numbers as texts), so of its table only the keys count.
func BenchmarkSinkCamel(b *testing.B) {
	if !wanted(javaVariable) {
		b.Skipf("%s=1 compares with Kafka Connect", javaVariable)
	}
	cache, err := os.UserCacheDir()
	must(b, err)
	if _, err := os.Stat(filepath.Join(cache, "sluice-test", camelJars)); errors.Is(err, os.ErrNotExist) {
		b.Skipf("no jars in %s of the cache folder: see BenchmarkSinkCamel", filepath.Join("sluice-test", camelJars))
	}
	for _, c := range []struct {
		name        string
		latency     time.Duration
		warm, count int // of Camel's records
	}{
		{"FullSpeed", 0, 20_000, 50_000},
		{"5ms", 5 * time.Millisecond, 500, 3_000},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				ours := speed(b, distinctStream(), 2, c.latency, 500_000, 1_000_000, sluiceSink)
				b.ReportMetric(ours.processor, "cpu-us/record")
				b.ReportMetric(ours.rate, "records/s")
				b.ReportMetric(ours.peak, "peak-MB")
				r := stream{topic: "bench-sink-camel-" + c.name, partitions: 4, n: c.warm + c.count*102/100, key: distinct}
				s := startSink(b, r, faults{Latency: c.latency}, camelSink, nil)
				theirs := s.stub.costBetween(b, s.worker, c.warm, c.count)
				s.worker.stop()
				s.stub.kill()
				b.ReportMetric(theirs.processor, "java-cpu-us/record")
				b.ReportMetric(theirs.rate, "java-records/s")
				b.ReportMetric(theirs.peak, "java-peak-MB")
				b.ReportMetric(theirs.processor/ours.processor, "cpu-ratio")
				b.ReportMetric(ours.rate/theirs.rate, "speed-ratio")
				b.ReportMetric(theirs.peak/ours.peak, "memory-ratio")
			}
			b.ReportMetric(0, "ns/op")
		})
	}
	b.Run("Start", func(b *testing.B) {
		for b.Loop() {
			rest, running := startToRunning(b, func() (*exec.Cmd, string) { return camelCommand(b, brokerAddress(b)) })
			b.ReportMetric(milliseconds(rest), "java-rest-ms")
			b.ReportMetric(milliseconds(running), "java-running-ms")
		}
		b.ReportMetric(0, "ns/op")
	})
}

// camelSink starts Kafka Connect with credentials that the stub takes.
func camelSink(tb testing.TB, bootstrap string) (*process, string) {
	tb.Helper()
	cmd, url := camelCommand(tb, bootstrap)
	p, err := startProcess("java-connect", withCredentials(cmd))
	must(tb, err)
	awaitRoot(tb, url)
	return p, url
}

func camelCommand(tb testing.TB, bootstrap string) (*exec.Cmd, string) {
	tb.Helper()
	file, url := workerProperties(tb, bootstrap, nil)
	cmd, err := java(camelJars, cmp.Or(os.Getenv(heapVariable), "2g"), "org.apache.kafka.connect.cli.ConnectDistributed", file)
	must(tb, err)
	return cmd, url
}
