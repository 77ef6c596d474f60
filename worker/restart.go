package worker

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"sluice/connect"
	"sluice/worker/store"
)

// restartPlan is what a restart request covers, given the states of that moment.
//
// Kafka: org.apache.kafka.connect.runtime.RestartPlan.
type restartPlan struct {
	connector bool
	tasks     []connect.TaskID
	// info shows the connector with what is to be restarted as RESTARTING.
	info ConnectorStateInfo
}

// planRestart decides what a request covers; ok is false if the connector has no state yet.
func planRestart(r RestartRequest, connector store.Status, known bool, tasks []store.TaskStatus, pluginType string) (plan restartPlan, ok bool) {
	if !known {
		return plan, false
	}
	plan.info = stateInfo(r.Connector, connector, tasks, pluginType)
	if plan.connector = r.IncludesConnector(connector.State); plan.connector {
		plan.info.Connector.State = store.Restarting
	}
	for i, t := range tasks {
		if r.IncludesTask(t.State) {
			plan.tasks = append(plan.tasks, t.ID)
			plan.info.Tasks[i].State = store.Restarting
		}
	}
	return plan, true
}

func (h *Herder) planRestart(r RestartRequest) (restartPlan, bool) {
	st, known := h.statuses.Connector(r.Connector)
	return planRestart(r, st, known, h.statuses.Tasks(r.Connector), h.connectorType(r.Connector))
}

// RestartConnectorAndTasks asks for a restart of a connector and, as the request says, of its tasks. It returns what will be restarted.
//
// Kafka: DistributedHerder.restartConnectorAndTasks.
func (h *Herder) RestartConnectorAndTasks(ctx context.Context, r RestartRequest) (ConnectorStateInfo, error) {
	return ask(ctx, h, func(reply func(ConnectorStateInfo, error)) {
		var plan restartPlan
		h.write(ctx, "writing the restart request of connector "+r.Connector, func() (func(context.Context) error, error) {
			if !h.configs.Snapshot().Contains(r.Connector) {
				return nil, &NotFoundError{Message: "Unknown connector: " + r.Connector}
			}
			var ok bool
			if plan, ok = h.planRestart(r); !ok {
				return nil, &NotFoundError{Message: fmt.Sprintf("Status for connector %s not found", r.Connector)}
			}
			return func(ctx context.Context) error { return h.configs.PutRestartRequest(ctx, r) }, nil
		}, func(err error) {
			if err != nil {
				reply(plan.info, err)
				return
			}
			h.settle(r.Connector, func() { reply(plan.info, nil) })
		})
	})
}

// onRestartRequested carries a restart out. While one is under way for a connector, of those that follow the one with the highest impact
// is kept.
func (h *Herder) onRestartRequested(r store.RestartRequest) {
	if next, busy := h.restarts[r.Connector]; busy {
		if next == nil || r.Impact() > next.Impact() {
			h.restarts[r.Connector] = &r
		}
		return
	}
	h.restarts[r.Connector] = nil
	h.whenSettled(func() { h.restart(r) })
}

func (h *Herder) restart(r store.RestartRequest) {
	over := func() {
		next := h.restarts[r.Connector]
		delete(h.restarts, r.Connector)
		if next != nil {
			h.onRestartRequested(*next)
		}
	}
	plan, ok := h.planRestart(r)
	if !ok {
		h.logger.Debug("restart request skipped: the connector has no status", "connector", r.Connector)
		over()
		return
	}
	c := h.connectors[r.Connector]
	if !plan.connector {
		c = nil
	}
	ours := map[connect.TaskID]*taskInstance{}
	for _, id := range plan.tasks {
		if t := h.tasks.get(id); t != nil {
			ours[id] = t
		}
	}
	parts := len(ours)
	if c != nil {
		parts++
	}
	deadline, cancel := h.stopDeadline()
	restarted := h.gather(parts, 2*h.stopLimit(), func() {
		cancel()
		over()
	})
	// What is done to one connector or task is put on its lane in one go: nothing else comes in between.
	if c != nil {
		h.stopConnector(c, nil)
		h.do(&c.lane, job{end: func() {
			if !c.leaving && !h.ending {
				h.statuses.PutConnector(c.name, h.stamp().status(store.Restarting, ""))
			}
		}})
		h.startConnector(c, func(error) { restarted() })
	}
	for _, id := range slices.SortedFunc(maps.Keys(ours), connect.TaskID.Compare) {
		t := ours[id]
		h.stopTask(t, deadline, nil)
		h.do(&t.lane, job{end: func() {
			if !t.leaving && !h.ending {
				h.statuses.PutTask(id, h.stamp().status(store.Restarting, ""))
			}
		}})
		h.startTask(t, func(error) { restarted() })
	}
}
