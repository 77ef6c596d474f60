package rest_test

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"sluice/connect"
	"sluice/connect/converter"
	"sluice/connect/transform"
	"sluice/sinks/file"
	"sluice/worker"
	"sluice/worker/validate"
)

// model is a herder of one page: what was asked for is so at once. The recorded scenarios are played against it to test the API alone; a
// file that no one can open makes its task FAILED.
type model struct {
	modelLoggers

	validator *validate.Validator

	mu         sync.Mutex
	connectors map[string]*modelConnector
}

type modelConnector struct {
	config  worker.Properties
	state   worker.State
	tasks   []worker.Properties
	offsets map[connect.TopicPartition]int64
}

func newModel(t testing.TB) *model {
	plugins, err := connect.NewPlugins(slices.Concat(
		converter.Plugins(),
		transform.Plugins(transform.Text{Parse: converter.ParseText, String: converter.JavaString}),
		[]connect.Plugin{file.Plugin(nil)},
	)...)
	if err != nil {
		t.Fatal(err)
	}
	return &model{validator: &validate.Validator{Plugins: plugins, WorkerGroupID: "connect-cluster"}, connectors: map[string]*modelConnector{}}
}

func (m *model) ServerInfo() worker.ServerInfo {
	return worker.ServerInfo{Version: "3.9.2-sluice.test", Commit: "0123456789abcdef", KafkaClusterID: "I4ZmrWqfT2e-upky_4fdPA"}
}

func (m *model) Health(context.Context) (worker.Health, error) {
	return worker.Health{Ready: true}, nil
}

func (m *model) Connectors() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Sorted(maps.Keys(m.connectors))
}

// with calls f with a connector, or returns the error of one that does not exist.
func (m *model) with(name, unknown string, f func(*modelConnector) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	c, ok := m.connectors[name]
	if !ok {
		return &worker.NotFoundError{Message: unknown}
	}
	return f(c)
}

func (m *model) ConnectorInfo(_ context.Context, name string) (info worker.ConnectorInfo, err error) {
	err = m.with(name, "Connector "+name+" not found", func(c *modelConnector) error { info = c.info(name); return nil })
	return info, err
}

func (c *modelConnector) info(name string) worker.ConnectorInfo {
	info := worker.ConnectorInfo{Name: name, Config: c.config, Tasks: []worker.ConnectorTask{}, Type: "sink"}
	for i := range c.tasks {
		info.Tasks = append(info.Tasks, worker.ConnectorTask{Connector: name, Task: i})
	}
	return info
}

func (m *model) ConnectorConfig(_ context.Context, name string) (config worker.Properties, err error) {
	err = m.with(name, "Connector "+name+" not found", func(c *modelConnector) error { config = c.config; return nil })
	return config, err
}

const modelWorkerID = "127.0.0.1:8083"

func (m *model) ConnectorStatus(name string) (out worker.ConnectorStateInfo, err error) {
	err = m.with(name, "No status found for connector "+name, func(c *modelConnector) error {
		out = worker.ConnectorStateInfo{Name: name, Connector: worker.ConnectorState{State: c.state, WorkerID: modelWorkerID}, Tasks: []worker.TaskStateInfo{}, Type: "sink"}
		for i := range c.tasks {
			out.Tasks = append(out.Tasks, c.task(i))
		}
		return nil
	})
	return out, err
}

func (c *modelConnector) task(i int) worker.TaskStateInfo {
	info := worker.TaskStateInfo{ID: i, State: c.state, WorkerID: modelWorkerID}
	if file, _ := c.tasks[i].Get("file"); strings.HasPrefix(file, "/dev/null/") {
		info.State, info.Trace = "FAILED", "org.apache.kafka.connect.errors.ConnectException: cannot open "+file
	}
	return info
}

func (m *model) TaskStatus(id connect.TaskID) (info worker.TaskStateInfo, err error) {
	unknown := "No status found for task " + id.String()
	err = m.with(id.Connector, unknown, func(c *modelConnector) error {
		if id.Task < 0 || id.Task >= len(c.tasks) {
			return &worker.NotFoundError{Message: unknown}
		}
		info = c.task(id.Task)
		return nil
	})
	return info, err
}

func (m *model) TaskConfigs(_ context.Context, name string) (infos []worker.TaskInfo, err error) {
	err = m.with(name, "Connector "+name+" not found", func(c *modelConnector) error {
		for i, config := range c.tasks {
			infos = append(infos, worker.TaskInfo{ID: worker.ConnectorTask{Connector: name, Task: i}, Config: config})
		}
		return nil
	})
	return infos, err
}

func (m *model) PutConnector(_ context.Context, name string, config worker.Properties, initial *worker.TargetState, allowReplace bool) (worker.ConnectorInfo, bool, error) {
	infos, err := m.validator.Validate(config.NullableMap())
	if err == nil {
		err = infos.Err()
	}
	if err != nil {
		return worker.ConnectorInfo{}, false, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	c, exists := m.connectors[name]
	if exists && !allowReplace {
		return worker.ConnectorInfo{}, false, &worker.AlreadyExistsError{Message: "Connector " + name + " already exists"}
	}
	if !exists {
		c = &modelConnector{state: "RUNNING"}
		m.connectors[name] = c
	}
	c.config = config
	if initial != nil {
		c.state = map[worker.TargetState]worker.State{"STARTED": "RUNNING", "PAUSED": "PAUSED", "STOPPED": "STOPPED"}[*initial]
	}
	info := c.info(name)
	if c.state == "RUNNING" {
		c.startTasks()
	}
	return info, !exists, nil
}

func (c *modelConnector) startTasks() {
	text, _ := c.config.Get("tasks.max")
	n, _ := strconv.Atoi(text)
	task := "org.apache.kafka.connect.file.FileStreamSinkTask"
	c.tasks = slices.Repeat([]worker.Properties{c.config.With("task.class", &task)}, max(1, n))
}

func (m *model) PatchConnector(ctx context.Context, name string, patch worker.Properties) (worker.ConnectorInfo, error) {
	config, err := m.ConnectorConfig(ctx, name)
	if err != nil {
		return worker.ConnectorInfo{}, err
	}
	for _, p := range patch {
		if p.Value == nil {
			config = config.Without(p.Key)
			continue
		}
		config = config.With(p.Key, p.Value)
	}
	info, _, err := m.PutConnector(ctx, name, config, nil, true)
	return info, err
}

func (m *model) DeleteConnector(_ context.Context, name string) error {
	return m.with(name, "Connector "+name+" not found", func(*modelConnector) error { delete(m.connectors, name); return nil })
}

func (m *model) PauseConnector(_ context.Context, name string) error {
	return m.with(name, "Unknown connector "+name, func(c *modelConnector) error { c.state = "PAUSED"; return nil })
}

func (m *model) ResumeConnector(_ context.Context, name string) error {
	return m.with(name, "Unknown connector "+name, func(c *modelConnector) error {
		c.state = "RUNNING"
		c.startTasks()
		return nil
	})
}

func (m *model) StopConnector(_ context.Context, name string) error {
	return m.with(name, "Unknown connector "+name, func(c *modelConnector) error { c.state, c.tasks = "STOPPED", nil; return nil })
}

func (m *model) RestartConnector(_ context.Context, name string) error {
	return m.with(name, "Unknown connector: "+name, func(*modelConnector) error { return nil })
}

func (m *model) RestartTask(_ context.Context, id connect.TaskID) error {
	return m.with(id.Connector, "Unknown connector: "+id.Connector, func(c *modelConnector) error {
		if id.Task < 0 || id.Task >= len(c.tasks) {
			return &worker.NotFoundError{Message: "Unknown task: " + id.String()}
		}
		return nil
	})
}

func (m *model) RestartConnectorAndTasks(_ context.Context, req worker.RestartRequest) (worker.ConnectorStateInfo, error) {
	state, err := m.ConnectorStatus(req.Connector)
	if err != nil {
		return state, &worker.NotFoundError{Message: "Unknown connector: " + req.Connector}
	}
	if req.IncludesConnector(state.Connector.State) {
		state.Connector.State = "RESTARTING"
	}
	for i := range state.Tasks {
		if req.IncludesTask(state.Tasks[i].State) {
			state.Tasks[i].State = "RESTARTING"
		}
	}
	return state, nil
}

func (m *model) ActiveTopics(string) ([]string, error) { return nil, nil }

func (m *model) ResetActiveTopics(context.Context, string) error { return nil }

func (m *model) Plugins(connectorsOnly bool) []worker.PluginInfo {
	var out []worker.PluginInfo
	for _, p := range m.validator.Plugins.All() {
		if !connectorsOnly || p.Type == connect.SinkPluginType {
			out = append(out, worker.PluginInfo{Class: p.Class, Type: p.Type, Version: cmp.Or(p.Version, "undefined")})
		}
	}
	return out
}

func (m *model) PluginConfig(name string) ([]validate.ConfigKeyInfo, error) {
	return m.validator.PluginConfig(name)
}

func (m *model) ValidateConfig(_ context.Context, _ string, config worker.Properties) (validate.ConfigInfos, error) {
	return m.validator.Validate(config.NullableMap())
}
