package clients_test

import (
	"fmt"
	"slices"
)

// kafkaUI reads with code that is generated from closed enumerations: a type, a state, an importance that it does not know is an exception.
// Tasks have one state less than connectors. It sends a search parameter that no worker knows, and the media type on bodies only.
var kafkaUI = client{
	name:    "kafbat kafka-ui 1.5.0",
	headers: header{"Accept": "application/json"},
	steps: []step{
		{request: "GET /", want: ok, read: root},
		{request: "GET /connector-plugins", want: ok, read: plugins("source", "sink", "unknown")},
		{request: "PUT /connector-plugins/FileStreamSinkConnector/config/validate", headers: asJSON, body: sinkNamed, want: ok, read: validated(0)},
		{request: "PUT /connector-plugins/FileStreamSinkConnector/config/validate", headers: asJSON, body: withoutTopic, want: ok, read: validated(3)}, // the name, and both kinds of topics
		{request: "POST /connectors", headers: asJSON, body: create(twoTasks), want: created, read: configured(twoTasks)},
		{request: "GET /connectors?expand=info&expand=status&search=" + "${n}", want: ok, read: both(expanded("RUNNING", 2), closed), poll: true},
		{request: "GET /connectors?expand=info&expand=status", want: ok, read: both(expanded("RUNNING", 2), closed)},
		{request: "GET /connectors/${n}", want: ok, read: configured(twoTasks)},
		{request: "GET /connectors/${n}/config", want: ok, read: theConfig(twoTasks)},
		{request: "GET /connectors/${n}/status", want: ok, read: both(inState("RUNNING", 2), closedStatus)},
		{request: "GET /connectors/${n}/tasks", want: ok, read: tasksAre(2)},
		{request: "GET /connectors/${n}/tasks/0/status", want: ok, read: closedTask},
		{request: "GET /connectors/${n}/tasks/5/status", want: notFound, read: says("No status found for task ${n}-5")},
		{request: "GET /connectors/${n}/topics", want: ok, read: used},

		{request: "POST /connectors/${n}/restart?includeTasks=true&onlyFailed=false", want: accepted, read: closedStatus},
		{request: "GET /connectors/${n}/status", want: ok, read: both(inState("RUNNING", 2), closedStatus), poll: true},
		{request: "POST /connectors/${n}/restart?includeTasks=false&onlyFailed=true", want: accepted, read: closedStatus},
		{request: "POST /connectors/${n}/restart?includeTasks=false&onlyFailed=false", want: noContent},
		{request: "POST /connectors/${n}/tasks/1/restart", want: noContent},
		{request: "PUT /connectors/${n}/pause", want: accepted},
		{request: "GET /connectors/${n}/status", want: ok, read: both(inState("PAUSED", 2), closedStatus), poll: true},
		{request: "PUT /connectors/${n}/resume", want: accepted},
		{request: "GET /connectors/${n}/status", want: ok, read: both(inState("RUNNING", 2), closedStatus), poll: true},
		{request: "DELETE /connectors/${n}/offsets", want: badRequest, read: says("must be in the STOPPED state")},
		{request: "PUT /connectors/${n}/stop", want: noContent},
		{request: "GET /connectors?expand=info&expand=status", want: ok, read: both(expanded("STOPPED", 0), closed), poll: true},
		{request: "GET /connectors/${n}/offsets", want: ok, read: offsets()},
		{request: "DELETE /connectors/${n}/offsets", want: ok, read: tells("reset successfully")},

		{request: "PUT /connectors/${n}/config", headers: asJSON, body: withoutTopic, want: badRequest, read: says("Must configure one of topics")},
		{request: "POST /connectors", headers: asJSON, body: `{"name":"${n}","config":{"connector.class":"no.such.Class","topics":"conformance"}}`, want: []int{400, 500}, read: says("no.such.Class")},
		{request: "PUT /connectors/${n}/config", headers: asJSON, body: failing, want: ok, read: configured(failing)},
		{request: "PUT /connectors/${n}/resume", want: accepted},
		{request: "GET /connectors?expand=info&expand=status", want: ok, read: both(aFailedTask, closed), poll: true},
		{request: "DELETE /connectors/${n}", want: noContent},
		{request: "GET /connectors/${n}", want: notFound, read: says("not found"), poll: true},
	},
}

var (
	connectorTypes  = []string{"source", "sink", "unknown"}
	taskStates      = []string{"RUNNING", "FAILED", "PAUSED", "UNASSIGNED", "RESTARTING"}
	connectorStates = append(slices.Clone(taskStates), "STOPPED")
)

func (s status) closed() error {
	if !slices.Contains(connectorTypes, s.Type) || !slices.Contains(connectorStates, s.Connector.State) {
		return fmt.Errorf("%q is %s of type %s, which kafka-ui does not know", s.Name, s.Connector.State, s.Type)
	}
	for _, t := range s.Tasks {
		if !slices.Contains(taskStates, t.State) {
			return fmt.Errorf("a task of %q is %s, which kafka-ui does not know", s.Name, t.State)
		}
	}
	return nil
}

func closedStatus(a answer) error {
	return as(func(_ answer, s status) error { return s.closed() })(a)
}

func closedTask(a answer) error {
	return as(func(_ answer, p part) error {
		if p.ID == nil || !slices.Contains(taskStates, p.State) || p.WorkerID == "" {
			return fmt.Errorf("task %+v", p)
		}
		return nil
	})(a)
}

// closed reads the whole list, other clients' connectors included. One that is on its way in or out may lack a part, as with Java.
func closed(a answer) error {
	return as(func(_ answer, all map[string]struct {
		Info   *info   `json:"info"`
		Status *status `json:"status"`
	}) error {
		for name, one := range all {
			if one.Status == nil {
				return fmt.Errorf("%q has no status", name)
			}
			if err := one.Status.closed(); err != nil {
				return err
			}
			if one.Info != nil && !slices.Contains(connectorTypes, one.Info.Type) {
				return fmt.Errorf("%q is of type %s", name, one.Info.Type)
			}
		}
		return nil
	})(a)
}

func aFailedTask(a answer) error {
	return as(func(a answer, all map[string]struct {
		Status status `json:"status"`
	}) error {
		s := all[a.name].Status
		if len(s.Tasks) != 1 || s.Tasks[0].State != "FAILED" || s.Tasks[0].Trace == "" {
			return fmt.Errorf("tasks %+v, want one that FAILED, with its trace", s.Tasks)
		}
		return nil
	})(a)
}
