package rest_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"

	"sluice/worker"
)

// modelLoggers are the loggers of a [model], each with a level of its own.
type modelLoggers struct {
	mu     sync.Mutex
	levels map[string]worker.LoggerLevel
}

func (m *modelLoggers) LoggerLevels() map[string]worker.LoggerLevel {
	m.mu.Lock()
	defer m.mu.Unlock()
	levels := maps.Clone(m.levels)
	if levels == nil {
		levels = map[string]worker.LoggerLevel{}
	}
	levels["root"] = worker.LoggerLevel{Level: "INFO"}
	return levels
}

func (m *modelLoggers) LoggerLevel(name string) (worker.LoggerLevel, error) {
	if strings.EqualFold(name, "root") {
		name = "root"
	}
	l, ok := m.LoggerLevels()[name]
	if !ok {
		return l, &worker.NotFoundError{Message: "Logger " + name + " not found."}
	}
	return l, nil
}

func (m *modelLoggers) SetLoggerLevel(namespace, level string) ([]string, error) {
	if !slices.Contains([]string{"OFF", "FATAL", "ERROR", "WARN", "INFO", "DEBUG", "TRACE", "ALL"}, strings.ToUpper(level)) {
		return nil, &worker.NotFoundError{Message: "invalid log level '" + level + "'."}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.levels == nil {
		m.levels = map[string]worker.LoggerLevel{}
	}
	at := int64(1729800000000)
	m.levels[namespace] = worker.LoggerLevel{}
	var affected []string
	for _, name := range slices.Sorted(maps.Keys(m.levels)) {
		if strings.HasPrefix(name, namespace) {
			m.levels[name] = worker.LoggerLevel{Level: strings.ToUpper(level), LastModified: &at}
			affected = append(affected, name)
		}
	}
	return affected, nil
}

func (m *modelLoggers) SetClusterLoggerLevel(_ context.Context, namespace, level string) error {
	_, err := m.SetLoggerLevel(namespace, level)
	return err
}
