package clients_test

// akhq calls through SourceLab's client, whose other calls are here as well. For its page of plugins it validates, with little more than the
// class, every plugin that is listed: an incomplete config is answered with 200 and errors in it.
var akhq = client{
	name:    "AKHQ 0.25.1 with kafka-connect-client 4.0.5",
	headers: header{"Accept": "application/json"},
	steps: []step{
		{request: "GET /", want: ok, read: root},
		{request: "GET /connector-plugins", want: ok, read: plugins("sink", "source")},
		{request: "PUT /connector-plugins/" + fileSinkClass + "/config/validate", headers: asUTF8, body: `{"connector.class":"` + fileSinkClass + `","topics":"topic"}`, want: ok, read: validated(1)},
		{request: "GET /connectors", want: ok, read: lists(false)},
		{request: "POST /connectors", headers: asUTF8, body: create(twoTasks), want: created, read: configured(twoTasks)},
		{request: "POST /connectors", headers: asUTF8, body: create(twoTasks), want: conflict, read: says("Connector ${n} already exists")},
		{request: "GET /connectors?expand=info&expand=status", want: ok, read: expanded("RUNNING", 2), poll: true},
		{request: "GET /connectors?expand=info", want: ok},
		{request: "GET /connectors?expand=status", want: ok},
		{request: "GET /connectors/${n}", want: ok, read: configured(twoTasks)},
		{request: "GET /connectors/${n}/config", want: ok, read: theConfig(twoTasks)},
		{request: "GET /connectors/${n}/status", want: ok, read: inState("RUNNING", 2)},
		{request: "GET /connectors/${n}/tasks", want: ok, read: tasksAre(2)},
		{request: "GET /connectors/${n}/tasks/1/status", want: ok, read: closedTask},
		{request: "GET /connectors/${n}/topics", want: ok, read: used},
		{request: "PUT /connectors/${n}/topics/reset", want: accepted, read: empty},
		{request: "PUT /connectors/${n}/config", headers: asUTF8, body: sinkConfig, want: ok, read: configured(sinkConfig)},
		{request: "POST /connectors/${n}/restart", want: []int{200, 202, 204}},
		{request: "GET /connectors/${n}/status", want: ok, read: inState("RUNNING", 1), poll: true},
		{request: "POST /connectors/${n}/tasks/0/restart", want: noContent},
		{request: "PUT /connectors/${n}/pause", want: accepted},
		{request: "GET /connectors/${n}/status", want: ok, read: inState("PAUSED", 1), poll: true},
		{request: "PUT /connectors/${n}/resume", want: accepted},
		{request: "GET /connectors/${n}/status", want: ok, read: inState("RUNNING", 1), poll: true},
		{request: "PUT /connectors/${n}/stop", want: noContent},
		{request: "DELETE /connectors/${n}", want: noContent},
		{request: "GET /connectors/${n}", want: notFound, read: says("not found"), poll: true},
	},
}
