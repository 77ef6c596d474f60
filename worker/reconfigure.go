package worker

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"sluice/connect"
	"sluice/worker/store"
	"sluice/worker/validate"
)

// The pauses before task configs are generated again after a failure; each is twice the one before.
//
// Kafka: DistributedHerder.RECONFIGURE_CONNECTOR_TASKS_BACKOFF_INITIAL_MS and _MAX_MS.
const (
	reconfigureBackoffMin = 250 * time.Millisecond
	reconfigureBackoffMax = time.Minute
)

func reconfigureBackoff(failures int) time.Duration {
	if failures > 8 {
		return reconfigureBackoffMax
	}
	return min(reconfigureBackoffMin<<(failures-1), reconfigureBackoffMax)
}

// TooManyTasksError says that a connector asks for more tasks than it may have.
//
// Kafka: org.apache.kafka.connect.runtime.TooManyTasksException.
type TooManyTasksError struct {
	Connector         string
	Wanted, Permitted int
}

// Error has Kafka's text.
func (e *TooManyTasksError) Error() string {
	return fmt.Sprintf("The connector %s has generated %d tasks, which is greater than %d, the maximum number of tasks it is configured to create. "+
		"This behaviour should be considered a bug and is disallowed. If necessary, it can be permitted by reconfiguring the connector with '%s' set to false; "+
		"however, this option will be removed in a future release of Kafka Connect.", e.Connector, e.Wanted, e.Permitted, validate.TasksMaxEnforceConfig)
}

func tooManyTasks(connector string, wanted, permitted int) error {
	return &TooManyTasksError{connector, wanted, permitted}
}

// generateTasks asks a connector that runs what its tasks are to do, and writes that down if it is not what they do now. A failure is
// tried again for ever, failures being the number of them so far.
//
// Kafka: DistributedHerder.reconfigureConnectorTasksWithExponentialBackoffRetries.
func (h *Herder) generateTasks(c *connectorInstance, failures int) {
	var (
		ran     bool
		configs []store.Properties
		err     error
	)
	h.do(&c.lane, job{
		stage: "generating the task configurations of connector " + c.name,
		begin: func() func(context.Context) {
			if h.ending || c.state != instanceStarted || c.leaving {
				return nil
			}
			ran = true
			return func(context.Context) { configs, err = h.taskConfigs(c) }
		},
		end: func() {
			var many *TooManyTasksError
			switch {
			case !ran:
			case errors.As(err, &many):
				h.meters.connectorBecame(c.meter, store.Failed)
				h.connectorFailed(c, err, h.stamp())
			case err != nil:
				h.generateLater(c, failures+1, c.secrets.Error(err))
			default:
				h.publishTasks(c, configs, failures)
			}
		},
	})
}

// generateLater tries generateTasks again after a pause.
func (h *Herder) generateLater(c *connectorInstance, failures int, err error) {
	if h.ending || c.leaving {
		return
	}
	pause := reconfigureBackoff(failures)
	h.logger.Error("task configurations could not be generated or written, trying again", "connector", c.name, "err", err, "pause", pause)
	if c.retry != nil {
		c.retry.Stop()
	}
	c.retry = h.after(pause, func() { h.generateTasks(c, failures) })
}

// publishTasks writes task configs, unless they are those that are valid now, or the connector is about to be asked again anyway.
func (h *Herder) publishTasks(c *connectorInstance, configs []store.Properties, failures int) {
	var err error
	madeFrom, resolved, wrote := c.config, c.generated, false
	c.publishing++
	h.do(&h.writes, job{
		stage: "writing the task configurations of connector " + c.name,
		begin: func() func(context.Context) {
			snapshot := h.configs.Snapshot()
			config, ok := snapshot.ConnectorConfig(c.name)
			if !ok || !config.Equal(madeFrom) || snapshot.TargetState(c.name) != store.Started {
				return nil
			}
			if !tasksChanged(snapshot, c.name, configs) && (c.published == nil || maps.Equal(c.published, resolved)) {
				c.published = resolved
				return nil
			}
			wrote = true
			return func(context.Context) { err = h.configs.PutTaskConfigs(h.writeCtx, c.name, configs) }
		},
		end: func() {
			c.publishing--
			switch {
			case err != nil:
				h.generateLater(c, failures+1, err)
			case wrote:
				c.published = resolved
			}
		},
	})
}

// taskConfigs asks the plugin for the settings of its tasks and completes them.
func (h *Herder) taskConfigs(c *connectorInstance) (configs []store.Properties, err error) {
	defer recovered(&err)
	settings, secrets, _, err := h.lookUp(c.config) // warnings were given when it was started
	c.generated, c.secrets = settings, c.secrets.With(secrets)
	if err != nil {
		return nil, err
	}
	def, err := validate.SinkConnectorConfigDef().Parse(settings)
	if err != nil {
		return nil, err
	}
	most := int(def.Int(validate.TasksMaxConfig))
	generated, err := c.conn.TaskConfigs(most)
	if err != nil {
		return nil, fmt.Errorf("generate the task configurations of connector %q: %w", c.name, err)
	}
	if len(generated) > most && def.Bool(validate.TasksMaxEnforceConfig) {
		return nil, tooManyTasks(c.name, len(generated), most)
	}
	configs = make([]store.Properties, len(generated))
	for i, settings := range generated {
		configs[i] = reverseTransform(completeTaskConfig(c.config, settings, c.plugin.TaskClass), c.config, c.secrets)
	}
	return configs, nil
}

// completeTaskConfig adds to a task's settings what the framework needs to run it, also on a Java worker: its class, and the
// connector's topics. Keys are in the order of the connector's configuration, the others behind them.
//
// Kafka: Worker.connectorTaskConfigs.
func completeTaskConfig(connector store.Properties, settings map[string]string, taskClass string) store.Properties {
	p := store.Properties{}
	rest := maps.Clone(settings)
	for _, e := range connector {
		if v, ok := rest[e.Key]; ok {
			p = append(p, store.Property{Key: e.Key, Value: &v})
			delete(rest, e.Key)
		}
	}
	p = append(p, store.PropertiesOf(rest)...)
	p = p.With(validate.TaskClassConfig, &taskClass)
	for _, key := range []string{validate.TopicsConfig, validate.TopicsRegexConfig} {
		if v, ok := connector.Get(key); ok {
			p = p.With(key, &v)
		}
	}
	return p
}

// tasksChanged decides whether generated task configs have to be written: their number or one of them differs from what is valid, or
// the connector was configured otherwise when that was written.
//
// Kafka: AbstractHerder.taskConfigsChanged.
// Differs: a connector whose last commit lacked tasks is always written anew; Java leaves it without tasks for ever if its generated
// configs equal the last good ones.
func tasksChanged(s *store.Snapshot, connector string, configs []store.Properties) bool {
	if s.Inconsistent(connector) || s.TaskCount(connector) != len(configs) {
		return true
	}
	for i, p := range configs {
		known, ok := s.TaskConfig(connect.TaskID{Connector: connector, Task: i})
		if !ok || !known.Equal(p) {
			return true
		}
	}
	config, _ := s.ConnectorConfig(connector)
	applied, ok := s.AppliedConfig(connector)
	return !ok || !applied.Equal(config)
}
