// Package fraud holds the two inputs of the fraud detector, [Transaction] and
// [FlaggedAccount], as they travel over Kafka: how their JSON is read, and how
// a flagged transaction is written.
//
// The reference is the Flink 1.15.2 SQL job that this pipeline replaces, byte
// for byte and failure for failure: what that job's JSON format accepts is
// accepted here with the same value, what makes it fail is an [Error] here. It
// is not a general JSON package.
//
// Reading has two halves. A scanner finds the members of the record and leaves
// the text of those that are columns in a [rawRow]; a converter per column type
// turns text into a value. There are two scanners: fast.go takes the plain
// shape that producers write and gives up at anything unusual, complete.go
// takes everything Jackson takes (other encodings, escapes, duplicate members,
// nested values). Both feed the same converters, so a record means the same
// whichever of them read it; a fuzz target holds them to that.
//
//	bytes ─> scanFast ──────────────────────┐
//	  └────> decodeUnicode ─> scanComplete ─┴─> rawRow ─> bigint, varchar, decimal, timestamp ─> row
package fraud
