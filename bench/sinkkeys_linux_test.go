package bench

import (
	"net/url"
	"testing"
	"time"
)

// BenchmarkSinkKeys measures the DynamoDB sink where keys repeat, as BenchmarkSinkSpeed does, with 5 ms of latency. One task has all partitions (see oneTask).
//
// Few has 500 keys for 200,000 records. Writes that a newer one replaces are not sent, so records/s is the number of records by the time from the first item
// to the table that one-by-one execution leaves; items/s are the writes that the service saw.
//
// Hot has 10 keys with nine tenths of the records, and the service takes 100 writes a second of one key. The others come once each, and cold-records/s is how
// fast they arrive. Before, the same number of records comes with keys that are all distinct: distinct-records/s. cold-ratio is the speed of the cold ones by a
// tenth of that, which they would have if hot keys cost nothing.
func BenchmarkSinkKeys(b *testing.B) {
	b.Run("Few", func(b *testing.B) {
		for b.Loop() {
			r := stream{topic: "bench-sink-few", partitions: 4, n: ofSize(20_000, 200_000), key: func(i int) int { return i % 500 }}
			s := startSink(b, r, faults{Latency: 5 * time.Millisecond}, sluiceSink, oneTask)
			took, c := s.whole(b)
			b.ReportMetric(float64(r.n)/took.Seconds(), "records/s")
			b.ReportMetric(float64(c.Items)/took.Seconds(), "items/s")
		}
		b.ReportMetric(0, "ns/op")
	})
	b.Run("Hot", func(b *testing.B) {
		for b.Loop() {
			n := ofSize(30_000, 1_000_000)
			limits := faults{Latency: 5 * time.Millisecond, KeyUnits: 10}
			distinct := startSink(b, distinctStream(), limits, sluiceSink, oneTask)
			all := distinct.stub.costBetween(b, distinct.worker, n/10, n*7/10)
			distinct.finish(b, nil)
			distinct.stub.kill()

			r := stream{topic: "bench-sink-hot", partitions: 4, n: n, key: hotKey}
			s := startSink(b, r, limits, sluiceSink, oneTask)
			cold := s.stub.costBetween(b, s.worker, n/100, n*7/100)
			s.finish(b, nil)
			s.stub.kill()
			b.ReportMetric(all.rate, "distinct-records/s")
			b.ReportMetric(cold.rate, "cold-records/s")
			b.ReportMetric(cold.rate/(all.rate/10), "cold-ratio")
		}
		b.ReportMetric(0, "ns/op")
	})
}

// oneTask is for rows whose records must come once: the tasks of a connector join their group one after the other, so with two of them the first gives partitions
// away when the second comes, and what it has not finished is read again, with what lies behind. The table ends the same, but older values pass by.
var oneTask = map[string]string{"tasks.max": "1"}

// hotKey is one of ten keys for nine tenths of the records, the same partition's for one key, and a key of its own for the others.
func hotKey(i int) int {
	h := mix(uint64(i)+1, 0x9E3779B97F4A7C15)
	if h%10 == 0 {
		return 10 + i
	}
	partition := i % 4 // of the keys 0 to 9 those that leave this remainder
	return partition + 4*int(h>>8%uint64((13-partition)/4))
}

// whole waits until the whole table is there, and returns how long that took from the first item on and what the stub counted.
func (s *sinkRun) whole(b *testing.B) (time.Duration, stubCounts) {
	b.Helper()
	keys, digest := s.table(nil)
	s.stub.awaitCounts(b, s.worker, url.Values{"items": {"1"}}, func(c stubCounts) bool { return c.Items > 0 })
	began := time.Now()
	took := s.awaitTable(b, keys, digest).Sub(began)
	c := s.finish(b, nil)
	s.stub.kill()
	return took, c
}
