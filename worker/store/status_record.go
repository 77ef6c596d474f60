package store

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"sluice/connect"
)

// Keys of the status topic.
//
// Kafka: org.apache.kafka.connect.storage.KafkaStatusBackingStore.
const (
	connectorStatusPrefix = "status-connector-"
	taskStatusPrefix      = "status-task-"
	topicStatusPrefix     = "status-topic-"
	topicStatusConnector  = ":connector-"
)

func connectorStatusKey(connector string) string { return connectorStatusPrefix + connector }
func taskStatusKey(id connect.TaskID) string     { return taskStatusPrefix + id.String() }
func topicStatusKey(topic, connector string) string {
	return topicStatusPrefix + topic + topicStatusConnector + connector
}

// Status is the observed state of a connector or a task.
//
//	{"state":"RUNNING","trace":null,"worker_id":"10.0.0.5:8083","generation":7}
//
// Kafka: org.apache.kafka.connect.runtime.AbstractStatus.
type Status struct {
	State State
	// Trace says what failed, in the form of a Java stack trace; empty means none.
	Trace string
	// WorkerID is the worker that wrote the status, Generation the group's generation at that time.
	WorkerID   string
	Generation int
}

// maxTrace bounds the trace of a status that is written, in bytes. A broker would refuse a record with a far longer one, and the failure
// itself would go unseen. Even if each byte has to be escaped, it fits into a record of the default size.
const maxTrace = 64 << 10

// bounded returns the status with a trace that is cut, and says so, if it is too long.
func (s Status) bounded() Status {
	if len(s.Trace) <= maxTrace {
		return s
	}
	end := maxTrace
	for !utf8.RuneStart(s.Trace[end]) && end > maxTrace-utf8.UTFMax {
		end--
	}
	s.Trace = fmt.Sprintf("%s\n... (cut: the trace has %d bytes)", s.Trace[:end], len(s.Trace))
	return s
}

// TopicStatus says that a connector has used a topic.
//
//	{"topic":{"name":"orders","connector":"foo","task":0,"discoverTimestamp":1729800000000}}
//
// Kafka: org.apache.kafka.connect.runtime.TopicStatus.
type TopicStatus struct {
	Topic string
	// Task is the one that saw the topic first.
	Task connect.TaskID
	// Discovered is in milliseconds since the epoch.
	Discovered int64
}

func encodeStatus(s Status) []byte {
	b := appendText([]byte(`{"state":`), string(s.State))
	b = append(b, `,"trace":`...)
	if s.Trace == "" {
		b = append(b, "null"...)
	} else {
		b = appendText(b, s.Trace)
	}
	b = appendText(append(b, `,"worker_id":`...), s.WorkerID)
	b = strconv.AppendInt(append(b, `,"generation":`...), int64(s.Generation), 10)
	return append(b, '}')
}

func encodeTopicStatus(s TopicStatus) []byte {
	b := appendText([]byte(`{"topic":{"name":`), s.Topic)
	b = appendText(append(b, `,"connector":`...), s.Task.Connector)
	b = strconv.AppendInt(append(b, `,"task":`...), int64(s.Task.Task), 10)
	b = strconv.AppendInt(append(b, `,"discoverTimestamp":`...), s.Discovered, 10)
	return append(b, "}}"...)
}

// decodeStatus ignores fields it does not know, such as the version that 4.x writes.
func decodeStatus(fields map[string]rawJSON) (Status, error) {
	var s Status
	state, err := textField(fields, "state")
	if err != nil {
		return s, err
	}
	if s.State = State(state); !s.State.valid() {
		return s, fmt.Errorf("state %q is not known", state)
	}
	if _, ok := fields["trace"]; ok {
		if s.Trace, err = textField(fields, "trace"); err != nil {
			return s, err
		}
	}
	if s.WorkerID, err = textField(fields, "worker_id"); err != nil {
		return s, err
	}
	n, err := intField(fields, "generation")
	s.Generation = int(n)
	return s, err
}

// parseTopicStatusKey takes the key's text after the prefix: "<topic>:connector-<name>". A topic's name has no colon.
func parseTopicStatusKey(text string) (topic, connector string, err error) {
	topic, rest, _ := strings.Cut(text, ":")
	connector, ok := strings.CutPrefix(rest, topicStatusConnector[1:])
	if !ok {
		return "", "", errors.New("key does not name a topic and a connector")
	}
	return topic, connector, nil
}

func decodeTopicStatus(topic, connector string, fields map[string]rawJSON) (TopicStatus, error) {
	s := TopicStatus{Topic: topic, Task: connect.TaskID{Connector: connector}}
	inner, isNull, err := decodeObject(fields["topic"])
	if err != nil || isNull {
		return s, errors.New(`field "topic" is not an object`)
	}
	task, err := intField(inner, "task")
	if err != nil {
		return s, err
	}
	s.Task.Task = int(task)
	s.Discovered, err = intField(inner, "discoverTimestamp")
	return s, err
}
