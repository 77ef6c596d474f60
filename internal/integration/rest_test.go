package integration

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// worker is a running worker.
type worker struct {
	*process
	rest
}

// rest is a worker's REST API.
type rest struct{ url string }

// connectorStatus is the answer of GET /connectors/{name}/status.
type connectorStatus struct {
	Name      string `json:"name"`
	Connector struct {
		State    string `json:"state"`
		WorkerID string `json:"worker_id"`
		Trace    string `json:"trace"`
	} `json:"connector"`
	Tasks []struct {
		ID       int    `json:"id"`
		State    string `json:"state"`
		WorkerID string `json:"worker_id"`
		Trace    string `json:"trace"`
	} `json:"tasks"`
	Type string `json:"type"`
}

// call makes a request and returns status and body.
func (r rest) call(t *testing.T, method, path, body string) (int, string) {
	t.Helper()
	status, answer, err := r.try(method, path, body)
	if err != nil {
		t.Fatal(err)
	}
	return status, answer
}

func (r rest) try(method, path, body string) (int, string, error) {
	request, err := http.NewRequest(method, r.url+path, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	client := http.Client{Timeout: 100 * time.Second} // a worker answers within 90 s, if only that it could not
	response, err := client.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	return response.StatusCode, string(answer), err
}

// create POSTs a connector. A 409 announces a rebalance and is tried again, as clients do.
func (r rest) create(t *testing.T, connector string) {
	t.Helper()
	eventually(t, 30*time.Second, "create a connector", func() error {
		status, answer := r.call(t, http.MethodPost, "/connectors", connector)
		if status == http.StatusConflict && strings.Contains(answer, "rebalance") {
			return errors.New(answer)
		}
		if status != http.StatusCreated {
			t.Fatalf("POST /connectors: %d %s; want 201; the connector: %s", status, answer, connector)
		}
		return nil
	})
}

func (r rest) status(name string) (s connectorStatus, err error) {
	code, answer, err := r.try(http.MethodGet, "/connectors/"+name+"/status", "")
	if err != nil {
		return s, err
	}
	if code != http.StatusOK {
		return s, fmt.Errorf("GET status of %s: %d %s", name, code, answer)
	}
	return s, json.Unmarshal([]byte(answer), &s)
}

// awaitRunning waits until the connector and that many tasks of it run.
func (r rest) awaitRunning(t *testing.T, name string, tasks int) {
	t.Helper()
	eventually(t, time.Minute, name+" runs", func() error {
		s, err := r.status(name)
		if err != nil {
			return err
		}
		running := 0
		for _, task := range s.Tasks {
			if task.State == "RUNNING" {
				running++
			}
		}
		if s.Connector.State != "RUNNING" || running != tasks || len(s.Tasks) != tasks {
			return fmt.Errorf("status %+v, want %d running tasks", s, tasks)
		}
		return nil
	})
}

// awaitFailure waits until task 0 has FAILED and returns its trace.
func (r rest) awaitFailure(t *testing.T, name string, within time.Duration) (trace string) {
	t.Helper()
	eventually(t, within, "task 0 of "+name+" fails", func() error {
		s, err := r.status(name)
		if err != nil {
			return err
		}
		if len(s.Tasks) == 0 || s.Tasks[0].State != "FAILED" {
			return fmt.Errorf("status %+v, want task 0 FAILED", s)
		}
		trace = s.Tasks[0].Trace
		return nil
	})
	return trace
}

// sinkJSON is configs/sink.json under another name, with some settings set otherwise; "" takes one out.
func sinkJSON(t *testing.T, name string, set map[string]string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, "configs", "sink.json"))
	if err != nil {
		t.Fatal(err)
	}
	var connector struct {
		Name   string         `json:"name"`
		Config map[string]any `json:"config"`
	}
	if err := json.Unmarshal(b, &connector); err != nil {
		t.Fatal(err)
	}
	connector.Name = name
	for key, value := range set {
		connector.Config[key] = value
		if value == "" {
			delete(connector.Config, key)
		}
	}
	return mustJSON(t, connector)
}

// sinkFor is a connector like that of configs/ between a topic and a table, with one task.
func sinkFor(t *testing.T, name, topic, table string, set map[string]string) string {
	t.Helper()
	all := map[string]string{"topics": topic, "camel.kamelet.aws-ddb-sink.table": table, "tasks.max": "1"}
	maps.Copy(all, set)
	return sinkJSON(t, name, all)
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// mustCreateTable makes a table like that of configs/ under another name, by the operator's command.
func mustCreateTable(t *testing.T, endpoint, name string) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, "configs", "ddb.json"))
	if err != nil {
		t.Fatal(err)
	}
	var definition map[string]any
	if err := json.Unmarshal(b, &definition); err != nil {
		t.Fatal(err)
	}
	definition["TableName"] = name
	file := filepath.Join(t.TempDir(), "ddb.json")
	if err := os.WriteFile(file, []byte(mustJSON(t, definition)), 0o644); err != nil {
		t.Fatal(err)
	}
	runSluice(t, 0, awsEnvironment(endpoint), "table", "create", file)
}
