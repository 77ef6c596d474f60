package dynamodb

import "sluice/connect"

// partition keeps which records of one partition are finished: written, replaced by a newer write that is, or reported. What may be
// committed is the offset of the first one that is not.
//
// Records are known in the order in which they were put. Offsets between them that never reached the sink (filtered out, control records)
// need no entry: they lie below the next record that did.
//
// Offsets ascend until the position moves back: after a rewind, or when the topic was made anew. What came before is then no longer a
// prefix of what is read now, so that only the records from there on say what may be committed.
type partition struct {
	tp      connect.TopicPartition
	entries queue[entry] // unfinished and finished records, the first of them unfinished
	first   uint64       // sequence number of the first entry
	since   uint64       // sequence number of the first record after the position moved back last

	// With an order of the partition: what waits for those before it, and the sequence number up to which none does.
	parked   []parked
	released uint64

	sending int  // writes that are with the service
	reports int  // records whose report has no answer yet
	closed  bool // given away: nothing of it may be sent any more
}

// parked is a write that is not in the place of its key yet.
type parked struct {
	write *write
	key   string
}

// mostListed is how many records the partitions of an engine may list, 16 bytes each. Finished ones stay listed behind one that is not, such as a record
// whose report is not answered while all others are written; without a bound they would take all memory in time, and all be read again after a crash.
const mostListed = 1 << 20

type entry struct {
	offset int64
	done   bool
}

// add enters the next record and returns its sequence number.
func (p *partition) add(offset int64) uint64 {
	seq := p.first + uint64(p.entries.len())
	if n := p.entries.len(); n > 0 && offset <= p.entries.at(n-1).offset {
		p.since = seq
	}
	p.entries.push(entry{offset: offset})
	return seq
}

// finish marks a record as done. To finish one twice has no effect.
func (p *partition) finish(seq uint64) {
	if seq < p.first {
		return
	}
	p.entries.at(int(seq - p.first)).done = true
	n := 0
	for n < p.entries.len() && p.entries.at(n).done {
		n++
	}
	p.entries.drop(n)
	p.first += uint64(n)
}

// unfinishedBelow reports whether a record before the given sequence number is not finished.
func (p *partition) unfinishedBelow(seq uint64) bool { return p.entries.len() > 0 && p.first < seq }

// committable returns the next offset to read after everything durable, given the offset after the last record put.
func (p *partition) committable(position int64) int64 {
	for i := max(p.since, p.first) - p.first; i < uint64(p.entries.len()); i++ {
		if !p.entries.at(int(i)).done {
			return min(position, p.entries.at(int(i)).offset)
		}
	}
	return position
}

// listed returns how many records are in the books of the partitions.
func (e *engine) listed() int {
	n := 0
	for _, p := range e.parts {
		n += p.entries.len()
	}
	return n
}
