package connecttest

import (
	"testing"
	"time"

	"sluice/connect"
)

// Sink describes a sink to [TestSink]. New, Props, Value and Check are needed; the others are abilities of the test's destination that more rules
// can be tried with.
type Sink struct {
	// New returns a connector as its plugin's NewSink does.
	New func(t testing.TB) connect.SinkConnector
	// Props returns settings with which a task can run, writing to a destination of its own. Secrets among them should be texts that
	// occur nowhere else: the suite looks for them in logs and errors.
	Props func(t testing.TB) map[string]string
	// Value returns the value of the n-th record, from 0. All values must be writable, and tell from each other.
	Value func(n int) any
	// Check fails the test unless the destination of the given settings holds what the records say. They stand in the order in which they were
	// put, which is that of their offsets within each partition; between partitions there is none to keep. After a rebalance or
	// an abandoned task a record stands there a second time, where it was delivered again: what that leaves is the sink's promise, and one
	// that works ahead may have written it once or twice.
	Check func(t testing.TB, props map[string]string, put []connect.SinkRecord)

	// BadValue returns a value that this sink will never be able to write and has to report. Nil: there is none.
	BadValue func() any
	// Outage makes the destination refuse everything for a reason that will go away, until end is called. Nil: it cannot.
	Outage func(t testing.TB, props map[string]string) (end func())
	// Hang makes the destination take requests and not answer them, until end is called. Nil: it cannot.
	Hang func(t testing.TB, props map[string]string) (end func())
}

// rules are the subtests of TestSink, by the names that they fail with.
var rules = []struct {
	name string
	try  func(Sink, *testing.T)
}{
	{"settings are defined in full", Sink.testConfig},
	{"secrets are passwords", Sink.testSecrets},
	{"a connector splits its work", Sink.testTaskConfigs},
	{"a connector is started again after it was stopped", Sink.testConnectorAgain},

	{"a task takes empty batches at any time", Sink.testEmptyPuts},
	{"what was put is written when it may be committed", Sink.testWritten},
	{"offsets to commit are among those put", Sink.testOffsets},
	{"a task can be stopped without having run", Sink.testStopAlone},
	{"a task can be stopped after its start has failed", Sink.testFailedStart},
	{"a task goes on where its predecessor has committed", Sink.testRestart},
	{"an abandoned task loses nothing that was not committed", Sink.testAbandoned},
	{"partitions go and come back", Sink.testRebalance},
	{"tasks share nothing", Sink.testConcurrent},
	{"nothing runs on after a task was stopped", Sink.testGoroutines},
	{"calls end with their context", Sink.testContextOver},

	{"a bad record is reported and the others are written", Sink.testBadRecord},
	{"a bad record that is not tolerated is not passed", Sink.testBadRecordRefused},
	{"an outage is waited for", Sink.testOutage},
	{"a call that hangs ends with its context", Sink.testHang},
}

// TestSink runs the contract of [connect.SinkConnector] and [connect.SinkTask] on a sink, each rule as a subtest. It must not run in parallel
// with other tests of its process, since it counts goroutines.
//
// The rules that need BadValue, Outage or Hang are skipped, by name, if the description has none; go test -v shows it. After three rules that have waited
// in vain the others are not tried, since what was called goes on in the background.
func TestSink(t *testing.T, s Sink) {
	waited := 0
	for _, rule := range rules {
		began := time.Now()
		if ok := t.Run(rule.name, func(t *testing.T) { rule.try(s, t) }); !ok && time.Since(began) >= timeLimit {
			waited++
		}
		if waited == 3 {
			t.Fatalf("three rules have waited %s each; mend these, and the others will be tried", timeLimit)
		}
	}
}

// values returns n records of a partition, at offsets from first on, with the values from the given number on.
func (s Sink) values(partition int32, first int64, number, n int) []connect.SinkRecord {
	records := make([]connect.SinkRecord, n)
	for i := range records {
		records[i] = Record(partition, first+int64(i), s.Value(number+i))
	}
	return records
}
