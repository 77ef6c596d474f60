package clients_test

// kafkaConnectCLI prints bodies and compares codes: whatever is not the one that it expects is reported as a failure.
var kafkaConnectCLI = client{
	name:    "mattcolombo kafka-connect-cli 2.0.0",
	headers: header{},
	steps: []step{
		{request: "GET /connectors", want: ok},
		{request: "GET /connectors?expand=status", want: ok},
		{request: "GET /connectors?expand=info", want: ok},
		{request: "GET /connector-plugins", want: ok},
		{request: "PUT /connector-plugins/FileStreamSink/config/validate", headers: asJSON, body: sinkNamed, want: ok, read: validated(0)},
		{request: "POST /connectors", headers: asJSON, body: create(sinkConfig), want: created},
		{request: "GET /connectors/${n}/status", want: ok, read: inState("RUNNING", 1), poll: true},
		{request: "GET /connectors/${n}", want: ok},
		{request: "GET /connectors/${n}/config", want: ok},
		{request: "PUT /connectors/${n}/config", headers: asJSON, body: sinkConfig, want: ok},
		{request: "GET /connectors/${n}/topics", want: ok},
		{request: "PUT /connectors/${n}/topics/reset", want: accepted},
		{request: "GET /connectors/${n}/status", want: ok, read: inState("RUNNING", 1), poll: true},
		{request: "GET /connectors/${n}/tasks", want: ok, read: tasksAre(1)},
		{request: "GET /connectors/${n}/tasks/0/status", want: ok},
		{request: "POST /connectors/${n}/tasks/0/restart", want: noContent},
		{request: "POST /connectors/${n}/restart", want: noContent},
		{request: "PUT /connectors/${n}/pause", want: accepted},
		{request: "PUT /connectors/${n}/resume", want: accepted},
		{request: "GET /admin/loggers", want: ok, read: loggers},
		{request: "PUT /admin/loggers/clients.cli", headers: asJSON, body: `{"level":"DEBUG"}`, want: ok, read: namesOf("clients.cli")},
		{request: "GET /admin/loggers/clients.cli", want: ok, read: level("DEBUG")},
		{request: "DELETE /connectors/${n}", want: noContent},
	},
}
