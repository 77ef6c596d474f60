package task

import (
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"sluice/connect"
	"sluice/internal/kafka"
)

// sinkContext is the connect.SinkTaskContext. The plugin may call it from any goroutine, so it only notes what is wanted; the task's
// goroutine brings it into effect in apply, before the next poll.
type sinkContext struct {
	t   *Task
	log *slog.Logger // under the plugin's own name

	mu      sync.Mutex // guards what follows
	paused  map[connect.TopicPartition]bool
	toPause map[connect.TopicPartition]bool // true: pause, false: resume; not in effect yet
	rewinds map[connect.TopicPartition]int64
	timeout time.Duration // 0: none is set
	commit  bool          // a commit was asked for
	woken   bool          // a put was asked for
}

func (c *sinkContext) TaskID() connect.TaskID { return c.t.cfg.ID }

func (c *sinkContext) Logger() *slog.Logger { return c.log }

func (c *sinkContext) Metrics() *connect.Metrics { return c.t.metrics }

func (c *sinkContext) Pause(parts ...connect.TopicPartition) { c.setPaused(parts, true) }

func (c *sinkContext) Resume(parts ...connect.TopicPartition) { c.setPaused(parts, false) }

func (c *sinkContext) setPaused(parts []connect.TopicPartition, paused bool) {
	c.mu.Lock()
	if c.paused == nil {
		c.paused, c.toPause = map[connect.TopicPartition]bool{}, map[connect.TopicPartition]bool{}
	}
	for _, tp := range parts {
		if paused {
			c.paused[tp] = true
		} else {
			delete(c.paused, tp)
		}
		c.toPause[tp] = paused
	}
	c.mu.Unlock()
	c.t.wake()
}

func (c *sinkContext) Rewind(offsets map[connect.TopicPartition]int64) {
	c.mu.Lock()
	if c.rewinds == nil {
		c.rewinds = map[connect.TopicPartition]int64{}
	}
	for tp, offset := range offsets {
		c.rewinds[tp] = offset
	}
	c.mu.Unlock()
	c.t.wake()
}

func (c *sinkContext) Timeout(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.timeout = d
}

func (c *sinkContext) RequestCommit() {
	c.mu.Lock()
	c.commit = true
	c.mu.Unlock()
	c.t.wake()
}

func (c *sinkContext) Wake() {
	c.mu.Lock()
	c.woken = true
	c.mu.Unlock()
	c.t.wake()
}

func (c *sinkContext) Report(record *connect.SinkRecord, reason error) <-chan error {
	return c.t.report(record, reason)
}

// takeTimeout returns the timeout that was set since the last call, 0 if none was.
func (c *sinkContext) takeTimeout() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	d := c.timeout
	c.timeout = 0
	return d
}

func (c *sinkContext) takeCommitRequest() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	asked := c.commit
	c.commit = false
	return asked
}

func (c *sinkContext) takeWake() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	woken := c.woken
	c.woken = false
	return woken
}

// wanted returns those of parts that the plugin has not paused.
func (c *sinkContext) wanted(parts []connect.TopicPartition) []connect.TopicPartition {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(parts), func(tp connect.TopicPartition) bool { return c.paused[tp] })
}

// pausedOf returns those of parts that the plugin has paused.
func (c *sinkContext) pausedOf(parts []connect.TopicPartition) []connect.TopicPartition {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(parts), func(tp connect.TopicPartition) bool { return !c.paused[tp] })
}

// retain forgets the pauses of partitions that are not assigned. It is called when new ones were: a partition that was taken away and came back
// at once stays paused.
func (c *sinkContext) retain(assigned map[connect.TopicPartition]*position) {
	c.mu.Lock()
	defer c.mu.Unlock()
	maps.DeleteFunc(c.paused, func(tp connect.TopicPartition, _ bool) bool { return assigned[tp] == nil })
}

// apply brings pauses, resumes and rewinds into effect. Only the task's goroutine calls it.
func (c *sinkContext) apply() {
	c.mu.Lock()
	toPause, rewinds := c.toPause, c.rewinds
	if len(toPause) > 0 {
		c.toPause = map[connect.TopicPartition]bool{}
	}
	c.rewinds = nil
	c.mu.Unlock()

	t := c.t
	for tp, pause := range toPause {
		switch {
		case t.offsets.parts[tp] == nil:
		case pause:
			t.reader.Pause(kafka.TopicPartition(tp))
		case !t.paused && !t.redeliver: // otherwise it is resumed with the rest
			t.reader.Resume(kafka.TopicPartition(tp))
		}
	}
	for tp, offset := range rewinds {
		if t.offsets.parts[tp] == nil {
			t.log.Warn("the plugin rewinds a partition that is not assigned to it", "topic", tp.Topic, "partition", tp.Partition, "offset", offset)
			continue
		}
		if err := t.reader.Seek(kafka.TopicPartition(tp), offset); err != nil {
			t.log.Warn("the plugin's rewind failed", "topic", tp.Topic, "partition", tp.Partition, "offset", offset, "err", err)
			continue
		}
		t.dropPending([]connect.TopicPartition{tp})
		t.offsets.moveTo(tp, offset)
	}
	if len(rewinds) > 0 {
		t.endEmptyRetry()
	}
}
