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
// Both sides are kept for ever, on disk (package state).
//
// The parts:
//
//	join.go        the rule: pure, no clock, no client
//	properties.go  application_properties.json
//	config.go      what a detector is told
//	detector.go    what is waited for at the start, and how it all ends
//	ready.go       when a start is over
//	engine.go      one process of the group: all flags, and the partitions it is given
//	startup.go     where everything begins
//	poll.go        the partitions that come and go, and their records
//	claim.go       a partition that is ours, until it is given back
//	shard.go       one partition, from fencing to commit
//	sink.go        where the results of a shard go: exactly or at least once
//	stats.go       counters for those who watch
//
// # Guarantee
//
// Each pair is visible once to a reader with read_committed, also when processes
// are killed (docs/detector.md says what was tried of that), or at least once if
// that was asked for. The position is in Kafka, committed together with the
// results; package state says why the state on disk never has to be in step with
// it. Rows that hold no account or no date are not stored.
//
// A process that ends is succeeded by the next one with its directory, or, after
// the session, by other processes. A process without a directory of its own, or
// whose directory is lost, builds the state anew from the topics.
package detector
