package clients_test

import "fmt"

// kcctl wants every error but 401 as JSON with a message, a trace on whatever FAILED, one entry in the map of topics, task ids that agree with
// the status, and it reads the worker's version before all else. It sends the slash at the end of /connectors/.
var kcctl = client{
	name:    "kcctl 1.0.0",
	headers: header{"Accept": "application/json", "Content-Type": "application/json"},
	steps: []step{
		{request: "GET /", want: ok, read: root},
		{request: "GET /connector-plugins", want: ok, read: plugins("sink", "source")},
		{request: "GET /connector-plugins?connectorsOnly=false", want: ok, read: plugins("sink", "source", "transformation", "predicate", "converter", "header_converter")},
		{request: "GET /connector-plugins/" + fileSinkClass + "/config", want: ok, read: keyDefinitions("file")},
		{request: "GET /connector-plugins/org.apache.kafka.connect.json.JsonConverter/config", want: ok, read: keyDefinitions("schemas.enable")},
		{request: "GET /connector-plugins/org.apache.kafka.connect.transforms.InsertField$Value/config", want: ok, read: keyDefinitions("topic.field")},
		{request: "GET /connector-plugins/no.such.Class/config", want: notFound, read: says("Unknown plugin no.such.Class.")},
		{request: "PUT /connector-plugins/" + fileSinkClass + "/config/validate", body: sinkNamed, want: ok, read: validated(0)},

		{request: "POST /connectors/", body: create(sinkConfig), want: created, read: configured(sinkConfig)},
		{request: "GET /connectors/", want: ok, read: lists(true)},
		{request: "POST /connectors/", body: create(sinkConfig), want: conflict, read: says("Connector ${n} already exists")},
		{request: "GET /connectors?expand=info&expand=status", want: ok, read: expanded("RUNNING", 1), poll: true},
		{request: "GET /connectors/${n}", want: ok, read: configured(sinkConfig)},
		{request: "GET /connectors/${n}/config", want: ok, read: theConfig(sinkConfig)},
		{request: "GET /connectors/${n}/status", want: ok, read: inState("RUNNING", 1), poll: true},
		{request: "GET /connectors/${n}/tasks", want: ok, read: tasksAre(1)},
		{request: "GET /connectors/${n}/topics", want: ok, read: used},

		{request: "PUT /connectors/${n}/config", body: failing, want: ok, read: configured(failing)},
		{request: "GET /connectors/${n}/status", want: ok, read: aTaskFailed, poll: true},
		{request: "PUT /connectors/${n}/config", body: twoTasks, want: ok, read: configured(twoTasks)},
		{request: "GET /connectors/${n}/status", want: ok, read: inState("RUNNING", 2), poll: true},
		{request: "GET /connectors/${n}/tasks", want: ok, read: tasksAre(2)},

		{request: "POST /connectors/${n}/restart", want: noContent},
		{request: "POST /connectors/${n}/restart?includeTasks=true&onlyFailed=true", want: accepted, read: objectIfAccepted},
		{request: "POST /connectors/${n}/tasks/0/restart", want: noContent},
		{request: "POST /connectors/${n}/tasks/9/restart", want: notFound, read: says("Unknown task")},
		{request: "PUT /connectors/${n}/pause", want: accepted},
		{request: "GET /connectors/${n}/status", want: ok, read: inState("PAUSED", 2), poll: true},
		{request: "PUT /connectors/${n}/resume", want: accepted},
		{request: "GET /connectors/${n}/status", want: ok, read: inState("RUNNING", 2), poll: true},
		{request: "PUT /connectors/${n}/stop", want: noContent},
		{request: "GET /connectors/${n}/status", want: ok, read: inState("STOPPED", 0), poll: true},

		{request: "PATCH /connectors/${n}/offsets", body: atOffset("7"), want: ok, read: tells("altered")},
		{request: "GET /connectors/${n}/offsets", want: ok, read: offsets(7)},
		{request: "PATCH /connectors/${n}/offsets", body: `{"offsets":[{"partition":{"kafka_topic":"conformance"},"offset":{"kafka_offset":1}}]}`, want: badRequest, read: says("'kafka_topic' and 'kafka_partition'")},
		{request: "DELETE /connectors/${n}/offsets", want: ok, read: tells("reset")},
		{request: "GET /connectors/${n}/offsets", want: ok, read: offsets()},

		{request: "GET /admin/loggers", want: ok, read: loggers},
		{request: "PUT /admin/loggers/clients.kcctl", body: `{"level":"TRACE"}`, want: ok, read: namesOf("clients.kcctl")},
		{request: "GET /admin/loggers/clients.kcctl", want: ok, read: level("TRACE")},
		{request: "PUT /admin/loggers/clients.kcctl?scope=cluster", body: `{"level":"INFO"}`, want: noContent, read: empty},
		{request: "GET /admin/loggers/clients.kcctl", want: ok, read: level("INFO"), poll: true},
		{request: "GET /admin/loggers/clients.no.such", want: notFound, read: says("Logger clients.no.such not found.")},

		{request: "DELETE /connectors/${n}", want: noContent},
		{request: "GET /connectors/${n}", want: notFound, read: says("Connector ${n} not found"), poll: true},

		// a name that has to be escaped
		{request: "POST /connectors/", body: `{"name":"${n}->x","config":` + sinkConfig + `}`, want: created},
		{request: "GET /connectors/${n}%2D%3Ex/status", want: ok, poll: true},
		{request: "DELETE /connectors/${n}%2D%3Ex", want: noContent},
	},
}

// sinkNamed is a complete configuration, with its name in it.
const sinkNamed = `{"name":"${n}","connector.class":"` + fileSinkClass + `","tasks.max":"1","topics":"conformance","file":"/dev/null"}`

// expanded reads a worker's list of connectors with both parts, the task ids of which must agree.
func expanded(state string, tasks int) reader {
	return as(func(a answer, all map[string]struct {
		Info   *info   `json:"info"`
		Status *status `json:"status"`
	}) error {
		one, there := all[a.name]
		if !there || one.Info == nil || one.Status == nil {
			return fmt.Errorf("want info and status of %q", a.name)
		}
		if err := one.Status.check(a); err != nil {
			return err
		}
		if s := one.Status; s.Connector.State != state || len(s.Tasks) != tasks || len(one.Info.Tasks) != tasks {
			return fmt.Errorf("the connector is %s with tasks %+v and %+v, want %s with %d", s.Connector.State, s.Tasks, one.Info.Tasks, state, tasks)
		}
		ids := map[int]bool{}
		for _, t := range one.Info.Tasks {
			ids[t.Task] = true
		}
		for _, t := range one.Status.Tasks {
			if !ids[*t.ID] {
				return fmt.Errorf("task %d has a status and is not in info", *t.ID)
			}
		}
		return nil
	})
}

// tasksAre reads the tasks and their configs.
func tasksAre(n int) reader {
	return as(func(a answer, list []struct {
		ID     taskID            `json:"id"`
		Config map[string]string `json:"config"`
	}) error {
		if len(list) != n {
			return fmt.Errorf("%d tasks, want %d", len(list), n)
		}
		for i, t := range list {
			if t.ID != (taskID{a.name, i}) || t.Config["task.class"] == "" {
				return fmt.Errorf("task %d is %+v", i, t)
			}
		}
		return nil
	})
}

// aTaskFailed waits for a task that FAILED; the trace that kcctl dereferences is checked with every status.
func aTaskFailed(a answer) error {
	return as(func(a answer, s status) error {
		if err := s.check(a); err != nil {
			return err
		}
		if len(s.Tasks) != 1 || s.Tasks[0].State != "FAILED" {
			return fmt.Errorf("tasks %+v, want one that FAILED", s.Tasks)
		}
		return nil
	})(a)
}

// expandedBy reads one part of the list.
func expandedBy(one string) reader {
	return as(func(a answer, all map[string]map[string]map[string]any) error {
		if parts := all[a.name]; len(parts) != 1 || parts[one]["name"] != a.name {
			return fmt.Errorf("got %v, want the %s of %q alone", parts, one, a.name)
		}
		return nil
	})
}

// namesOf reads the names of the loggers that a change reached.
func namesOf(logger string) reader {
	return as(func(_ answer, names []string) error {
		if len(names) != 1 || names[0] != logger {
			return fmt.Errorf("got %q, want %q", names, logger)
		}
		return nil
	})
}

// level reads one logger.
func level(want string) reader {
	return as(func(_ answer, l struct {
		Level    string `json:"level"`
		Modified *int64 `json:"last_modified"`
	}) error {
		if l.Level != want || l.Modified == nil {
			return fmt.Errorf("level %q, last_modified %v: want %s and a time", l.Level, l.Modified, want)
		}
		return nil
	})
}
