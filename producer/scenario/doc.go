// Package scenario makes streams of transactions and flags in which it is known what is fraud: background traffic of many
// accounts, with fraud of set kinds planted in it. What was planted, and which transactions the detector's join must find,
// is written to a truth file, so that a test can count what a rule missed and what it found too much.
//
//	file.go        a scenario's YAML, strict: what is not understood is refused
//	check.go       what a scenario must keep to
//	plant.go       fraud, laid out before anything is sent
//	background.go  the traffic around it, made as it is sent
//	play.go        both in the order of their arrival
//	truth.go       what a detector must find
//
// The times of transactions and flags are the scenario's own: they begin at its start, whatever the clock on the wall says, and go as
// fast as its speed. The same file and the same seed make the same records in the same order, byte for byte; only the
// timestamps that Kafka gives records differ.
//
// # What the background keeps to
//
// Two transactions of one account are at least background.interval.min apart, and amounts are within background.amount: so no
// account has more than window/min+1 transactions in a window, nor more than that times the largest amount. While fraud is planted on an
// account, and for the time of quiet before and after, it has no background. A rule with limits above that finds the planted
// fraud and nothing else.
package scenario
