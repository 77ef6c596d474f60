package clients_test

import "fmt"

// jikkou declares what it reads as never null.
var jikkou = client{
	name:    "jikkou provider 1.2.0",
	headers: header{"Accept": "application/json"},
	steps: []step{
		{request: "GET /", want: ok, read: root},
		{request: "GET /connectors", want: ok, read: lists(false)},
		{request: "PUT /connectors/${n}/config", headers: asJSON, body: sinkConfig, want: created, read: configured(sinkConfig)},
		{request: "GET /connectors/${n}/status", want: ok, read: both(inState("RUNNING", 1), neverNull), poll: true},
		{request: "GET /connectors/${n}", want: ok, read: configured(sinkConfig)},
		{request: "GET /connectors/${n}/config", want: ok, read: theConfig(sinkConfig)},
		{request: "PUT /connectors/${n}/config", headers: asJSON, body: twoTasks, want: ok, read: configured(twoTasks)},
		{request: "GET /connectors/${n}/status", want: ok, read: inState("RUNNING", 2), poll: true},
		{request: "POST /connectors/${n}/restart?includeTasks=true&onlyFailed=false", want: accepted, read: objectIfAccepted},
		{request: "PUT /connectors/${n}/pause", want: accepted},
		{request: "GET /connectors/${n}/status", want: ok, read: inState("PAUSED", 2), poll: true},
		{request: "PUT /connectors/${n}/resume", want: accepted},
		{request: "GET /connectors/${n}/status", want: ok, read: inState("RUNNING", 2), poll: true},
		{request: "PUT /connectors/${n}/stop", want: noContent},
		{request: "GET /connectors/${n}/status", want: ok, read: both(inState("STOPPED", 0), neverNull), poll: true},
		{request: "DELETE /connectors/${n}", want: noContent},
		{request: "POST /connectors", headers: asJSON, body: create(sinkConfig), want: created, read: configured(sinkConfig)},
		{request: "DELETE /connectors/${n}", want: noContent},
	},
}

func neverNull(a answer) error {
	return as(func(_ answer, s struct {
		Connector struct {
			State    *string `json:"state"`
			WorkerID *string `json:"worker_id"`
		} `json:"connector"`
		Tasks []struct {
			State    *string `json:"state"`
			WorkerID *string `json:"worker_id"`
		} `json:"tasks"`
	}) error {
		if s.Connector.State == nil || s.Connector.WorkerID == nil || s.Tasks == nil {
			return fmt.Errorf("the connector's state or worker, or its tasks, are null")
		}
		for _, t := range s.Tasks {
			if t.State == nil || t.WorkerID == nil {
				return fmt.Errorf("a task's state or worker is null")
			}
		}
		return nil
	})(a)
}
