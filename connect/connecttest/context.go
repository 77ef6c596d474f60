package connecttest

import (
	"log/slog"
	"sync"
	"testing"
	"time"

	"sluice/connect"
)

// TaskContext is a [connect.SinkTaskContext] that does nothing but remember. Its fields may be set before the task starts; what was asked for is read
// with Calls, from any goroutine.
type TaskContext struct {
	ID connect.TaskID
	// Tolerate is what a connector with errors.tolerance=all and a reporter has: Report accepts. Otherwise it refuses, with the reason.
	Tolerate bool

	logger *slog.Logger
	mu     sync.Mutex
	calls  Calls
}

// Calls is what a task has asked of its worker.
type Calls struct {
	Reported      []Reported
	Paused        map[connect.TopicPartition]bool  // those paused now
	Rewound       map[connect.TopicPartition]int64 // the last offset asked for
	Timeout       time.Duration                    // the last one set
	CommitsWanted int
	Wakes         int
}

// Reported is a record that the task could not write.
type Reported struct {
	Record connect.SinkRecord
	Reason error
}

// NewTaskContext returns a context for task test-0 that logs to the test.
func NewTaskContext(t testing.TB) *TaskContext {
	t.Helper()
	return &TaskContext{
		ID:     connect.TaskID{Connector: "test"},
		logger: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug})),
		calls:  Calls{Paused: map[connect.TopicPartition]bool{}, Rewound: map[connect.TopicPartition]int64{}},
	}
}

// Calls returns a copy of what was asked for so far.
func (c *TaskContext) Calls() Calls {
	c.mu.Lock()
	defer c.mu.Unlock()
	calls := c.calls
	calls.Reported = append([]Reported(nil), c.calls.Reported...)
	calls.Paused = copyOf(c.calls.Paused)
	calls.Rewound = copyOf(c.calls.Rewound)
	return calls
}

// TaskID implements [connect.SinkTaskContext].
func (c *TaskContext) TaskID() connect.TaskID { return c.ID }

// Logger implements [connect.SinkTaskContext].
func (c *TaskContext) Logger() *slog.Logger { return c.logger }

// Pause implements [connect.SinkTaskContext].
func (c *TaskContext) Pause(partitions ...connect.TopicPartition) {
	c.with(func(calls *Calls) {
		for _, tp := range partitions {
			calls.Paused[tp] = true
		}
	})
}

// Resume implements [connect.SinkTaskContext].
func (c *TaskContext) Resume(partitions ...connect.TopicPartition) {
	c.with(func(calls *Calls) {
		for _, tp := range partitions {
			delete(calls.Paused, tp)
		}
	})
}

// Rewind implements [connect.SinkTaskContext].
func (c *TaskContext) Rewind(offsets map[connect.TopicPartition]int64) {
	c.with(func(calls *Calls) {
		for tp, offset := range offsets {
			calls.Rewound[tp] = offset
		}
	})
}

// Timeout implements [connect.SinkTaskContext].
func (c *TaskContext) Timeout(d time.Duration) { c.with(func(calls *Calls) { calls.Timeout = d }) }

// RequestCommit implements [connect.SinkTaskContext].
func (c *TaskContext) RequestCommit() { c.with(func(calls *Calls) { calls.CommitsWanted++ }) }

// Wake implements [connect.SinkTaskContext].
func (c *TaskContext) Wake() { c.with(func(calls *Calls) { calls.Wakes++ }) }

// Report implements [connect.SinkTaskContext].
func (c *TaskContext) Report(record *connect.SinkRecord, reason error) <-chan error {
	c.with(func(calls *Calls) {
		calls.Reported = append(calls.Reported, Reported{Record: *record, Reason: reason})
	})
	done := make(chan error, 1)
	if c.Tolerate {
		done <- nil
	} else {
		done <- reason
	}
	close(done)
	return done
}

func (c *TaskContext) with(change func(*Calls)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(&c.calls)
}

func copyOf[V any](m map[connect.TopicPartition]V) map[connect.TopicPartition]V {
	out := make(map[connect.TopicPartition]V, len(m))
	for k, v := range m {
		out[k] = v
	}
	return out
}
