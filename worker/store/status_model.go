package store

import (
	"errors"
	"maps"
	"math"
	"slices"
	"strings"

	"sluice/connect"
)

// statusModel is what the records of a status topic mean. The last record of a key wins, with the exceptions that apply states.
//
// Kafka: the cache of org.apache.kafka.connect.storage.KafkaStatusBackingStore.
type statusModel struct {
	connectors map[string]Status
	tasks      map[string]map[int]Status         // by connector and number
	topics     map[string]map[string]TopicStatus // by connector and topic
	forgotten  uint64                            // how many topics were taken out
}

func newStatusModel() *statusModel {
	return &statusModel{connectors: map[string]Status{}, tasks: map[string]map[int]Status{}, topics: map[string]map[string]TopicStatus{}}
}

// apply takes the next record. The error says why one was skipped.
func (m *statusModel) apply(r Record) error {
	fields, isNull, err := decodeObject(r.Value)
	if err != nil {
		return err
	}
	if name, ok := strings.CutPrefix(r.Key, connectorStatusPrefix); ok {
		return m.applyConnector(name, fields, isNull)
	}
	if text, ok := strings.CutPrefix(r.Key, taskStatusPrefix); ok {
		return m.applyTask(text, fields, isNull)
	}
	if text, ok := strings.CutPrefix(r.Key, topicStatusPrefix); ok {
		return m.applyTopic(text, fields, isNull)
	}
	return errors.New("key is not known")
}

func (m *statusModel) applyConnector(name string, fields map[string]rawJSON, isNull bool) error {
	key := statusKey{name, itself}
	if isNull {
		m.set(key, Status{}, true)
		return nil
	}
	s, err := decodeStatus(fields)
	if err != nil {
		return err
	}
	m.set(key, s, false)
	return nil
}

func (m *statusModel) applyTask(text string, fields map[string]rawJSON, isNull bool) error {
	id, err := parseTaskID(text)
	if err != nil {
		return err
	}
	key := statusKey{id.Connector, id.Task}
	if isNull {
		m.set(key, Status{}, true)
		return nil
	}
	s, err := decodeStatus(fields)
	if err != nil {
		return err
	}
	m.set(key, s, false)
	return nil
}

// set takes a state, or its removal.
func (m *statusModel) set(k statusKey, s Status, gone bool) {
	switch {
	case k.task == itself && gone: // the tasks' own tombstones may come later, on other partitions
		delete(m.connectors, k.connector)
		delete(m.tasks, k.connector)
	case k.task == itself:
		m.connectors[k.connector] = s
	case gone:
		if delete(m.tasks[k.connector], k.task); len(m.tasks[k.connector]) == 0 {
			delete(m.tasks, k.connector)
		}
	default:
		// When a task moves, the old worker's farewell may come after the new worker's greeting.
		if was := m.tasks[k.connector][k.task]; s.State == Unassigned && was.State == Running && was.Generation >= s.Generation {
			return
		}
		if m.tasks[k.connector] == nil {
			m.tasks[k.connector] = map[int]Status{}
		}
		m.tasks[k.connector][k.task] = s
	}
}

func (m *statusModel) applyTopic(text string, fields map[string]rawJSON, isNull bool) error {
	topic, connector, err := parseTopicStatusKey(text)
	if err != nil {
		return err
	}
	if isNull {
		m.forgetTopic(topic, connector)
		return nil
	}
	s, err := decodeTopicStatus(topic, connector, fields)
	if err != nil {
		return err
	}
	m.addTopic(s)
	return nil
}

func (m *statusModel) addTopic(s TopicStatus) {
	connector := s.Task.Connector
	if m.topics[connector] == nil {
		m.topics[connector] = map[string]TopicStatus{}
	}
	m.topics[connector][s.Topic] = s
}

func (m *statusModel) forgetTopic(topic, connector string) {
	if _, known := m.topics[connector][topic]; known {
		m.forgotten++
	}
	if delete(m.topics[connector], topic); len(m.topics[connector]) == 0 {
		delete(m.topics, connector)
	}
}

// status returns the status under a key, be it a connector's or a task's.
func (m *statusModel) status(k statusKey) (Status, bool) {
	if k.task == itself {
		s, ok := m.connectors[k.connector]
		return s, ok
	}
	s, ok := m.tasks[k.connector][k.task]
	return s, ok
}

// taskStatuses returns the tasks of a connector by number.
func (m *statusModel) taskStatuses(connector string) []TaskStatus {
	out := make([]TaskStatus, 0, len(m.tasks[connector]))
	for _, n := range slices.Sorted(maps.Keys(m.tasks[connector])) {
		out = append(out, TaskStatus{ID: connect.TaskID{Connector: connector, Task: n}, Status: m.tasks[connector][n]})
	}
	return out
}

// maxGeneration returns the highest generation that any status carries, 0 if there is none.
func (m *statusModel) maxGeneration() int {
	highest := 0
	for _, s := range m.connectors {
		highest = max(highest, s.Generation)
	}
	for _, tasks := range m.tasks {
		for _, s := range tasks {
			highest = max(highest, s.Generation)
		}
	}
	return highest
}

// TaskStatus is the status of one task.
type TaskStatus struct {
	ID connect.TaskID
	Status
}

// statusKey names a task, or with the number itself a connector.
type statusKey struct {
	connector string
	task      int
}

// itself is no number that a task may have or a client may ask for.
const itself = math.MinInt

func (k statusKey) String() string {
	if k.task == itself {
		return connectorStatusKey(k.connector)
	}
	return taskStatusKey(connect.TaskID{Connector: k.connector, Task: k.task})
}

// parseStatusKey reads the key of a connector's or a task's state; ok is false for any other.
func parseStatusKey(key string) (k statusKey, ok bool) {
	if name, ok := strings.CutPrefix(key, connectorStatusPrefix); ok {
		return statusKey{name, itself}, true
	}
	if text, ok := strings.CutPrefix(key, taskStatusPrefix); ok {
		id, err := parseTaskID(text)
		return statusKey{id.Connector, id.Task}, err == nil
	}
	return statusKey{}, false
}

// maySafely reports whether a write that must not undo another worker's is allowed: nothing is known, or what is known is our own
// or not younger.
//
// Kafka: KafkaStatusBackingStore.CacheEntry.canWriteSafely.
func maySafely(known Status, ok bool, s Status) bool {
	return !ok || known.WorkerID == s.WorkerID || known.Generation <= s.Generation
}
