package bench

import (
	"testing"
	"time"
)

// BenchmarkDetectorSpeed measures the detector where everything is there before it starts: the built binary, a broker in another process, the producer's transactions
// in two partitions and its five flags, which match half of them. The first sixth warms it up, and what it uses until all results are visible counts:
//
//	cpu-us/transaction   processor time of the detector's process, user and kernel, by the transactions that the visible results stand for
//	transactions/s       between the same two counts; broker, reader and detector share the processors
//	peak-MB              the most memory that the process ever occupied (VmHWM)
//	disk-MB/million      what its directory takes after it was stopped, by the transactions in it
//
// Results are counted by a reader with read_committed, and there have to be exactly as many as the join has.
//
// By itself it is a small run on the embedded Kafka, which shows that it works and little else; with SLUICE_BENCH_KAFKA=1 it is 3,000,000
// transactions on Kafka 3.9.2. With SLUICE_BENCH_JAVA=1 the job of Flink 1.15.2 does the same right after it, with its state in the heap and in
// RocksDB (see flink): heap-… and rocksdb-…, and by how much more.
func BenchmarkDetectorSpeed(b *testing.B) {
	for _, guarantee := range []string{"exactly-once", "at-least-once"} {
		b.Run(guarantee, func(b *testing.B) {
			for b.Loop() {
				bootstrap := brokerAddress(b)
				p := halfFlagged("bench-detector", ofSize(30_000, 3_000_000))
				pairs := p.fill(b, bootstrap)
				_, err := program() // built now, not when the time runs
				must(b, err)
				d := newDetection(b, bootstrap, p, "--guarantee", guarantee)
				ours := d.cost(b, pairs, d.start)
				d.stop()
				ours.disk = float64(size(b, d.dir)) / float64(p.n)
				ours.report(b, "")
				if !wanted(javaVariable) || guarantee != "exactly-once" {
					continue
				}
				for _, backend := range []string{"heap", "rocksdb"} {
					f := newDetection(b, bootstrap, p)
					theirs := f.cost(b, pairs, func(tb testing.TB) { f.startFlink(tb, backend) })
					theirs.disk = float64(size(b, f.dir)) / float64(p.n)
					f.kill() // it has no end, and nothing to say at it
					theirs.report(b, backend+"-")
					b.ReportMetric(theirs.processor/ours.processor, backend+"-cpu-ratio")
					b.ReportMetric(theirs.peak/ours.peak, backend+"-memory-ratio")
				}
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

// detectorCost is what was measured of a process that joins.
type detectorCost struct {
	processor float64       // µs a transaction after the warm-up
	all       time.Duration // processor time from the start of the process to the last result
	first     time.Duration // from the start of the process to the first result
	rate      float64       // transactions a second
	peak      float64       // MB
	disk      float64       // bytes a transaction
}

func (c detectorCost) report(b *testing.B, prefix string) {
	b.Helper()
	b.ReportMetric(c.processor, prefix+"cpu-us/transaction")
	b.ReportMetric(c.all.Seconds(), prefix+"cpu-s")
	b.ReportMetric(milliseconds(c.first), prefix+"first-ms")
	b.ReportMetric(c.rate, prefix+"transactions/s")
	b.ReportMetric(c.peak, prefix+"peak-MB")
	b.ReportMetric(c.disk, prefix+"disk-MB/million")
}

// cost measures a process from its start to the last result.
func (d *detection) cost(b *testing.B, pairs int64, start func(testing.TB)) (c detectorCost) {
	b.Helper()
	r := readResults(b, d.bootstrap, d.results)
	began := time.Now()
	start(b)
	r.await(b, d.process, 1)
	c.first = time.Since(began)
	n0 := r.await(b, d.process, pairs/6)
	used0, t0 := d.processorTime(b), time.Now()
	n1 := r.await(b, d.process, pairs)
	used1, t1 := d.processorTime(b), time.Now()
	_, peak := d.memory(b)
	r.exactly(b, d.process, pairs)
	r.close()
	n := float64(n1-n0) / float64(pairs) * float64(d.n)
	c.processor, c.all = microseconds(used1-used0)/n, used1
	c.rate, c.peak = n/t1.Sub(t0).Seconds(), float64(peak)/1e6
	return c
}
