package task

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"sluice/connect"
	"sluice/internal/kafka"
)

// Task is one sink task.
//
//	         ┌──────────── Pause ───────────┐
//	New ─> RUNNING <──────────────────── PAUSED
//	         │          Resume              │
//	         ├─ Stop ──> closing ─> ended   ┘  (Stop and Cancel work in each state)
//	         ├─ error ─> closing ─> FAILED
//	         └─ Cancel ─────────── ended, without commit and without status
//
// Run is called once, by the goroutine that owns the task; all other methods may be called from anywhere.
type Task struct {
	cfg       Config
	log       *slog.Logger
	task      connect.SinkTask
	opener    connect.Opener       // nil if the plugin is none
	committer connect.PreCommitter // nil if the plugin is none
	flusher   connect.Flusher      // nil if the plugin is none
	reader    Reader
	sinkCtx   *sinkContext
	errorLog  *logReporter     // nil unless errors are logged
	dlq       *deadLetterQueue // nil unless there is one
	stats     counters
	metrics   *connect.Metrics // the plugin's own
	reports   openReports

	conversions, transformations []operation // what each message goes through, in this order

	// Owned by the goroutine that runs the task.
	offsets    offsets
	batch      []connect.SinkRecord                // converted and not accepted yet; the slice is used again
	rawHeaders []connect.RawHeader                 // of the message being converted; the slice is used again
	boxes      boxes                               // where values of the batch stand
	ending     context.Context                     // ends when the task is to stop, or is cancelled
	reporting  context.Context                     // ends some time later than ending: what the plugin reports meanwhile is still sent
	redeliver  bool                                // the batch was refused with a retriable error; all partitions are paused
	refusal    string                              // why, as last logged
	outage     string                              // what a converter or transform waits for, as last logged
	paused     bool                                // the pause is in effect
	closing    bool                                // the group's callbacks no longer matter
	topics     map[string]struct{}                 // seen
	topicEpoch uint64                              // in which they were
	owned      map[connect.TopicPartition]struct{} // what the group has given, whether or not the plugin has it too
	lastTopic  string                              // seen last

	converting sync.Mutex // guards the converters if there is a dead letter queue

	mu        sync.Mutex // guards what follows; never held over a call to plugin, reader or listener
	want      wish
	failed    error                            // found outside of the task's goroutine
	badOffset map[connect.TopicPartition]int64 // of the first record in each partition that must not be committed
	changed   chan struct{}                    // has room for one: something above was changed
	cancel    context.CancelFunc
	end       context.CancelFunc // of ending; nil when Run is over
	endReport context.CancelFunc // of reporting
	grace     *time.Timer        // between the two
	orphan    bool
}

// wish is what the owner asked for.
type wish struct {
	pause, stop bool
	handOver    bool // of the task's place in the group, when it stops
}

// New checks the configuration and returns a task that does nothing until Run. The transformations are closed by Run or, on failure, at once.
func New(cfg Config) (*Task, error) {
	cfg, err := cfg.withDefaults()
	if err == nil {
		var t *Task
		if t, err = newTask(cfg); err == nil {
			return t, nil
		}
	}
	closeTransforms(cfg)
	return nil, err
}

func newTask(cfg Config) (_ *Task, err error) {
	t := &Task{
		cfg:     cfg,
		log:     cfg.Logger.With(loggerKey, LoggerName),
		task:    cfg.Task,
		topics:  map[string]struct{}{},
		owned:   map[connect.TopicPartition]struct{}{},
		want:    wish{pause: cfg.Paused},
		changed: make(chan struct{}, 1),
	}
	t.opener, _ = cfg.Task.(connect.Opener)
	t.committer, _ = cfg.Task.(connect.PreCommitter)
	t.flusher, _ = cfg.Task.(connect.Flusher)
	t.offsets.init()
	t.stats.init(cfg.Window)
	t.metrics = connect.NewMetrics(func(err error) { t.log.Warn("a metric of the plugin is not shown", "class", cfg.TaskClass, "err", err) })
	t.sinkCtx = &sinkContext{t: t, log: cfg.Logger.With(loggerKey, cfg.TaskClass)}
	t.reports.init()
	t.conversions, t.transformations = t.newConversions(), t.newTransformations()
	if cfg.ErrorsLogEnable {
		t.errorLog = &logReporter{log: cfg.Logger.With(loggerKey, ReporterName), task: cfg.ID, messages: cfg.ErrorsLogIncludeMessages}
	}
	if cfg.DLQ.Topic != "" {
		if t.dlq, err = newDeadLetterQueue(cfg.DLQ, cfg.ID, cfg.Logger); err != nil {
			return nil, fmt.Errorf("sink task %s: %w", cfg.ID, err)
		}
	}
	t.reader, err = cfg.NewReader(kafka.GroupReaderConfig{
		Properties: cfg.ConsumerProperties,
		Topics:     cfg.Topics,
		Match:      cfg.TopicMatch,
		Listener:   (*rebalanceListener)(t),
		Logger:     cfg.Logger,
	})
	if err != nil {
		return nil, fmt.Errorf("consumer of sink task %s: %w", cfg.ID, err)
	}
	return t, nil
}

// Run runs the task until it is stopped, fails or is cancelled; the end of ctx cancels it. It returns the failure, or nil. When it
// returns, the plugin's task is stopped and the reader is closed. A task that has failed because of a record tells its listener and stops
// its plugin at once, but returns only when it is stopped, cancelled or has lost the record's partition: see hold.
func (t *Task) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ending, end := context.WithCancel(ctx)
	reporting, endReport := context.WithCancel(ctx)
	defer t.ended(end, endReport)
	t.ending, t.reporting = ending, reporting
	t.useContext(ending)
	t.mu.Lock()
	t.cancel, t.end, t.endReport = cancel, end, endReport
	if t.orphan {
		cancel()
	}
	if t.want.stop {
		end()
	}
	t.mu.Unlock()
	defer closeTransforms(t.cfg)

	err := t.run(ctx)
	w, _ := t.wishes()
	if err != nil && ctx.Err() == nil && !w.stop { // an orphan writes no status: its successor may have begun
		t.log.Error("task failed and is stopped; it does not run again until it is restarted", "err", Trace(err))
		t.cfg.Listener.Failed(t.cfg.ID, err)
		t.closeDLQ(ctx)
		t.hold(ctx, err)
		t.closeReader(ctx)
		return err
	}
	if err != nil && ctx.Err() == nil {
		t.log.Warn("task failed while it was being stopped", "err", Trace(err))
	}
	t.closeDLQ(ctx)
	t.closeReader(ctx)
	if ctx.Err() == nil {
		t.cfg.Listener.Shutdown(t.cfg.ID)
		return err
	}
	return nil
}

// run is the life of the task without its last status and its place in the group.
func (t *Task) run(ctx context.Context) error {
	if stop := t.waitWhilePaused(ctx); stop {
		return nil
	}
	if t.dlq != nil {
		if err := t.dlq.open(t.ending); err != nil {
			if t.ending.Err() != nil {
				return nil
			}
			return err
		}
	}
	defer t.stopPlugin(ctx)
	if err := call("start", func() error { return t.task.Start(ctx, t.sinkCtx, t.cfg.TaskProps) }); err != nil {
		return err
	}
	t.cfg.Listener.Startup(t.cfg.ID)

	err := t.loop(ctx)
	// What was put before a failure is still committed; the failing batch is not.
	return errors.Join(err, t.closeAll(ctx))
}

// waitWhilePaused holds a task that starts paused, subscribed to nothing. It returns true if the task is to end.
func (t *Task) waitWhilePaused(ctx context.Context) bool {
	told := false
	for {
		w, _ := t.wishes()
		switch {
		case w.stop || ctx.Err() != nil:
			return true
		case !w.pause:
			return false
		case !told:
			told = true
			t.cfg.Listener.Paused(t.cfg.ID)
		}
		select {
		case <-ctx.Done():
			return true
		case <-t.changed:
		}
	}
}

// loop polls, puts and commits until the task is to end. What only interrupts a poll (a rebalance, an answer to a commit, a pause, a wish of the
// plugin) is no reason to put: a refused batch would be offered too early, and a plugin that asks for a commit with every put would be called without end.
func (t *Task) loop(ctx context.Context) error {
	t.offsets.nextCommit = time.Now().Add(t.cfg.OffsetFlushInterval)
	var nextPut time.Time // at the latest; zero after each put
	for {
		w, failed := t.wishes()
		if failed != nil {
			return failed
		}
		if w.stop || ctx.Err() != nil {
			return nil
		}
		t.applyPause(w.pause)
		if err := t.commitIfDue(ctx); err != nil {
			return err
		}
		t.sinkCtx.apply()
		nextPut = t.nextPut(nextPut)
		messages, err := t.reader.Poll(ctx, max(0, time.Until(nextPut)))
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return pollError(err)
		}
		if woken := t.sinkCtx.takeWake(); !woken && len(messages) == 0 && time.Now().Before(nextPut) {
			continue
		}
		nextPut = time.Time{}
		if err = t.convert(messages); err == nil {
			err = t.deliver(ctx)
		}
		if errors.Is(err, errInterrupted) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// nextPut returns when to put at the latest, given what was said before: when the next commit is due, and sooner if the plugin has asked for that.
func (t *Task) nextPut(before time.Time) time.Time {
	if before.IsZero() {
		before = t.offsets.nextCommit
	}
	if d := t.sinkCtx.takeTimeout(); d > 0 {
		if sooner := time.Now().Add(d); sooner.Before(before) {
			return sooner
		}
	}
	return before
}

// deliver gives the batch, which may be empty, to the plugin.
func (t *Task) deliver(ctx context.Context) error {
	began := time.Now()
	err := call("put", func() error { return t.task.Put(ctx, t.batch) })
	if connect.IsRetriable(err) {
		t.refused(err)
		return nil
	}
	if errors.Is(err, errInterrupted) {
		return errInterrupted // of a record that was reported
	}
	if err != nil {
		return putError(err)
	}
	if _, failed := t.wishes(); failed != nil {
		return failed // a record was reported, is not tolerated, and the plugin has kept quiet about it
	}
	// From here on the batch counts as put: only now may its offsets enter a commit.
	t.offsets.advance()
	t.stats.put.RecordAt(t.stats.putTime.Since(began), float64(len(t.batch)))
	clear(t.batch) // the records' memory must not outlive them here
	t.batch = t.batch[:0]
	if t.redeliver {
		t.log.Info("put was accepted after all")
		t.redeliver, t.refusal = false, ""
		t.resumePartitions()
	}
	return nil
}

// refused keeps the batch for another try and stops the delivery of further records; polling goes on for the group's sake. The reason is
// logged when it is a new one.
func (t *Task) refused(err error) {
	if reason := err.Error(); reason != t.refusal {
		t.refusal = reason
		t.log.Warn("put is tried again later with the same records", "records", len(t.batch), "err", err)
	}
	if !t.redeliver {
		t.redeliver = true
		t.reader.Pause(toKafka(t.offsets.assigned())...)
	}
}

// endEmptyRetry lets records come again when nothing is left of a refused batch.
func (t *Task) endEmptyRetry() {
	if t.redeliver && len(t.batch) == 0 {
		t.redeliver = false
		t.resumePartitions()
	}
}

// resumePartitions resumes what neither the plugin nor the owner has paused.
func (t *Task) resumePartitions() {
	if t.paused {
		return
	}
	t.reader.Resume(toKafka(t.sinkCtx.wanted(t.offsets.assigned()))...)
}

// applyPause brings a pause or resume that was asked for into effect.
func (t *Task) applyPause(pause bool) {
	if pause == t.paused {
		return
	}
	t.paused = pause
	if pause {
		t.reader.Pause(toKafka(t.offsets.assigned())...)
		t.offsets.requestCommit()
		t.cfg.Listener.Paused(t.cfg.ID)
		return
	}
	if !t.redeliver {
		t.resumePartitions()
	}
	t.cfg.Listener.Resumed(t.cfg.ID)
}

// closeAll gives up all partitions for good: pre-commit, close, commit.
func (t *Task) closeAll(ctx context.Context) error {
	t.closing = true
	return t.closePartitions(ctx, t.offsets.assigned(), true)
}

// stopPlugin ends the plugin's task. It gets a context of its own, since it has to clean up after a cancel too. A failure is logged only: all
// that counts was committed before.
func (t *Task) stopPlugin(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), t.cfg.OffsetFlushTimeout)
	defer cancel()
	if err := call("stop", func() error { return t.task.Stop(ctx) }); err != nil {
		t.log.Warn("the plugin's stop failed", "err", err)
	}
	t.metrics.Close()
}

// closeDLQ ends the dead letter queue. Whoever is to know of a record that it has not got by now was told; this is a last chance for
// those of a failing task.
func (t *Task) closeDLQ(ctx context.Context) {
	if t.dlq == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), t.cfg.OffsetFlushTimeout/5)
	defer cancel()
	t.dlq.close(ctx)
	t.stats.dlqClosed.Store(true)
}

// closeReader leaves the group, or the task's place in it to a successor.
func (t *Task) closeReader(ctx context.Context) {
	t.closing = true
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), t.cfg.OffsetFlushTimeout)
	defer cancel()
	end := t.reader.Close
	if w, _ := t.wishes(); w.handOver {
		end = t.reader.HandOver
	}
	if err := end(ctx); err != nil {
		t.log.Warn("closing the consumer failed", "err", err)
	}
	t.stats.readerClosed.Store(true)
}

// call runs a method of the plugin and turns a panic into an error: one bad plugin must not take the worker along.
func call(what string, f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = panicError(what, p)
		}
	}()
	return f()
}

// Pause asks for a pause: polling goes on for the group's sake, records stop. Resume ends it.
func (t *Task) Pause() { t.change(func() { t.want.pause = true }) }

// Resume ends a pause.
func (t *Task) Resume() { t.change(func() { t.want.pause = false }) }

// Stop asks the task to end in order: what is durable is committed, the group is left. Run returns when it is done.
func (t *Task) Stop() {
	t.change(func() {
		t.want.stop = true
		if t.end != nil && t.grace == nil {
			t.end()
			t.grace = time.AfterFunc(t.closingTime(), t.endReport)
		}
	})
}

// ended lets go of what Stop uses while Run runs.
func (t *Task) ended(end, endReport context.CancelFunc) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.end = nil; t.grace != nil {
		t.grace.Stop()
	}
	end()
	endReport()
}

// closingTime is how long the plugin gets to finish what is under way when partitions are given up; the rest of the time that a stop has is for
// the commit of what turns out to be durable.
func (t *Task) closingTime() time.Duration { return t.cfg.OffsetFlushTimeout * 3 / 5 }

// HandOver is Stop for a task that is about to be started again, here or elsewhere: a static member keeps its place in the group for its
// successor, for as long as a session lasts.
func (t *Task) HandOver() {
	t.change(func() { t.want.handOver = true })
	t.Stop()
}

// Cancel gives the task up: whatever it does is interrupted, it commits nothing any more, whether or not the plugin ever comes back, and writes no status.
func (t *Task) Cancel() {
	t.change(func() {
		t.orphan = true
		if t.cancel != nil {
			t.cancel()
		}
	})
	t.reader.Abandon()
}

// failRecord makes the task fail with err at its next step, and keeps every commit from going beyond the record. The first failure counts.
func (t *Task) failRecord(tp connect.TopicPartition, offset int64, err error) {
	t.change(func() {
		if t.failed == nil {
			t.failed = err
		}
		t.keepBefore(tp, offset)
	})
}

// holdRecord keeps every commit from going beyond a record whose fate is not known.
func (t *Task) holdRecord(tp connect.TopicPartition, offset int64) {
	t.change(func() { t.keepBefore(tp, offset) })
}

// keepBefore notes that a partition must not be committed beyond a record. t.mu is held.
func (t *Task) keepBefore(tp connect.TopicPartition, offset int64) {
	if t.badOffset == nil {
		t.badOffset = map[connect.TopicPartition]int64{}
	}
	if first, ok := t.badOffset[tp]; !ok || offset < first {
		t.badOffset[tp] = offset
	}
}

// failedAt returns the offset of the first record of the partition that failRecord or holdRecord was told of.
func (t *Task) failedAt(tp connect.TopicPartition) (int64, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	offset, ok := t.badOffset[tp]
	return offset, ok
}

// change applies f under the lock and wakes the task.
func (t *Task) change(f func()) {
	t.mu.Lock()
	f()
	t.mu.Unlock()
	t.wake()
}

func (t *Task) wake() {
	select {
	case t.changed <- struct{}{}:
	default:
	}
	t.reader.Wakeup()
}

func (t *Task) wishes() (wish, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.want, t.failed
}
