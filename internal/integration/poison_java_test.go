package integration

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	update "flag"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kgo"
)

var updatePoison = update.Bool("update-poison", false, "write what Java's worker does with bad records to the file that worker/task compares itself with")

// poisonAnswers is read by the tests of worker/task too.
const poisonAnswers = "../../worker/task/testdata/poison-java-3.9.2.jsonl"

// poisonCase is a connector with three records, of which the second one is bad, and what Java's worker leaves behind.
type poisonCase struct {
	Name    string            `json:"name"`
	At      string            `json:"at"` // who finds the record bad
	Records []poisonRecord    `json:"records"`
	Config  map[string]string `json:"config"` // errors.*, and nothing else that matters
	Java    poisonOutcome     `json:"java"`
}

// poisonRecord is a record of a topic. What is nil is null in Kafka.
type poisonRecord struct {
	Key       *string      `json:"key"`
	Value     *string      `json:"value"`
	Headers   [][2]*string `json:"headers,omitempty"`
	Timestamp int64        `json:"timestamp"`
	Padding   int          `json:"padding,omitempty"` // so many blanks stand behind the value
}

type poisonOutcome struct {
	State     string           `json:"state"`
	Trace     []string         `json:"trace,omitempty"` // without Java's frames
	Accepted  []string         `json:"accepted"`        // values that put has taken
	Committed int64            `json:"committed"`       // -1: none
	Metrics   map[string]int64 `json:"metrics"`
	Log       []string         `json:"log,omitempty"`
	DLQ       []poisonRecord   `json:"dlq,omitempty"`
}

// poisonMatrix crosses who finds a record bad, and how, with the settings.
func poisonMatrix() (all []poisonCase) {
	type settings map[string]string
	logs := []settings{{}, {"errors.log.enable": "true"}, {"errors.log.enable": "true", "errors.log.include.messages": "true"}}
	queues := []settings{{}, {"errors.deadletterqueue.topic.name": "dlq"}, {"errors.deadletterqueue.topic.name": "dlq", "errors.deadletterqueue.context.headers.enable": "true"}}
	add := func(at, kind string, padding int, sets ...settings) {
		config, name := map[string]string{}, at+" "+kind
		for _, set := range sets {
			maps.Copy(config, set)
		}
		for _, key := range slices.Sorted(maps.Keys(config)) {
			name += " " + strings.TrimPrefix(key, "errors.") + "=" + config[key]
		}
		all = append(all, poisonCase{Name: name, At: at, Config: config, Records: poisonRecordsAt(at, kind, padding)})
	}
	for _, tolerance := range []settings{{"errors.tolerance": "none"}, {"errors.tolerance": "all"}} {
		for _, queue := range queues {
			for _, log := range logs {
				for _, at := range []string{"key", "value", "header", "transform", "predicate"} {
					add(at, "data", 0, tolerance, queue, log)
				}
				add("put", "data", 0, tolerance, queue, log)
				add("put", "retry-once", 0, tolerance, queue, log)
				for _, how := range []string{"report", "report-and-wait"} {
					add(how, "", 0, tolerance, queue, log)
				}
			}
			messages := logs[2]
			for _, at := range []string{"value", "transform", "put"} {
				for _, kind := range []string{"cause", "runtime", "silent"} {
					add(at, kind, 0, tolerance, queue, messages)
				}
			}
			for _, how := range []string{"report-copy", "report-own", "report-silent"} {
				add(how, "", 0, tolerance, queue, messages)
			}
			if tolerance["errors.tolerance"] == "all" {
				add("report-twice", "", 0, tolerance, queue, messages)
				add("report-later", "", 0, tolerance, queue, messages)
			}
			add("drop", "", 0, tolerance, queue, messages)
			for _, timeout := range []string{"0", "700", "-1"} {
				again := settings{"errors.retry.timeout": timeout}
				for _, at := range []string{"key", "value", "header", "transform", "predicate"} {
					if timeout != "-1" {
						add(at, "retry", 0, tolerance, queue, messages, again)
					}
					add(at, "retry-once", 0, tolerance, queue, messages, again)
					add(at, "retry-then-data", 0, tolerance, queue, messages, again)
				}
			}
			if queue["errors.deadletterqueue.topic.name"] != "" {
				for _, at := range []string{"value", "transform", "report", "report-and-wait"} {
					add(at, "data", 1048200, tolerance, queue, messages) // with context headers it is too large for a producer
				}
			}
		}
	}
	return all
}

// poisonRecordsAt makes the second one of three records bad.
func poisonRecordsAt(at, kind string, padding int) []poisonRecord {
	bad := poisonRecord{Value: new("b"), Timestamp: 1795424107372, Headers: [][2]*string{{new("h"), new("1")}, {new("h"), nil}, {new(""), new("")}}, Padding: padding}
	poison := new("poison=" + kind)
	switch at {
	case "key":
		bad.Key, bad.Timestamp = poison, 0
	case "header":
		bad.Key = new("")
		bad.Headers = append(bad.Headers, [2]*string{new("h"), poison})
	case "value", "transform", "predicate", "put":
		bad.Key, bad.Value = new("k"), poison
	default: // what the sink does
		bad.Value = new(at)
	}
	return []poisonRecord{{Value: new("a"), Timestamp: 1795424107371}, bad, {Key: new("c"), Value: new("c"), Timestamp: 1795424107373}}
}

// javaPoisonWorker is a Java worker with the plugins of testdata/java.
type javaPoisonWorker struct {
	rest
	told string // URL of what it tells besides
}

func startPoisonWorker(t *testing.T, kafka string) javaPoisonWorker {
	t.Helper()
	javac, err := exec.LookPath("javac")
	if err != nil {
		t.Skip("javac (a JDK, 17 or later) is not in PATH, to compile testdata/java")
	}
	ctx, cancel := context.WithTimeout(t.Context(), startDeadline)
	defer cancel()
	var jars string
	mustFind(t, func() (string, error) { jars, err = javaConnect.fetch(ctx); return jars, err })
	sources, err := filepath.Glob("testdata/java/sluice/test/*.java")
	if err != nil || len(sources) == 0 {
		t.Fatalf("sources %v, error %v", sources, err)
	}
	classes := t.TempDir()
	if err := commandOutput(ctx, ".", javac, append([]string{"-cp", filepath.Join(jars, "*"), "-d", classes}, sources...)...); err != nil {
		t.Fatal(err)
	}
	port, told := mustFreePort(t), mustFreePort(t)
	w := javaPoisonWorker{rest{"http://127.0.0.1:" + port}, "http://127.0.0.1:" + told}
	file := filepath.Join(t.TempDir(), "standalone.properties")
	if err := os.WriteFile(file, []byte(strings.Join([]string{
		"bootstrap.servers=" + kafka, "listeners=" + w.url, "offset.storage.file.filename=" + filepath.Join(t.TempDir(), "offsets"),
		"key.converter=org.apache.kafka.connect.storage.StringConverter", "value.converter=org.apache.kafka.connect.storage.StringConverter",
	}, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	worker := javaConnect
	worker.main, worker.heap = "sluice.test.PoisonWorker", "512m"
	cmd, err := worker.command(ctx, told, file)
	if err != nil {
		t.Fatal(err)
	}
	at := slices.Index(cmd.Args, "-cp")
	cmd.Args[at+1] += string(filepath.ListSeparator) + classes
	p, err := startProcess("java-poison", cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	if err := p.until(ctx, func() error { return answers(w.url+"/", 200) }); err != nil {
		t.Fatal(err)
	}
	return w
}

// Java's worker does with bad records what it did when the answers were recorded, which worker/task is compared with.
func TestPoisonMatrixInJava(t *testing.T) {
	kafka := sharedKafka(t)
	w := startPoisonWorker(t, kafka)
	cases := poisonMatrix()
	run := uniqueName("poison")
	topics := map[string]string{} // by records
	for i := range cases {
		records := mustJSON(t, cases[i].Records)
		if topics[records] == "" {
			topics[records] = fmt.Sprintf("%s-%d", run, len(topics))
			writePoison(t, kafka, topics[records], cases[i].Records)
		}
	}
	const together = 40
	for first := 0; first < len(cases); first += together {
		group := cases[first:min(first+together, len(cases))]
		for i := range group {
			c := &group[i]
			name := fmt.Sprintf("%s-c%d", run, first+i)
			w.create(t, mustJSON(t, map[string]any{"name": name, "config": c.connector(name, topics[mustJSON(t, c.Records)])}))
		}
		for i := range group {
			c := &group[i]
			name := fmt.Sprintf("%s-c%d", run, first+i)
			c.Java = w.outcome(t, kafka, name, topics[mustJSON(t, c.Records)], c)
		}
	}
	if *updatePoison {
		var b bytes.Buffer
		for _, c := range cases {
			b.WriteString(strings.TrimSpace(mustJSON(t, c)) + "\n")
		}
		if err := os.WriteFile(poisonAnswers, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	recorded := readPoisonAnswers(t)
	if len(recorded) != len(cases) {
		t.Fatalf("%d cases are recorded, want %d: run this test with -update-poison", len(recorded), len(cases))
	}
	for i, c := range cases {
		if got, want := mustJSON(t, c), mustJSON(t, recorded[i]); got != want {
			t.Errorf("%s: Java leaves\n%s\nrecorded is\n%s", c.Name, got, want)
		}
	}
}

func readPoisonAnswers(t *testing.T) (all []poisonCase) {
	t.Helper()
	f, err := os.Open(poisonAnswers)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var c poisonCase
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

func writePoison(t *testing.T, kafka, topic string, records []poisonRecord) {
	t.Helper()
	mustCreateTopic(t, kafka, topic, 1)
	config := clientConfig()
	config.Producer.Partitioner = sarama.NewManualPartitioner
	config.Producer.MaxMessageBytes = 1 << 21
	config.Producer.Retry.Max, config.Producer.Retry.Backoff = 100, 200*time.Millisecond // the topic is a new one
	producer, err := sarama.NewSyncProducer([]string{kafka}, config)
	if err != nil {
		t.Fatal(err)
	}
	defer producer.Close()
	for _, r := range records {
		m := &sarama.ProducerMessage{Topic: topic, Timestamp: time.UnixMilli(r.Timestamp)}
		if r.Key != nil {
			m.Key = sarama.StringEncoder(*r.Key)
		}
		if r.Value != nil {
			m.Value = sarama.StringEncoder(*r.Value + strings.Repeat(" ", r.Padding))
		}
		for _, h := range r.Headers {
			header := sarama.RecordHeader{Key: []byte(*h[0])}
			if h[1] != nil {
				header.Value = []byte(*h[1])
			}
			m.Headers = append(m.Headers, header)
		}
		if _, _, err := producer.SendMessage(m); err != nil {
			t.Fatal(err)
		}
	}
}

// connector returns the settings with which the case's records meet what finds them bad.
func (c *poisonCase) connector(name, topic string) map[string]string {
	const text, poison = "org.apache.kafka.connect.storage.StringConverter", "sluice.test.PoisonConverter"
	settings := map[string]string{
		"connector.class": "sluice.test.PoisonSinkConnector", "topics": topic, "poison.at": c.At,
		"key.converter": text, "value.converter": text, "header.converter": text,
		"consumer.override.fetch.max.wait.ms": "50", // it is what a stop waits for
	}
	maps.Copy(settings, c.Config)
	if settings["errors.deadletterqueue.topic.name"] != "" {
		settings["errors.deadletterqueue.topic.name"], settings["errors.deadletterqueue.topic.replication.factor"] = "dlq-"+name, "1"
	}
	switch c.At {
	case "key", "value", "header":
		settings[c.At+".converter"], settings[c.At+".converter.poison.name"] = poison, name
	case "transform", "drop":
		maps.Copy(settings, map[string]string{"transforms": "x", "transforms.x.type": "sluice.test.PoisonTransform", "transforms.x.poison.name": name})
	case "predicate":
		maps.Copy(settings, map[string]string{"transforms": "x", "transforms.x.type": "sluice.test.PoisonTransform", "transforms.x.predicate": "p", "transforms.x.negate": "true",
			"predicates": "p", "predicates.p.type": "sluice.test.PoisonPredicate", "predicates.p.poison.name": name})
	}
	return settings
}

// outcome waits until a connector has dealt with all of its records, stops it, and tells what it has left behind.
func (w javaPoisonWorker) outcome(t *testing.T, kafka, name, topic string, c *poisonCase) poisonOutcome {
	t.Helper()
	var o poisonOutcome
	eventually(t, time.Minute, c.Name+" is through", func() error {
		s, err := w.status(name)
		if err != nil || len(s.Tasks) != 1 {
			return fmt.Errorf("status %v, error %v", s, err)
		}
		o = w.tell(t, name)
		o.State, o.Trace = s.Tasks[0].State, javaCauses(s.Tasks[0].Trace)
		if o.State == "FAILED" {
			return nil
		}
		if !slices.Contains(o.Accepted, "c") || c.At == "report-later" && o.Metrics["total-record-failures"] == 0 {
			return fmt.Errorf("state %s, accepted %q", o.State, o.Accepted)
		}
		return nil
	})
	if strings.HasPrefix(c.Name, c.At+" retry ") && o.Metrics["total-retries"] > 0 { // how many it is depends on how fast the machine is
		o.Metrics["total-retries"], o.Metrics["total-record-failures"] = 2, 3
	}
	w.must(t, "PUT", "/connectors/"+name+"/stop", "")
	eventually(t, time.Minute, name+" has stopped", func() error {
		s, err := w.status(name)
		if err == nil && len(s.Tasks) > 0 {
			err = errors.New(s.Tasks[0].State)
		}
		return err
	})
	if c.Config["errors.deadletterqueue.topic.name"] != "" {
		o.DLQ = readPoison(t, kafka, "dlq-"+name)
	}
	o.Committed = committed(t, mustAdmin(t, kafka), "connect-"+name, topic, 1)[0]
	b, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	o = poisonOutcome{}
	if err := json.Unmarshal([]byte(strings.NewReplacer("dlq-"+name, "dlq", name, "NAME", topic, "TOPIC").Replace(string(b))), &o); err != nil {
		t.Fatal(err)
	}
	w.must(t, "DELETE", "/connectors/"+name, "")
	return o
}

// tell asks for what the REST API does not show.
func (w javaPoisonWorker) tell(t *testing.T, name string) poisonOutcome {
	t.Helper()
	response, err := http.Get(w.told + "/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	o := poisonOutcome{Metrics: map[string]int64{}, Accepted: []string{}}
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		kind, rest, _ := strings.Cut(lines.Text(), " ")
		switch kind {
		case "log":
			if !strings.Contains(rest, "Will attempt to create topic") {
				o.Log = append(o.Log, rest)
			}
		case "accepted":
			o.Accepted = append(o.Accepted, rest)
		case "metric":
			attribute, value, _ := strings.Cut(rest, " ")
			n, err := strconv.ParseInt(value, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			if attribute == "last-error-timestamp" {
				n = min(n, 1) // whether there is one
			}
			o.Metrics[attribute] = n
		}
	}
	return o
}

// javaCauses returns the lines of a stack trace that are no frames.
func javaCauses(trace string) (lines []string) {
	for line := range strings.Lines(trace) {
		if line = strings.TrimRight(line, "\n"); !strings.HasPrefix(line, "\tat ") && !strings.HasPrefix(line, "\t...") {
			lines = append(lines, line)
		}
	}
	return lines
}

// readPoison reads all records of a topic's partition 0. Of stack traces it leaves the lines that are no frames.
func readPoison(t *testing.T, kafka, topic string) (all []poisonRecord) {
	t.Helper()
	end := endOffsets(t, mustClient(t, kafka), topic)[0]
	if end == 0 {
		return nil
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(kafka), kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	nullable := func(b []byte) *string {
		if b == nil {
			return nil
		}
		return new(string(b))
	}
	for int64(len(all)) < end {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err0(); err != nil {
			t.Fatalf("read %s: at %d of %d: %v", topic, len(all), end, err)
		}
		for _, m := range fetches.Records() {
			r := poisonRecord{Key: nullable(m.Key), Value: nullable(m.Value), Timestamp: m.Timestamp.UnixMilli()}
			if r.Value != nil {
				short := strings.TrimRight(*r.Value, " ")
				r.Value, r.Padding = &short, len(*r.Value)-len(short)
			}
			for _, h := range m.Headers {
				value := nullable(h.Value)
				if strings.HasSuffix(h.Key, ".stacktrace") {
					value = new(strings.Join(javaCauses(*value), "\n"))
				}
				r.Headers = append(r.Headers, [2]*string{new(h.Key), value})
			}
			all = append(all, r)
		}
	}
	return all
}
