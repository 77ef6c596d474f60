package task_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"sluice/connect"
	"sluice/connect/converter"
	"sluice/internal/kafka"
	"sluice/worker/task"
)

// capturedErrors is one line of testdata/errors.jsonl.
type capturedErrors struct {
	Case   string            `json:"case"`
	Note   string            `json:"note"`
	Config map[string]string `json:"config"`
	Input  []struct {
		Topic     string `json:"topic"`
		Partition int32
		Offset    int64
		Timestamp int64
		Key       *string
		Value     *string
		Headers   []struct{ Name, Value string }
	} `json:"input"`
	Committed int64    `json:"committed"`
	State     string   `json:"state"`
	Trace     []string `json:"trace"`
	Log       []string `json:"log"`
}

func TestBadRecordsAreDealtWithAsInKafkaConnect(t *testing.T) {
	f, err := os.Open("testdata/errors.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n := 0
	for lines := bufio.NewScanner(f); lines.Scan(); n++ {
		var c capturedErrors
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		t.Run(c.Case+": "+c.Note, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { c.run(t) })
		})
	}
	if n != 9 {
		t.Fatalf("read %d cases, want 9", n)
	}
}

func (c *capturedErrors) run(t *testing.T) {
	topic := c.Input[0].Topic
	tp := kafka.TopicPartition{Topic: topic}
	fake := &fakeSink{}
	fake.put = func(_ context.Context, records []connect.SinkRecord) error {
		for i := range records {
			if err := reportingSink(fake.ctx, &records[i]); err != nil {
				return err
			}
		}
		return nil
	}
	errorLog := &errorMessages{}
	h := run(t, fake, nil, func(cfg *task.Config) {
		cfg.ID, cfg.Topics = connect.TaskID{Connector: c.Case}, []string{topic}
		cfg.Tolerance = task.Tolerance(c.Config["errors.tolerance"])
		cfg.ErrorsLogEnable = c.Config["errors.log.enable"] == "true"
		cfg.ErrorsLogIncludeMessages = c.Config["errors.log.include.messages"] == "true"
		cfg.KeyConverter, cfg.KeyConverterClass = c.converter(t, "key.converter"), c.Config["key.converter"]
		cfg.ValueConverter, cfg.ValueConverterClass = c.converter(t, "value.converter"), c.Config["value.converter"]
		cfg.Logger = slog.New(errorLog)
	})
	h.reader.set(func() {
		h.reader.maxPoll = 1 // they were produced one by one
		for _, in := range c.Input {
			m := kafka.Message{Topic: in.Topic, Offset: in.Offset, Timestamp: in.Timestamp}
			if in.Key != nil {
				m.Key = []byte(*in.Key)
			}
			if in.Value != nil {
				m.Value = []byte(*in.Value)
			}
			for _, header := range in.Headers {
				m.Headers = append(m.Headers, kafka.Header{Key: header.Name, Value: []byte(header.Value)})
			}
			h.reader.logs[tp] = append(h.reader.logs[tp], m)
		}
	})
	h.reader.assign(tp)
	time.Sleep(time.Second)
	synctest.Wait()
	h.task.Stop()
	err := h.stopped()

	if failed := err != nil; failed != (c.State == "FAILED") {
		t.Fatalf("got %v, want state %s", err, c.State)
	}
	if got := withoutFrames(task.Trace(err)); !slices.Equal(got, c.Trace) {
		t.Errorf("trace:\n got %q\nwant %q", got, c.Trace)
	}
	if got := errorLog.taken(); !slices.Equal(got, c.Log) {
		t.Errorf("log:\n got %q\nwant %q", got, c.Log)
	}
	if got := h.reader.committedAt(tp); c.Committed >= 0 && got != c.Committed {
		t.Errorf("committed: got %d, want %d", got, c.Committed)
	}
}

func (c *capturedErrors) converter(t *testing.T, key string) connect.Converter {
	t.Helper()
	for _, p := range converter.Plugins() {
		if p.Class != c.Config[key] || p.Type != connect.ConverterPluginType {
			continue
		}
		props := map[string]string{}
		for k, v := range c.Config {
			if own, ok := strings.CutPrefix(k, key+"."); ok {
				props[own] = v
			}
		}
		conv := p.NewConverter()
		if err := conv.Configure(props, key == "key.converter"); err != nil {
			t.Fatal(err)
		}
		return conv
	}
	t.Fatalf("no converter %s", c.Config[key])
	return nil
}

// reportingSink does what the plugin of the captured cases does.
func reportingSink(tc connect.SinkTaskContext, r *connect.SinkRecord) error {
	raw, ok := r.Value.(connect.RawJSON)
	if !ok {
		return nil
	}
	tree, err := raw.Decode()
	if err != nil {
		return err
	}
	object, _ := tree.(map[string]any)
	switch x, _ := object["x"].(string); {
	case strings.HasPrefix(x, "report"):
		return <-tc.Report(r, connect.NewDataError("bad record"))
	case x == "throw":
		return errors.New("put failed")
	}
	return nil
}

// withoutFrames returns the lines of a trace that are not about places in code.
func withoutFrames(trace string) []string {
	var out []string
	for line := range strings.Lines(trace) {
		if line = strings.TrimSuffix(line, "\n"); !strings.HasPrefix(line, "\t") {
			out = append(out, line)
		}
	}
	return out
}

// errorMessages keeps the messages of the error log.
type errorMessages struct {
	mu   sync.Mutex
	list []string
}

func (e *errorMessages) Enabled(context.Context, slog.Level) bool { return true }
func (e *errorMessages) WithAttrs([]slog.Attr) slog.Handler       { return e }
func (e *errorMessages) WithGroup(string) slog.Handler            { return e }

func (e *errorMessages) Handle(_ context.Context, r slog.Record) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if strings.HasPrefix(r.Message, "Error encountered") {
		e.list = append(e.list, r.Message)
	}
	return nil
}

func (e *errorMessages) taken() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]string{}, e.list...)
}
