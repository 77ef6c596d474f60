package connect

import (
	"context"
	"log/slog"
	"time"
)

// SinkConnector checks a connector's settings and splits its work into tasks.
//
// The worker makes one value per use with [SinkPlugin.New]: one that validates, one that runs on the worker that owns the
// connector, and one on each worker that runs a task of it. So NewTask, Version and Config may be called on a connector that
// was never started. Calls on one value are never concurrent.
//
// Kafka: org.apache.kafka.connect.sink.SinkConnector.
type SinkConnector interface {
	// Version is shown by the REST API, for example "1.2.0".
	Version() string
	// Config defines the settings. Parsing, validation, error texts and the reference page come from it. Never nil.
	Config() *ConfigDef
	// Start gets the connector's settings, variables resolved. It should be quick; an error makes the connector FAILED.
	Start(ctx context.Context, props map[string]string) error
	// TaskConfigs returns the settings of each task, at least one and at most maxTasks. Most sinks return maxTasks copies of
	// their own settings: partitions are spread over the tasks by the consumer group.
	TaskConfigs(maxTasks int) ([]map[string]string, error)
	// Stop ends what Start began. It is called once for each successful Start.
	Stop(ctx context.Context) error
	// NewTask returns a task that was not started yet.
	NewTask() SinkTask
}

// ConfigValidator is an optional ability of a [SinkConnector]: checks of several settings together, after each was checked on its own.
// The result has one entry per broken rule; an empty one means that all is well. No I/O.
type ConfigValidator interface {
	ValidateConfig(props map[string]string) []*ConfigError
}

// OffsetAlterer is an optional ability of a [SinkConnector]: it is asked before its consumer group's offsets are changed through the
// REST API, on a value that was not started. Offsets maps a partition to the new offset, which may be negative and is refused afterwards
// then, nil for one that is reset. It returns true if it knows of no other place where offsets are kept. An error refuses the change
// and its text is the API's answer; [errors.ErrUnsupported] says that offsets cannot be changed at all. It has to heed ctx.
// A connector without this ability has its offsets changed, and the answer reminds the user of those that it may keep elsewhere.
//
// Kafka: SinkConnector.alterOffsets.
type OffsetAlterer interface {
	AlterOffsets(ctx context.Context, props map[string]string, offsets map[TopicPartition]*int64) (bool, error)
}

// SinkTask writes records to their destination.
//
// One goroutine calls all methods, in this order:
//
//	Start ─> { Open ─> Put* ─> PreCommit* ─> Close }* ─> Stop
//
// Open and Close follow the partitions that the consumer group gives and takes; Put and PreCommit alternate freely between them.
// Put may come with no records, and before the first Open. After an error of Put that is not [Retriable] the task is closed
// (PreCommit, Close, Stop) and becomes FAILED.
//
// The guarantee is at least once: after a crash, records above the committed offset come again. An offset is committed only after
// Put accepted the record and PreCommit (or Flush) declared it durable.
//
// Kafka: org.apache.kafka.connect.sink.SinkTask.
type SinkTask interface {
	// Start gets the task's settings. It may do I/O, bounded by ctx; an error makes the task FAILED.
	Start(ctx context.Context, tc SinkTaskContext, props map[string]string) error
	// Put accepts a batch. A task without [PreCommitter] or [Flusher] must have written it when Put returns. One with them may
	// go on working after Put returned, and blocks here when it has enough.
	// The slice is reused after Put returns; the records in it may be kept.
	// A [Retriable] error means that nothing of the batch counts as accepted: the same batch comes again after the
	// time set with [SinkTaskContext.Timeout], with all partitions paused meanwhile.
	Put(ctx context.Context, records []SinkRecord) error
	// Stop ends the task and everything it started. It is called once after Start was called, also when Start failed.
	Stop(ctx context.Context) error
}

// Opener is an optional ability of a [SinkTask]: it is told which partitions it gets and loses. Open is called before the first
// record of a partition, Close after the last one was put and before its final offset commit is sent; a partition that
// was lost without warning is closed too. Both get only the partitions that change.
type Opener interface {
	Open(ctx context.Context, partitions []TopicPartition) error
	Close(ctx context.Context, partitions []TopicPartition) error
}

// PreCommitter is an optional ability of a [SinkTask]: it says what may be committed.
// Offsets holds, per assigned partition, the offset after the last record given to Put. The result holds the next offset to read
// after everything durable, per partition; partitions left out keep their last commit. It must not wait longer than ctx allows:
// when closing is true the partitions are about to be given away, and waiting for what is in flight is right; otherwise it
// returns what is durable now.
type PreCommitter interface {
	PreCommit(ctx context.Context, offsets map[TopicPartition]int64, closing bool) (map[TopicPartition]int64, error)
}

// Flusher is an optional ability of a [SinkTask], the simple form of [PreCommitter]: when Flush returns nil, everything put so far
// is durable and its offsets are committed. An error makes the worker seek back to the last committed offsets.
type Flusher interface {
	Flush(ctx context.Context, offsets map[TopicPartition]int64) error
}

// SinkTaskContext is what a task may ask of its worker. All methods may be called from any goroutine between Start and the return
// of Stop.
//
// Kafka: org.apache.kafka.connect.sink.SinkTaskContext, ErrantRecordReporter.
type SinkTaskContext interface {
	// TaskID returns the task's name.
	TaskID() TaskID
	// Logger returns a logger that already names connector and task, and logs under the class name of the task: its level can be set
	// through the REST API. With("logger", name) outside of a group logs under another name.
	Logger() *slog.Logger
	// Pause stops the delivery of the given partitions, Resume allows it again.
	Pause(partitions ...TopicPartition)
	Resume(partitions ...TopicPartition)
	// Rewind makes the next records of the given partitions come from these offsets.
	Rewind(offsets map[TopicPartition]int64)
	// Timeout sets how long to wait before a batch refused with [Retriable] is put again.
	Timeout(d time.Duration)
	// RequestCommit asks for an offset commit soon.
	RequestCommit()
	// Wake makes the worker call Put soon, with an empty batch if nothing was fetched: for a task that works ahead and has an
	// error to return, or room again.
	Wake()
	// Report hands over a record that cannot be written, with the reason. The result gets exactly one value and is then closed: nil
	// once the record counts as done (it stands in the dead letter queue, or was logged, and the connector tolerates errors); an error
	// if the record is not tolerated, and then the task must not let its offset pass, and fails: the worker fails it on its
	// own account if the task does not return the error.
	Report(record *SinkRecord, reason error) <-chan error
}
