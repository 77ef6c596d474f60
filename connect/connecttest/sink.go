package connecttest

import (
	"testing"

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

// TestSink runs the contract of [connect.SinkConnector] and [connect.SinkTask] on a sink, each rule as a subtest. It must not run in parallel
// with other tests of its process, since it counts goroutines.
//
// The rules that need BadValue, Outage or Hang are skipped, by name, if the description has none.
func TestSink(t *testing.T, s Sink) {
	t.Run("settings are defined in full", s.testConfig)
	t.Run("secrets are passwords", s.testSecrets)
	t.Run("a connector splits its work", s.testTaskConfigs)
	t.Run("a connector is started again after it was stopped", s.testConnectorAgain)

	t.Run("a task takes empty batches at any time", s.testEmptyPuts)
	t.Run("what was put is written when it may be committed", s.testWritten)
	t.Run("offsets to commit are among those put", s.testOffsets)
	t.Run("a task can be stopped without having run", s.testStopAlone)
	t.Run("a task can be stopped after its start has failed", s.testFailedStart)
	t.Run("a task goes on where its predecessor has committed", s.testRestart)
	t.Run("an abandoned task loses nothing that was not committed", s.testAbandoned)
	t.Run("partitions go and come back", s.testRebalance)
	t.Run("tasks share nothing", s.testConcurrent)
	t.Run("nothing runs on after a task was stopped", s.testGoroutines)
	t.Run("calls end with their context", s.testContextOver)

	t.Run("a bad record is reported and the others are written", s.testBadRecord)
	t.Run("a bad record that is not tolerated is not passed", s.testBadRecordRefused)
	t.Run("an outage is waited for", s.testOutage)
	t.Run("a call that hangs ends with its context", s.testHang)
}

// values returns n records of a partition, at offsets from first on, with the values from the given number on.
func (s Sink) values(partition int32, first int64, number, n int) []connect.SinkRecord {
	records := make([]connect.SinkRecord, n)
	for i := range records {
		records[i] = Record(partition, first+int64(i), s.Value(number+i))
	}
	return records
}
