package task_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"sluice/connect"
)

// A record that the plugin has reported and that is not tolerated keeps its partition from the other tasks, as one that could not be converted
// does; whether the plugin returns the answer of Report, an error of its own, or nothing.
func TestATaskThatFailedBecauseOfAReportKeepsItsPartition(t *testing.T) {
	for name, answer := range map[string]func(error) error{
		"the answer of Report":     func(err error) error { return err },
		"a text around the answer": func(err error) error { return errors.Join(errors.New("cannot go on"), err) },
		"an error of its own":      func(error) error { return errors.New("cannot go on") },
		"nothing":                  func(error) error { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				fake := &fakeSink{}
				fake.put = func(_ context.Context, records []connect.SinkRecord) error {
					if len(records) == 0 {
						return nil
					}
					return answer(<-fake.ctx.Report(&records[0], errors.New("no key")))
				}
				h := run(t, fake, nil, nil)
				left := false
				h.reader.onClose = func() { left = true }
				h.reader.assign(tp0, tp1)
				h.reader.produce(tp0, "a")
				synctest.Wait()
				h.expect("statuses", h.statuses.String(), "RUNNING topic:t FAILED")
				if left {
					t.Error("the task has left the group")
				}
				h.task.Stop()
				if err := h.stopped(); err == nil {
					t.Error("the failure is not returned")
				}
			})
		})
	}
}
