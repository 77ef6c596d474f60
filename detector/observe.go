package detector

import (
	"context"
	"maps"
	"strconv"
	"time"

	"sluice/detector/state"
	"sluice/internal/kafka"
)

// observe shows the engine, which is about to run, to those who watch.
func (e *engine) observe(flags *kafka.TopicReader) {
	e.meter.opened(e.store)
	e.meter.client("flags", func() ClientStats {
		s := flags.Stats()
		return ClientStats{Reader: &s}
	})
	e.meter.client("transactions", func() ClientStats {
		s := e.reader.Stats()
		return ClientStats{Reader: &s, Member: true}
	})
	if e.plain != nil {
		e.meter.client("output", func() ClientStats {
			s := e.plain.Stats()
			return ClientStats{Producer: &s}
		})
	}
	e.meter.became(Live)
}

// outputClient says what the partition's own producer is for.
func (c *claim) outputClient() string { return "output-" + strconv.Itoa(int(c.tp.Partition)) }

// restarted notes that the shard begins again from its committed position.
func (c *claim) restarted() {
	c.e.meter.restarts.Add(1)
	c.meter.update(func(st *ShardStats) { st.Phase = Starting })
}

// recovered notes the position that the shard begins from.
func (s *shardRun) recovered(pos state.Position) {
	s.meter.update(func(st *ShardStats) {
		st.Phase, st.Base, st.Committed = Restoring, pos.Base, pos.Next
	})
	s.observe(false)
}

// observe shows how far the shard is; late says that a flag is being joined in pieces.
func (s *shardRun) observe(late bool) {
	waiting, missing := s.shard.Flags()
	s.meter.update(func(st *ShardStats) {
		if s.live {
			st.Phase = Live
		}
		st.Applied, st.Stored = s.shard.Next(), s.shard.Stored()
		st.Remaining, st.FlagsLeft = 0, waiting
		if !s.live {
			st.Remaining = max(0, st.Applied-st.Stored) + missing
		}
		st.Late, st.Newest = late, s.newest
		st.Records += s.records
	})
	s.records = 0
}

// watchInterval is how often the brokers are asked what they have kept, which also shows that they are there.
const watchInterval = 2 * time.Second

// watchHistory keeps the oldest retained offsets of both topics up to date. They serve only those who watch: a failure is theirs to see.
func (e *engine) watchHistory(ctx context.Context) error {
	tick := time.NewTicker(watchInterval)
	defer tick.Stop()
	for {
		e.askHistory(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (e *engine) askHistory(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 5*watchInterval)
	defer cancel()
	flags, err := e.flagAdmin.EarliestOffsets(ctx, e.cfg.Flags.Topic)
	var transactions map[kafka.TopicPartition]int64
	if err == nil {
		transactions, err = e.admin.EarliestOffsets(ctx, e.cfg.Transactions.Topic)
	}
	m := e.meter
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.trouble = err; err != nil {
		return
	}
	m.contact = time.Now()
	m.earliest = flags
	maps.Copy(m.earliest, transactions)
}
