package worker

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"sluice/connect"
	"sluice/internal/kafka"
	"sluice/worker/provider"
	"sluice/worker/store"
	"sluice/worker/task"
)

// taskRun is a task from its start to its end. Once it is abandoned it writes no status any more.
type taskRun struct {
	h         *Herder
	task      taskRunner
	meter     *taskMeter
	started   stamp
	config    store.Properties // of the connector, as it is stored
	consumer  kafka.Properties // the task's
	done      chan struct{}    // closed when it has ended
	secrets   *provider.Secrets
	heard     atomic.Bool // the task has told a state
	abandoned atomic.Bool
}

// live runs the task to its end.
func (r *taskRun) live() {
	defer close(r.done)
	_ = r.task.Run(r.h.workCtx) // the task has logged its failure and told its listener
}

func (r *taskRun) over() bool {
	select {
	case <-r.done:
		return true
	default:
		return false
	}
}

// stop makes the task end until deadline, or abandons it.
func (r *taskRun) stop(deadline context.Context, handOver bool, logger *slog.Logger) {
	if handOver {
		r.task.HandOver()
	} else {
		r.task.Stop()
	}
	select {
	case <-r.done:
	case <-deadline.Done():
		if r.over() {
			return
		}
		logger.Warn("task did not stop in time and is abandoned: its last offsets are not committed")
		r.abandoned.Store(true)
		r.task.Cancel()
	}
}

// told reports whether the task has told a state since it was started, or ended without.
func (r *taskRun) told() bool { return r.heard.Load() || r.over() }

// hear notes that the task has told a state. The loop may be waiting for its first.
func (r *taskRun) hear() {
	if r.heard.CompareAndSwap(false, true) {
		r.h.post(taskTold{})
	}
}

// The run listens to its task and writes what it hears to the status topic.

func (r *taskRun) put(id connect.TaskID, s State) {
	r.h.meters.taskBecame(r.meter, s)
	if !r.abandoned.Load() {
		r.h.statuses.PutTask(id, r.h.stamp().status(s, ""))
	}
	r.hear()
}

// Startup implements [task.Listener]. The group may be in its next round by now; what counts is the one that gave the task.
func (r *taskRun) Startup(id connect.TaskID) {
	r.h.meters.taskBecame(r.meter, store.Running)
	if !r.abandoned.Load() {
		r.h.statuses.PutTask(id, r.started.status(store.Running, ""))
	}
	r.hear()
}

// Paused implements [task.Listener].
func (r *taskRun) Paused(id connect.TaskID) { r.put(id, store.StatePaused) }

// Resumed implements [task.Listener].
func (r *taskRun) Resumed(id connect.TaskID) { r.put(id, store.Running) }

// Failed implements [task.Listener].
func (r *taskRun) Failed(id connect.TaskID, err error) {
	r.h.meters.taskBecame(r.meter, store.Failed)
	if !r.abandoned.Load() {
		r.h.statuses.PutTaskSafe(id, r.h.stamp().status(store.Failed, r.secrets.Redact(task.Trace(err))))
	}
	r.hear()
}

// Shutdown implements [task.Listener].
func (r *taskRun) Shutdown(id connect.TaskID) {
	r.h.meters.taskBecame(r.meter, store.Unassigned)
	if !r.abandoned.Load() {
		r.h.statuses.PutTaskSafe(id, r.h.stamp().status(store.Unassigned, ""))
	}
}

// TopicSeen implements [task.Listener].
func (r *taskRun) TopicSeen(id connect.TaskID, topic string) {
	if r.h.cfg.TopicTracking && !r.abandoned.Load() {
		r.h.statuses.PutTopic(store.TopicStatus{Topic: topic, Task: id, Discovered: time.Now().UnixMilli()})
	}
}
