package rest

import (
	"context"

	"sluice/connect"
	"sluice/worker"
	"sluice/worker/validate"
)

// Herder is what the API asks of a worker. Errors carry their meaning in their type, see [worker.NotFoundError] and its kin;
// [worker.Herder] satisfies it. Methods without a context answer from memory at once; the others may wait until their context ends.
//
// Kafka: org.apache.kafka.connect.runtime.Herder.
type Herder interface {
	ServerInfo() worker.ServerInfo
	// Health returns once the herder has handled a request that does nothing. If it does not before ctx ends, the error
	// says so and the Health tells how far the worker is.
	Health(ctx context.Context) (worker.Health, error)

	Connectors() []string
	ConnectorInfo(ctx context.Context, name string) (worker.ConnectorInfo, error)
	ConnectorConfig(ctx context.Context, name string) (worker.Properties, error)
	ConnectorStatus(name string) (worker.ConnectorStateInfo, error)
	TaskConfigs(ctx context.Context, name string) ([]worker.TaskInfo, error)
	TaskStatus(id connect.TaskID) (worker.TaskStateInfo, error)

	// PutConnector creates a connector or, if allowReplace is set, replaces its configuration. The configuration has a name, which is the
	// given one. A nil initial state leaves the target state as it is.
	PutConnector(ctx context.Context, name string, config worker.Properties, initial *worker.TargetState, allowReplace bool) (info worker.ConnectorInfo, created bool, err error)
	// PatchConnector merges patch into the configuration; a null removes its key.
	PatchConnector(ctx context.Context, name string, patch worker.Properties) (worker.ConnectorInfo, error)
	DeleteConnector(ctx context.Context, name string) error

	PauseConnector(ctx context.Context, name string) error
	ResumeConnector(ctx context.Context, name string) error
	StopConnector(ctx context.Context, name string) error
	RestartConnector(ctx context.Context, name string) error
	RestartTask(ctx context.Context, id connect.TaskID) error
	RestartConnectorAndTasks(ctx context.Context, req worker.RestartRequest) (worker.ConnectorStateInfo, error)

	ConnectorOffsets(ctx context.Context, name string) (worker.ConnectorOffsets, error)
	AlterOffsets(ctx context.Context, name string, changes []worker.OffsetChange) (worker.Message, error)
	ResetOffsets(ctx context.Context, name string) (worker.Message, error)

	ActiveTopics(name string) ([]string, error)
	ResetActiveTopics(ctx context.Context, name string) error

	Plugins(connectorsOnly bool) []worker.PluginInfo
	PluginConfig(name string) ([]validate.ConfigKeyInfo, error)
	ValidateConfig(ctx context.Context, pluginName string, config worker.Properties) (validate.ConfigInfos, error)

	LoggerLevels() map[string]worker.LoggerLevel
	LoggerLevel(name string) (worker.LoggerLevel, error)
	// SetLoggerLevel returns the names of the loggers that the change is for.
	SetLoggerLevel(namespace, level string) ([]string, error)
	SetClusterLoggerLevel(ctx context.Context, namespace, level string) error

	// PutTaskConfigs and FenceZombies are requests of other workers. The signature is nil if there is none.
	PutTaskConfigs(ctx context.Context, name string, configs []worker.Properties, signature *worker.RequestSignature) error
	FenceZombies(ctx context.Context, name string, signature *worker.RequestSignature) error
}
