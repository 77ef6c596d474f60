package rest_test

import (
	"context"
	"errors"
	"testing"

	"sluice/rest"
	"sluice/worker"
)

// loggersFake answers requests about loggers with what it was asked.
type loggersFake struct {
	rest.Herder
	cluster error
}

func (loggersFake) LoggerLevel(name string) (worker.LoggerLevel, error) {
	return worker.LoggerLevel{}, &worker.NotFoundError{Message: "Logger " + name + " not found."}
}

func (loggersFake) SetLoggerLevel(namespace, level string) ([]string, error) {
	return []string{namespace, level}, nil
}

func (f loggersFake) SetClusterLoggerLevel(context.Context, string, string) error { return f.cluster }

func TestLoggerRequests(t *testing.T) {
	failed := &worker.ConnectError{Message: "Error writing logger level to Kafka", Err: errors.New("no leader")}
	for _, c := range []struct {
		name, target, body string
		cluster            error
		status             int
		want               string
	}{
		{"escaped characters", "/admin/loggers/a%2Fb%20c", `{"level":"INFO"}`, nil, 200, `["a/b c","INFO"]`},
		{"a level that is no text", "/admin/loggers/a", `{"level":5}`, nil, 200, `["a","5"]`},
		{"the level as it was sent", "/admin/loggers/a", `{"level":"dEbug","level":"wArn"}`, nil, 200, `["a","wArn"]`},
		{"no scope", "/admin/loggers/a?scope=", `{"level":"INFO"}`, failed, 200, `["a","INFO"]`},
		{"the cluster in other letters", "/admin/loggers/a?scope=Cluster", `{"level":"INFO"}`, nil, 204, ""},
		{"Kafka is away", "/admin/loggers/a?scope=cluster", `{"level":"INFO"}`, failed, 500, `{"error_code":500,"message":"Error writing logger level to Kafka"}`},
		{"no level for the cluster", "/admin/loggers/a?scope=cluster", `{}`, failed, 400, `{"error_code":400,"message":"Desired 'level' parameter was not specified in request."}`},
	} {
		s, _ := newServer(t, loggersFake{cluster: c.cluster})
		if w := call(s, "PUT", c.target, c.body); w.Code != c.status || w.Body.String() != c.want {
			t.Errorf("%s: got %d %s, want %d %s", c.name, w.Code, w.Body, c.status, c.want)
		}
	}
	s, _ := newServer(t, loggersFake{})
	wantError(t, call(s, "GET", "/admin/loggers/a%20b/", ""), 404, "Logger a b not found.")
	wantError(t, call(s, "PUT", "/admin/loggers/a", `{"level":"INFO"}`, "Content-Type", "text/plain"), 415, "HTTP 415 Unsupported Media Type")
	wantError(t, call(s, "GET", "/admin/loggers", "", "Accept", "text/html"), 406, "HTTP 406 Not Acceptable")
	wantError(t, call(s, "GET", "/admin/loggers/a/b", ""), 404, "HTTP 404 Not Found")
}

// Whatever is sent to the endpoints among workers is refused, without a panic.
func FuzzTaskConfigs(f *testing.F) {
	for _, body := range []string{"", "[]", `[{"a":"1","b":null}]`, "[1]", "null", `[{"a":{}}]`, "[{}", "\xff"} {
		f.Add(body, "HmacSHA256", "AAAA")
	}
	f.Add("[]", "HmacMD5", "!")
	f.Add("[]", "", "Q===")
	f.Fuzz(func(t *testing.T, body, algorithm, signature string) {
		s, _ := newServer(t, newModel(t))
		w := call(s, "POST", "/connectors/a/tasks", body, "X-Connect-Request-Signature-Algorithm", algorithm, "X-Connect-Authorization", signature)
		if w.Code != 400 && w.Code != 500 && w.Code != 503 {
			t.Errorf("got %d %s", w.Code, w.Body)
		}
	})
}
