package worker

import (
	"context"
	"fmt"
	"log/slog"

	"sluice/connect"
	"sluice/internal/loggers"
	"sluice/worker/task"
)

// The names under which the worker logs: those of the classes that do the same in Kafka, so that whoever knows them there can turn them up
// here. What is made by packages that know their own counterpart (Kafka clients, stores' logs) is named there.
const (
	connectLogger         = "org.apache.kafka.connect.runtime.Connect"
	herderLogger          = "org.apache.kafka.connect.runtime.distributed.DistributedHerder"
	workerLogger          = "org.apache.kafka.connect.runtime.Worker"
	workerConnectorLogger = "org.apache.kafka.connect.runtime.WorkerConnector"
	loggersLogger         = "org.apache.kafka.connect.runtime.Loggers"
	configStoreLogger     = "org.apache.kafka.connect.storage.KafkaConfigBackingStore"
	statusStoreLogger     = "org.apache.kafka.connect.storage.KafkaStatusBackingStore"
	offsetStoreLogger     = "org.apache.kafka.connect.storage.KafkaOffsetBackingStore"
)

// named returns a logger of one of these names.
func named(l *slog.Logger, name string) *slog.Logger { return l.With(loggers.Key, name) }

// addLoggers makes the loggers exist that are used only later, with the first task and by plugins: they can be found and set before.
func addLoggers(r *loggers.Registry, plugins *connect.Plugins) {
	r.Add(workerLogger, workerConnectorLogger, task.LoggerName, task.ReporterName)
	for _, p := range plugins.OfType(connect.SinkPluginType, connect.SourcePluginType) {
		r.Add(p.Class, p.TaskClass)
	}
}

// LoggerLevel is what the REST API tells of a logger: {"level":"DEBUG","last_modified":1729800000000}.
//
// Kafka: org.apache.kafka.connect.runtime.rest.entities.LoggerLevel.
type LoggerLevel struct {
	Level string `json:"level"`
	// LastModified is when a request last changed the level on this worker, in milliseconds since 1970; nil if none did.
	LastModified *int64 `json:"last_modified"`
}

func loggerLevel(s loggers.State) LoggerLevel {
	l := LoggerLevel{Level: s.Level.String()}
	if !s.Modified.IsZero() {
		at := s.Modified.UnixMilli()
		l.LastModified = &at
	}
	return l
}

// LoggerLevels returns the loggers of this worker that have a level of their own, by name; the root always has.
//
// Kafka: AbstractHerder.allLoggerLevels.
func (h *Herder) LoggerLevels() map[string]LoggerLevel {
	levels := map[string]LoggerLevel{}
	for name, s := range h.levels.Levels() {
		levels[name] = loggerLevel(s)
	}
	return levels
}

// LoggerLevel returns the level that counts for a logger of this worker, or a [*NotFoundError].
//
// Kafka: AbstractHerder.loggerLevel.
func (h *Herder) LoggerLevel(name string) (LoggerLevel, error) {
	s, ok := h.levels.Level(name)
	if !ok {
		return LoggerLevel{}, &NotFoundError{Message: fmt.Sprintf("Logger %s not found.", name)}
	}
	return loggerLevel(s), nil
}

// SetLoggerLevel gives a level, whose name may be in any case, to the loggers of this worker whose names begin with the namespace, and
// returns their names. A level that does not exist is a [*NotFoundError].
//
// Kafka: AbstractHerder.setWorkerLoggerLevel.
func (h *Herder) SetLoggerLevel(namespace, level string) ([]string, error) {
	l, err := parseLoggerLevel(level)
	if err != nil {
		return nil, err
	}
	named(h.logger, loggersLogger).Info("setting the level of loggers", "namespace", namespace, "level", l)
	return h.levels.SetLevel(namespace, l), nil
}

// SetClusterLoggerLevel asks all workers of the cluster to do the same, this one included. It returns once that stands in the config topic;
// the workers follow.
//
// Kafka: DistributedHerder.setClusterLoggerLevel.
func (h *Herder) SetClusterLoggerLevel(ctx context.Context, namespace, level string) error {
	if _, err := parseLoggerLevel(level); err != nil {
		return err
	}
	return h.configs.PutLoggerLevel(ctx, namespace, level)
}

// loggerLevelChanged follows what was asked of the whole cluster.
func (h *Herder) loggerLevelChanged(namespace, level string) {
	if _, err := h.SetLoggerLevel(namespace, level); err != nil {
		named(h.logger, loggersLogger).Warn("the level of loggers in the config topic is not known", "namespace", namespace, "level", level)
	}
}

func parseLoggerLevel(text string) (loggers.Level, error) {
	l, ok := loggers.ParseLevel(text)
	if !ok {
		return l, &NotFoundError{Message: fmt.Sprintf("invalid log level '%s'.", text)}
	}
	return l, nil
}
