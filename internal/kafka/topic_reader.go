package kafka

import (
	"context"
	"log/slog"
	"time"
)

// StartAt says where in a topic a TopicReader begins. The zero value is the earliest offset.
type StartAt struct {
	kind startKind
	ms   int64
}

type startKind int8

const (
	startEarliest startKind = iota
	startLatest
	startTimestamp
)

// StartEarliest begins at the oldest record that is kept.
func StartEarliest() StartAt { return StartAt{} }

// StartLatest begins behind the last record there is when the reader starts.
func StartLatest() StartAt { return StartAt{kind: startLatest} }

// StartTimestamp begins at the first record whose timestamp is ms (milliseconds since the epoch) or
// later, and behind the last record when there is none.
func StartTimestamp(ms int64) StartAt { return StartAt{kind: startTimestamp, ms: ms} }

// TopicReaderConfig is what NewTopicReader needs.
type TopicReaderConfig struct {
	Properties Properties
	Topics     []string
	// Start says per topic where to begin; missing means StartEarliest.
	Start map[string]StartAt
	// Logger may be nil: silence.
	Logger *slog.Logger
}

// TopicReader reads all partitions of some topics without a group.
type TopicReader struct{}

// NewTopicReader checks cfg.
func NewTopicReader(cfg TopicReaderConfig) (*TopicReader, error) { return nil, errNotBuilt }

// Start resolves partitions and start offsets.
func (r *TopicReader) Start(ctx context.Context) error { return errNotBuilt }

// Poll returns fetched records.
func (r *TopicReader) Poll(ctx context.Context, wait time.Duration) ([]Message, error) {
	return nil, errNotBuilt
}

// EndOffsets returns the end offset of every partition.
func (r *TopicReader) EndOffsets(ctx context.Context) (map[TopicPartition]int64, error) {
	return nil, errNotBuilt
}

// Position returns the next offset of every partition.
func (r *TopicReader) Position() map[TopicPartition]int64 { return nil }

// Close stops the reader.
func (r *TopicReader) Close() error { return errNotBuilt }
