package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
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

// timestamp is how ListOffsets calls it.
func (s StartAt) timestamp() int64 {
	switch s.kind {
	case startLatest:
		return latestTimestamp
	case startTimestamp:
		return max(0, s.ms)
	}
	return earliestTimestamp
}

// TopicReaderConfig is what NewTopicReader needs.
type TopicReaderConfig struct {
	// Properties are a consumer's. auto.offset.reset applies when a position no longer exists, because
	// retention removed it; isolation.level to records and end offsets. Group settings do not matter.
	Properties Properties
	Topics     []string
	// Start says per topic where to begin; missing means StartEarliest.
	Start map[string]StartAt
	// Offsets says where to begin in partitions for which that is known; it counts before Start.
	Offsets map[TopicPartition]int64
	// Logger may be nil: silence.
	Logger *slog.Logger
}

// TopicReader reads all partitions of some topics without a group: every reader gets every record.
//
// Start and Poll belong to one goroutine; the other methods may be called from any. Partitions added
// to a topic after Start are not read.
//
// Kafka: KafkaConsumer with assign and seek.
type TopicReader struct {
	cfg     TopicReaderConfig
	cluster *cluster
	fetcher *fetcher
	started bool
	closed  atomic.Bool
}

// NewTopicReader checks cfg. It connects to nothing and starts nothing.
func NewTopicReader(cfg TopicReaderConfig) (*TopicReader, error) {
	s, err := parseProperties(cfg.Properties, Consumer)
	if err != nil {
		return nil, err
	}
	if len(cfg.Topics) == 0 {
		return nil, errors.New("topic reader: no topics")
	}
	cfg.Topics = slices.Compact(slices.Sorted(slices.Values(cfg.Topics)))
	c := newCluster(s, cfg.Logger, consumerLogger)
	return &TopicReader{cfg: cfg, cluster: c, fetcher: newFetcher(c)}, nil
}

// Start finds partitions and start offsets and begins to fetch. Unreachable brokers are waited for
// until ctx ends. A topic that does not exist is an *UnknownTopicError.
func (r *TopicReader) Start(ctx context.Context) error {
	if r.started || r.closed.Load() {
		return errors.New("start topic reader: it was started or closed before")
	}
	parts, err := r.cluster.requirePartitions(ctx, r.cfg.Topics...)
	if err != nil {
		return fmt.Errorf("start reading topics %v: %w", r.cfg.Topics, err)
	}
	timestamps := make(map[TopicPartition]int64, len(parts))
	for _, tp := range parts {
		if _, known := r.cfg.Offsets[tp]; !known {
			timestamps[tp] = r.cfg.Start[tp.Topic].timestamp()
		}
	}
	offsets, err := r.cluster.startOffsets(ctx, timestamps)
	if err != nil {
		return fmt.Errorf("start reading topics %v: %w", r.cfg.Topics, err)
	}
	for _, tp := range parts {
		if offset, known := r.cfg.Offsets[tp]; known {
			offsets[tp] = offset
		}
	}
	r.fetcher.assign(offsets, false)
	r.fetcher.start()
	r.started = true
	return nil
}

// startOffsets resolves timestamps; one behind the last record means the end.
func (c *cluster) startOffsets(ctx context.Context, timestamps map[TopicPartition]int64) (map[TopicPartition]int64, error) {
	offsets, err := c.listOffsets(ctx, timestamps)
	if err != nil {
		return nil, err
	}
	ends := make(map[TopicPartition]int64)
	for tp, offset := range offsets {
		if offset < 0 {
			ends[tp] = latestTimestamp
		}
	}
	ends, err = c.listOffsets(ctx, ends)
	if err != nil {
		return nil, err
	}
	for tp, offset := range ends {
		offsets[tp] = offset
	}
	return offsets, nil
}

// Poll returns up to max.poll.records messages as soon as there are any, or nothing after wait.
// Offsets ascend per partition. Trouble with brokers is waited out; an error is final: missing
// permission, a record batch that cannot be read, an offset out of range without a reset policy.
// When ctx ends, its error is returned.
func (r *TopicReader) Poll(ctx context.Context, wait time.Duration) ([]Message, error) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		messages, err := r.take(ctx)
		if err != nil || len(messages) > 0 {
			return messages, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-timer.C:
			return nil, nil
		case <-r.fetcher.ready:
		}
	}
}

// take is Poll without waiting.
func (r *TopicReader) take(ctx context.Context) ([]Message, error) {
	switch {
	case r.closed.Load():
		return nil, ErrClosed
	case !r.started:
		return nil, errors.New("topic reader: poll before start")
	case ctx.Err() != nil:
		return nil, ctx.Err()
	}
	return r.fetcher.take(r.cluster.settings.maxPollRecords)
}

// EndOffsets asks for the offset behind the last readable record of every partition. With
// read_committed that is the last stable offset. Unreachable brokers are waited for until ctx ends.
func (r *TopicReader) EndOffsets(ctx context.Context) (map[TopicPartition]int64, error) {
	timestamps := make(map[TopicPartition]int64)
	for _, tp := range r.fetcher.assigned() {
		timestamps[tp] = latestTimestamp
	}
	return r.cluster.listOffsets(ctx, timestamps)
}

// Position returns the next offset that Poll returns, per partition.
func (r *TopicReader) Position() map[TopicPartition]int64 { return r.fetcher.positions() }

// Close stops fetching and waits for the reader's goroutines, which takes no round trip. No EndOffsets
// or Start may be running. It may be called twice.
func (r *TopicReader) Close() error {
	if r.closed.Swap(true) {
		return nil
	}
	r.fetcher.close()
	r.cluster.close()
	return nil
}
