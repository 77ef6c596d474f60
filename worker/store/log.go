package store

import (
	"context"
	"fmt"
	"log/slog"

	"sluice/internal/kafka"
)

// Record is one record of an internal topic. A nil Value is a tombstone.
type Record struct {
	Offset int64
	Key    string
	Value  []byte
}

// keyedLog is where a store writes and what it is read back from: [kafka.KeyedLog] or a reader of a [MemoryLog]. The records, those
// that exist at Start and later ones, go to the function the log was made with, in order, one at a time.
type keyedLog interface {
	// Start reads the log to its end and then follows it. A log that failed to start can be closed.
	Start(ctx context.Context) error
	// Send appends a record; nil is a tombstone. It returns when the record is safe.
	Send(ctx context.Context, key string, value []byte) error
	// ReadToEnd returns when every record that was in the log at the time of the call has been handed out.
	ReadToEnd(ctx context.Context) error
	// Failed is closed when the log, once started, hands out nothing any more, for the reason that Err gives.
	Failed() <-chan struct{}
	Err() error
	Close(ctx context.Context) error
}

// openLog makes a log that hands its records to onRecord. A store opens its log when it starts, and again if that failed.
type openLog func(onRecord func(Record)) (keyedLog, error)

// Topic says where an internal topic is and how to make it.
type Topic struct {
	Name string
	// Partitions and ReplicationFactor count if the topic does not exist; -1 is the broker's default.
	Partitions        int32
	ReplicationFactor int16
	// Configs are given to the broker when the topic is created, beside cleanup.policy=compact.
	Configs map[string]string

	Reader, Producer, Admin kafka.Properties
}

// open returns how to open the topic. An error of the configuration shows now, not when the store starts.
func (t Topic) open(maxPartitions int32, logger *slog.Logger) (openLog, error) {
	open := func(onRecord func(Record)) (keyedLog, error) {
		l, err := kafka.NewKeyedLog(kafka.KeyedLogConfig{
			Topic:              t.Name,
			Partitions:         t.Partitions,
			ReplicationFactor:  t.ReplicationFactor,
			TopicConfigs:       t.Configs,
			MaxPartitions:      maxPartitions,
			Properties:         t.Reader,
			ProducerProperties: t.Producer,
			AdminProperties:    t.Admin,
			OnRecord:           func(m kafka.Message) { onRecord(Record{Offset: m.Offset, Key: string(m.Key), Value: m.Value}) },
			Logger:             logger,
		})
		if err != nil {
			return nil, fmt.Errorf("open topic %q: %w", t.Name, err)
		}
		return l, nil
	}
	for _, client := range []struct {
		role  kafka.Role
		props kafka.Properties
	}{{kafka.Consumer, t.Reader}, {kafka.ProducerRole, t.Producer}, {kafka.AdminRole, t.Admin}} {
		if client.props == nil {
			continue
		}
		if _, err := kafka.CheckProperties(client.props, client.role); err != nil {
			return nil, fmt.Errorf("%s of topic %q: %w", client.role, t.Name, err)
		}
	}
	return open, nil
}
