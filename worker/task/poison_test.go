package task_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"sluice/connect"
	"sluice/internal/kafka"
	"sluice/worker/task"
)

// poison is the value of records that fail somewhere.
const poison = "poison"

var errPoison = connect.NewDataError("it is poison")

// poisonConverter fails on bytes that are poison.
type poisonConverter struct{ connect.Converter }

func (c poisonConverter) ToConnect(topic string, h []connect.RawHeader, data []byte) (connect.SchemaAndValue, error) {
	if string(data) == poison {
		return connect.SchemaAndValue{}, errPoison
	}
	return c.Converter.ToConnect(topic, h, data)
}

type poisonHeaders struct{ connect.HeaderConverter }

func (c poisonHeaders) ToConnectHeader(topic, key string, data []byte) (connect.SchemaAndValue, error) {
	if string(data) == poison {
		return connect.SchemaAndValue{}, errPoison
	}
	return c.HeaderConverter.ToConnectHeader(topic, key, data)
}

// smt is a transform and a predicate made of functions.
type smt struct {
	connect.Transform
	apply func(r *connect.SinkRecord) (*connect.SinkRecord, error)
	close func() error
}

func (s smt) Apply(r *connect.SinkRecord) (*connect.SinkRecord, error) { return s.apply(r) }
func (s smt) Close() error {
	if s.close != nil {
		return s.close()
	}
	return nil
}

type condition struct {
	connect.Predicate
	test func(r *connect.SinkRecord) (bool, error)
}

func (c condition) Test(r *connect.SinkRecord) (bool, error) { return c.test(r) }
func (condition) Close() error                               { return nil }

// poisonousStages make the record "b" fail, each at its stage.
var poisonousStages = []struct {
	name   string
	stage  task.Stage
	class  string
	change func(c *task.Config, fake *fakeSink, m *kafka.Message)
}{
	{"key", task.StageKeyConverter, "my.KeyConverter", func(c *task.Config, _ *fakeSink, m *kafka.Message) {
		c.KeyConverter, c.KeyConverterClass = poisonConverter{c.KeyConverter}, "my.KeyConverter"
		m.Key = []byte(poison)
	}},
	{"value", task.StageValueConverter, "my.ValueConverter", func(c *task.Config, _ *fakeSink, m *kafka.Message) {
		c.ValueConverter, c.ValueConverterClass = poisonConverter{c.ValueConverter}, "my.ValueConverter"
		m.Value = []byte(poison)
	}},
	{"header", task.StageHeaderConverter, "my.HeaderConverter", func(c *task.Config, _ *fakeSink, m *kafka.Message) {
		c.HeaderConverter, c.HeaderConverterClass = poisonHeaders{c.HeaderConverter}, "my.HeaderConverter"
		m.Headers = []kafka.Header{{Key: "h", Value: []byte(poison)}}
	}},
	{"key and value, of which the first counts", task.StageKeyConverter, "my.Converter", func(c *task.Config, _ *fakeSink, m *kafka.Message) {
		c.KeyConverter, c.ValueConverter, c.KeyConverterClass = poisonConverter{c.KeyConverter}, poisonConverter{c.ValueConverter}, "my.Converter"
		m.Key, m.Value = []byte(poison), []byte(poison)
	}},
	{"transform", task.StageTransformation, "my.Transform", func(c *task.Config, _ *fakeSink, _ *kafka.Message) {
		c.Transformations = []task.Transformation{
			{Class: "fine", Transform: smt{apply: func(r *connect.SinkRecord) (*connect.SinkRecord, error) { return r, nil }}},
			{Class: "my.Transform", Transform: smt{apply: func(r *connect.SinkRecord) (*connect.SinkRecord, error) {
				if r.Value == "b" {
					return nil, errPoison
				}
				return r, nil
			}}},
		}
	}},
	{"predicate", task.StageTransformation, "my.Transform", func(c *task.Config, _ *fakeSink, _ *kafka.Message) {
		c.Transformations = []task.Transformation{{
			Class: "my.Transform", Transform: smt{apply: func(r *connect.SinkRecord) (*connect.SinkRecord, error) { return r, nil }},
			Predicate: condition{test: func(r *connect.SinkRecord) (bool, error) {
				if r.Value == "b" {
					return false, errPoison
				}
				return true, nil
			}},
		}}
	}},
	{"put", task.StageTaskPut, "org.apache.kafka.connect.sink.SinkTask", func(_ *task.Config, fake *fakeSink, _ *kafka.Message) {
		fake.put = func(_ context.Context, records []connect.SinkRecord) error {
			for i := range records {
				if records[i].Value == "b" {
					if err := <-fake.ctx.Report(&records[i], errPoison); err != nil {
						return err
					}
				}
			}
			return nil
		}
	}},
}

// Java's outcome for a poison record at each stage: its fate depends on errors.tolerance alone, but a record that a task reports needs a
// place to be reported to. Whoever is to know of it knows before the task fails.
//
// Kafka: RetryWithToleranceOperator.execAndHandleError and executeFailed, WorkerSinkTask's choice of a reporter.
func TestAPoisonRecordAtEachStage(t *testing.T) {
	for _, stage := range poisonousStages {
		for _, tolerance := range []task.Tolerance{task.ToleranceNone, task.ToleranceAll} {
			for _, dlq := range []string{"no queue", "queue", "queue with headers"} {
				for _, log := range []bool{false, true} {
					t.Run(fmt.Sprintf("%s/%s/%s/log=%v", stage.name, tolerance, dlq, log), func(t *testing.T) {
						synctest.Test(t, func(t *testing.T) {
							fake, queue := &fakeSink{}, &fakeDLQ{topics: []string{"dlq"}}
							bad := kafka.Message{Topic: "t", Offset: 1, Timestamp: 1700000000001, Value: []byte("b")}
							h := run(t, fake, nil, func(c *task.Config) {
								c.Tolerance, c.ErrorsLogEnable = tolerance, log
								if dlq != "no queue" {
									c.DLQ = queue.config(dlq == "queue with headers")
								}
								stage.change(c, fake, &bad)
							})
							h.reader.produce(tp0, "a")
							h.reader.set(func() { h.reader.logs[tp0] = append(h.reader.logs[tp0], bad) })
							h.reader.produce(tp0, "c")
							h.reader.assign(tp0)
							synctest.Wait()

							tolerated := tolerance == task.ToleranceAll && (stage.stage != task.StageTaskPut || log || dlq != "no queue")
							status, committed := "RUNNING topic:t", int64(3)
							if !tolerated {
								status, committed = "RUNNING topic:t FAILED", 0 // the whole batch
							}
							h.expect("statuses", h.statuses.String(), status)
							h.task.Stop()
							err := h.stopped()
							if (err == nil) != tolerated || err != nil && !errors.Is(err, errPoison) {
								t.Errorf("got failure %v", err)
							}
							h.expectCommitted(tp0, committed)
							expectReported(h, queue, bad, stage.stage, stage.class, dlq, log)
						})
					})
				}
			}
		}
	}
}

// expectReported looks for the record where it is to be reported.
func expectReported(h *harness, queue *fakeDLQ, bad kafka.Message, stage task.Stage, class, dlq string, log bool) {
	h.t.Helper()
	line := fmt.Sprintf("Executing stage '%s' with class '%s'.", stage, class)
	if n := strings.Count(h.log.String(), line); n != map[bool]int{true: 1}[log] {
		h.t.Errorf("%d lines in the log, logged is %v:\n%s", n, log, h.log)
	}
	if dlq == "no queue" {
		h.expect("records in the queue", queue.taken(), "")
		return
	}
	if len(queue.records) != 1 {
		h.t.Fatalf("got %d records in the queue", len(queue.records))
	}
	r := queue.records[0]
	if string(r.Key) != string(bad.Key) || string(r.Value) != string(bad.Value) || r.Timestamp.UnixMilli() != bad.Timestamp || r.Partition != -1 || r.Topic != "dlq" {
		h.t.Errorf("got record %+v", r)
	}
	var headers []string
	for _, header := range r.Headers {
		headers = append(headers, header.Key+"="+string(header.Value))
	}
	var want []string
	for _, header := range bad.Headers {
		want = append(want, header.Key+"="+string(header.Value))
	}
	if dlq == "queue with headers" {
		const p = "__connect.errors."
		want = append(want, p+"topic=t", p+"partition=0", p+"offset=1", p+"connector.name=c", p+"task.id=0", p+"stage="+string(stage), p+"class.name="+class,
			p+"exception.class.name=org.apache.kafka.connect.errors.DataException", p+"exception.message=it is poison",
			p+"exception.stacktrace=org.apache.kafka.connect.errors.DataException: it is poison\n")
	}
	h.expect("headers", strings.Join(headers, " "), strings.Join(want, " "))
}
