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
	// StopTimeout bounds the last commit, of what was joined when Run is to end. 0
	// means 10 seconds.
	StopTimeout time.Duration
	// StatsInterval is how often the end offsets of the sources are asked for,
	// which [Stats] needs to know the lag. 0 means one second.
	StatsInterval time.Duration

	// StateDir is where the state is kept; it is made if it is missing, and is one process' at a time. Empty is a temporary directory that
	// ends with the process: the next one builds the state anew from the topics, silently, and goes on from what is committed in Kafka.
	StateDir string
	// Guarantee is ExactlyOnce or AtLeastOnce. Empty means ExactlyOnce.
	Guarantee string
	// CommitInterval is how often outputs and positions are committed. 0 means 100 milliseconds.
	CommitInterval time.Duration
	// ResetState removes what is in StateDir at the start; it is built anew from the topics, silently.
	ResetState bool
	// OneAlert writes a transaction once, for the first flag that it matches, instead of once for each. It counts from the committed
	// positions on, and may be switched at any start.
	OneAlert bool

	Logger *slog.Logger // nil discards
}

// Source is a topic that is read.
type Source struct {
	Table            string // the SQL table it stood for, for logs
	Topic            string
	BootstrapServers string
	Startup          Startup
	// Group is the consumer group. That of the transactions has the positions, and shares the partitions out. Empty means
	// the property group.id, or else what the original job called it: flagged-account-source-group, transaction-source-group.
	Group string
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
	defaultCommit        = 100 * time.Millisecond
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
		source.Group = cmp.Or(source.Group, source.Properties["group.id"], defaultGroups[source.group])
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
	c.Guarantee = cmp.Or(c.Guarantee, ExactlyOnce)
	if c.Guarantee != ExactlyOnce && c.Guarantee != AtLeastOnce {
		return c, fmt.Errorf("guarantee %q: must be %s or %s", c.Guarantee, ExactlyOnce, AtLeastOnce)
	}
	if c.CommitInterval = cmp.Or(c.CommitInterval, defaultCommit); c.CommitInterval < time.Millisecond {
		return c, fmt.Errorf("commit interval %v: must be at least a millisecond", c.CommitInterval)
	}
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

// defaultGroups are those of the original job.
var defaultGroups = map[string]string{flagsGroup: "flagged-account-source-group", transactionsGroup: "transaction-source-group"}

func (s *Source) group() string { return s.Group }

// groupConfig returns how an engine reads the transactions: as a member of the group that says itself where to read. Partitions move one by one, and
// the member of this instance finds its own again.
func (s *Source) groupConfig(log *slog.Logger, l kafka.Listener, instance string) kafka.GroupReaderConfig {
	properties := clientProperties(s.Properties, s.BootstrapServers, kafka.Properties{
		"group.id":                      s.Group,
		"auto.offset.reset":             "none",
		"max.poll.records":              "5000",
		"partition.assignment.strategy": "org.apache.kafka.clients.consumer.CooperativeStickyAssignor",
	})
	for key, value := range map[string]string{"session.timeout.ms": "10000", "group.instance.id": instance} {
		if _, given := properties[key]; !given && value != "" {
			properties[key] = value
		}
	}
	return kafka.GroupReaderConfig{Properties: properties, Topics: []string{s.Topic}, Manual: true, Listener: l, Logger: log.With("topic", s.Topic)}
}

func (s *Source) adminConfig(log *slog.Logger) kafka.AdminConfig {
	return kafka.AdminConfig{Properties: clientProperties(s.Properties, s.BootstrapServers, nil), Logger: log.With("topic", s.Topic)}
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
