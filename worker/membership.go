package worker

import (
	"context"
	"maps"
	"slices"

	"sluice/connect"
	"sluice/worker/store"
)

// Membership says which connectors and tasks this worker runs. The herder declares it; [solo] is a cluster of one worker.
//
// Kafka: org.apache.kafka.connect.runtime.distributed.WorkerGroupMember.
type Membership interface {
	// Run takes part in the group until ctx ends and reports each round's outcome, one at a time.
	Run(ctx context.Context, report func(Assignment)) error
	// Rejoin asks for a round: the first one, or another because what there is to do has changed or what was revoked has stopped.
	// view is the config topic as far as the herder has dealt with it. It returns at once; the herder calls it again only after
	// the round's outcome.
	Rejoin(view *store.Snapshot)
}

// Assignment is what a round of the group means for this worker.
//
// Kafka: org.apache.kafka.connect.runtime.distributed.ExtendedAssignment.
type Assignment struct {
	// Generation counts the rounds of the group.
	Generation int
	// Leader is true for the one worker that writes configs and tidies up statuses.
	Leader bool
	// Added is to be started once Revoked has stopped.
	Added, Revoked Work
}

// Work is a set of connectors and tasks.
type Work struct {
	Connectors []string
	Tasks      []connect.TaskID
}

// Empty reports whether there is nothing in it.
func (w Work) Empty() bool { return len(w.Connectors) == 0 && len(w.Tasks) == 0 }

// solo is the membership of a worker that is a cluster of its own: it leads, and every round gives it all there is.
// Rounds and generations are counted as in a group, so that statuses look the same.
type solo struct {
	// lastGeneration is what rounds go on from. It is asked for once, when Run begins: for a group the broker would remember it.
	lastGeneration func() int
	wanted         chan *store.Snapshot // has room for one request
}

func newSolo(lastGeneration func() int) *solo {
	return &solo{lastGeneration: lastGeneration, wanted: make(chan *store.Snapshot, 1)}
}

// Rejoin implements [Membership].
func (s *solo) Rejoin(view *store.Snapshot) {
	select {
	case <-s.wanted: // superseded
	default:
	}
	s.wanted <- view
}

// Run implements [Membership].
func (s *solo) Run(ctx context.Context, report func(Assignment)) error {
	held := allocation{}
	for generation := s.lastGeneration() + 1; ; generation++ {
		select {
		case view := <-s.wanted:
			added, revoked := held.adopt(view)
			report(Assignment{Generation: generation, Leader: true, Added: added, Revoked: revoked})
		case <-ctx.Done():
			return nil
		}
	}
}

// allocation is what a worker runs: how many tasks of which connectors.
type allocation map[string]int

// adopt makes it everything that there is to run, and returns what that changes, sorted.
func (a allocation) adopt(view *store.Snapshot) (added, revoked Work) {
	names := view.Connectors()
	for _, name := range names {
		count, had := a[name]
		if !had {
			added.Connectors = append(added.Connectors, name)
		}
		tasks := view.RunnableTasks(name)
		added.addTasks(name, count, tasks)
		revoked.addTasks(name, tasks, count)
		a[name] = tasks
	}
	if len(a) == len(names) {
		return added, revoked
	}
	for _, name := range slices.Sorted(maps.Keys(a)) {
		if !view.Contains(name) {
			revoked.Connectors = append(revoked.Connectors, name)
			revoked.addTasks(name, 0, a[name])
			delete(a, name)
		}
	}
	return added, revoked
}

// addTasks adds the tasks of a connector from one number up to another one, if that is higher.
func (w *Work) addTasks(connector string, from, to int) {
	for n := from; n < to; n++ {
		w.Tasks = append(w.Tasks, connect.TaskID{Connector: connector, Task: n})
	}
}
