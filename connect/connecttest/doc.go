// Package connecttest helps plugin authors to test. It has a contract suite that every sink should pass, and a worker's side of the contract for
// tests of one's own.
//
//	TestSink       the suite: each sentence of connect.SinkConnector and connect.SinkTask that can be tried, as a subtest
//	Task           a sink task with a worker around it, which keeps offsets and looks for broken rules
//	TaskContext    a SinkTaskContext that remembers what the task asks for, and what it logs
//	Record         a record; Records makes batches
//
// It knows no Kafka and needs none: a sink's tests run without a broker.
package connecttest
