package worker

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"sluice/connect"
	"sluice/worker/store"
	"sluice/worker/task"
	"sluice/worker/validate"
)

// taskInstance is a task that this worker was given. The run is touched by the jobs of its lane alone.
type taskInstance struct {
	id      connect.TaskID
	lane    lane
	run     *taskRun // nil if it was not started
	leaving bool     // a round has taken it away: it stops and is not started again. Belongs to the loop
}

// taskRun is a task from its start to its end. Once it is abandoned it writes no status any more.
type taskRun struct {
	h         *Herder
	task      taskRunner
	started   stamp
	done      chan struct{} // closed when it has ended
	abandoned atomic.Bool
}

func (h *Herder) allTasks() []connect.TaskID { return sortedTasks(maps.Keys(h.tasks)) }

func sortedTasks(ids iter.Seq[connect.TaskID]) []connect.TaskID {
	return slices.SortedFunc(ids, func(a, b connect.TaskID) int {
		return cmp.Or(cmp.Compare(a.Connector, b.Connector), cmp.Compare(a.Task, b.Task))
	})
}

// startTask starts a task with the configuration that is valid now. done, which may be nil, is told in the loop whether the task could
// be started; what becomes of it shows in its status.
func (h *Herder) startTask(t *taskInstance, done func(error)) {
	var err error
	h.do(&t.lane, job{
		stage: "starting task " + t.id.String(),
		begin: func() func(context.Context) {
			snapshot := h.configs.Snapshot()
			settings, ok := snapshot.TaskConfig(t.id)
			connector, exists := snapshot.ConnectorConfig(t.id.Connector)
			if h.ending || !ok || !exists || t.leaving || t.run != nil && !t.run.over() {
				return nil // a round takes it away, or has done so; or it runs
			}
			count, target := snapshot.TaskCount(t.id.Connector), snapshot.TargetState(t.id.Connector)
			run := &taskRun{h: h, started: h.stamp(), done: make(chan struct{})}
			return func(context.Context) {
				if err = h.buildTask(run, t.id, connector.Map(), settings.Map(), count, target); err != nil {
					h.logger.Error("task could not be started", "connector", t.id.Connector, "task", t.id.Task, "err", err)
					h.statuses.PutTaskSafe(t.id, run.started.status(store.Failed, task.Trace(err)))
					return
				}
				t.run = run
				h.work.Go(run.live)
			}
		},
		end: func() {
			if done != nil {
				done(err)
			}
		},
	})
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

// stopTasks stops tasks that may take task.shutdown.graceful.timeout.ms together; those that take longer are abandoned. done is called in
// the loop when none of them runs any more.
func (h *Herder) stopTasks(ids []connect.TaskID, done func()) {
	instances := make([]*taskInstance, 0, len(ids))
	for _, id := range ids {
		if t := h.tasks[id]; t != nil {
			instances = append(instances, t)
		}
	}
	deadline, cancel := h.stopDeadline()
	one := h.gather(len(instances), h.cfg.TaskShutdownTimeout+time.Second, func() {
		cancel()
		done()
	})
	for _, t := range instances {
		h.stopTask(t, deadline, one)
	}
}

// stopDeadline is when tasks that are told to stop now must have stopped.
func (h *Herder) stopDeadline() (context.Context, context.CancelFunc) {
	return context.WithTimeout(h.workCtx, h.cfg.TaskShutdownTimeout)
}

// stopTask stops a task and waits for its end until deadline. done, which may be nil, is called in the loop.
func (h *Herder) stopTask(t *taskInstance, deadline context.Context, done func()) {
	h.do(&t.lane, job{
		stage: "stopping task " + t.id.String(),
		begin: func() func(context.Context) {
			if t.run == nil {
				return nil
			}
			return func(context.Context) {
				t.run.stop(deadline, h.logger.With("connector", t.id.Connector, "task", t.id.Task))
				t.run = nil
			}
		},
		end: done,
	})
}

func (r *taskRun) stop(deadline context.Context, logger *slog.Logger) {
	r.task.Stop()
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

// retargetTask pauses or resumes a task, as is asked of its connector.
func (h *Herder) retargetTask(t *taskInstance) {
	h.do(&t.lane, job{
		stage: "changing the state of task " + t.id.String(),
		begin: func() func(context.Context) {
			target := h.configs.Snapshot().TargetState(t.id.Connector)
			if t.run == nil || target == store.Stopped { // a stopped connector's tasks are taken away
				return nil
			}
			return func(context.Context) {
				if target == store.Paused {
					t.run.task.Pause()
				} else {
					t.run.task.Resume()
				}
			}
		},
	})
}

// buildTask makes a task with all that it needs. No I/O.
//
// Kafka: org.apache.kafka.connect.runtime.Worker.startTask.
func (h *Herder) buildTask(run *taskRun, id connect.TaskID, connector, settings map[string]string, count int, target TargetState) (err error) {
	defer recovered(&err)
	def, err := validate.SinkConnectorConfigDef().Parse(connector)
	if err != nil {
		return fmt.Errorf("start task %s: %w", id, err)
	}
	if most := int(def.Int(validate.TasksMaxConfig)); count > most {
		if err := tooManyTasks(id.Connector, count, most); def.Bool(validate.TasksMaxEnforceConfig) {
			return err
		}
	}
	plugin, err := h.plugins.Find(connector[validate.ConnectorClassConfig], connect.SinkPluginType)
	if err != nil {
		return fmt.Errorf("start task %s: %w", id, err)
	}
	cfg := task.Config{
		ID:                 id,
		Task:               plugin.NewSink().NewTask(),
		TaskProps:          settings,
		Topics:             topicsOf(settings, connector),
		ConsumerProperties: h.cfg.consumerProperties(id, connector),

		Tolerance:                task.Tolerance(def.String(validate.ErrorsToleranceConfig)),
		RetryTimeout:             def.Millis(validate.ErrorsRetryTimeoutConfig),
		RetryDelayMax:            def.Millis(validate.ErrorsRetryDelayMaxConfig),
		ErrorsLogEnable:          def.Bool(validate.ErrorsLogEnableConfig),
		ErrorsLogIncludeMessages: def.Bool(validate.ErrorsLogIncludeMessagesConfig),

		OffsetFlushInterval: h.cfg.OffsetFlushInterval,
		OffsetFlushTimeout:  h.cfg.OffsetFlushTimeout,

		Paused:   target == store.Paused,
		Listener: run,
		Logger:   h.logger,
	}
	if err := h.addConverters(&cfg, connector); err != nil {
		return fmt.Errorf("start task %s: %w", id, err)
	}
	if run.task, err = h.newTask(cfg); err != nil {
		return fmt.Errorf("start task %s: %w", id, err)
	}
	return nil
}

// addConverters makes the three converters of a task.
func (h *Herder) addConverters(cfg *task.Config, connector map[string]string) (err error) {
	if cfg.KeyConverter, cfg.KeyConverterClass, err = h.cfg.newConverter(h.plugins, KeyConverterConfig, connector); err != nil {
		return err
	}
	if cfg.ValueConverter, cfg.ValueConverterClass, err = h.cfg.newConverter(h.plugins, ValueConverterConfig, connector); err != nil {
		return err
	}
	cfg.HeaderConverter, cfg.HeaderConverterClass, err = h.cfg.newHeaderConverter(h.plugins, connector)
	return err
}

// newConverter makes the converter that serves key for a connector; nil is the worker's own.
func (c *Config) newConverter(plugins *connect.Plugins, key string, connector map[string]string) (connect.Converter, string, error) {
	s := c.converter(key, connector)
	plugin, err := plugins.Find(s.class, connect.ConverterPluginType)
	if err != nil {
		return nil, "", &connect.ConfigError{Key: key, Value: s.class, Rule: err.Error()}
	}
	conv := plugin.NewConverter()
	if err := conv.Configure(s.props, key == KeyConverterConfig); err != nil {
		return nil, "", fmt.Errorf("configure %s %s: %w", key, plugin.Class, err)
	}
	return conv, plugin.Class, nil
}

// newHeaderConverter makes the header converter of a connector; nil is the worker's own.
func (c *Config) newHeaderConverter(plugins *connect.Plugins, connector map[string]string) (connect.HeaderConverter, string, error) {
	s := c.converter(HeaderConverterConfig, connector)
	plugin, err := plugins.Find(s.class, connect.HeaderConverterPluginType)
	if err != nil {
		return nil, "", &connect.ConfigError{Key: HeaderConverterConfig, Value: s.class, Rule: err.Error()}
	}
	conv := plugin.NewHeaderConverter()
	if err := conv.Configure(s.props); err != nil {
		return nil, "", fmt.Errorf("configure %s %s: %w", HeaderConverterConfig, plugin.Class, err)
	}
	return conv, plugin.Class, nil
}

// topicsOf reads the setting topics of a task, or of its connector if the task has none.
func topicsOf(settings, connector map[string]string) []string {
	text, ok := settings[validate.TopicsConfig]
	if !ok {
		text = connector[validate.TopicsConfig]
	}
	var topics []string
	for t := range strings.SplitSeq(text, ",") {
		if t = strings.TrimSpace(t); t != "" && !slices.Contains(topics, t) {
			topics = append(topics, t)
		}
	}
	return topics
}

// The run listens to its task and writes what it hears to the status topic.

func (r *taskRun) put(id connect.TaskID, s State) {
	if !r.abandoned.Load() {
		r.h.statuses.PutTask(id, r.h.stamp().status(s, ""))
	}
}

// Startup implements [task.Listener]. The group may be in its next round by now; what counts is the one that gave the task.
func (r *taskRun) Startup(id connect.TaskID) {
	if !r.abandoned.Load() {
		r.h.statuses.PutTask(id, r.started.status(store.Running, ""))
	}
}

// Paused implements [task.Listener].
func (r *taskRun) Paused(id connect.TaskID) { r.put(id, store.StatePaused) }

// Resumed implements [task.Listener].
func (r *taskRun) Resumed(id connect.TaskID) { r.put(id, store.Running) }

// Failed implements [task.Listener].
func (r *taskRun) Failed(id connect.TaskID, err error) {
	if !r.abandoned.Load() {
		r.h.statuses.PutTaskSafe(id, r.h.stamp().status(store.Failed, task.Trace(err)))
	}
}

// Shutdown implements [task.Listener].
func (r *taskRun) Shutdown(id connect.TaskID) {
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
