package task

import "sluice/internal/loggers"

// The names under which a task logs, besides the class of its plugin: those of the classes that do the same in Kafka.
const (
	LoggerName   = "org.apache.kafka.connect.runtime.WorkerSinkTask"
	ReporterName = "org.apache.kafka.connect.runtime.errors.LogReporter"

	dlqLoggerName = "org.apache.kafka.connect.runtime.errors.DeadLetterQueueReporter"
)

// loggerKey is the attribute that holds a logger's name, by which its level is decided.
const loggerKey = loggers.Key
