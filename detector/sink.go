package detector

import (
	"context"
	"fmt"
	"sync"
	"time"

	"sluice/internal/kafka"
)

// The guarantees.
const (
	// ExactlyOnce makes outputs and positions visible in one Kafka transaction: a reader with read_committed sees each pair once.
	ExactlyOnce = "exactly-once"
	// AtLeastOnce writes outputs at once. After a crash, those since the last commit are written again.
	AtLeastOnce = "at-least-once"
)

// sink is where a shard's outputs and positions go. It belongs to the goroutine of the shard.
type sink interface {
	// start makes sure that no predecessor commits any more, as far as the sink can.
	start(context.Context) error
	send(context.Context, kafka.OutRecord) error
	// bytes is how much waits for a commit in memory.
	bytes() int
	// commit returns when everything sent, and the position, are stored.
	commit(context.Context, kafka.TopicPartition, kafka.OffsetAndMetadata) error
	close() error
}

// commitPatience bounds one commit, so that a shard does not wait for brokers for ever with a transaction that has long been ended.
const commitPatience = 2 * time.Minute

// transactionalSink is exactly-once.
type transactionalSink struct {
	producer *kafka.TransactionalProducer
	group    string
}

// newTransactional makes the producer of a partition. Whoever has its id has the partition.
func (e *engine) newTransactional(tp kafka.TopicPartition) (*kafka.TransactionalProducer, error) {
	config := e.cfg.Output.producerConfig(e.log)
	for key, value := range map[string]string{"retry.backoff.ms": "20", "max.request.size": "1048576"} {
		if config.Properties[key] == "" {
			config.Properties[key] = value
		}
	}
	p, err := kafka.NewTransactionalProducer(kafka.TransactionalProducerConfig{
		Properties: config.Properties, Logger: config.Logger,
		TransactionalID: fmt.Sprintf("%s-%s-%d", e.cfg.Transactions.group(), tp.Topic, tp.Partition),
	})
	if err != nil {
		return nil, fmt.Errorf("producer of topic %q: %w", e.cfg.Output.Topic, err)
	}
	return p, nil
}

func (t *transactionalSink) start(ctx context.Context) error { return t.producer.Start(ctx) }

func (t *transactionalSink) send(ctx context.Context, rec kafka.OutRecord) error {
	return t.producer.Send(ctx, rec)
}

func (t *transactionalSink) bytes() int { return t.producer.Bytes() }

func (t *transactionalSink) commit(ctx context.Context, tp kafka.TopicPartition, o kafka.OffsetAndMetadata) error {
	ctx, cancel := context.WithTimeout(ctx, commitPatience)
	defer cancel()
	return t.producer.Commit(ctx, t.group, map[kafka.TopicPartition]kafka.OffsetAndMetadata{tp: o})
}

func (t *transactionalSink) close() error { return t.producer.Close() }

func (t *transactionalSink) stats() ClientStats {
	s := t.producer.Stats()
	return ClientStats{Producer: &s}
}

// plainSink is at-least-once. The producer is shared by all shards.
type plainSink struct {
	producer *kafka.Producer
	reader   *kafka.GroupReader

	mu  sync.Mutex
	err error // of a record that was not delivered
}

func (p *plainSink) start(context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.err = nil
	return nil
}

func (p *plainSink) send(ctx context.Context, rec kafka.OutRecord) error {
	return p.producer.SendAsync(ctx, rec, func(_ int32, _ int64, err error) {
		if err != nil {
			p.mu.Lock()
			p.err = err
			p.mu.Unlock()
		}
	})
}

func (p *plainSink) bytes() int { return 0 }

func (p *plainSink) commit(ctx context.Context, tp kafka.TopicPartition, o kafka.OffsetAndMetadata) error {
	ctx, cancel := context.WithTimeout(ctx, commitPatience)
	defer cancel()
	if err := p.producer.Flush(ctx); err != nil {
		return err
	}
	p.mu.Lock()
	err := p.err
	p.mu.Unlock()
	if err != nil {
		return err
	}
	return p.reader.Commit(ctx, map[kafka.TopicPartition]kafka.OffsetAndMetadata{tp: o})
}

func (p *plainSink) close() error { return nil }
