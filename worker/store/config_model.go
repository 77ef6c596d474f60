package store

import (
	"errors"
	"fmt"
	"maps"
	"strings"

	"sluice/connect"
)

// configModel is what the records of a config topic mean, in log order. Applying a record is all it does: no clock, no I/O, no lock.
//
// Task configs are deferred until the commit record that completes them; a commit without a fresh and complete set makes the
// connector inconsistent: it keeps its last good configs but exposes no tasks until it is configured anew.
//
// Kafka: org.apache.kafka.connect.storage.KafkaConfigBackingStore.
type configModel struct {
	offset       int64 // the last decodable data record's offset + 1; -1 before the first
	configs      map[string]Properties
	targets      map[string]TargetState
	deferred     map[string]map[int]Properties
	tasks        map[string]map[int]Properties // as of the last good commit; ids beyond the count are leftovers
	counts       map[string]int
	applied      map[string]Properties // the connector's config as of the last good commit
	inconsistent map[string]bool
}

func newConfigModel() *configModel {
	return &configModel{
		offset:       -1,
		configs:      map[string]Properties{},
		targets:      map[string]TargetState{},
		deferred:     map[string]map[int]Properties{},
		tasks:        map[string]map[int]Properties{},
		counts:       map[string]int{},
		applied:      map[string]Properties{},
		inconsistent: map[string]bool{},
	}
}

// A configChange is what a record changed, to be told to the listener.
type configChange struct {
	kind      changeKind
	connector string
	tasks     []connect.TaskID
	restart   RestartRequest
}

type changeKind int

const (
	configUpdated changeKind = iota + 1
	configRemoved
	tasksUpdated
	targetStateChanged
	restartRequested
)

func (c configChange) tell(l ConfigListener) {
	switch c.kind {
	case configUpdated:
		l.ConnectorConfigUpdated(c.connector)
	case configRemoved:
		l.ConnectorConfigRemoved(c.connector)
	case tasksUpdated:
		l.TaskConfigsUpdated(c.connector, c.tasks)
	case targetStateChanged:
		l.TargetStateChanged(c.connector)
	case restartRequested:
		l.RestartRequested(c.restart)
	}
}

// errIgnored wraps why a record was skipped although it is of no harm: nothing to warn about.
var errIgnored = errors.New("ignored")

// apply takes the next record of the log. It returns what changed, or why the record was skipped; the model then is as it was, but
// for the offset.
func (m *configModel) apply(r Record) (configChange, error) {
	fields, isNull, err := decodeObject(r.Value)
	if errors.Is(err, errUndecodable) {
		return configChange{}, err
	}
	m.offset = r.Offset + 1
	if err != nil {
		return configChange{}, err
	}
	// The order of the cases is Java's: a key is the first thing whose prefix it has.
	if name, ok := strings.CutPrefix(r.Key, targetStatePrefix); ok {
		return m.applyTargetState(name, fields, isNull)
	}
	if name, ok := strings.CutPrefix(r.Key, connectorPrefix); ok {
		return m.applyConnector(name, fields, isNull)
	}
	if isNull && (strings.HasPrefix(r.Key, taskPrefix) || strings.HasPrefix(r.Key, commitPrefix) || strings.HasPrefix(r.Key, restartPrefix)) {
		return configChange{}, errors.New("a null has no meaning here")
	}
	if id, ok := strings.CutPrefix(r.Key, taskPrefix); ok {
		return m.applyTask(id, fields)
	}
	if name, ok := strings.CutPrefix(r.Key, commitPrefix); ok {
		return m.applyCommit(name, fields)
	}
	if name, ok := strings.CutPrefix(r.Key, restartPrefix); ok {
		return configChange{kind: restartRequested, connector: name, restart: decodeRestart(name, fields)}, nil
	}
	if strings.HasPrefix(r.Key, tasksFencingPrefix) || r.Key == sessionKeyKey || strings.HasPrefix(r.Key, loggerPrefix) {
		return configChange{}, errIgnored
	}
	return configChange{}, errors.New("key is not known")
}

func (m *configModel) applyTargetState(name string, fields map[string]rawJSON, isNull bool) (configChange, error) {
	_, exists := m.configs[name]
	if isNull {
		// Whoever removed the connector is told by the removal of its config.
		delete(m.targets, name)
		if exists {
			m.targets[name] = Started
		}
		return configChange{}, nil
	}
	s, err := decodeTargetState(fields)
	if err != nil {
		return configChange{}, err
	}
	changed := m.targets[name] != s
	m.targets[name] = s
	if !exists || !changed { // a connector created with a state gets it before its config
		return configChange{}, nil
	}
	return configChange{kind: targetStateChanged, connector: name}, nil
}

func (m *configModel) applyConnector(name string, fields map[string]rawJSON, isNull bool) (configChange, error) {
	if isNull {
		m.forget(name)
		return configChange{kind: configRemoved, connector: name}, nil
	}
	p, err := decodeProperties(fields)
	if err != nil {
		return configChange{}, err
	}
	m.configs[name] = p
	if m.targets[name] == "" {
		m.targets[name] = Started
	}
	return configChange{kind: configUpdated, connector: name}, nil
}

// forget drops all that is known of a connector except its target state, which has a tombstone of its own.
func (m *configModel) forget(name string) {
	delete(m.configs, name)
	delete(m.deferred, name)
	delete(m.tasks, name)
	delete(m.counts, name)
	delete(m.applied, name)
	delete(m.inconsistent, name)
}

func (m *configModel) applyTask(text string, fields map[string]rawJSON) (configChange, error) {
	id, err := parseTaskID(text)
	if err != nil {
		return configChange{}, err
	}
	p, err := decodeProperties(fields)
	if err != nil {
		return configChange{}, err
	}
	if m.deferred[id.Connector] == nil {
		m.deferred[id.Connector] = map[int]Properties{}
	}
	m.deferred[id.Connector][id.Task] = p
	return configChange{}, nil
}

func (m *configModel) applyCommit(name string, fields map[string]rawJSON) (configChange, error) {
	if _, exists := m.configs[name]; !exists {
		m.forget(name) // the connector's record came later, or was removed, and compaction took the earlier one
		return configChange{}, errIgnored
	}
	n, err := intField(fields, "tasks")
	if err != nil {
		return configChange{}, err
	}
	if n < 0 || n > maxTasks {
		return configChange{}, fmt.Errorf("number of tasks is out of range: %d", n)
	}
	count := int(n)
	change := configChange{kind: tasksUpdated, connector: name}
	fresh := m.deferred[name]
	if hasAll(fresh, count) {
		// Snapshots share the inner map: it is replaced, never changed.
		merged := maps.Clone(m.tasks[name])
		if merged == nil {
			merged = make(map[int]Properties, len(fresh))
		}
		maps.Copy(merged, fresh)
		m.tasks[name] = merged
		m.applied[name] = m.configs[name]
		delete(m.inconsistent, name)
		for i := range count {
			change.tasks = append(change.tasks, connect.TaskID{Connector: name, Task: i})
		}
	} else {
		m.inconsistent[name] = true
	}
	delete(m.deferred, name)
	m.counts[name] = count
	return change, nil
}

// maxTasks bounds a commit's count, so that a broken record cannot exhaust memory.
const maxTasks = 1 << 20

func hasAll(tasks map[int]Properties, count int) bool {
	if len(tasks) < count {
		return false
	}
	for i := range count {
		if _, ok := tasks[i]; !ok {
			return false
		}
	}
	return true
}

// snapshot returns an immutable copy. Configurations are shared: they are never changed once decoded.
func (m *configModel) snapshot() *Snapshot {
	return &Snapshot{
		offset:       m.offset,
		configs:      maps.Clone(m.configs),
		targets:      maps.Clone(m.targets),
		tasks:        maps.Clone(m.tasks),
		counts:       maps.Clone(m.counts),
		applied:      maps.Clone(m.applied),
		inconsistent: maps.Clone(m.inconsistent),
	}
}
