package store

import (
	"slices"

	"sluice/connect"
)

// Snapshot is what a config topic said at one moment. It never changes and may be read by any goroutine; so may the properties it
// returns, which must not be changed.
//
// Kafka: org.apache.kafka.connect.storage.ClusterConfigState.
type Snapshot struct {
	offset     int64
	connectors map[string]*connectorRecord
	names      []string
	sessionKey *SessionKey
}

// unknown is what is known of a connector that was never heard of.
var unknown = &connectorRecord{}

func (s *Snapshot) connector(name string) *connectorRecord {
	if c := s.connectors[name]; c != nil {
		return c
	}
	return unknown
}

// Offset is the config offset: one more than the offset of the last record that could be decoded, -1 if there was none. Members of a
// cluster compare it for equality; it is neither the end of the log nor the reader's position.
func (s *Snapshot) Offset() int64 { return s.offset }

// Connectors returns the names of all connectors, sorted. The slice is the caller's.
func (s *Snapshot) Connectors() []string { return slices.Clone(s.names) }

// Contains reports whether the connector exists.
func (s *Snapshot) Contains(connector string) bool { return s.connector(connector).configured }

// ConnectorConfig returns a connector's configuration as it was given.
func (s *Snapshot) ConnectorConfig(connector string) (Properties, bool) {
	c := s.connector(connector)
	return c.config, c.configured
}

// SessionKey returns the secret of the cluster, nil if there is none.
func (s *Snapshot) SessionKey() *SessionKey { return s.sessionKey }

// AppliedConfig returns the connector's configuration that was in force when its tasks were last configured; nil and false if they never
// were.
func (s *Snapshot) AppliedConfig(connector string) (Properties, bool) {
	c := s.connector(connector)
	return c.applied, c.committed
}

// TargetState returns what was asked of a connector: [Started] unless something else is recorded.
func (s *Snapshot) TargetState(connector string) TargetState {
	if t := s.connector(connector).target; t != "" {
		return t
	}
	return Started
}

// TaskCount returns the number of tasks of the last commit, 0 if there was none. It counts the tasks of an inconsistent connector too.
func (s *Snapshot) TaskCount(connector string) int { return s.connector(connector).count }

// Inconsistent reports whether the connector's last commit lacked some of its task configs. Such a connector has no tasks that could
// be run until they are written again.
func (s *Snapshot) Inconsistent(connector string) bool { return s.connector(connector).inconsistent }

// RunnableTasks returns the number of Tasks.
func (s *Snapshot) RunnableTasks(connector string) int {
	if c := s.connector(connector); !c.inconsistent {
		return c.count
	}
	return 0
}

// Tasks returns the tasks to run, by number; none for an inconsistent connector.
func (s *Snapshot) Tasks(connector string) []connect.TaskID {
	n := s.RunnableTasks(connector)
	if n == 0 {
		return nil
	}
	ids := make([]connect.TaskID, n)
	for i := range ids {
		ids[i] = connect.TaskID{Connector: connector, Task: i}
	}
	return ids
}

// TaskConfig returns the configuration of one of Tasks.
func (s *Snapshot) TaskConfig(id connect.TaskID) (Properties, bool) {
	if id.Task < 0 || id.Task >= s.RunnableTasks(id.Connector) {
		return nil, false
	}
	p, ok := s.connector(id.Connector).tasks[id.Task]
	return p, ok
}

// HadTask reports whether the connector has now, or had once since it was created, a task of this number.
//
// Kafka: ClusterConfigState.taskConfig, which goes on to answer for tasks that are no more.
func (s *Snapshot) HadTask(id connect.TaskID) bool {
	_, ok := s.connector(id.Connector).tasks[id.Task]
	return ok
}
