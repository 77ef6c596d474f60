package bench

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"sluice/internal/kafka"
)

// BenchmarkDetectorLatency measures what a single transaction waits on a detector that has nothing else to do, from the moment before it is produced (acks=all) to
// its being visible for a reader with read_committed: half of them less than p50-ms, 99 of 100 less than p99-ms. The next one is sent up to 200 ms after the one
// before is there, so that they come at any time between two commits.
func BenchmarkDetectorLatency(b *testing.B) {
	for _, c := range []struct {
		name string
		more []string
	}{
		{"exactly-once", nil},
		{"exactly-once-20ms", []string{"--commit-interval", "20ms"}},
		{"at-least-once", []string{"--guarantee", "at-least-once"}},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				p := payments{name: fmt.Sprintf("bench-detector-single-%d", time.Now().UnixNano()), accounts: 10, flagged: []int64{firstAccount}}
				bootstrap := brokerAddress(b)
				p.fill(b, bootstrap)
				d := newDetection(b, bootstrap, p, c.more...)
				r := readResults(b, bootstrap, d.results)
				d.start(b)
				probe := newProbe(b, bootstrap, p.transactions(), firstAccount)
				took := d.latencies(b, r, probe, 10, ofSize(20, 300)) // the first ones wait for the start, and open connections
				d.stop()
				reportLatency(b, "", took)
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

// latencies sends single transactions, and returns what n of them waited after the first ones.
func (d *detection) latencies(b *testing.B, r *results, p *probe, first, n int) (took []time.Duration) {
	b.Helper()
	rng := rand.New(rand.NewPCG(1, uint64(p.sent)))
	for i := range first + n {
		time.Sleep(time.Duration(rng.Int64N(int64(200 * time.Millisecond))))
		sent := time.Now()
		at := r.awaitID(b, d.process, p.send(b, r))
		if i >= first {
			took = append(took, at.Sub(sent))
		}
	}
	return took
}

func reportLatency(b *testing.B, prefix string, took []time.Duration) {
	b.Helper()
	if len(took) == 0 {
		return
	}
	slices.Sort(took)
	b.ReportMetric(milliseconds(took[len(took)/2]), prefix+"p50-ms")
	b.ReportMetric(milliseconds(took[len(took)*99/100]), prefix+"p99-ms")
}

// BenchmarkDetectorHistory measures a detector with a long history, in three steps on one directory:
//
//	1M-peak-MB, 10M-peak-MB   the most memory it ever occupied while it read the first tenth of the transactions, and all of them, as fast as it could
//	10M-now-MB                what it occupies with all of them
//	disk-MB/million           what its directory takes, by the transactions in it
//	restart-ms                after kill -9, from the start of the process until a new transaction is visible in the results
//	before-p50-ms, …          what single transactions of another account wait
//	during-p50-ms, …          the same while a late flag comes on an account that has all of the history
//	late-flag-s               from that flag to the last of its results
//	late-peak-MB              the most memory that it occupied by then, since the restart
//
// By itself it is a small run; with SLUICE_BENCH_KAFKA=1 10,000,000 transactions, all of one account.
func BenchmarkDetectorHistory(b *testing.B) {
	for b.Loop() {
		bootstrap := brokerAddress(b)
		const other = firstAccount + 1 // has no history and is flagged
		p := payments{name: fmt.Sprintf("bench-detector-history-%d", time.Now().UnixNano()), n: ofSize(30_000, 10_000_000), accounts: 1, flagged: []int64{other}}
		p.fill(b, bootstrap)
		d := newDetection(b, bootstrap, p)
		r := readResults(b, bootstrap, d.results)
		probe := newProbe(b, bootstrap, p.transactions(), other)

		d.start(b)
		// How far it is shows in its commits: there are no results yet.
		d.awaitCommitted(b, int64(p.n/10))
		_, peak := d.memory(b)
		b.ReportMetric(float64(peak)/1e6, "1M-peak-MB")
		d.awaitCommitted(b, int64(p.n))
		now, peak := d.memory(b)
		b.ReportMetric(float64(now)/1e6, "10M-now-MB")
		b.ReportMetric(float64(peak)/1e6, "10M-peak-MB")
		b.ReportMetric(float64(size(b, d.dir))/float64(p.n), "disk-MB/million")

		d.kill()
		id := probe.send(b, r)
		began := time.Now()
		d.start(b)
		b.ReportMetric(milliseconds(r.awaitID(b, d.process, id).Sub(began)), "restart-ms")

		reportLatency(b, "before-", d.latencies(b, r, probe, 10, ofSize(10, 200)))
		sent := time.Now()
		flag := flagMessage(firstAccount, epoch)
		must(b, probe.producer.Send(b.Context(), kafka.OutRecord{Topic: p.flags(), Key: flag.key, Value: flag.value}))
		var during []time.Duration
		for r.visible() < int64(p.n+probe.sent) {
			during = append(during, d.latencies(b, r, probe, 0, 1)...)
		}
		b.ReportMetric(time.Since(sent).Seconds(), "late-flag-s")
		reportLatency(b, "during-", during)
		_, peak = d.memory(b)
		b.ReportMetric(float64(peak)/1e6, "late-peak-MB")
		r.exactly(b, d.process, int64(p.n+probe.sent))
		d.stop()
	}
	b.ReportMetric(0, "ns/op")
}
