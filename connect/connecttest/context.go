package connecttest

import (
	"bytes"
	"io"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"sluice/connect"
)

// TaskContext is a [connect.SinkTaskContext] that does nothing but remember. Its fields may be set before the task starts; what was asked for is read
// with Calls, and what was logged with Log, from any goroutine.
type TaskContext struct {
	ID connect.TaskID
	// Tolerate is what a connector with errors.tolerance=all and a reporter has: Report accepts. Otherwise it refuses, with the reason.
	Tolerate bool
	// Answer, if not nil, gives the result of Report in place of Tolerate, for example one that comes late, as that of a dead letter queue does.
	Answer func(Reported) <-chan error

	logger  *slog.Logger
	metrics *connect.Metrics

	mu      sync.Mutex // guards what follows
	log     bytes.Buffer
	calls   Calls
	changed chan struct{} // closed and replaced when calls change
}

// Calls is what a task has asked of its worker.
type Calls struct {
	Reported      []Reported
	Refused       int                              // reports whose immediate answer was an error
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
	c := &TaskContext{
		ID:      connect.TaskID{Connector: "test"},
		calls:   Calls{Paused: map[connect.TopicPartition]bool{}, Rewound: map[connect.TopicPartition]int64{}},
		changed: make(chan struct{}),
	}
	c.metrics = connect.NewMetrics(func(err error) { t.Errorf("a metric of the task breaks the rules: %v", err) })
	c.logger = slog.New(slog.NewTextHandler(io.MultiWriter(t.Output(), (*logged)(c)), &slog.HandlerOptions{Level: slog.LevelDebug}))
	return c
}

// logged keeps what goes through the logger.
type logged TaskContext

func (l *logged) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.log.Write(line)
}

// Log returns everything that was logged so far, at every level, as lines of text.
func (c *TaskContext) Log() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.log.String()
}

// Calls returns a copy of what was asked for so far.
func (c *TaskContext) Calls() Calls {
	calls, _ := c.now()
	return calls
}

func (c *TaskContext) now() (Calls, <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	calls := c.calls
	calls.Reported = slices.Clone(c.calls.Reported)
	calls.Paused = maps.Clone(c.calls.Paused)
	calls.Rewound = maps.Clone(c.calls.Rewound)
	return calls, c.changed
}

// Await returns the first calls that fulfil a condition: of a task that works in the background, for example, those after its next Wake. It fails
// the test, naming what was waited for, if that takes more than ten seconds.
func (c *TaskContext) Await(t testing.TB, what string, condition func(Calls) bool) Calls {
	t.Helper()
	late := time.After(timeLimit)
	for {
		calls, changed := c.now()
		if condition(calls) {
			return calls
		}
		select {
		case <-changed:
		case <-late:
			t.Fatalf("waited for %s; the task has asked for %+v", what, calls)
		}
	}
}

// TaskID implements [connect.SinkTaskContext].
func (c *TaskContext) TaskID() connect.TaskID { return c.ID }

// Logger implements [connect.SinkTaskContext].
func (c *TaskContext) Logger() *slog.Logger { return c.logger }

// Metrics implements [connect.SinkTaskContext]. Its Read tells what the task has counted; a metric that breaks the rules fails the test.
func (c *TaskContext) Metrics() *connect.Metrics { return c.metrics }

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
	c.with(func(calls *Calls) { maps.Copy(calls.Rewound, offsets) })
}

// Timeout implements [connect.SinkTaskContext].
func (c *TaskContext) Timeout(d time.Duration) { c.with(func(calls *Calls) { calls.Timeout = d }) }

// RequestCommit implements [connect.SinkTaskContext].
func (c *TaskContext) RequestCommit() { c.with(func(calls *Calls) { calls.CommitsWanted++ }) }

// Wake implements [connect.SinkTaskContext].
func (c *TaskContext) Wake() { c.with(func(calls *Calls) { calls.Wakes++ }) }

// Report implements [connect.SinkTaskContext].
func (c *TaskContext) Report(record *connect.SinkRecord, reason error) <-chan error {
	reported := Reported{Record: *record, Reason: reason}
	c.with(func(calls *Calls) {
		calls.Reported = append(calls.Reported, reported)
		if c.Answer == nil && !c.Tolerate {
			calls.Refused++
		}
	})
	if c.Answer != nil {
		return c.Answer(reported)
	}
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
	close(c.changed)
	c.changed = make(chan struct{})
}
