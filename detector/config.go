package detector

import (
	"cmp"
	"fmt"
	"log/slog"
	"maps"
	"time"

	"sluice/internal/kafka"
)

// Config is what a detector is told. [LoadProperties] makes one from a file.
type Config struct {
	Flags        Source // the flagged accounts
	Transactions Source
	Output       Sink

	// BootstrapServers, if not empty, is used in place of the servers of both
	// sources and the sink: "host:port,host:port".
	BootstrapServers string
	// TopicTimeout is how long a start waits for Kafka and for source topics
	// that do not exist yet. 0 means 60 seconds.
	TopicTimeout time.Duration
	// StopTimeout bounds the delivery of outputs that are on their way when Run
	// ends. 0 means 10 seconds.
	StopTimeout time.Duration
	// StatsInterval is how often the end offsets of the sources are asked for,
	// which [Stats] needs to know the lag. 0 means one second.
	StatsInterval time.Duration
	Logger        *slog.Logger // nil discards
}

// Source is a topic that is read whole: all partitions, no consumer group.
type Source struct {
	Table            string // the SQL table it stood for, for logs
	Topic            string
	BootstrapServers string
	Startup          Startup
	// Properties are Kafka's client properties beside those that a source needs, such as security.protocol. May be nil.
	Properties map[string]string
}

// Sink is the topic that is written.
type Sink struct {
	Table            string
	Topic            string
	BootstrapServers string
	Partitions       int32             // of the topic if it must be created; 0 means the broker's default
	Properties       map[string]string // as those of a Source
}

// Defaults of Config.
const (
	defaultTopicTimeout  = 60 * time.Second
	defaultStopTimeout   = 10 * time.Second
	defaultStatsInterval = time.Second
)

// withDefaults returns a checked copy of c with every field set.
func (c Config) withDefaults() (Config, error) {
	for _, source := range []struct {
		group string
		*Source
	}{{flagsGroup, &c.Flags}, {transactionsGroup, &c.Transactions}} {
		source.BootstrapServers = cmp.Or(c.BootstrapServers, source.BootstrapServers)
		if source.Topic == "" {
			return c, missing(source.group, topicNameKey)
		}
		if source.BootstrapServers == "" {
			return c, missing(source.group, bootstrapServersKey)
		}
		if err := source.Startup.check(source.group); err != nil {
			return c, err
		}
	}
	c.Output.BootstrapServers = cmp.Or(c.BootstrapServers, c.Output.BootstrapServers)
	if c.Output.Topic == "" {
		return c, missing(outputGroup, topicNameKey)
	}
	if c.Output.BootstrapServers == "" {
		return c, missing(outputGroup, bootstrapServersKey)
	}
	if c.Output.Partitions < 0 {
		return c, fmt.Errorf("output topic %q: %d partitions: must be positive, or 0 for the broker's default", c.Output.Topic, c.Output.Partitions)
	}
	c.TopicTimeout = cmp.Or(c.TopicTimeout, defaultTopicTimeout)
	c.StopTimeout = cmp.Or(c.StopTimeout, defaultStopTimeout)
	c.StatsInterval = cmp.Or(c.StatsInterval, defaultStatsInterval)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c, nil
}

const clientID = "sluice-detector"

// clientProperties adds to what was given what is needed, which wins: results depend on it.
func clientProperties(given map[string]string, servers string, needed kafka.Properties) kafka.Properties {
	p := kafka.Properties{"client.id": clientID}
	maps.Copy(p, given)
	maps.Copy(p, needed)
	p["bootstrap.servers"] = servers
	return p
}

// readerConfig returns how a source is read. An offset that retention removed
// before it was read is an error: the result would silently be too small.
func (s *Source) readerConfig(log *slog.Logger) kafka.TopicReaderConfig {
	return kafka.TopicReaderConfig{
		Properties: clientProperties(s.Properties, s.BootstrapServers, kafka.Properties{
			"auto.offset.reset": "none",
			"max.poll.records":  "5000",
		}),
		Topics: []string{s.Topic},
		Start:  map[string]kafka.StartAt{s.Topic: s.Startup.startAt()},
		Logger: log.With("topic", s.Topic),
	}
}

func (s *Sink) producerConfig(log *slog.Logger) kafka.ProducerConfig {
	return kafka.ProducerConfig{
		Properties: clientProperties(s.Properties, s.BootstrapServers, kafka.Properties{"acks": "all"}),
		Logger:     log.With("topic", s.Topic),
	}
}

func (s *Sink) adminConfig(log *slog.Logger) kafka.AdminConfig {
	return kafka.AdminConfig{
		Properties: clientProperties(s.Properties, s.BootstrapServers, nil),
		Logger:     log.With("topic", s.Topic),
	}
}
