package store

// TargetState is what a user asked of a connector.
//
// Kafka: org.apache.kafka.connect.runtime.TargetState.
type TargetState string

// The target states. A connector for which none is recorded has Started.
const (
	Started TargetState = "STARTED"
	Paused  TargetState = "PAUSED"
	Stopped TargetState = "STOPPED"
)

func (s TargetState) valid() bool { return s == Started || s == Paused || s == Stopped }

// State is what was observed of a connector or a task.
//
// Kafka: org.apache.kafka.connect.runtime.AbstractStatus.State.
type State string

// The states. StateStopped is for connectors only.
const (
	Unassigned   State = "UNASSIGNED"
	Running      State = "RUNNING"
	StatePaused  State = "PAUSED"
	Failed       State = "FAILED"
	Restarting   State = "RESTARTING"
	StateStopped State = "STOPPED"
	// Destroyed marks a connector or task that is gone. It is written as a tombstone and never read.
	Destroyed State = "DESTROYED"
)

func (s State) valid() bool {
	switch s {
	case Unassigned, Running, StatePaused, Failed, Restarting, StateStopped, Destroyed:
		return true
	}
	return false
}

// RestartRequest says what a restart covers: the connector unless only failed parts are asked for and it has not failed; the tasks, or
// the failed ones, if they are included.
//
// Kafka: org.apache.kafka.connect.runtime.RestartRequest.
type RestartRequest struct {
	Connector    string
	OnlyFailed   bool
	IncludeTasks bool
}

// Impact orders requests for one connector: of several that wait, the one with the highest impact is carried out.
func (r RestartRequest) Impact() int {
	switch {
	case r.OnlyFailed && !r.IncludeTasks:
		return 0
	case r.OnlyFailed:
		return 1
	case !r.IncludeTasks:
		return 2
	}
	return 3
}

// IncludesConnector reports whether a connector in state s is to be restarted.
func (r RestartRequest) IncludesConnector(s State) bool { return !r.OnlyFailed || s == Failed }

// IncludesTask reports whether a task in state s is to be restarted.
func (r RestartRequest) IncludesTask(s State) bool {
	return r.IncludeTasks && (!r.OnlyFailed || s == Failed)
}
