package detector

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"sluice/detector/state"
	"sluice/internal/fraud"
	"sluice/internal/kafka"
)

// engine is what a [Detector] does once its topics are there. Every process reads all flags;
// the partitions of the transactions are shared out among the processes of the group.
//
//	flags ────────> read ─> store ◄──────────────┐
//	transactions ─> poll ─┬─> shard 0 ─> sink 0 ─┼─> output and offsets
//	                      └─> shard 1 ─> sink 1 ─┘
type engine struct {
	cfg       Config
	log       *slog.Logger
	counters  *counters
	meter     *meter
	admin     *kafka.Admin // of the transactions' cluster, where the group is
	flagAdmin *kafka.Admin
	reader    *kafka.GroupReader
	plain     *kafka.Producer // for at-least-once, nil otherwise
	store     *state.Store
	bases     []int64 // where the flags begin
	ready     *readiness
	dir       string // of the state

	// Owned by the goroutine of poll.
	shards   map[kafka.TopicPartition]*claim
	unowned  map[int32]time.Time // partitions with rows that are not ours, and since when
	requests chan seekRequest
	failures chan error
	fault    func(point string) error // of tests: an error is a crash there
}

// newEngine checks what only an engine needs. It connects to nothing.
func newEngine(cfg Config, c *counters, ready *readiness) (*engine, error) {
	e := &engine{
		cfg: cfg, log: cfg.Logger, counters: c, meter: newMeter(), ready: ready, shards: make(map[kafka.TopicPartition]*claim), unowned: make(map[int32]time.Time),
		requests: make(chan seekRequest), failures: make(chan error, 1), fault: func(string) error { return nil },
	}
	var err error
	if e.admin, err = kafka.NewAdmin(cfg.Transactions.adminConfig(cfg.Logger)); err != nil {
		return nil, fmt.Errorf("admin of topic %q: %w", cfg.Transactions.Topic, err)
	}
	if e.flagAdmin, err = kafka.NewAdmin(cfg.Flags.adminConfig(cfg.Logger)); err != nil {
		return nil, fmt.Errorf("admin of topic %q: %w", cfg.Flags.Topic, err)
	}
	if _, err = kafka.NewGroupReader(cfg.Transactions.groupConfig(cfg.Logger, e, "")); err != nil { // start makes the one that is used
		return nil, fmt.Errorf("reader of topic %q: %w", cfg.Transactions.Topic, err)
	}
	if cfg.Guarantee == AtLeastOnce {
		if e.plain, err = kafka.NewProducer(cfg.Output.producerConfig(cfg.Logger)); err != nil {
			return nil, fmt.Errorf("producer of topic %q: %w", cfg.Output.Topic, err)
		}
		return e, nil
	}
	if cfg.Output.BootstrapServers != cfg.Transactions.BootstrapServers {
		return nil, fmt.Errorf("guarantee %s: output and transactions must be in one cluster, and are at %s and %s: use %s", ExactlyOnce,
			cfg.Output.BootstrapServers, cfg.Transactions.BootstrapServers, AtLeastOnce)
	}
	_, err = e.newTransactional(kafka.TopicPartition{Topic: cfg.Transactions.Topic})
	return e, err
}

// run goes on until ctx ends or something is wrong for good, with the state in dir. Whatever it returns, every shard has stopped by then.
func (e *engine) run(ctx context.Context, dir string) (err error) {
	e.dir = dir
	flags, err := e.start(ctx)
	if e.store != nil {
		defer func() { err = errors.Join(err, e.store.Close()) }()
	}
	if err != nil {
		return err
	}
	defer flags.Close()
	e.observe(flags)
	defer e.meter.became(Stopping) // before the store is closed
	defer context.AfterFunc(ctx, func() { e.meter.became(Stopping) })()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return e.watchHistory(ctx) })
	group.Go(func() error { return e.readFlags(ctx, flags) })
	group.Go(func() error { return e.watchFlagEnds(ctx, flags) })
	group.Go(func() error { return e.poll(ctx) })
	group.Go(func() error { return e.save(ctx) })
	return group.Wait()
}

// close closes the clients.
func (e *engine) close(ctx context.Context) error {
	var errs []error
	if e.plain != nil {
		errs = append(errs, e.plain.Close(ctx))
	}
	if e.reader != nil {
		errs = append(errs, e.reader.Close(ctx))
	}
	return errors.Join(append(errs, e.admin.Close(), e.flagAdmin.Close())...)
}

// readFlags brings the flags into the store.
func (e *engine) readFlags(ctx context.Context, r *kafka.TopicReader) error {
	for {
		messages, err := r.Poll(ctx, pollWait)
		if err != nil {
			return fmt.Errorf("read topic %q: %w", e.cfg.Flags.Topic, err)
		}
		added := make(map[int32][]state.FlagAt)
		next := make(map[int32]int64)
		newest := make(map[int32]fraud.Nullable[fraud.Timestamp])
		read := make(map[int32]int)
		var poison error
		for i := range messages {
			m := &messages[i]
			f, ok, err := fraud.DecodeFlaggedAccount(m.Value)
			if err != nil {
				e.meter.failed.Add(1)
				poison = &PoisonError{Topic: m.Topic, Partition: m.Partition, Offset: m.Offset, Err: err}
				break
			}
			read[m.Partition]++
			if ok {
				e.counters.flags.Add(1)
				newest[m.Partition] = later(newest[m.Partition], f.FlagDate)
				e.meter.row(f.AccountID.Valid && f.FlagDate.Valid)
				added[m.Partition] = append(added[m.Partition], state.FlagAt{Offset: m.Offset, FlaggedAccount: f})
			} else {
				e.counters.skipped.Add(1)
			}
			next[m.Partition] = m.Offset + 1
		}
		positions := r.Position()
		if poison == nil {
			for tp, position := range positions {
				next[tp.Partition] = position
			}
		}
		for partition, position := range next {
			if err := e.store.AddFlags(partition, added[partition], position); err != nil {
				return err
			}
			e.meter.read(partition, read[partition], position, newest[partition])
		}
		if poison != nil {
			return poison
		}
		e.counters.moved(positions, e.size())
	}
}

func (e *engine) size() StateSize {
	return StateSize{Flags: int(e.store.FlagCount()), Transactions: int(e.counters.stored.Load()), Bytes: e.store.Bytes()}
}

const (
	saveInterval    = 5 * time.Second  // of bringing rows to the disk: what a crash loses is read again
	unownedPatience = 10 * time.Minute // until the rows of a partition that others read now are removed
)

// save has the state written to disk from time to time, and reports that it cannot be.
func (e *engine) save(ctx context.Context) error {
	tick := time.NewTicker(saveInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-e.store.Failed():
			return e.store.Err()
		case <-tick.C:
			if err := e.store.SaveSoon(); err != nil {
				return err
			}
		}
	}
}

// fail ends the engine because of a shard.
func (e *engine) fail(err error) {
	select {
	case e.failures <- err:
	default: // it ends because of another one
	}
	e.reader.Wakeup()
}
