// Package producer makes the transactions and flagged accounts of the pipeline
// and sends them to Kafka, as the original Python program does: the same
// records, the same bytes (json.dumps), the same keys and partitions, the same
// environment variables. Beyond it, the number and rate of the records can be
// set, up to as fast as they can be sent, and a seed makes them reproducible.
// Records that are made elsewhere, such as those of package scenario, are sent
// by Config.Events.
//
//	config.go     what a producer is told; environment variables
//	generate.go   the records: pure, from a seed and a clock
//	encode.go     their bytes
//	pace.go       when to send
//	producer.go   the sending loop
//
// # Guarantee
//
// When Run returns without an error, every record it made is acknowledged by
// all in-sync replicas, and none was written twice.
package producer
