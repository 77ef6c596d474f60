package worker

import (
	"context"
	"fmt"
	"maps"
	"runtime/debug"
	"sync/atomic"
	"time"

	"sluice/connect"
	"sluice/worker/provider"
	"sluice/worker/store"
	"sluice/worker/task"
	"sluice/worker/validate"
)

// connectorInstance is a connector that this worker was given. Its plugin value is touched by the jobs of its lane alone.
//
// Kafka: org.apache.kafka.connect.runtime.WorkerConnector.
type connectorInstance struct {
	name string
	lane lane

	// The fields below belong to the lane's jobs.

	plugin connect.Plugin
	conn   connect.SinkConnector // nil if it could not be made
	broken error                 // why
	config store.Properties      // that it was started with
	state  instanceState

	settings map[string]string // config with its variables resolved
	secrets  *provider.Secrets // what must not show of it
	meter    *connectorMeter   // nil if it could not be made

	generated map[string]string // config with its variables resolved when task configs were last generated

	// The fields below belong to the loop.

	leaving   bool               // a round has taken it away: it stops and is not started again
	interrupt context.CancelFunc // ends a call to the plugin that may take long
	giveUp    func()             // ends a change of its offsets, soon
	retry     *time.Timer        // until task configs are generated again
	// publishing counts the task configs that wait to be written or are being written.
	publishing int
	// published is what config stood for when its task configs were last found to be valid; nil if they were not yet.
	published map[string]string

	abandoned atomic.Bool // it did not stop in time: whatever it does, it has no say any more
}

// instanceState is what a connector instance does.
//
//	(none) ──start──> started <──resume/pause──> paused ──stop──> stopped
//	                    └─────────── any of them may fail ─> failed ──stop──> stopped
type instanceState int

const (
	instanceNone instanceState = iota
	instanceStarted
	instancePaused
	instanceStopped
	instanceFailed
)

// onConnectorUpdated restarts a connector whose configuration was written again; a new one comes with the next round.
func (h *Herder) onConnectorUpdated(name string) {
	c := h.connectors[name]
	if c == nil || c.leaving {
		h.rejoinFor(name)
		return
	}
	h.stopConnector(c, nil)
	h.startConnector(c, nil)
}

// onTargetStateChanged brings a connector and its tasks into the state that is asked for. A stopped connector has lost its tasks already.
func (h *Herder) onTargetStateChanged(name string) {
	c := h.connectors[name]
	if c == nil {
		return
	}
	h.do(&c.lane, job{
		stage: "changing the state of connector " + name,
		begin: func() func(context.Context) {
			if c.leaving || c.conn == nil && c.broken == nil {
				return nil // it is not running and will be told its state when it starts
			}
			target, now := h.configs.Snapshot().TargetState(name), h.stamp()
			return h.interruptible(c, func(ctx context.Context) { _ = h.retarget(ctx, c, target, now) })
		},
		end: func() { h.generateTasks(c, 0) },
	})
	for _, id := range h.tasks.of(name) {
		h.retargetTask(h.tasks.get(id))
	}
}

// startConnector starts a connector in the state that is asked of it, and sees to its tasks. done, which may be nil, is told in the
// loop whether it worked.
func (h *Herder) startConnector(c *connectorInstance, done func(error)) {
	var err error
	h.do(&c.lane, job{
		stage: "starting connector " + c.name,
		begin: func() func(context.Context) {
			snapshot := h.configs.Snapshot()
			config, ok := snapshot.ConnectorConfig(c.name)
			if h.ending || !ok || c.leaving {
				return nil // it was removed: a round takes it away, or has done so
			}
			target, now := snapshot.TargetState(c.name), h.stamp()
			return h.interruptible(c, func(ctx context.Context) {
				h.prepare(c, config)
				err = h.retarget(ctx, c, target, now)
			})
		},
		end: func() {
			if done != nil {
				done(err)
			}
			h.generateTasks(c, 0)
		},
	})
}

// stopConnector stops a connector, whatever it does. done, which may be nil, is called in the loop when it has stopped.
func (h *Herder) stopConnector(c *connectorInstance, done func()) {
	if c.interrupt != nil {
		c.interrupt()
	}
	if c.retry != nil {
		c.retry.Stop()
		c.retry = nil
	}
	h.do(&c.lane, job{
		stage: "stopping connector " + c.name,
		begin: func() func(context.Context) {
			now := h.stamp()
			if c.conn == nil {
				return nil
			}
			return func(ctx context.Context) {
				ctx, cancel := context.WithTimeout(ctx, connectorStopTimeout)
				defer cancel()
				err := c.halt(ctx)
				c.conn, c.state = nil, instanceNone
				h.meters.connectorGone(c.name, c.meter)
				switch {
				case err != nil:
					h.connectorFailed(c, err, now)
				case !c.abandoned.Load():
					h.statuses.PutConnectorSafe(c.name, now.status(store.Unassigned, ""))
				}
			}
		},
		end: done,
	})
}

// interruptible lets stopConnector end a call to the plugin.
func (h *Herder) interruptible(c *connectorInstance, call func(ctx context.Context)) func(context.Context) {
	ctx, cancel := context.WithCancel(h.workCtx)
	c.interrupt = cancel
	return func(context.Context) {
		defer cancel()
		call(ctx)
	}
}

// retarget brings a connector into the state that is asked for and writes the new state, or the failure, if anything has changed.
func (h *Herder) retarget(ctx context.Context, c *connectorInstance, target TargetState, now stamp) error {
	before := c.state
	err := c.transition(ctx, target)
	if err != nil || c.state != before {
		h.meters.connectorBecame(c.meter, observedState[c.state])
	}
	switch {
	case err != nil:
		h.connectorFailed(c, err, now)
	case c.state == before, c.abandoned.Load():
	case c.state == instanceStarted:
		h.statuses.PutConnector(c.name, now.status(store.Running, ""))
	case c.state == instancePaused:
		h.statuses.PutConnector(c.name, now.status(store.StatePaused, ""))
	case c.state == instanceStopped:
		h.statuses.PutConnector(c.name, now.status(store.StateStopped, ""))
	}
	return err
}

// observedState is what an instance's state is called in statuses.
var observedState = map[instanceState]State{
	instanceNone: store.Unassigned, instanceStarted: store.Running, instancePaused: store.StatePaused, instanceStopped: store.StateStopped, instanceFailed: store.Failed,
}

func (h *Herder) connectorFailed(c *connectorInstance, err error, now stamp) {
	if c.abandoned.Load() {
		return
	}
	c.secrets.Logger(named(h.logger, workerConnectorLogger)).Error("connector failed", "connector", c.name, "err", err)
	h.statuses.PutConnectorSafe(c.name, now.status(store.Failed, c.secrets.Redact(task.Trace(err))))
}

// prepare makes the plugin's value for a configuration, or notes why that is not possible.
func (h *Herder) prepare(c *connectorInstance, config store.Properties) {
	c.config, c.conn, c.state, c.meter = config, nil, instanceNone, nil
	c.broken = func() (err error) {
		defer recovered(&err)
		if c.settings, c.secrets, err = h.resolve(c.name, config); err != nil {
			return err
		}
		if c.plugin, err = h.plugins.Find(c.settings[validate.ConnectorClassConfig], connect.SinkPluginType); err != nil {
			return err
		}
		if _, err := validate.SinkConnectorConfigDef().Parse(c.settings); err != nil {
			return err
		}
		c.conn = c.plugin.NewSink()
		c.meter = h.meters.connectorMade(c.name, c.plugin)
		return nil
	}()
}

// transition brings the connector from whatever state into the one that is asked for. A connector that has failed can only be stopped.
func (c *connectorInstance) transition(ctx context.Context, target TargetState) (err error) {
	if c.state == instanceFailed && target != store.Stopped {
		return nil
	}
	if c.broken != nil && (c.state == instanceNone || target == store.Started) {
		c.state = instanceFailed
		return fmt.Errorf("start connector %q: %w", c.name, c.broken)
	}
	switch target {
	case store.Started:
		if c.state == instanceStarted {
			return nil
		}
		c.state = instanceFailed
		defer recovered(&err)
		if err := c.conn.Start(ctx, maps.Clone(c.settings)); err != nil {
			return fmt.Errorf("start connector %q: %w", c.name, err)
		}
		c.state = instanceStarted
	case store.Paused:
		if err := c.halt(ctx); err != nil {
			return err
		}
		c.state = instancePaused
	case store.Stopped:
		if err := c.halt(ctx); err != nil {
			return err
		}
		c.state = instanceStopped
	}
	return nil
}

// halt stops the plugin if it runs.
func (c *connectorInstance) halt(ctx context.Context) (err error) {
	if c.state != instanceStarted {
		return nil
	}
	c.state = instanceFailed
	defer recovered(&err)
	if err := c.conn.Stop(ctx); err != nil {
		return fmt.Errorf("stop connector %q: %w", c.name, err)
	}
	return nil
}

// recovered turns a plugin's panic into an error: it must not take the other connectors down.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("plugin panicked: %v\n%s", p, debug.Stack())
	}
}
