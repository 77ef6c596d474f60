package task_test

import (
	"context"
	"runtime"
	"testing"

	"sluice/connect"
	"sluice/connect/converter"
	"sluice/internal/kafka"
	"sluice/worker/task"
)

// allocationSink reads, at two of its batches, how often memory was allocated in this process.
type allocationSink struct {
	countingSink
	batches, from, to int
	before, after     uint64
}

func (s *allocationSink) Put(context.Context, []connect.SinkRecord) error {
	s.batches++
	var m runtime.MemStats
	switch s.batches {
	case s.from:
		runtime.ReadMemStats(&m)
		s.before = m.Mallocs
	case s.to:
		runtime.ReadMemStats(&m)
		s.after = m.Mallocs
	}
	return nil
}

// Between the batch that was fetched and Put a record of JSON without schemas allocates nothing: what there is, is for many.
func TestARecordAllocatesNothing(t *testing.T) {
	const batches, size = 200, 500
	r := &endlessReader{fakeReader: *newFakeReader(), left: (batches + 20) * size}
	for i := range size {
		r.messages = append(r.messages, kafka.Message{Topic: "t", Offset: int64(i - size), Timestamp: 1, Buffer: uint32(i / 200), Key: []byte(`{"id":1}`), Value: []byte(`{"id":1,"text":"x","list":[1,2.5,null]}`)})
	}
	sink := &allocationSink{from: 10, to: 10 + batches}
	cfg := config(t, bareSink{&fakeSink{}}, &r.fakeReader, &statuses{}, nil)
	cfg.Task = sink
	cfg.KeyConverter, cfg.ValueConverter = newJSON(t), newJSON(t)
	cfg.KeyConverterClass, cfg.ValueConverterClass = converter.JSONClass, converter.JSONClass
	cfg.NewReader = func(rc kafka.GroupReaderConfig) (task.Reader, error) {
		r.listener = rc.Listener
		return r, nil
	}
	tk, err := task.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	r.enough = tk.Stop
	if err := tk.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if sink.after == 0 {
		t.Fatalf("%d batches only", sink.batches)
	}
	// Arrays for the values, of 2 to 64 each, and a few for a batch: less than one for ten records.
	if n := float64(sink.after-sink.before) / (batches * size); n >= 0.1 {
		t.Errorf("%.2f allocations for a record", n)
	} else {
		t.Logf("%.3f allocations for a record", n)
	}
}
