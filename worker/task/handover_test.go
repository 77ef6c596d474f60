package task_test

import (
	"context"
	"testing"
	"testing/synctest"

	"sluice/internal/kafka"
	"sluice/worker/task"
)

func TestTaskLeavesItsPlaceInTheGroupToASuccessor(t *testing.T) {
	for name, c := range map[string]struct {
		end      func(*harness)
		handOver bool
	}{
		"it is stopped":      {func(h *harness) { h.task.Stop() }, false},
		"it has a successor": {func(h *harness) { h.task.HandOver() }, true},
		"it fails":           {func(h *harness) { h.reader.then(func(context.Context) error { return errPut }) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := run(t, &fakeSink{}, nil, nil)
				h.reader.produce(tp0, "a", "b")
				h.reader.assign(tp0)
				synctest.Wait()
				c.end(h)
				_ = h.stopped()
				if h.reader.handOver != c.handOver || !h.reader.closed {
					t.Errorf("closed %v, handed over %v, want %v", h.reader.closed, h.reader.handOver, c.handOver)
				}
				h.expectCommitted(tp0, 2) // in any case
			})
		})
	}
}

func TestTaskReadsTopicsByAPattern(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var given kafka.GroupReaderConfig
		h := run(t, &fakeSink{}, nil, func(cfg *task.Config) {
			cfg.Topics, cfg.TopicMatch = nil, func(topic string) (bool, error) { return topic == "orders", nil }
			newReader := cfg.NewReader
			cfg.NewReader = func(rc kafka.GroupReaderConfig) (task.Reader, error) {
				given = rc
				return newReader(rc)
			}
		})
		h.stop()
		if ok, err := given.Match("orders"); !ok || err != nil || given.Topics != nil {
			t.Errorf("the reader got topics %v and a pattern that says %v %v", given.Topics, ok, err)
		}
	})
}

func (r *fakeReader) HandOver(ctx context.Context) error {
	r.set(func() { r.handOver = true })
	return r.Close(ctx)
}
