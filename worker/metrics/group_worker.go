package metrics

import (
	"math"
	"time"
)

// outcome makes the rows of how often something was started.
func outcome(what, plural string, of func(*Worker) *Starts) []row[Worker] {
	return []row[Worker]{
		{what + "-startup-attempts-total", counter, "", "How often this worker has tried to start a " + what + ".", func(w *Worker) float64 { s := of(w); return float64(s.Succeeded + s.Failed) }},
		{what + "-startup-success-total", counter, "", "How many of these starts have succeeded.", func(w *Worker) float64 { return float64(of(w).Succeeded) }},
		{what + "-startup-success-percentage", gauge, ratio, "Fraction of the recent starts of " + plural + " that have succeeded.", func(w *Worker) float64 { yes, _ := of(w).Outcomes.Share(); return yes }},
		{what + "-startup-failure-total", counter, "", "How many starts of " + plural + " have failed.", func(w *Worker) float64 { return float64(of(w).Failed) }},
		{what + "-startup-failure-percentage", gauge, ratio, "Fraction of the recent starts of " + plural + " that have failed.", func(w *Worker) float64 { _, no := of(w).Outcomes.Share(); return no }},
	}
}

var workerGroup = group[Worker]{
	domain: "kafka.connect", bean: "connect-worker-metrics",
	rows: append(append([]row[Worker]{
		{"connector-count", gauge, "", "Connectors that run on this worker.", func(w *Worker) float64 { return float64(w.Connectors) }},
		{"task-count", gauge, "", "Tasks that this worker has, failed ones included.", func(w *Worker) float64 { return float64(w.Tasks) }},
	},
		outcome("connector", "connectors", func(w *Worker) *Starts { return &w.ConnectorStarts })...),
		outcome("task", "tasks", func(w *Worker) *Starts { return &w.TaskStarts })...),
}

var coordinatorGroup = group[Worker]{
	domain: "kafka.connect", bean: "connect-coordinator-metrics", tags: []string{"client-id"},
	rows: []row[Worker]{
		{"assigned-connectors", gauge, "", "Connectors that the last round of the group has given to this worker.", func(w *Worker) float64 { return float64(w.AssignedConnectors) }},
		{"assigned-tasks", gauge, "", "Tasks that the last round of the group has given to this worker.", func(w *Worker) float64 { return float64(w.AssignedTasks) }},
	},
}

var countGroup = group[TaskCount]{
	domain: "kafka.connect", bean: "connect-worker-metrics", tags: []string{"connector"},
	rows: []row[TaskCount]{
		{"connector-total-task-count", gauge, "", "Tasks of the connector on this worker.", func(c *TaskCount) float64 { return float64(c.Total) }},
		{"connector-running-task-count", gauge, "", "Those of them that run.", func(c *TaskCount) float64 { return float64(c.Running) }},
		{"connector-paused-task-count", gauge, "", "Those of them that are paused.", func(c *TaskCount) float64 { return float64(c.Paused) }},
		{"connector-failed-task-count", gauge, "", "Those of them that have failed.", func(c *TaskCount) float64 { return float64(c.Failed) }},
		{"connector-unassigned-task-count", gauge, "", "Those of them that have not told a state yet, or have stopped.", func(c *TaskCount) float64 { return float64(c.Unassigned) }},
		{"connector-destroyed-task-count", gauge, "", "Those of them whose state was removed.", func(c *TaskCount) float64 { return float64(c.Destroyed) }},
		{"connector-restarting-task-count", gauge, "", "Those of them that are being restarted.", func(c *TaskCount) float64 { return float64(c.Restarting) }},
	},
}

// rebalanceAt is a Rebalance and the moment to look at it from.
type rebalanceAt struct {
	Rebalance
	now time.Time
}

var rebalanceGroup = group[rebalanceAt]{
	domain: "kafka.connect", bean: "connect-worker-rebalance-metrics",
	rows: []row[rebalanceAt]{
		{"epoch", gauge, "", "Generation of the group of workers.", func(r *rebalanceAt) float64 { return float64(r.Epoch) }},
		{"completed-rebalances-total", counter, "", "Rounds of the group that this worker has gone through.", func(r *rebalanceAt) float64 { return float64(r.Times.Count) }},
		{"rebalancing", gauge, "0 or 1", "Whether a round is under way.", func(r *rebalanceAt) float64 { return one(r.Active) }},
		{"rebalance-max-time-ms", gauge, ms, "Longest of the recent rounds.", func(r *rebalanceAt) float64 { return r.Times.Max }},
		{"rebalance-avg-time-ms", gauge, ms, "Average of the recent rounds.", func(r *rebalanceAt) float64 { return r.Times.Avg }},
		{"time-since-last-rebalance-ms", gauge, ms, "Time since the last round was over; +Inf before the first one.", func(r *rebalanceAt) float64 {
			if r.Last.IsZero() {
				return math.Inf(1)
			}
			return millis(r.now.Sub(r.Last))
		}},
	},
	infos: []info[rebalanceAt]{
		{"leader-name", "URL of the worker that leads the group.", func(r *rebalanceAt) string { return r.Leader }, ""},
		{"connect-protocol", "Protocol among the workers.", func(r *rebalanceAt) string { return r.Protocol }, ""},
	},
}

var connectorGroup = group[Connector]{
	domain: "kafka.connect", bean: "connector-metrics", tags: []string{"connector"},
	infos: []info[Connector]{
		{"status", "State of the connector on this worker.", func(c *Connector) string { return c.Status }, ""},
	},
}

// connectorInfo is the four attributes of connector-metrics in one metric, which is what dashboards ask for: each of them picks the label it wants.
const (
	connectorInfo     = "kafka_connect_connector_metrics"
	connectorInfoHelp = "The connector: its state, type, class and version."
)

// writeConnectors adds what there is to say of the connectors.
func writeConnectors(p *page, connectors []Connector) {
	at := make([]string, len(connectors))
	f := p.family(connectorInfo, gauge, connectorInfoHelp)
	for i, c := range connectors {
		at[i] = labels("connector", c.Name)
		f.add("", with(at[i], "status", c.Status, "connector_type", c.Type, "connector_class", c.Class, "connector_version", c.Version), 1)
	}
	connectorGroup.write(p, connectors, at)
}

func one(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
