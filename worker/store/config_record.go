package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"sluice/connect"
)

// Keys of the config topic. A reader tests them in this order; names may contain dashes.
//
// Kafka: org.apache.kafka.connect.storage.KafkaConfigBackingStore.
const (
	targetStatePrefix  = "target-state-"
	connectorPrefix    = "connector-"
	taskPrefix         = "task-"
	commitPrefix       = "commit-"
	restartPrefix      = "restart-connector-"
	tasksFencingPrefix = "tasks-fencing-"
	sessionKeyKey      = "session-key"
	loggerPrefix       = "logger-cluster-"
)

func connectorKey(name string) string    { return connectorPrefix + name }
func taskKey(id connect.TaskID) string   { return taskPrefix + id.String() }
func commitKey(name string) string       { return commitPrefix + name }
func targetStateKey(name string) string  { return targetStatePrefix + name }
func restartKey(connector string) string { return restartPrefix + connector }

// parseTaskID reads "name-0", where the name may contain dashes itself.
func parseTaskID(s string) (connect.TaskID, error) {
	i := strings.LastIndexByte(s, '-')
	if i < 0 {
		return connect.TaskID{}, fmt.Errorf("task id %q lacks a number", s)
	}
	n, err := strconv.ParseInt(s[i+1:], 10, 32)
	if err != nil || n < 0 {
		return connect.TaskID{}, fmt.Errorf("task id %q does not end in a number", s)
	}
	return connect.TaskID{Connector: s[:i], Task: int(n)}, nil
}

// encodeProperties returns the value of a connector's or task's record: {"properties":{"name":"foo"}}.
func encodeProperties(p Properties) []byte {
	b := append([]byte(`{"properties":`), p.appendJSON(nil)...)
	return append(b, '}')
}

// encodeCommit returns the value of a commit record: {"tasks":2}.
func encodeCommit(tasks int) []byte {
	return append(strconv.AppendInt([]byte(`{"tasks":`), int64(tasks), 10), '}')
}

// encodeTargetState returns {"state":"PAUSED","state.v2":"STOPPED"}: workers older than 3.5 read the first field and know no STOPPED.
func encodeTargetState(s TargetState) []byte {
	old := s
	if old == Stopped {
		old = Paused
	}
	b := appendText([]byte(`{"state":`), string(old))
	b = appendText(append(b, `,"state.v2":`...), string(s))
	return append(b, '}')
}

// encodeRestart returns {"include-tasks":true,"only-failed":false}.
func encodeRestart(r RestartRequest) []byte {
	return fmt.Appendf(nil, `{"include-tasks":%t,"only-failed":%t}`, r.IncludeTasks, r.OnlyFailed)
}

func decodeProperties(fields map[string]rawJSON) (Properties, error) {
	raw, ok := fields["properties"]
	if !ok {
		return nil, errors.New(`field "properties" is missing`)
	}
	if len(raw) == 0 || raw[0] != '{' {
		return nil, errors.New(`field "properties" is not an object`) // what it is may hold passwords: the error is logged
	}
	var p Properties
	if err := json.Unmarshal(raw, &p); err != nil {
		return nil, err
	}
	return p, nil
}

// decodeTargetState prefers the second version of the field, if it is a text.
func decodeTargetState(fields map[string]rawJSON) (TargetState, error) {
	var text string
	if json.Unmarshal(fields["state.v2"], &text) != nil || text == "" {
		var err error
		if text, err = textField(fields, "state"); err != nil {
			return "", err
		}
	}
	s := TargetState(text)
	if !s.valid() {
		return "", fmt.Errorf("target state %q is not known", text)
	}
	return s, nil
}

// decodeRestart takes a flag that is missing or no boolean for false, as Java does.
func decodeRestart(connector string, fields map[string]rawJSON) RestartRequest {
	flag := func(name string) bool { return string(fields[name]) == "true" }
	return RestartRequest{Connector: connector, OnlyFailed: flag("only-failed"), IncludeTasks: flag("include-tasks")}
}
