package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"sluice/connect"
)

// ConfigListener is told what later records of the config topic change, in log order, after the store's state has changed; what was in
// the log at Start is not told. Its methods are called one at a time and hold up the reading of the log, so they must return soon and
// must not write to the store.
//
// Kafka: org.apache.kafka.connect.storage.ConfigBackingStore.UpdateListener.
type ConfigListener interface {
	// ConnectorConfigUpdated names a connector that is new or was configured again, be it equally.
	ConnectorConfigUpdated(connector string)
	ConnectorConfigRemoved(connector string)
	// TaskConfigsUpdated names the tasks that a commit left; none if the connector has no tasks or is inconsistent.
	TaskConfigsUpdated(connector string, tasks []connect.TaskID)
	// TargetStateChanged names an existing connector of which something else is asked now.
	TargetStateChanged(connector string)
	RestartRequested(request RestartRequest)
	// LoggerLevelChanged is told what was asked of the loggers of the whole cluster. The level is the text that stands in the record.
	LoggerLevelChanged(namespace, level string)
}

// writeTimeout bounds each write together with reading it back.
//
// Kafka: KafkaConfigBackingStore.READ_WRITE_TOTAL_TIMEOUT_MS.
const writeTimeout = 30 * time.Second

// WriteError says that a change did not reach the log in time. Nothing has changed, unless the record arrives after all.
type WriteError struct {
	// Message is Kafka's text, which the REST API answers.
	Message string
	Err     error
}

func (e *WriteError) Error() string { return e.Message }

// Unwrap returns what stood in the way.
func (e *WriteError) Unwrap() error { return e.Err }

// ConfigStore keeps the configs and target states of a cluster's connectors on a log. Its write methods return once the change has been
// read back, so that a following Snapshot has it. They are for one writer at a time: the cluster's leader; PutTargetState excepted.
//
// Kafka: org.apache.kafka.connect.storage.KafkaConfigBackingStore.
type ConfigStore struct {
	open         openLog
	writeTimeout time.Duration
	logger       *slog.Logger
	log          keyedLog // set by Start

	mu       sync.Mutex // guards the fields below
	model    *configModel
	snapshot *Snapshot // of model; nil after a change
	listener ConfigListener
}

// NewTopicConfigStore returns a store on a Kafka topic, which has to have a single partition. It connects when it is started.
func NewTopicConfigStore(topic Topic, logger *slog.Logger) (*ConfigStore, error) {
	topic.Partitions = 1
	open, err := topic.open(1, logger)
	if err != nil {
		return nil, err
	}
	return newConfigStore(open, logger), nil
}

// NewMemoryConfigStore returns a store on a log in memory.
func NewMemoryConfigStore(log *MemoryLog, logger *slog.Logger) *ConfigStore {
	return newConfigStore(log.open, logger)
}

func newConfigStore(open openLog, logger *slog.Logger) *ConfigStore {
	return &ConfigStore{open: open, writeTimeout: writeTimeout, logger: orDiscard(logger), model: newConfigModel()}
}

func orDiscard(logger *slog.Logger) *slog.Logger {
	if logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return logger
}

// Start makes or checks the topic and reads it to its end. From then on listener (nil: nobody) is told of changes. A store that failed
// to start may be started again.
func (s *ConfigStore) Start(ctx context.Context, listener ConfigListener) error {
	s.mu.Lock()
	s.model, s.snapshot, s.listener = newConfigModel(), nil, nil
	s.mu.Unlock()
	log, err := s.open(s.onRecord)
	if err != nil {
		return err
	}
	if err := log.Start(ctx); err != nil {
		return errors.Join(fmt.Errorf("start config store: %w", err), log.Close(ctx))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log, s.listener = log, listener
	return nil
}

// Close stops reading the log. It is safe to call at any time, also twice.
func (s *ConfigStore) Close(ctx context.Context) error {
	s.mu.Lock()
	log := s.log
	s.log, s.listener = nil, nil
	s.mu.Unlock()
	if log == nil {
		return nil
	}
	return log.Close(ctx)
}

// Failed is closed when the store, once started, does not learn of changes any more, for the reason that Err gives. It is nil before Start
// and after Close.
func (s *ConfigStore) Failed() <-chan struct{} {
	if log, err := s.started(); err == nil {
		return log.Failed()
	}
	return nil
}

// Err returns why the store has failed, nil if it has not.
func (s *ConfigStore) Err() error {
	if log, err := s.started(); err == nil {
		return log.Err()
	}
	return nil
}

func (s *ConfigStore) onRecord(r Record) {
	s.mu.Lock()
	change, err := s.model.apply(r)
	s.snapshot = nil
	listener := s.listener
	s.mu.Unlock()
	switch {
	case errors.Is(err, errIgnored):
		s.logger.Debug("config record ignored", "key", r.Key, "offset", r.Offset)
	case err != nil:
		s.logger.Warn("config record skipped", "key", r.Key, "offset", r.Offset, "err", err)
	case listener != nil && change.kind != 0:
		change.tell(listener)
	}
}

// Snapshot returns the present state as far as the log has been read. It does no I/O.
func (s *ConfigStore) Snapshot() *Snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.snapshot == nil {
		s.snapshot = s.model.snapshot()
	}
	return s.snapshot
}

// Refresh reads the log to its present end.
func (s *ConfigStore) Refresh(ctx context.Context) error {
	log, err := s.started()
	if err != nil {
		return err
	}
	return log.ReadToEnd(ctx)
}

var errNotStarted = errors.New("store is not started")

func (s *ConfigStore) started() (keyedLog, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.log == nil {
		return nil, errNotStarted
	}
	return s.log, nil
}

// write carries out a sequence of appends and reads within the time that a write may take; message is the text of its failure.
func (s *ConfigStore) write(ctx context.Context, message string, sequence func(ctx context.Context, log keyedLog) error) error {
	ctx, cancel := context.WithTimeout(ctx, s.writeTimeout)
	defer cancel()
	log, err := s.started()
	if err == nil {
		err = sequence(ctx, log)
	}
	if err != nil {
		s.logger.Error(message, "err", err)
		return &WriteError{Message: message, Err: err}
	}
	return nil
}

// PutConnectorConfig creates or replaces a connector's configuration. A target state, if given, is written before it.
func (s *ConfigStore) PutConnectorConfig(ctx context.Context, connector string, p Properties, target *TargetState) error {
	return s.write(ctx, "Error writing connector configuration to Kafka", func(ctx context.Context, log keyedLog) error {
		if target != nil {
			if err := log.Send(ctx, targetStateKey(connector), encodeTargetState(*target)); err != nil {
				return err
			}
		}
		if err := log.Send(ctx, connectorKey(connector), encodeProperties(p)); err != nil {
			return err
		}
		return log.ReadToEnd(ctx)
	})
}

// RemoveConnectorConfig removes a connector and its target state. The records of its tasks stay in the log and mean nothing.
func (s *ConfigStore) RemoveConnectorConfig(ctx context.Context, connector string) error {
	return s.write(ctx, "Error removing connector configuration from Kafka", func(ctx context.Context, log keyedLog) error {
		if err := log.Send(ctx, connectorKey(connector), nil); err != nil {
			return err
		}
		if err := log.Send(ctx, targetStateKey(connector), nil); err != nil {
			return err
		}
		return log.ReadToEnd(ctx)
	})
}

// PutTaskConfigs replaces the configurations of all tasks of a connector, in two steps: the tasks, then the commit that makes them
// valid, so that a reader never sees half of them.
func (s *ConfigStore) PutTaskConfigs(ctx context.Context, connector string, configs []Properties) error {
	ctx, cancel := context.WithTimeout(ctx, s.writeTimeout)
	defer cancel()
	err := s.write(ctx, "Error writing task configurations to Kafka", func(ctx context.Context, log keyedLog) error {
		if err := log.ReadToEnd(ctx); err != nil {
			return err
		}
		for i, p := range configs {
			if err := log.Send(ctx, taskKey(connect.TaskID{Connector: connector, Task: i}), encodeProperties(p)); err != nil {
				return err
			}
		}
		if len(configs) == 0 {
			return nil
		}
		return log.ReadToEnd(ctx)
	})
	if err != nil {
		return err
	}
	return s.write(ctx, "Error writing root configuration to Kafka", func(ctx context.Context, log keyedLog) error {
		if err := log.Send(ctx, commitKey(connector), encodeCommit(len(configs))); err != nil {
			return err
		}
		return log.ReadToEnd(ctx)
	})
}

// PutTargetState records what is asked of a connector.
func (s *ConfigStore) PutTargetState(ctx context.Context, connector string, t TargetState) error {
	return s.write(ctx, "Error writing target state to Kafka", func(ctx context.Context, log keyedLog) error {
		if err := log.Send(ctx, targetStateKey(connector), encodeTargetState(t)); err != nil {
			return err
		}
		return log.ReadToEnd(ctx)
	})
}

// PutRestartRequest asks all workers of the cluster to restart their part of a connector.
func (s *ConfigStore) PutRestartRequest(ctx context.Context, r RestartRequest) error {
	return s.write(ctx, "Error writing "+restartKey(r.Connector)+" to Kafka", func(ctx context.Context, log keyedLog) error {
		if err := log.Send(ctx, restartKey(r.Connector), encodeRestart(r)); err != nil {
			return err
		}
		return log.ReadToEnd(ctx)
	})
}

// PutSessionKey replaces the secret with which the cluster's members sign their requests to each other.
func (s *ConfigStore) PutSessionKey(ctx context.Context, key SessionKey) error {
	return s.write(ctx, "Error writing session key to Kafka", func(ctx context.Context, log keyedLog) error {
		if err := log.Send(ctx, sessionKeyKey, encodeSessionKey(key)); err != nil {
			return err
		}
		return log.ReadToEnd(ctx)
	})
}

// PutLoggerLevel asks all workers of the cluster to give a level to the loggers of a namespace. Unlike other writes it returns when the
// record is safe: it may not have been read back. Any worker may write it.
func (s *ConfigStore) PutLoggerLevel(ctx context.Context, namespace, level string) error {
	return s.write(ctx, "Error writing logger level to Kafka", func(ctx context.Context, log keyedLog) error {
		return log.Send(ctx, loggerKey(namespace), encodeLoggerLevel(level))
	})
}
