package worker

import (
	"maps"
	"slices"

	"sluice/connect"
	"sluice/worker/store"
)

// rebalance is how far the herder is with a round of the group:
//
//	(settled) ──rejoin──> wanted ──tasks to be reconfigured have stopped──> joining ──Assignment──> taking it up ──> (settled)
//
// A round is asked for between writes to the config topic, not amid one, so that a change of several records leads to one round.
type rebalance struct {
	wanted bool // a round is needed
	active bool // one is under way: from the stopping of tasks to the starting of what was given
	// Rounds are counted: those that were begun, the last one that was taken up, and by connector the one that its last change needs.
	begun, taken int
	needed       map[string]int
	joined       *store.Snapshot // what the last round was computed from
	// reconfigured are the connectors whose tasks stop before the round and start after it, with new settings.
	reconfigured map[string]bool
	restart      []connect.TaskID // the tasks that were stopped for that
	after        []afterRound
}

// afterRound is to be done when a round was taken up.
type afterRound struct {
	round int
	then  func()
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

// rejoinFor notes that a round is needed because a connector has changed.
func (h *Herder) rejoinFor(connector string) {
	h.rejoin()
	h.rebalance.needed[connector] = h.rebalance.begun + 1
}

// whenSettled calls f, in the loop, when the round that is needed or under way now is over; at once if there is none. It does not wait for
// rounds that are needed later: there may always be another.
func (h *Herder) whenSettled(f func()) {
	r := &h.rebalance
	switch {
	case r.wanted:
		r.after = append(r.after, afterRound{r.begun + 1, f})
	case r.active:
		r.after = append(r.after, afterRound{r.begun, f})
	default:
		f()
	}
}

// roundTaken notes that what a round has given is taken up.
func (h *Herder) roundTaken() {
	r := &h.rebalance
	r.taken = r.begun
	for name, round := range r.needed {
		if round <= r.taken {
			delete(r.needed, name)
		}
	}
	var due []afterRound
	r.after = slices.DeleteFunc(r.after, func(a afterRound) bool {
		if a.round <= r.taken {
			due = append(due, a)
		}
		return a.round <= r.taken
	})
	for _, a := range due {
		a.then()
	}
}

// beginRebalance begins a round if one is needed and can begin.
func (h *Herder) beginRebalance() {
	r := &h.rebalance
	if !r.wanted || r.active || h.writes.busy {
		return
	}
	r.wanted, r.active = false, true
	h.meters.rebalanceBegun()
	r.begun++
	for _, name := range slices.Sorted(maps.Keys(r.reconfigured)) {
		r.restart = append(r.restart, h.tasks.of(name)...)
	}
	r.reconfigured = nil
	h.stopTasks(r.restart, func() {
		r.joined = h.view
		h.membership.Rejoin(r.joined)
	})
}

// onAssigned takes up what a round has given: first what was revoked stops, then what was added starts.
func (h *Herder) onAssigned(a Assignment) {
	if !h.rebalance.active { // somebody else in the group has asked for it
		h.rebalance.joined = h.view
	}
	h.rebalance.active = true
	h.meters.rebalanceBegun()
	var going []*connectorInstance
	for _, name := range a.Revoked.Connectors {
		if c := h.connectors[name]; c != nil {
			c.leaving = true
			if c.giveUp != nil {
				c.giveUp()
			}
			going = append(going, c)
		}
	}
	for _, id := range a.Revoked.Tasks {
		if t := h.tasks.get(id); t != nil {
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
		h.meters.connectorGone(name, nil)
		if !h.rebalance.joined.Contains(name) {
			h.statuses.DeleteTopics(name)
		}
	}
	for _, id := range a.Revoked.Tasks {
		h.tasks.remove(id)
		h.meters.taskGone(id, nil)
	}
	h.generation.Store(int64(a.Generation))
	if a.Leader {
		h.tidyStatuses()
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
		t := &taskInstance{id: id}
		h.tasks.add(t)
		h.startTask(t, nil)
	}
	for _, id := range restart {
		if t := h.tasks.get(id); t != nil && !slices.Contains(a.Added.Tasks, id) {
			h.startTask(t, nil)
		}
	}

	h.rebalance.active = false
	h.meters.rebalanceOver(a, len(h.connectors), len(h.tasks.all()))
	if !a.Revoked.Empty() {
		h.rejoin() // tell the group that it has stopped
	}
	if !h.rebalance.wanted {
		h.markReady()
	}
	h.roundTaken()
}

// tidyStatuses removes the states of connectors and tasks that were configured no more when the round was computed. What was removed
// since is still running, and the next round sees to it.
//
// Kafka: DistributedHerder.updateDeletedConnectorStatus, updateDeletedTaskStatus.
func (h *Herder) tidyStatuses() {
	connectors, tasks := h.statuses.Unconfigured(h.rebalance.joined)
	for _, id := range tasks {
		h.statuses.DeleteTask(id)
	}
	for _, name := range connectors {
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
