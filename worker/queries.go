package worker

import (
	"context"
	"errors"

	"sluice/connect"
	"sluice/worker/store"
	"sluice/worker/validate"
)

// What can be told from the stores is told here, by the caller's goroutine, without the loop.

// ServerInfo tells the worker's version and the Kafka cluster it works for.
func (h *Herder) ServerInfo() ServerInfo {
	info := ServerInfo{Version: h.version, Commit: h.commit}
	if id := h.clusterID.Load(); id != nil {
		info.KafkaClusterID = *id
	}
	return info
}

// Started returns once the worker has read what there is and has begun to run it; before, nobody can tell what connectors there are.
// The error is a [*TimeoutError] if ctx ends first, or [ErrShuttingDown].
func (h *Herder) Started(ctx context.Context) error {
	select {
	case <-h.ready:
		return nil
	default:
	}
	select {
	case <-h.ready:
		return nil
	case <-h.stopping:
		return ErrShuttingDown
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return h.timeout()
		}
		return context.Cause(ctx)
	}
}

// Health waits until the herder's loop has handled a request that does nothing. If ctx ends first, the error says so and the Health tells
// what the worker is doing.
func (h *Herder) Health(ctx context.Context) (Health, error) {
	_, err := ask(ctx, h, func(reply func(struct{}, error)) { reply(struct{}{}, nil) })
	health := Health{Stage: h.stages.summary()}
	select {
	case <-h.ready:
		health.Ready = true
	default:
	}
	return health, err
}

// Connectors returns the names of all connectors, sorted.
func (h *Herder) Connectors() []string { return h.configs.Snapshot().Connectors() }

// ConnectorInfo describes a connector as it is configured.
func (h *Herder) ConnectorInfo(_ context.Context, name string) (ConnectorInfo, error) {
	return h.connectorInfo(name)
}

func (h *Herder) connectorInfo(name string) (ConnectorInfo, error) {
	snapshot := h.configs.Snapshot()
	config, ok := snapshot.ConnectorConfig(name)
	if !ok {
		return ConnectorInfo{}, notFound(name)
	}
	info := ConnectorInfo{Name: name, Config: config, Tasks: []ConnectorTask{}, Type: h.typeOf(config)}
	for _, id := range snapshot.Tasks(name) {
		info.Tasks = append(info.Tasks, ConnectorTask{id.Connector, id.Task})
	}
	return info, nil
}

// ConnectorConfig returns a connector's configuration as it was given.
func (h *Herder) ConnectorConfig(_ context.Context, name string) (Properties, error) {
	config, ok := h.configs.Snapshot().ConnectorConfig(name)
	if !ok {
		return nil, notFound(name)
	}
	return config, nil
}

// TaskConfigs returns the configurations of a connector's tasks, by number.
func (h *Herder) TaskConfigs(_ context.Context, name string) ([]TaskInfo, error) {
	snapshot := h.configs.Snapshot()
	if !snapshot.Contains(name) {
		return nil, notFound(name)
	}
	infos := []TaskInfo{}
	for _, id := range snapshot.Tasks(name) {
		p, _ := snapshot.TaskConfig(id)
		infos = append(infos, TaskInfo{ID: ConnectorTask{id.Connector, id.Task}, Config: p})
	}
	return infos, nil
}

// ConnectorStatus returns the state of a connector and its tasks.
func (h *Herder) ConnectorStatus(name string) (ConnectorStateInfo, error) {
	st, ok := h.statuses.Connector(name)
	if !ok {
		return ConnectorStateInfo{}, &NotFoundError{Message: "No status found for connector " + name}
	}
	return stateInfo(name, st, h.statuses.Tasks(name), h.connectorType(name)), nil
}

// TaskStatus returns the state of a task.
func (h *Herder) TaskStatus(id connect.TaskID) (TaskStateInfo, error) {
	st, ok := h.statuses.Task(id)
	if !ok {
		return TaskStateInfo{}, &NotFoundError{Message: "No status found for task " + id.String()}
	}
	return taskStateInfo(id, st), nil
}

func stateInfo(name string, st store.Status, tasks []store.TaskStatus, pluginType string) ConnectorStateInfo {
	info := ConnectorStateInfo{
		Name:      name,
		Connector: ConnectorState{State: st.State, WorkerID: st.WorkerID, Trace: st.Trace},
		Tasks:     make([]TaskStateInfo, len(tasks)),
		Type:      pluginType,
	}
	for i, t := range tasks {
		info.Tasks[i] = taskStateInfo(t.ID, t.Status)
	}
	return info
}

func taskStateInfo(id connect.TaskID, st store.Status) TaskStateInfo {
	return TaskStateInfo{ID: id.Task, State: st.State, WorkerID: st.WorkerID, Trace: st.Trace}
}

// connectorType is sink, source or unknown.
func (h *Herder) connectorType(name string) string {
	config, _ := h.configs.Snapshot().ConnectorConfig(name)
	return h.typeOf(config)
}

func (h *Herder) typeOf(config Properties) string {
	class, _ := config.Get(validate.ConnectorClassConfig)
	plugin, err := h.plugins.Find(class, connect.SinkPluginType, connect.SourcePluginType)
	if err != nil {
		return "unknown"
	}
	return string(plugin.Type)
}

// ActiveTopics returns the topics that a connector has used since it was created or they were reset.
func (h *Herder) ActiveTopics(name string) ([]string, error) {
	if !h.cfg.TopicTracking {
		return nil, &ForbiddenError{Message: "Topic tracking is disabled."}
	}
	return h.statuses.Topics(name), nil
}

// ResetActiveTopics forgets the topics that a connector has used.
func (h *Herder) ResetActiveTopics(_ context.Context, name string) error {
	if !h.cfg.TopicTracking {
		return &ForbiddenError{Message: "Topic tracking is disabled."}
	}
	if !h.cfg.TopicTrackingReset {
		return &ForbiddenError{Message: "Topic tracking reset is disabled."}
	}
	h.statuses.DeleteTopics(name)
	return nil
}

// Plugins lists what this worker can run: connectors, or everything.
func (h *Herder) Plugins(connectorsOnly bool) []PluginInfo {
	plugins := h.plugins.All()
	if connectorsOnly {
		plugins = h.plugins.OfType(connect.SinkPluginType, connect.SourcePluginType)
	}
	infos := make([]PluginInfo, len(plugins))
	for i, p := range plugins {
		infos[i] = PluginInfo{Class: p.Class, Type: p.Type, Version: p.Version}
	}
	return infos
}

// PluginConfig describes the settings of a plugin.
func (h *Herder) PluginConfig(name string) ([]validate.ConfigKeyInfo, error) {
	return h.validator.PluginConfig(name)
}

// ValidateConfig checks a connector's configuration without using it.
func (h *Herder) ValidateConfig(_ context.Context, _ string, config Properties) (validate.ConfigInfos, error) {
	return h.validateConfig(config)
}
