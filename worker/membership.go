package worker

import (
	"context"
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

// without returns what w has and o has not.
func (w Work) without(o Work) Work {
	return Work{
		Connectors: difference(w.Connectors, o.Connectors),
		Tasks:      difference(w.Tasks, o.Tasks),
	}
}

func difference[T comparable](a, b []T) []T {
	known := make(map[T]bool, len(b))
	for _, v := range b {
		known[v] = true
	}
	return slices.DeleteFunc(slices.Clone(a), func(v T) bool { return known[v] })
}

// configuredWork is everything that there is to run.
func configuredWork(s *store.Snapshot) Work {
	var w Work
	for _, name := range s.Connectors() {
		w.Connectors = append(w.Connectors, name)
		w.Tasks = append(w.Tasks, s.Tasks(name)...)
	}
	return w
}

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
	var held Work
	for generation := s.lastGeneration() + 1; ; generation++ {
		select {
		case view := <-s.wanted:
			all := configuredWork(view)
			report(Assignment{Generation: generation, Leader: true, Added: all.without(held), Revoked: held.without(all)})
			held = all
		case <-ctx.Done():
			return nil
		}
	}
}
