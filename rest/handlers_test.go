package rest_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"sluice/connect"
	"sluice/rest"
	"sluice/worker"
	"sluice/worker/validate"
)

// putCall is what a herder was asked to put.
type putCall struct {
	name         string
	config       worker.Properties
	initial      *worker.TargetState
	allowReplace bool
}

func recordPut(calls *[]putCall, created bool) fake {
	return fake{put: func(_ context.Context, name string, config worker.Properties, initial *worker.TargetState, allowReplace bool) (worker.ConnectorInfo, bool, error) {
		*calls = append(*calls, putCall{name, config, initial, allowReplace})
		return worker.ConnectorInfo{Name: name, Config: config, Tasks: []worker.ConnectorTask{}, Type: "sink"}, created, nil
	}}
}

// How bodies are read; the texts of what is wrong are ours, the statuses Kafka's.
func TestCreateRequests(t *testing.T) {
	for _, c := range []struct {
		name, body string
		config     string // what the herder gets, "" if it is not asked
		connector  string
		initial    worker.TargetState // "" for none
		status     int
		message    string
	}{
		{"scalars become their text, in order", `{"name":"a","config":{"z":1.50,"b":true,"i":-0,"e":1e3,"big":12345678901234567890,"n":null,"s":"x"}}`,
			`{"z":"1.50","b":"true","i":"-0","e":"1e3","big":"12345678901234567890","n":null,"s":"x","name":"a"}`, "a", "", 201, ""},
		{"a key that comes twice", `{"name":"b","name":"a","config":{"x":"1","y":"2","x":"3"}}`, `{"x":"3","y":"2","name":"a"}`, "a", "", 201, ""},
		{"a name in the config", `{"config":{"name":"a","x":"1"},"name":"a"}`, `{"name":"a","x":"1"}`, "a", "", 201, ""},
		{"a null name in the config", `{"config":{"name":null,"x":"1"},"name":"a"}`, `{"name":"a","x":"1"}`, "a", "", 201, ""},
		{"another name in the config", `{"config":{"name":"b"},"name":"a"}`, "", "", "", 400, "Connector name configuration (b) doesn't match connector name in the URL (a)"},
		{"blanks around the name", `{"name":" \u0001a b\t","config":{}}`, `{"name":"a b"}`, "a b", "", 201, ""},
		{"a number as name", `{"name":7,"config":{}}`, `{"name":"7"}`, "7", "", 201, ""},
		{"no name", `{"config":{}}`, `{"name":""}`, "", "", 201, ""},
		{"an initial state in any case", `{"name":"a","config":{},"initial_state":"Running"}`, `{"name":"a"}`, "a", "STARTED", 201, ""},
		{"a stopped one", `{"name":"a","config":{},"initial_state":"stopped"}`, `{"name":"a"}`, "a", "STOPPED", 201, ""},
		{"no initial state", `{"name":"a","config":{},"initial_state":null}`, `{"name":"a"}`, "a", "", 201, ""},
		{"a byte order mark", "\xef\xbb\xbf{\"name\":\"a\",\"config\":{}}", `{"name":"a"}`, "a", "", 201, ""},
		{"escapes and other scripts", `{"name":"a","config":{"k<":"\u00fc 日 <&>"}}`, `{"k<":"ü 日 <&>","name":"a"}`, "a", "", 201, ""},

		{"an unknown initial state", `{"name":"a","config":{},"initial_state":"bogus"}`, "", "", "", 500, "initial_state"},
		{"an unknown field", `{"name":"a","config":{},"foo":1}`, "", "", "", 500, `Unrecognized field "foo"`},
		{"a field in another case", `{"Name":"a","config":{}}`, "", "", "", 500, `Unrecognized field "Name"`},
		{"no config", `{"name":"a"}`, "", "", "", 500, "no config"},
		{"a null config", `{"name":"a","config":null}`, "", "", "", 500, "no config"},
		{"an object as value", `{"name":"a","config":{"k":{}}}`, "", "", "", 500, "Cannot deserialize value of type"},
		{"an array as value", `{"name":"a","config":{"k":[]}}`, "", "", "", 500, "Cannot deserialize value of type"},
		{"an array as config", `{"name":"a","config":[]}`, "", "", "", 500, "Cannot deserialize value"},
		{"an array", `[]`, "", "", "", 500, "not a JSON object"},
		{"null", `null`, "", "", "", 500, "not a JSON object"},
		{"blanks", "  ", "", "", "", 500, "empty"},
		{"an open brace", `{`, "", "", "", 500, "at byte 1"},
		{"something after the object", `{"name":"a","config":{}} x`, "", "", "", 500, "not JSON"},
		{"bytes that are no text", "{\"name\":\"\xff\",\"config\":{}}", "", "", "", 500, "UTF-8"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var calls []putCall
			s, _ := newServer(t, recordPut(&calls, true))
			w := call(s, "POST", "/connectors", c.body)
			if c.config == "" {
				wantError(t, w, c.status, c.message)
				if len(calls) > 0 {
					t.Errorf("the herder was asked: %+v", calls)
				}
				return
			}
			if w.Code != c.status || len(calls) != 1 {
				t.Fatalf("got %d %s after %d calls", w.Code, w.Body, len(calls))
			}
			got, err := calls[0].config.MarshalJSON()
			if err != nil || string(got) != c.config {
				t.Errorf("config\n got %s\nwant %s", got, c.config)
			}
			if calls[0].name != c.connector || calls[0].allowReplace {
				t.Errorf("got name %q, replace %v", calls[0].name, calls[0].allowReplace)
			}
			if initial := calls[0].initial; (initial == nil) != (c.initial == "") || initial != nil && *initial != c.initial {
				t.Errorf("got initial state %v, want %q", initial, c.initial)
			}
			if want := `{"name":` + quoted(c.connector) + `,"config":` + c.config + `,"tasks":[],"type":"sink"}`; w.Body.String() != want {
				t.Errorf("body\n got %s\nwant %s", w.Body, want)
			}
		})
	}
}

func quoted(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

func TestEmptyBody(t *testing.T) {
	s, _ := newServer(t, fake{})
	wantError(t, call(s, "POST", "/connectors", "", "Content-Type", "application/json"), 500, "empty")
	wantError(t, call(s, "POST", "/connectors", "", "Content-Type", "*/*"), 500, "empty")
	wantError(t, call(s, "POST", "/connectors", "{", "Content-Type", "*/json"), 500, "not JSON")
	wantError(t, call(s, "POST", "/connectors", `{}`, "Content-Type", "*/*"), 415, "HTTP 415 Unsupported Media Type")
	wantError(t, call(s, "POST", "/connectors", `{}`, "Content-Type", "application/*"), 415, "HTTP 415 Unsupported Media Type")
	r := httptest.NewRequest("POST", "/connectors", strings.NewReader(`{}`))
	r.Header.Del("Content-Type") // not there, which is not the same as empty
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	wantError(t, w, 415, "HTTP 415 Unsupported Media Type")
}

func TestBodyLimit(t *testing.T) {
	var calls []putCall
	s, _ := newServer(t, recordPut(&calls, true), func(o *rest.Options) { o.BodyLimit = 1000 })
	body := func(n int) string { return `{"name":"a","config":{"k":"` + strings.Repeat("x", n) + `"}}` }
	if w := call(s, "POST", "/connectors", body(900)); w.Code != 201 {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	wantError(t, call(s, "POST", "/connectors", body(1000)), 413, "larger than 1000 bytes")
}

// The address of what was created is one on the listener that was asked.
func TestLocationHasTheListenersScheme(t *testing.T) {
	for _, base := range []string{"http://worker:8083", "https://worker:8443"} {
		var calls []putCall
		s, _ := newServer(t, recordPut(&calls, true))
		for _, w := range []*httptest.ResponseRecorder{
			call(s, "POST", base+"/connectors", `{"name":"a","config":{}}`),
			call(s, "PUT", base+"/connectors/a/config", `{}`),
		} {
			if got := w.Header().Get("Location"); got != base+"/connectors/a" {
				t.Errorf("at %s: got %d, location %q", base, w.Code, got)
			}
		}
	}
}

// Some characters stay as they are, as in the answers of Kafka Connect 3.9.2.
func TestLocationIsEscapedAsInKafka(t *testing.T) {
	for name, want := range map[string]string{
		"a;b=c/d e?#%": "a;b=c/d%20e%3F%23%25", ";": ";", "s😀": "s%F0%9F%98%80",
	} {
		var calls []putCall
		s, _ := newServer(t, recordPut(&calls, true))
		body, err := json.Marshal(map[string]any{"name": name, "config": map[string]string{}})
		if err != nil {
			t.Fatal(err)
		}
		w := call(s, "POST", "http://h:1/connectors", string(body))
		if got := w.Header().Get("Location"); got != "http://h:1/connectors/"+want {
			t.Errorf("%q: got %d, location %q, want %q", name, w.Code, got, want)
		}
	}
}

func TestPutConfig(t *testing.T) {
	for _, created := range []bool{false, true} {
		var calls []putCall
		s, _ := newServer(t, recordPut(&calls, created))
		w := call(s, "PUT", "http://worker:8083/connectors/%20a%2Fb/config", `{"x":1}`)
		wantStatus, wantLocation := 200, ""
		if created {
			wantStatus, wantLocation = 201, "http://worker:8083/connectors/%20a/b"
		}
		if w.Code != wantStatus || w.Header().Get("Location") != wantLocation {
			t.Errorf("created %v: got %d, location %q", created, w.Code, w.Header().Get("Location"))
		}
		if len(calls) != 1 || calls[0].name != " a/b" || !calls[0].allowReplace || calls[0].initial != nil {
			t.Errorf("got calls %+v; a name in the path is not trimmed", calls)
		}
	}
}

func TestPatchKeepsNulls(t *testing.T) {
	s, _ := newServer(t, fake{patch: func(_ context.Context, name string, patch worker.Properties) (worker.ConnectorInfo, error) {
		if b, err := patch.MarshalJSON(); err != nil || name != "a" || string(b) != `{"gone":null,"new":"1"}` {
			t.Errorf("got %s %s", name, b)
		}
		return worker.ConnectorInfo{Name: name, Tasks: []worker.ConnectorTask{}}, nil
	}})
	if w := call(s, "PATCH", "/connectors/a/config", `{"gone":null,"new":1}`); w.Code != 200 {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

func TestNamesInPaths(t *testing.T) {
	for _, c := range []struct{ path, name string }{
		{"/connectors/a/status", "a"},
		{"/connectors/a/status/", "a"},
		{"/connectors/a%2Fb/status", "a/b"},
		{"/connectors/a%252Fb/status", "a%2Fb"},
		{"/connectors/a+b/status", "a+b"},
		{"/connectors/%7Bx%7D/status", "{x}"},
		{"/connectors/a;v=1/status;w=2", "a"},
		{"/connectors/a%3Bb/status", "a;b"},
		{"/connectors/na%C3%AFve/status", "naïve"},
		{"/connectors/status/status", "status"},
		{"/connectors//status", ""},
		{"/connectors/a//status", ""},
		{"/connectors/;x/status", ""},
		{"/connectors/a/status//", ""},
	} {
		asked := ""
		s, _ := newServer(t, fake{status: func(name string) (worker.ConnectorStateInfo, error) {
			asked = name
			return worker.ConnectorStateInfo{}, nil
		}})
		w := call(s, "GET", c.path, "")
		if asked != c.name || (c.name == "") != (w.Code == 404) {
			t.Errorf("%s: got name %q, status %d; want %q", c.path, asked, w.Code, c.name)
		}
	}
	s, _ := newServer(t, fake{})
	wantError(t, call(s, "GET", "/connectors/%00", ""), 400, "NUL")
}

func TestTaskNumbers(t *testing.T) {
	s, _ := newServer(t, fake{taskStatus: func(id connect.TaskID) (worker.TaskStateInfo, error) {
		return worker.TaskStateInfo{ID: id.Task, State: "RUNNING", WorkerID: "w:1"}, nil
	}})
	if w := call(s, "GET", "/connectors/a/tasks/07/status", ""); w.Body.String() != `{"id":7,"state":"RUNNING","worker_id":"w:1"}` {
		t.Errorf("got %s", w.Body)
	}
	for _, n := range []string{"x", "1.0", "2147483648", "%20"} {
		wantError(t, call(s, "GET", "/connectors/a/tasks/"+n+"/status", ""), 404, "HTTP 404 Not Found")
		wantError(t, call(s, "POST", "/connectors/a/tasks/"+n+"/restart", ""), 404, "HTTP 404 Not Found")
	}
}

// What Kafka Connect 3.9.2 answered to GET /connectors with these headers, and with the same status to GET of a connector that there is not but
// for 404 in place of 200. 400 is Jetty's, with a page of its own or none.
func TestMediaTypes(t *testing.T) {
	s, _ := newServer(t, fake{
		connectors: func() []string { return nil },
		info: func(context.Context, string) (worker.ConnectorInfo, error) {
			return worker.ConnectorInfo{}, &worker.NotFoundError{Message: "Connector nope not found"}
		},
	})
	for _, c := range []struct {
		header, value string
		status        int
		contentType   string
	}{
		{"Accept", "", 200, "application/json"},
		{"Accept", "*/*", 200, "application/json"},
		{"Accept", "*", 200, "application/json"},
		{"Accept", "application", 200, "application/json"},
		{"Accept", "*/json", 200, "application/json"},
		{"Accept", "APPLICATION/JSON", 200, "application/json"},
		{"Accept", "application/json,", 200, "application/json"},
		{"Accept", "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", 200, "application/json"},
		{"Accept", "text/plain, application/json;q=0.1", 200, "application/json"},
		{"Accept", "application/json; charset=utf-8", 200, "application/json;charset=utf-8"},
		{"Accept", `application/json;a="x,y"`, 200, `application/json;a="x,y"`},
		{"Accept", "application/json;q=0.5;ext=1", 200, "application/json;ext=1"},
		{"Accept", "application/json;q=0.1, application/json;v=2", 200, "application/json;v=2"},
		{"Accept", "*/*, application/json;v=2", 200, "application/json;v=2"},
		{"Accept", "application/json;a=1;A=2", 200, "application/json;a=2"},
		{"Accept", "application/json; charset=utf-8; charset=latin1", 200, "application/json;charset=latin1"},
		{"Accept", "application/json;q=0.5;q=0.1", 200, "application/json"},
		{"Accept", "application/json;;a=1;", 200, "application/json;a=1"},
		{"Accept", "application/json;a=1;a", 400, "application/json"},
		{"Accept", "application/json;q=0", 200, "application/json"},
		{"Accept", "text/plain, application/json;q=0", 200, "application/json"},
		{"Accept", "*/*;q=0", 200, "application/json"},
		{"Accept", "application/json;q=.2", 200, "application/json"},
		{"Accept", "application/json;q=1.", 200, "application/json"},
		{"Accept", "application/json;q=1.000", 200, "application/json"},
		{"Accept", "text/*", 406, ""},
		{"Accept", "json", 406, ""},
		{"Accept", "application/json;q=x", 400, ""},
		{"Accept", "application/json;q=", 400, ""},
		{"Accept", "application/json;q=.", 400, ""},
		{"Accept", "application/json;q=2", 400, ""},
		{"Accept", "application/json;q=-1", 400, ""},
		{"Accept", "application/json;q=1.0001", 400, ""},
		{"Accept", "application/json;q=0.1234", 400, ""},
		{"Accept", "text/plain;q=x", 400, ""},
		{"Accept", "application/json;a", 400, ""},
		{"Accept", "application / json", 400, ""},
		{"Accept", "application/", 400, ""},
		{"Accept", "/json", 400, ""},
		{"Accept", "a b", 400, ""},
		{"Accept", ", application/json", 400, ""},
		{"Accept", "application/json,,", 400, ""},
		{"Accept", ",", 400, ""},
		{"Content-Type", "application/json; charset=utf-8", 200, "application/json"},
		{"Content-Type", "APPLICATION/JSON", 200, "application/json"},
		{"Content-Type", "application/json;", 200, "application/json"},
		{"Content-Type", "*/*", 200, "application/json"},
		{"Content-Type", "application/*", 200, "application/json"},
		{"Content-Type", "*/json", 200, "application/json"},
		{"Content-Type", "text/plain", 415, ""},
		{"Content-Type", "text/*", 415, ""},
		{"Content-Type", "application/x-www-form-urlencoded", 415, ""},
		{"Content-Type", "", 400, ""},
		{"Content-Type", "*", 400, ""},
		{"Content-Type", "json", 400, ""},
		{"Content-Type", "application/", 400, ""},
		{"Content-Type", "application/json; x", 400, ""},
		{"Content-Type", "text/plain, application/json", 400, ""},
	} {
		messages := map[int]string{400: "HTTP 400 Bad Request", 406: "HTTP 406 Not Acceptable", 415: "HTTP 415 Unsupported Media Type"}
		w := call(s, "GET", "/connectors", "", c.header, c.value)
		if c.status != 200 {
			if w.Code != c.status {
				t.Errorf("%s %q: got %d, want %d", c.header, c.value, w.Code, c.status)
				continue
			}
			wantError(t, w, c.status, messages[c.status])
			wantError(t, call(s, "GET", "/connectors/nope", "", c.header, c.value), c.status, messages[c.status])
			continue
		}
		if got := w.Header().Get("Content-Type"); w.Code != 200 || got != c.contentType || w.Body.String() != "[]" {
			t.Errorf("%s %q: got %d %s %s", c.header, c.value, w.Code, got, w.Body)
		}
		w = call(s, "GET", "/connectors/nope", "", c.header, c.value)
		if got := w.Header().Get("Content-Type"); w.Code != 404 || got != c.contentType {
			t.Errorf("%s %q: got %d %s %s for what there is not", c.header, c.value, w.Code, got, w.Body)
		}
	}
	// Of all headers only Content-Type is read before the endpoint is looked for.
	wantError(t, call(s, "GET", "/nope", "", "Content-Type", "json"), 400, "HTTP 400 Bad Request")
	wantError(t, call(s, "GET", "/", "", "Content-Type", "json"), 400, "HTTP 400 Bad Request")
	wantError(t, call(s, "OPTIONS", "/connectors", "", "Content-Type", "json"), 400, "HTTP 400 Bad Request")
	wantError(t, call(s, "OPTIONS", "/connectors", "", "Accept", "garbage/"), 400, "HTTP 400 Bad Request")
	wantError(t, call(s, "GET", "/nope", "", "Accept", "garbage/"), 404, "HTTP 404 Not Found")
	wantError(t, call(s, "DELETE", "/", "", "Accept", "garbage/"), 405, "HTTP 405 Method Not Allowed")
	wantError(t, call(s, "GET", "/connectors", "", "Accept", "garbage/", "Content-Type", "text/plain"), 415, "HTTP 415 Unsupported Media Type")
}

func TestExpand(t *testing.T) {
	f := fake{
		connectors: func() []string { return []string{"a", "new", "gone"} },
		status: func(name string) (worker.ConnectorStateInfo, error) {
			if name == "new" {
				return worker.ConnectorStateInfo{}, &worker.NotFoundError{Message: "No status found for connector new"}
			}
			return worker.ConnectorStateInfo{Name: name, Connector: worker.ConnectorState{State: "RUNNING", WorkerID: "w:1"}, Tasks: []worker.TaskStateInfo{}, Type: "sink"}, nil
		},
		info: func(_ context.Context, name string) (worker.ConnectorInfo, error) {
			if name == "gone" {
				return worker.ConnectorInfo{}, &worker.NotFoundError{Message: "Connector gone not found"}
			}
			return worker.ConnectorInfo{Name: name, Config: worker.Properties{}, Tasks: []worker.ConnectorTask{}, Type: "sink"}, nil
		},
	}
	const info = `"info":{"name":"a","config":{},"tasks":[],"type":"sink"}`
	const status = `"status":{"name":"a","connector":{"state":"RUNNING","worker_id":"w:1"},"tasks":[],"type":"sink"}`
	s, _ := newServer(t, f)
	for query, want := range map[string]string{
		"":                           `["a","new","gone"]`,
		"?expand=status&expand=info": `{"a":{` + status + "," + info + `}}`,
		"?expand=info&expand=status": `{"a":{` + status + "," + info + `}}`,
		"?expand=status,info":        `{"a":{},"gone":{},"new":{}}`,
		"?expand":                    `{"a":{},"gone":{},"new":{}}`,
		"?search=x":                  `["a","new","gone"]`,
	} {
		if w := call(s, "GET", "/connectors"+query, ""); w.Code != 200 || w.Body.String() != want {
			t.Errorf("%s: got %d %s\nwant %s", query, w.Code, w.Body, want)
		}
	}
	f.status = func(string) (worker.ConnectorStateInfo, error) { return worker.ConnectorStateInfo{}, errors.New("oh") }
	s, _ = newServer(t, f)
	wantError(t, call(s, "GET", "/connectors?expand=status", ""), 500, "oh")
}

func TestRestartForms(t *testing.T) {
	for _, c := range []struct {
		query string
		want  worker.RestartRequest // the zero value for a restart of the connector alone
	}{
		{"", worker.RestartRequest{}},
		{"?includeTasks=false&onlyFailed=", worker.RestartRequest{}},
		{"?includeTasks=yes", worker.RestartRequest{}},
		{"?includeTasks=True&onlyFailed=False", worker.RestartRequest{Connector: "a", IncludeTasks: true}},
		{"?onlyFailed=TRUE", worker.RestartRequest{Connector: "a", OnlyFailed: true}},
	} {
		var got worker.RestartRequest
		alone := 0
		s, _ := newServer(t, fake{
			restart: func(context.Context, string) error { alone++; return nil },
			restartAll: func(_ context.Context, req worker.RestartRequest) (worker.ConnectorStateInfo, error) {
				got = req
				return worker.ConnectorStateInfo{Name: "a"}, nil
			},
		})
		w := call(s, "POST", "/connectors/a/restart"+c.query, "")
		if c.want == (worker.RestartRequest{}) {
			if alone != 1 || w.Code != 204 || w.Body.Len() > 0 || w.Header().Get("Content-Type") != "" {
				t.Errorf("%s: got %d %q, %d restarts", c.query, w.Code, w.Body, alone)
			}
			continue
		}
		if got != c.want || w.Code != 202 || alone != 0 {
			t.Errorf("%s: got %d, %+v; want %+v", c.query, w.Code, got, c.want)
		}
	}
}

func TestPluginsOfAllKinds(t *testing.T) {
	var asked bool
	s, _ := newServer(t, fake{plugins: func(only bool) []worker.PluginInfo { asked = only; return nil }})
	for query, want := range map[string]bool{"": true, "?connectorsOnly=": true, "?connectorsOnly=TRUE": true, "?connectorsOnly=foo": false, "?connectorsOnly=False": false} {
		if w := call(s, "GET", "/connector-plugins"+query, ""); asked != want || w.Body.String() != "[]" {
			t.Errorf("%s: connectors only %v, body %s", query, asked, w.Body)
		}
	}
	if w := call(s, "GET", "/connector-plugins/x/config", ""); w.Body.String() != "[]" {
		t.Errorf("got %s", w.Body)
	}
}

// The endpoint puts Java's exception before the text, as Kafka does there and nowhere else.
func TestValidateThatCannotBegin(t *testing.T) {
	for _, c := range []struct {
		err  error
		text string
	}{
		{&validate.NoConnectorTypeError{}, "org.apache.kafka.connect.runtime.rest.errors.BadRequestException: Connector config {} contains no connector type"},
		{&validate.UnknownClassError{Class: "a.B"}, "org.apache.kafka.connect.errors.ConnectException: Failed to find any class"},
		{&connect.ConfigError{Key: "k", Value: "v", Rule: "r"}, "org.apache.kafka.common.config.ConfigException: Invalid value v for configuration k: r"},
		{errors.New("oh"), "oh"},
	} {
		s, _ := newServer(t, fake{validate: func(context.Context, string, worker.Properties) (validate.ConfigInfos, error) {
			return validate.ConfigInfos{}, c.err
		}})
		wantError(t, call(s, "PUT", "/connector-plugins/x/config/validate", `{}`), 500, c.text)
	}
	s, _ := newServer(t, fake{})
	wantError(t, call(s, "PUT", "/connector-plugins/x/config/validate", `{"connector.class":"a.B"}`), 400, "Included connector type a.B does not match request type x")
}

func TestTopicsAreAnArray(t *testing.T) {
	s, _ := newServer(t, fake{topics: func(string) ([]string, error) { return nil, nil }})
	if w := call(s, "GET", "/connectors/a/topics", ""); w.Body.String() != `{"a":{"topics":[]}}` {
		t.Errorf("got %s", w.Body)
	}
}

func TestOptions(t *testing.T) {
	s, _ := newServer(t, fake{})
	w := call(s, "OPTIONS", "/connectors/a/config", "", "Accept", "application/json")
	if w.Code != 200 || w.Body.Len() > 0 || w.Header().Get("Allow") != "GET,HEAD,OPTIONS,PATCH,PUT" {
		t.Errorf("got %d %q %s", w.Code, w.Body, w.Header())
	}
	for _, method := range []string{"FOO", "TRACE", "DELETE"} {
		wantError(t, call(s, method, "/connectors/a/config", ""), 405, "HTTP 405 Method Not Allowed")
		wantError(t, call(s, method, "/nope", ""), 404, "HTTP 404 Not Found")
	}
}

// Whatever stands in a body or a path, the answer is a status with an error that was meant.
func FuzzRequests(f *testing.F) {
	f.Add("POST", "/connectors", `{"name":"a","config":{"k":1e400},"initial_state":[]}`, "application/json")
	f.Add("PUT", "/connectors/%2F%25;x/config/", `{"a":"\ud800"}`, "application/json;charset=x")
	f.Add("PATCH", "/connectors/a/config", strings.Repeat("[", 20000), "application/json")
	f.Add("PUT", "/connector-plugins/FileStreamSink/config/validate", `{"connector.class":"FileStreamSink","topics":1}`, "")
	f.Add("GET", "/connectors?expand=%zz&expand", "", ";")
	f.Add("HEAD", "//", "\x00", "a/b;c")
	m := newModel(f)
	s, _ := newServer(f, m)
	f.Fuzz(func(t *testing.T, method, path, body, mediaType string) {
		r, err := http.NewRequest(method, "http://w"+path, strings.NewReader(body))
		if err != nil || !strings.HasPrefix(path, "/") {
			t.Skip("no request that a server could get")
		}
		r.Header.Set("Content-Type", mediaType)
		r.Header.Set("Accept", mediaType)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if strings.Contains(w.Body.String(), "internal error") {
			t.Errorf("a handler panicked: %s", w.Body)
		}
		if w.Code >= 400 && !json.Valid(w.Body.Bytes()) {
			t.Errorf("got %d %q", w.Code, w.Body)
		}
	})
}
