package detector

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"sluice/detector/state"
	"sluice/internal/fraud"
	"sluice/internal/kafka"
)

// reader is what the loop needs of a [kafka.TopicReader].
type reader interface {
	Start(context.Context) error
	Poll(ctx context.Context, wait time.Duration) ([]kafka.Message, error)
	Position() map[kafka.TopicPartition]int64
	EndOffsets(context.Context) (map[kafka.TopicPartition]int64, error)
	Close() error
}

// producer is what the loop needs of a [kafka.Producer].
type producer interface {
	Start(context.Context) error
	SendAsync(ctx context.Context, rec kafka.OutRecord, done func(partition int32, offset int64, err error)) error
	Flush(context.Context) error
	Close(context.Context) error
}

// admin is what the loop needs of a [kafka.Admin].
type admin interface {
	PartitionCount(ctx context.Context, topic string) (int32, error)
	CreateTopic(context.Context, kafka.TopicSpec) (bool, error)
	Close() error
}

// Detector reads two topics and writes one.
//
//	flagged-accounts ─> read ─┐
//	                          ├─> join (owns the state) ─> output ─> flagged-transactions
//	transactions ─────> read ─┘
type Detector struct {
	cfg      Config
	sources  []*source
	producer producer
	admin    admin
	join     Join
	out      *output
	counters counters
	ready    chan struct{}
	log      *slog.Logger

	engine *engine // instead of the readers, the producer and the join, with state on disk
}

// source is one of the two inputs.
type source struct {
	Source
	flags  bool
	reader reader
}

// batch is what one poll of a source returned.
type batch struct {
	source    *source
	messages  []kafka.Message
	positions map[kafka.TopicPartition]int64 // behind the messages
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

// New checks cfg. It connects to nothing and starts nothing.
func New(cfg Config) (*Detector, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	if cfg.StateDir != "" {
		return newWithEngine(cfg)
	}
	flags, err := kafka.NewTopicReader(cfg.Flags.readerConfig(cfg.Logger))
	if err != nil {
		return nil, fmt.Errorf("reader of topic %q: %w", cfg.Flags.Topic, err)
	}
	transactions, err := kafka.NewTopicReader(cfg.Transactions.readerConfig(cfg.Logger))
	if err != nil {
		return nil, fmt.Errorf("reader of topic %q: %w", cfg.Transactions.Topic, err)
	}
	out, err := kafka.NewProducer(cfg.Output.producerConfig(cfg.Logger))
	if err != nil {
		return nil, fmt.Errorf("producer of topic %q: %w", cfg.Output.Topic, err)
	}
	adm, err := kafka.NewAdmin(cfg.Output.adminConfig(cfg.Logger))
	if err != nil {
		return nil, fmt.Errorf("admin of topic %q: %w", cfg.Output.Topic, err)
	}
	return assemble(cfg, flags, transactions, out, adm), nil
}

// newWithEngine makes a detector with its state on disk.
func newWithEngine(cfg Config) (*Detector, error) {
	adm, err := kafka.NewAdmin(cfg.Output.adminConfig(cfg.Logger))
	if err != nil {
		return nil, fmt.Errorf("admin of topic %q: %w", cfg.Output.Topic, err)
	}
	d := &Detector{cfg: cfg, admin: adm, ready: make(chan struct{}), log: cfg.Logger}
	d.engine, err = newEngine(cfg, &d.counters, sync.OnceFunc(func() { close(d.ready) }))
	return d, err
}

// runEngine is Run with state on disk.
func (d *Detector) runEngine(ctx context.Context) error {
	err := d.startEngine(ctx)
	if err == nil {
		d.log.Info("detector is running", "flags", d.cfg.Flags.Topic, "transactions", d.cfg.Transactions.Topic, "output", d.cfg.Output.Topic,
			"state", d.cfg.StateDir, "guarantee", d.cfg.Guarantee)
		err = d.engine.run(ctx)
	}
	if ctx.Err() != nil && (err == nil || errors.Is(err, ctx.Err())) && !isState(err) {
		err = nil // told to stop
	}
	stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), d.cfg.StopTimeout)
	defer cancel()
	return errors.Join(err, d.engine.close(stopCtx), d.admin.Close())
}

// isState reports whether err says that the state was not written.
func isState(err error) bool {
	var e *state.Error
	return errors.As(err, &e)
}

// startEngine waits for what an engine needs to be there.
func (d *Detector) startEngine(ctx context.Context) error {
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

// assemble makes a detector of a complete config and its clients.
func assemble(cfg Config, flags, transactions reader, p producer, a admin) *Detector {
	d := &Detector{cfg: cfg, producer: p, admin: a, ready: make(chan struct{}), log: cfg.Logger}
	d.sources = []*source{
		{Source: cfg.Flags, flags: true, reader: flags},
		{Source: cfg.Transactions, reader: transactions},
	}
	d.out = newOutput(p, cfg.Output.Topic, &d.counters.acknowledged, cfg.Logger)
	return d
}

// Ready is closed when both sources are being read: from here on, a source that
// starts at its latest offset misses nothing.
func (d *Detector) Ready() <-chan struct{} { return d.ready }

// Run reads, joins and writes until ctx ends, which is no error, or until it
// cannot go on: a record cannot be read ([*PoisonError]), a source topic does
// not appear in time, or Kafka refuses for good. While Kafka is merely away it
// waits and goes on by itself. Before it returns, in every case, it waits for
// the acknowledgements of what it has sent, for at most Config.StopTimeout.
//
// Run may be called once.
func (d *Detector) Run(ctx context.Context) error {
	if d.engine != nil {
		return d.runEngine(ctx)
	}
	err := d.start(ctx)
	started := err == nil
	if started {
		err = d.loop(ctx)
	}
	if ctx.Err() != nil && (!started || errors.Is(err, ctx.Err())) {
		err = nil // told to stop
	}
	stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), d.cfg.StopTimeout)
	defer cancel()
	if started {
		drainErr := d.drain(stopCtx)
		if err != nil && errors.Is(drainErr, err) {
			err = nil // delivery is what failed, and drain says it better
		}
		err = errors.Join(err, drainErr)
	}
	return errors.Join(err, d.close(stopCtx))
}

// loop runs the goroutines until one fails or ctx ends.
func (d *Detector) loop(ctx context.Context) error {
	close(d.ready)
	d.log.Info("detector is running", "flags", d.cfg.Flags.Topic, "transactions", d.cfg.Transactions.Topic, "output", d.cfg.Output.Topic)
	group, ctx := errgroup.WithContext(ctx)
	batches := make(chan batch)
	for _, s := range d.sources {
		group.Go(func() error { return d.read(ctx, s, batches) })
		group.Go(func() error { return d.watchEnds(ctx, s) })
	}
	group.Go(func() error { return d.joinBatches(ctx, batches) })
	return group.Wait()
}

// start makes everything ready to run, waiting for what is not there yet.
func (d *Detector) start(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, d.cfg.TopicTimeout)
	defer cancel()
	err := d.await(ctx, "the brokers of the output", func() error { return d.ensureOutputTopic(ctx) })
	if err != nil {
		return err
	}
	err = d.await(ctx, "the producer", func() error { return d.producer.Start(ctx) })
	if err != nil {
		return fmt.Errorf("start the producer of topic %q: %w", d.cfg.Output.Topic, err)
	}
	for _, s := range d.sources {
		err := d.await(ctx, "source topic "+s.Topic, func() error { return s.reader.Start(ctx) })
		if err != nil {
			return fmt.Errorf("source topic %q: %w", s.Topic, err)
		}
		d.counters.moved(s.reader.Position(), d.join.Size())
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

// pollWait is how long a poll waits for records; it only bounds how long a
// position without records, such as one behind a transaction marker, goes unnoticed.
const pollWait = time.Second

// read passes on what a source delivers.
func (d *Detector) read(ctx context.Context, s *source, batches chan<- batch) error {
	last := s.reader.Position()
	for {
		messages, err := s.reader.Poll(ctx, pollWait)
		if err != nil {
			return fmt.Errorf("read topic %q: %w", s.Topic, err)
		}
		positions := s.reader.Position()
		if len(messages) == 0 && maps.Equal(positions, last) {
			continue
		}
		last = positions
		select {
		case batches <- batch{s, messages, positions}:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// joinBatches is the loop that owns the state.
func (d *Detector) joinBatches(ctx context.Context, batches <-chan batch) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-d.out.wake:
			if err := d.out.resend(ctx); err != nil {
				return err
			}
		case b := <-batches:
			for i := range b.messages {
				if err := d.apply(ctx, b.source, &b.messages[i]); err != nil {
					return err
				}
			}
			d.counters.moved(b.positions, d.join.Size())
		}
	}
}

// apply joins one record.
func (d *Detector) apply(ctx context.Context, s *source, m *kafka.Message) error {
	emit := func(t *fraud.Transaction) error {
		d.counters.matches.Add(1)
		return d.out.send(ctx, t)
	}
	if s.flags {
		f, ok, err := fraud.DecodeFlaggedAccount(m.Value)
		if !ok {
			return d.noRow(m, err)
		}
		d.counters.flags.Add(1)
		return d.join.AddFlag(&f, emit)
	}
	t, ok, err := fraud.DecodeTransaction(m.Value)
	if !ok {
		return d.noRow(m, err)
	}
	d.counters.transactions.Add(1)
	for range d.join.AddTransaction(&t) {
		if err := emit(&t); err != nil {
			return err
		}
	}
	return nil
}

// noRow says what becomes of a record that is no row.
func (d *Detector) noRow(m *kafka.Message, err error) error {
	if err != nil {
		return &PoisonError{Topic: m.Topic, Partition: m.Partition, Offset: m.Offset, Err: err}
	}
	d.counters.skipped.Add(1)
	return nil
}

// watchEnds keeps the end offsets of a source up to date. It serves only those
// who watch, so a failure is left to the reader to report.
func (d *Detector) watchEnds(ctx context.Context, s *source) error {
	ticker := time.NewTicker(d.cfg.StatsInterval)
	defer ticker.Stop()
	for {
		if ends, err := s.reader.EndOffsets(ctx); err == nil {
			d.counters.ended(ends)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// drain waits for outstanding acknowledgements.
func (d *Detector) drain(ctx context.Context) error {
	if err := d.out.drain(ctx); err != nil {
		open := d.counters.matches.Load() - d.counters.acknowledged.Load()
		return fmt.Errorf("%d flagged transactions are not acknowledged: %w", open, err)
	}
	return nil
}

// close closes every client, the last one started first.
func (d *Detector) close(ctx context.Context) error {
	var errs []error
	for _, s := range d.sources {
		errs = append(errs, s.reader.Close())
	}
	errs = append(errs, d.producer.Close(ctx), d.admin.Close())
	return errors.Join(errs...)
}
