package group

import (
	"slices"

	"sluice/connect"
)

// Work is a set of connectors and tasks in some order. The zero value is no work.
//
// Kafka: WorkerCoordinator.ConnectorsAndTasks.
type Work struct {
	Connectors []string
	Tasks      []connect.TaskID
}

// Empty reports whether there is nothing in it.
func (w Work) Empty() bool { return len(w.Connectors) == 0 && len(w.Tasks) == 0 }

// Minus returns what is in w and not in other, in w's order.
func (w Work) Minus(other Work) Work { return piecesOf(w).minus(piecesOf(other).set()).work() }

// Plus returns w followed by what is in other and not in w.
func (w Work) Plus(other Work) Work {
	p, o := piecesOf(w), piecesOf(other)
	for k := range p {
		p[k] = append(p[k], o[k]...)
	}
	return p.unique().work()
}

// connectorTask is the number that stands for the Connector itself among its tasks, on the wire too.
//
// Kafka: ConnectProtocol.CONNECTOR_TASK.
const connectorTask = -1

// pieces is work with connectors and tasks in the same form, so that one rule serves both kinds, which are balanced apart from each other.
type pieces [2][]connect.TaskID

const (
	connectors = iota
	tasks
)

func piecesOf(w Work) (p pieces) {
	for _, name := range w.Connectors {
		p[connectors] = append(p[connectors], connect.TaskID{Connector: name, Task: connectorTask})
	}
	p[tasks] = slices.Clone(w.Tasks)
	return p
}

func (p pieces) work() (w Work) {
	for _, id := range p[connectors] {
		w.Connectors = append(w.Connectors, id.Connector)
	}
	w.Tasks = p[tasks]
	return w
}

func (p pieces) empty() bool { return len(p[connectors]) == 0 && len(p[tasks]) == 0 }

// filter returns those that f wants, in the same order.
func (p pieces) filter(f func(connect.TaskID) bool) (kept pieces) {
	for k, ids := range p {
		for _, id := range ids {
			if f(id) {
				kept[k] = append(kept[k], id)
			}
		}
	}
	return kept
}

func (p pieces) minus(s set) pieces { return p.filter(func(id connect.TaskID) bool { return !s[id] }) }

func (p pieces) within(s set) pieces { return p.filter(func(id connect.TaskID) bool { return s[id] }) }

// unique leaves out what was there before.
func (p pieces) unique() pieces {
	seen := set{}
	return p.filter(func(id connect.TaskID) bool {
		first := !seen[id]
		seen[id] = true
		return first
	})
}

func (p pieces) sorted() pieces {
	for k := range p {
		slices.SortFunc(p[k], connect.TaskID.Compare)
	}
	return p
}

func (p pieces) set() set {
	s := set{}
	s.add(p)
	return s
}

// set holds connectors, as tasks with the number -1, and tasks.
type set map[connect.TaskID]bool

func (s set) add(p pieces) {
	for _, ids := range p {
		for _, id := range ids {
			s[id] = true
		}
	}
}

// pieces returns what is in the set, sorted.
func (s set) pieces() (p pieces) {
	for id := range s {
		kind := tasks
		if id.Task == connectorTask {
			kind = connectors
		}
		p[kind] = append(p[kind], id)
	}
	return p.sorted()
}
