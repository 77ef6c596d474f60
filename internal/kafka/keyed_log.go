package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"time"

	"github.com/IBM/sarama"
)

// KeyedLogConfig is what NewKeyedLog needs.
type KeyedLogConfig struct {
	Topic string
	// Partitions and ReplicationFactor count when the topic has to be created; -1 is the broker's default.
	Partitions        int32
	ReplicationFactor int16
	// TopicConfigs are further topic configs for the creation, beside cleanup.policy=compact.
	TopicConfigs map[string]string
	// MaxPartitions refuses a topic with more partitions; 0 accepts any number.
	MaxPartitions int32
	// Properties are the reader's, ProducerProperties the writer's, AdminProperties the admin client's;
	// the latter two may be nil: only the reader's bootstrap.servers and client.id are used then. The
	// reader always starts at the beginning, the writer always waits for all replicas.
	Properties, ProducerProperties, AdminProperties Properties
	// OnRecord gets every record in log order per partition: during Start the existing ones, later
	// those that are appended, by whomever. It is called from one goroutine. Required.
	OnRecord func(Message)
	// Logger may be nil: silence.
	Logger *slog.Logger
}

// KeyedLog is a compacted topic that is read whole and then followed: a replicated map from keys to
// their last values. Its methods may be called from any goroutine.
//
// Kafka: org.apache.kafka.connect.util.KafkaBasedLog with the topic checks of TopicAdmin.
type KeyedLog struct {
	cfg      KeyedLogConfig
	logger   *slog.Logger
	admin    *Admin
	reader   *TopicReader
	producer *Producer
	sending  chan struct{} // held while a record is under way

	group sync.WaitGroup
	stop  context.CancelFunc

	mu        sync.Mutex
	closed    bool
	positions map[TopicPartition]int64 // everything before has gone through OnRecord
	changed   chan struct{}            // closed and replaced when positions or err change
	err       error                    // why following the log ended
	failed    chan struct{}            // closed when that was a failure, and not Close
}

// NewKeyedLog checks cfg. It connects to nothing and starts nothing.
func NewKeyedLog(cfg KeyedLogConfig) (*KeyedLog, error) {
	if cfg.Topic == "" || cfg.OnRecord == nil {
		return nil, errors.New("keyed log: Topic and OnRecord are required")
	}
	logger := cfg.Logger
	if logger != nil {
		logger = logger.With("topic", cfg.Topic)
	}
	l := &KeyedLog{cfg: cfg, logger: named(logger, keyedLogLogger), sending: make(chan struct{}, 1), changed: make(chan struct{}), failed: make(chan struct{})}
	basics := Properties{"bootstrap.servers": cfg.Properties["bootstrap.servers"], "client.id": cfg.Properties["client.id"]}
	var err error
	if l.admin, err = NewAdmin(AdminConfig{Properties: orElse(cfg.AdminProperties, basics), Logger: logger}); err != nil {
		return nil, err
	}
	writing := maps.Clone(orElse(cfg.ProducerProperties, basics))
	writing["acks"] = "all"
	if writing["enable.idempotence"] == "" {
		writing["enable.idempotence"] = "false" // records are sent one by one: there is no order to lose
	}
	if l.producer, err = NewProducer(ProducerConfig{Properties: writing, Logger: logger}); err != nil {
		return nil, err
	}
	reading := maps.Clone(cfg.Properties)
	reading["auto.offset.reset"] = "earliest"
	l.reader, err = NewTopicReader(TopicReaderConfig{Properties: reading, Topics: []string{cfg.Topic}, Logger: logger})
	return l, err
}

func orElse(p, fallback Properties) Properties {
	if p == nil {
		return fallback
	}
	return p
}

// Start creates the topic if it is missing, or checks that an existing one is compacted
// (*TopicPolicyError), calls OnRecord with all its records, and follows it until Close. Unreachable
// brokers are waited for until ctx ends or default.api.timeout.ms is over. After an error the log
// must still be closed.
func (l *KeyedLog) Start(ctx context.Context) error {
	if err := l.start(ctx); err != nil {
		return fmt.Errorf("start keyed log on topic %q: %w", l.cfg.Topic, err)
	}
	return nil
}

func (l *KeyedLog) start(ctx context.Context) error {
	if l.stop != nil {
		return errors.New("it was started before")
	}
	if err := l.prepareTopic(ctx); err != nil {
		return err
	}
	if err := l.producer.Start(ctx); err != nil {
		return err
	}
	if err := l.reader.Start(ctx); err != nil {
		return err
	}
	run, cancel := context.WithCancel(context.Background())
	l.stop = cancel
	l.group.Go(func() { l.follow(run) })
	return l.ReadToEnd(ctx)
}

// prepareTopic creates or checks the topic.
func (l *KeyedLog) prepareTopic(ctx context.Context) error {
	configs := map[string]string{cleanupPolicy: "compact"}
	maps.Copy(configs, l.cfg.TopicConfigs)
	created, err := l.admin.CreateTopic(ctx, TopicSpec{
		Name: l.cfg.Topic, Partitions: l.cfg.Partitions, ReplicationFactor: l.cfg.ReplicationFactor, Configs: configs,
	})
	switch {
	case err == nil && created:
		l.logger.Info("created topic")
	case IsAuthorization(err) && !errors.As(err, new(*AuthenticationError)), errors.Is(err, sarama.ErrUnsupportedVersion):
		l.logger.Info("not allowed to create the topic, assuming that it exists", "err", err)
	case err != nil:
		return err
	}
	if !created {
		if err := l.checkPolicy(ctx); err != nil {
			return err
		}
	}
	n, err := l.awaitPartitions(ctx)
	if err != nil {
		return err
	}
	if l.cfg.MaxPartitions > 0 && n > l.cfg.MaxPartitions {
		return &TopicPolicyError{l.cfg.Topic, fmt.Sprintf(
			"Topic '%s' is required to have at most %d partition(s) in order to guarantee consistency, but found %d partitions.",
			l.cfg.Topic, l.cfg.MaxPartitions, n)}
	}
	return nil
}

const cleanupPolicy = "cleanup.policy"

// checkPolicy refuses a topic from which records disappear for another reason than a newer record of the same key.
func (l *KeyedLog) checkPolicy(ctx context.Context) error {
	policy, err := l.admin.topicConfig(ctx, l.cfg.Topic, cleanupPolicy)
	switch {
	case ctx.Err() != nil:
		return err
	case err != nil:
		l.logger.Info("cannot verify that the topic is compacted", "err", err)
		return nil
	case policy != "compact":
		return &TopicPolicyError{l.cfg.Topic, fmt.Sprintf(
			"Topic '%s' is required to have 'cleanup.policy=compact' to guarantee consistency and durability, but found the topic currently has 'cleanup.policy=%s'. "+
				"Continuing would likely result in eventually losing data. Use a topic with 'cleanup.policy=compact'.", l.cfg.Topic, policy)}
	}
	return nil
}

// topicVisibleWithin is how long a topic may take to show up in the metadata.
//
// Kafka: the 30 s of KafkaBasedLog.CREATE_TOPIC_TIMEOUT_NS.
const topicVisibleWithin = 30 * time.Second

// awaitPartitions waits for a topic that was just created to show up.
func (l *KeyedLog) awaitPartitions(ctx context.Context) (int32, error) {
	bounded, cancel := context.WithTimeout(ctx, topicVisibleWithin)
	defer cancel()
	pause := backoff{base: 100 * time.Millisecond, limit: time.Second}
	for {
		n, err := l.admin.PartitionCount(bounded, l.cfg.Topic)
		var unknown *UnknownTopicError
		if !errors.As(err, &unknown) {
			return n, err
		}
		if pause.wait(bounded) != nil {
			return 0, err
		}
	}
}

// follow calls OnRecord until ctx ends.
func (l *KeyedLog) follow(ctx context.Context) {
	for {
		messages, err := l.reader.take(ctx)
		for _, m := range messages {
			l.cfg.OnRecord(m)
		}
		if ctx.Err() != nil {
			err = ErrClosed
		}
		// Positions are read after the records were handed over. They may run ahead of take over
		// records that nobody gets to see, such as transaction markers.
		l.publish(l.reader.Position(), err)
		switch {
		case err != nil:
			return
		case len(messages) > 0:
			continue
		}
		select {
		case <-ctx.Done():
		case <-l.reader.fetcher.ready:
		}
	}
}

func (l *KeyedLog) publish(positions map[TopicPartition]int64, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.positions, l.err = positions, err
	if err != nil && !errors.Is(err, ErrClosed) {
		close(l.failed)
	}
	close(l.changed)
	l.changed = make(chan struct{})
}

// Failed is closed when the log can be followed no longer, although it was not closed: OnRecord will see nothing new, for the reason
// that Err gives. Trouble with brokers that may pass does not count.
func (l *KeyedLog) Failed() <-chan struct{} { return l.failed }

// Err returns why the log failed; nil until Failed is closed.
func (l *KeyedLog) Err() error {
	select {
	case <-l.failed:
	default:
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return fmt.Errorf("follow topic %q: %w", l.cfg.Topic, l.err)
}

// Send appends a record, nil value meaning a tombstone, and returns when all replicas have it. One
// record is under way at a time. If ctx ends first, it may or may not be written.
func (l *KeyedLog) Send(ctx context.Context, key string, value []byte) error {
	select {
	case l.sending <- struct{}{}:
		defer func() { <-l.sending }()
	case <-ctx.Done():
		return fmt.Errorf("send key %q to topic %q: %w", key, l.cfg.Topic, ctx.Err())
	}
	err := l.producer.Send(ctx, OutRecord{Topic: l.cfg.Topic, Partition: -1, Key: []byte(key), Value: value})
	if err != nil {
		return fmt.Errorf("send key %q: %w", key, err)
	}
	return nil
}

// ReadToEnd returns when every record that was readable when it was called, those of earlier Sends
// included, has gone through OnRecord. It must not be called from OnRecord.
func (l *KeyedLog) ReadToEnd(ctx context.Context) error {
	ends, err := l.reader.EndOffsets(ctx)
	if err != nil {
		return fmt.Errorf("read topic %q to its end: %w", l.cfg.Topic, err)
	}
	for {
		l.mu.Lock()
		reached, changed, err := l.reached(ends), l.changed, l.err
		l.mu.Unlock()
		switch {
		case reached:
			return nil
		case err != nil:
			return fmt.Errorf("read topic %q to its end: %w", l.cfg.Topic, err)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("read topic %q to its end: %w", l.cfg.Topic, ctx.Err())
		}
	}
}

// reached reports whether all of ends have been handed over. l.mu is held.
func (l *KeyedLog) reached(ends map[TopicPartition]int64) bool {
	if l.positions == nil {
		return false
	}
	for tp, end := range ends {
		if l.positions[tp] < end {
			return false
		}
	}
	return true
}

// Close stops following, finishes the record under way for as long as ctx lives, and closes all
// connections. OnRecord is not called afterwards. No other method may be running. It may be called twice.
func (l *KeyedLog) Close(ctx context.Context) error {
	l.mu.Lock()
	first := !l.closed
	l.closed = true
	l.mu.Unlock()
	if !first {
		return nil
	}
	if l.stop != nil {
		l.stop()
		l.group.Wait()
	}
	return errors.Join(l.producer.Close(ctx), l.reader.Close(), l.admin.Close())
}
