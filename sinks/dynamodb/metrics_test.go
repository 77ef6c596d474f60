package dynamodb

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"sluice/connect"
)

// shown returns what metrics show, by name and value of the label: "dynamodb_records_total put". Of a histogram it is how many values there were. Those
// that are 0 are left out.
func shown(m *connect.Metrics) map[string]float64 {
	out := map[string]float64{}
	for _, f := range m.Read() {
		for _, s := range f.Samples {
			name, value := f.Name, s.Value+float64(s.Count)
			for _, l := range s.Labels {
				name += " " + l.Value
			}
			if value != 0 {
				out[name] = value
			}
		}
	}
	return out
}

func wantShown(t *testing.T, m *connect.Metrics, want map[string]float64) {
	t.Helper()
	if got := shown(m); !maps.Equal(got, want) {
		t.Errorf("the metrics show\n%v, want\n%v", got, want)
	}
}

func TestCallsAreCountedByWhatBecameOfThem(t *testing.T) {
	reasons := func(names ...string) error {
		e := &serviceError{code: "ThrottlingException"}
		for _, name := range names {
			e.reasons = append(e.reasons, throttlingReason{Reason: name, Resource: "arn"})
		}
		return fmt.Errorf("BatchWriteItem: %w", e)
	}
	for name, c := range map[string]struct {
		route route
		op    operation
		out   outcome
		want  map[string]float64
	}{
		"written":    {route: batchRoute, want: map[string]float64{"dynamodb_calls_total BatchWriteItem": 1}},
		"statements": {route: statementRoute, want: map[string]float64{"dynamodb_calls_total BatchExecuteStatement": 1}},
		"an action that was throttled": {
			route: transactRoute, out: outcome{each: []verdict{{class: again}, {class: throttled, err: reasons()}}},
			want: map[string]float64{"dynamodb_calls_total TransactWriteItems": 1, "dynamodb_throttles_total ThrottlingException": 1},
		},
		"statements that were throttled": {
			route: statementRoute, out: outcome{each: []verdict{
				{class: throttled, err: &serviceError{code: "ThrottlingError"}}, {class: throttled, err: &serviceError{code: "ProvisionedThroughputExceeded"}},
			}},
			want: map[string]float64{
				"dynamodb_calls_total BatchExecuteStatement": 1, "dynamodb_throttles_total ThrottlingException": 1,
				"dynamodb_throttles_total ProvisionedThroughputExceededException": 1,
			},
		},
		"single put":      {route: singleRoute, op: insertItem, want: map[string]float64{"dynamodb_calls_total PutItem": 1}},
		"single deletion": {route: singleRoute, op: deleteItem, want: map[string]float64{"dynamodb_calls_total DeleteItem": 1}},
		"no right":        {out: outcome{class: fatal}, want: map[string]float64{"dynamodb_calls_total BatchWriteItem": 1, "dynamodb_calls_failed_total fatal": 1}},
		"cut off by us": {
			out:  outcome{class: transient, err: fmt.Errorf("BatchWriteItem: %w", context.Canceled)},
			want: map[string]float64{"dynamodb_calls_total BatchWriteItem": 1, "dynamodb_calls_failed_total cancelled": 1},
		},
		"throttled, for one reason twice": {
			out: outcome{class: throttled, err: reasons("TableWriteKeyRangeThroughputExceeded", "IndexWriteAccountLimitExceeded", "IndexWriteAccountLimitExceeded")},
			want: map[string]float64{
				"dynamodb_calls_total BatchWriteItem": 1, "dynamodb_calls_failed_total throttled": 1,
				"dynamodb_throttles_total TableWriteKeyRangeThroughputExceeded": 1, "dynamodb_throttles_total IndexWriteAccountLimitExceeded": 1,
			},
		},
		"throttled, for reasons that nobody knows": {
			out:  outcome{class: throttled, err: reasons("New", "Newer")},
			want: map[string]float64{"dynamodb_calls_total BatchWriteItem": 1, "dynamodb_calls_failed_total throttled": 1, "dynamodb_throttles_total other": 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			seen := connect.NewMetrics(func(err error) { t.Error(err) })
			began := time.Now()
			newMeters(seen).called(&batch{route: c.route, writes: []*write{{op: c.op}, {op: c.op}}, began: began}, &c.out, began.Add(time.Second))
			c.want["dynamodb_call_records"], c.want["dynamodb_call_seconds"] = 1, 1
			wantShown(t, seen, c.want)
		})
	}
}

// What is left out by a policy is told apart from what is written.
func TestRecordsThatAreSkippedAreCounted(t *testing.T) {
	p := defaultPolicy()
	p.onData = skip
	bad := func(_ context.Context, names []string) outcome {
		out := outcome{each: make([]verdict, len(names))}
		for i, name := range names {
			switch name[0] {
			case 'u':
				out.each[i] = verdict{class: unmetCondition, err: errors.New("it does not hold")}
			case 'b':
				out.each[i] = verdict{class: rejected, err: errors.New("it is bad")}
			}
		}
		return out
	}
	onBenchWith(t, p, bad, func(b *bench) {
		seen := connect.NewMetrics(func(err error) { t.Error(err) })
		b.engine.meters = newMeters(seen)
		b.engine.meters.watch(b.engine)
		b.put("a1", "u1", "b1", "u2", "b2", "c1")
		synctest.Wait()
		if got := b.committable(); got != b.next {
			t.Fatalf("offset %d may be committed, want %d", got, b.next)
		}
		got := shown(seen)
		// u1 was replaced by u2; b2, rejected, brought b1 back.
		for name, want := range map[string]float64{"put": 2, "unmet": 1, "merged": 1, "skipped": 2} {
			if got := got["dynamodb_records_total "+name]; got != want {
				t.Errorf("%s: got %v, want %v", name, got, want)
			}
		}
	})
}

// docs/dynamodb-sink.md names each metric, and each value of their labels but for the service's reasons.
func TestMetricsAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/dynamodb-sink.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := connect.NewMetrics(func(err error) { t.Error(err) })
	newMeters(seen).showLimit(seen, &limiter{limit: rateLimit{kind: fixedRate, units: 1}, tasks: 1})
	newConsumedMeters(seen)
	newHotKeys(nil).show(seen)
	var want []string
	for _, f := range seen.Read() {
		want = append(want, f.Name)
		for _, s := range f.Samples {
			for _, l := range s.Labels {
				if l.Name != "reason" && l.Name != "rank" && l.Value != "" && !regexp.MustCompile("`"+l.Value+"`").Match(page) {
					t.Errorf("the page does not say what %s{%s=%q} is", f.Name, l.Name, l.Value)
				}
			}
		}
	}
	var got []string
	for _, found := range regexp.MustCompile("(?m)^\\| `(dynamodb_[a-z_]+)").FindAllSubmatch(page, -1) {
		got = append(got, string(found[1]))
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("the page has the metrics\n%q, the sink\n%q", got, want)
	}
}
