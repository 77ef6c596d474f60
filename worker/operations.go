package worker

import (
	"context"
	"errors"
	"fmt"

	"sluice/connect"
	"sluice/worker/store"
	"sluice/worker/validate"
)

// PutConnector creates a connector, or replaces its configuration if allowReplace is set; created tells which. An initial state, if given,
// is recorded with it. When it returns the change stands in the config topic. After a replacement it returns once what follows from that is
// done here too, or has taken [settleLimit]; after a creation at once, and what follows shows in the connector's status.
//
// The error is a [*BadRequestError] for a configuration that is not valid, an [*AlreadyExistsError], a [*TimeoutError], or one of the
// config topic.
//
// Kafka: DistributedHerder.putConnectorConfig.
func (h *Herder) PutConnector(ctx context.Context, name string, config Properties, initial *TargetState, allowReplace bool) (info ConnectorInfo, created bool, err error) {
	if err := h.checkConfig(config); err != nil {
		return ConnectorInfo{}, false, err
	}
	type outcome struct {
		info    ConnectorInfo
		created bool
	}
	o, err := ask(ctx, h, func(reply func(outcome, error)) {
		exists := false
		h.write(ctx, "writing the configuration of connector "+name, func() (func(context.Context) error, error) {
			if exists = h.configs.Snapshot().Contains(name); exists && !allowReplace {
				return nil, &AlreadyExistsError{Message: fmt.Sprintf("Connector %s already exists", name)}
			}
			return func(ctx context.Context) error { return h.configs.PutConnectorConfig(ctx, name, config, initial) }, nil
		}, func(err error) {
			if err != nil {
				reply(outcome{}, err)
				return
			}
			info, err := h.connectorInfo(name)
			if err != nil || !exists { // nothing was known of it before
				reply(outcome{info, !exists}, err)
				return
			}
			h.settle(name, func() { reply(outcome{info, false}, nil) })
		})
	})
	return o.info, o.created, err
}

// PatchConnector merges patch into a connector's configuration: a null removes a key, anything else sets it. It returns as PutConnector does
// after a replacement; the errors are the same, with a [*NotFoundError] in place of an [*AlreadyExistsError].
//
// Kafka: DistributedHerder.patchConnectorConfig.
func (h *Herder) PatchConnector(ctx context.Context, name string, patch Properties) (ConnectorInfo, error) {
	for {
		base, err := ask(ctx, h, func(reply func(Properties, error)) {
			config, ok := h.configs.Snapshot().ConnectorConfig(name)
			if !ok {
				reply(nil, notFound(name))
				return
			}
			reply(config, nil)
		})
		if err != nil {
			return ConnectorInfo{}, err
		}
		merged := base.Merge(patch)
		if err := h.checkConfig(merged); err != nil {
			return ConnectorInfo{}, err
		}
		if info, err := h.replaceConfig(ctx, name, base, merged); !errors.Is(err, errChangedMeanwhile) {
			return info, err
		}
	}
}

// errChangedMeanwhile says that a decision was made on a configuration that is not the present one any more.
var errChangedMeanwhile = errors.New("the configuration was changed meanwhile")

// replaceConfig writes a configuration that was made of base, unless the connector has another one by now: then it returns
// errChangedMeanwhile. What it takes to make one (a plugin's code, files) must not hold up the writes of others.
func (h *Herder) replaceConfig(ctx context.Context, name string, base, config Properties) (ConnectorInfo, error) {
	return ask(ctx, h, func(reply func(ConnectorInfo, error)) {
		h.write(ctx, "writing the configuration of connector "+name, func() (func(context.Context) error, error) {
			switch now, ok := h.configs.Snapshot().ConnectorConfig(name); {
			case !ok:
				return nil, notFound(name)
			case !now.Equal(base):
				return nil, errChangedMeanwhile
			}
			return func(ctx context.Context) error { return h.configs.PutConnectorConfig(ctx, name, config, nil) }, nil
		}, func(err error) {
			if err != nil {
				reply(ConnectorInfo{}, err)
				return
			}
			info, err := h.connectorInfo(name)
			h.settle(name, func() { reply(info, err) })
		})
	})
}

// checkConfig validates a connector's configuration.
func (h *Herder) checkConfig(config Properties) error {
	infos, err := h.validateConfig(config)
	var untyped *validate.NoConnectorTypeError
	switch {
	case errors.As(err, &untyped):
		return &BadRequestError{Message: err.Error()}
	case err != nil:
		return err
	}
	if err := infos.Err(); err != nil {
		return &BadRequestError{Message: err.Error()}
	}
	return nil
}

// DeleteConnector removes a connector. When it returns its tasks have stopped here and its status has gone, unless that takes longer than
// [settleLimit].
//
// Kafka: DistributedHerder.deleteConnectorConfig.
func (h *Herder) DeleteConnector(ctx context.Context, name string) error {
	return h.change(ctx, "removing the configuration of connector "+name, notFound(name), name, func(ctx context.Context) error {
		return h.configs.RemoveConnectorConfig(ctx, name)
	})
}

// PauseConnector asks a connector and its tasks to rest.
//
// Kafka: AbstractHerder.pauseConnector.
func (h *Herder) PauseConnector(ctx context.Context, name string) error {
	return h.retargetConnector(ctx, name, store.Paused)
}

// ResumeConnector asks a connector that was paused or stopped to go on.
//
// Kafka: AbstractHerder.resumeConnector.
func (h *Herder) ResumeConnector(ctx context.Context, name string) error {
	return h.retargetConnector(ctx, name, store.Started)
}

func (h *Herder) retargetConnector(ctx context.Context, name string, target TargetState) error {
	return h.change(ctx, "writing the target state of connector "+name, unknownConnector(name), name, func(ctx context.Context) error {
		return h.configs.PutTargetState(ctx, name, target)
	})
}

// StopConnector takes a connector's tasks away and asks it to stop. It stays configured.
//
// Kafka: DistributedHerder.stopConnector.
func (h *Herder) StopConnector(ctx context.Context, name string) error {
	return h.change(ctx, "writing the target state of connector "+name, unknownConnector(name), name, func(ctx context.Context) error {
		if err := h.configs.PutTaskConfigs(ctx, name, nil); err != nil {
			return err
		}
		return h.configs.PutTargetState(ctx, name, store.Stopped)
	})
}

// change answers a request by a write about a connector that has to exist.
func (h *Herder) change(ctx context.Context, stage string, missing error, name string, write func(context.Context) error) error {
	_, err := ask(ctx, h, func(reply func(struct{}, error)) {
		h.write(ctx, stage, func() (func(context.Context) error, error) {
			if !h.configs.Snapshot().Contains(name) {
				return nil, missing
			}
			return write, nil
		}, func(err error) {
			if err != nil {
				reply(struct{}{}, err)
				return
			}
			h.settle(name, func() { reply(struct{}{}, nil) })
		})
	})
	return err
}

// RestartConnector stops and starts a connector, its tasks untouched. It returns when the connector runs again, or could not be started.
//
// Kafka: DistributedHerder.restartConnector.
func (h *Herder) RestartConnector(ctx context.Context, name string) error {
	_, err := ask(ctx, h, func(reply func(struct{}, error)) {
		h.whenSettled(func() {
			c := h.connectors[name]
			switch {
			case !h.configs.Snapshot().Contains(name):
				reply(struct{}{}, &NotFoundError{Message: "Unknown connector: " + name})
				return
			case c == nil:
				reply(struct{}{}, staleConfiguration())
				return
			}
			h.stopConnector(c, nil)
			h.startConnector(c, func(err error) {
				reply(struct{}{}, startFailure("Failed to start connector: "+name, err))
			})
		})
	})
	return err
}

// RestartTask stops and starts one task. It returns when the task was started anew, or could not be. If the variables of its settings
// cannot be resolved the task goes on as it is.
//
// Kafka: DistributedHerder.restartTask.
func (h *Herder) RestartTask(ctx context.Context, id connect.TaskID) error {
	if err := h.checkVariables(id); err != nil {
		return err
	}
	_, err := ask(ctx, h, func(reply func(struct{}, error)) {
		h.whenSettled(func() {
			snapshot := h.configs.Snapshot()
			t := h.tasks.get(id)
			if !snapshot.Contains(id.Connector) {
				reply(struct{}{}, &NotFoundError{Message: "Unknown connector: " + id.Connector})
				return
			}
			if !snapshot.HadTask(id) {
				reply(struct{}{}, &NotFoundError{Message: "Unknown task: " + id.String()})
				return
			}
			if _, ok := snapshot.TaskConfig(id); !ok {
				reply(struct{}{}, noOwner())
				return
			}
			if t == nil {
				reply(struct{}{}, staleConfiguration())
				return
			}
			deadline, cancel := h.stopDeadline()
			h.stopTask(t, deadline, nil)
			h.startTask(t, func(err error) {
				cancel()
				err = startFailure("Failed to start task: "+id.String(), err)
				h.await(t.settled, func() { reply(struct{}{}, err) })
			})
		})
	})
	return err
}

func notFound(connector string) error {
	return &NotFoundError{Message: fmt.Sprintf("Connector %s not found", connector)}
}

func unknownConnector(connector string) error {
	return &NotFoundError{Message: "Unknown connector " + connector}
}

// noOwner is what a task that the connector had once gets: it is on no worker.
func noOwner() error {
	return &ConflictError{Message: "Cannot complete request momentarily due to no known leader URL, likely because a rebalance was underway."}
}

func staleConfiguration() error {
	return &ConflictError{Message: "Cannot complete request momentarily due to stale configuration (typically caused by a concurrent config change)"}
}
