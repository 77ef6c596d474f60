package worker

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"sluice/connect"
	"sluice/internal/sampled"
	"sluice/worker/metrics"
	"sluice/worker/store"
	"sluice/worker/task"
)

// meters are the figures of a worker. They have a lock of their own, which is held for moments, so that whoever asks for metrics never waits for
// the herder's loop, nor the loop for them.
//
// Kafka: org.apache.kafka.connect.runtime.WorkerMetricsGroup, Worker.ConnectorStatusMetricsGroup, DistributedHerder.HerderMetrics.
type meters struct {
	started time.Time

	mu                                sync.Mutex // guards what follows; taken before that of a taskMeter
	connectors                        map[string]*connectorMeter
	tasks                             map[connect.TaskID]*taskMeter
	connectorStarts, taskStarts       startMeter
	assignedConnectors, assignedTasks int
	rebalances                        *sampled.Sensor
	rebalancing, leader               bool
	epoch                             int
	rebalanceBegan, lastRebalance     time.Time
}

// startMeter counts how starts end.
type startMeter struct {
	succeeded, failed int64
	outcomes          *sampled.Sensor
}

func newMeters(w sampled.Window) *meters {
	return &meters{
		started:    time.Now(),
		connectors: map[string]*connectorMeter{}, tasks: map[connect.TaskID]*taskMeter{},
		connectorStarts: startMeter{outcomes: sampled.New(w)}, taskStarts: startMeter{outcomes: sampled.New(w)},
		rebalances: sampled.New(w),
	}
}

func (s *startMeter) end(ok bool) {
	if ok {
		s.succeeded++
		s.outcomes.Record(1)
		return
	}
	s.failed++
	s.outcomes.Record(0)
}

func (s *startMeter) read() metrics.Starts {
	return metrics.Starts{Succeeded: s.succeeded, Failed: s.failed, Outcomes: s.outcomes.Read()}
}

// connectorMeter is one connector that runs here, from its start to its stop. What it holds is guarded by meters.mu.
type connectorMeter struct {
	plugin  connect.Plugin
	state   State
	started bool // it has been started with this configuration
}

// connectorMade notes a connector that is about to be started.
func (m *meters) connectorMade(name string, plugin connect.Plugin) *connectorMeter {
	c := &connectorMeter{plugin: plugin, state: store.Unassigned}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.connectors[name] = c
	return c
}

// connectorBecame notes a connector's state. nil is one that could not even be made.
func (m *meters) connectorBecame(c *connectorMeter, state State) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if c == nil {
		if state == store.Failed {
			m.connectorStarts.end(false)
		}
		return
	}
	switch {
	case state == store.Running && c.state == store.Unassigned:
		c.started = true
		m.connectorStarts.end(true)
	case state == store.Failed && !c.started:
		m.connectorStarts.end(false)
	}
	c.state = state
}

// connectorGone forgets a connector as it was started, or with nil however it was.
func (m *meters) connectorGone(name string, run *connectorMeter) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if run == nil || m.connectors[name] == run {
		delete(m.connectors, name)
	}
}

// measured is what a task tells about itself; [task.Task] does.
type measured interface {
	Stats() task.Stats
	Recent() task.Recent
	Metrics() *connect.Metrics
}

// taskMeter is one run of a task, from when it was made until it is taken away.
//
// Kafka: org.apache.kafka.connect.runtime.StateTracker.
type taskMeter struct {
	task measured // nil if there is none, because it could not be made

	mu    sync.Mutex // guards what follows
	state State
	since time.Time
	spent map[State]time.Duration // before since
	ran   bool                    // it has been started
}

// taskMade notes a task that is about to run, or with failed one that could not be made.
//
// Differs: in Kafka a task that could not be made is in no metric but the number of failed starts, so that an alert on failed tasks does not see it.
func (m *meters) taskMade(id connect.TaskID, runner taskRunner, state State) *taskMeter {
	t := &taskMeter{state: state, since: time.Now(), spent: map[State]time.Duration{}}
	t.task, _ = runner.(measured)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tasks[id] = t
	if state == store.Failed {
		m.taskStarts.end(false)
	}
	return t
}

// taskBecame notes a task's state.
//
// Differs: Kafka 3.9.2 counts no starts of tasks at all, though it has the metrics for it.
func (m *meters) taskBecame(t *taskMeter, state State) {
	m.mu.Lock()
	defer m.mu.Unlock()
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.ran:
	case state == store.Running, state == store.Failed:
		t.ran = true
		m.taskStarts.end(state == store.Running)
	}
	if state != t.state {
		now := time.Now()
		t.spent[t.state] += now.Sub(t.since)
		t.state, t.since = state, now
	}
}

// taskGone forgets a run of a task, or with nil whatever run there is.
func (m *meters) taskGone(id connect.TaskID, run *taskMeter) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if run == nil || m.tasks[id] == run {
		delete(m.tasks, id)
	}
}

// share is the fraction of its time that the run has spent in a state. t.mu is held.
func (t *taskMeter) share(of State, now time.Time) float64 {
	var total, there time.Duration
	add := func(state State, d time.Duration) {
		if total += d; state == of {
			there += d
		}
	}
	for state, d := range t.spent {
		add(state, d)
	}
	add(t.state, now.Sub(t.since))
	if total <= 0 {
		return 0
	}
	return float64(there) / float64(total)
}

func (t *taskMeter) read(id connect.TaskID, now time.Time) metrics.Task {
	t.mu.Lock()
	out := metrics.Task{ID: id, Status: lower(t.state), Running: t.share(store.Running, now), Paused: t.share(store.StatePaused, now)}
	t.mu.Unlock()
	if t.task != nil {
		out.Made, out.Stats, out.Recent, out.Plugin = true, t.task.Stats(), t.task.Recent(), t.task.Metrics().Read()
	}
	return out
}

// rebalanceBegun notes that a round is under way.
func (m *meters) rebalanceBegun() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.rebalancing {
		m.rebalancing, m.rebalanceBegan = true, time.Now()
	}
}

// rebalanceOver notes what a round has given.
func (m *meters) rebalanceOver(a Assignment, connectors, tasks int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.epoch, m.leader = a.Generation, a.Leader
	m.assignedConnectors, m.assignedTasks = connectors, tasks
	if m.rebalancing {
		m.rebalancing = false
		m.lastRebalance = m.rebalances.Since(m.rebalanceBegan)
	}
}

// Metrics tells what the worker, its connectors and its tasks do. It asks neither the loop nor Kafka.
func (h *Herder) Metrics() metrics.Snapshot {
	s, tasks := h.meters.snapshot()
	s.Worker.ID, s.Worker.Version, s.Worker.Commit = h.workerID, h.version, h.commit
	s.Worker.ClientID = h.cfg.coordinatorClientID(h.workerID)
	s.Rebalance.Protocol = strings.ToUpper(h.cfg.parsed.String(ProtocolConfig))
	if h.meters.leads() {
		s.Rebalance.Leader = h.url
	}
	ids := slices.SortedFunc(maps.Keys(tasks), connect.TaskID.Compare)
	s.Tasks = make([]metrics.Task, len(ids))
	for i, id := range ids {
		s.Tasks[i] = tasks[id].read(id, s.Now)
		if n := len(s.Counts); n == 0 || s.Counts[n-1].Connector != id.Connector {
			s.Counts = append(s.Counts, metrics.TaskCount{Connector: id.Connector})
		}
		count(&s.Counts[len(s.Counts)-1], h.stateOf(id))
	}
	return s
}

// stateOf is the state of a task that the cluster knows of.
func (h *Herder) stateOf(id connect.TaskID) State {
	if st, ok := h.statuses.Task(id); ok {
		return st.State
	}
	return store.Unassigned
}

func count(c *metrics.TaskCount, state State) {
	c.Total++
	switch state {
	case store.Running:
		c.Running++
	case store.StatePaused:
		c.Paused++
	case store.Failed:
		c.Failed++
	case store.Unassigned:
		c.Unassigned++
	case store.Destroyed:
		c.Destroyed++
	case store.Restarting:
		c.Restarting++
	}
}

func (m *meters) leads() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.leader
}

// snapshot returns what the meters themselves know, and the tasks, which are to be asked without the lock.
func (m *meters) snapshot() (metrics.Snapshot, map[connect.TaskID]*taskMeter) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := metrics.Snapshot{
		Now: time.Now(),
		Worker: metrics.Worker{
			Started: m.started, Connectors: len(m.connectors), Tasks: len(m.tasks),
			ConnectorStarts: m.connectorStarts.read(), TaskStarts: m.taskStarts.read(),
			AssignedConnectors: m.assignedConnectors, AssignedTasks: m.assignedTasks,
		},
		Rebalance: metrics.Rebalance{Epoch: m.epoch, Active: m.rebalancing, Times: m.rebalances.Read(), Last: m.lastRebalance},
	}
	for _, name := range slices.Sorted(maps.Keys(m.connectors)) {
		c := m.connectors[name]
		s.Connectors = append(s.Connectors, metrics.Connector{
			Name: name, Type: string(c.plugin.Type), Class: c.plugin.Class, Version: c.plugin.Version, Status: lower(c.state),
		})
	}
	return s, maps.Clone(m.tasks)
}

func lower(s State) string { return strings.ToLower(string(s)) }

// coordinatorClientID names the worker's membership in its group.
//
// Kafka: DistributedHerder, which makes it of the worker's id unless client.id is set.
func (c *Config) coordinatorClientID(workerID string) string {
	if own := c.parsed.String(ClientIDConfig); own != "" {
		return own
	}
	return "connect-" + workerID
}
