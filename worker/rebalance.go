package worker

import (
	"maps"
	"slices"

	"sluice/connect"
)

// rebalance is how far the herder is with a round of the group:
//
//	(settled) ──rejoin──> wanted ──tasks to be reconfigured have stopped──> joining ──Assignment──> taking it up ──> (settled)
//
// A round is asked for between writes to the config topic, not amid one, so that a change of several records leads to one round.
type rebalance struct {
	wanted bool // a round is needed
	active bool // one is under way: from the stopping of tasks to the starting of what was given
	// reconfigured are the connectors whose tasks stop before the round and start after it, with new settings.
	reconfigured map[string]bool
	restart      []connect.TaskID // the tasks that were stopped for that
	settled      []func()         // called once nothing is wanted or active
}

// stopFirst notes that a connector's tasks have new settings.
func (r *rebalance) stopFirst(connector string) {
	if r.reconfigured == nil {
		r.reconfigured = map[string]bool{}
	}
	r.reconfigured[connector] = true
}

// rejoin notes that a round is needed.
func (h *Herder) rejoin() { h.rebalance.wanted = true }

// whenSettled calls f, in the loop, when no round is needed or under way; at once if that is so.
func (h *Herder) whenSettled(f func()) {
	if !h.rebalance.wanted && !h.rebalance.active {
		f()
		return
	}
	h.rebalance.settled = append(h.rebalance.settled, f)
}

// beginRebalance begins a round if one is needed and can begin.
func (h *Herder) beginRebalance() {
	r := &h.rebalance
	if !r.wanted || r.active || !h.writes.idle() {
		return
	}
	r.wanted, r.active = false, true
	for _, id := range h.allTasks() {
		if r.reconfigured[id.Connector] {
			r.restart = append(r.restart, id)
		}
	}
	r.reconfigured = nil
	h.stopTasks(r.restart, func() { h.membership.Rejoin(h.view) })
}

// onAssigned takes up what a round has given: first what was revoked stops, then what was added starts.
func (h *Herder) onAssigned(a Assignment) {
	h.rebalance.active = true
	var going []*connectorInstance
	for _, name := range a.Revoked.Connectors {
		if c := h.connectors[name]; c != nil {
			c.leaving = true
			going = append(going, c)
		}
	}
	for _, id := range a.Revoked.Tasks {
		if t := h.tasks[id]; t != nil {
			t.leaving = true
		}
	}
	one := h.gather(len(going)+1, h.stopLimit(), func() { h.takeUp(a) })
	for _, c := range going {
		h.stopConnector(c, one)
	}
	h.stopTasks(a.Revoked.Tasks, one)
}

// takeUp is the second half of onAssigned. Statuses carry the new generation from here on.
func (h *Herder) takeUp(a Assignment) {
	for _, name := range a.Revoked.Connectors {
		if c := h.connectors[name]; c != nil && c.lane.busy {
			c.abandoned.Store(true)
		}
		delete(h.connectors, name)
		if !h.view.Contains(name) {
			h.statuses.DeleteTopics(name)
		}
	}
	for _, id := range a.Revoked.Tasks {
		delete(h.tasks, id)
	}
	h.generation.Store(int64(a.Generation))
	if a.Leader {
		h.tidyStatuses(a.Revoked)
	}
	h.logger.Debug("assignment taken up", "generation", a.Generation, "added", a.Added, "revoked", a.Revoked)

	for _, name := range a.Added.Connectors {
		c := &connectorInstance{name: name}
		h.connectors[name] = c
		h.startConnector(c, nil)
	}
	restart := h.rebalance.restart
	h.rebalance.restart = nil
	for _, id := range a.Added.Tasks {
		h.tasks[id] = &taskInstance{id: id}
		h.startTask(h.tasks[id], nil)
	}
	for _, id := range restart {
		if t := h.tasks[id]; t != nil && !slices.Contains(a.Added.Tasks, id) {
			h.startTask(t, nil)
		}
	}

	h.rebalance.active = false
	if !a.Revoked.Empty() {
		h.rejoin() // tell the group that it has stopped
	}
	if h.rebalance.wanted {
		return
	}
	h.markReady()
	for _, f := range h.rebalance.settled {
		f()
	}
	h.rebalance.settled = nil
}

// tidyStatuses removes the states of connectors and tasks that are configured no more: those that are known from the status topic, and
// those just stopped here, of which the topic may not have told yet.
//
// Kafka: DistributedHerder.updateDeletedConnectorStatus, updateDeletedTaskStatus.
func (h *Herder) tidyStatuses(stopped Work) {
	gone := map[string]bool{}
	for _, name := range append(h.statuses.Connectors(), stopped.Connectors...) {
		if !h.view.Contains(name) {
			gone[name] = true
		}
	}
	tasks := map[connect.TaskID]bool{}
	for _, id := range stopped.Tasks {
		tasks[id] = true
	}
	for _, name := range h.statuses.Connectors() {
		for _, t := range h.statuses.Tasks(name) {
			tasks[t.ID] = true
		}
	}
	for _, id := range sortedTasks(maps.Keys(tasks)) {
		if id.Task >= len(h.view.Tasks(id.Connector)) {
			h.statuses.DeleteTask(id)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(gone)) {
		h.statuses.DeleteConnector(name)
	}
}

func (h *Herder) markReady() {
	select {
	case <-h.ready:
	default:
		close(h.ready)
	}
}
