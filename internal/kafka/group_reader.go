package kafka

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

var errNotBuilt = errors.New("not built yet")

// Listener is told about the partitions of a GroupReader. Its methods are called on the goroutine that
// calls Poll or Close, one at a time. An error ends that Poll (or is reported by Close) and is returned by it.
//
// Kafka: org.apache.kafka.clients.consumer.ConsumerRebalanceListener.
type Listener interface {
	// Assigned names newly owned partitions and where reading starts: at the committed offset, or
	// where auto.offset.reset points. It may Seek and Pause them. It is called after every rebalance,
	// with an empty map when nothing was added.
	Assigned(ctx context.Context, added map[TopicPartition]int64) error
	// Revoked names partitions about to be given up. They are still owned: Commit works in here.
	Revoked(ctx context.Context, parts []TopicPartition) error
	// Lost names partitions that are no longer owned; another member may be reading them already.
	// Offsets of them must not be committed.
	Lost(ctx context.Context, parts []TopicPartition) error
}

// GroupReaderConfig is what NewGroupReader needs.
type GroupReaderConfig struct {
	// Properties must hold bootstrap.servers and group.id.
	Properties Properties
	Topics     []string
	// Listener may be nil.
	Listener Listener
	// Logger may be nil: silence.
	Logger *slog.Logger
}

// GroupReader reads topics as a member of a consumer group.
type GroupReader struct{}

// NewGroupReader checks cfg. It connects to nothing; the first Poll does.
func NewGroupReader(cfg GroupReaderConfig) (*GroupReader, error) { return nil, errNotBuilt }

// Poll returns fetched records.
func (r *GroupReader) Poll(ctx context.Context, wait time.Duration) ([]Message, error) {
	return nil, errNotBuilt
}

// Wakeup makes the current or next Poll return.
func (r *GroupReader) Wakeup() {}

// Assignment returns the owned partitions.
func (r *GroupReader) Assignment() []TopicPartition { return nil }

// Pause stops returning records of parts.
func (r *GroupReader) Pause(parts ...TopicPartition) {}

// Resume undoes Pause.
func (r *GroupReader) Resume(parts ...TopicPartition) {}

// Seek sets the next offset to return.
func (r *GroupReader) Seek(tp TopicPartition, offset int64) error { return errNotBuilt }

// Position returns the next offset that Poll returns.
func (r *GroupReader) Position(tp TopicPartition) (int64, bool) { return 0, false }

// Commit commits offsets.
func (r *GroupReader) Commit(ctx context.Context, offsets map[TopicPartition]OffsetAndMetadata) error {
	return errNotBuilt
}

// CommitAsync commits offsets in the background.
func (r *GroupReader) CommitAsync(offsets map[TopicPartition]OffsetAndMetadata, done func(error)) {}

// Close leaves the group.
func (r *GroupReader) Close(ctx context.Context) error { return errNotBuilt }

// Lag returns high watermark - position.
func (r *GroupReader) Lag() map[TopicPartition]int64 { return nil }
