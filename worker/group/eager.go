package group

import (
	"slices"

	"sluice/connect"
)

// Eager deals all work out in turn: connectors by name over the members by id, then the tasks, by connector and number, where the
// connectors have ended. Members have stopped everything before. Nothing of the input is changed.
//
// Kafka: EagerAssignor.
func Eager(configured Work, members []string) map[string]Work {
	plan := make(map[string]Work, len(members))
	if len(members) == 0 {
		return plan
	}
	turns := slices.Sorted(slices.Values(members))
	turn := 0
	next := func() string {
		member := turns[turn%len(turns)]
		turn++
		return member
	}
	for _, member := range turns {
		plan[member] = Work{}
	}
	for _, name := range slices.Sorted(slices.Values(configured.Connectors)) {
		member := next()
		w := plan[member]
		w.Connectors = append(w.Connectors, name)
		plan[member] = w
	}
	for _, id := range slices.SortedFunc(slices.Values(configured.Tasks), connect.TaskID.Compare) {
		member := next()
		w := plan[member]
		w.Tasks = append(w.Tasks, id)
		plan[member] = w
	}
	return plan
}
