package detector

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"sluice/internal/kafka"
)

// seekRequest asks poll to deliver from an offset on.
type seekRequest struct {
	claim  *claim
	offset int64
	done   chan struct{}
}

// poll is a member of the group: it hands messages to the shards of the partitions it was given.
func (e *engine) poll(ctx context.Context) (err error) {
	defer func() {
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), e.cfg.StopTimeout)
		defer cancel()
		err = errors.Join(err, e.reader.Close(stop)) // which stops the shards, by Revoked
		select {
		case failure := <-e.failures: // of a shard on its way out
			err = errors.Join(err, failure)
		default:
		}
	}()
	cleaned, asked := time.Now(), time.Now()
	for {
		messages, err := e.reader.Poll(ctx, pollWait)
		if err != nil {
			return fmt.Errorf("read topic %q: %w", e.cfg.Transactions.Topic, err)
		}
		e.deliver(messages)
		if time.Since(asked) > e.cfg.StatsInterval {
			asked = time.Now()
			e.noteEnds()
		}
		if time.Since(cleaned) > time.Minute {
			cleaned = time.Now()
			if err := e.dropUnowned(cleaned); err != nil {
				return err
			}
		}
		for more := true; more; {
			select {
			case failure := <-e.failures:
				return failure
			case r := <-e.requests:
				if e.shards[r.claim.tp] == r.claim {
					if err := e.reader.Seek(r.claim.tp, r.offset); err != nil {
						return err
					}
					r.claim.inbox.restart(r.offset)
					e.reader.Resume(r.claim.tp)
				}
				close(r.done)
			default:
				more = false
			}
		}
	}
}

// deliver hands the messages of a poll to their shards, with the positions behind them.
func (e *engine) deliver(messages []kafka.Message) {
	for len(messages) > 0 {
		tp := messages[0].TopicPartition()
		n := slices.IndexFunc(messages, func(m kafka.Message) bool { return m.Partition != tp.Partition })
		if n < 0 {
			n = len(messages)
		}
		if s := e.shards[tp]; s != nil {
			s.inbox.add(messages[:n])
		}
		messages = messages[n:]
	}
	for tp, s := range e.shards {
		if position, ok := e.reader.Position(tp); ok {
			s.inbox.moved(position)
		}
	}
}

// noteEnds tells those who watch where the partitions end.
func (e *engine) noteEnds() {
	ends := make(map[kafka.TopicPartition]int64)
	for tp, lag := range e.reader.Lag() {
		if position, ok := e.reader.Position(tp); ok {
			ends[tp] = position + lag
		}
	}
	e.counters.ended(ends)
}

// Assigned starts shards. It is called by poll's reader, as are Revoked and Lost.
func (e *engine) Assigned(ctx context.Context, added map[kafka.TopicPartition]int64) error {
	e.ready.assigned(added)
	for tp := range added {
		s, err := newShardRun(e, tp)
		if err != nil {
			return err
		}
		e.shards[tp] = s
		delete(e.unowned, tp.Partition)
		s.start(context.WithoutCancel(ctx))
	}
	return nil
}

// Revoked has the shards commit what they have joined, and waits for them.
func (e *engine) Revoked(ctx context.Context, parts []kafka.TopicPartition) error {
	ctx, cancel := context.WithTimeout(ctx, e.cfg.StopTimeout)
	defer cancel()
	e.meter.revoked.Add(int64(len(parts)))
	e.end(ctx, parts)
	return nil
}

// Lost ends the shards: what they could commit now would be refused, or another's.
func (e *engine) Lost(_ context.Context, parts []kafka.TopicPartition) error {
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	e.meter.lost.Add(int64(len(parts)))
	e.end(gone, parts)
	return nil
}

// end stops shards: in order for as long as ctx lives, at once after that.
func (e *engine) end(ctx context.Context, parts []kafka.TopicPartition) {
	var stopping sync.WaitGroup
	for _, tp := range parts {
		s := e.shards[tp]
		if s == nil {
			continue
		}
		delete(e.shards, tp)
		e.unowned[tp.Partition] = time.Now()
		stopping.Go(func() {
			s.end(ctx)
			e.meter.ended(s.meter)
			e.meter.client(s.outputClient(), nil)
		})
	}
	stopping.Wait()
	e.ready.settled(parts...)
}

// dropUnowned removes the rows of partitions that have been others' for a while.
func (e *engine) dropUnowned(now time.Time) error {
	partitions, err := e.store.Partitions()
	if err != nil {
		return err
	}
	for _, p := range partitions {
		if e.shards[kafka.TopicPartition{Topic: e.cfg.Transactions.Topic, Partition: p}] != nil {
			continue
		}
		since, known := e.unowned[p]
		if !known {
			e.unowned[p] = now
			continue
		}
		if now.Sub(since) > unownedPatience {
			if err := e.store.Drop(p); err != nil {
				return err
			}
			e.log.Info("removed the state of a partition that is another's", "partition", p)
			delete(e.unowned, p)
		}
	}
	return nil
}
