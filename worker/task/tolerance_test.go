package task_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"sluice/connect"
	"sluice/connect/converter"
	"sluice/internal/kafka"
	"sluice/worker/task"
)

// withJSON makes values plain JSON.
func withJSON(t *testing.T, change func(*task.Config)) func(*task.Config) {
	return func(c *task.Config) {
		c.ValueConverter, c.ValueConverterClass = newJSON(t), converter.JSONClass
		if change != nil {
			change(c)
		}
	}
}

// The text is that of a status of Kafka Connect 3.9.2, with one line about the record in place of Java's frames.
const brokenTrace = `org.apache.kafka.connect.errors.ConnectException: Tolerance exceeded in error handler
	at stage VALUE_CONVERTER with class org.apache.kafka.connect.json.JsonConverter, record of topic t, partition 0, offset 3
Caused by: org.apache.kafka.connect.errors.DataException: Converting byte[] to Kafka Connect data failed due to serialization error: 
Caused by: org.apache.kafka.common.errors.SerializationException: com.fasterxml.jackson.core.JsonParseException: Unrecognized token 'not': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')
 at [Source: REDACTED (` + "`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION`" + ` disabled); line: 1, column: 5]
Caused by: com.fasterxml.jackson.core.JsonParseException: Unrecognized token 'not': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')
 at [Source: REDACTED (` + "`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION`" + ` disabled); line: 1, column: 5]
`

func TestAMalformedRecordFailsTheTask(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &fakeSink{}
		h := run(t, fake, nil, withJSON(t, func(c *task.Config) { c.Tolerance = task.ToleranceNone }))
		h.reader.assign(tp0)
		h.reader.produce(tp0, "1", "2")
		synctest.Wait()
		h.reader.produce(tp0, "3", "not json", "5")
		synctest.Wait()
		h.expect("calls", fake.taken(), "start open[t-0] put(1,2) close[t-0] stop")
		h.expect("statuses of a task that keeps its partition", h.statuses.String(), "RUNNING topic:t FAILED")
		h.task.Stop()
		err := h.stopped()
		h.expect("trace", task.Trace(err), brokenTrace)
		h.expect("calls after the failure", fake.taken(), "")
		h.expectCommitted(tp0, 2)
		h.expect("statuses", h.statuses.String(), "RUNNING topic:t FAILED")
		if !strings.Contains(h.log.String(), "Unrecognized token 'not'") {
			t.Errorf("the log does not say why:\n%s", h.log)
		}
	})
}

func TestToleranceSkipsRecords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &fakeSink{}
		h := run(t, fake, nil, withJSON(t, func(c *task.Config) {
			c.KeyConverter, c.KeyConverterClass = newJSON(t), converter.JSONClass
			c.Tolerance, c.ErrorsLogEnable, c.ErrorsLogIncludeMessages = task.ToleranceAll, true, true
		}))
		h.reader.assign(tp0)
		h.reader.produce(tp0, "1", "not json", "3", "{")
		h.reader.set(func() { h.reader.logs[tp0][2].Key = []byte("not-json-key") })
		synctest.Wait()
		h.expect("calls", fake.taken(), "start open[t-0] put(1)")
		h.stop()
		h.expectCommitted(tp0, 4) // skipped records count
		if s := h.task.Stats(); s.Skipped != 3 || s.Put != 1 || s.Failures != 3 {
			t.Errorf("got %+v", s)
		}
		// The lines are those of the captured logs.
		for _, want := range []string{
			"Error encountered in task c-0. Executing stage 'VALUE_CONVERTER' with class 'org.apache.kafka.connect.json.JsonConverter', where consumed record is {topic='t', partition=0, offset=1, timestamp=1700000000000, timestampType=CreateTime}.",
			"Error encountered in task c-0. Executing stage 'KEY_CONVERTER' with class 'org.apache.kafka.connect.json.JsonConverter', where consumed record is {topic='t', partition=0, offset=2, timestamp=1700000000000, timestampType=CreateTime}.",
			"Unexpected end-of-input",
		} {
			if !strings.Contains(h.log.String(), want) {
				t.Errorf("the log lacks %q:\n%s", want, h.log)
			}
		}
	})
}

func TestTheErrorLogIsOptional(t *testing.T) {
	for name, c := range map[string]struct {
		enable, messages bool
		want             string // in the log
		not              string
	}{
		"off":              {false, true, "", "Error encountered"},
		"without messages": {true, false, "with class 'org.apache.kafka.connect.json.JsonConverter'.", "consumed record"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := run(t, &fakeSink{}, nil, withJSON(t, func(cfg *task.Config) {
					cfg.Tolerance, cfg.ErrorsLogEnable, cfg.ErrorsLogIncludeMessages = task.ToleranceAll, c.enable, c.messages
				}))
				h.reader.assign(tp0)
				h.reader.produce(tp0, "secret payload")
				synctest.Wait()
				h.stop()
				log := h.log.String()
				if !strings.Contains(log, c.want) || strings.Contains(log, c.not) {
					t.Errorf("got log\n%s", log)
				}
				if strings.Contains(log, "payload") {
					t.Errorf("the payload is in the log:\n%s", log)
				}
			})
		})
	}
}

// flakyConverter fails a number of times with the error.
type flakyConverter struct {
	connect.Converter
	failures int
	err      error
	calls    []time.Time
}

func (c *flakyConverter) ToConnect(topic string, h []connect.RawHeader, data []byte) (connect.SchemaAndValue, error) {
	c.calls = append(c.calls, time.Now())
	if c.failures > 0 {
		c.failures--
		return connect.SchemaAndValue{}, c.err
	}
	return c.Converter.ToConnect(topic, h, data)
}

func TestRetriableErrorsAreTriedAgainWithinTheirBudget(t *testing.T) {
	registryDown := connect.Retriable(errors.New("registry is down"))
	for _, tt := range []struct {
		name     string
		timeout  time.Duration
		largest  time.Duration
		failures int
		waits    []time.Duration
		put      string // "" means the record was skipped
	}{
		{"no budget skips it, whatever the tolerance", 0, time.Minute, 1, nil, ""},
		{"the last wait is cut", 6 * time.Second, time.Minute, 100, []time.Duration{300, 600, 1200, 2400, 1500}, ""},
		{"success in between", 6 * time.Second, time.Minute, 2, []time.Duration{300, 600}, "put(a) "},
		{"for ever", -1, time.Minute, 6, []time.Duration{300, 600, 1200, 2400, 4800, 9600}, "put(a) "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				fake := &fakeSink{}
				flaky := &flakyConverter{Converter: newString(t), failures: tt.failures, err: registryDown}
				h := run(t, fake, nil, func(c *task.Config) {
					c.ValueConverter, c.RetryTimeout, c.RetryDelayMax = flaky, tt.timeout, tt.largest
				})
				h.reader.assign(tp0)
				h.reader.produce(tp0, "a")
				time.Sleep(time.Minute)
				synctest.Wait()
				var waits []time.Duration
				for i := 1; i < len(flaky.calls); i++ {
					waits = append(waits, flaky.calls[i].Sub(flaky.calls[i-1])/time.Millisecond)
				}
				if len(waits) != len(tt.waits) {
					t.Fatalf("got waits %v, want %v", waits, tt.waits)
				}
				for i := range waits {
					if waits[i] != tt.waits[i] {
						t.Errorf("got waits %v, want %v", waits, tt.waits)
					}
				}
				h.stop()
				h.expect("calls", fake.taken(), "start open[t-0] "+tt.put+"close[t-0] stop")
				h.expectCommitted(tp0, 1)
			})
		})
	}
}

func TestTheLongestWaitIsRespected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		flaky := &flakyConverter{Converter: newString(t), failures: 20, err: connect.Retriable(errors.New("registry is down"))}
		h := run(t, &fakeSink{}, nil, func(c *task.Config) {
			c.ValueConverter, c.RetryTimeout, c.RetryDelayMax = flaky, -1, time.Second
		})
		h.reader.assign(tp0)
		h.reader.produce(tp0, "a")
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(flaky.calls) != 21 {
			t.Errorf("got %d calls, want 21", len(flaky.calls))
		}
		for i := 1; i < len(flaky.calls); i++ {
			if d := flaky.calls[i].Sub(flaky.calls[i-1]); d >= 1200*time.Millisecond {
				t.Errorf("wait %d took %v", i, d)
			}
		}
		h.stop()
	})
}

func TestACancelEndsTheWaitForAnotherTry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		flaky := &flakyConverter{Converter: newString(t), failures: 1000, err: connect.Retriable(errors.New("registry is down"))}
		h := run(t, &fakeSink{}, nil, func(c *task.Config) { c.ValueConverter, c.RetryTimeout = flaky, -1 })
		h.reader.assign(tp0)
		h.reader.produce(tp0, "a")
		synctest.Wait()
		began := time.Now()
		h.task.Cancel()
		if err := h.stopped(); err != nil || time.Since(began) > 0 {
			t.Errorf("got %v after %v", err, time.Since(began))
		}
	})
}

func TestReport(t *testing.T) {
	reason := errors.New("attribute account_id is a text")
	for _, tt := range []struct {
		name      string
		tolerance task.Tolerance
		log       bool
		swallow   bool // the plugin does not return what Report says
		tolerated bool
	}{
		{"tolerated and logged", task.ToleranceAll, true, false, true},
		{"tolerated, but nobody would know", task.ToleranceAll, false, false, false},
		{"not tolerated", task.ToleranceNone, true, false, false},
		{"not tolerated, and the plugin keeps quiet", task.ToleranceNone, false, true, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				fake := &fakeSink{}
				fake.put = func(_ context.Context, records []connect.SinkRecord) error {
					for i := range records {
						if records[i].Value != "bad" {
							continue
						}
						done := fake.ctx.Report(&records[i], reason)
						err := <-done
						if _, open := <-done; open {
							t.Error("the result has a second value")
						}
						if (err == nil) != tt.tolerated {
							t.Errorf("got %v, want tolerated %v", err, tt.tolerated)
						}
						if err != nil && !tt.swallow {
							return err
						}
					}
					return nil
				}
				h := run(t, fake, nil, func(c *task.Config) { c.Tolerance, c.ErrorsLogEnable = tt.tolerance, tt.log })
				h.reader.assign(tp0)
				h.reader.produce(tp0, "a")
				synctest.Wait()
				h.reader.produce(tp0, "b", "bad", "c")
				synctest.Wait()
				if tt.tolerated {
					h.stop()
					h.expectCommitted(tp0, 4)
				} else {
					h.expect("status of a task that keeps its partition", h.statuses.String(), "RUNNING topic:t FAILED")
					h.task.Stop()
					err := h.stopped()
					want := "org.apache.kafka.connect.errors.ConnectException: Exiting WorkerSinkTask due to unrecoverable exception.\n" +
						"Caused by: org.apache.kafka.connect.errors.ConnectException: Tolerance exceeded in error handler\n" +
						"\tat stage TASK_PUT with class org.apache.kafka.connect.sink.SinkTask, record of topic t, partition 0, offset 2\n" +
						"Caused by: org.apache.kafka.connect.errors.ConnectException: attribute account_id is a text\n"
					if !tt.log { // in Java the task has no reporter, and throws
						want = "org.apache.kafka.connect.errors.ConnectException: Exiting WorkerSinkTask due to unrecoverable exception.\n" +
							"Caused by: org.apache.kafka.connect.errors.ConnectException: attribute account_id is a text\n" +
							"\tat stage TASK_PUT with class org.apache.kafka.connect.sink.SinkTask, record of topic t, partition 0, offset 2\n"
					}
					h.expect("trace", task.Trace(err), want)
					h.expectCommitted(tp0, 1)
				}
				if got := strings.Contains(h.log.String(), "Executing stage 'TASK_PUT' with class 'org.apache.kafka.connect.sink.SinkTask'"); got != tt.log {
					t.Errorf("logged %v, want %v:\n%s", got, tt.log, h.log)
				}
			})
		})
	}
}

// A sink that works ahead finds out later; until the task has failed, no commit may pass the record, whatever the sink declares.
func TestAReportFromTheBackgroundHoldsTheCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &fakeSink{}
		var kept []connect.SinkRecord
		fake.put = func(_ context.Context, records []connect.SinkRecord) error {
			kept = append(kept, records...)
			return nil
		}
		h := run(t, fake, &preCommitSink{fakeSink: fake}, nil)
		h.reader.assign(tp0)
		h.reader.produce(tp0, "a", "b", "c")
		synctest.Wait()
		if err := <-fake.ctx.Report(&kept[1], errPut); err == nil {
			t.Error("got no error")
		}
		synctest.Wait()
		h.expect("status of a task that keeps its partition", h.statuses.String(), "RUNNING topic:t FAILED")
		h.task.Stop()
		if err := h.stopped(); !errors.Is(err, errPut) {
			t.Errorf("got %v", err)
		}
		h.expectCommitted(tp0, 1)
	})
}

func TestAPanickingConverterFailsTheTask(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := run(t, &fakeSink{}, nil, func(c *task.Config) { c.ValueConverter = panickingConverter{newString(t)} })
		h.reader.assign(tp0)
		h.reader.produce(tp0, "a")
		if err := h.stopped(); err == nil || !strings.Contains(err.Error(), "no such schema") {
			t.Errorf("got %v", err)
		}
		h.expectCommitted(tp0, 0)
	})
}

type panickingConverter struct{ connect.Converter }

func (panickingConverter) ToConnect(string, []connect.RawHeader, []byte) (connect.SchemaAndValue, error) {
	panic("no such schema")
}

func TestHeadersAndAllElseReachThePlugin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []connect.SinkRecord
		fake := &fakeSink{}
		fake.put = func(_ context.Context, records []connect.SinkRecord) error {
			got = append(got, records...)
			return nil
		}
		h := run(t, fake, nil, withJSON(t, nil))
		h.reader.set(func() {
			h.reader.logs[tp1] = []kafka.Message{
				{Topic: "t", Partition: 1, Offset: 0, Timestamp: -1, TimestampType: 1, Key: []byte("k"), Value: []byte(`{"a":1}`),
					Headers: []kafka.Header{{Key: "n", Value: []byte("5")}, {Key: "n", Value: nil}}},
				{Topic: "t", Partition: 1, Offset: 1, Timestamp: 7, Value: nil},
			}
		})
		h.reader.assign(tp1)
		synctest.Wait()
		h.stop()
		if len(got) != 2 {
			t.Fatalf("got %d records", len(got))
		}
		r := got[0]
		if r.Topic != "t" || r.Partition != 1 || r.Offset != 0 || r.Timestamp != -1 || r.TimestampType != connect.LogAppendTime || r.Key != "k" ||
			r.KeySchema != connect.OptionalStringSchema || r.ValueSchema != nil || string(r.Value.(connect.RawJSON)) != `{"a":1}` {
			t.Errorf("got %+v", r)
		}
		if len(r.Headers) != 2 || r.Headers[0].Key != "n" || r.Headers[0].Value != int8(5) || r.Headers[1].Value != nil {
			t.Errorf("got headers %+v", r.Headers)
		}
		if r := got[1]; r.Value != nil || r.Key != nil || r.Headers != nil || r.Timestamp != 7 {
			t.Errorf("got tombstone %+v", r)
		}
	})
}

func TestAnInvalidTimestampFailsTheTask(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := run(t, &fakeSink{}, nil, func(c *task.Config) { c.Tolerance = task.ToleranceAll })
		h.reader.set(func() { h.reader.logs[tp0] = []kafka.Message{{Topic: "t", Offset: 0, Timestamp: -2}} })
		h.reader.assign(tp0)
		if err := h.stopped(); err == nil || !strings.Contains(err.Error(), "Invalid record timestamp -2 in topic t, partition 0, offset 0") {
			t.Errorf("got %v", err)
		}
	})
}

func TestAFailedTaskLeavesOnceItsPartitionIsTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &fakeSink{}
		h := run(t, fake, nil, withJSON(t, nil))
		h.reader.assign(tp0, tp1)
		h.reader.produce(tp0, "1", "not json")
		synctest.Wait()
		fake.taken()
		h.reader.revoke(tp1) // it is not the one
		h.reader.assign(tp1)
		synctest.Wait()
		h.expect("calls of a plugin that is stopped", fake.taken(), "")
		h.expect("statuses", h.statuses.String(), "RUNNING topic:t FAILED")
		h.reader.revoke(tp0)
		if err := h.stopped(); err == nil {
			t.Error("the failure is not returned")
		}
		h.expect("statuses in the end", h.statuses.String(), "RUNNING topic:t FAILED")
	})
}
