package task

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"sluice/connect"
	"sluice/internal/kafka"
	"sluice/internal/sampled"
)

// Reader is what a task needs of its consumer. *kafka.GroupReader is one.
type Reader interface {
	Poll(ctx context.Context, wait time.Duration) ([]kafka.Message, error)
	Wakeup()
	Pause(parts ...kafka.TopicPartition)
	Resume(parts ...kafka.TopicPartition)
	Seek(tp kafka.TopicPartition, offset int64) error
	Commit(ctx context.Context, offsets map[kafka.TopicPartition]kafka.OffsetAndMetadata) error
	CommitAsync(offsets map[kafka.TopicPartition]kafka.OffsetAndMetadata, done func(error))
	Lag() map[kafka.TopicPartition]int64
	Close(ctx context.Context) error
	HandOver(ctx context.Context) error
	Abandon()
}

// Tolerance is errors.tolerance: what happens to a record that cannot be processed.
type Tolerance string

// The tolerances.
const (
	ToleranceNone Tolerance = "none" // the task fails
	ToleranceAll  Tolerance = "all"  // the record is skipped
)

// Listener is told how the task fares. It is called on the task's goroutine and must not block.
//
// Kafka: org.apache.kafka.connect.runtime.TaskStatus.Listener.
type Listener interface {
	Startup(id connect.TaskID)                 // it runs
	Paused(id connect.TaskID)                  // it is paused
	Resumed(id connect.TaskID)                 // it runs again
	Failed(id connect.TaskID, err error)       // it has ended with an error
	Shutdown(id connect.TaskID)                // it has ended because it was asked to
	TopicSeen(id connect.TaskID, topic string) // the first record of a topic was converted
}

// Config is what a task needs to run. The converters are configured and used by this task alone.
type Config struct {
	ID        connect.TaskID
	Task      connect.SinkTask
	TaskClass string            // the Java class name of Task, under which it logs; "" is the worker's own name
	TaskProps map[string]string // variables resolved

	KeyConverter    connect.Converter
	ValueConverter  connect.Converter
	HeaderConverter connect.HeaderConverter
	// The Java class names of the converters, which errors and logs show.
	KeyConverterClass, ValueConverterClass, HeaderConverterClass string

	Transformations []Transformation // in their order; the task closes them

	Topics             []string
	TopicMatch         func(topic string) (bool, error) // instead of Topics: topics.regex. An error fails the task
	ConsumerProperties kafka.Properties
	// TopicEpoch changes when the topics that were seen have been forgotten and are to be reported again. It is asked once a batch. May
	// be nil.
	TopicEpoch func() uint64
	// NewReader makes the reader; nil is kafka.NewGroupReader.
	NewReader func(kafka.GroupReaderConfig) (Reader, error)

	Tolerance                Tolerance     // "" is none
	RetryTimeout             time.Duration // errors.retry.timeout: total for one operation; negative is for ever
	RetryDelayMax            time.Duration // errors.retry.delay.max.ms
	ErrorsLogEnable          bool
	ErrorsLogIncludeMessages bool
	DLQ                      DLQ

	OffsetFlushInterval time.Duration // how often offsets are committed
	OffsetFlushTimeout  time.Duration // after which an unanswered commit counts as failed

	Window sampled.Window // of the statistics

	Paused   bool // start paused
	Listener Listener
	Logger   *slog.Logger
}

// withDefaults returns a complete copy of c, or what is missing in it.
func (c Config) withDefaults() (Config, error) {
	switch {
	case c.Task == nil:
		return c, errors.New("sink task: no plugin task is given")
	case c.KeyConverter == nil || c.ValueConverter == nil || c.HeaderConverter == nil:
		return c, errors.New("sink task: a converter is missing")
	case len(c.Topics) == 0 && c.TopicMatch == nil:
		return c, errors.New("sink task: no topics are given")
	case c.Listener == nil:
		return c, errors.New("sink task: no listener is given")
	}
	if c.NewReader == nil {
		c.NewReader = func(rc kafka.GroupReaderConfig) (Reader, error) { return kafka.NewGroupReader(rc) }
	}
	if c.Tolerance == "" {
		c.Tolerance = ToleranceNone
	}
	if c.OffsetFlushInterval <= 0 {
		c.OffsetFlushInterval = time.Minute
	}
	if c.OffsetFlushTimeout <= 0 {
		c.OffsetFlushTimeout = 5 * time.Second
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	c.Logger = c.Logger.With("connector", c.ID.Connector, "task", c.ID.Task)
	if c.TaskClass == "" {
		c.TaskClass = LoggerName
	}
	return c, nil
}
