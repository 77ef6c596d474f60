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
	"sluice/connect/transform"
	"sluice/worker/task"
)

const transforms = "org.apache.kafka.connect.transforms."

// step returns a configured transformation of Kafka's. A predicate goes in front of it: with "!" it is negated.
func step(t testing.TB, class string, settings map[string]string, predicate ...string) task.Transformation {
	t.Helper()
	tf := task.Transformation{Class: transforms + class}
	for _, p := range transform.Plugins(transform.Text{Parse: converter.ParseText, String: converter.JavaString}) {
		var err error
		switch {
		case p.Class == tf.Class:
			tf.Transform = p.NewTransform()
			err = tf.Transform.Configure(settings)
		case len(predicate) > 0 && p.Class == transforms+"predicates."+strings.TrimPrefix(predicate[0], "!"):
			tf.Predicate, tf.Negate = p.NewPredicate(), predicate[0][0] == '!'
			err = tf.Predicate.Configure(map[string]string{"pattern": "t"})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return tf
}

func TestTransformsAreAppliedInTheirOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &fakeSink{}
		var got []connect.SinkRecord
		fake.put = func(_ context.Context, records []connect.SinkRecord) error {
			got = append(got, records...)
			return nil
		}
		h := run(t, fake, nil, withJSON(t, func(c *task.Config) {
			c.Transformations = []task.Transformation{
				step(t, "Filter", nil, "RecordIsTombstone"),
				step(t, "InsertField$Value", map[string]string{"offset.field": "at", "topic.field": "from"}, "TopicNameMatches"),
				step(t, "RegexRouter", map[string]string{"regex": "(.*)", "replacement": "$1-new"}),
				step(t, "InsertField$Value", map[string]string{"static.field": "late", "static.value": "x"}, "TopicNameMatches"), // no longer its name
				step(t, "Cast$Value", map[string]string{"spec": "at:string"}, "!RecordIsTombstone"),
			}
		}))
		h.reader.assign(tp0)
		h.reader.produce(tp0, "null", `{"n":1}`, "null")
		synctest.Wait()
		h.stop()
		if len(got) != 1 {
			t.Fatalf("got %d records", len(got))
		}
		r := got[0]
		v, err := connect.Decode(r.Value)
		m, ok := v.(map[string]any)
		if err != nil || !ok || len(m) != 3 || m["at"] != "1" || m["from"] != "t" || m["n"] != int64(1) {
			t.Errorf("got value %v", r.Value)
		}
		if r.Topic != "t" || r.CurrentTopic() != "t-new" || r.Offset != 1 {
			t.Errorf("got record of %s, now %s, offset %d", r.Topic, r.CurrentTopic(), r.Offset)
		}
		h.expectCommitted(tp0, 3) // dropped records count
		if s := h.task.Stats(); s.Filtered != 2 || s.Skipped != 0 || s.Put != 1 || s.Read != 3 || s.Failures != 0 {
			t.Errorf("got %+v", s)
		}
		h.expect("statuses", h.statuses.String(), "RUNNING topic:t UNASSIGNED")
	})
}

func TestABatchThatIsDroppedAltogetherIsCommitted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &fakeSink{}
		h := run(t, fake, nil, func(c *task.Config) { c.Transformations = []task.Transformation{step(t, "Filter", nil)} })
		h.reader.assign(tp0)
		h.reader.produce(tp0, "a", "b")
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		h.expectCommitted(tp0, 2)
		h.stop()
		h.expect("calls", fake.taken(), "start open[t-0] close[t-0] stop")
	})
}

// A refused batch is found again by where its records came from, not by what they are called now.
func TestRenamedRecordsGoWithTheirPartition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &fakeSink{}
		refuse := true
		fake.put = func(context.Context, []connect.SinkRecord) error {
			if refuse {
				return connect.Retriable(errPut)
			}
			return nil
		}
		h := run(t, fake, nil, func(c *task.Config) {
			c.Transformations = []task.Transformation{
				step(t, "RegexRouter", map[string]string{"regex": ".*", "replacement": "elsewhere"}),
				{Class: "another", Transform: smt{apply: func(r *connect.SinkRecord) (*connect.SinkRecord, error) {
					return &connect.SinkRecord{Topic: "nowhere", Partition: 9, Offset: 77, Value: r.Value, TargetTopic: r.TargetTopic}, nil
				}}},
			}
		})
		h.reader.assign(tp0, tp1)
		h.reader.produce(tp0, "a", "b")
		h.reader.produce(tp1, "c")
		synctest.Wait()
		fake.taken()
		h.reader.revoke(tp0)
		synctest.Wait()
		refuse = false
		fake.ctx.Wake()
		synctest.Wait()
		if got := fake.taken(); !strings.HasSuffix(got, " put(c)") || strings.HasPrefix(got, "put(c) put(a") {
			t.Errorf("got calls %s", got)
		}
		h.stop()
		h.expectCommitted(tp0, 0)
		h.expectCommitted(tp1, 1)
	})
}

// Each operation has a budget of its own, and what was done before it is not done again.
func TestATransformIsTriedAgainAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &fakeSink{}
		flaky := &flakyConverter{Converter: newString(t)}
		first, second := 0, 0
		h := run(t, fake, nil, func(c *task.Config) {
			c.RetryTimeout, c.ValueConverter = time.Minute, flaky
			c.Transformations = []task.Transformation{
				{Class: "first", Transform: smt{apply: func(r *connect.SinkRecord) (*connect.SinkRecord, error) {
					first++
					return r, nil
				}}},
				{Class: "second", Transform: smt{apply: func(r *connect.SinkRecord) (*connect.SinkRecord, error) {
					if second++; second < 4 {
						return nil, connect.Retriable(errors.New("not now"))
					}
					return r, nil
				}}},
			}
		})
		h.reader.assign(tp0)
		h.reader.produce(tp0, "a")
		time.Sleep(10 * time.Second)
		synctest.Wait()
		h.stop()
		h.expect("calls", fake.taken(), "start open[t-0] put(a) close[t-0] stop")
		if len(flaky.calls) != 1 || first != 1 || second != 4 {
			t.Errorf("%d conversions, %d and %d calls of the transforms", len(flaky.calls), first, second)
		}
		if s := h.task.Stats(); s.Retries != 3 || s.Failures != 3 || s.Errors != 0 || s.Skipped != 0 {
			t.Errorf("got %+v", s)
		}
	})
}

func TestAStopEndsTheWaitForAnotherTry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		flaky := &flakyConverter{Converter: newString(t), err: connect.Retriable(errors.New("registry is down"))}
		fake := &fakeSink{}
		h := run(t, fake, nil, func(c *task.Config) { c.ValueConverter, c.RetryTimeout = flaky, -1 })
		h.reader.assign(tp0)
		h.reader.produce(tp0, "a")
		synctest.Wait()
		flaky.failures = 1000
		h.reader.produce(tp0, "b")
		synctest.Wait()
		began := time.Now()
		h.stop()
		if d := time.Since(began); d > 0 {
			t.Errorf("it took %v", d)
		}
		h.expectCommitted(tp0, 1)
	})
}

func TestTransformsAreClosedWithTheTask(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &fakeSink{}
		h := run(t, fake, nil, func(c *task.Config) {
			c.Transformations = []task.Transformation{
				{Class: "bad", Transform: smt{close: func() error { panic("oh") }}},
				{Class: "good", Transform: smt{close: func() error { fake.note("closed"); return nil }}},
			}
		})
		h.stop()
		h.expect("calls", fake.taken(), "start stop closed")
	})
}
