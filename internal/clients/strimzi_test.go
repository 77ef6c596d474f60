package clients_test

import "fmt"

// strimzi is the operator's KafkaConnectApi. It takes exactly one status for success where Java gives exactly one, compares configs key for
// key (and reconfigures for ever if they differ), and waits after a delete until the status is gone.
var strimzi = client{
	name:    "Strimzi operator 1.3.0",
	headers: header{"Accept": "application/json"},
	steps: []step{
		{request: "GET /connectors", want: ok, read: lists(false)},
		{request: "GET /connector-plugins", want: ok, read: plugins("sink", "source")},
		{request: "PUT /connectors/${n}/config", headers: asJSON, body: sinkConfig, want: okOrCreated, read: configured(sinkConfig)},
		{request: "GET /connectors/${n}/status", want: ok, read: strimziStatus("RUNNING", 1), poll: true}, // 404 is asked again
		{request: "GET /connectors/${n}", want: okOrCreated, read: configured(sinkConfig)},
		{request: "GET /connectors/${n}/config", want: okOrCreated, read: theConfig(sinkConfig)},
		{request: "GET /connectors/${n}/topics", want: ok, read: used},

		{request: "PUT /connectors/${n}/config", headers: asJSON, body: twoTasks, want: okOrCreated, read: configured(twoTasks)},
		{request: "GET /connectors/${n}/config", want: okOrCreated, read: theConfig(twoTasks)},
		{request: "GET /connectors/${n}/status", want: ok, read: strimziStatus("RUNNING", 2), poll: true},
		{request: "PUT /connectors/${n}/config", headers: asJSON, body: withoutTopic, want: badRequest, read: says("Must configure one of topics or topics.regex")},
		{request: "GET /connectors/${n}/config", want: okOrCreated, read: theConfig(twoTasks)},

		{request: "POST /connectors/${n}/restart?includeTasks=false&onlyFailed=false", want: acceptedOrNone, read: objectIfAccepted},
		{request: "POST /connectors/${n}/restart?includeTasks=true&onlyFailed=false", want: acceptedOrNone, read: objectIfAccepted},
		{request: "GET /connectors/${n}/status", want: ok, read: strimziStatus("RUNNING", 2), poll: true},
		{request: "POST /connectors/${n}/tasks/1/restart", want: acceptedOrNone, read: objectIfAccepted},
		{request: "POST /connectors/${n}/tasks/7/restart", want: notFound, read: says("Unknown task: ${n}-7")},

		{request: "PUT /connectors/${n}/pause", want: accepted},
		{request: "GET /connectors/${n}/status", want: ok, read: strimziStatus("PAUSED", 2), poll: true},
		{request: "PUT /connectors/${n}/resume", want: accepted},
		{request: "GET /connectors/${n}/status", want: ok, read: strimziStatus("RUNNING", 2), poll: true},
		{request: "PATCH /connectors/${n}/offsets", headers: asJSON, body: atOffset("5"), want: badRequest, read: says("must be in the STOPPED state")},
		{request: "PUT /connectors/${n}/stop", want: noContent, read: empty},
		{request: "GET /connectors/${n}/status", want: ok, read: strimziStatus("STOPPED", 0), poll: true},

		{request: "PATCH /connectors/${n}/offsets", headers: asJSON, body: atOffset("5"), want: ok, read: tells("altered successfully")},
		{request: "GET /connectors/${n}/offsets", want: ok, read: offsets(5)},
		{request: "DELETE /connectors/${n}/offsets", want: ok, read: tells("reset successfully")},
		{request: "GET /connectors/${n}/offsets", want: ok, read: offsets()},

		{request: "GET /admin/loggers/", want: ok, read: loggers},
		{request: "PUT /admin/loggers/clients.strimzi?scope=cluster", headers: asJSON, body: `{"level":"DEBUG"}`, want: []int{200, 204}},
		{request: "GET /admin/loggers/", want: ok, read: loggerAt("clients.strimzi", "DEBUG"), poll: true},

		{request: "DELETE /connectors/${n}", want: noContent, read: empty},
		{request: "GET /connectors/${n}/status", want: notFound, read: says(), poll: true},
		{request: "DELETE /connectors/${n}", want: notFound, read: says("Connector ${n} not found")},

		{request: "POST /connectors", headers: asJSON, body: `{"name":"${n}","config":` + sinkConfig + `,"initial_state":"STOPPED"}`, want: created, read: configured(sinkConfig)},
		{request: "GET /connectors/${n}/status", want: ok, read: strimziStatus("STOPPED", 0), poll: true},
		{request: "DELETE /connectors/${n}", want: noContent},
		{request: "GET /connectors/${n}/status", want: notFound, poll: true},
	},
}

// strimziStatus reads the status as the untyped map that Strimzi keeps in the resource's own status.
func strimziStatus(state string, tasks int) reader {
	return both(inState(state, tasks), as(func(a answer, m map[string]any) error {
		connector, isMap := m["connector"].(map[string]any)
		list, isList := m["tasks"].([]any)
		if !isMap || !isList {
			return fmt.Errorf("connector is no map or tasks is no list")
		}
		if _, isText := connector["state"].(string); !isText {
			return fmt.Errorf("connector.state is no text")
		}
		for _, t := range list {
			task, isMap := t.(map[string]any)
			_, hasID := task["id"].(float64)
			_, hasState := task["state"].(string)
			if !isMap || !hasID || !hasState {
				return fmt.Errorf("a task without id or state")
			}
		}
		return nil
	}))
}

// objectIfAccepted reads a restart's answer: an object with 202, nothing with 204.
func objectIfAccepted(a answer) error {
	if a.status == 204 {
		return empty(a)
	}
	return as(func(a answer, s status) error { return s.check(a) })(a)
}

// loggers reads a map of maps whose values are no collections.
func loggers(a answer) error {
	return as(func(_ answer, all map[string]map[string]any) error {
		if _, there := all["root"]; !there {
			return fmt.Errorf("there is no root")
		}
		for name, l := range all {
			if level, isText := l["level"].(string); !isText || level == "" {
				return fmt.Errorf("logger %q has no level", name)
			}
			for k, v := range l {
				switch v.(type) {
				case map[string]any, []any:
					return fmt.Errorf("logger %q: %s is no scalar", name, k)
				}
			}
		}
		return nil
	})(a)
}

// loggerAt waits for a level.
func loggerAt(logger, level string) reader {
	return both(loggers, as(func(_ answer, all map[string]struct {
		Level string `json:"level"`
	}) error {
		if got := all[logger].Level; got != level {
			return fmt.Errorf("%s is at %q, want %s", logger, got, level)
		}
		return nil
	}))
}

// atOffset is the body of a change of offsets.
func atOffset(offset string) string {
	return `{"offsets":[{"partition":{"kafka_topic":"conformance","kafka_partition":0},"offset":{"kafka_offset":` + offset + `}}]}`
}
