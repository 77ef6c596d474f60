package clients_test

// exporter is wakeful's kafka_connect_exporter. It has no Accept header and asks for each connector's status in each scrape.
var exporter = client{
	name: "kafka_connect_exporter 0.2.0",
	steps: []step{
		{request: "POST /connectors", headers: asJSON, body: create(twoTasks), want: created}, // not its own: there must be something to see
		{request: "GET /connectors", want: ok, read: lists(true)},
		{request: "GET /connectors/${n}/status", want: ok, read: inState("RUNNING", 2), poll: true},
		{request: "GET /connectors/${n}/status", want: ok, read: both(inState("RUNNING", 2), ricardoStatus("RUNNING"))},
		{request: "DELETE /connectors/${n}", want: noContent},
		{request: "GET /connectors", want: ok, read: lists(false), poll: true},
		{request: "GET /connectors/${n}/status", want: notFound, poll: true},
	},
}
