package task_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"sluice/connect"
	"sluice/connect/converter"
	"sluice/internal/kafka"
	"sluice/worker/task"
)

var errBroker = errors.New("the broker is gone")

// withDLQ makes values plain JSON, tolerates what is none, and sends it to the queue.
func withDLQ(t *testing.T, q *fakeDLQ) func(*task.Config) {
	return withJSON(t, func(c *task.Config) { c.Tolerance, c.DLQ = task.ToleranceAll, q.config(true) })
}

func TestTheTopicOfADeadLetterQueue(t *testing.T) {
	for _, tt := range []struct {
		name  string
		queue *fakeDLQ
		spec  string // of the topic that is asked for
		trace string // "" if the task runs
	}{
		{"is there", &fakeDLQ{topics: []string{"a", "dlq"}}, "", ""},
		{"is created", &fakeDLQ{topics: []string{"a"}}, "dlq 1x2 map[]", ""},
		{"cannot be looked up", &fakeDLQ{listing: errBroker}, "",
			"org.apache.kafka.connect.errors.ConnectException: Could not initialize dead letter queue with topic=dlq\n" +
				"Caused by: org.apache.kafka.connect.errors.ConnectException: the broker is gone\n"},
		{"cannot be created", &fakeDLQ{creating: errors.New("replication factor: 2 larger than available brokers: 1")}, "dlq 1x2 map[]",
			"org.apache.kafka.connect.errors.ConnectException: Could not initialize dead letter queue with topic=dlq\n" +
				"Caused by: org.apache.kafka.connect.errors.ConnectException: replication factor: 2 larger than available brokers: 1\n"},
		{"has no producer", &fakeDLQ{topics: []string{"dlq"}, starting: errBroker}, "",
			"org.apache.kafka.connect.errors.ConnectException: Could not initialize dead letter queue with topic=dlq\n" +
				"Caused by: org.apache.kafka.connect.errors.ConnectException: the broker is gone\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				fake := &fakeSink{}
				h := run(t, fake, nil, withDLQ(t, tt.queue))
				h.expect("topic", tt.queue.spec, tt.spec)
				if tt.trace == "" {
					h.stop()
					h.expect("statuses", h.statuses.String(), "RUNNING UNASSIGNED")
				} else {
					h.expect("trace", task.Trace(h.stopped()), tt.trace)
					h.expect("statuses", h.statuses.String(), "FAILED")
					h.expect("calls", fake.taken(), "")
				}
				if !tt.queue.closed {
					t.Error("the producer was not closed")
				}
			})
		})
	}
}

// What the broker has not acknowledged is lost if this process ends now. Until then its offset must not be committed.
func TestNoCommitPassesARecordOnItsWayToTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake, queue := &fakeSink{}, &fakeDLQ{hold: true}
		h := run(t, fake, nil, withDLQ(t, queue))
		h.reader.assign(tp0)
		h.reader.produce(tp0, "0", "1", "not json", "3", "not json", "5")
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		h.expect("calls", fake.taken(), "start open[t-0] put(0,1,3,5)")
		h.expectCommitted(tp0, 2)
		queue.release(nil)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		h.expectCommitted(tp0, 6)
		h.stop()
		if s := h.task.Stats(); s.Skipped != 2 || s.Errors != 2 || s.Failures != 2 || s.DLQRequests != 2 || s.DLQFailures != 0 || s.Put != 4 || s.LastFailure.IsZero() {
			t.Errorf("got %+v", s)
		}
	})
}

// An offset that the plugin cannot know stays nonsense, even if a record on its way would hold it back to a possible one.
func TestAnOffsetBeyondWhatWasGivenStaysRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake, queue := &fakeSink{}, &fakeDLQ{hold: true}
		sink := &preCommitSink{fakeSink: fake, preCommit: func(map[connect.TopicPartition]int64, bool) (map[connect.TopicPartition]int64, error) {
			return map[connect.TopicPartition]int64{c0: 100}, nil
		}}
		h := run(t, fake, sink, withDLQ(t, queue))
		h.reader.assign(tp0)
		h.reader.produce(tp0, "0", "1", "not json")
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		h.stop()
		h.expectCommitted(tp0, 0)
	})
}

func TestAReportIsDoneWhenTheQueueHasTheRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake, queue := &fakeSink{}, &fakeDLQ{hold: true}
		var done <-chan error
		fake.put = func(_ context.Context, records []connect.SinkRecord) error {
			for i := range records {
				if string(records[i].Value.(connect.RawJSON)) == "1" {
					done = fake.ctx.Report(&records[i], errPut)
				}
			}
			return nil
		}
		h := run(t, fake, nil, withDLQ(t, queue))
		h.reader.assign(tp0)
		h.reader.produce(tp0, "0", "1", "2")
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		h.expectCommitted(tp0, 1)
		select {
		case err := <-done:
			t.Errorf("the report is done: %v", err)
		default:
		}
		queue.release(nil)
		if err := <-done; err != nil {
			t.Errorf("got %v", err)
		}
		h.stop()
		h.expectCommitted(tp0, 3)
	})
}

// refusedBy is an error with what its destination said.
type refusedBy map[string]string

func (refusedBy) Error() string                     { return "refused" }
func (r refusedBy) ErrorHeaders() map[string]string { return r }

func TestAnErrorMayAddHeaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake, queue := &fakeSink{}, &fakeDLQ{}
		reason := fmt.Errorf("write: %w", refusedBy{"shop.table": "orders", "shop.code": "E7"})
		fake.put = func(_ context.Context, records []connect.SinkRecord) error {
			for i := range records {
				fake.ctx.Report(&records[i], reason)
			}
			return nil
		}
		h := run(t, fake, nil, withDLQ(t, queue))
		h.reader.assign(tp0)
		h.reader.produce(tp0, "0")
		time.Sleep(time.Minute)
		h.stop()
		if len(queue.records) != 1 {
			t.Fatalf("%d records in the queue", len(queue.records))
		}
		headers := queue.records[0].Headers
		got := fmt.Sprintf("%s", headers[max(0, len(headers)-2):])
		h.expect("the last headers", got, "[{__connect.errors.shop.code E7} {__connect.errors.shop.table orders}]")
	})
}

func TestARecordThatTheQueueDoesNotGetFailsTheTask(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(q *fakeDLQ)
	}{
		{"refused at once", func(q *fakeDLQ) { q.refusing = errBroker }},
		{"given up later", func(q *fakeDLQ) { q.failing = errBroker }},
	} {
		for _, stage := range []string{"VALUE_CONVERTER", "TASK_PUT"} {
			t.Run(tt.name+"/"+stage, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					fake, queue := &fakeSink{}, &fakeDLQ{}
					tt.change(queue)
					bad := "not json"
					if stage == "TASK_PUT" {
						bad = "null"
						fake.put = func(_ context.Context, records []connect.SinkRecord) error {
							for i := range records {
								if records[i].Value == nil {
									fake.ctx.Report(&records[i], errPut)
								}
							}
							return nil
						}
					}
					h := run(t, fake, nil, withDLQ(t, queue))
					h.reader.assign(tp0)
					h.reader.produce(tp0, "0")
					synctest.Wait()
					h.reader.produce(tp0, "1", bad, "3")
					synctest.Wait()
					h.expect("statuses of a task that keeps its partition", h.statuses.String(), "RUNNING topic:t FAILED")
					h.task.Stop()
					err := h.stopped()
					if !errors.Is(err, errBroker) {
						t.Errorf("got %v", err)
					}
					if got, want := task.Trace(err), "org.apache.kafka.connect.errors.ConnectException: Could not produce message to dead letter queue. topic=dlq\n\tat stage "+stage; !strings.HasPrefix(got, want) {
						t.Errorf("got trace %s", got)
					}
					if at := h.reader.committedAt(tp0); at < 1 || at > 2 {
						t.Errorf("committed %d", at)
					}
					if s := h.task.Stats(); s.DLQFailures != 1 {
						t.Errorf("got %+v", s)
					}
				})
			})
		}
	}
}

// The queue's broker may be away for longer than anybody wants to wait.
func TestATaskStopsWhileTheQueueHasNoRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake, queue := &fakeSink{}, &fakeDLQ{blocking: true}
		h := run(t, fake, nil, withDLQ(t, queue))
		h.reader.assign(tp0)
		h.reader.produce(tp0, "0")
		synctest.Wait()
		h.reader.produce(tp0, "1", "not json", "3")
		synctest.Wait()
		began := time.Now()
		h.stop()
		if d := time.Since(began); d > time.Second {
			t.Errorf("it took %v", d)
		}
		h.expect("statuses", h.statuses.String(), "RUNNING topic:t UNASSIGNED")
		h.expectCommitted(tp0, 1)
	})
}

// The plugin is stuck in its report, and does not even look at the answer.
func TestATaskStopsWhileAReportIsStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake, queue := &fakeSink{}, &fakeDLQ{blocking: true}
		fake.put = func(_ context.Context, records []connect.SinkRecord) error {
			for i := range records {
				if records[i].Offset == 2 {
					fake.ctx.Report(&records[i], errPut)
				}
			}
			return nil
		}
		h := run(t, fake, nil, withDLQ(t, queue))
		h.reader.assign(tp0)
		h.reader.produce(tp0, "0", "1", "2", "3")
		synctest.Wait()
		began := time.Now()
		h.stop()
		if d := time.Since(began); d > 4*time.Second { // within a graceful stop
			t.Errorf("it took %v", d)
		}
		h.expect("statuses", h.statuses.String(), "RUNNING topic:t UNASSIGNED")
		h.expectCommitted(tp0, 2)
	})
}

func TestPartitionsAreGivenUpWithWhatIsAcknowledged(t *testing.T) {
	for _, tt := range []struct {
		name      string
		answer    bool // comes while the partition is revoked
		committed int64
	}{
		{"in time", true, 3},
		{"not in time", false, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				fake, queue := &fakeSink{}, &fakeDLQ{hold: true}
				h := run(t, fake, nil, withDLQ(t, queue))
				h.reader.assign(tp0, tp1)
				h.reader.produce(tp0, "0", "not json", "2")
				synctest.Wait()
				fake.taken()
				h.reader.revoke(tp0)
				time.Sleep(time.Second)
				if tt.answer {
					queue.release(nil)
				}
				time.Sleep(time.Minute)
				synctest.Wait()
				h.expect("calls", fake.taken(), "close[t-0]")
				h.expectCommitted(tp0, tt.committed)
				queue.release(errBroker) // too late to matter
				h.reader.produce(tp1, "0")
				synctest.Wait()
				h.expect("calls of a task that goes on", fake.taken(), "put(0)")
				h.stop()
			})
		})
	}
}

func TestALostPartitionWaitsForNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake, queue := &fakeSink{}, &fakeDLQ{hold: true}
		h := run(t, fake, nil, withDLQ(t, queue))
		h.reader.assign(tp0)
		h.reader.produce(tp0, "0", "not json", "2")
		synctest.Wait()
		began := time.Now()
		h.reader.lose(tp0)
		synctest.Wait()
		if d := time.Since(began); d > 0 {
			t.Errorf("it took %v", d)
		}
		queue.release(errBroker)
		synctest.Wait()
		h.stop()
		h.expectCommitted(tp0, 0)
	})
}

// A record is known by where it came from, whatever transforms and the plugin have made of it; one that the plugin has made itself is
// written as the converters have it.
func TestWhatIsReportedIsWhatWasRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake, queue := &fakeSink{}, &fakeDLQ{}
		fake.put = func(_ context.Context, records []connect.SinkRecord) error {
			for _, r := range records {
				switch r.Value {
				case "COPY":
					r.Value, r.Key = 5, nil
				case "OWN":
					r = connect.SinkRecord{Topic: "t", TargetTopic: "own", Offset: r.Offset, Timestamp: -1, Key: "k", Value: "v",
						Headers: []connect.Header{{Key: "n", Value: int64(5)}}}
				}
				if err := <-fake.ctx.Report(&r, errPut); err != nil {
					return err
				}
			}
			return nil
		}
		h := run(t, fake, nil, func(c *task.Config) {
			c.Tolerance, c.DLQ = task.ToleranceAll, queue.config(true)
			c.Transformations = []task.Transformation{{Class: "upper", Transform: smt{apply: func(r *connect.SinkRecord) (*connect.SinkRecord, error) {
				r.Value, r.TargetTopic, r.Headers = strings.ToUpper(r.Value.(string)), "renamed", nil
				return r, nil
			}}}}
		})
		h.reader.set(func() {
			h.reader.logs[tp0] = []kafka.Message{
				{Topic: "t", Offset: 0, Timestamp: 7, Key: []byte{}, Value: []byte("same"), Headers: []kafka.Header{{Key: "h", Value: []byte("v")}, {Key: "h"}}},
				{Topic: "t", Offset: 1, Timestamp: -1, Value: []byte("copy")},
				{Topic: "t", Offset: 2, Timestamp: 9, Value: []byte("own")},
			}
		})
		h.reader.assign(tp0)
		synctest.Wait()
		h.stop()
		h.expectCommitted(tp0, 3)
		var got []string
		for _, r := range queue.records {
			text := string(r.Key) + ":" + string(r.Value)
			for _, header := range r.Headers {
				if !strings.Contains(header.Key, "exception") {
					text += " " + strings.TrimPrefix(header.Key, "__connect.errors.") + "=" + string(header.Value)
				}
			}
			got = append(got, text)
		}
		const rest = " connector.name=c task.id=0 stage=TASK_PUT class.name=org.apache.kafka.connect.sink.SinkTask"
		h.expect("records", strings.Join(got, "\n"), ":same h=v h= topic=t partition=0 offset=0"+rest+
			"\n:copy topic=t partition=0 offset=1"+rest+"\nk:v n=5 topic=own partition=0 offset=2"+rest)
		if queue.records[0].Key == nil || queue.records[1].Key != nil || queue.records[0].Headers[1].Value != nil || !queue.records[1].Timestamp.IsZero() {
			t.Errorf("nulls or times have changed: %+v", queue.records)
		}
	})
}

// A record that cannot even be written is not tolerated.
func TestAnOwnRecordThatCannotBeConverted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake, queue := &fakeSink{}, &fakeDLQ{}
		fake.put = func(_ context.Context, records []connect.SinkRecord) error {
			return <-fake.ctx.Report(&connect.SinkRecord{Topic: "t", ValueSchema: connect.Int32Schema, Value: "no number"}, errPut)
		}
		h := run(t, fake, nil, func(c *task.Config) {
			c.Tolerance, c.DLQ = task.ToleranceAll, queue.config(false)
			c.ValueConverter, c.ValueConverterClass = newJSON(t), converter.JSONClass
		})
		h.reader.assign(tp0)
		h.reader.produce(tp0, "1")
		synctest.Wait()
		h.task.Stop()
		if err := h.stopped(); err == nil {
			t.Error("it was tolerated")
		}
		h.expect("records", queue.taken(), "")
		h.expectCommitted(tp0, 0)
	})
}
