package bench

import (
	"strconv"
	"testing"
	"time"
)

// BenchmarkSinkSpeed measures the DynamoDB sink where nothing goes wrong: the built binary, a broker and a stub of the service in other processes,
// configs/sink.json with only the endpoint and the topic changed, flagged transactions of 243 bytes whose keys are all distinct. The topic is full before the connector is
// created; the worker has the first part to get warm, and what it uses for the rest counts:
//
//	cpu-us/record    processor time of the worker's process, user and kernel, between two counts of items at the stub
//	records/s        between the same two counts; broker and stub share the processors
//	peak-MB          the most memory that the worker ever occupied (VmHWM)
//	stub-us/record   what the stub took meanwhile
//
// FullSpeed has a stub that answers at once. Then a program made by hand does the same without keys and offsets (see handmade): handmade-us/record,
// handmade-records/s, and of-handmade, which is our throughput per processor second by its.
//
// By itself it is a small run on the embedded Kafka, which shows that it works and little else; with SLUICE_BENCH_KAFKA=1 1,000,000 records on Kafka
// 3.9.2 after 500,000 to get warm. Afterwards the table must hold every record, each key's writes in order, and all must be committed.
func BenchmarkSinkSpeed(b *testing.B) {
	for _, c := range []struct {
		name    string
		tasks   int // 0: as sink.json has it
		latency time.Duration
	}{
		{"FullSpeed", 0, 0},
		{"OneTask5ms", 1, 5 * time.Millisecond},
		{"TwoTasks20ms", 2, 20 * time.Millisecond},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				warm, count := ofSize(10_000, 500_000), ofSize(20_000, 1_000_000)
				r := distinctStream()
				ours := speed(b, r, c.tasks, c.latency, warm, count, sluiceSink)
				b.ReportMetric(ours.processor, "cpu-us/record")
				b.ReportMetric(ours.rate, "records/s")
				b.ReportMetric(ours.peak, "peak-MB")
				b.ReportMetric(ours.service, "stub-us/record")
				if c.latency == 0 {
					theirs := handmadeSpeed(b, r, warm, count)
					b.ReportMetric(theirs.processor, "handmade-us/record")
					b.ReportMetric(theirs.rate, "handmade-records/s")
					b.ReportMetric(theirs.processor/ours.processor, "of-handmade")
				}
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

// distinctStream is the topic that most rows read.
func distinctStream() stream {
	return stream{topic: "bench-sink-distinct", partitions: 4, n: ofSize(30_600, 1_530_000), key: distinct}
}

// speed is one run of a worker.
func speed(b *testing.B, r stream, tasks int, latency time.Duration, warm, count int, start workerStarter) sinkCost {
	b.Helper()
	more := map[string]string{}
	if tasks > 0 {
		more["tasks.max"] = strconv.Itoa(tasks)
	}
	s := startSink(b, r, faults{Latency: latency}, start, more)
	cost := s.stub.costBetween(b, s.worker, warm, count)
	s.finish(b, nil)
	s.stub.kill()
	return cost
}
