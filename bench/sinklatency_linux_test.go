package bench

import (
	"encoding/json"
	"net/url"
	"os/exec"
	"slices"
	"strconv"
	"testing"
	"time"

	"sluice/internal/kafka"
)

// BenchmarkSinkLatency measures what a single record waits on a worker that has nothing else to do, from the moment before it is produced (acks=all) to the end
// of its write at the service, without the service's own 5 ms: half of the records less than p50-ms, 99 of 100 less than p99-ms. The next one is sent 20 ms after
// the one before is there.
func BenchmarkSinkLatency(b *testing.B) {
	for b.Loop() {
		const latency = 5 * time.Millisecond
		n := ofSize(30, 1000)
		s := startSink(b, stream{topic: "bench-sink-single-" + strconv.FormatInt(time.Now().UnixNano(), 36), partitions: 4, key: distinct}, faults{Latency: latency}, sluiceSink, nil)
		awaitTasks(b, s.worker, s.url, s.connector)
		producer, err := kafka.NewProducer(kafka.ProducerConfig{Properties: kafka.Properties{"bootstrap.servers": s.bootstrap, "linger.ms": "0", "acks": "all"}})
		must(b, err)
		must(b, producer.Start(b.Context()))
		var took []time.Duration
		for i := range n + 10 { // the first ones open connections
			m := s.message(i)
			time.Sleep(20 * time.Millisecond)
			sent := time.Now()
			must(b, producer.Send(b.Context(), kafka.OutRecord{Topic: s.topic, Partition: int32(i) % s.partitions, Key: m.key, Value: m.value}))
			c := s.stub.awaitCounts(b, s.worker, url.Values{"items": {strconv.Itoa(i + 1)}}, func(c stubCounts) bool { return c.Items > int64(i) })
			if i >= 10 {
				took = append(took, time.Unix(0, c.LastWrite).Sub(sent)-latency)
			}
		}
		must(b, producer.Close(b.Context()))
		s.n = n + 10
		s.finish(b, nil)
		s.stub.kill()
		slices.Sort(took)
		b.ReportMetric(milliseconds(took[len(took)/2]), "p50-ms")
		b.ReportMetric(milliseconds(took[len(took)*99/100]), "p99-ms")
	}
	b.ReportMetric(0, "ns/op")
}

// BenchmarkSinkStart measures a worker from the start of its process on a broker where it has never been: rest-ms until its API answers, then
// configs/sink.json is posted with the stub's endpoint, and running-ms is when the connector and both tasks have told that they run.
func BenchmarkSinkStart(b *testing.B) {
	for b.Loop() {
		rest, running := startToRunning(b, func() (*exec.Cmd, string) {
			sluice, err := program()
			must(b, err)
			file, url := workerProperties(b, brokerAddress(b), nil)
			return exec.Command(sluice, "worker", file), url
		})
		b.ReportMetric(milliseconds(rest), "rest-ms")
		b.ReportMetric(milliseconds(running), "running-ms")
	}
	b.ReportMetric(0, "ns/op")
}

// startToRunning starts a worker and the connector on it.
func startToRunning(b *testing.B, command func() (*exec.Cmd, string)) (rest, running time.Duration) {
	b.Helper()
	fillTopic(b, brokerAddress(b), "bench-sink-start", 4, "none", 0, nil)
	stub := startStub(b, faults{Latency: 5 * time.Millisecond})
	cmd, url := command()
	began := time.Now()
	p, err := startProcess("worker", withCredentials(cmd))
	must(b, err)
	b.Cleanup(p.stop)
	awaitRoot(b, url)
	rest = time.Since(began)
	name := "start-" + strconv.FormatInt(began.UnixNano(), 36)
	call(b, "POST", url+"connectors", sinkJSON(b, name, "bench-sink-start", stub.endpoint, nil), 201)
	awaitTasks(b, p, url, name)
	running = time.Since(began)
	p.stop()
	stub.check(b)
	stub.kill()
	return rest, running
}

// awaitTasks waits until the connector and the two tasks of sink.json run.
func awaitTasks(b *testing.B, p *process, url, connector string) {
	b.Helper()
	type state struct{ State string }
	p.await(b, "two tasks that run", 2*time.Millisecond, func() bool {
		var all map[string]struct {
			Status struct {
				Connector state
				Tasks     []state
			}
		}
		must(b, json.Unmarshal(call(b, "GET", url+"connectors?expand=status", "", 200), &all))
		s := all[connector].Status
		return s.Connector.State == "RUNNING" && len(s.Tasks) == 2 && s.Tasks[0].State == "RUNNING" && s.Tasks[1].State == "RUNNING"
	})
}
