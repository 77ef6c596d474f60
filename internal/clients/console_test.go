package clients_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	console "github.com/cloudhut/connect-client"
	"github.com/twmb/franz-go/pkg/kgo"
)

// The client inside Redpanda Console, over every call that it has. Whatever it decodes is looked at: what is missing in an answer would be a
// zero here.
func TestConsole(t *testing.T) {
	broker := startBroker(t)
	url := startWorker(t, broker)
	c := console.NewClient(console.WithHost(strings.TrimSuffix(url, "/")), console.WithTimeout(95*time.Second), console.WithUserAgent("Redpanda Console"))
	t.Cleanup(c.GetClient().CloseIdleConnections)
	ctx := t.Context()
	name, workerID := uniqueName("console"), strings.TrimSuffix(strings.TrimPrefix(url, "http://"), "/")

	t.Run("root", func(t *testing.T) {
		root, err := c.GetRoot(ctx)
		must(t, err)
		if root.Version != "3.9.2-sluice.test" || root.Commit != "test" || root.KafkaClusterID == "" {
			t.Errorf("root: %+v", root)
		}
	})
	t.Run("plugins", func(t *testing.T) {
		list, err := c.GetConnectorPlugins(ctx)
		must(t, err)
		for _, p := range list {
			if p.Class == "" || p.Type != "sink" && p.Type != "source" || p.Version == "" {
				t.Errorf("plugin %+v", p)
			}
		}
		if !slices.ContainsFunc(list, func(p console.ConnectorPluginInfo) bool { return p.Class == fileSinkClass }) {
			t.Errorf("no %s in %+v", fileSinkClass, list)
		}
	})
	t.Run("nothing there", func(t *testing.T) {
		names, err := c.ListConnectors(ctx)
		must(t, err)
		if names == nil || len(names) != 0 {
			t.Errorf("names %#v, want an empty list", names)
		}
		all, err := c.ListConnectorsExpanded(ctx)
		must(t, err)
		if len(all) != 0 {
			t.Errorf("connectors %v", all)
		}
		_, err = c.GetConnector(ctx, name)
		refused(t, err, 404, "Connector "+name+" not found")
		_, err = c.GetConnectorConfig(ctx, name)
		refused(t, err, 404, "Connector "+name+" not found")
		_, err = c.GetConnectorStatus(ctx, name)
		refused(t, err, 404, "No status found for connector "+name)
		refused(t, c.DeleteConnector(ctx, name), 404, "Connector "+name+" not found")
		refused(t, c.PauseConnector(ctx, name), 404, "Unknown connector "+name)
		refused(t, c.ResumeConnector(ctx, name), 404, "Unknown connector "+name)
		refused(t, c.StopConnector(ctx, name), 404, "Unknown connector "+name)
		refused(t, c.RestartConnector(ctx, name, console.RestartConnectorOptions{}), 404, "Unknown connector: "+name)
		refused(t, c.RestartConnectorTask(ctx, name, 0), 404, "Unknown connector: "+name)
		topics, err := c.GetConnectorTopics(ctx, name)
		must(t, err)
		if one, there := topics[name]; len(topics) != 1 || !there || one.Topics == nil || len(one.Topics) != 0 {
			t.Errorf("topics %#v, want the name with an empty list", topics)
		}
	})
	t.Run("validate", func(t *testing.T) { consoleValidates(ctx, t, c) })

	config := map[string]any{"connector.class": fileSinkClass, "tasks.max": 2, "topics": "conformance", "file": "/dev/null", "errors.log.enable": true}
	want := map[string]string{
		"connector.class": fileSinkClass, "tasks.max": "2", "topics": "conformance", "file": "/dev/null", "errors.log.enable": "true", "name": name,
	}
	t.Run("create", func(t *testing.T) {
		info, err := c.CreateConnector(ctx, console.CreateConnectorRequest{Name: name, Config: config})
		must(t, err)
		consoleInfo(t, info, name, want, 0)
		_, err = c.CreateConnector(ctx, console.CreateConnectorRequest{Name: name, Config: config})
		refused(t, err, 409, "Connector "+name+" already exists")
		_, err = c.CreateConnector(ctx, console.CreateConnectorRequest{Name: name, Config: map[string]any{"connector.class": fileSinkClass}})
		refused(t, err, 400, "Must configure one of topics or topics.regex")
		names, err := c.ListConnectors(ctx)
		must(t, err)
		if !slices.Equal(names, []string{name}) {
			t.Errorf("names %q", names)
		}
	})
	running := func(t *testing.T, tasks int) { consoleAwaits(ctx, t, c, name, workerID, "RUNNING", tasks) }
	t.Run("read", func(t *testing.T) {
		running(t, 2)
		info, err := c.GetConnector(ctx, name)
		must(t, err)
		consoleInfo(t, info, name, want, 2)
		got, err := c.GetConnectorConfig(ctx, name)
		must(t, err)
		if !maps.Equal(got, want) {
			t.Errorf("config %v, want %v", got, want)
		}
		all, err := c.ListConnectorsExpanded(ctx)
		must(t, err)
		if len(all) != 1 {
			t.Errorf("connectors %v", all)
		}
		consoleInfo(t, all[name].Info, name, want, 2)
		consoleStatus(t, all[name].Status, name, workerID, "RUNNING", 2)
	})
	t.Run("topics", func(t *testing.T) {
		produce(t, broker.Addr(), "conformance")
		eventually(t, "the connector has used its topic", func() error {
			topics, err := c.GetConnectorTopics(ctx, name)
			if err != nil || len(topics) != 1 || !slices.Equal(topics[name].Topics, []string{"conformance"}) {
				return fmt.Errorf("topics %v, error %v", topics, err)
			}
			return nil
		})
		must(t, c.ResetConnectorTopics(ctx, name))
	})
	t.Run("update", func(t *testing.T) {
		config["tasks.max"], want["tasks.max"] = "1", "1"
		info, err := c.PutConnectorConfig(ctx, name, console.PutConnectorConfigOptions{Config: config})
		must(t, err)
		consoleInfo(t, info, name, want, 2) // the tasks are those from before
		running(t, 1)
		_, err = c.PutConnectorConfig(ctx, name, console.PutConnectorConfigOptions{Config: map[string]any{"name": "other", "connector.class": fileSinkClass}})
		refused(t, err, 400, "Connector name configuration (other) doesn't match connector name in the URL ("+name+")")
	})
	t.Run("restart", func(t *testing.T) {
		for _, o := range []console.RestartConnectorOptions{{}, {IncludeTasks: true}, {OnlyFailed: true}, {IncludeTasks: true, OnlyFailed: true}} {
			settled(t, func() error { return c.RestartConnector(ctx, name, o) })
			running(t, 1)
		}
		settled(t, func() error { return c.RestartConnectorTask(ctx, name, 0) })
		refused(t, c.RestartConnectorTask(ctx, name, 3), 404, "Unknown task: "+name+"-3")
		running(t, 1)
	})
	t.Run("pause, resume, stop", func(t *testing.T) {
		must(t, c.PauseConnector(ctx, name))
		consoleAwaits(ctx, t, c, name, workerID, "PAUSED", 1)
		must(t, c.ResumeConnector(ctx, name))
		running(t, 1)
		must(t, c.StopConnector(ctx, name))
		consoleAwaits(ctx, t, c, name, workerID, "STOPPED", 0)
		must(t, c.ResumeConnector(ctx, name))
		running(t, 1)
	})
	t.Run("fail", func(t *testing.T) {
		config["file"] = "/dev/null/impossible"
		_, err := c.PutConnectorConfig(ctx, name, console.PutConnectorConfigOptions{Config: config})
		must(t, err)
		eventually(t, "the task fails", func() error {
			s, err := c.GetConnectorStatus(ctx, name)
			if err != nil || len(s.Tasks) != 1 || s.Tasks[0].State != "FAILED" || s.Tasks[0].Trace == "" || s.Tasks[0].WorkerID != workerID {
				return fmt.Errorf("status %+v, error %v", s, err)
			}
			return nil
		})
	})
	t.Run("delete", func(t *testing.T) {
		must(t, c.DeleteConnector(ctx, name))
		eventually(t, "the status is gone", func() error {
			_, err := c.GetConnectorStatus(ctx, name)
			return isRefused(err, 404, "No status found for connector "+name)
		})
		_, err := c.GetConnector(ctx, name)
		refused(t, err, 404, "Connector "+name+" not found")
	})
}

// consoleValidates looks at the whole of a validation, as the wizard of the console does.
func consoleValidates(ctx context.Context, t *testing.T, c *console.Client) {
	validate := func(config map[string]any, errors int) console.ConnectorValidationResult {
		t.Helper()
		v, err := c.PutValidateConnectorConfig(ctx, fileSinkClass, console.ValidateConnectorConfigOptions{Config: config})
		must(t, err)
		if v.Name != fileSinkClass || v.ErrorCount != errors || len(v.Groups) == 0 || len(v.Configs) == 0 {
			t.Errorf("name %q, %d errors (want %d), groups %q, %d configs", v.Name, v.ErrorCount, errors, v.Groups, len(v.Configs))
		}
		for _, one := range v.Configs {
			// The console decodes both maps once more; here it is done strictly.
			var d keyDefinition
			again(t, one.Definition, &d)
			if err := d.check(); err != nil {
				t.Error(err)
			}
			var value struct {
				Name        string   `json:"name"`
				Value       *string  `json:"value"`
				Recommended []string `json:"recommended_values"`
				Errors      []string `json:"errors"`
				Visible     *bool    `json:"visible"`
			}
			again(t, one.Value, &value)
			if value.Name != d.Name || value.Recommended == nil || value.Errors == nil || value.Visible == nil {
				t.Errorf("the value of %q: %v", d.Name, one.Value)
			}
		}
		return v
	}
	validate(map[string]any{"connector.class": fileSinkClass, "name": "x", "topics": "a", "file": "/dev/null"}, 0)
	validate(map[string]any{"connector.class": fileSinkClass, "name": "x", "tasks.max": 0}, 3)
	_, err := c.PutValidateConnectorConfig(ctx, "no.such.Class", console.ValidateConnectorConfigOptions{Config: map[string]any{"connector.class": fileSinkClass}})
	refused(t, err, 400, "Included connector type "+fileSinkClass+" does not match request type no.such.Class")
}

func again(t *testing.T, from any, to any) {
	t.Helper()
	b, err := json.Marshal(from)
	must(t, err)
	must(t, json.Unmarshal(b, to))
}

func consoleInfo(t *testing.T, got console.ConnectorInfo, name string, config map[string]string, tasks int) {
	t.Helper()
	if got.Name != name || got.Type != "sink" || !maps.Equal(got.Config, config) || got.Tasks == nil || len(got.Tasks) != tasks {
		t.Errorf("info %+v, want sink %q with %d tasks and %v", got, name, tasks, config)
	}
	for i, id := range got.Tasks {
		if id != (console.ConnectorTaskID{Connector: name, Task: i}) {
			t.Errorf("task %d is %+v", i, id)
		}
	}
}

func consoleStatus(t *testing.T, s console.ConnectorStateInfo, name, workerID, state string, tasks int) {
	t.Helper()
	if err := consoleState(s, name, workerID, state, tasks); err != nil {
		t.Error(err)
	}
}

func consoleState(s console.ConnectorStateInfo, name, workerID, state string, tasks int) error {
	if s.Name != name || s.Type != "sink" || s.Connector != (console.ConnectorState{State: state, WorkerID: workerID}) || s.Tasks == nil || len(s.Tasks) != tasks {
		return fmt.Errorf("status %+v, want that of sink %q, %s on %s, with %d tasks", s, name, state, workerID, tasks)
	}
	for i, task := range s.Tasks {
		if task != (console.TaskState{ID: i, State: state, WorkerID: workerID}) {
			return fmt.Errorf("task %d is %+v, want %s on %s", i, task, state, workerID)
		}
	}
	return nil
}

func consoleAwaits(ctx context.Context, t *testing.T, c *console.Client, name, workerID, state string, tasks int) {
	t.Helper()
	eventually(t, state, func() error {
		s, err := c.GetConnectorStatus(ctx, name)
		if err != nil {
			return err
		}
		return consoleState(s, name, workerID, state, tasks)
	})
}

// refused wants an error of the API, with its code and text.
func refused(t *testing.T, err error, code int, part string) {
	t.Helper()
	if err := isRefused(err, code, part); err != nil {
		t.Error(err)
	}
}

func isRefused(err error, code int, part string) error {
	var api console.ApiError
	if !errors.As(err, &api) || api.ErrorCode != code || !strings.Contains(api.Message, part) {
		return fmt.Errorf("got the error %v, want %d with %q", err, code, part)
	}
	return nil
}

// settled calls again while a rebalance is in the way, as the console's users do.
func settled(t *testing.T, call func() error) {
	t.Helper()
	eventually(t, "a call", func() error {
		err := call()
		var api console.ApiError
		if errors.As(err, &api) && api.ErrorCode != http.StatusConflict {
			t.Fatal(err)
		}
		return err
	})
}

// produce writes some records.
func produce(t *testing.T, addr, topic string) {
	t.Helper()
	c, err := kgo.NewClient(kgo.SeedBrokers(addr), kgo.DefaultProduceTopic(topic))
	must(t, err)
	defer c.Close()
	for i := range 10 {
		must(t, c.ProduceSync(t.Context(), kgo.StringRecord("record "+strconv.Itoa(i))).FirstErr())
	}
}

// eventually polls, as the clients do, until check is content.
func eventually(t *testing.T, what string, check func() error) {
	t.Helper()
	for end := time.Now().Add(patience); ; {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s: not within %s: %v", what, patience, err)
		}
		select {
		case <-time.After(look):
		case <-t.Context().Done():
			t.Fatal(t.Context().Err())
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
