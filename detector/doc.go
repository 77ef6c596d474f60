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
//	join.go        the rule and its state: pure, no clock, no client
//	store.go       how a transaction is held in memory
//	properties.go  application_properties.json
//	config.go      what a detector is told
//	detector.go    the loop: two topics in, the join, one topic out
//	output.go      delivery of the results, with retry
//	stats.go       counters for those who watch
//
// # Guarantee
//
// State is in memory and nothing is committed: every start reads both topics
// from the startup mode of the configuration and emits again. Within one run
// each pair is emitted at least once; it is emitted twice only if Kafka stored
// a record and its acknowledgement was lost for longer than the client retries.
package detector
