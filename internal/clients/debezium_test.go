package clients_test

import "fmt"

// debezium is the test containers' client. It sends a charset, and numbers and booleans as they are in JSON, which come back as texts.
var debezium = client{
	name:    "Debezium testing containers 3.7.0",
	headers: header{},
	steps: []step{
		{request: "GET /connectors", want: ok, read: lists(false), poll: true}, // how it finds that the worker is there
		{request: "POST /connectors/", headers: asUTF8, body: create(typed), want: created, read: configured(untyped)},
		{request: "GET /connectors/${n}", want: ok, read: configured(untyped), poll: true},
		{request: "GET /connectors/${n}/status", want: ok, read: debeziumState("RUNNING"), poll: true},
		{request: "GET /connectors/${n}/config", want: ok, read: theConfig(untyped)},
		{request: "PUT /connectors/${n}/config", headers: asUTF8, body: typed, want: ok, read: configured(untyped)},
		{request: "GET /connectors/${n}/config", want: ok, read: theConfig(untyped)},
		{request: "PUT /connectors/${n}/pause", want: accepted},
		{request: "GET /connectors/${n}/status", want: ok, read: debeziumState("PAUSED"), poll: true},
		{request: "PUT /connectors/${n}/resume", want: accepted},
		{request: "GET /connectors/${n}/status", want: ok, read: debeziumState("RUNNING"), poll: true},
		{request: "DELETE /connectors/${n}", want: noContent},
		{request: "GET /connectors/${n}", want: notFound, poll: true},
		{request: "POST /connectors", headers: asUTF8, body: create(typed), want: created, read: configured(untyped)},
		{request: "DELETE /connectors/${n}", want: noContent},
		{request: "GET /connectors/${n}", want: notFound, poll: true},
	},
}

const (
	typed   = `{"connector.class":"FileStreamSink","tasks.max":1,"topics":"conformance","file":"/dev/null","errors.log.enable":true,"x.ratio":1.50,"x.big":12345678901234567890,"x.exp":1e3}`
	untyped = `{"connector.class":"FileStreamSink","tasks.max":"1","topics":"conformance","file":"/dev/null","errors.log.enable":"true","x.ratio":"1.50","x.big":"12345678901234567890","x.exp":"1e3"}`
)

// debeziumState reads the states into its enumeration, which has what Java has.
func debeziumState(state string) reader {
	return both(inState(state, 1), as(func(_ answer, s status) error {
		for _, p := range append([]part{s.Connector}, s.Tasks...) {
			switch p.State {
			case "UNASSIGNED", "RUNNING", "PAUSED", "FAILED", "RESTARTING", "STOPPED":
			default:
				return fmt.Errorf("state %q", p.State)
			}
		}
		return nil
	}))
}
