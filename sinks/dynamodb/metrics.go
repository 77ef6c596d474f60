package dynamodb

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"sluice/connect"
)

// meters are the figures that a task shows about itself, those of all its tables together: how many tables there are is up to the records, and
// a label must have few values. docs/dynamodb-sink.md explains them. nil counts nothing.
//
// Counters are told once per call what became of its writes, so that a record costs no more than an addition under the lock that the
// engine holds anyway.
type meters struct {
	records  [outcomes]*connect.Counter
	calls    map[string]*connect.Counter // by the service's name of the call
	failed   map[string]*connect.Counter // by class
	throttle map[string]*connect.Counter // by reason

	unprocessed *connect.Counter
	retries     *connect.Counter
	fill        *connect.Histogram
	took        *connect.Histogram
	consumed    *consumedMeters  // nil: nobody asks
	heldBack    *connect.Counter // nil: there is no limit

	mu      sync.Mutex // guards engines; taken before the lock of an engine
	engines []*engine
}

// recordOutcome is what became of a record that is finished.
type recordOutcome uint8

// The first are those of the operations, whose numbers they have.
const (
	mergedRecord   recordOutcome = iota + recordOutcome(insertItem) + 1 // a newer record of its key was written in its stead
	ignoredRecord                                                       // there was nothing to do for it
	unmetRecord                                                         // its condition did not hold
	skippedRecord                                                       // it could not be written and was to be skipped then
	reportedRecord                                                      // it could not be written, and the connector's error handling tolerates that
	outcomes
)

var outcomeNames = [outcomes]string{
	putItem: "put", deleteItem: "delete", upsertItem: "upsert", updateItem: "update", insertItem: "insert",
	mergedRecord: "merged", ignoredRecord: "ignored", unmetRecord: "unmet", skippedRecord: "skipped", reportedRecord: "reported",
}

// routeNames are the service's names of the calls that carry many writes; operationNames has those of the others.
var routeNames = [routes]string{batchRoute: "BatchWriteItem", statementRoute: "BatchExecuteStatement", transactRoute: "TransactWriteItems"}

// classNames are the classes of calls that have failed. cancelledCall stands for those that were cut off by us.
var classNames = [...]string{throttled: "throttled", transient: "transient", rejected: "rejected", fatal: "fatal"}

const cancelledCall = "cancelled"

// throttleReasons are the reasons that the service has for throttling a write, in ThrottlingReasons or, where it gives none, as the error's code.
// See https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ThrottlingReason.html.
var throttleReasons = []string{
	"TableWriteProvisionedThroughputExceeded", "TableWriteKeyRangeThroughputExceeded", "TableWriteMaxOnDemandThroughputExceeded", "TableWriteAccountLimitExceeded",
	"IndexWriteProvisionedThroughputExceeded", "IndexWriteKeyRangeThroughputExceeded", "IndexWriteMaxOnDemandThroughputExceeded", "IndexWriteAccountLimitExceeded",
	"ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded", otherReason,
}

const otherReason = "other"

// throttleCodes are the codes that statements and actions of transactions have for what calls have other codes for.
var throttleCodes = map[string]string{"ProvisionedThroughputExceeded": "ProvisionedThroughputExceededException", "ThrottlingError": "ThrottlingException"}

// newMeters makes the metrics of a task. From nil it makes ones that nobody sees.
func newMeters(in *connect.Metrics) *meters {
	m := &meters{calls: map[string]*connect.Counter{}, failed: map[string]*connect.Counter{}, throttle: map[string]*connect.Counter{}}
	labelled := func(name, help, label, value string) *connect.Counter {
		return in.Counter(name, help, connect.MetricLabel{Name: label, Value: value})
	}
	for i, name := range outcomeNames {
		m.records[i] = labelled("dynamodb_records_total", "Records that are finished, by what became of them.", "outcome", name)
	}
	for _, name := range append(routeNames[:singleRoute:singleRoute], "PutItem", "UpdateItem", "DeleteItem") {
		m.calls[name] = labelled("dynamodb_calls_total", "Calls that write and have ended, failed ones included.", "call", name)
	}
	for _, name := range append(classNames[throttled:], cancelledCall) {
		m.failed[name] = labelled("dynamodb_calls_failed_total", "Calls that have failed as a whole, by what that means for their records.", "class", name)
	}
	for _, name := range throttleReasons {
		m.throttle[name] = labelled("dynamodb_throttles_total", "Calls, or statements and actions of calls, that were throttled, by the service's reasons.", "reason", name)
	}
	m.unprocessed = in.Counter("dynamodb_unprocessed_total", "Writes that BatchWriteItem returned as unprocessed.")
	m.retries = in.Counter("dynamodb_retries_total", "Writes that did not get through and wait to be sent again.")
	m.fill = in.Histogram("dynamodb_call_records", "Writes that a call carried.", []float64{1, 2, 5, 10, 15, 20, 24, 25, 50, 100})
	m.took = in.Histogram("dynamodb_call_seconds", "How long a call took, failed ones included.",
		[]float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 40})

	in.Gauge("dynamodb_calls_in_flight", "Calls that wait for their answer.", m.sum(func(e *engine) int { return len(e.inFlight) }))
	in.Gauge("dynamodb_window_calls", "Calls that may be in flight at present.", m.sum(func(e *engine) int { return e.pace.window }))
	in.Gauge("dynamodb_backlog_records", "Records that were accepted and are not finished.", m.sum(func(e *engine) int { return e.records }))
	in.Gauge("dynamodb_backlog_bytes", "Memory that these records are taken to hold.", m.sum(func(e *engine) int { return e.bytes }))
	in.Gauge("dynamodb_keys_paused", "Keys whose last write did not get through and that wait before the next try.", m.sum(func(e *engine) int { return len(e.paused) }))
	return m
}

// showLimit adds the figures of a limit of the rate.
func (m *meters) showLimit(in *connect.Metrics, l *limiter) {
	in.Gauge("dynamodb_rate_limit_units", "Write units a second that are the task's share of the limit.", func() float64 {
		m.mu.Lock()
		defer m.mu.Unlock()
		return l.share(m.engines)
	})
	m.heldBack = in.Counter("dynamodb_rate_held_back_seconds_total", "For how long the limit has held back calls that could have been made, each table by itself.")
}

// sum returns the function of a gauge that adds up what of returns of each engine under its lock.
func (m *meters) sum(of func(*engine) int) func() float64 {
	return func() float64 {
		m.mu.Lock()
		defer m.mu.Unlock()
		total := 0
		for _, e := range m.engines {
			e.mu.Lock()
			total += of(e)
			e.mu.Unlock()
		}
		return float64(total)
	}
}

// watch has the gauges count an engine.
func (m *meters) watch(e *engine) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.engines = append(m.engines, e)
}

// unwatch ends that.
func (m *meters) unwatch(e *engine) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.engines = slices.DeleteFunc(m.engines, func(other *engine) bool { return other == e })
}

// called counts a call that has ended.
func (m *meters) called(b *batch, out *outcome, now time.Time) {
	if m == nil {
		return
	}
	name := routeNames[b.route]
	if b.route == singleRoute {
		name = operationNames[b.writes[0].op]
	}
	m.calls[name].Inc()
	m.fill.Observe(float64(len(b.writes)))
	m.took.Observe(now.Sub(b.began).Seconds())
	if m.consumed != nil && out.consumed != nil {
		m.consumed.count(out.consumed)
	}
	switch {
	case out.class == done:
		for i := range out.each {
			if v := &out.each[i]; v.err == errUnprocessed {
				m.unprocessed.Inc()
			} else if v.class == throttled {
				m.throttled(v.err)
			}
		}
	case errors.Is(out.err, context.Canceled):
		m.failed[cancelledCall].Inc()
	default:
		m.failed[classNames[out.class]].Inc()
		if out.class == throttled {
			m.throttled(out.err)
		}
	}
}

// throttled counts each reason that the service has given, once.
func (m *meters) throttled(err error) {
	var cause *serviceError
	if !errors.As(err, &cause) {
		m.throttle[otherReason].Inc()
		return
	}
	name := cause.code
	if code, known := throttleCodes[name]; known {
		name = code
	}
	names := []string{name}
	if len(cause.reasons) > 0 {
		names = names[:0]
		for _, r := range cause.reasons {
			names = append(names, r.Reason)
		}
	}
	counted := map[*connect.Counter]bool{}
	for _, name := range names {
		counter, known := m.throttle[name]
		if !known {
			counter = m.throttle[otherReason]
		}
		if !counted[counter] {
			counted[counter] = true
			counter.Inc()
		}
	}
}

// tally is what an engine has counted, under its lock, since it told its meters last.
type tally struct {
	records [outcomes]int
	retries int
}

// publish tells the meters what was counted. It is called under the lock, so that whoever sees records as finished finds them counted.
func (e *engine) publish() {
	if m := e.meters; m != nil {
		for i, n := range e.tally.records {
			if n > 0 {
				m.records[i].Add(float64(n))
			}
		}
		m.retries.Add(float64(e.tally.retries)) // 0 adds nothing
	}
	e.tally = tally{}
}
