package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
)

// OffsetsTopic is where source connectors keep their offsets. Sinks do not use it; a worker makes it and checks it all the same, so that
// a Java worker finds it as it expects.
//
// Kafka: org.apache.kafka.connect.storage.KafkaOffsetBackingStore.
type OffsetsTopic struct {
	open openLog
}

// NewOffsetsTopic returns the topic. It connects when it is checked.
func NewOffsetsTopic(topic Topic, logger *slog.Logger) (*OffsetsTopic, error) {
	open, err := topic.open(0, logger)
	if err != nil {
		return nil, err
	}
	return &OffsetsTopic{open: open}, nil
}

// Ensure makes the topic if it is missing and checks that it is compacted otherwise.
func (t *OffsetsTopic) Ensure(ctx context.Context) error {
	log, err := t.open(func(Record) {})
	if err != nil {
		return err
	}
	if err := log.Start(ctx); err != nil {
		return errors.Join(fmt.Errorf("check offsets topic: %w", err), log.Close(ctx))
	}
	return log.Close(ctx)
}
