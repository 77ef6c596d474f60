package metrics

import (
	"time"

	"sluice/connect"
	"sluice/internal/sampled"
	"sluice/worker/task"
)

// Snapshot is what there is to tell at a moment.
type Snapshot struct {
	Now        time.Time
	Worker     Worker
	Rebalance  Rebalance
	Connectors []Connector // that run on this worker
	Counts     []TaskCount // of the connectors with tasks on this worker
	Tasks      []Task      // that this worker has: whatever their state, until they are taken away
}

// Worker is the worker as a whole.
//
// Kafka: org.apache.kafka.connect.runtime.WorkerMetricsGroup.
type Worker struct {
	ID, Version, Commit string
	Started             time.Time
	ClientID            string // of the member of the group of workers
	Connectors, Tasks   int    // that it has
	ConnectorStarts     Starts
	TaskStarts          Starts

	AssignedConnectors, AssignedTasks int // that the last round has given it
}

// Starts is how often something was started, and with what outcome.
type Starts struct {
	Succeeded, Failed int64
	Outcomes          sampled.Reading // 1 for each that has succeeded, 0 for the others
}

// Rebalance is how the group of workers changes.
//
// Kafka: org.apache.kafka.connect.runtime.distributed.DistributedHerder.HerderMetrics.
type Rebalance struct {
	Leader   string // URL of the leader's REST API; "" before the first round
	Protocol string // EAGER, COMPATIBLE or SESSIONED
	Epoch    int    // of the last round
	Active   bool   // a round is under way
	Times    sampled.Reading
	Last     time.Time // when the last round was over; zero before the first one
}

// Connector is a connector that runs on this worker.
//
// Kafka: org.apache.kafka.connect.runtime.WorkerConnector.ConnectorMetricsGroup.
type Connector struct {
	Name, Type, Class, Version string
	Status                     string // in lower case
}

// TaskCount is how many tasks of a connector this worker has, by the state that the cluster knows of.
//
// Kafka: org.apache.kafka.connect.runtime.Worker.ConnectorStatusMetricsGroup.
type TaskCount struct {
	Connector                                                         string
	Total, Running, Paused, Failed, Unassigned, Destroyed, Restarting int
}

// Task is a task that this worker has.
type Task struct {
	ID              connect.TaskID
	Status          string  // in lower case
	Running, Paused float64 // fraction of the time since it was made that it spent in the state
	Made            bool    // false for one that failed before there was anything to count; the rest is empty then
	Stats           task.Stats
	Recent          task.Recent
	Plugin          []connect.MetricFamily // its own
}
