package task

import (
	"context"
	"errors"

	"sluice/connect"
	"sluice/internal/kafka"
)

// Transformation is one step of the chain that a connector's records go through. It is configured, and the task closes it.
//
// Kafka: org.apache.kafka.connect.runtime.TransformationStage.
type Transformation struct {
	Transform connect.Transform
	Class     string // its Java class name, which errors and logs show

	// Predicate decides which records the transform gets; nil is all of them. Negate makes it those that the predicate does not hold for.
	Predicate connect.Predicate
	Negate    bool
}

// Close closes the transform and its predicate.
func (tf Transformation) Close() error {
	err := tf.Transform.Close()
	if tf.Predicate != nil {
		err = errors.Join(err, tf.Predicate.Close())
	}
	return err
}

// DLQ describes a dead letter queue: the topic that gets the records which cannot be processed. Without a Topic there is none.
type DLQ struct {
	Topic             string // errors.deadletterqueue.topic.name
	ReplicationFactor int16  // of the topic if the task has to create it
	ContextHeaders    bool   // whether records get headers that say where and why they failed

	Producer, Admin kafka.Properties
	// NewProducer and NewAdmin make the clients; nil are kafka.NewProducer and kafka.NewAdmin.
	NewProducer func(kafka.ProducerConfig) (DLQProducer, error)
	NewAdmin    func(kafka.AdminConfig) (DLQAdmin, error)
}

// DLQProducer is what a dead letter queue needs of its producer. *kafka.Producer is one.
type DLQProducer interface {
	Start(ctx context.Context) error
	SendAsync(ctx context.Context, rec kafka.OutRecord, done func(partition int32, offset int64, err error)) error
	Close(ctx context.Context) error
}

// DLQAdmin is what a dead letter queue needs to see to its topic. *kafka.Admin is one.
type DLQAdmin interface {
	Topics(ctx context.Context) ([]string, error)
	CreateTopic(ctx context.Context, spec kafka.TopicSpec) (created bool, err error)
	Close() error
}

// withDefaults fills in the real clients.
func (d DLQ) withDefaults() DLQ {
	if d.NewProducer == nil {
		d.NewProducer = func(pc kafka.ProducerConfig) (DLQProducer, error) { return kafka.NewProducer(pc) }
	}
	if d.NewAdmin == nil {
		d.NewAdmin = func(ac kafka.AdminConfig) (DLQAdmin, error) { return kafka.NewAdmin(ac) }
	}
	return d
}
