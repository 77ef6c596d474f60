package clients_test

import "fmt"

// connectUI is Landoop's page, which Lenses took over. It runs in a browser, so it says where it comes from; it validates a bare class, then
// with a guess of the topics, and fills its form from what is missing.
var connectUI = client{
	name:    "Landoop and Lenses kafka-connect-ui 0.9.7",
	headers: header{"Accept": "application/json, text/plain, */*", "Origin": "http://ui.example.com", "Referer": "http://ui.example.com/"},
	steps: []step{
		{request: "GET /", want: ok, read: root},
		{request: "GET /connector-plugins/", want: ok, read: plugins("sink", "source")},
		{request: "PUT /connector-plugins/FileStreamSinkConnector/config/validate", headers: asBrowser, body: `{"connector.class":"` + fileSinkClass + `"}`, want: ok, read: both(validated(3), form)},
		{request: "PUT /connector-plugins/FileStreamSinkConnector/config/validate", headers: asBrowser, body: `{"connector.class":"` + fileSinkClass + `","topics":"TOPIC"}`, want: ok, read: both(validated(1), form)},
		{request: "POST /connectors", headers: asBrowser, body: create(sinkConfig), want: created, read: configured(sinkConfig)}, // no name in the config
		{request: "GET /connectors", want: ok, read: lists(true)},
		{request: "GET /connectors/${n}", want: ok, read: configured(sinkConfig)},
		{request: "GET /connectors/${n}/status", want: ok, read: inState("RUNNING", 1), poll: true},
		{request: "GET /connectors/${n}/tasks", want: ok, read: tasksAre(1)},
		{request: "GET /connectors/${n}/config", want: ok, read: theConfig(sinkConfig)},
		{request: "PUT /connectors/${n}/config", headers: asBrowser, body: twoTasks, want: ok, read: configured(twoTasks)},
		{request: "GET /connectors/${n}/status", want: ok, read: inState("RUNNING", 2), poll: true},
		{request: "PUT /connectors/${n}/pause", headers: asBrowser, want: accepted},
		{request: "GET /connectors/${n}/status", want: ok, read: inState("PAUSED", 2), poll: true},
		{request: "PUT /connectors/${n}/resume", headers: asBrowser, want: accepted},
		{request: "GET /connectors/${n}/status", want: ok, read: inState("RUNNING", 2), poll: true}, // a restart before that may fail in Kafka
		{request: "POST /connectors/${n}/restart", headers: asBrowser, want: noContent},
		{request: "POST /connectors/${n}/tasks/0/restart", headers: asBrowser, want: noContent},
		{request: "DELETE /connectors/${n}", want: noContent},
	},
}

// asBrowser is what AngularJS gives to whatever it sends.
var asBrowser = header{"Content-Type": "application/json;charset=UTF-8"}

// form reads what the page fills its editor with.
func form(a answer) error {
	return as(func(_ answer, v struct {
		ErrorCount int `json:"error_count"`
		Configs    []struct {
			Definition struct {
				Name     string  `json:"name"`
				Required *bool   `json:"required"`
				Default  *string `json:"default_value"`
			} `json:"definition"`
			Value struct {
				Name   string   `json:"name"`
				Errors []string `json:"errors"`
			} `json:"value"`
		} `json:"configs"`
	}) error {
		required := 0
		for _, c := range v.Configs {
			if c.Value.Errors == nil || c.Value.Name != c.Definition.Name || c.Definition.Required == nil {
				return fmt.Errorf("setting %+v", c)
			}
			if *c.Definition.Required {
				required++
			}
		}
		if required < 2 {
			return fmt.Errorf("%d settings are required, want name and connector.class at least", required)
		}
		return nil
	})(a)
}
