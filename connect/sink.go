package connect

import (
	"context"
	"log/slog"
	"time"
)

// SinkConnector checks a connector's settings and splits its work into tasks.
//
// # Values
//
// A worker makes values with [Plugin].NewSink, from any goroutine, and many of them: for each validation, for each look at the settings' definition, for
// each question about offsets, for the connector on the one worker that runs it, and for each task. So a value that was never started
// is asked for Version, Config, NewTask, ValidateConfig and AlterOffsets, and NewTask is never called on the value that was started: what a task
// needs to know stands in its settings. Calls on one value are never concurrent, but they come from different goroutines.
//
// # Call order
//
//	New ─> { Start ─> TaskConfigs* ─> Stop }*
//
// The value that was started lives as long as the connector has one configuration on one worker. A pause or a stop through the REST API is a Stop, and
// the resume that follows a Start of the same value. A failed Start is not followed by a Stop; only a stop and a resume through the REST API make
// another Start follow it. A restart, a new configuration and a rebalance of the workers begin with a new value.
//
// # Contexts and time
//
// A context ends when the connector is deleted, restarted, configured anew or taken away while the call lasts; that of the Stop which follows
// then ends after 5 s. Other connectors go on meanwhile, and so do the connector's own tasks. A panic counts as an error.
//
// Kafka: org.apache.kafka.connect.sink.SinkConnector.
type SinkConnector interface {
	// Version is the version of the implementation, for example "1.2.0". The REST API shows [Plugin].Version, which should be the same.
	Version() string
	// Config defines the settings, without those of the framework (name, topics, tasks.max and the like). Validation, its error texts and the answers
	// of the REST API about the plugin come from it, and from the type PASSWORD which values are hidden in answers, logs and traces. Never nil.
	Config() *ConfigDef
	// Start gets the connector's settings, variables resolved, with those of the framework; the map may be kept. The worker has validated the
	// configuration as it was sent, but variables may stand for other values by now. It should be quick, and need not do anything.
	// Every error, a [Retriable] one too, makes the connector FAILED.
	Start(ctx context.Context, props map[string]string) error
	// TaskConfigs returns the settings of each task, at least one and at most maxTasks, each in a map of its own that the worker may change. Most sinks
	// return maxTasks copies of their own settings: partitions are spread over the tasks by the consumer group. The worker adds task.class,
	// topics and topics.regex.
	//
	// It is called after each Start and whenever tasks may have to change, and should return the same for the same settings: tasks are restarted
	// if it does not. An error is logged and the call repeated with growing pauses of up to a minute; the tasks there are go on. More than
	// maxTasks make the connector FAILED, unless tasks.max.enforce is false; none leave it without tasks.
	TaskConfigs(maxTasks int) ([]map[string]string, error)
	// Stop ends what Start began. It is called once for each successful Start, and not at all if the worker dies.
	Stop(ctx context.Context) error
	// NewTask returns a task that was not started yet, a new one each time.
	NewTask() SinkTask
}

// ConfigValidator is an optional ability of a [SinkConnector]: checks of several settings together, after each was checked on its own and
// whatever came of that: any setting may be missing or wrong. The result has one entry per broken rule, which the REST API shows with the
// setting that its Key names; an empty one means that all is well. It is called for each validation, on a value that was not started, and
// should do no I/O.
//
// Kafka: Connector.validate.
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
// # Call order
//
//	Start ─> { Put* ─> Open ─> { Put | PreCommit }* ─> Close }* ─> Stop
//
// Open, PreCommit and Close are optional abilities: [Opener], and [PreCommitter] or [Flusher]. Partitions come and go one by one or together, as the
// consumer group decides, so that Open and Close may be called for some while others stay. When partitions are given away in order,
// PreCommit with closing set comes right before their Close, and the commit right after it.
//
// Start is not called before the connector is first to run: a task that begins paused has not been started, and may be stopped without any call.
// Once Start was called, Stop is called exactly once, whatever happened, and nothing after it.
//
// # Concurrency
//
// One goroutine makes all calls on a task, one at a time. Different tasks are called concurrently, in the same process as a rule. A task that was
// abandoned because it did not stop in time may still be in a call when its successor starts.
//
// # What may block
//
// Nothing else is begun for a task while it is in a call: no poll, no commit, and a rebalance of its group waits for it. Heartbeats go on by
// themselves, so that a call may take its time, but it must be back before the consumer's max.poll.interval.ms is over (5 minutes by default), or the
// group gives the partitions to another member and the records come again.
//
// A task that is told to stop, by the REST API, a rebalance of the workers or the end of the process, gets the calls of its end once the call at hand
// has returned; until then its context lasts. If all that takes longer than task.shutdown.graceful.timeout.ms (5 s by default) the task is abandoned:
// the context of every call ends, nothing is committed any more, and Close and Stop are called when the call at hand returns. So
// every wait must end with its context. The context of Stop is a new one that lasts offset.flush.timeout.ms (5 s by default), after a cancel too.
//
// # Errors
//
// Only the methods' own comments say what an error does; in short:
//
//	           Retriable               any other error, DataError and ConfigError included
//	Start      FAILED                  FAILED
//	Open       FAILED                  FAILED
//	Put        the same batch again    FAILED
//	PreCommit  back to the last commit (while closing: no commit, the records come again to the next owner)
//	Flush      the same
//	Close      FAILED                  FAILED
//	Stop       logged                  logged
//
// What fails while a task is being stopped is logged. A task that fails otherwise commits what was put before, closes its partitions and is stopped; its status is FAILED with the error's chain as its trace, until
// somebody restarts it. errors.tolerance does not apply to errors of a task: a single record that cannot be written is handed to
// [SinkTaskContext].Report, which asks the connector's tolerance and its dead letter queue. A panic in any method counts as an error
// that is not Retriable, and has its stack in the trace.
//
// # Offsets
//
// The worker keeps, for each assigned partition, the offset after the last record that Put has accepted. A record that was dropped by a transform, or was
// skipped because it could not be converted, counts with the batch that it would have been in. It commits, every offset.flush.interval.ms, on
// [SinkTaskContext].RequestCommit, on a pause, and when partitions are given away: of those offsets what PreCommit declares; all of them if
// Flush returned nil, or if the task has neither. An offset beyond what was accepted, and one of a partition that is not assigned, is
// dropped with a warning; no commit goes past a record that was reported and refused, or that the dead letter queue does not have yet.
//
// # Guarantee
//
// At least once, in the order of offsets within each partition. After a crash, a lost partition, a failed PreCommit or Flush, or a Rewind,
// everything from the last commit on comes again, so writing a record twice should be the same as writing it once.
//
// Kafka: org.apache.kafka.connect.sink.SinkTask.
type SinkTask interface {
	// Start gets the task's settings: what TaskConfigs returned, variables resolved, with task.class, topics and topics.regex. It may do I/O, bounded
	// by ctx, and may keep tc and props. The task RUNs once it returns; an error, a [Retriable] one too, makes the task FAILED.
	Start(ctx context.Context, tc SinkTaskContext, props map[string]string) error
	// Put accepts a batch: the records that one poll of the consumer brought, in the order of their offsets within each partition, or none. It is
	// called without any every offset.flush.interval.ms, when the time set with [SinkTaskContext].Timeout is over and after Wake: before the first
	// Open too, and while the connector is paused.
	//
	// A task without [PreCommitter] or [Flusher] must have written the batch when Put returns nil. One with them may go on working after that; it
	// bounds what it has in hand by blocking here, or better with [SinkTaskContext].Pause.
	//
	// The slice is the worker's, is offered again after a Retriable error and reused after others: it must be neither changed nor kept. The records
	// in it may be kept (as copies) but not changed, since they share memory with the fetched batch.
	//
	// A [Retriable] error means that nothing of the batch counts as accepted. All partitions are paused, and the same batch is put again, without the
	// records of partitions that were given away or rewound meanwhile: after the time set with [SinkTaskContext].Timeout in this call, else at the
	// next offset commit, and earlier only after Wake. There is no limit to the tries.
	//
	// Any other error makes the task FAILED. Nothing of the batch counts as accepted, so it comes again after a restart.
	Put(ctx context.Context, records []SinkRecord) error
	// Stop ends the task and everything it started, goroutines and connections included. It is called exactly once after Start was called, also when
	// Start failed, and must then cope with what Start did not get to. What is not committed by now will come again, so there is nothing to finish.
	// An error is logged.
	Stop(ctx context.Context) error
}

// Opener is an optional ability of a [SinkTask]: it is told which partitions it gets and loses. Open is called before the first
// record of a partition, Close after the last one was put and before its final offset commit is sent; after Close no record of the partition
// is to be written any more. A partition that was lost without warning is closed too, without a PreCommit before it: its next
// owner may be at work already. Both get only the partitions that change, sorted. A partition may come back later.
//
// An error of either makes the task FAILED. Partitions whose Open failed are closed all the same.
type Opener interface {
	Open(ctx context.Context, partitions []TopicPartition) error
	Close(ctx context.Context, partitions []TopicPartition) error
}

// PreCommitter is an optional ability of a [SinkTask]: it says what may be committed. It has precedence over [Flusher].
//
// Offsets holds, for each partition that the question is about, the offset after the last record that Put has accepted, or where reading began: all
// assigned partitions as a rule, only those that are about to be given away if closing is true. It is the task's to change and to return. A batch
// that Put refused is not in it. The result holds the next offset to read after everything durable, which is at most the one given; partitions left out
// keep their last commit, and so does everything if the result is nil.
//
// It must not wait longer than ctx allows: when closing is true, waiting for what is in flight is right, and ctx lasts three fifths of
// offset.flush.timeout.ms (5 s by default), so that the commit still fits in; otherwise it returns what is durable now. It is not called while no
// partition is assigned, nor for partitions that were lost, nor once the task was abandoned.
//
// An error makes the worker read everything since the last commit again; a batch that waits for another try is dropped, since it is part of
// that. While closing, nothing of the partitions is committed.
//
// Kafka: SinkTask.preCommit.
// Differs: closing, which Java does not tell.
type PreCommitter interface {
	PreCommit(ctx context.Context, offsets map[TopicPartition]int64, closing bool) (map[TopicPartition]int64, error)
}

// Flusher is an optional ability of a [SinkTask], the simple form of [PreCommitter], called on the same occasions: when Flush returns nil,
// everything put so far is durable and the given offsets, which must not be changed, are committed. An error is treated as PreCommit's.
//
// Kafka: SinkTask.flush.
type Flusher interface {
	Flush(ctx context.Context, offsets map[TopicPartition]int64) error
}

// SinkTaskContext is what a task may ask of its worker. All methods may be called from any goroutine between Start and the return
// of Stop, and none but Report blocks: they note what is wanted, and the task's goroutine does it before its next poll. Whatever was polled before that
// is still put.
//
// Kafka: org.apache.kafka.connect.sink.SinkTaskContext, ErrantRecordReporter.
type SinkTaskContext interface {
	// TaskID returns the task's name.
	TaskID() TaskID
	// Logger returns a logger that already names connector and task, and logs under the class name of the task: its level can be set
	// through the REST API. With("logger", name) outside of a group logs under another name.
	Logger() *slog.Logger
	// Metrics returns where the task keeps figures of its own, which the worker shows among its metrics. It may be nil, which works.
	Metrics() *Metrics
	// Pause stops the delivery of the given partitions, Resume allows it again. Put goes on being called, with no records if all are paused. A pause
	// lasts until Resume or until the partition is given away, unless it comes back at once; one that was asked for in Open holds. It is
	// beside the connector's own pause: both have to be over.
	Pause(partitions ...TopicPartition)
	Resume(partitions ...TopicPartition)
	// Rewind makes the next records of the given partitions come from these offsets; from here on they count as the last commit, to which a failed
	// PreCommit goes back. Partitions that are not assigned are left out.
	Rewind(offsets map[TopicPartition]int64)
	// Timeout sets how long the next poll may wait at most, once: in a Put that returns [Retriable], how long to wait before the batch is put again.
	Timeout(d time.Duration)
	// RequestCommit asks for an offset commit before the next poll, or once the commit under way is through.
	RequestCommit()
	// Wake makes the worker call Put soon, with an empty batch if nothing was fetched: for a task that works ahead and has an
	// error to return, or room again.
	Wake()
	// Report hands over a record that cannot be written, with the reason, which may be any error. The result gets exactly one value and is then
	// closed: nil once the record counts as done (it stands in the dead letter queue, or was logged, and the connector tolerates errors); an error
	// if the record is not tolerated, and then the task must not let its offset pass, and fails: the worker fails it on its
	// own account if the task does not return the error. As in Kafka, errors.tolerance=all is not enough: there must be a dead letter queue or
	// errors.log.enable, or the record would leave no trace.
	//
	// The record is one that Put was given, or a copy of it; its original bytes go to the queue. For one that the task made itself, Topic, Partition and
	// Offset say whose offset waits, and it goes back through the connector's converters. Report blocks while the queue's producer has no room. If
	// the task is told to stop, it gives up after three fifths of offset.flush.timeout.ms: the result is then an error after which the task ends in
	// order, if Put returns it or wraps it, and the record comes again.
	//
	// A task need not wait for the result, since no commit goes past the record until then; one that does must stop when its context ends.
	Report(record *SinkRecord, reason error) <-chan error
}
