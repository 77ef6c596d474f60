package producer

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"

	"sluice/internal/kafka"
)

// sender is what the loop needs of a [kafka.Producer].
type sender interface {
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

// Producer makes records and sends them.
type Producer struct {
	cfg    Config
	sender sender
	admin  admin

	sent, acknowledged atomic.Int64

	mu  sync.Mutex
	err error // the first failed delivery
}

// Stats is what a producer has done since it was started.
type Stats struct {
	Sent         int64 // records handed over for sending
	Acknowledged int64 // records that Kafka has acknowledged
}

// New checks cfg and draws a seed if it has none. It connects to nothing and
// starts nothing.
func New(cfg Config) (*Producer, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	properties := kafka.Properties{"client.id": "sluice-producer"}
	maps.Copy(properties, cfg.Properties)
	maps.Copy(properties, kafka.Properties{"bootstrap.servers": cfg.BootstrapServers, "acks": "all"})
	sender, err := kafka.NewProducer(kafka.ProducerConfig{
		Properties: properties,
		Logger:     cfg.Logger.With("topic", strings.Join(cfg.topics(), ",")),
	})
	if err != nil {
		return nil, fmt.Errorf("producer of topic %s: %w", cfg.quotedTopics(), err)
	}
	adm, err := kafka.NewAdmin(kafka.AdminConfig{Properties: properties, Logger: cfg.Logger})
	if err != nil {
		return nil, fmt.Errorf("admin of topic %s: %w", cfg.quotedTopics(), err)
	}
	return assemble(cfg, sender, adm), nil
}

// assemble makes a producer of a complete config and its clients.
func assemble(cfg Config, s sender, a admin) *Producer {
	for cfg.Seed == 0 {
		cfg.Seed = rand.Uint64()
	}
	return &Producer{cfg: cfg, sender: s, admin: a}
}

// Seed returns the seed of the records, drawn or given.
func (p *Producer) Seed() uint64 { return p.cfg.Seed }

// Stats returns a snapshot. It may be called from any goroutine at any time.
func (p *Producer) Stats() Stats {
	acknowledged := p.acknowledged.Load()
	return Stats{Sent: p.sent.Load(), Acknowledged: acknowledged}
}

// Run creates a topic that is missing, then makes and sends records until
// there are enough of them or ctx ends, which is no error. It returns when all
// of them are acknowledged. It is an error if Kafka cannot be reached within
// Config.StartTimeout, if a record cannot be delivered within the client's own
// delivery timeout, or if the end of ctx leaves records unacknowledged for
// longer than Config.StopTimeout.
//
// Run may be called once.
//
// Differs: the original pauses after its last batch too; Run returns.
func (p *Producer) Run(ctx context.Context) error {
	runCtx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	err := p.start(runCtx)
	started := err == nil
	if started {
		p.logStart()
		if err = p.sendAll(runCtx, cancel); err == nil {
			err = p.flush(runCtx) // as long as deliveries take
		}
	}
	if ctx.Err() != nil && (!started || errors.Is(err, ctx.Err())) {
		err = nil // told to stop
	}
	stopCtx, stop := context.WithTimeout(context.WithoutCancel(ctx), p.cfg.StopTimeout)
	defer stop()
	if started && err == nil {
		err = p.flush(stopCtx)
	}
	if failure := p.failure(); failure != nil {
		err = failure
	}
	return errors.Join(err, p.sender.Close(stopCtx), p.admin.Close())
}

func (p *Producer) logStart() {
	log := p.cfg.Logger.With("topic", strings.Join(p.cfg.topics(), ","))
	if p.cfg.Events != nil {
		log.Info("producer is running")
		return
	}
	log.Info("producer is running", "data", p.cfg.Data, "seed", p.cfg.Seed)
}

// start makes the topics and the sender ready. The clients wait for brokers that
// cannot be reached.
func (p *Producer) start(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, p.cfg.StartTimeout)
	defer cancel()
	for _, topic := range p.cfg.topics() {
		if err := p.ensureTopic(ctx, topic); err != nil {
			return err
		}
	}
	if err := p.sender.Start(ctx); err != nil {
		return fmt.Errorf("start the producer of topic %s: %w", p.cfg.quotedTopics(), err)
	}
	return nil
}

// ensureTopic creates the topic if it is missing. Looking first spares the
// permission to create when it is there.
func (p *Producer) ensureTopic(ctx context.Context, topic string) error {
	_, err := p.admin.PartitionCount(ctx, topic)
	var unknown *kafka.UnknownTopicError
	if err == nil {
		return nil
	}
	if !errors.As(err, &unknown) {
		return fmt.Errorf("look for topic %q: %w", topic, err)
	}
	spec := kafka.TopicSpec{Name: topic, Partitions: p.cfg.Partitions, ReplicationFactor: -1}
	if spec.Partitions == 0 {
		spec.Partitions = -1
	}
	created, err := p.admin.CreateTopic(ctx, spec)
	if err != nil {
		return fmt.Errorf("create topic %q: %w", topic, err)
	}
	if created {
		p.cfg.Logger.Info("created topic", "topic", topic)
	}
	return nil
}

// delivery is what is done when a record was acknowledged, or was not.
type delivery func(partition int32, offset int64, err error)

// delivery returns that of a topic's records. A failed one cancels the run.
func (p *Producer) delivery(topic string, cancel context.CancelCauseFunc) delivery {
	return func(_ int32, _ int64, err error) {
		if err == nil {
			p.acknowledged.Add(1)
			return
		}
		p.fail(topic, err)
		cancel(err)
	}
}

// sendAll makes and hands over the records.
func (p *Producer) sendAll(ctx context.Context, cancel context.CancelCauseFunc) error {
	flagDone, transactionDone := p.delivery(p.cfg.FlagTopic, cancel), p.delivery(p.cfg.TransactionTopic, cancel)
	flags := func(f *Flag) error { return p.handFlag(ctx, f, flagDone) }
	transactions := func(t *Transaction) error { return p.handTransaction(ctx, t, transactionDone) }
	switch {
	case p.cfg.Events != nil:
		return p.sendEvents(ctx, transactions, flags)
	case p.cfg.Data == Accounts:
		return p.sendFlags(flags)
	default:
		return p.sendTransactions(ctx, transactions)
	}
}

func (p *Producer) sendFlags(hand func(*Flag) error) error {
	for flag := range Flags(p.cfg.Accounts, p.cfg.FlaggedShare, p.cfg.Clock) {
		if err := hand(&flag); err != nil {
			return err
		}
	}
	return nil
}

func (p *Producer) sendTransactions(ctx context.Context, hand func(*Transaction) error) error {
	generator := NewGenerator(p.cfg.Seed, p.cfg.Accounts, p.cfg.Clock)
	pace := newPace(p.cfg.Rate, p.cfg.Seed)
	limit := p.cfg.limit()
	for sent := int64(0); sent != limit; {
		if err := pace.wait(ctx, sent); err != nil {
			return err
		}
		batch := int64(p.cfg.Batch)
		if limit >= 0 {
			batch = min(batch, limit-sent)
		}
		for range batch {
			t := generator.Next()
			if err := hand(&t); err != nil {
				return err
			}
		}
		sent += batch
		if p.cfg.Rate == 0 { // the original waits for its batch
			if err := p.flush(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// sendEvents sends what Config.Events has.
func (p *Producer) sendEvents(ctx context.Context, transactions func(*Transaction) error, flags func(*Flag) error) error {
	pace := newPace(p.cfg.Rate, p.cfg.Seed)
	sent := int64(0)
	for event := range p.cfg.Events {
		var err error
		if p.cfg.Rate == 0 {
			err = pace.waitUntil(ctx, event.At)
		} else {
			err = pace.wait(ctx, sent)
		}
		switch {
		case err != nil:
		case event.Flag != nil:
			err = flags(event.Flag)
		default:
			err = transactions(event.Transaction)
		}
		if err != nil {
			return err
		}
		sent++
	}
	return nil
}

func (p *Producer) handFlag(ctx context.Context, f *Flag, done delivery) error {
	key := f.AppendKey(nil)
	if err := p.hand(ctx, p.cfg.FlagTopic, key, f.AppendValue(nil), done); err != nil {
		return err
	}
	if p.cfg.OnFlag != nil {
		p.cfg.OnFlag(f.Row())
	}
	return nil
}

func (p *Producer) handTransaction(ctx context.Context, t *Transaction, done delivery) error {
	buf := t.AppendKey(make([]byte, 0, recordBytes))
	key := len(buf)
	buf = t.AppendValue(buf)
	if err := p.hand(ctx, p.cfg.TransactionTopic, buf[:key:key], buf[key:], done); err != nil {
		return err
	}
	if p.cfg.OnTransaction != nil {
		p.cfg.OnTransaction(t.Row())
	}
	return nil
}

// recordBytes is room for the key and value of nearly every transaction.
const recordBytes = 352

// hand hands a record over to the sender; it blocks while the sender is full.
func (p *Producer) hand(ctx context.Context, topic string, key, value []byte, done delivery) error {
	rec := kafka.OutRecord{Topic: topic, Partition: -1, Key: key, Value: value}
	if err := p.sender.SendAsync(ctx, rec, done); err != nil {
		return err
	}
	p.sent.Add(1)
	return nil
}

func (p *Producer) flush(ctx context.Context) error {
	if err := p.sender.Flush(ctx); err != nil {
		s := p.Stats()
		return fmt.Errorf("%d of %d records are not acknowledged: %w", s.Sent-s.Acknowledged, s.Sent, err)
	}
	return nil
}

// fail keeps the first failed delivery.
func (p *Producer) fail(topic string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err == nil {
		p.err = fmt.Errorf("deliver to topic %q: %w", topic, err)
	}
}

func (p *Producer) failure() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}
