package state

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// Position is how far a shard has joined. Everything that was emitted follows
// from it, so it is committed together with the outputs: Next as the offset of
// the group, the rest as the metadata of that offset.
type Position struct {
	Base    int64 // where the shard began: transactions before it are no part of the join
	Next    int64 // offset of the next transaction to join
	Emitted int64 // how often that transaction was emitted already, if it matches so many flags that one commit does not take them
	// Flags says, by partition of the flags, what has been joined.
	Flags []Range
	// Late is the flag that is being joined with the transactions before it, nil if there is none.
	Late *Late
	// Partitions is how many partitions the transactions had when the shard's base was chosen. A later one is new: all of it is joined.
	Partitions int32
}

// Range are the offsets of a partition from Base on and below Next.
type Range struct {
	Base, Next int64
}

// Late is a flag that is joined in pieces, because its account has many
// transactions. It is the one at the next offset of its partition. Transactions
// from Below on see it; those before are gone through.
type Late struct {
	Partition int32 // of the flags
	Below     int64 // offset of the first transaction that the flag came before
	From      int64 // offset from which transactions are still to be looked at
}

// MaxMetadata is how much metadata of an offset brokers take unless told otherwise.
//
// Kafka: offset.metadata.max.bytes.
const MaxMetadata = 4096

// metadataPrefix names the form of the metadata, so that it can change.
const metadataPrefix = "sluice1:"

// ErrForeign says that the metadata of an offset is not a position: something other than the detector has committed it.
var ErrForeign = errors.New("the committed offset has no position of a detector")

// Metadata returns the position, Next excepted, as text. It fails if that is
// more than brokers take, with hundreds of partitions of flags.
func (p *Position) Metadata() (string, error) {
	b := make([]byte, 0, 64)
	b = binary.AppendVarint(b, p.Base)
	b = binary.AppendVarint(b, p.Emitted)
	b = binary.AppendVarint(b, int64(p.Partitions))
	b = binary.AppendUvarint(b, uint64(len(p.Flags)))
	for _, r := range p.Flags {
		b = binary.AppendVarint(b, r.Base)
		b = binary.AppendVarint(b, r.Next-r.Base)
	}
	if p.Late != nil {
		b = binary.AppendVarint(b, int64(p.Late.Partition))
		b = binary.AppendVarint(b, p.Late.Below)
		b = binary.AppendVarint(b, p.Late.From)
	}
	text := metadataPrefix + base64.RawStdEncoding.EncodeToString(b)
	if len(text) > MaxMetadata {
		return "", fmt.Errorf("the position in %d partitions of flags takes %d bytes, more than the %d that brokers store with an offset", len(p.Flags), len(text), MaxMetadata)
	}
	return text, nil
}

// ParsePosition reads a committed offset and its metadata. It returns
// [ErrForeign] for metadata that the detector has not written.
func ParsePosition(next int64, metadata string) (Position, error) {
	text, ours := strings.CutPrefix(metadata, metadataPrefix)
	if !ours {
		return Position{}, ErrForeign
	}
	b, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil {
		return Position{}, fmt.Errorf("committed position %q: %w", metadata, err)
	}
	r := rowReader{rest: b}
	p := Position{Next: next}
	ok := true
	number := func() int64 {
		n, good := r.varint()
		ok = ok && good
		return n
	}
	p.Base, p.Emitted, p.Partitions = number(), number(), int32(number())
	n, good := r.uvarint()
	for i := uint64(0); ok && good && i < n; i++ {
		base := number()
		p.Flags = append(p.Flags, Range{base, base + number()})
	}
	if ok && good && len(r.rest) > 0 {
		p.Late = &Late{int32(number()), number(), number()}
	}
	if !ok || !good || len(r.rest) > 0 || p.Late != nil && int(uint32(p.Late.Partition)) >= len(p.Flags) {
		return Position{}, fmt.Errorf("committed position %q is malformed", metadata)
	}
	return p, nil
}

// clone returns a copy that shares nothing with p.
func (p *Position) clone() Position {
	c := *p
	c.Flags = append([]Range(nil), p.Flags...)
	if p.Late != nil {
		late := *p.Late
		c.Late = &late
	}
	return c
}

// sees reports whether the flag has been joined, or is being joined, so that a transaction at Next has to be emitted for it.
func (p *Position) sees(f *storedFlag) bool {
	return p.joined(f) || p.Late != nil && p.Late.Partition == f.partition &&
		int(f.partition) < len(p.Flags) && p.Flags[f.partition].Next == f.offset
}

// joined reports whether all transactions before Next have been joined with the flag.
func (p *Position) joined(f *storedFlag) bool {
	if int(f.partition) >= len(p.Flags) {
		return false
	}
	r := p.Flags[f.partition]
	return f.offset >= r.Base && f.offset < r.Next
}
