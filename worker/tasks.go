package worker

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"sluice/connect"
	"sluice/internal/kafka"
	"sluice/worker/store"
	"sluice/worker/task"
	"sluice/worker/validate"
)

// taskInstance is a task that this worker was given. The run is touched by the jobs of its lane alone.
type taskInstance struct {
	id      connect.TaskID
	lane    lane
	run     *taskRun         // nil if it was not started
	place   kafka.Properties // the consumer whose place in its group was kept for the task's next start; nil if none was. Touched as run is
	leaving bool             // a round has taken it away: it stops and is not started again. Belongs to the loop
}

// taskInstances are the tasks that this worker was given, by connector and number. A connector without any has no entry.
type taskInstances map[string]map[int]*taskInstance

// get returns nil for a task that is not among them.
func (ts taskInstances) get(id connect.TaskID) *taskInstance { return ts[id.Connector][id.Task] }

func (ts taskInstances) add(t *taskInstance) {
	if ts[t.id.Connector] == nil {
		ts[t.id.Connector] = map[int]*taskInstance{}
	}
	ts[t.id.Connector][t.id.Task] = t
}

func (ts taskInstances) remove(id connect.TaskID) {
	if delete(ts[id.Connector], id.Task); len(ts[id.Connector]) == 0 {
		delete(ts, id.Connector)
	}
}

// of returns the tasks of a connector, sorted.
func (ts taskInstances) of(connector string) []connect.TaskID {
	ids := make([]connect.TaskID, 0, len(ts[connector]))
	for _, n := range slices.Sorted(maps.Keys(ts[connector])) {
		ids = append(ids, connect.TaskID{Connector: connector, Task: n})
	}
	return ids
}

// all returns all tasks, sorted.
func (ts taskInstances) all() []connect.TaskID {
	var ids []connect.TaskID
	for _, name := range slices.Sorted(maps.Keys(ts)) {
		ids = append(ids, ts.of(name)...)
	}
	return ids
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
			run := &taskRun{h: h, started: h.stamp(), config: connector, done: make(chan struct{})}
			return func(ctx context.Context) {
				if err = h.buildTask(run, t.id, connector, settings, count, target); err != nil {
					run.secrets.Logger(named(h.logger, workerLogger)).Error("task could not be started", "connector", t.id.Connector, "task", t.id.Task, "err", err)
					h.meters.taskMade(t.id, nil, store.Failed)
					h.statuses.PutTaskSafe(t.id, run.started.status(store.Failed, run.secrets.Redact(task.Trace(err))))
					h.giveUpPlace(ctx, t)
					return
				}
				state := store.Running
				if target == store.Paused {
					state = store.StatePaused
				}
				t.run, run.meter = run, h.meters.taskMade(t.id, run.task, state)
				t.place = nil
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

// stopTasks stops tasks that may take task.shutdown.graceful.timeout.ms together; those that take longer are abandoned. done is called in
// the loop when none of them runs any more.
func (h *Herder) stopTasks(ids []connect.TaskID, done func()) {
	instances := make([]*taskInstance, 0, len(ids))
	for _, id := range ids {
		if t := h.tasks.get(id); t != nil {
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
			handOver := h.hasSuccessor(t)
			return func(context.Context) {
				t.run.stop(deadline, handOver, named(h.logger, workerLogger).With("connector", t.id.Connector, "task", t.id.Task))
				h.meters.taskGone(t.id, t.run.meter)
				if handOver {
					t.place = t.run.consumer
				}
				t.run = nil
			}
		},
		end: done,
	})
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

// buildTask makes a task with all that it needs. It reads the files that variables name, and does no other I/O.
//
// Kafka: org.apache.kafka.connect.runtime.Worker.startTask.
func (h *Herder) buildTask(run *taskRun, id connect.TaskID, rawConnector, rawSettings store.Properties, count int, target TargetState) (err error) {
	defer recovered(&err)
	connector, settings, secrets, err := h.resolveTask(rawConnector, rawSettings)
	run.secrets = secrets
	if err != nil {
		return err
	}
	def, err := (&validate.Validator{Plugins: h.plugins}).ParseTask(connector)
	if err != nil {
		return err
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
	topicMatch, err := topicMatchOf(settings, connector)
	if err != nil {
		return fmt.Errorf("start task %s: %w", id, err)
	}
	run.consumer = h.cfg.consumerProperties(id, connector)
	cfg := task.Config{
		ID:                 id,
		Task:               plugin.NewSink().NewTask(),
		TaskClass:          plugin.TaskClass,
		TaskProps:          settings,
		TopicEpoch:         h.statuses.TopicEpoch,
		Topics:             topicsOf(settings, connector),
		TopicMatch:         topicMatch,
		ConsumerProperties: run.consumer,

		Tolerance:                task.Tolerance(def.String(validate.ErrorsToleranceConfig)),
		RetryTimeout:             def.Millis(validate.ErrorsRetryTimeoutConfig),
		RetryDelayMax:            def.Millis(validate.ErrorsRetryDelayMaxConfig),
		ErrorsLogEnable:          def.Bool(validate.ErrorsLogEnableConfig),
		ErrorsLogIncludeMessages: def.Bool(validate.ErrorsLogIncludeMessagesConfig),

		OffsetFlushInterval: h.cfg.OffsetFlushInterval,
		OffsetFlushTimeout:  h.cfg.OffsetFlushTimeout,

		Window: h.cfg.window,

		Paused:   target == store.Paused,
		Listener: run,
		Logger:   secrets.Logger(h.logger),
	}
	if err := h.addConverters(&cfg, connector); err != nil {
		return fmt.Errorf("start task %s: %w", id, err)
	}
	if topic := def.String(validate.DLQTopicNameConfig); topic != "" {
		cfg.DLQ = task.DLQ{
			Topic:             topic,
			ReplicationFactor: int16(def.Int(validate.DLQReplicationFactorConfig)),
			ContextHeaders:    def.Bool(validate.DLQContextHeadersConfig),
			Producer:          h.cfg.dlqProducerProperties(id, connector),
			Admin:             h.cfg.dlqAdminProperties(connector),
		}
	}
	if cfg.Transformations, err = newTransformations(h.plugins, def, connector); err != nil {
		return err
	}
	if run.task, err = h.newTask(cfg); err != nil {
		return fmt.Errorf("start task %s: %w", id, err)
	}
	return nil
}

// topicsOf reads the setting topics of a task, or of its connector if the task has none.
func topicsOf(settings, connector map[string]string) []string {
	text, ok := settings[validate.TopicsConfig]
	if !ok {
		text = connector[validate.TopicsConfig]
	}
	var topics []string
	seen := map[string]bool{}
	for t := range strings.SplitSeq(text, ",") {
		if t = strings.TrimSpace(t); t != "" && !seen[t] {
			seen[t] = true
			topics = append(topics, t)
		}
	}
	return topics
}
