package kafka

import (
	"context"
	"log/slog"
)

// ProducerConfig is what NewProducer needs.
type ProducerConfig struct {
	Properties Properties
	// Logger may be nil: silence.
	Logger *slog.Logger
}

// Producer writes records.
type Producer struct{}

// NewProducer checks cfg.
func NewProducer(cfg ProducerConfig) (*Producer, error) { return nil, errNotBuilt }

// Start connects.
func (p *Producer) Start(ctx context.Context) error { return errNotBuilt }

// Send writes one record and waits for its acknowledgement.
func (p *Producer) Send(ctx context.Context, rec OutRecord) error { return errNotBuilt }

// SendBatch writes records and waits for all acknowledgements.
func (p *Producer) SendBatch(ctx context.Context, recs []OutRecord) error { return errNotBuilt }

// SendAsync hands a record over.
func (p *Producer) SendAsync(ctx context.Context, rec OutRecord, done func(partition int32, offset int64, err error)) error {
	return errNotBuilt
}

// Flush waits for everything handed over.
func (p *Producer) Flush(ctx context.Context) error { return errNotBuilt }

// Close flushes and stops.
func (p *Producer) Close(ctx context.Context) error { return errNotBuilt }
