package task_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"sluice/connect"
	"sluice/connect/converter"
	"sluice/internal/kafka"
	"sluice/worker/task"
)

// endlessReader hands out the same 500 messages, with offsets that go up, until the benchmark has enough.
type endlessReader struct {
	fakeReader
	messages []kafka.Message
	assigned bool
	left     int
	enough   func()
}

func (r *endlessReader) Poll(ctx context.Context, _ time.Duration) ([]kafka.Message, error) {
	if !r.assigned {
		r.assigned = true
		return nil, r.listener.Assigned(ctx, map[kafka.TopicPartition]int64{tp0: 0})
	}
	if r.left <= 0 {
		r.enough()
		return nil, nil
	}
	r.left -= len(r.messages)
	for i := range r.messages {
		r.messages[i].Offset += int64(len(r.messages))
	}
	return r.messages, nil
}

// BenchmarkRecord measures what the task adds to a record between poll and put: conversion of a 30-byte key and a 245-byte value of JSON without
// schemas, and the bookkeeping. The consumer is left out, and so is the plugin.
func BenchmarkRecord(b *testing.B) { benchmarkRecord(b, nil) }

// BenchmarkRecordWithDLQ is BenchmarkRecord with a dead letter queue that gets nothing.
func BenchmarkRecordWithDLQ(b *testing.B) {
	benchmarkRecord(b, func(c *task.Config) { c.DLQ = (&fakeDLQ{topics: []string{"dlq"}}).config(true) })
}

// BenchmarkRecordWithTransforms is BenchmarkRecord with a field that is inserted unless the record is a tombstone, and one that is cast to text.
func BenchmarkRecordWithTransforms(b *testing.B) {
	benchmarkRecord(b, func(c *task.Config) {
		c.Transformations = []task.Transformation{
			step(b, "InsertField$Value", map[string]string{"topic.field": "from"}, "!RecordIsTombstone"),
			step(b, "Cast$Value", map[string]string{"spec": "account_id:string"}),
		}
	})
}

// BenchmarkRecordWithRouter is BenchmarkRecord with a transform that has nothing to do with values.
func BenchmarkRecordWithRouter(b *testing.B) {
	benchmarkRecord(b, func(c *task.Config) {
		c.Transformations = []task.Transformation{step(b, "RegexRouter", map[string]string{"regex": "(.*)", "replacement": "$1-new"})}
	})
}

func benchmarkRecord(b *testing.B, change func(*task.Config)) {
	value := []byte(`{"account_id":1000000001,"customer_id":"C1000000001","merchant_type":"Online","transaction_id":"A0B1C2D3E4F56789",` +
		`"transaction_type":"Food and Beverage","transaction_amount":6252.83,"transaction_date":"2026-11-23 10:20:30.123456","flagged":true}`)
	r := &endlessReader{fakeReader: *newFakeReader(), left: b.N}
	for i := range 500 {
		r.messages = append(r.messages, kafka.Message{Topic: "t", Offset: int64(i - 500), Timestamp: 1, Key: fmt.Appendf(nil, `{"transaction_id":"%012d"}`, i), Value: value})
	}
	cfg := config(b, bareSink{&fakeSink{put: func(context.Context, []connect.SinkRecord) error { return nil }}}, &r.fakeReader, &statuses{}, nil)
	cfg.Task = countingSink{}
	cfg.KeyConverter, cfg.ValueConverter = newJSON(b), newJSON(b)
	cfg.KeyConverterClass, cfg.ValueConverterClass = converter.JSONClass, converter.JSONClass
	cfg.NewReader = func(rc kafka.GroupReaderConfig) (task.Reader, error) {
		r.listener = rc.Listener
		return r, nil
	}
	if change != nil {
		change(&cfg)
	}
	tk, err := task.New(cfg)
	if err != nil {
		b.Fatal(err)
	}
	r.enough = tk.Stop
	b.ReportAllocs()
	b.ResetTimer()
	if err := tk.Run(b.Context()); err != nil {
		b.Fatal(err)
	}
}

// countingSink does nothing.
type countingSink struct{}

func (countingSink) Start(context.Context, connect.SinkTaskContext, map[string]string) error {
	return nil
}
func (countingSink) Put(context.Context, []connect.SinkRecord) error { return nil }
func (countingSink) Stop(context.Context) error                      { return nil }
