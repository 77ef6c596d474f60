package state

import (
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"sluice/internal/fraud"
)

// Shard joins one partition of the transactions with all flags, from a
// [Position] on. It belongs to one goroutine.
//
// Transactions come in the order of their offsets, from [Shard.ReadFrom] on;
// until they reach the position they are only stored. Flags come by themselves,
// from the store, whenever [Shard.JoinFlags] is called.
type Shard struct {
	store     *Store
	partition int32
	pos       Position
	stored    int64 // the rows below are in the store or in chunks
	skipped   int64 // emissions of the last transaction that an earlier position had done

	chunks []chunk       // of rows that are not in the store yet
	byID   map[int64]int // the chunk of an account
	rows   int           // in chunks
	batch  *pebble.Batch // of chunks that were full, nil if there are none
	dirty  bool          // stored has moved since the store was told

	// FlagJoined, if not nil, is called when JoinFlags is done with a flag: with how many transactions it has emitted, those of this Shard.
	FlagJoined func(emitted int64)
	late       int64 // emitted so far

	key, value []byte // reused
	reader     rowReader
}

const (
	chunkBytes = 16 << 10 // of a chunk that is full
	openRows   = 8192     // of all chunks together
)

// Shard returns the shard of a partition at a position. Rows that the store has
// of it from an earlier time are used, unless they begin elsewhere than the
// position does; then they are removed. [Store.StartFlags] must have been called.
func (s *Store) Shard(partition int32, pos Position) (*Shard, error) {
	pos = pos.clone()
	flags := s.FlagRanges()
	if len(pos.Flags) > len(flags) {
		return nil, fmt.Errorf("partition %d: its position knows %d partitions of flags, and there are %d: the topic of the flags is not the one it was", partition, len(pos.Flags), len(flags))
	}
	for i, r := range flags {
		if i == len(pos.Flags) { // a partition that was added
			pos.Flags = append(pos.Flags, Range{r.Base, r.Base})
		}
		if pos.Flags[i].Base < r.Base {
			return nil, fmt.Errorf("partition %d: its position begins at offset %d of partition %d of the flags, and the state at %d: start again", partition, pos.Flags[i].Base, i, r.Base)
		}
	}
	sh := &Shard{store: s, partition: partition, pos: pos, stored: pos.Base, byID: make(map[int64]int), dirty: true}
	rows, found, err := s.getRange(shardKey(partition))
	if err != nil {
		return nil, s.wrap(err)
	}
	if found && rows.Base == pos.Base {
		sh.stored = rows.Next
	} else if found {
		err = s.Drop(partition)
	}
	s.durable.opened(partition, sh.stored)
	return sh, err
}

// Position returns how far the shard has joined.
func (sh *Shard) Position() Position { return sh.pos.clone() }

// Next returns the offset of the next transaction to join.
func (sh *Shard) Next() int64 { return sh.pos.Next }

// FlagsJoined returns the sum of the flags' next offsets, which tells whether the position has moved in them.
func (sh *Shard) FlagsJoined() (sum int64) {
	for _, r := range sh.pos.Flags {
		sum += r.Next
	}
	return sum
}

// ReadFrom is the offset from which transactions have to come.
func (sh *Shard) ReadFrom() int64 { return min(sh.stored, sh.pos.Next) }

// Stored is the offset below which all rows are kept.
func (sh *Shard) Stored() int64 { return sh.stored }

// Live reports whether the store has what the position says, so that the join
// can go on: all transactions, and all flags, below the position.
func (sh *Shard) Live() bool {
	if sh.stored < sh.pos.Next {
		return false
	}
	sh.store.flags.mu.RLock()
	defer sh.store.flags.mu.RUnlock()
	for i, r := range sh.pos.Flags {
		if sh.store.flags.ranges[i].Next < r.Next {
			return false
		}
	}
	return true
}

// Behind reports whether transactions below the position are missing in the store. Those may be given to the shard before it is live.
func (sh *Shard) Behind() bool { return sh.stored < sh.pos.Next }

// Transaction takes the transaction at an offset and returns how often it has to
// be emitted: once for each flag that it matches, less what of that was emitted
// before the position was committed. A transaction before the position is
// stored, and emitted no more.
func (sh *Shard) Transaction(offset int64, t *fraud.Transaction) (emit int64, err error) {
	matchable := t.AccountID.Valid && t.Date.Valid
	if offset >= sh.stored {
		if matchable {
			if err := sh.keep(offset, t); err != nil {
				return 0, err
			}
		}
		sh.stored, sh.dirty = offset+1, true
	}
	if offset < sh.pos.Next {
		return 0, nil
	}
	if matchable {
		if emit, err = sh.store.matching(&sh.pos, t.AccountID.Value, t.Date.Value); err != nil {
			return 0, err
		}
		emit = max(0, emit-sh.pos.Emitted)
	}
	sh.skipped = sh.pos.Emitted
	sh.pos.Next, sh.pos.Emitted = offset+1, 0
	return emit, nil
}

// Within is the position amid the emissions of the transaction that was given
// last, at an offset: so many of them are done.
func (sh *Shard) Within(offset, emitted int64) Position {
	pos := sh.pos.clone()
	pos.Next, pos.Emitted = offset, sh.skipped+emitted
	return pos
}

// Advance says that there is nothing to join below next that Transaction was not called for.
func (sh *Shard) Advance(next int64) {
	if next > sh.stored {
		sh.stored, sh.dirty = next, true
	}
	if next > sh.pos.Next {
		sh.pos.Next, sh.pos.Emitted = next, 0
	}
}

// keep adds a row to the chunk of its account.
func (sh *Shard) keep(offset int64, t *fraud.Transaction) error {
	i, ok := sh.byID[t.AccountID.Value]
	if !ok {
		i = len(sh.chunks)
		sh.byID[t.AccountID.Value] = i
		if i < cap(sh.chunks) {
			sh.chunks = sh.chunks[:i+1] // with the memory of an earlier one
		} else {
			sh.chunks = append(sh.chunks, chunk{})
		}
		sh.chunks[i].reset(offset, t.Date.Value)
	}
	c := &sh.chunks[i]
	if len(c.data) >= chunkBytes {
		if err := sh.put(t.AccountID.Value, c); err != nil {
			return err
		}
		c.reset(offset, t.Date.Value)
	}
	c.add(offset, t)
	if sh.rows++; sh.rows >= openRows {
		sh.stored, sh.dirty = offset+1, true
		return sh.Save()
	}
	return nil
}

// put adds a chunk to the batch.
func (sh *Shard) put(account int64, c *chunk) error {
	if sh.batch == nil {
		sh.batch = sh.store.db.NewBatch()
	}
	sh.key = appendChunkKey(sh.key[:0], sh.partition, account, c.offset)
	sh.value = c.appendTo(sh.value[:0])
	return sh.store.wrap(sh.batch.Set(sh.key, sh.value, nil))
}

// Save gives the store everything that the shard was given, which does not mean
// that it is on disk: see [Store.Save].
func (sh *Shard) Save() error {
	if !sh.dirty {
		return nil
	}
	for account, i := range sh.byID {
		if err := sh.put(account, &sh.chunks[i]); err != nil {
			return err
		}
	}
	if sh.batch == nil {
		sh.batch = sh.store.db.NewBatch()
	}
	if err := sh.batch.Set(shardKey(sh.partition), appendRange(nil, Range{sh.pos.Base, sh.stored}), nil); err != nil {
		return sh.store.wrap(err)
	}
	if err := sh.store.apply(sh.batch); err != nil {
		return err
	}
	sh.store.durable.gave(sh.partition, sh.stored)
	err := sh.batch.Close()
	sh.batch, sh.dirty, sh.rows = nil, false, 0
	clear(sh.byID)
	sh.chunks = sh.chunks[:0]
	return sh.store.wrap(err)
}
