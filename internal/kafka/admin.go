package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/IBM/sarama"
)

// AdminConfig is what NewAdmin needs.
type AdminConfig struct {
	Properties Properties
	// Timeout bounds each operation in place of default.api.timeout.ms; 0 leaves it to that setting.
	//
	// Kafka: AbstractOptions.timeoutMs.
	Timeout time.Duration
	// Logger may be nil: silence.
	Logger *slog.Logger
}

// TopicSpec describes a topic to create.
type TopicSpec struct {
	Name string
	// Partitions and ReplicationFactor: -1 is the broker's default (Kafka 2.4 and later).
	Partitions        int32
	ReplicationFactor int16
	Configs           map[string]string
}

// Admin asks and changes topics, groups and offsets. It connects when it is first used. Its methods
// may be called from any goroutine; each retries what can be retried, unreachable brokers included,
// until its ctx ends or default.api.timeout.ms is over, whichever is first.
//
// Kafka: org.apache.kafka.clients.admin.Admin.
type Admin struct {
	cluster *cluster
	timeout time.Duration // of one operation
	closed  atomic.Bool
}

// NewAdmin checks cfg. It connects to nothing and starts nothing.
func NewAdmin(cfg AdminConfig) (*Admin, error) {
	s, err := parseProperties(cfg.Properties, AdminRole)
	if err != nil {
		return nil, err
	}
	timeout := s.apiTimeout
	if cfg.Timeout > 0 {
		timeout = cfg.Timeout
	}
	return &Admin{cluster: newCluster(s, cfg.Logger, adminLogger), timeout: max(time.Millisecond, timeout)}, nil
}

// Close closes the connections. No other method may be running. It may be called twice.
func (a *Admin) Close() error {
	if !a.closed.Swap(true) {
		a.cluster.close()
	}
	return nil
}

// begin bounds an operation.
func (a *Admin) begin(ctx context.Context) (context.Context, context.CancelFunc, error) {
	if a.closed.Load() {
		return nil, nil, ErrClosed
	}
	ctx, cancel := context.WithTimeout(ctx, a.timeout)
	return ctx, cancel, nil
}

// ClusterID returns the id that the cluster's storage was formatted with.
func (a *Admin) ClusterID(ctx context.Context) (string, error) {
	ctx, cancel, err := a.begin(ctx)
	if err != nil {
		return "", err
	}
	defer cancel()
	if err := a.cluster.retry(ctx, func() error { return a.cluster.refresh(ctx, nil, false) }); err != nil {
		return "", fmt.Errorf("look up the cluster id: %w", err)
	}
	a.cluster.mu.Lock()
	defer a.cluster.mu.Unlock()
	return a.cluster.id, nil
}

// CreateTopic creates a topic and returns once the controller has. A topic that exists already is
// (false, nil), whatever its partitions and configs are.
func (a *Admin) CreateTopic(ctx context.Context, spec TopicSpec) (created bool, err error) {
	ctx, cancel, err := a.begin(ctx)
	if err != nil {
		return false, err
	}
	defer cancel()
	detail := &sarama.TopicDetail{NumPartitions: spec.Partitions, ReplicationFactor: spec.ReplicationFactor, ConfigEntries: make(map[string]*string)}
	for key, value := range spec.Configs {
		detail.ConfigEntries[key] = &value
	}
	req := &sarama.CreateTopicsRequest{
		Version: 5, Timeout: a.cluster.settings.requestTimeout,
		TopicDetails: map[string]*sarama.TopicDetail{spec.Name: detail},
	}
	err = a.cluster.retry(ctx, func() error {
		// The metadata of the topic name the controller along the way.
		if err := a.cluster.refresh(ctx, []string{spec.Name}, false); err != nil {
			return err
		}
		addr := a.cluster.controllerAddr()
		if addr == "" {
			return sarama.ErrNotController
		}
		resp, err := exchange(ctx, a.cluster.at(addr), (*sarama.Broker).CreateTopics, req)
		if err != nil {
			return err
		}
		result := resp.TopicErrors[spec.Name]
		switch {
		case result == nil:
			return errors.New("the broker's answer does not name the topic")
		case result.Err == sarama.ErrTopicAlreadyExists:
			// An earlier attempt whose answer was lost may have created it; who did is not known then.
			created = false
			return nil
		case result.Err != sarama.ErrNoError:
			return brokerError(result.Err, result.ErrMsg)
		}
		created = true
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("create topic %q: %w", spec.Name, err)
	}
	return created, nil
}

// Topics lists the names of all topics the client may see, sorted, internal ones included.
func (a *Admin) Topics(ctx context.Context) ([]string, error) {
	ctx, cancel, err := a.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer cancel()
	if err := a.cluster.retry(ctx, func() error { return a.cluster.refresh(ctx, nil, false) }); err != nil {
		return nil, fmt.Errorf("list topics: %w", err)
	}
	a.cluster.mu.Lock()
	defer a.cluster.mu.Unlock()
	return slices.Sorted(maps.Keys(a.cluster.topics)), nil
}

// PartitionCount returns the number of partitions of a topic; *UnknownTopicError if there is none.
func (a *Admin) PartitionCount(ctx context.Context, topic string) (int32, error) {
	ctx, cancel, err := a.begin(ctx)
	if err != nil {
		return 0, err
	}
	defer cancel()
	parts, err := a.cluster.requirePartitions(ctx, topic)
	if err != nil {
		return 0, fmt.Errorf("count the partitions of topic %q: %w", topic, err)
	}
	return int32(len(parts)), nil
}

// EndOffsets returns the next offset to be written per partition of a topic.
func (a *Admin) EndOffsets(ctx context.Context, topic string) (map[TopicPartition]int64, error) {
	return a.listOffsets(ctx, topic, latestTimestamp)
}

// EarliestOffsets returns the oldest offset that is kept per partition of a topic.
func (a *Admin) EarliestOffsets(ctx context.Context, topic string) (map[TopicPartition]int64, error) {
	return a.listOffsets(ctx, topic, earliestTimestamp)
}

// StartOffsets returns the offset per partition of a topic at which a reader begins that is told to start there.
func (a *Admin) StartOffsets(ctx context.Context, topic string, start StartAt) (map[TopicPartition]int64, error) {
	return a.listOffsets(ctx, topic, start.timestamp())
}

func (a *Admin) listOffsets(ctx context.Context, topic string, timestamp int64) (map[TopicPartition]int64, error) {
	ctx, cancel, err := a.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer cancel()
	parts, err := a.cluster.requirePartitions(ctx, topic)
	if err != nil {
		return nil, fmt.Errorf("list the offsets of topic %q: %w", topic, err)
	}
	timestamps := make(map[TopicPartition]int64, len(parts))
	for _, tp := range parts {
		timestamps[tp] = timestamp
	}
	return a.cluster.startOffsets(ctx, timestamps)
}

// topicConfig returns the value of one config of a topic.
func (a *Admin) topicConfig(ctx context.Context, topic, name string) (string, error) {
	ctx, cancel, err := a.begin(ctx)
	if err != nil {
		return "", err
	}
	defer cancel()
	req := &sarama.DescribeConfigsRequest{
		Version:   4,
		Resources: []*sarama.ConfigResource{{Type: sarama.TopicResource, Name: topic, ConfigNames: []string{name}}},
	}
	var value string
	err = a.cluster.retry(ctx, func() error {
		resp, err := exchange(ctx, a.cluster.ask, (*sarama.Broker).DescribeConfigs, req)
		if err != nil {
			return err
		}
		for _, r := range resp.Resources {
			if r.ErrorCode != 0 {
				return fmt.Errorf("%w (%s)", sarama.KError(r.ErrorCode), r.ErrorMsg)
			}
			for _, entry := range r.Configs {
				if entry.Name == name {
					value = entry.Value
					return nil
				}
			}
		}
		return errors.New("the broker did not report it")
	})
	if err != nil {
		return "", fmt.Errorf("read config %q of topic %q: %w", name, topic, err)
	}
	return value, nil
}
