package worker

import (
	"sluice/connect"
	"sluice/worker/store"
)

// Properties is a configuration as it was given; see [store.Properties].
type Properties = store.Properties

// TargetState is what was asked for: STARTED, PAUSED or STOPPED.
type TargetState = store.TargetState

// WriteError says that a change did not reach the config topic in time. The REST API answers 500 with its text, whatever stood in the way.
type WriteError = store.WriteError

// State is what was observed; see the constants of package store.
type State = store.State

// ServerInfo answers GET /.
//
// Kafka: org.apache.kafka.connect.runtime.rest.entities.ServerInfo.
type ServerInfo struct {
	Version        string `json:"version"` // clients parse the leading "<int>.<int>"
	Commit         string `json:"commit"`
	KafkaClusterID string `json:"kafka_cluster_id"`
}

// ConnectorTask names a task in the REST API's spelling.
//
// Kafka: org.apache.kafka.connect.util.ConnectorTaskId.
type ConnectorTask struct {
	Connector string `json:"connector"`
	Task      int    `json:"task"`
}

// ConnectorInfo describes a connector as it was created.
//
//	{"name":"s","config":{"connector.class":"C","name":"s"},"tasks":[{"connector":"s","task":0}],"type":"sink"}
//
// Kafka: org.apache.kafka.connect.runtime.rest.entities.ConnectorInfo.
type ConnectorInfo struct {
	Name   string          `json:"name"`
	Config Properties      `json:"config"` // as given, plus name; variables unresolved
	Tasks  []ConnectorTask `json:"tasks"`  // never nil
	Type   string          `json:"type"`   // sink, source or unknown
}

// TaskInfo is one task's configuration.
//
// Kafka: org.apache.kafka.connect.runtime.rest.entities.TaskInfo.
type TaskInfo struct {
	ID     ConnectorTask `json:"id"`
	Config Properties    `json:"config"`
}

// ConnectorStateInfo is the observed state of a connector and its tasks.
//
//	{"name":"s","connector":{"state":"RUNNING","worker_id":"w:8083"},"tasks":[{"id":0,"state":"RUNNING","worker_id":"w:8083"}],"type":"sink"}
//
// Kafka: org.apache.kafka.connect.runtime.rest.entities.ConnectorStateInfo.
type ConnectorStateInfo struct {
	Name      string          `json:"name"`
	Connector ConnectorState  `json:"connector"`
	Tasks     []TaskStateInfo `json:"tasks"` // by id; never nil
	Type      string          `json:"type"`
}

// ConnectorState is the state of the connector instance.
type ConnectorState struct {
	State    State  `json:"state"`
	WorkerID string `json:"worker_id"`
	Trace    string `json:"trace,omitempty"`
}

// TaskStateInfo is the state of one task.
type TaskStateInfo struct {
	ID       int    `json:"id"`
	State    State  `json:"state"`
	WorkerID string `json:"worker_id"`
	Trace    string `json:"trace,omitempty"`
}

// RestartRequest says what a restart covers: the connector unless only failed parts are asked for and it has not failed; the tasks, or
// the failed ones, if they are included.
//
// Kafka: org.apache.kafka.connect.runtime.RestartRequest.
type RestartRequest = store.RestartRequest

// PluginInfo is one entry of GET /connector-plugins.
//
// Kafka: org.apache.kafka.connect.runtime.rest.entities.PluginInfo.
type PluginInfo struct {
	Class   string             `json:"class"`
	Type    connect.PluginType `json:"type"`
	Version string             `json:"version,omitempty"`
}

// Health is what GET /health learns from the herder.
type Health struct {
	// Ready is true once the worker has gone through its first round of work.
	Ready bool
	// Stage describes what the herder is doing, for a worker that does not answer in time.
	Stage string
}
