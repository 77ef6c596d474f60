package worker

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"sluice/connect"
	"sluice/internal/kafka"
	"sluice/internal/loggers"
	"sluice/worker/store"
	"sluice/worker/task"
	"sluice/worker/validate"
)

// Validator checks connectors' configurations; [validate.Validator] is one.
type Validator interface {
	Validate(props map[string]*string) (validate.ConfigInfos, error)
	PluginConfig(name string) ([]validate.ConfigKeyInfo, error)
}

// taskRunner is what the herder needs of a task; [task.Task] is one.
type taskRunner interface {
	Run(ctx context.Context) error // blocks until the task has ended
	Pause()
	Resume()
	Stop()     // makes Run end in good order
	HandOver() // is Stop for a task that is about to be started again
	Cancel()   // makes Run end without a last commit and without a status
}

// Herder owns the state of this worker's part of the cluster: which connectors and tasks run here, and what is to become of them.
//
// One goroutine, in Run, owns that state and never waits for anything but the next event: a request, a record of the config topic, an
// assignment of the group, the end of a job, a timer. Slow work (a plugin's code, writes to Kafka) is done by jobs on lanes
// beside it, whose end is an event again. Whatever can be answered from the stores is answered by the caller's goroutine.
//
// A connector's or task's state is written to the status topic by the job that changes it, so that the states of one key are in the
// order in which they happened. See DESIGN.md for how the parts act together.
//
// Kafka: org.apache.kafka.connect.runtime.distributed.DistributedHerder, and Worker for running the plugins.
type Herder struct {
	cfg        *Config
	plugins    *connect.Plugins
	validator  Validator
	secretKeys *validate.SecretKeys
	configs    *store.ConfigStore
	statuses   *store.StatusStore
	membership Membership
	newTask    func(task.Config) (taskRunner, error)
	newOffsets func(kafka.Properties) (groupOffsets, error)
	leavePlace func(context.Context, kafka.Properties, *slog.Logger) error
	workerID   string
	url        string
	version    string
	commit     string
	logger     *slog.Logger
	levels     *loggers.Registry
	stages     stages
	meters     *meters

	clusterID  atomic.Pointer[string]
	generation atomic.Int64  // of the last assignment that was taken up
	ready      chan struct{} // closed when the first assignment has been taken up

	events   chan event
	stopping chan struct{} // closed when the loop begins to stop
	done     chan struct{} // closed when the loop has ended: nobody takes events any more

	work       sync.WaitGroup // everything that was started beside the loop
	workCtx    context.Context
	stopWork   context.CancelFunc
	writeCtx   context.Context // of writes to the config topic, which end when the herder begins to stop
	stopWrites context.CancelFunc

	// The fields below belong to the loop.

	view       *store.Snapshot // the config topic as far as its changes have been dealt with
	connectors map[string]*connectorInstance
	tasks      taskInstances
	writes     lane // to the config topic
	rebalance  rebalance
	restarts   map[string]*store.RestartRequest // connectors whose restart is under way, with the one that is to follow
	waiters    []*waiter
	ending     bool
}

// connectorStopTimeout is how long a connector may take to stop.
//
// Kafka: Worker.CONNECTOR_GRACEFUL_SHUTDOWN_TIMEOUT_MS.
const connectorStopTimeout = 5 * time.Second

// stopLimit is how long to wait for connectors and tasks that are stopped together: longer than each of them may take, so that it
// counts only for a plugin that does not heed its own limit.
func (h *Herder) stopLimit() time.Duration {
	return max(connectorStopTimeout, h.cfg.TaskShutdownTimeout) + 2*time.Second
}

// lastGasp is how long abandoned work may take to notice that it was cancelled when the herder ends.
const lastGasp = 3 * time.Second

// event is something that the loop has to deal with; see handle for what there is.
type event any

type (
	// observed is a change of the config topic, with the state that it led to.
	observed struct {
		view   *store.Snapshot
		change event
	}
	connectorUpdated struct{ name string }
	connectorRemoved struct{ name string }
	tasksCommitted   struct {
		connector string
		count     int
	}
	targetStateChanged struct{ connector string }
	restartRequested   struct{ request store.RestartRequest }

	// requested is a caller's request.
	requested struct{ decide func() }
	// jobDone is the end of a job's slow part.
	jobDone struct {
		lane *lane
		job  job
	}
	// taskTold is a task's first state.
	taskTold struct{}
	// timerDue is a timer's end.
	timerDue struct{ then func() }
)

func newHerder(o Options, levels *loggers.Registry, configs *store.ConfigStore, statuses *store.StatusStore, membership Membership) *Herder {
	h := &Herder{
		cfg:        o.Config,
		plugins:    o.Plugins,
		validator:  &validate.Validator{Plugins: o.Plugins, WorkerGroupID: o.Config.GroupID, OverridePolicy: o.Config.OverridePolicy},
		secretKeys: validate.NewSecretKeys(o.Plugins),
		configs:    configs,
		statuses:   statuses,
		membership: membership,
		newTask:    func(cfg task.Config) (taskRunner, error) { return task.New(cfg) },
		newOffsets: newGroupOffsets,
		leavePlace: kafka.LeavePlace,
		workerID:   o.WorkerID,
		url:        o.URL,
		version:    o.Version,
		commit:     o.Commit,
		logger:     named(o.Logger, herderLogger),
		levels:     levels,
		meters:     newMeters(o.Config.window),
		ready:      make(chan struct{}),
		events:     make(chan event),
		stopping:   make(chan struct{}),
		done:       make(chan struct{}),
		connectors: map[string]*connectorInstance{},
		tasks:      taskInstances{},
		restarts:   map[string]*store.RestartRequest{},
		rebalance:  rebalance{needed: map[string]int{}},
	}
	h.workCtx, h.stopWork = context.WithCancel(context.Background())
	h.writeCtx, h.stopWrites = context.WithCancel(h.workCtx)
	return h
}

// handle deals with one event.
func (h *Herder) handle(ev event) {
	if h.ending {
		h.handleWhileEnding(ev)
		return
	}
	if o, ok := ev.(observed); ok {
		h.view, ev = o.view, o.change
	}
	switch ev := ev.(type) {
	case connectorUpdated:
		h.onConnectorUpdated(ev.name)
	case connectorRemoved:
		h.rejoinFor(ev.name)
	case tasksCommitted:
		if ev.count > 0 { // without tasks they are revoked in the round that follows
			h.rebalance.stopFirst(ev.connector)
		}
		h.rejoinFor(ev.connector)
	case targetStateChanged:
		h.onTargetStateChanged(ev.connector)
	case restartRequested:
		h.onRestartRequested(ev.request)
	case Assignment:
		h.onAssigned(ev)
	case requested:
		ev.decide()
	case jobDone:
		h.finish(ev.lane, ev.job)
		h.beginRebalance() // also while other writes wait
		h.advance(ev.lane)
	case timerDue:
		ev.then()
	}
	h.beginRebalance()
	h.answerSettled()
}

// handleWhileEnding lets what is under way come to its end and begins nothing new.
func (h *Herder) handleWhileEnding(ev event) {
	switch ev := ev.(type) {
	case jobDone:
		h.finish(ev.lane, ev.job)
		h.advance(ev.lane)
	case timerDue:
		ev.then()
	}
}

// post hands an event to the loop. It waits for the loop to take it, or drops it if the loop has ended.
func (h *Herder) post(ev event) {
	select {
	case h.events <- ev:
	case <-h.done:
	}
}

// Run takes part in the cluster until ctx ends, then stops all connectors and tasks and returns. The stores must have been started.
func (h *Herder) Run(ctx context.Context) error {
	defer h.end()
	member, leave := context.WithCancel(context.WithoutCancel(ctx)) // the group is left last, when nothing runs here any more
	defer leave()
	left := make(chan error, 1)
	h.work.Go(func() { left <- h.membership.Run(member, func(a Assignment) { h.post(a) }) })
	h.view = h.configs.Snapshot()
	h.rejoin()
	h.beginRebalance()
	for {
		select {
		case ev := <-h.events:
			h.handle(ev)
		case err := <-left:
			h.stopAll()
			return fmt.Errorf("membership in the group: %w", err)
		case <-ctx.Done():
			h.stopAll()
			return nil
		}
	}
}

// stopAll stops all connectors and tasks, each for as long as it may take.
func (h *Herder) stopAll() {
	h.ending = true
	close(h.stopping)
	h.stopWrites()
	h.writes.waiting = nil
	finished := false
	n, tasks := len(h.connectors), h.tasks.all()
	if len(tasks) > 0 {
		n++
	}
	one := h.gather(n, h.stopLimit(), func() { finished = true })
	for _, c := range h.connectors {
		h.stopConnector(c, one)
	}
	if len(tasks) > 0 {
		h.stopTasks(tasks, one)
	}
	for !finished {
		h.handle(<-h.events)
	}
}

// end gives up what is still under way and waits for it, though not for ever: a plugin may not care.
func (h *Herder) end() {
	close(h.done)
	h.stopWork()
	over := make(chan struct{})
	go func() {
		h.work.Wait()
		close(over)
	}()
	select {
	case <-over:
	case <-time.After(lastGasp):
		h.logger.Warn("a plugin does not stop, leaving it behind")
	}
}

// abandon is for a herder that is never run: it lets go those who wait for it.
func (h *Herder) abandon() {
	close(h.stopping)
	h.end()
}

// stamp is who writes a status, and in which generation. A job takes it when it begins: the group may be in its next round by the time
// the job is over.
type stamp struct {
	workerID   string
	generation int
}

func (h *Herder) stamp() stamp { return stamp{h.workerID, int(h.generation.Load())} }

func (s stamp) status(state State, trace string) store.Status {
	return store.Status{State: state, Trace: trace, WorkerID: s.workerID, Generation: s.generation}
}

// configListener turns changes of the config topic into events.
type configListener struct{ h *Herder }

func (l configListener) post(change event) { l.h.post(observed{l.h.configs.Snapshot(), change}) }

func (l configListener) ConnectorConfigUpdated(connector string) { l.post(connectorUpdated{connector}) }

func (l configListener) ConnectorConfigRemoved(connector string) { l.post(connectorRemoved{connector}) }

func (l configListener) TaskConfigsUpdated(connector string, tasks []connect.TaskID) {
	l.post(tasksCommitted{connector, len(tasks)})
}

func (l configListener) TargetStateChanged(connector string) { l.post(targetStateChanged{connector}) }

func (l configListener) LoggerLevelChanged(namespace, level string) {
	l.h.loggerLevelChanged(namespace, level)
}

func (l configListener) RestartRequested(r store.RestartRequest) { l.post(restartRequested{r}) }
