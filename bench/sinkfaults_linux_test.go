package bench

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"testing"
	"time"

	"sluice/internal/kafka"
)

// BenchmarkSinkFaults measures the DynamoDB sink where things go wrong, as BenchmarkSinkSpeed does.
//
// All has every fault at once: of the items 20 % come back unprocessed, of the calls 10 % are throttled, 5 % are answered with 500 and 2 % are carried out but
// lose their connection, and for 10 seconds in between the service is out (a tenth of a second in the small run). 1,000,000 records over 50,000 keys, one task (see oneTask), 2 ms of latency.
// records/s is the number of records by the time from the first item to the table that one-by-one execution leaves, without the outage.
//
// Rejected has an item in every 1,000 that the service does not take, which costs its whole call, at 5 ms with one task; these and no others must be in the dead letter queue.
// clean-records/s is what the same connector does when all are taken; of-clean is the ratio.
func BenchmarkSinkFaults(b *testing.B) {
	b.Run("All", func(b *testing.B) {
		for b.Loop() {
			keys, outage := ofSize(1_000, 50_000), time.Duration(ofSize(100, 10_000))*time.Millisecond
			r := stream{topic: "bench-sink-faults", partitions: 4, n: ofSize(20_000, 1_000_000), key: func(i int) int { return i % keys }}
			mix := faults{Latency: 2 * time.Millisecond, Unprocessed: 0.2, Throttled: 0.1, Errors: 0.05, Cut: 0.02}
			s := startSink(b, r, mix, sluiceSink, oneTask)
			out := make(chan struct{})
			go func() { // beside the look at the table, which may be whole before
				defer close(out)
				s.stub.awaitCounts(b, s.worker, url.Values{"items": {strconv.Itoa(keys / 2)}}, func(c stubCounts) bool { return c.Items >= int64(keys/2) })
				mix.Outage = outage
				s.stub.set(b, mix)
			}()
			took, c := s.whole(b)
			<-out
			b.ReportMetric(float64(r.n)/(took-outage).Seconds(), "records/s")
			b.ReportMetric(float64(c.Items), "items")
			b.ReportMetric(float64(c.Unprocessed), "unprocessed")
			b.ReportMetric(float64(c.Throttled+c.Errors+c.Cut), "bad-calls")
		}
		b.ReportMetric(0, "ns/op")
	})
	b.Run("Rejected", func(b *testing.B) {
		for b.Loop() {
			warm, count := ofSize(5_000, 200_000), ofSize(20_000, 1_000_000)
			r := distinctStream()
			clean := rejecting(b, r, 0, warm, count)
			b.ReportMetric(clean.rate, "clean-records/s")
			with := rejecting(b, r, 1000, warm, count)
			b.ReportMetric(with.rate, "records/s")
			b.ReportMetric(with.rate/clean.rate, "of-clean")
		}
		b.ReportMetric(0, "ns/op")
	})
}

// rejecting measures a connector with a dead letter queue where one item in every so many is not taken.
func rejecting(b *testing.B, r stream, every, warm, count int) sinkCost {
	b.Helper()
	queue := fmt.Sprintf("bench-sink-dead-%d-%d", every, time.Now().UnixNano())
	s := startSink(b, r, faults{Latency: 5 * time.Millisecond, RejectEvery: uint64(every)}, sluiceSink, map[string]string{
		"tasks.max":        oneTask["tasks.max"],
		"errors.tolerance": "all", "errors.deadletterqueue.topic.name": queue, "errors.deadletterqueue.topic.replication.factor": "1",
		"errors.deadletterqueue.context.headers.enable": "true",
	})
	cost := s.stub.costBetween(b, s.worker, warm, count)
	rejected := func(i int) bool { return every > 0 && (i+1)%every == 0 } // the version of record i is i+1
	s.finish(b, rejected)
	s.stub.kill()
	want := map[string]bool{}
	for i := range r.n {
		if rejected(i) {
			want[string(r.message(i).value)] = true
		}
	}
	if every == 0 {
		return cost
	}
	for _, m := range s.all(b, queue) {
		if !want[string(m.Value)] {
			b.Errorf("in the dead letter queue, but not rejected, or twice: %s", m.Value)
		}
		delete(want, string(m.Value))
		if !hasHeader(m, "__connect.errors.topic", r.topic) {
			b.Errorf("the dead letter queue does not say where %s came from", m.Value)
		}
	}
	if len(want) > 0 {
		b.Errorf("%d rejected records are not in the dead letter queue", len(want))
	}
	return cost
}

func hasHeader(m kafka.Message, key, value string) bool {
	for _, h := range m.Headers {
		if h.Key == key && string(h.Value) == value {
			return true
		}
	}
	return false
}

// all reads a topic to its end.
func (s *sinkRun) all(b *testing.B, topic string) (messages []kafka.Message) {
	b.Helper()
	ctx := b.Context()
	reader, err := kafka.NewTopicReader(kafka.TopicReaderConfig{Properties: kafka.Properties{"bootstrap.servers": s.bootstrap}, Topics: []string{topic}})
	must(b, err)
	must(b, reader.Start(ctx))
	defer reader.Close()
	ends, err := reader.EndOffsets(ctx)
	must(b, err)
	behind := func() bool {
		position := reader.Position()
		for tp, end := range ends {
			if position[tp] < end {
				return true
			}
		}
		return false
	}
	for behind() {
		polled, err := reader.Poll(ctx, time.Second)
		must(b, err)
		for _, m := range polled {
			m.Value = bytes.Clone(m.Value) // the reader's own
			messages = append(messages, m)
		}
	}
	return messages
}

// BenchmarkSinkDown measures what a worker occupies while the service is down and its backlog is long: 10,000,000 records in four partitions. After
// the first items calls are answered with 500 or cut off, for half a minute (a second in the small run); as in BenchmarkMemory peak-MB is VmHWM, growth-MB how much more
// it occupied at the end than halfway. The small run goes on until all is written.
func BenchmarkSinkDown(b *testing.B) {
	for b.Loop() {
		r := stream{topic: "bench-sink-distinct", partitions: 4, n: ofSize(30_600, 10_000_000), key: distinct}
		if r.n > 1_000_000 {
			r.topic = "bench-sink-backlog"
		}
		s := startSink(b, r, faults{Latency: 50 * time.Millisecond}, sluiceSink, nil) // or else a small backlog would be gone by then
		s.stub.awaitCounts(b, s.worker, url.Values{"items": {"1"}}, func(c stubCounts) bool { return c.Items > 0 })
		s.stub.set(b, faults{Outage: time.Hour})
		peak, growth := s.worker.watch(b, time.Duration(ofSize(1000, 30_000))*time.Millisecond)
		b.ReportMetric(float64(peak)/1e6, "peak-MB")
		b.ReportMetric(float64(growth)/1e6, "growth-MB")
		var status struct{ Tasks []struct{ State string } }
		must(b, json.Unmarshal(call(b, "GET", s.url+"connectors/"+s.connector+"/status", "", 200), &status))
		for _, task := range status.Tasks {
			if task.State != "RUNNING" {
				b.Errorf("a task is %s", task.State)
			}
		}
		if r.n < 1_000_000 {
			s.stub.set(b, faults{})
			s.finish(b, nil)
		}
		s.worker.stop()
		s.stub.check(b)
		s.stub.kill()
	}
	b.ReportMetric(0, "ns/op")
}
