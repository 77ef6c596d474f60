package clients_test

// pythonClient is kafka-connect-py. Its booleans are Python's, and it parses the body of a restart that is answered with 202.
var pythonClient = client{
	name:    "kafka-connect-py 1.0.0",
	headers: header{"Accept": "application/json", "Content-Type": "application/json"},
	steps: []step{
		{request: "GET /", want: ok, read: root},
		{request: "GET /connector-plugins", want: ok, read: plugins("sink", "source")},
		{request: "PUT /connector-plugins/FileStreamSink/config/validate", body: sinkNamed, want: ok, read: validated(0)},
		{request: "POST /connectors", body: create(sinkConfig), want: created, read: configured(sinkConfig)},
		{request: "GET /connectors/${n}/status", want: ok, read: inState("RUNNING", 1), poll: true},
		{request: "GET /connectors?expand=status", want: ok, read: expandedBy("status")},
		{request: "GET /connectors?expand=info", want: ok, read: expandedBy("info")},
		{request: "GET /connectors/${n}/config", want: ok, read: theConfig(sinkConfig)},
		{request: "PUT /connectors/${n}/config", body: twoTasks, want: okOrCreated, read: configured(twoTasks)},
		{request: "GET /connectors/${n}/status", want: ok, read: inState("RUNNING", 2), poll: true},
		{request: "POST /connectors/${n}/restart", want: noContent, read: empty},
		{request: "POST /connectors/${n}/restart?includeTasks=True&onlyFailed=False", want: accepted, read: objectIfAccepted},
		{request: "POST /connectors/${n}/restart?includeTasks=False&onlyFailed=True", want: accepted, read: objectIfAccepted},
		{request: "POST /connectors/${n}/restart?includeTasks=False&onlyFailed=False", want: noContent, read: empty},
		{request: "GET /connectors/${n}/status", want: ok, read: inState("RUNNING", 2), poll: true},
		{request: "GET /connectors/${n}/tasks", want: ok, read: tasksAre(2)},
		{request: "GET /connectors/${n}/tasks/1/status", want: ok, read: closedTask},
		{request: "POST /connectors/${n}/tasks/1/restart", want: noContent, read: empty},
		{request: "GET /connectors/${n}/topics", want: ok, read: used},
		{request: "PUT /connectors/${n}/topics/reset", want: accepted, read: empty},
		{request: "PUT /connectors/${n}/pause", want: accepted, read: empty},
		{request: "PUT /connectors/${n}/resume", want: accepted, read: empty},
		{request: "PUT /connectors/${n}/stop", want: noContent, read: empty},
		{request: "DELETE /connectors/${n}", want: noContent, read: empty},
	},
}
