// Package state is what the detector remembers: every transaction and every
// flag it has read, on disk, and the rule that joins them.
//
// Each partition of the transactions is a [Shard], joined on its own with all
// flags. Since the partitions are disjoint and a join distributes over a union,
// what the shards emit together is what one join of everything would.
//
// # Visible by position
//
// A shard stands at a [Position]: it has joined the transactions below an offset
// with the flags below one offset per partition of theirs. What the store holds
// beyond that is invisible, which is why it never has to be in step with
// anything. A pair is emitted by whichever of its two sides the shard joins
// second: everything emitted follows from the position before and after, and not from
// what the store held, or from how often a shard was stopped in between.
//
//	store behind the position   the shard reads again, silently, up to it
//	store ahead of the position what lies ahead is not seen, and not stored again
//
// So there is no write-ahead log and no waiting for a disk. Pebble keeps batches
// in the order in which they were written; each carries the offset up to which it
// goes, and what a crash leaves is a store as it was some time before.
//
// # On disk
//
//	'm'                                      format and owner of the store
//	'p' partition                            base and next offset of a shard's rows
//	'T' partition, account, offset           a chunk: the account's rows of one write
//	'f' partition                            base and next offset of the flags' log
//	'F' partition, offset                    a flag: account, date
//	'A' account, date, partition, offset     the same flag, found by its account
//
// Numbers in keys are big-endian, signed ones with their sign flipped, so that
// bytes order as the numbers do. The rows are described at chunk.
package state
