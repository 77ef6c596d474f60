package bench

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/connect"
	"sluice/connect/converter"
)

// BenchmarkRecords measures a worker that takes records from a topic to a sink: the built binary, a broker in another process, one task,
// FileStreamSink to /dev/null, flagged transactions as the detector writes them. The topic is full before the connector is
// created; the worker has the first part to get warm, and what it uses for the rest counts:
//
//	cpu-us/record   processor time of the worker's process, user and kernel, between two counts of records at the sink
//	records/s       between the same two counts
//	peak-MB         the most memory that the process ever occupied (VmHWM)
//
// By itself it is a small run on the embedded Kafka, which shows that it works and little else. With SLUICE_BENCH_KAFKA=1 it is 1,000,000
// records on Kafka 3.9.2, after 500,000 to get warm; with SLUICE_BENCH_JAVA=1 Kafka Connect 3.9.2 does the same right after each, and
// cpu-ratio and memory-ratio say how much more it takes. The kernel tells processor time in hundredths of a second, so the small run's is coarse.
//
// One op is one run: use -benchtime 1x and, to see the spread, -count.
func BenchmarkRecords(b *testing.B) {
	for _, r := range rows {
		b.Run(r.name, func(b *testing.B) {
			for b.Loop() {
				ours := measure(b, r, sluiceWorker)
				b.ReportMetric(ours.processor, "cpu-us/record")
				b.ReportMetric(ours.rate, "records/s")
				b.ReportMetric(ours.peak, "peak-MB")
				if !wanted(javaVariable) || r.sink != fileSink {
					continue
				}
				theirs := measure(b, r, javaWorker)
				b.ReportMetric(theirs.processor, "java-cpu-us/record")
				b.ReportMetric(theirs.rate, "java-records/s")
				b.ReportMetric(theirs.peak, "java-peak-MB")
				b.ReportMetric(theirs.processor/ours.processor, "cpu-ratio")
				b.ReportMetric(theirs.peak/ours.peak, "memory-ratio")
			}
			b.ReportMetric(0, "ns/op") // the whole run with its preparations, which nobody wants to know
		})
	}
}

// row is one kind of record with what is done to it.
type row struct {
	name    string
	topic   string
	message func(i int) message
	sink    string
	config  map[string]string
}

const (
	fileSink  = "org.apache.kafka.connect.file.FileStreamSinkConnector"
	countSink = "sluice.bench.CountingSinkConnector"
)

var rows = []row{
	{"FileStreamSink", "bench-plain", flagged, fileSink, nil},
	{"CountingSink", "bench-plain", flagged, countSink, nil},
	{"Transforms", "bench-plain", flagged, fileSink, map[string]string{
		"transforms": "from,text", "predicates": "tombstone",
		"transforms.from.type": "org.apache.kafka.connect.transforms.InsertField$Value", "transforms.from.topic.field": "from",
		"transforms.from.predicate": "tombstone", "transforms.from.negate": "true",
		"transforms.text.type": "org.apache.kafka.connect.transforms.Cast$Value", "transforms.text.spec": "account_id:string",
		"predicates.tombstone.type": "org.apache.kafka.connect.transforms.predicates.RecordIsTombstone",
	}},
	{"Schemas", "bench-envelopes", enveloped, fileSink, map[string]string{"value.converter.schemas.enable": "true"}},
}

// flagged is a flagged transaction, all of the same size.
func flagged(i int) message {
	account, id := 1000000001+i%10, fmt.Sprintf("%010X", i)
	return message{
		fmt.Appendf(nil, `{"account_id":%d,"transaction_id":"%s"}`, account, id),
		fmt.Appendf(nil, `{"account_id":%d,"customer_id":"C%d","merchant_type":"In-Store and Online","transaction_id":"%s",`+
			`"transaction_type":"Food, Beverage, Grocery","transaction_amount":%d.%d,"transaction_date":"2026-11-23 10:20:30.123456"}`,
			account, account, id, 1000+i%9000, 11+i%89/10*10+i%9),
	}
}

// enveloped is the same with its schema.
func enveloped(i int) message {
	m := flagged(i)
	m.value = fmt.Appendf(nil, `{"schema":{"type":"struct","fields":[{"field":"account_id","type":"int64"},{"field":"customer_id","type":"string"},`+
		`{"field":"merchant_type","type":"string"},{"field":"transaction_id","type":"string"},{"field":"transaction_type","type":"string"},`+
		`{"field":"transaction_amount","type":"double"},{"field":"transaction_date","type":"string"}],"optional":false,"name":"example.FlaggedRecord"},"payload":%s}`, m.value)
	return m
}

// result is what one worker took.
type result struct {
	processor float64 // µs a record
	rate      float64 // records a second
	peak      float64 // MB
}

// measure runs a connector on a worker of its own.
func measure(b *testing.B, r row, start func(tb testing.TB, bootstrap string, r row) (*process, string)) result {
	b.Helper()
	warm, count := 10_000, 20_000
	if wanted(kafkaVariable) || wanted(javaVariable) {
		warm, count = 500_000, 1_000_000
	}
	bootstrap := brokerAddress(b)
	total := int64(warm+count) * 102 / 100 // a bit more, so that the end is not a special case
	fillTopic(b, bootstrap, r.topic, 2, "none", int(total), r.message)

	p, url := start(b, bootstrap, r)
	defer p.stop()
	counter := newCounter(b, r, p)
	name := fmt.Sprintf("%s-%d", strings.ToLower(r.name), time.Now().UnixNano())
	config := map[string]string{
		"connector.class": r.sink, "tasks.max": "1", "topics": r.topic, "consumer.override.auto.offset.reset": "earliest",
		"file": os.DevNull, fileConfig: counter.file,
		"key.converter": "org.apache.kafka.connect.json.JsonConverter", "key.converter.schemas.enable": "false",
		"value.converter": "org.apache.kafka.connect.json.JsonConverter", "value.converter.schemas.enable": "false",
	}
	maps.Copy(config, r.config)
	call(b, "POST", url+"connectors", mustJSON(b, map[string]any{"name": name, "config": config}), 201)

	// A few hundred looks a second cost little and cannot miss much; what is between the looks does not matter, as both counts are exact.
	at := func(least int) (n int64, used time.Duration, when time.Time) {
		p.await(b, fmt.Sprintf("%d records", least), 2*time.Millisecond, func() bool {
			n, used, when = counter.records(b), p.processorTime(b), time.Now()
			return n >= int64(least)
		})
		return n, used, when
	}
	n0, used0, t0 := at(warm)
	n1, used1, t1 := at(warm + count)
	_, peak := p.memory(b)
	p.stop() // in order, so that all is committed
	if got := committed(b, bootstrap, name, r.topic); got > total || got < int64(warm+count)*98/100 {
		b.Fatalf("%s: %d records are committed, %d were counted, %d sent", p.name, got, n1, total)
	}
	n := float64(n1 - n0)
	return result{float64((used1 - used0).Nanoseconds()) / 1e3 / n, n / t1.Sub(t0).Seconds(), float64(peak) / 1e6}
}

// counter tells how many records a sink has got.
type counter struct {
	p       *process
	file    string // that a countingSink writes
	line    int64  // bytes that a file sink writes for each record
	written int64  // bytes that the process had written before
}

func newCounter(b *testing.B, r row, p *process) counter {
	b.Helper()
	if r.sink == countSink {
		return counter{p: p, file: filepath.Join(b.TempDir(), "count")}
	}
	return counter{p: p, file: os.DevNull, line: lineOf(b, r), written: p.written(b)}
}

// records is the count. That of a file sink follows from the bytes that were written: all lines are of the same length, and what the worker
// writes beside them, requests and commits, is less than a thousandth.
func (c counter) records(b *testing.B) int64 {
	b.Helper()
	if c.line > 0 {
		return (c.p.written(b) - c.written) / c.line
	}
	data, err := os.ReadFile(c.file)
	if err != nil || len(data) < 8 {
		return 0 // not yet
	}
	return int64(binary.LittleEndian.Uint64(data))
}

// lineOf is the length of a record's line, as Java prints it.
func lineOf(b *testing.B, r row) int64 {
	b.Helper()
	text := converter.JavaString(connect.RawJSON(flagged(1).value))
	switch {
	case r.config["transforms"] != "":
		text = strings.TrimSuffix(text, "}") + ", from=" + r.topic + "}"
	case r.config["value.converter.schemas.enable"] == "true":
		v := converter.NewJSON()
		must(b, v.Configure(nil, false))
		sv, err := v.ToConnect(r.topic, nil, r.message(1).value)
		must(b, err)
		text = converter.JavaString(sv.Value)
	}
	return int64(len(text) + 1)
}

// binary is the program, built once.
var program = sync.OnceValues(func() (string, error) {
	dir, err := scratch()
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "sluice")
	if out, err := exec.Command("go", "build", "-o", file, "sluice/cmd/sluice").CombinedOutput(); err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	return file, nil
})

// sluiceWorker starts the program, or this package's worker for this package's sinks.
func sluiceWorker(tb testing.TB, bootstrap string, r row) (*process, string) {
	tb.Helper()
	file, url := workerProperties(tb, bootstrap, nil)
	cmd := self(workerRole, file)
	if r.sink == fileSink {
		sluice, err := program()
		must(tb, err)
		cmd = exec.Command(sluice, "worker", file)
	}
	p, err := startProcess("sluice", cmd)
	must(tb, err)
	atEnd(p.stop)
	awaitRoot(tb, url)
	return p, url
}

// javaWorker starts Kafka Connect.
func javaWorker(tb testing.TB, bootstrap string, _ row) (*process, string) {
	tb.Helper()
	file, url := workerProperties(tb, bootstrap, nil)
	cmd, err := java("connect-3.9.2", cmp.Or(os.Getenv(heapVariable), "2g"), "org.apache.kafka.connect.cli.ConnectDistributed", file)
	must(tb, err)
	p, err := startProcess("java-connect", cmd)
	must(tb, err)
	atEnd(p.stop)
	awaitRoot(tb, url)
	return p, url
}

// workerNumber makes groups of workers that do not know each other.
var workerNumber int

// workerProperties writes the settings of a worker in a cluster of its own, the same for Sluice and Java.
func workerProperties(tb testing.TB, bootstrap string, more map[string]string) (file, url string) {
	tb.Helper()
	workerNumber++
	cluster := fmt.Sprintf("records-%d", workerNumber)
	addr, err := freeAddress()
	must(tb, err)
	props := settings(bootstrap)
	maps.Copy(props, map[string]string{
		"group.id": cluster, "listeners": "http://" + addr,
		"config.storage.topic": cluster + "-configs", "offset.storage.topic": cluster + "-offsets", "status.storage.topic": cluster + "-status",
		"offset.storage.partitions": "1", "status.storage.partitions": "1",
	})
	maps.Copy(props, more)
	file = filepath.Join(tb.TempDir(), "worker.properties")
	var text strings.Builder
	for k, v := range props {
		fmt.Fprintf(&text, "%s=%s\n", k, v)
	}
	must(tb, os.WriteFile(file, []byte(text.String()), 0o600))
	return file, "http://" + addr + "/"
}
