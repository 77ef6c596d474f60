package rest_test

import (
	"bufio"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"sluice/connect"
	"sluice/connect/converter"
	"sluice/rest"
	"sluice/sinks/file"
	"sluice/worker"
)

// recordedRequest is a request sent to a worker of Kafka Connect 3.9.2 by hand, and its answer. See testdata/README.md.
type recordedRequest struct{ Setting, To, Step, Request, Response string }

func internalRequests(t *testing.T) []recordedRequest {
	f, err := os.Open("testdata/forwarding/by-hand.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []recordedRequest
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var r recordedRequest
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	if err := lines.Err(); err != nil || len(all) != 16 {
		t.Fatalf("read %d requests, %v", len(all), err)
	}
	return all
}

const sinkConfig = `{"properties":{"connector.class":"org.apache.kafka.connect.file.FileStreamSinkConnector","tasks.max":"2","topics":"t","file":"/dev/null","name":"%s"}}`

// memoryWorker runs a worker without Kafka on connectors c1 and c2, which do nothing, and returns its API.
func memoryWorker(t *testing.T, protocol, state string, records ...string) http.Handler {
	t.Helper()
	storage := &worker.MemoryStorage{}
	for _, name := range []string{"c1", "c2"} {
		storage.Configs.Append("target-state-"+name, fmt.Appendf(nil, `{"state":"PAUSED","state.v2":%q}`, state))
		storage.Configs.Append("connector-"+name, fmt.Appendf(nil, sinkConfig, name))
	}
	for i := 0; i < len(records); i += 2 {
		storage.Configs.Append(records[i], []byte(records[i+1]))
	}
	config, _, err := worker.LoadConfig(map[string]string{
		"bootstrap.servers": "127.0.0.1:1", "group.id": "g", "connect.protocol": protocol,
		"config.storage.topic": "c", "offset.storage.topic": "o", "status.storage.topic": "s",
		"key.converter":   "org.apache.kafka.connect.storage.StringConverter",
		"value.converter": "org.apache.kafka.connect.storage.StringConverter",
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	plugins, err := connect.NewPlugins(append(converter.Plugins(), file.Plugin(nil))...)
	if err != nil {
		t.Fatal(err)
	}
	w, err := worker.New(worker.Options{Config: config, Plugins: plugins, WorkerID: modelWorkerID, Storage: storage})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	select {
	case <-w.Ready():
	case err := <-ended:
		ended <- err
		t.Fatalf("the worker ended: %v", err)
	}
	server, err := rest.New(rest.Options{Herder: w.Herder(), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return server
}

func sessionKey(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile("testdata/forwarding/session-keys.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// Requests among workers are answered as a leader of Java answers them.
func TestRequestsAmongWorkers(t *testing.T) {
	apis := map[string]http.Handler{
		"sessioned":  memoryWorker(t, "sessioned", "STOPPED", "session-key", sessionKey(t)),
		"compatible": memoryWorker(t, "compatible", "PAUSED"),
	}
	played := 0
	for _, r := range internalRequests(t) {
		kind, _, _ := strings.Cut(r.Setting, ",")
		req, err := http.ReadRequest(bufio.NewReader(strings.NewReader(r.Request)))
		if err != nil {
			t.Fatal(err)
		}
		want, err := http.ReadResponse(bufio.NewReader(strings.NewReader(r.Response)), req)
		if err != nil {
			t.Fatal(err)
		}
		wantBody, err := io.ReadAll(want.Body)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(req.URL.Path, "/connectors/s1/") && want.StatusCode == http.StatusNoContent {
			continue // a source connector, which this worker does not run
		}
		w := httptest.NewRecorder()
		apis[kind].ServeHTTP(w, req)
		if w.Code != want.StatusCode || w.Body.String() != string(wantBody) || w.Header().Get("Content-Type") != want.Header.Get("Content-Type") {
			t.Errorf("%s: %s\ngot  %d %s %s\nwant %d %s %s", r.Setting, r.Request, w.Code, w.Header().Get("Content-Type"), w.Body, want.StatusCode, want.Header.Get("Content-Type"), wantBody)
		}
		played++
	}
	if played < 15 {
		t.Errorf("%d requests were played", played)
	}
}

func TestSignedTaskConfigsAreWritten(t *testing.T) {
	const body = `[{"connector.class":"org.apache.kafka.connect.file.FileStreamSinkConnector","file":"out-c2.txt","task.class":"org.apache.kafka.connect.file.FileStreamSinkTask","tasks.max":"2","topics":"t-c2","name":"c2"},` +
		`{"connector.class":"org.apache.kafka.connect.file.FileStreamSinkConnector","file":"out-c2.txt","task.class":"org.apache.kafka.connect.file.FileStreamSinkTask","tasks.max":"2","topics":"t-c2","name":"c2"}]`
	api := memoryWorker(t, "sessioned", "PAUSED", "session-key", sessionKey(t))
	signed := []string{"X-Connect-Authorization", "EYT39UxJdliCEBFFoHClaMrlN0QNU9PRKGU+O/cknGA=", "X-Connect-Request-Signature-Algorithm", "HmacSHA256"}
	if w := call(api, "POST", "/connectors/c2/tasks", body+" ", signed...); w.Code != http.StatusForbidden {
		t.Errorf("with a blank more: got %d %s", w.Code, w.Body)
	}
	if w := call(api, "POST", "/connectors/c2/tasks", body, append(signed, "Content-Type", "text/plain")...); w.Code != http.StatusNoContent || w.Body.Len() > 0 {
		t.Fatalf("got %d %s", w.Code, w.Body)
	}
	w := call(api, "GET", "/connectors/c2/tasks", "")
	if got := w.Body.String(); strings.Count(got, `"file":"out-c2.txt"`) != 2 || !strings.Contains(got, `{"connector":"c2","task":1}`) {
		t.Errorf("tasks: got %s", got)
	}
}

// sign returns the headers of a signature.
func sign(t *testing.T, body string) []string {
	t.Helper()
	var key struct{ Key []byte }
	if err := json.Unmarshal([]byte(sessionKey(t)), &key); err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha256.New, key.Key)
	mac.Write([]byte(body))
	return []string{"X-Connect-Authorization", base64.StdEncoding.EncodeToString(mac.Sum(nil)), "X-Connect-Request-Signature-Algorithm", "HmacSHA256"}
}

func TestSignedNullsAreRefused(t *testing.T) {
	api := memoryWorker(t, "sessioned", "PAUSED", "session-key", sessionKey(t))
	for _, body := range []string{"null", "[null]", `[{"name":"c1"},null]`} {
		wantError(t, call(api, "POST", "/connectors/c1/tasks", body, sign(t, body)...), 500, "null")
		wantError(t, call(api, "POST", "/connectors/nope/tasks", body, sign(t, body)...), 404, "Connector nope not found")
	}
	if w := call(api, "POST", "/connectors/c1/tasks", "[]", sign(t, "[]")...); w.Code != http.StatusNoContent {
		t.Errorf("no tasks: got %d %s", w.Code, w.Body)
	}
}

// As a worker of Kafka Connect 3.9.2 answers them.
func TestInternalRequestsThatAreNoJSON(t *testing.T) {
	api := memoryWorker(t, "sessioned", "STOPPED")
	for _, body := range []string{"", " ", "{", "{}", `"a"`, `[1]`, `[{"a":"1",}]`, `[{"a":{}}]`, `[[]]`} {
		wantError(t, call(api, "POST", "/connectors/c1/tasks", body), 500, "")
	}
	for _, body := range []string{"[]", `[{"a":1,"b":null,"c":true}]`, "null", "[null]", "[] trailing"} {
		wantError(t, call(api, "POST", "/connectors/c1/tasks", body), 400, "Internal request missing required signature")
	}
	signed := []string{"X-Connect-Authorization", "AAAA", "X-Connect-Request-Signature-Algorithm", "HmacSHA256"}
	wantError(t, call(api, "PUT", "/connectors/c1/fence", "", signed...), 503, "has not been able to read a session key")
}
