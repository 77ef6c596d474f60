package detector

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"sluice/detector/state"
	"sluice/internal/kafka"
)

// Detector reads two topics and writes one. It is one process of a group that
// shares the partitions of the transactions out.
//
//	flagged-accounts ─> all of it ────────────┐
//	                                          ├─> join ─> flagged-transactions
//	transactions ─────> the partitions given ─┘
type Detector struct {
	cfg      Config
	admin    *kafka.Admin // of the output
	engine   *engine
	counters counters
	ready    *readiness
	log      *slog.Logger
}

// PoisonError is a record that the job cannot read. It ends Run: nothing is
// skipped. Err is a *fraud.Error, which names the field and the reason.
type PoisonError struct {
	Topic     string
	Partition int32
	Offset    int64
	Err       error
}

// Error names the record, the field and the reason.
func (e *PoisonError) Error() string {
	return fmt.Sprintf("topic %s, partition %d, offset %d: %v", e.Topic, e.Partition, e.Offset, e.Err)
}

func (e *PoisonError) Unwrap() error { return e.Err }

// New checks cfg. It connects to nothing, writes nothing and starts nothing.
func New(cfg Config) (*Detector, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	d := &Detector{cfg: cfg, ready: newReadiness(), log: cfg.Logger}
	if d.admin, err = kafka.NewAdmin(cfg.Output.adminConfig(cfg.Logger)); err != nil {
		return nil, fmt.Errorf("admin of topic %q: %w", cfg.Output.Topic, err)
	}
	if d.engine, err = newEngine(cfg, &d.counters, d.ready); err != nil {
		return nil, err
	}
	return d, nil
}

// Ready is closed when all partitions that this process was given first are
// being joined: from here on, a source that starts at its latest offset misses
// nothing. A process that the group gives no partition has to wait for one.
func (d *Detector) Ready() <-chan struct{} { return d.ready.closed }

// Run reads, joins and writes until ctx ends, which is no error, or until it
// cannot go on: a record cannot be read ([*PoisonError]), a source topic does
// not appear in time, a topic has lost what is needed of it ([*HistoryError]),
// the state cannot be kept, or Kafka refuses for good. While Kafka is merely
// away it waits and goes on by itself. Before it returns, in every case, it
// commits what it has joined, which takes Config.StopTimeout at most.
//
// Run may be called once.
func (d *Detector) Run(ctx context.Context) error {
	err := d.run(ctx)
	if ctx.Err() != nil && (err == nil || errors.Is(err, ctx.Err())) && !isState(err) {
		err = nil // told to stop
	}
	stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), d.cfg.StopTimeout)
	defer cancel()
	return errors.Join(err, d.engine.close(stopCtx), d.admin.Close())
}

func (d *Detector) run(ctx context.Context) (err error) {
	if err := d.awaitTopics(ctx); err != nil {
		return err
	}
	dir := d.cfg.StateDir
	if dir == "" {
		temporary, err := state.MakeTemporary("")
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, temporary.Remove()) }()
		dir = temporary.Dir
	}
	d.log.Info("detector starts", "flags", d.cfg.Flags.Topic, "transactions", d.cfg.Transactions.Topic, "output", d.cfg.Output.Topic,
		"group", d.cfg.Transactions.Group, "guarantee", d.cfg.Guarantee, "state", dir)
	return d.engine.run(ctx, dir)
}

// isState reports whether err says that the state was not written.
func isState(err error) bool {
	var e *state.Error
	return errors.As(err, &e)
}

// awaitTopics waits for what has to be there, and makes the output topic.
func (d *Detector) awaitTopics(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, d.cfg.TopicTimeout)
	defer cancel()
	if err := d.await(ctx, "the brokers of the output", func() error { return d.ensureOutputTopic(ctx) }); err != nil {
		return err
	}
	for _, s := range []struct {
		topic string
		admin *kafka.Admin
	}{{d.cfg.Flags.Topic, d.engine.flagAdmin}, {d.cfg.Transactions.Topic, d.engine.admin}} {
		err := d.await(ctx, "source topic "+s.topic, func() error { _, err := s.admin.PartitionCount(ctx, s.topic); return err })
		if err != nil {
			return fmt.Errorf("source topic %q: %w", s.topic, err)
		}
	}
	return nil
}

// ensureOutputTopic creates the output topic if it is missing. Looking first
// spares the permission to create when it is there.
func (d *Detector) ensureOutputTopic(ctx context.Context) error {
	topic := d.cfg.Output.Topic
	_, err := d.admin.PartitionCount(ctx, topic)
	var unknown *kafka.UnknownTopicError
	if err == nil || !errors.As(err, &unknown) {
		return err
	}
	spec := kafka.TopicSpec{Name: topic, Partitions: d.cfg.Output.Partitions, ReplicationFactor: -1}
	if spec.Partitions == 0 {
		spec.Partitions = -1
	}
	created, err := d.admin.CreateTopic(ctx, spec)
	if err != nil {
		return fmt.Errorf("create output topic %q: %w", topic, err)
	}
	if created {
		d.log.Info("created the output topic", "topic", topic)
	}
	return nil
}

// pollWait is how long a poll waits for records; it only bounds how long a
// position without records, such as one behind a transaction marker, goes unnoticed.
const pollWait = time.Second

// startPause is the time between two attempts of await.
const startPause = 250 * time.Millisecond

// await calls op until it succeeds, fails for a reason that waiting does not
// cure, or ctx ends. A missing topic may be created a moment later by whoever
// writes to it; Flink fails at once, which a pipeline that starts all its parts
// together would have to work around.
func (d *Detector) await(ctx context.Context, what string, op func() error) error {
	waiting := false
	for {
		err := op()
		if err == nil {
			if waiting {
				d.log.Info("the wait is over", "for", what)
			}
			return nil
		}
		var unknown *kafka.UnknownTopicError
		if !errors.As(err, &unknown) && !kafka.IsRetriable(err) {
			return err
		}
		if !waiting && ctx.Err() == nil {
			waiting = true
			d.log.Warn("waiting", "for", what, "at most", d.cfg.TopicTimeout, "err", err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waited %v: %w", d.cfg.TopicTimeout, err)
		case <-time.After(startPause):
		}
	}
}
