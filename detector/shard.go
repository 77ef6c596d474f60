package detector

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sluice/detector/state"
	"sluice/internal/fraud"
	"sluice/internal/kafka"
)

// shardRun joins one partition for as long as it is ours. Its goroutine owns the
// shard of the state and the sink:
//
//	fence ─> read the position ─> catch up, silently ─> join, commit, join, commit ...
//	  ▲                                                          │
//	  └── fenced, or the commit's fate is not known ◄────────────┘
type shardRun struct {
	*claim

	// Owned by the goroutine.
	shard *state.Shard
	live  bool      // the shard was live: it stays so
	dirty bool      // the position has moved since the last commit
	since time.Time // of the last commit
	saved time.Time
	open  int64 // emitted and not committed
	taken int64 // transactions joined and not committed

	records int64 // read since the last observe
	newest  fraud.Nullable[fraud.Timestamp]

	arena []byte // of keys and values
}

// newShardRun makes the claim of a partition of the transactions.
func newShardRun(e *engine, tp kafka.TopicPartition) (*claim, error) {
	c, err := newClaim(e, tp)
	if err != nil {
		return nil, err
	}
	s := &shardRun{claim: c}
	c.serve = s.serve
	return c, nil
}

// serve joins until asked to end, from the committed position on.
func (s *shardRun) serve(ctx context.Context) error {
	if err := s.recover(ctx); err != nil {
		return err
	}
	for {
		select {
		case <-s.stopping:
			return s.finish(ctx)
		default:
		}
		flags := s.e.store.FlagsChanged() // before looking
		if !s.live && s.shard.Live() {
			s.goLive()
		}
		more, err := s.joinFlags(ctx)
		if err != nil {
			return err
		}
		took, err := s.joinMessages(ctx)
		if err != nil {
			return err
		}
		if err := s.commitIfDue(ctx); err != nil {
			return err
		}
		s.observe(more)
		if more || took {
			continue
		}
		wait := s.e.cfg.CommitInterval
		if !s.dirty {
			wait = saveInterval
		} else {
			wait -= time.Since(s.since)
		}
		timer := time.NewTimer(max(0, wait))
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-s.stopping:
		case <-s.inbox.ready:
		case <-flags:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// goLive says that what was silent until now is over.
func (s *shardRun) goLive() {
	s.live = true
	s.e.ready.settled(s.tp)
	s.log.Info("the shard is live", "offset", s.shard.Next())
}

// recover fences whoever had the partition, finds the position, and has messages delivered from where the store needs them.
func (s *shardRun) recover(ctx context.Context) error {
	if err := s.sink.start(ctx); err != nil {
		return err
	}
	if err := s.e.fault("fenced"); err != nil {
		return err
	}
	pos, first, err := s.position(ctx)
	if err != nil {
		return fmt.Errorf("partition %s: %w", s.tp, err)
	}
	if s.shard, err = s.e.store.Shard(s.tp.Partition, pos); err != nil {
		return err
	}
	s.shard.FlagJoined = s.e.meter.fanOut.observe
	s.recovered(pos)
	from := s.shard.ReadFrom()
	if err := checkHistory(ctx, s.e.admin, s.tp, from); err != nil {
		return err
	}
	s.e.counters.matches.Add(-s.open) // they will be found again
	s.e.counters.transactions.Add(-s.taken)
	s.live, s.dirty, s.open, s.taken, s.since, s.saved = false, first, 0, 0, time.Now(), time.Now()
	if first { // so that the next start does not choose anew
		if err := s.commit(ctx, s.shard.Position()); err != nil {
			return err
		}
	}
	s.log.Info("the shard reads", "from", from, "position", pos.Next)
	return s.readFrom(ctx, from)
}

// position is where the partition was committed, or where it begins at its first start.
func (s *shardRun) position(ctx context.Context) (pos state.Position, first bool, err error) {
	group := s.e.cfg.Transactions.group()
	own, found, err := s.e.admin.PartitionOffset(ctx, group, s.tp)
	if err != nil {
		return pos, false, err
	}
	if found {
		pos, err := state.ParsePosition(own.Offset, own.Metadata)
		if !errors.Is(err, state.ErrForeign) {
			return pos, false, err
		}
	}
	others, err := s.e.admin.SettledOffsets(ctx, group)
	if err != nil {
		return pos, false, err
	}
	startup := s.e.cfg.Transactions
	for tp, o := range others {
		other, err := state.ParsePosition(o.Offset, o.Metadata)
		if err == nil && tp.Topic == s.tp.Topic && s.tp.Partition >= other.Partitions {
			startup.Startup = Startup{Mode: StartupEarliest} // it was added after the first start: all of it is new
		}
	}
	if pos.Partitions, err = s.e.admin.PartitionCount(ctx, s.tp.Topic); err != nil {
		return pos, false, err
	}
	if pos.Base, err = firstOffset(ctx, s.e.admin, &startup, s.tp.Partition); err != nil {
		return pos, false, err
	}
	pos.Next = pos.Base
	for _, base := range s.e.bases {
		pos.Flags = append(pos.Flags, state.Range{Base: base, Next: base})
	}
	return pos, true, nil
}

const (
	joinRows    = 5000      // that a late flag looks at between two looks at new transactions
	commitBytes = 768 << 10 // of outputs in one transaction
)

// joinFlags joins a piece of the flags that are new.
func (s *shardRun) joinFlags(ctx context.Context) (more bool, err error) {
	if !s.live {
		return false, nil
	}
	before := s.shard.FlagsJoined()
	more, err = s.shard.JoinFlags(joinRows, func(t *fraud.Transaction) error { return s.emit(ctx, t) })
	s.dirty = s.dirty || more || s.shard.FlagsJoined() != before
	return more, err
}

// joinMessages joins what was delivered. It may stop early, for the sake of a commit.
func (s *shardRun) joinMessages(ctx context.Context) (took bool, err error) {
	if !s.live && !s.shard.Behind() {
		return false, nil // the flags are still being read
	}
	messages, position := s.inbox.take()
	for i := range messages {
		m := &messages[i]
		if !s.live && m.Offset >= s.shard.Next() {
			if !s.shard.Live() {
				s.inbox.putBack(messages[i:])
				return false, nil
			}
			s.goLive()
		}
		if err := s.joinMessage(ctx, m); err != nil {
			return true, err
		}
	}
	if s.shard.Next() < position {
		s.dirty = true
	}
	s.shard.Advance(position)
	return len(messages) > 0, nil
}

// joinMessage joins one record.
func (s *shardRun) joinMessage(ctx context.Context, m *kafka.Message) error {
	t, ok, err := fraud.DecodeTransaction(m.Value)
	s.records++
	if err != nil {
		s.e.meter.failed.Add(1)
		poison := &PoisonError{Topic: m.Topic, Partition: m.Partition, Offset: m.Offset, Err: err}
		if s.live { // what came before it is good
			return errors.Join(poison, s.commit(ctx, s.shard.Position()))
		}
		return poison
	}
	if s.live && !ok {
		s.e.counters.skipped.Add(1)
	}
	if !ok {
		s.shard.Advance(m.Offset + 1)
		s.dirty = true
		return nil
	}
	if m.Offset >= s.shard.Stored() {
		s.e.counters.stored.Add(1)
	}
	silent := m.Offset < s.shard.Next()
	n, err := s.shard.Transaction(m.Offset, &t)
	if err != nil {
		return err
	}
	s.newest = later(s.newest, t.Date)
	if !silent {
		s.e.meter.row(t.AccountID.Valid && t.Date.Valid)
		s.dirty = true
		s.taken++
		s.e.counters.transactions.Add(1)
	}
	for i := range n {
		if err := s.emit(ctx, &t); err != nil {
			return err
		}
		if s.sink.bytes() >= commitBytes && i+1 < n {
			if err := s.commit(ctx, s.shard.Within(m.Offset, i+1)); err != nil {
				return err
			}
		}
	}
	if s.sink.bytes() >= commitBytes {
		return s.commit(ctx, s.shard.Position())
	}
	return nil
}

// emit hands a flagged transaction to the sink.
func (s *shardRun) emit(ctx context.Context, t *fraud.Transaction) error {
	if cap(s.arena)-len(s.arena) < 1024 {
		s.arena = make([]byte, 0, 64<<10)
	}
	start := len(s.arena)
	buf := t.AppendKey(s.arena)
	key := len(buf)
	buf = t.AppendValue(buf)
	s.arena = buf
	s.e.counters.matches.Add(1)
	s.open++
	return s.sink.send(ctx, kafka.OutRecord{Topic: s.e.cfg.Output.Topic, Partition: -1, Key: buf[start:key:key], Value: buf[key:len(buf):len(buf)]})
}

// commitIfDue commits when the interval is over or much has gathered.
func (s *shardRun) commitIfDue(ctx context.Context) error {
	if s.sink.bytes() < commitBytes && !(s.dirty && time.Since(s.since) >= s.e.cfg.CommitInterval) {
		return nil
	}
	if !s.live {
		return nil // it only catches up: the position does not move
	}
	return s.commit(ctx, s.shard.Position())
}

// commit makes everything emitted visible, together with the position.
func (s *shardRun) commit(ctx context.Context, pos state.Position) error {
	metadata, err := pos.Metadata()
	if err != nil {
		return err
	}
	if err := s.e.fault("before the commit"); err != nil {
		return err
	}
	began := time.Now()
	if err := s.sink.commit(ctx, s.tp, kafka.OffsetAndMetadata{Offset: pos.Next, Metadata: metadata}); err != nil {
		s.e.meter.commitFailures.Add(1)
		return fmt.Errorf("partition %s: %w", s.tp, err)
	}
	s.e.meter.commits.since(began)
	s.meter.update(func(st *ShardStats) { st.Committed = pos.Next })
	if err := s.e.fault("after the commit"); err != nil {
		return err
	}
	s.e.counters.acknowledged.Add(s.open)
	s.open, s.taken, s.dirty, s.since = 0, 0, false, time.Now()
	s.arena = nil
	s.e.counters.moved(map[kafka.TopicPartition]int64{s.tp: pos.Next}, s.e.size())
	if time.Since(s.saved) >= saveInterval {
		s.saved = time.Now()
		return s.shard.Save()
	}
	return nil
}

// finish commits what was joined and leaves the rows to the store.
func (s *shardRun) finish(ctx context.Context) error {
	if s.live && s.dirty {
		if err := s.commit(ctx, s.shard.Position()); err != nil {
			return err
		}
	}
	return s.shard.Save()
}
