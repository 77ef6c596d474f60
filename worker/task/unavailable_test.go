package task_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
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

// A wait that can be long is told once, and again when it is another one.
func TestAnOutageIsLoggedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		flaky := &flakyConverter{Converter: newString(t), failures: 5, err: connect.Unavailable(errors.New("registry at http://r is down"))}
		h := run(t, &fakeSink{}, nil, func(c *task.Config) { c.ValueConverter, c.RetryTimeout = flaky, -1 })
		h.reader.assign(tp0)
		h.reader.produce(tp0, "a", "b")
		time.Sleep(time.Minute)
		synctest.Wait()
		const line = "a record waits for something that is not available"
		if n := strings.Count(h.log.String(), line); n != 1 || !strings.Contains(h.log.String(), "registry at http://r is down") {
			t.Errorf("got %d lines:\n%s", n, h.log)
		}
		flaky.failures = 2 // the task waits in a poll
		h.reader.produce(tp0, "c")
		time.Sleep(time.Minute)
		synctest.Wait()
		h.stop()
		if n := strings.Count(h.log.String(), line); n != 2 {
			t.Errorf("got %d lines after the second outage:\n%s", n, h.log)
		}
		h.expectCommitted(tp0, 3)
	})
}

// waitingConverter waits for its registry until its context ends.
type waitingConverter struct {
	connect.Converter
	ctx context.Context
}

func (c *waitingConverter) UseContext(ctx context.Context) { c.ctx = ctx }

func (c *waitingConverter) ToConnect(topic string, h []connect.RawHeader, data []byte) (connect.SchemaAndValue, error) {
	if string(data) != "slow" {
		return c.Converter.ToConnect(topic, h, data)
	}
	<-c.ctx.Done()
	return connect.SchemaAndValue{}, connect.Unavailable(c.ctx.Err())
}

func (c *waitingConverter) FromConnect(string, connect.SchemaAndValue) ([]byte, error) {
	<-c.ctx.Done()
	return nil, connect.Unavailable(c.ctx.Err())
}

// A task that is told to stop is not held by a converter, and the record comes again.
func TestATaskStopsWhileAConverterWaits(t *testing.T) {
	for _, where := range []string{"reading", "writing what the plugin reports"} {
		t.Run(where, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				fake, queue := &fakeSink{}, &fakeDLQ{}
				slow := "slow"
				if where != "reading" {
					slow = "report"
					fake.put = func(_ context.Context, records []connect.SinkRecord) error {
						for _, r := range records {
							if r.Value == "report" {
								return <-fake.ctx.Report(&connect.SinkRecord{Topic: r.Topic, Offset: r.Offset, Value: "own"}, errPut)
							}
						}
						return nil
					}
				}
				h := run(t, fake, nil, func(c *task.Config) {
					c.Tolerance, c.ErrorsLogEnable, c.DLQ = task.ToleranceAll, true, queue.config(true)
					c.ValueConverter = &waitingConverter{Converter: newString(t)}
				})
				h.reader.assign(tp0)
				h.reader.produce(tp0, "a")
				synctest.Wait()
				h.reader.produce(tp0, "b", slow)
				synctest.Wait()
				began := time.Now()
				h.stop()
				if d := time.Since(began); d > 0 {
					t.Errorf("it took %v", d)
				}
				h.expectCommitted(tp0, 1)
				h.expect("statuses", h.statuses.String(), "RUNNING topic:t UNASSIGNED")
				h.expect("records in the queue", queue.taken(), "")
				if strings.Contains(h.log.String(), "Error encountered") {
					t.Errorf("the record is logged:\n%s", h.log)
				}
			})
		})
	}
}

// Records may take long to fail, as those that a regular expression is cut for. A task that is told to stop does not go through all of a batch, and who
// has not been dealt with comes again.
func TestATaskStopsInTheMiddleOfABatchThatFailsSlowly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		queue := &fakeDLQ{}
		h := run(t, &fakeSink{}, nil, func(c *task.Config) {
			c.Tolerance, c.DLQ = task.ToleranceAll, queue.config(false)
			c.Transformations = []task.Transformation{{Class: "slow", Transform: smt{apply: func(r *connect.SinkRecord) (*connect.SinkRecord, error) {
				if r.Value == "good" {
					return r, nil
				}
				time.Sleep(time.Second)
				return nil, errPoison
			}}}}
		})
		h.reader.assign(tp0)
		h.reader.produce(tp0, "good")
		synctest.Wait()
		h.reader.produce(tp0, slices.Repeat([]string{"slow"}, 500)...)
		time.Sleep(2500 * time.Millisecond)
		began := time.Now()
		h.stop()
		if d := time.Since(began); d > time.Second {
			t.Errorf("it took %v", d)
		}
		h.expect("records in the queue", queue.taken(), "slow,slow")
		h.expectCommitted(tp0, 1)
	})
}
