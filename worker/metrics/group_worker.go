package metrics

import (
	"math"
	"time"

	"sluice/internal/exposition"
)

// outcome makes the rows of how often something was started.
func outcome(what, plural string, of func(*Worker) *Starts) []exposition.Row[Worker] {
	return []exposition.Row[Worker]{
		exposition.Counter(what+"-startup-attempts-total", "", "How often this worker has tried to start a "+what+".", func(w *Worker) float64 { s := of(w); return float64(s.Succeeded + s.Failed) }),
		exposition.Counter(what+"-startup-success-total", "", "How many of these starts have succeeded.", func(w *Worker) float64 { return float64(of(w).Succeeded) }),
		exposition.Gauge(what+"-startup-success-percentage", exposition.Ratio, "Fraction of the recent starts of "+plural+" that have succeeded.", func(w *Worker) float64 { yes, _ := of(w).Outcomes.Share(); return yes }),
		exposition.Counter(what+"-startup-failure-total", "", "How many starts of "+plural+" have failed.", func(w *Worker) float64 { return float64(of(w).Failed) }),
		exposition.Gauge(what+"-startup-failure-percentage", exposition.Ratio, "Fraction of the recent starts of "+plural+" that have failed.", func(w *Worker) float64 { _, no := of(w).Outcomes.Share(); return no }),
	}
}

var workerGroup = exposition.Group[Worker]{
	Domain: "kafka.connect", Bean: "connect-worker-metrics",
	Rows: append(append([]exposition.Row[Worker]{
		exposition.Gauge("connector-count", "", "Connectors that run on this worker.", func(w *Worker) float64 { return float64(w.Connectors) }),
		exposition.Gauge("task-count", "", "Tasks that this worker has, failed ones included.", func(w *Worker) float64 { return float64(w.Tasks) }),
	},
		outcome("connector", "connectors", func(w *Worker) *Starts { return &w.ConnectorStarts })...),
		outcome("task", "tasks", func(w *Worker) *Starts { return &w.TaskStarts })...),
}

var coordinatorGroup = exposition.Group[Worker]{
	Domain: "kafka.connect", Bean: "connect-coordinator-metrics", Tags: []string{"client-id"},
	Rows: []exposition.Row[Worker]{
		exposition.Gauge("assigned-connectors", "", "Connectors that the last round of the group has given to this worker.", func(w *Worker) float64 { return float64(w.AssignedConnectors) }),
		exposition.Gauge("assigned-tasks", "", "Tasks that the last round of the group has given to this worker.", func(w *Worker) float64 { return float64(w.AssignedTasks) }),
	},
}

var countGroup = exposition.Group[TaskCount]{
	Domain: "kafka.connect", Bean: "connect-worker-metrics", Tags: []string{"connector"},
	Rows: []exposition.Row[TaskCount]{
		exposition.Gauge("connector-total-task-count", "", "Tasks of the connector on this worker.", func(c *TaskCount) float64 { return float64(c.Total) }),
		exposition.Gauge("connector-running-task-count", "", "Those of them that run.", func(c *TaskCount) float64 { return float64(c.Running) }),
		exposition.Gauge("connector-paused-task-count", "", "Those of them that are paused.", func(c *TaskCount) float64 { return float64(c.Paused) }),
		exposition.Gauge("connector-failed-task-count", "", "Those of them that have failed.", func(c *TaskCount) float64 { return float64(c.Failed) }),
		exposition.Gauge("connector-unassigned-task-count", "", "Those of them that have not told a state yet, or have stopped.", func(c *TaskCount) float64 { return float64(c.Unassigned) }),
		exposition.Gauge("connector-destroyed-task-count", "", "Those of them whose state was removed.", func(c *TaskCount) float64 { return float64(c.Destroyed) }),
		exposition.Gauge("connector-restarting-task-count", "", "Those of them that are being restarted.", func(c *TaskCount) float64 { return float64(c.Restarting) }),
	},
}

// rebalanceAt is a Rebalance and the moment to look at it from.
type rebalanceAt struct {
	Rebalance
	now time.Time
}

var rebalanceGroup = exposition.Group[rebalanceAt]{
	Domain: "kafka.connect", Bean: "connect-worker-rebalance-metrics",
	Rows: []exposition.Row[rebalanceAt]{
		exposition.Gauge("epoch", "", "Generation of the group of workers.", func(r *rebalanceAt) float64 { return float64(r.Epoch) }),
		exposition.Counter("completed-rebalances-total", "", "Rounds of the group that this worker has gone through.", func(r *rebalanceAt) float64 { return float64(r.Times.Count) }),
		exposition.Gauge("rebalancing", "0 or 1", "Whether a round is under way.", func(r *rebalanceAt) float64 { return one(r.Active) }),
		exposition.Gauge("rebalance-max-time-ms", exposition.Millis, "Longest of the recent rounds.", func(r *rebalanceAt) float64 { return r.Times.Max }),
		exposition.Gauge("rebalance-avg-time-ms", exposition.Millis, "Average of the recent rounds.", func(r *rebalanceAt) float64 { return r.Times.Avg }),
		exposition.Gauge("time-since-last-rebalance-ms", exposition.Millis, "Time since the last round was over; +Inf before the first one.", func(r *rebalanceAt) float64 {
			if r.Last.IsZero() {
				return math.Inf(1)
			}
			return millis(r.now.Sub(r.Last))
		}),
	},
	Infos: []exposition.Info[rebalanceAt]{
		exposition.Text("leader-name", "URL of the worker that leads the group.", func(r *rebalanceAt) string { return r.Leader }, ""),
		exposition.Text("connect-protocol", "Protocol among the workers.", func(r *rebalanceAt) string { return r.Protocol }, ""),
	},
}

var connectorGroup = exposition.Group[Connector]{
	Domain: "kafka.connect", Bean: "connector-metrics", Tags: []string{"connector"},
	Infos: []exposition.Info[Connector]{
		exposition.Text("status", "State of the connector on this worker.", func(c *Connector) string { return c.Status }, ""),
	},
}

// connectorInfo is the four attributes of connector-metrics in one metric, which is what dashboards ask for: each of them picks the label it wants.
const (
	connectorInfo     = "kafka_connect_connector_metrics"
	connectorInfoHelp = "The connector: its state, type, class and version."
)

// writeConnectors adds what there is to say of the connectors.
func writeConnectors(p *exposition.Page, connectors []Connector) {
	at := make([]string, len(connectors))
	f := p.Family(connectorInfo, exposition.KindGauge, connectorInfoHelp)
	for i, c := range connectors {
		at[i] = exposition.Labels("connector", c.Name)
		f.Add("", exposition.With(at[i], "status", c.Status, "connector_type", c.Type, "connector_class", c.Class, "connector_version", c.Version), 1)
	}
	connectorGroup.Write(p, connectors, at)
}

func one(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
