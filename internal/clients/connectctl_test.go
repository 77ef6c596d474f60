package clients_test

import "fmt"

// connectctl and the library it comes from know plugins by the last part of the class only, send no media type where there is no body, and
// act on error_code. Their list of dependents has objects in it, which no worker sends: any element would break them.
var connectctl = client{
	name:    "connectctl 0.1.33, go-kafka connect 0.9",
	headers: header{"Accept": "application/json"},
	steps: []step{
		{request: "GET /connectors", want: ok, read: lists(false)},
		{request: "GET /connectors/${n}", want: notFound, read: says("Connector ${n} not found")}, // which makes it create
		{request: "GET /connector-plugins", want: ok, read: plugins("sink", "source")},
		{request: "PUT /connector-plugins/FileStreamSinkConnector/config/validate", headers: asJSON, body: sinkNamed, want: ok, read: both(validated(0), noDependents)},
		{request: "POST /connectors", headers: asJSON, body: create(sinkConfig), want: created, read: configured(sinkConfig)},
		{request: "POST /connectors", headers: asJSON, body: create(sinkConfig), want: conflict, read: says("already exists")},
		{request: "GET /connectors/${n}/status", want: ok, read: inState("RUNNING", 1), poll: true},
		{request: "GET /connectors/${n}", want: ok, read: configured(sinkConfig)},
		{request: "GET /connectors/${n}/config", want: ok, read: theConfig(sinkConfig)},
		{request: "GET /connectors/${n}/tasks", want: ok, read: tasksAre(1)},
		{request: "GET /connectors/${n}/tasks/0/status", want: ok, read: closedTask},
		{request: "PUT /connectors/${n}/config", headers: asJSON, body: failing, want: ok, read: configured(failing)},
		{request: "GET /connectors/${n}/status", want: ok, read: aTaskFailed, poll: true}, // which makes it restart
		{request: "POST /connectors/${n}/tasks/0/restart", want: noContent},
		{request: "POST /connectors/${n}/restart", want: noContent},
		{request: "PUT /connectors/${n}/config", headers: asJSON, body: sinkConfig, want: ok, read: configured(sinkConfig)},
		{request: "GET /connectors/${n}/status", want: ok, read: inState("RUNNING", 1), poll: true},
		{request: "PUT /connectors/${n}/pause", want: accepted},
		{request: "GET /connectors/${n}/status", want: ok, read: inState("PAUSED", 1), poll: true},
		{request: "PUT /connectors/${n}/resume", want: accepted},
		{request: "GET /connectors/${n}/status", want: ok, read: inState("RUNNING", 1), poll: true},
		{request: "DELETE /connectors/${n}", want: noContent},
		{request: "GET /connectors/${n}", want: notFound, read: says(), poll: true},
	},
}

// noDependents reads dependents into objects.
func noDependents(a answer) error {
	return as(func(_ answer, v struct {
		Configs []struct {
			Definition struct {
				Dependents []struct{} `json:"dependents"`
			} `json:"definition"`
		} `json:"configs"`
	}) error {
		if len(v.Configs) == 0 {
			return fmt.Errorf("there are no configs")
		}
		return nil
	})(a)
}
