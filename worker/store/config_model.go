package store

import (
	"errors"
	"fmt"
	"maps"
	"slices"
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
	offset     int64 // the last decodable data record's offset + 1; -1 before the first
	connectors map[string]*connectorRecord
	names      []string // of the connectors that have a config, sorted; shared with snapshots
	deferred   map[string]map[int]Properties
	sessionKey *SessionKey // nil if there is none
}

// connectorRecord is what is known of a connector. Snapshots share it: it is replaced, never changed.
type connectorRecord struct {
	config       Properties
	configured   bool               // config counts: the connector exists
	target       TargetState        // empty if none was recorded
	tasks        map[int]Properties // as of the last good commit; ids beyond the count are leftovers
	count        int
	applied      Properties // the connector's config as of the last good commit
	committed    bool       // there was one: applied counts
	inconsistent bool
}

func newConfigModel() *configModel {
	return &configModel{offset: -1, connectors: map[string]*connectorRecord{}, deferred: map[string]map[int]Properties{}}
}

// edit returns a copy of what is known of a connector, which takes its place.
func (m *configModel) edit(name string) *connectorRecord {
	c := connectorRecord{}
	if known := m.connectors[name]; known != nil {
		c = *known
	}
	m.connectors[name] = &c
	return &c
}

// contains reports whether the connector exists.
func (m *configModel) contains(name string) bool {
	c := m.connectors[name]
	return c != nil && c.configured
}

// list notes whether a connector exists. The names that snapshots have stay as they are.
func (m *configModel) list(name string, exists bool) {
	at, listed := slices.BinarySearch(m.names, name)
	switch {
	case exists && !listed:
		m.names = slices.Concat(m.names[:at], []string{name}, m.names[at:])
	case !exists && listed:
		m.names = slices.Concat(m.names[:at], m.names[at+1:])
	}
}

// A configChange is what a record changed, to be told to the listener.
type configChange struct {
	kind      changeKind
	connector string
	tasks     []connect.TaskID
	restart   RestartRequest
	namespace string // of loggers
	level     string
}

type changeKind int

const (
	configUpdated changeKind = iota + 1
	configRemoved
	tasksUpdated
	targetStateChanged
	restartRequested
	loggerLevelChanged
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
	case loggerLevelChanged:
		l.LoggerLevelChanged(c.namespace, c.level)
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
	if isNull && nullMeansNothing(r.Key) {
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
	if strings.HasPrefix(r.Key, tasksFencingPrefix) {
		return configChange{}, errIgnored
	}
	if r.Key == sessionKeyKey {
		key, err := decodeSessionKey(fields)
		if err == nil {
			m.sessionKey = key
		}
		return configChange{}, err
	}
	if namespace, ok := strings.CutPrefix(r.Key, loggerPrefix); ok {
		level, err := decodeLoggerLevel(fields)
		if err != nil {
			return configChange{}, err
		}
		return configChange{kind: loggerLevelChanged, namespace: namespace, level: level}, nil
	}
	return configChange{}, errors.New("key is not known")
}

// nullMeansNothing tells the keys whose records are never tombstoned.
func nullMeansNothing(key string) bool {
	for _, prefix := range []string{taskPrefix, commitPrefix, restartPrefix, loggerPrefix} {
		if strings.HasPrefix(key, prefix) {
			return true
		}
	}
	return key == sessionKeyKey
}

func (m *configModel) applyTargetState(name string, fields map[string]rawJSON, isNull bool) (configChange, error) {
	exists := m.contains(name)
	if isNull {
		// Whoever removed the connector is told by the removal of its config.
		if !exists {
			delete(m.connectors, name)
		} else {
			m.edit(name).target = Started
		}
		return configChange{}, nil
	}
	s, err := decodeTargetState(fields)
	if err != nil {
		return configChange{}, err
	}
	c := m.edit(name)
	changed := c.target != s
	c.target = s
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
	c := m.edit(name)
	c.config, c.configured = p, true
	if c.target == "" {
		c.target = Started
	}
	m.list(name, true)
	return configChange{kind: configUpdated, connector: name}, nil
}

// forget drops all that is known of a connector except its target state, which has a tombstone of its own.
func (m *configModel) forget(name string) {
	if c := m.connectors[name]; c != nil && c.target != "" {
		m.connectors[name] = &connectorRecord{target: c.target}
	} else {
		delete(m.connectors, name)
	}
	delete(m.deferred, name)
	m.list(name, false)
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
	if !m.contains(name) {
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
	c := m.edit(name)
	if hasAll(fresh, count) {
		merged := maps.Clone(c.tasks) // the records before share it
		if merged == nil {
			merged = make(map[int]Properties, len(fresh))
		}
		maps.Copy(merged, fresh)
		c.tasks, c.applied, c.committed, c.inconsistent = merged, c.config, true, false
		for i := range count {
			change.tasks = append(change.tasks, connect.TaskID{Connector: name, Task: i})
		}
	} else {
		c.inconsistent = true
	}
	delete(m.deferred, name)
	c.count = count
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

// snapshot returns an immutable copy. What it says of each connector is shared.
func (m *configModel) snapshot() *Snapshot {
	return &Snapshot{offset: m.offset, connectors: maps.Clone(m.connectors), names: m.names, sessionKey: m.sessionKey}
}
