package worker_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"sluice/connect"
	embedded "sluice/internal/embedded/kafka"
	"sluice/internal/kafka"
	"sluice/worker"
	"sluice/worker/task"
)

// goldenCase is a connector that ran on Kafka Connect 3.9.2: what it was given and what became of it.
type goldenCase struct {
	Case   string
	Config map[string]string
	Input  []goldenRecord
	DLQ    []goldenRecord
	Status struct {
		Connector struct{ State string }
		Tasks     []struct{ State, Trace string }
	}
	Group struct{ Committed []struct{ Offset int64 } }
	Log   []string
}

type goldenRecord struct {
	Key, Value *string
	Partition  int32
	Timestamp  int64
	Headers    []struct {
		Name  string
		Value *string
	}
}

const contextHeader = "__connect.errors."

// String prints all of a record but its offset. Of a stack trace it is the first line: the others are Java's own.
func (r goldenRecord) String() string {
	text := func(s *string) string {
		if s == nil {
			return "null"
		}
		return fmt.Sprintf("%q", *s)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s (partition %d, %d)\n", text(r.Key), text(r.Value), r.Partition, r.Timestamp)
	for _, h := range r.Headers {
		value := text(h.Value)
		if h.Name == contextHeader+"exception.stacktrace" && h.Value != nil {
			first, _, _ := strings.Cut(*h.Value, "\n")
			value = fmt.Sprintf("%q ...", first)
		}
		fmt.Fprintf(&b, "  %s=%s\n", h.Name, value)
	}
	return b.String()
}

func goldenCases(t *testing.T) []goldenCase {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "dlq", "cases.jsonl"))
	must(t, err)
	var cases []goldenCase
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, len(data))
	for lines.Scan() {
		var c goldenCase
		must(t, json.Unmarshal(lines.Bytes(), &c))
		if len(c.Input) > 0 { // the one without was refused when it was created
			cases = append(cases, c)
		}
	}
	return cases
}

// goldenSink is the test helper that the recording was made with, in Go: the record's field x says what its task does.
type goldenSink struct{ props map[string]string }

func (*goldenSink) Version() string            { return "1" }
func (*goldenSink) Config() *connect.ConfigDef { return connect.NewConfigDef() }
func (s *goldenSink) Start(_ context.Context, props map[string]string) error {
	s.props = props
	return nil
}
func (s *goldenSink) TaskConfigs(int) ([]map[string]string, error) {
	return []map[string]string{s.props}, nil
}
func (*goldenSink) Stop(context.Context) error { return nil }
func (*goldenSink) NewTask() connect.SinkTask  { return &goldenTask{} }

type goldenTask struct {
	tc      connect.SinkTaskContext
	refused int
}

// noMessage is an exception without a message.
type noMessage struct{}

func (noMessage) Error() string     { return "" }
func (noMessage) JavaClass() string { return "java.lang.RuntimeException" }

func (s *goldenTask) Start(_ context.Context, tc connect.SinkTaskContext, _ map[string]string) error {
	s.tc = tc
	return nil
}

func (s *goldenTask) Put(ctx context.Context, records []connect.SinkRecord) error {
	for i := range records {
		value := string(records[i].Value.(connect.RawJSON))
		var done <-chan error
		switch {
		case strings.Contains(value, `"report"`):
			done = s.tc.Report(&records[i], connect.NewDataError("bad record"))
		case strings.Contains(value, `"report-own"`):
			own := records[i]
			own.TargetTopic = "elsewhere"
			done = s.tc.Report(&own, connect.NewDataError("own record"))
		case strings.Contains(value, `"report-null-message"`):
			done = s.tc.Report(&records[i], noMessage{})
		case strings.Contains(value, `"throw"`):
			return errors.New("put failed")
		case strings.Contains(value, `"retry3"`) && s.refused < 3:
			s.refused++
			s.tc.Timeout(time.Millisecond)
			return connect.Retriable(errors.New("retry me"))
		}
		if done != nil {
			if err := <-done; err != nil {
				return err
			}
		}
	}
	return nil
}

func (*goldenTask) Stop(context.Context) error { return nil }

// goldenSMT refuses records with a retriable error, or passes them on.
type goldenSMT struct{}

func (goldenSMT) Config() *connect.ConfigDef        { return connect.NewConfigDef() }
func (goldenSMT) Configure(map[string]string) error { return nil }
func (goldenSMT) Close() error                      { return nil }
func (goldenSMT) Apply(r *connect.SinkRecord) (*connect.SinkRecord, error) {
	if r.Value == "retriable" {
		return nil, connect.Retriable(errors.New("smt says retry"))
	}
	return r, nil
}

// reports keeps what is logged about records that failed.
type reports struct {
	mu    sync.Mutex
	lines []string
}

func (l *reports) logger() *slog.Logger { return slog.New(reportHandler{l, false}) }

// of returns the lines about a task.
func (l *reports) of(id string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(l.lines), func(s string) bool { return !strings.HasPrefix(s, "Error encountered in task "+id+". ") })
}

type reportHandler struct {
	l     *reports
	ofOne bool // its logger is the one that reports
}

func (h reportHandler) Enabled(context.Context, slog.Level) bool { return true }
func (h reportHandler) WithGroup(string) slog.Handler            { return h }
func (h reportHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	for _, a := range attrs {
		if a.Key == "logger" {
			h.ofOne = a.Value.String() == task.ReporterName
		}
	}
	return h
}
func (h reportHandler) Handle(_ context.Context, r slog.Record) error {
	if h.ofOne {
		h.l.mu.Lock()
		defer h.l.mu.Unlock()
		h.l.lines = append(h.l.lines, r.Message)
	}
	return nil
}

// Every connector of the recording runs here with the same records, and has to leave the same: states, committed offsets, lines in the log,
// and in the dead letter queue record for record the bytes, headers and timestamps.
func TestRecordsFailAsInKafkaConnect(t *testing.T) {
	t.Parallel()
	broker := startBroker(t, embedded.Options{})
	var log reports
	w := startWorkerWithTransforms(t, broker.Addr(), log.logger(),
		connect.Plugin{Class: "golden.ReportingSinkConnector", Type: connect.SinkPluginType, TaskClass: "golden.ReportingSinkTask", NewSink: func() connect.SinkConnector { return &goldenSink{} }},
		connect.Plugin{Class: "golden.RetriableSmt", Type: connect.TransformationPluginType, NewTransform: func() connect.Transform { return goldenSMT{} }})
	ctx := t.Context()
	admin, err := kafka.NewAdmin(kafka.AdminConfig{Properties: kafka.Properties{"bootstrap.servers": broker.Addr()}})
	must(t, err)
	t.Cleanup(func() { admin.Close() })
	producer, err := kgo.NewClient(kgo.SeedBrokers(broker.Addr()), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	must(t, err)
	t.Cleanup(producer.Close)

	cases := goldenCases(t)
	dir := t.TempDir()
	for _, c := range cases {
		topic := c.Config["topics"]
		_, err := admin.CreateTopic(ctx, kafka.TopicSpec{Name: topic, Partitions: 1, ReplicationFactor: 1})
		must(t, err)
		for _, in := range c.Input {
			r := &kgo.Record{Topic: topic, Timestamp: time.UnixMilli(in.Timestamp), Key: bytesOf(in.Key), Value: bytesOf(in.Value)}
			for _, h := range in.Headers {
				r.Headers = append(r.Headers, kgo.RecordHeader{Key: h.Name, Value: bytesOf(h.Value)})
			}
			must(t, producer.ProduceSync(ctx, r).FirstErr())
		}
		p := worker.Properties{}
		name := c.Case
		p = p.With("name", &name)
		for k, v := range c.Config {
			if k == "file" {
				v = filepath.Join(dir, v)
			}
			p = p.With(k, &v)
		}
		_, _, err = w.Herder().PutConnector(ctx, name, p, nil, false)
		must(t, err)
	}
	for _, c := range cases {
		t.Run(c.Case, func(t *testing.T) { expectGolden(t, c, w, admin, broker.Addr(), &log) })
	}
}

func expectGolden(t *testing.T, c goldenCase, w *worker.Worker, admin *kafka.Admin, addr string, log *reports) {
	ctx := t.Context()
	awaitState(t, w, c.Case, c.Status.Connector.State+" "+c.Status.Tasks[0].State)
	want := int64(-1)
	if len(c.Group.Committed) > 0 {
		want = c.Group.Committed[0].Offset
	}
	tp := kafka.TopicPartition{Topic: c.Config["topics"]}
	await(t, fmt.Sprintf("a commit of %d", want), func() (string, bool) {
		offsets, err := admin.GroupOffsets(ctx, "connect-"+c.Case)
		must(t, err)
		got, committed := offsets[tp]
		if !committed {
			got.Offset = -1
		}
		return fmt.Sprint(got.Offset), got.Offset == want
	})
	if c.Status.Tasks[0].State == "FAILED" {
		info, err := w.Herder().ConnectorStatus(c.Case)
		must(t, err)
		if got, want := causes(info.Tasks[0].Trace), causes(c.Status.Tasks[0].Trace); got != want {
			t.Errorf("trace\n got %s\nwant %s", got, want)
		}
	}
	var lines []string
	for _, line := range c.Log {
		if _, line, ok := strings.Cut(line, "] Error encountered"); ok {
			lines = append(lines, "Error encountered"+line[:strings.LastIndex(line, " (")])
		}
	}
	if got := log.of(c.Case + "-0"); !slices.Equal(got, lines) {
		t.Errorf("log\n got %s\nwant %s", strings.Join(got, "\n     "), strings.Join(lines, "\n     "))
	}

	dlq := c.Config["errors.deadletterqueue.topic.name"]
	if dlq == "" {
		return
	}
	partitions, err := admin.PartitionCount(ctx, dlq)
	if err != nil || partitions != 1 {
		t.Errorf("the topic %s has %d partitions, error %v", dlq, partitions, err)
	}
	got := records(t, addr, dlq, len(c.DLQ))
	if len(got) != len(c.DLQ) {
		t.Errorf("%d records in %s, want %d", len(got), dlq, len(c.DLQ))
	}
	for i := range min(len(got), len(c.DLQ)) {
		if got, want := got[i].String(), c.DLQ[i].String(); got != want {
			t.Errorf("record %d\n got %s\nwant %s", i, got, want)
		}
	}
}

// causes returns the lines of a trace that name errors.
func causes(trace string) string {
	var kept []string
	for line := range strings.Lines(trace) {
		if strings.HasPrefix(line, "org.") || strings.HasPrefix(line, "Caused by: org.apache.kafka.connect.errors") {
			kept = append(kept, strings.TrimSpace(line))
		}
	}
	return strings.Join(kept, "\n")
}

// records reads what is in partition 0 of a topic, and waits until it is at least n.
func records(t *testing.T, addr, topic string, n int) []goldenRecord {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(addr), kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	must(t, err)
	defer client.Close()
	var all []goldenRecord
	for len(all) < n {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		fetches := client.PollFetches(ctx)
		cancel()
		if err := fetches.Err(); err != nil {
			t.Errorf("reading %s after %d records: %v", topic, len(all), err)
			return all
		}
		fetches.EachRecord(func(r *kgo.Record) {
			out := goldenRecord{Key: textOf(r.Key), Value: textOf(r.Value), Partition: r.Partition, Timestamp: r.Timestamp.UnixMilli()}
			for _, h := range r.Headers {
				out.Headers = append(out.Headers, struct {
					Name  string
					Value *string
				}{h.Key, textOf(h.Value)})
			}
			all = append(all, out)
		})
	}
	return all
}

func bytesOf(s *string) []byte {
	if s == nil {
		return nil
	}
	return []byte(*s)
}

func textOf(b []byte) *string {
	if b == nil {
		return nil
	}
	s := string(b)
	return &s
}
