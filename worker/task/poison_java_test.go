package task_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"sluice/connect"
	"sluice/internal/kafka"
	"sluice/worker/task"
)

// poisonCase is one line of testdata/poison-java-3.9.2.jsonl: a connector whose second record of three is bad, and what Java's worker leaves
// behind. internal/integration makes the file and has the Java classes.
type poisonCase struct {
	Name    string            `json:"name"`
	At      string            `json:"at"` // who finds the record bad
	Records []poisonRecord    `json:"records"`
	Config  map[string]string `json:"config"`
	Java    poisonOutcome     `json:"java"`
}

type poisonRecord struct {
	Key       *string      `json:"key"`
	Value     *string      `json:"value"`
	Headers   [][2]*string `json:"headers,omitempty"`
	Timestamp int64        `json:"timestamp"`
	Padding   int          `json:"padding,omitempty"` // so many blanks stand behind the value
}

type poisonOutcome struct {
	State     string           `json:"state"`
	Trace     []string         `json:"trace,omitempty"`
	Accepted  []string         `json:"accepted"`
	Committed int64            `json:"committed"` // -1: none
	Metrics   map[string]int64 `json:"metrics"`
	Log       []string         `json:"log,omitempty"`
	DLQ       []poisonRecord   `json:"dlq,omitempty"`
}

func TestPoisonAsInJava(t *testing.T) {
	f, err := os.Open("testdata/poison-java-3.9.2.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n := 0
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for ; lines.Scan(); n++ {
		var c poisonCase
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		t.Run(c.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { c.play(t) })
		})
	}
	if err := lines.Err(); err != nil || n < 500 {
		t.Fatalf("read %d cases, error %v", n, err)
	}
}

// play runs a task with the case's records and compares what it leaves.
func (c *poisonCase) play(t *testing.T) {
	fake, queue, log := &fakeSink{}, &fakeDLQ{topics: []string{"dlq"}, largest: 1 << 20}, &errorLines{}
	sink := &poisonSink{fakeSink: fake, poisonous: c.At == "put"}
	h := run(t, fake, sink, func(cfg *task.Config) { c.configure(t, cfg, queue, log) })
	h.reader.set(func() {
		for i, r := range c.Records {
			h.reader.logs[kafka.TopicPartition{Topic: "TOPIC"}] = append(h.reader.logs[kafka.TopicPartition{Topic: "TOPIC"}], r.message(int64(i)))
		}
	})
	h.reader.assign(kafka.TopicPartition{Topic: "TOPIC"})
	time.Sleep(10 * time.Second)
	synctest.Wait()

	got := poisonOutcome{State: "RUNNING", Accepted: append([]string{}, sink.accepted...), Metrics: counted(h.task.Stats())}
	h.task.Stop()
	if err := h.stopped(); err != nil {
		got.State, got.Trace = "FAILED", withoutFrames(task.Trace(err))
	}
	got.Log = log.lines
	if got.Committed = h.reader.committedAt(kafka.TopicPartition{Topic: "TOPIC"}); got.Committed == 0 {
		got.Committed = -1 // where reading began
	}
	for _, r := range queue.records {
		got.DLQ = append(got.DLQ, poisonRecordOf(r))
	}
	for i := range c.Java.Log {
		c.Java.Log[i] = withoutSize(c.Java.Log[i])
	}
	if want := c.Java; !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%s\nJava leaves\n%s", asJSON(t, got), asJSON(t, want))
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// configure gives a task the settings of the case.
func (c *poisonCase) configure(t *testing.T, cfg *task.Config, queue *fakeDLQ, log slog.Handler) {
	const stringClass = "org.apache.kafka.connect.storage.StringConverter"
	text := &poisonText{Converter: newString(t)}
	cfg.ID, cfg.Topics, cfg.Logger = connect.TaskID{Connector: "NAME"}, []string{"TOPIC"}, slog.New(log)
	cfg.KeyConverter, cfg.ValueConverter, cfg.HeaderConverter = text, text, poisonTextHeader{text: text}
	cfg.KeyConverterClass, cfg.ValueConverterClass, cfg.HeaderConverterClass = stringClass, stringClass, stringClass
	const class = "sluice.test.PoisonConverter"
	poisonous := &poisonText{Converter: newString(t), poisonous: true}
	transform := task.Transformation{Class: "sluice.test.PoisonTransform", Transform: smt{apply: func(r *connect.SinkRecord) (*connect.SinkRecord, error) {
		if r.Value == "drop" {
			return nil, nil
		}
		return r, poisonous.check(r.Value)
	}}}
	switch c.At {
	case "key":
		cfg.KeyConverter, cfg.KeyConverterClass = poisonous, class
	case "value":
		cfg.ValueConverter, cfg.ValueConverterClass = poisonous, class
	case "header":
		cfg.HeaderConverter, cfg.HeaderConverterClass = poisonTextHeader{text: poisonous}, class
	case "transform", "drop":
		cfg.Transformations = []task.Transformation{transform}
	case "predicate":
		transform.Transform = smt{apply: func(r *connect.SinkRecord) (*connect.SinkRecord, error) { return r, nil }}
		transform.Predicate, transform.Negate = condition{test: func(r *connect.SinkRecord) (bool, error) { return false, poisonous.check(r.Value) }}, true
		cfg.Transformations = []task.Transformation{transform}
	}
	for key, value := range c.Config {
		switch key {
		case "errors.tolerance":
			cfg.Tolerance = task.Tolerance(value)
		case "errors.log.enable":
			cfg.ErrorsLogEnable = value == "true"
		case "errors.log.include.messages":
			cfg.ErrorsLogIncludeMessages = value == "true"
		case "errors.retry.timeout":
			ms, err := strconv.Atoi(value)
			if err != nil {
				t.Fatal(err)
			}
			cfg.RetryTimeout = time.Duration(ms) * time.Millisecond
		case "errors.deadletterqueue.topic.name":
			cfg.DLQ = queue.config(c.Config["errors.deadletterqueue.context.headers.enable"] == "true")
		case "errors.deadletterqueue.context.headers.enable":
		default:
			t.Fatalf("unknown setting %s", key)
		}
	}
}

// javaError is an error that has a class in Java.
type javaError struct {
	class, message string
	cause          error
}

func (e *javaError) Error() string     { return e.message }
func (e *javaError) Unwrap() error     { return e.cause }
func (e *javaError) JavaClass() string { return e.class }

// poisonText is a converter of texts, some of which are poison if it is poisonous.
type poisonText struct {
	connect.Converter
	poisonous bool
	tries     int
}

func (p *poisonText) ToConnect(topic string, h []connect.RawHeader, data []byte) (connect.SchemaAndValue, error) {
	v, err := p.Converter.ToConnect(topic, h, data)
	if err == nil && p.poisonous {
		err = p.check(v.Value)
	}
	return v, err
}

// poisonTextHeader is the same for headers.
type poisonTextHeader struct {
	connect.HeaderConverter
	text *poisonText
}

func (p poisonTextHeader) ToConnectHeader(topic, _ string, data []byte) (connect.SchemaAndValue, error) {
	return p.text.ToConnect(topic, nil, data)
}

func (p poisonTextHeader) FromConnectHeader(topic, _ string, v connect.SchemaAndValue) ([]byte, error) {
	return p.text.FromConnect(topic, v)
}

// check is the Poison of the Java classes.
func (p *poisonText) check(value any) error {
	text, _ := value.(string)
	kind, poison := strings.CutPrefix(strings.TrimRight(text, " "), "poison=")
	if !poison {
		return nil
	}
	p.tries++
	bad, again := connect.NewDataError("it is poison"), connect.Retriable(fmt.Errorf("it is poison now"))
	switch kind {
	case "data":
		return bad
	case "cause":
		return &connect.DataError{Message: "it is poison", Cause: &javaError{class: "java.lang.IllegalArgumentException", message: "it is green"}}
	case "runtime":
		return &javaError{class: "java.lang.IllegalStateException", message: "it is poison"}
	case "silent":
		return &javaError{class: "java.lang.IllegalStateException"}
	case "retry":
		return again
	case "retry-once", "retry-then-data":
		if p.tries == 1 {
			return again
		}
		if kind == "retry-then-data" {
			return bad
		}
	}
	return nil
}

// poisonSink is the PoisonSinkTask of the Java classes.
type poisonSink struct {
	*fakeSink
	poisonous bool
	poison    poisonText
	accepted  []string
	later     []connect.SinkRecord
}

func (s *poisonSink) Put(_ context.Context, records []connect.SinkRecord) error {
	var values []string
	for i := range records {
		r := &records[i]
		value := strings.TrimRight(r.Value.(string), " ")
		switch value {
		case "report", "report-copy", "report-own", "report-silent":
			select {
			case err := <-s.report(r, value): // what Java throws is here at once
				if err != nil {
					return err
				}
			default:
			}
		case "report-and-wait":
			if err := <-s.report(r, value); err != nil {
				return err
			}
		case "report-twice":
			s.report(r, value)
			s.report(r, value)
		case "report-later":
			s.later = append(s.later, *r)
			s.ctx.RequestCommit()
		default:
			if s.poisonous {
				if err := s.poison.check(r.Value); err != nil {
					s.ctx.Timeout(10 * time.Millisecond)
					return err
				}
			}
			values = append(values, value)
		}
	}
	s.accepted = append(s.accepted, values...)
	return nil
}

func (s *poisonSink) Flush(context.Context, map[connect.TopicPartition]int64) error {
	for i := range s.later {
		s.report(&s.later[i], "report-later")
	}
	s.later = nil
	return nil
}

func (s *poisonSink) report(r *connect.SinkRecord, how string) <-chan error {
	var reason error = connect.NewDataError("it is poison")
	switch how {
	case "report-silent":
		reason = &javaError{class: "java.lang.IllegalStateException"}
	case "report-copy":
		other := *r
		other.TargetTopic, other.Key, other.Value = "elsewhere", "other", "other"
		r = &other
	case "report-own":
		r = &connect.SinkRecord{Topic: r.Topic, Partition: r.Partition, Offset: r.Offset, Timestamp: r.Timestamp, TimestampType: r.TimestampType, Key: "own-key", Value: "own"}
	}
	return s.ctx.Report(r, reason)
}

func (r *poisonRecord) message(offset int64) kafka.Message {
	bytes := func(s *string, padding int) []byte {
		if s == nil {
			return nil
		}
		return append([]byte(*s), strings.Repeat(" ", padding)...)
	}
	m := kafka.Message{Topic: "TOPIC", Offset: offset, Timestamp: r.Timestamp, Key: bytes(r.Key, 0), Value: bytes(r.Value, r.Padding)}
	for _, h := range r.Headers {
		m.Headers = append(m.Headers, kafka.Header{Key: *h[0], Value: bytes(h[1], 0)})
	}
	return m
}

// poisonRecordOf prints a record of the queue. Of a stack trace it leaves what is not about places in code.
func poisonRecordOf(out kafka.OutRecord) poisonRecord {
	nullable := func(b []byte) *string {
		if b == nil {
			return nil
		}
		return new(string(b))
	}
	r := poisonRecord{Key: nullable(out.Key), Value: nullable(out.Value), Timestamp: out.Timestamp.UnixMilli()}
	if r.Value != nil {
		short := strings.TrimRight(*r.Value, " ")
		r.Value, r.Padding = &short, len(*r.Value)-len(short)
	}
	for _, h := range out.Headers {
		value := nullable(h.Value)
		if strings.HasSuffix(h.Key, ".stacktrace") {
			value = new(strings.Join(withoutFrames(*value), "\n"))
		}
		r.Headers = append(r.Headers, [2]*string{&h.Key, value})
	}
	return r
}

// counted is what Java's task-error-metrics show.
func counted(s task.Stats) map[string]int64 {
	m := map[string]int64{
		"total-record-failures": s.Failures, "total-record-errors": s.Errors, "total-records-skipped": s.Skipped, "total-retries": s.Retries,
		"total-errors-logged": s.ErrorsLogged, "deadletterqueue-produce-requests": s.DLQRequests, "deadletterqueue-produce-failures": s.DLQFailures,
		"last-error-timestamp": 0,
	}
	if !s.LastFailure.IsZero() {
		m["last-error-timestamp"] = 1
	}
	return m
}

// withoutSize leaves out of a line how large a record is: the stack trace in its headers is a Java one in Java.
func withoutSize(line string) string {
	if strings.HasPrefix(line, "ERROR Could not produce message") {
		line, _, _ = strings.Cut(line, "\t")
	}
	return line
}

// errorLines keeps what Java's reporters log: level, message, and the first line of the exception.
type errorLines struct {
	mu    sync.Mutex
	lines []string
}

func (e *errorLines) Enabled(context.Context, slog.Level) bool { return true }
func (e *errorLines) WithGroup(string) slog.Handler            { return e }
func (e *errorLines) WithAttrs([]slog.Attr) slog.Handler       { return e }

func (e *errorLines) Handle(_ context.Context, r slog.Record) error {
	if !strings.HasPrefix(r.Message, "Error encountered in task") && !strings.HasPrefix(r.Message, "Could not produce message") {
		return nil
	}
	thrown := ""
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "err" {
			thrown, _, _ = strings.Cut(a.Value.String(), "\n")
		}
		return true
	})
	e.mu.Lock()
	defer e.mu.Unlock()
	e.lines = append(e.lines, withoutSize(r.Level.String()+" "+r.Message+"\t"+thrown))
	return nil
}
