package state

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
	"sync"

	"github.com/cockroachdb/pebble/v2"

	"sluice/internal/fraud"
)

// storedFlag is a flag of some account.
type storedFlag struct {
	date      fraud.Timestamp
	partition int32
	offset    int64
}

// FlagAt is a flag with its place in its partition.
type FlagAt struct {
	Offset int64
	fraud.FlaggedAccount
}

// flags is what the store knows of the flags: how far they were read, and as
// many of them as memory is allowed for. Accounts that are not in memory are
// looked up on disk, unless all flags are in memory.
type flags struct {
	mu       sync.RWMutex
	ranges   []Range // by partition: what is in the store
	accounts map[int64][]storedFlag
	held     int  // flags in accounts, and one for each account
	limit    int  // of held
	complete bool // accounts has all flags
	total    int64
	changed  chan struct{} // closed and replaced when ranges move
}

// accountFlags bounds the flags of one account that are kept in memory.
const accountFlags = 1000

// load reads what the store has.
func (f *flags) load(s *Store, limit int) error {
	f.limit, f.accounts, f.complete, f.changed = limit, make(map[int64][]storedFlag), true, make(chan struct{})
	for partition := int32(0); ; partition++ {
		r, found, err := s.getRange(flagsKey(partition))
		if err != nil {
			return err
		}
		if !found {
			break
		}
		f.ranges = append(f.ranges, r)
	}
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: []byte{accountedKind}, UpperBound: after(accountedKind)})
	if err != nil {
		return err
	}
	defer it.Close()
	for ok := it.First(); ok; ok = it.Next() {
		account, flag, ok := accountedFlag(it.Key())
		if !ok {
			return fmt.Errorf("%w: key %q", ErrDamaged, it.Key())
		}
		f.total++
		if f.complete {
			f.insert(account, flag)
		}
	}
	if !f.complete { // of some accounts only a part is in memory now
		f.accounts, f.held = make(map[int64][]storedFlag), 0
	}
	return it.Error()
}

// insert puts a flag into memory. f.mu is held.
func (f *flags) insert(account int64, flag storedFlag) {
	known := f.accounts[account]
	if known == nil {
		f.held++
	}
	at, _ := slices.BinarySearchFunc(known, flag, func(a, b storedFlag) int { return cmp.Compare(a.date, b.date) })
	// Shards read the old list at any time.
	grown := make([]storedFlag, 0, len(known)+1)
	grown = append(append(append(grown, known[:at]...), flag), known[at:]...)
	f.accounts[account] = grown
	f.held++
	if len(grown) > accountFlags {
		f.forget(account)
	}
	f.shrink(account)
}

// forget takes an account out of memory. f.mu is held.
func (f *flags) forget(account int64) {
	if known, ok := f.accounts[account]; ok {
		f.held -= len(known) + 1
		delete(f.accounts, account)
		f.complete = false
	}
}

// shrink makes room, at the expense of any accounts but the given one. f.mu is held.
func (f *flags) shrink(but int64) {
	for f.held > f.limit && len(f.accounts) > 1 {
		for account := range f.accounts { // in no order, so that none is always kept
			if account != but {
				f.forget(account)
				break
			}
		}
	}
}

// FlagRanges returns how far the flags are in the store, by partition.
func (s *Store) FlagRanges() []Range {
	s.flags.mu.RLock()
	defer s.flags.mu.RUnlock()
	return slices.Clone(s.flags.ranges)
}

// FlagCount returns how many flags the store has.
func (s *Store) FlagCount() int64 {
	s.flags.mu.RLock()
	defer s.flags.mu.RUnlock()
	return s.flags.total
}

// FlagsChanged returns a channel that is closed when the flags move from here on.
func (s *Store) FlagsChanged() <-chan struct{} {
	s.flags.mu.RLock()
	defer s.flags.mu.RUnlock()
	return s.flags.changed
}

// StartFlags says from where on each partition of the flags is read. What the
// store has of a partition stays if it begins at or before that; otherwise all
// flags are forgotten, since positions before its beginning would not see them.
func (s *Store) StartFlags(bases []int64) error {
	f := &s.flags
	f.mu.Lock()
	defer f.mu.Unlock()
	usable := len(f.ranges) <= len(bases)
	for i := range f.ranges {
		usable = usable && i < len(bases) && f.ranges[i].Base <= bases[i]
	}
	b := s.db.NewBatch()
	defer b.Close()
	ranges := f.ranges
	if !usable {
		for _, kind := range []byte{flagsKind, flagLogKind, accountedKind} {
			if err := b.DeleteRange([]byte{kind}, after(kind), nil); err != nil {
				return s.wrap(err)
			}
		}
		ranges = nil
	}
	for i := len(ranges); i < len(bases); i++ {
		r := Range{bases[i], bases[i]}
		ranges = append(ranges, r)
		if err := b.Set(flagsKey(int32(i)), appendRange(nil, r), nil); err != nil {
			return s.wrap(err)
		}
	}
	if err := s.apply(b); err != nil {
		return err
	}
	if !usable {
		f.accounts, f.held, f.total, f.complete = make(map[int64][]storedFlag), 0, 0, true
	}
	f.ranges = ranges
	return nil
}

// AddFlags stores the flags that a partition has up to next. Those without
// account or date match nothing and are passed over, as are those that the
// store has already.
func (s *Store) AddFlags(partition int32, added []FlagAt, next int64) error {
	f := &s.flags
	f.mu.Lock()
	defer f.mu.Unlock()
	if int(partition) >= len(f.ranges) {
		return fmt.Errorf("partition %d of the flags is new: the detector has to be started again", partition)
	}
	r := f.ranges[partition]
	if next <= r.Next {
		return nil
	}
	b := s.db.NewBatch()
	defer b.Close()
	kept := added[:0:0]
	var key, value []byte
	for _, flag := range added {
		if flag.Offset < r.Next || !flag.AccountID.Valid || !flag.FlagDate.Valid {
			continue
		}
		kept = append(kept, flag)
		account, date := flag.AccountID.Value, flag.FlagDate.Value
		key = appendFlagLogKey(key[:0], partition, flag.Offset)
		value = appendSigned(appendSigned(value[:0], account), int64(date))
		if err := b.Set(key, value, nil); err != nil {
			return s.wrap(err)
		}
		key = appendAccountedKey(key[:0], account, date, partition, flag.Offset)
		if err := b.Set(key, nil, nil); err != nil {
			return s.wrap(err)
		}
	}
	r.Next = next
	if err := b.Set(flagsKey(partition), appendRange(nil, r), nil); err != nil {
		return s.wrap(err)
	}
	if err := s.apply(b); err != nil {
		return err
	}
	for _, flag := range kept {
		account := flag.AccountID.Value
		if _, known := f.accounts[account]; known || f.complete {
			f.insert(account, storedFlag{flag.FlagDate.Value, partition, flag.Offset})
		}
		f.total++
	}
	f.ranges[partition] = r
	close(f.changed)
	f.changed = make(chan struct{})
	return nil
}

// appendKeyAfter returns the first key behind all that begin with prefix.
func appendKeyAfter(prefix []byte) []byte {
	key := slices.Clone(prefix)
	for i := len(key) - 1; i >= 0; i-- {
		if key[i]++; key[i] != 0 {
			return key[:i+1]
		}
	}
	return nil
}

// flagOfLog reads a flag of the log.
func flagOfLog(key, value []byte) (offset, account int64, date fraud.Timestamp, err error) {
	if len(key) != 13 || len(value) != 16 {
		return 0, 0, 0, fmt.Errorf("%w: key %q", ErrDamaged, key)
	}
	return int64(binary.BigEndian.Uint64(key[5:]) ^ 1<<63), signed(value), fraud.Timestamp(signed(value[8:])), nil
}
