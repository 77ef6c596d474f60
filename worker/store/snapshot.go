package store

import (
	"maps"
	"slices"

	"sluice/connect"
)

// Snapshot is what a config topic said at one moment. It never changes and may be read by any goroutine; so may the properties it
// returns, which must not be changed.
//
// Kafka: org.apache.kafka.connect.storage.ClusterConfigState.
type Snapshot struct {
	offset       int64
	configs      map[string]Properties
	targets      map[string]TargetState
	tasks        map[string]map[int]Properties
	counts       map[string]int
	applied      map[string]Properties
	inconsistent map[string]bool
}

// Offset is the config offset: one more than the offset of the last record that could be decoded, -1 if there was none. Members of a
// cluster compare it for equality; it is neither the end of the log nor the reader's position.
func (s *Snapshot) Offset() int64 { return s.offset }

// Connectors returns the names of all connectors, sorted.
func (s *Snapshot) Connectors() []string { return slices.Sorted(maps.Keys(s.configs)) }

// Contains reports whether the connector exists.
func (s *Snapshot) Contains(connector string) bool { _, ok := s.configs[connector]; return ok }

// ConnectorConfig returns a connector's configuration as it was given.
func (s *Snapshot) ConnectorConfig(connector string) (Properties, bool) {
	p, ok := s.configs[connector]
	return p, ok
}

// AppliedConfig returns the connector's configuration that was in force when its tasks were last configured; nil and false if they never
// were.
func (s *Snapshot) AppliedConfig(connector string) (Properties, bool) {
	p, ok := s.applied[connector]
	return p, ok
}

// TargetState returns what was asked of a connector: [Started] unless something else is recorded.
func (s *Snapshot) TargetState(connector string) TargetState {
	if t := s.targets[connector]; t != "" {
		return t
	}
	return Started
}

// TaskCount returns the number of tasks of the last commit, 0 if there was none. It counts the tasks of an inconsistent connector too.
func (s *Snapshot) TaskCount(connector string) int { return s.counts[connector] }

// Inconsistent reports whether the connector's last commit lacked some of its task configs. Such a connector has no tasks that could
// be run until they are written again.
func (s *Snapshot) Inconsistent(connector string) bool { return s.inconsistent[connector] }

// Tasks returns the tasks to run, by number; none for an inconsistent connector.
func (s *Snapshot) Tasks(connector string) []connect.TaskID {
	if s.inconsistent[connector] {
		return nil
	}
	ids := make([]connect.TaskID, s.counts[connector])
	for i := range ids {
		ids[i] = connect.TaskID{Connector: connector, Task: i}
	}
	return ids
}

// TaskConfig returns the configuration of one of Tasks.
func (s *Snapshot) TaskConfig(id connect.TaskID) (Properties, bool) {
	if s.inconsistent[id.Connector] || id.Task < 0 || id.Task >= s.counts[id.Connector] {
		return nil, false
	}
	p, ok := s.tasks[id.Connector][id.Task]
	return p, ok
}
