package kafka

import (
	"context"
	"log/slog"
)

// KeyedLogConfig is what NewKeyedLog needs.
type KeyedLogConfig struct {
	Topic string
	// Partitions and ReplicationFactor count when the topic has to be created; -1 is the broker's default.
	Partitions        int32
	ReplicationFactor int16
	// TopicConfigs are further topic configs for the creation, beside cleanup.policy=compact.
	TopicConfigs map[string]string
	// MaxPartitions refuses an existing topic with more partitions; 0 accepts any number.
	MaxPartitions int32
	// Properties are the reader's, ProducerProperties the writer's, AdminProperties the admin client's;
	// the latter two may be nil: only the reader's bootstrap.servers is used then.
	Properties, ProducerProperties, AdminProperties Properties
	// OnRecord gets every record, in log order per partition, from one goroutine at a time: during
	// Start the existing ones, later those that are appended by whomever.
	OnRecord func(Message)
	// Logger may be nil: silence.
	Logger *slog.Logger
}

// KeyedLog is a compacted topic read whole and followed.
type KeyedLog struct{}

// NewKeyedLog checks cfg.
func NewKeyedLog(cfg KeyedLogConfig) (*KeyedLog, error) { return nil, errNotBuilt }

// Start creates or checks the topic and reads it to its end.
func (l *KeyedLog) Start(ctx context.Context) error { return errNotBuilt }

// Send appends a record.
func (l *KeyedLog) Send(ctx context.Context, key string, value []byte) error { return errNotBuilt }

// ReadToEnd waits until what the log holds now has gone through OnRecord.
func (l *KeyedLog) ReadToEnd(ctx context.Context) error { return errNotBuilt }

// Close stops the log.
func (l *KeyedLog) Close(ctx context.Context) error { return errNotBuilt }
