// Package detector finds the transactions of flagged accounts. It is the Flink
// SQL job of the original pipeline,
//
//	INSERT INTO flagged_transactions
//	SELECT t.* FROM transactions t JOIN flagged_accounts f
//	ON t.account_id = f.account_id AND t.transaction_date > f.flag_date
//
// with the same result, multiset for multiset: arrival order does not matter, a
// late flag joins transactions that came long before it, and an account flagged
// twice yields each of its transactions twice.
//
// The parts:
//
//	join.go        the rule and its state in memory: pure, no clock, no client
//	store.go       how a transaction is held in memory
//	properties.go  application_properties.json
//	config.go      what a detector is told
//	detector.go    the loop: two topics in, the join, one topic out
//	output.go      delivery of the results, with retry
//	engine.go      the detector with its state on disk, a member of a group
//	claim.go       a partition that is ours, until it is given back
//	shard.go       one partition of the transactions, from fencing to commit
//	sink.go        where the results of a shard go: exactly or at least once
//	stats.go       counters for those who watch
//
// # Guarantee
//
// Without Config.StateDir, state is in memory and nothing is committed: every
// start reads both topics from the startup mode of the configuration and emits
// again. Within one run each pair is emitted at least once; it is emitted twice
// only if Kafka stored a record and its acknowledgement was lost for longer than
// the client retries.
//
// With Config.StateDir, each pair is visible once to a reader with
// read_committed, also when processes are killed (docs/detector.md says what was
// tried of that), or at least once if that was asked for;
// package state says why the state on disk never has to be in step. Rows that
// hold no account or no date are not stored. A process that ends is succeeded by the
// next one with its directory, or, after the session, by other processes.
package detector
