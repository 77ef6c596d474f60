package bench

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"sluice/configs"
)

// runStub is this binary as the stub: it prints where it serves and where it is controlled, and ends when it is killed.
func runStub() int {
	var f faults
	if err := json.Unmarshal([]byte(os.Args[1]), &f); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	service, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	control, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println(service.Addr(), control.Addr())
	s := newStub(f)
	go func() { _ = http.Serve(control, s.control()) }()
	fmt.Fprintln(os.Stderr, s.serve(service))
	return 1
}

// stubProcess is a stub in a process of its own.
type stubProcess struct {
	*process
	endpoint, control string
}

func startStub(tb testing.TB, f faults) *stubProcess {
	tb.Helper()
	cmd := self(stubRole, mustJSON(tb, f))
	out, in, err := os.Pipe()
	must(tb, err)
	defer out.Close()
	cmd.Stdout = in
	p, err := startProcess("stub", cmd)
	in.Close()
	must(tb, err)
	tb.Cleanup(p.kill)
	line, err := bufio.NewReader(out).ReadString('\n')
	service, control, found := strings.Cut(strings.TrimSpace(line), " ")
	if err != nil || !found {
		tb.Fatalf("start the stub: %v\n%s", err, p.tail())
	}
	return &stubProcess{p, "http://" + service, "http://" + control}
}

func (s *stubProcess) set(tb testing.TB, f faults) {
	tb.Helper()
	call(tb, "POST", s.control+"/faults", mustJSON(tb, f), 200)
}

// counts waits a moment for what is asked for, if anything.
func (s *stubProcess) counts(tb testing.TB, ask url.Values) (c stubCounts) {
	tb.Helper()
	must(tb, json.Unmarshal(call(tb, "GET", s.control+"/counts?"+ask.Encode(), "", 200), &c))
	return c
}

// stream is what is sent to a topic: for each the number of its key and its version, which goes up.
type stream struct {
	topic      string
	partitions int32
	n          int
	key        func(i int) int // must not depend on more than the partition i%partitions for records of one key
}

func distinct(i int) int { return i }

// transaction is a flagged transaction of 243 bytes as the detector writes them. Its version is in the customer's number.
func (r stream) message(i int) message {
	key, version := r.key(i), i+1
	account, id := 1000000001+key%10, fmt.Sprintf("%010X", key)
	return message{
		fmt.Appendf(nil, `{"account_id":%d,"transaction_id":"%s"}`, account, id),
		fmt.Appendf(nil, `{"account_id":%d,"customer_id":"C%010d","merchant_type":"In-Store and Online","transaction_id":"%s",`+
			`"transaction_type":"Food, Beverage, Grocery","transaction_amount":%d.%d,"transaction_date":"2026-11-23 10:20:30.123456"}`,
			account, version, id, 1000+key%9000, 11+version%8+version%9*10),
	}
}

// state stands for the item that a record becomes, as the stub adds it up.
func (r stream) state(i int) (key, sum uint64) {
	type attribute struct{ name, kind, value string }
	k, version := r.key(i), i+1
	id, date := fmt.Sprintf("%010X", k), "2026-11-23 10:20:30.123456"
	content := uint64(0)
	for _, a := range []attribute{
		{"account_id", "N", strconv.Itoa(1000000001 + k%10)}, {"customer_id", "S", fmt.Sprintf("C%010d", version)},
		{"merchant_type", "S", "In-Store and Online"}, {hashName, "S", id}, {"transaction_type", "S", "Food, Beverage, Grocery"},
		{"transaction_amount", "N", fmt.Sprintf("%d.%d", 1000+k%9000, 11+version%8+version%9*10)}, {rangeName, "S", date},
	} {
		content += digest(digest(digest(1, []byte(a.name)), []byte(a.kind)), []byte(a.value))
	}
	key = mix(digest(2, []byte(id)), digest(3, []byte(date)))
	return key, state(key, content)
}

// table is what the table holds when all records but the rejected ones have been written one by one.
func (r stream) table(rejected func(i int) bool) (keys int64, digest uint64) {
	last := map[int]int{}
	for i := range r.n {
		if rejected == nil || !rejected(i) {
			last[r.key(i)] = i
		}
	}
	for _, i := range last {
		_, sum := r.state(i)
		digest += sum
	}
	return int64(len(last)), digest
}

// sinkRun is one connector on a worker of its own, with a stub of its own.
type sinkRun struct {
	stream
	bootstrap string
	connector string
	stub      *stubProcess
	worker    *process
	url       string
}

// startSink fills the topic, starts a stub and a worker and then the connector of configs/sink.json with the endpoint, the topic and more settings.
func startSink(b *testing.B, r stream, f faults, start workerStarter, more map[string]string) *sinkRun {
	b.Helper()
	bootstrap := brokerAddress(b)
	fillTopic(b, bootstrap, r.topic, r.partitions, "none", r.n, r.message)
	s := &sinkRun{stream: r, bootstrap: bootstrap, stub: startStub(b, f)}
	s.worker, s.url = start(b, bootstrap)
	b.Cleanup(s.worker.stop)
	s.connector = fmt.Sprintf("%s-%d", r.topic, time.Now().UnixNano())
	call(b, "POST", s.url+"connectors", sinkJSON(b, s.connector, r.topic, s.stub.endpoint, more), 201)
	return s
}

// sinkJSON is configs/sink.json with another name and topic and with the stub's endpoint.
func sinkJSON(tb testing.TB, name, topic, endpoint string, more map[string]string) string {
	tb.Helper()
	data, err := configs.Files.ReadFile("sink.json")
	must(tb, err)
	var doc struct {
		Name   string         `json:"name"`
		Config map[string]any `json:"config"`
	}
	must(tb, json.Unmarshal(data, &doc))
	doc.Name, doc.Config["topics"] = name, topic
	doc.Config["camel.kamelet.aws-ddb-sink.overrideEndpoint"] = "true"
	doc.Config["camel.kamelet.aws-ddb-sink.uriEndpointOverride"] = endpoint
	for k, v := range more {
		doc.Config[k] = v
	}
	return mustJSON(tb, doc)
}

// workerStarter starts a worker and returns its URL.
type workerStarter func(tb testing.TB, bootstrap string) (*process, string)

// sluiceSink starts the program with credentials that the stub takes.
func sluiceSink(tb testing.TB, bootstrap string) (*process, string) {
	tb.Helper()
	sluice, err := program()
	must(tb, err)
	file, url := workerProperties(tb, bootstrap, nil)
	p, err := startProcess("sluice", withCredentials(exec.Command(sluice, "worker", file)))
	must(tb, err)
	awaitRoot(tb, url)
	return p, url
}

func withCredentials(cmd *exec.Cmd) *exec.Cmd {
	if cmd.Env == nil {
		cmd.Env = os.Environ()
	}
	cmd.Env = append(cmd.Env, "AWS_ACCESS_KEY_ID="+stubAccessKey, "AWS_SECRET_ACCESS_KEY="+stubSecret, "AWS_SESSION_TOKEN=",
		"AWS_EC2_METADATA_DISABLED=true", "AWS_CONFIG_FILE="+os.DevNull, "AWS_SHARED_CREDENTIALS_FILE="+os.DevNull)
	return cmd
}

// sinkCost is what was measured between two counts of items at the stub.
type sinkCost struct {
	processor float64 // µs a record of the process that is measured
	service   float64 // the same of the stub
	rate      float64 // records a second
	peak      float64 // MB
}

// costBetween measures a process from the time that the stub's table has so many items until it has so many more. Where all keys are distinct that is
// how many records were written.
func (s *stubProcess) costBetween(b *testing.B, p *process, warm, count int) sinkCost {
	b.Helper()
	at := func(least int) (n int64, used, service time.Duration, when time.Time) {
		c := s.awaitCounts(b, p, url.Values{"keys": {strconv.Itoa(least)}}, func(c stubCounts) bool { return c.Keys >= int64(least) })
		return c.Keys, p.processorTime(b), s.processorTime(b), time.Now()
	}
	n0, used0, service0, t0 := at(warm)
	n1, used1, service1, t1 := at(warm + count)
	n := float64(n1 - n0)
	_, peak := p.memory(b)
	return sinkCost{microseconds(used1-used0) / n, microseconds(service1-service0) / n, n / t1.Sub(t0).Seconds(), float64(peak) / 1e6}
}

func microseconds(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// awaitCounts asks until ready holds. The stub keeps an answer back until then, if it was told for what.
func (s *stubProcess) awaitCounts(b *testing.B, p *process, ask url.Values, ready func(c stubCounts) bool) (c stubCounts) {
	b.Helper()
	for progress, since := int64(-1), time.Now(); ; {
		if c = s.counts(b, ask); ready(c) {
			return c
		}
		if c.Calls != progress {
			progress, since = c.Calls, time.Now()
		}
		select {
		case <-p.done:
			b.Fatalf("%s has ended: %s", p.name, p.tail())
		default:
		}
		if time.Since(since) > time.Minute {
			b.Fatalf("no call has come for a minute, want %v, got %+v: %s", ask, c, p.tail())
		}
	}
}

// awaitTable waits until the table holds what it should, and returns when that was noticed.
func (s *sinkRun) awaitTable(b *testing.B, keys int64, digest uint64) time.Time {
	b.Helper()
	ask := url.Values{"digest": {strconv.FormatUint(digest, 10)}}
	s.stub.awaitCounts(b, s.worker, ask, func(c stubCounts) bool { return c.Keys == keys && c.Digest == digest })
	return time.Now()
}

// finish waits for the whole table, stops the worker in order, and fails if anything is not as it has to be.
func (s *sinkRun) finish(b *testing.B, rejected func(i int) bool) stubCounts {
	b.Helper()
	keys, digest := s.table(rejected)
	s.awaitTable(b, keys, digest)
	s.awaitFinished(b)
	s.worker.stop()
	c := s.stub.counts(b, nil)
	if c.Keys != keys || c.Digest != digest {
		b.Errorf("%s: the table holds %d items with digest %x, want %d with %x", s.topic, c.Keys, c.Digest, keys, digest)
	}
	s.stub.check(b)
	if got := committed(b, s.bootstrap, s.connector, s.topic); got != int64(s.n) {
		b.Errorf("%s: %d of %d records are committed", s.topic, got, s.n)
	}
	return c
}

// awaitFinished waits until the sink knows that all has been written: of what was cut off the table knows before.
func (s *sinkRun) awaitFinished(b *testing.B) {
	b.Helper()
	const backlog = "dynamodb_backlog_records"
	s.worker.await(b, "empty backlog", 5*time.Millisecond, func() bool {
		res, err := http.Get(s.url + "metrics")
		must(b, err)
		defer res.Body.Close()
		if res.StatusCode != http.StatusOK {
			return true // Kafka Connect has none
		}
		found := false
		for lines := bufio.NewScanner(res.Body); lines.Scan(); {
			line := lines.Text()
			if strings.HasPrefix(line, "#") || !strings.Contains(line, backlog) {
				continue
			}
			found = true
			if !strings.HasSuffix(line, " 0") {
				return false
			}
		}
		if !found {
			b.Fatalf("%s is not among the metrics", backlog)
		}
		return true
	})
}

// check fails if the stub has seen what a correct sink never does.
func (s *stubProcess) check(b *testing.B) {
	b.Helper()
	if c := s.counts(b, nil); c.Unsigned != 0 || c.Invalid != 0 || c.DupInBatch != 0 || c.Overlap != 0 || c.Reordered != 0 {
		b.Errorf("the stub saw what must never be: %d unsigned, %d invalid (%s), %d duplicates in a batch, %d overlapping, %d reordered",
			c.Unsigned, c.Invalid, c.WhyInvalid, c.DupInBatch, c.Overlap, c.Reordered)
	}
}

// ofSize is a number for the small run, and one for the run on Kafka itself.
func ofSize(small, full int) int {
	if wanted(kafkaVariable) || wanted(javaVariable) {
		return full
	}
	return small
}
