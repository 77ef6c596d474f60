package rest_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"sluice/rest"
)

// aPage stands for the metrics.
var aPage = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4")
	_, _ = io.WriteString(w, "up 1\n")
})

// The metrics are beside the API, for those whom it lets in, and are no part of it: no media type is negotiated.
func TestMetrics(t *testing.T) {
	users := mustWrite(t, "users.properties", "kim=s3cret\n")
	login := mustWrite(t, "jaas.conf", `KafkaConnect { org.apache.kafka.connect.rest.basic.auth.extension.PropertyFileLoginModule required file="`+users+`"; };`)
	auth, _, err := rest.LoadBasicAuth(login, noProperty)
	if err != nil {
		t.Fatal(err)
	}
	const json404 = `{"error_code":404,"message":"HTTP 404 Not Found"}`
	for _, c := range []struct {
		name      string
		options   rest.Options
		method    string
		path      string
		header    []string
		status    int
		body      string
		mediaType string
	}{
		{"there are none", rest.Options{}, "GET", "/metrics", nil, 404, json404, "application/json"},
		{"there are some", rest.Options{Metrics: aPage}, "GET", "/metrics", nil, 200, "up 1\n", "text/plain; version=0.0.4"},
		{"a slash at the end", rest.Options{Metrics: aPage}, "GET", "/metrics/", nil, 200, "up 1\n", "text/plain; version=0.0.4"},
		{"a scraper that takes plain text", rest.Options{Metrics: aPage}, "GET", "/metrics", []string{"Accept", "text/plain"}, 200, "up 1\n", "text/plain; version=0.0.4"},
		{"a scraper that takes something else", rest.Options{Metrics: aPage}, "GET", "/metrics", []string{"Accept", "application/vnd.google.protobuf"}, 200, "up 1\n", "text/plain; version=0.0.4"},
		{"HEAD", rest.Options{Metrics: aPage}, "HEAD", "/metrics", nil, 200, "", "text/plain; version=0.0.4"},
		{"POST", rest.Options{Metrics: aPage}, "POST", "/metrics", nil, 405, "", ""},
		{"something below", rest.Options{Metrics: aPage}, "GET", "/metrics/x", nil, 404, json404, "application/json"},
		{"switched off", rest.Options{Metrics: aPage, MetricsListeners: []string{}}, "GET", "/metrics", nil, 404, json404, "application/json"},
		{"moved", rest.Options{Metrics: aPage, MetricsListeners: []string{"http://127.0.0.1:0"}}, "GET", "/metrics", nil, 404, json404, "application/json"},
		{"without a password", rest.Options{Metrics: aPage, BasicAuth: auth}, "GET", "/metrics", nil, 401, "User cannot access the resource.", ""},
		{"with a wrong one", rest.Options{Metrics: aPage, BasicAuth: auth}, "GET", "/metrics", []string{"Authorization", "Basic a2ltOndyb25n"}, 401, "User cannot access the resource.", ""},
		{"with the right one", rest.Options{Metrics: aPage, BasicAuth: auth}, "GET", "/metrics", []string{"Authorization", "Basic a2ltOnMzY3JldA=="}, 200, "up 1\n", "text/plain; version=0.0.4"},
	} {
		c.options.Herder, c.options.Logger = newModel(t), slog.New(slog.DiscardHandler)
		server, err := rest.New(c.options)
		if err != nil {
			t.Fatal(err)
		}
		req := httptest.NewRequest(c.method, c.path, nil)
		for i := 0; i < len(c.header); i += 2 {
			req.Header.Set(c.header[i], c.header[i+1])
		}
		got := httptest.NewRecorder()
		server.ServeHTTP(got, req)
		if got.Code != c.status || c.body != "" && got.Body.String() != c.body || c.mediaType != "" && got.Header().Get("Content-Type") != c.mediaType {
			t.Errorf("%s: got %d %q %q, want %d %q %q", c.name, got.Code, got.Header().Get("Content-Type"), got.Body, c.status, c.mediaType, c.body)
		}
	}
}

// Given metrics on a listener of their own, then it serves them without a password, and nothing else.
func TestMetricsOnAListenerOfTheirOwn(t *testing.T) {
	listeners, err := rest.Listen(t.Context(), rest.ListenerOptions{Listeners: []string{"http://127.0.0.1:0"}, MetricsListeners: []string{"http://127.0.0.1:0"}})
	if err != nil {
		t.Fatal(err)
	}
	server, err := rest.New(rest.Options{
		Herder: newModel(t), Logger: slog.New(slog.DiscardHandler), Metrics: aPage, MetricsListeners: []string{"http://127.0.0.1:0"}, BasicAuth: &rest.BasicAuth{},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	over := make(chan error, 1)
	go func() { over <- server.Run(ctx, listeners) }()
	get := func(addr, path string) string {
		resp, err := http.Get("http://" + addr + path)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.Status[:3] + " " + string(body)
	}
	own, api := listeners.MetricsAddrs()[0].String(), listeners.Addr().String()
	for _, c := range []struct{ addr, path, want string }{
		{own, "/metrics", "200 up 1\n"},
		{own, "/", "404 "}, {own, "/connectors", "404 "},
		{api, "/metrics", "404 "}, {api, "/connectors", "401 "},
	} {
		if got := get(c.addr, c.path); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.path, got, c.want)
		}
	}
	http.DefaultClient.CloseIdleConnections()
	stop()
	if err := <-over; err != nil {
		t.Error(err)
	}
}
