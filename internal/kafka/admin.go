package kafka

import (
	"context"
	"log/slog"
)

// AdminConfig is what NewAdmin needs.
type AdminConfig struct {
	Properties Properties
	// Logger may be nil: silence.
	Logger *slog.Logger
}

// TopicSpec describes a topic to create.
type TopicSpec struct {
	Name string
	// Partitions and ReplicationFactor: -1 is the broker's default.
	Partitions        int32
	ReplicationFactor int16
	Configs           map[string]string
}

// Admin asks and changes topics, groups and offsets.
type Admin struct{}

// NewAdmin checks cfg.
func NewAdmin(cfg AdminConfig) (*Admin, error) { return nil, errNotBuilt }

// ClusterID returns the id of the cluster.
func (a *Admin) ClusterID(ctx context.Context) (string, error) { return "", errNotBuilt }

// CreateTopic creates a topic; one that exists already is (false, nil).
func (a *Admin) CreateTopic(ctx context.Context, spec TopicSpec) (created bool, err error) {
	return false, errNotBuilt
}

// Topics lists the topics.
func (a *Admin) Topics(ctx context.Context) ([]string, error) { return nil, errNotBuilt }

// PartitionCount returns the number of partitions of a topic.
func (a *Admin) PartitionCount(ctx context.Context, topic string) (int32, error) {
	return 0, errNotBuilt
}

// EndOffsets returns the next offset to be written per partition.
func (a *Admin) EndOffsets(ctx context.Context, topic string) (map[TopicPartition]int64, error) {
	return nil, errNotBuilt
}

// EarliestOffsets returns the oldest offset per partition.
func (a *Admin) EarliestOffsets(ctx context.Context, topic string) (map[TopicPartition]int64, error) {
	return nil, errNotBuilt
}

// GroupOffsets returns the committed offsets of a group.
func (a *Admin) GroupOffsets(ctx context.Context, group string) (map[TopicPartition]OffsetAndMetadata, error) {
	return nil, errNotBuilt
}

// AlterGroupOffsets sets committed offsets of a group without members.
func (a *Admin) AlterGroupOffsets(ctx context.Context, group string, offsets map[TopicPartition]OffsetAndMetadata) error {
	return errNotBuilt
}

// DeleteGroupOffsets removes committed offsets.
func (a *Admin) DeleteGroupOffsets(ctx context.Context, group string, parts []TopicPartition) error {
	return errNotBuilt
}

// DeleteGroup removes a group without members.
func (a *Admin) DeleteGroup(ctx context.Context, group string) error { return errNotBuilt }

// Close closes the connections.
func (a *Admin) Close() error { return nil }
