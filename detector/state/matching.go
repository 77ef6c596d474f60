package state

import (
	"errors"
	"fmt"
	"math"

	"github.com/cockroachdb/pebble/v2"

	"sluice/internal/fraud"
)

// matching counts the flags that a transaction of the account and date at position p has to be emitted for.
func (s *Store) matching(p *Position, account int64, date fraud.Timestamp) (int64, error) {
	f := &s.flags
	f.mu.RLock()
	known, ok := f.accounts[account]
	complete := f.complete
	f.mu.RUnlock()
	if !ok && !complete {
		return s.matchingOnDisk(p, account, date)
	}
	n := int64(0)
	for i := range known {
		if known[i].date >= date || n > 0 && s.oneAlert {
			break
		}
		if p.sees(&known[i]) {
			n++
		}
	}
	return n, nil
}

// matchingOnDisk looks an account up and remembers its flags, or that it has none.
func (s *Store) matchingOnDisk(p *Position, account int64, date fraud.Timestamp) (n int64, err error) {
	f := &s.flags
	before := s.FlagsChanged()
	lower := appendSigned([]byte{accountedKind}, account)
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: appendKeyAfter(lower)})
	if err != nil {
		return 0, s.wrap(err)
	}
	var found []storedFlag
	for ok := it.First(); ok; ok = it.Next() {
		_, flag, valid := accountedFlag(it.Key())
		if !valid {
			return 0, s.wrap(fmt.Errorf("%w: key %q", ErrDamaged, it.Key()))
		}
		if flag.date < date && p.sees(&flag) {
			n++
		}
		if len(found) <= accountFlags {
			found = append(found, flag)
		} else if flag.date >= date {
			break
		}
	}
	if err := it.Close(); err != nil {
		return 0, s.wrap(err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, known := f.accounts[account]; !known && f.changed == before && len(found) <= accountFlags {
		f.accounts[account] = found
		f.held += len(found) + 1
		f.shrink(account)
	}
	if s.oneAlert {
		n = min(n, 1)
	}
	return n, nil
}

// alerted returns the date after which transactions of the account were emitted already when the flag that is being joined
// comes to them: that of the earliest flag that was joined before it. Whether a transaction had its alert therefore follows
// from the position, and nothing needs to be noted with the transaction.
func (s *Store) alerted(p *Position, account int64) (fraud.Timestamp, error) {
	const never = math.MaxInt64
	f := &s.flags
	f.mu.RLock()
	known, ok := f.accounts[account]
	complete := f.complete
	f.mu.RUnlock()
	for i := range known {
		if p.joined(&known[i]) {
			return known[i].date, nil
		}
	}
	if ok || complete {
		return never, nil
	}
	lower := appendSigned([]byte{accountedKind}, account)
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: appendKeyAfter(lower)})
	if err != nil {
		return 0, err
	}
	date := fraud.Timestamp(never)
	for ok := it.First(); ok; ok = it.Next() {
		_, flag, valid := accountedFlag(it.Key())
		if !valid {
			return 0, errors.Join(fmt.Errorf("%w: key %q", ErrDamaged, it.Key()), it.Close())
		}
		if p.joined(&flag) {
			date = flag.date
			break
		}
	}
	return date, it.Close()
}
