package clients_test

import "fmt"

// terraform is Mongey's provider with ricardo-ch's library. The library reads status.connector as a map of texts, so that a number or an object
// in it breaks it, and polls after each change: after an update until the config is what was sent, key for key.
var terraform = client{
	name:    "terraform-provider-kafka-connect 0.5.0 with go-kafka-connect 3.0.0",
	headers: asUTF8,
	steps: []step{
		{request: "POST /connectors", body: create(namedSink), want: created, read: configured(namedSink)},
		{request: "GET /connectors/${n}", want: ok, read: configured(namedSink), poll: true},
		{request: "GET /connectors/${n}", want: ok, read: configured(namedSink)},
		{request: "GET /connectors", want: ok, read: lists(true)},
		{request: "GET /connectors/${n}/status", want: ok, read: ricardoStatus("RUNNING"), poll: true},
		{request: "GET /connectors/${n}/tasks", want: ok, read: tasksAre(1), poll: true},
		{request: "GET /connectors/${n}/tasks/0/status", want: ok, read: closedTask, poll: true},

		{request: "PUT /connectors/${n}/config", body: namedTwo, want: ok, read: configured(namedTwo)},
		{request: "GET /connectors/${n}/config", want: ok, read: theConfig(namedTwo), poll: true},
		{request: "GET /connectors/${n}", want: ok, read: configured(namedTwo)},

		{request: "PUT /connectors/${n}/pause", want: accepted},
		{request: "GET /connectors/${n}/status", want: ok, read: ricardoStatus("PAUSED"), poll: true},
		{request: "PUT /connectors/${n}/resume", want: accepted},
		{request: "GET /connectors/${n}/status", want: ok, read: ricardoStatus("RUNNING"), poll: true},
		{request: "POST /connectors/${n}/restart", want: noContent},
		{request: "POST /connectors/${n}/tasks/0/restart", want: noContent},

		{request: "DELETE /connectors/${n}", want: noContent},
		{request: "GET /connectors/${n}", want: notFound, poll: true},
		{request: "GET /connectors/${n}/config", want: notFound}, // not an error to it
		{request: "GET /connectors/${n}/status", want: notFound, poll: true},
	},
}

// The provider's configs hold the name, and whatever comes back besides what was sent is a difference for ever.
const (
	namedSink = `{"name":"${n}","connector.class":"` + fileSinkClass + `","tasks.max":"1","topics":"conformance","file":"/dev/null","x.secret":"hunter2"}`
	namedTwo  = `{"name":"${n}","connector.class":"` + fileSinkClass + `","tasks.max":"2","topics":"conformance","file":"/dev/null","x.added":"here"}`
)

// ricardoStatus reads the connector's state from a map of texts.
func ricardoStatus(state string) reader {
	return as(func(a answer, s struct {
		Name      string            `json:"name"`
		Connector map[string]string `json:"connector"`
		Tasks     []struct {
			ID       int    `json:"id"`
			State    string `json:"state"`
			WorkerID string `json:"worker_id"`
		} `json:"tasks"`
	}) error {
		if s.Name != a.name || s.Connector["state"] != state {
			return fmt.Errorf("%q is %q, want %s", s.Name, s.Connector["state"], state)
		}
		return nil
	})
}
