package task_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"sluice/connect"
	"sluice/worker/task"
)

// A schema registry that is down must not cost a record: when the tries are used up the tolerance decides, and none fails the task.
func TestARecordIsNotSkippedWhileItsRegistryIsUnavailable(t *testing.T) {
	down := connect.Unavailable(fmt.Errorf("convert: %w", connect.Unavailable(errors.New("registry is down"))))
	for _, tt := range []struct {
		name      string
		tolerance task.Tolerance
		timeout   time.Duration
		failures  int
		fails     bool
		committed int64
	}{
		{"no budget", task.ToleranceNone, 0, 1, true, 0},
		{"a budget that is used up", task.ToleranceNone, 3 * time.Second, 100, true, 0},
		{"a budget that lasts", task.ToleranceNone, 3 * time.Second, 2, false, 1},
		{"tolerated", task.ToleranceAll, 0, 1, false, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				flaky := &flakyConverter{Converter: newString(t), failures: tt.failures, err: down}
				h := run(t, &fakeSink{}, nil, func(c *task.Config) {
					c.ValueConverter, c.RetryTimeout, c.Tolerance = flaky, tt.timeout, tt.tolerance
				})
				h.reader.assign(tp0)
				h.reader.produce(tp0, "a")
				time.Sleep(time.Minute)
				synctest.Wait()
				if tt.fails {
					h.task.Stop() // it keeps its partition until then
					if err := h.stopped(); err == nil || !strings.Contains(task.Trace(err), "registry is down") {
						t.Errorf("got %v, want the end of the task because of the registry", err)
					}
				} else {
					h.stop()
				}
				h.expectCommitted(tp0, tt.committed)
			})
		})
	}
}
