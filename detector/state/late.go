package state

import (
	"errors"
	"math"

	"github.com/cockroachdb/pebble/v2"

	"sluice/internal/fraud"
)

// JoinFlags goes on through the flags that are in the store and not below the
// position, and calls emit for each transaction below the position that one of
// them matches. It looks at no more than about max rows; more says that there is
// more to do, so that a flag of an account with millions of transactions takes
// many calls, and other transactions can be joined between them. t is emit's own.
//
// The first error of emit is returned; the shard must not be used any more then.
func (sh *Shard) JoinFlags(max int, emit func(t *fraud.Transaction) error) (more bool, err error) {
	if sh.pos.Emitted > 0 || !sh.Live() || sh.pos.Late == nil && !sh.store.flagsBeyond(&sh.pos) {
		return false, nil
	}
	if err := sh.Save(); err != nil { // the rows are looked for in the store
		return false, err
	}
	rows, err := sh.store.db.NewIter(nil)
	if err != nil {
		return false, sh.store.wrap(err)
	}
	j := lateJoin{shard: sh, rows: rows, budget: max, emit: emit}
	done, err := j.run()
	err = errors.Join(err, rows.Close())
	if j.refused != nil {
		return false, j.refused
	}
	return !done, sh.store.wrap(err)
}

// flagsBeyond reports whether the store has gone further than the position.
func (s *Store) flagsBeyond(p *Position) bool {
	s.flags.mu.RLock()
	defer s.flags.mu.RUnlock()
	for i, r := range s.flags.ranges {
		if r.Next > p.Flags[i].Next {
			return true
		}
	}
	return false
}

// lateJoin is one call of JoinFlags.
type lateJoin struct {
	shard  *Shard
	rows   *pebble.Iterator
	budget int // of rows
	emit   func(t *fraud.Transaction) error
	t      fraud.Transaction

	refused error // emit's
}

// run is done once the position has reached the store's.
func (j *lateJoin) run() (done bool, err error) {
	ranges := j.shard.store.FlagRanges()
	if late := j.shard.pos.Late; late != nil {
		if done, err := j.flags(late.Partition, ranges[late.Partition].Next); !done || err != nil {
			return false, err
		}
	}
	for partition, r := range ranges {
		if done, err := j.flags(int32(partition), r.Next); !done || err != nil {
			return false, err
		}
	}
	return true, nil
}

// flags joins the flags of one partition that are below end.
func (j *lateJoin) flags(partition int32, end int64) (done bool, err error) {
	pos := &j.shard.pos
	if pos.Flags[partition].Next >= end {
		return true, nil
	}
	log, err := j.shard.store.db.NewIter(&pebble.IterOptions{
		LowerBound: appendFlagLogKey(nil, partition, pos.Flags[partition].Next),
		UpperBound: appendFlagLogKey(nil, partition, end),
	})
	if err != nil {
		return false, err
	}
	defer log.Close()
	for ok := log.First(); ok; ok = log.Next() {
		value, err := log.ValueAndErr()
		if err != nil {
			return false, err
		}
		offset, account, date, err := flagOfLog(log.Key(), value)
		if err != nil {
			return false, err
		}
		pos.Flags[partition].Next = offset
		late := Late{Partition: partition, Below: pos.Next, From: pos.Base}
		if pos.Late != nil {
			late = *pos.Late
		}
		if j.budget <= 0 {
			pos.Late = &late
			return false, nil
		}
		if done, err = j.flag(account, date, &late); err != nil {
			return false, err
		}
		if !done {
			pos.Late = &late
			return false, nil
		}
		pos.Late = nil
		pos.Flags[partition].Next = offset + 1
		if j.shard.FlagJoined != nil {
			j.shard.FlagJoined(j.shard.late)
		}
		j.shard.late = 0
		j.budget-- // looking for an account without transactions is work, too
	}
	if err := log.Error(); err != nil {
		return false, err
	}
	pos.Flags[partition].Next = end
	return true, nil
}

// flag joins one flag with the transactions from late.From on and below late.Below, and moves late.From.
func (j *lateJoin) flag(account int64, date fraud.Timestamp, late *Late) (done bool, err error) {
	sh := j.shard
	last := fraud.Timestamp(math.MaxInt64) // date of the latest transactions that the flag is for
	if sh.store.oneAlert {
		if last, err = sh.store.alerted(&sh.pos, account); err != nil || last <= date {
			return err == nil, err
		}
	}
	j.rows.SetBounds(appendChunkKey(nil, sh.partition, account, math.MinInt64), appendChunkKey(nil, sh.partition, account, late.Below))
	// The chunk that late.From is in may begin before it.
	ok := j.rows.SeekLT(appendChunkKey(nil, sh.partition, account, late.From+1))
	if !ok {
		ok = j.rows.First()
	}
	r := &sh.reader
	for ; ok; ok = j.rows.Next() {
		value, err := j.rows.ValueAndErr()
		if err != nil {
			return false, err
		}
		offset, valid := chunkOffset(j.rows.Key())
		if !valid || !r.open(account, offset, value) {
			return false, errChunk
		}
		if r.latest <= date {
			j.budget--
			continue
		}
		for r.next() && r.offset < late.Below {
			if r.offset < late.From {
				continue
			}
			if j.budget <= 0 {
				late.From = r.offset
				return false, nil
			}
			j.budget--
			if r.date > date && r.date <= last {
				r.transaction(&j.t)
				if j.refused = j.emit(&j.t); j.refused != nil {
					return false, j.refused
				}
				sh.late++
			}
		}
		if r.err != nil {
			return false, r.err
		}
	}
	return true, j.rows.Error()
}
