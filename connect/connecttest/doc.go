// Package connecttest helps plugin authors to test: a contract suite that every sink should pass, and a worker's side of the contract to
// call a task with by hand.
//
//	TestSink       the suite
//	TaskContext    a SinkTaskContext that records what the task asks for
//	Records        batches of records
package connecttest
