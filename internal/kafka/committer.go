package kafka

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/IBM/sarama"

	"sluice/internal/sampled"
)

// committer sends the offset commits of one member, one after the other in the order they were
// asked for, on a goroutine and a connection of its own.
type committer struct {
	cluster *cluster
	group   string
	work    chan struct{} // told when queue has grown
	took    *sampled.Sensor

	mu     sync.Mutex
	queue  []*commit
	busy   bool // a commit that is no longer in queue is under way
	closed bool
}

// commit is one request to the committer.
type commit struct {
	ctx      context.Context // bounds the retries
	attempts int             // 0: as long as ctx lives
	as       membershipID    // the member that asked, as it was then
	offsets  map[TopicPartition]OffsetAndMetadata
	done     func(error)
}

func newCommitter(c *cluster) *committer {
	return &committer{cluster: c, group: c.settings.groupID, work: make(chan struct{}, 1), took: sampled.New(c.settings.window)}
}

// add queues a commit, whose done is called once, from run or from here.
func (c *committer) add(request *commit) {
	c.mu.Lock()
	closed := c.closed
	if !closed {
		c.queue = append(c.queue, request)
		tell(c.work)
	}
	c.mu.Unlock()
	if closed {
		request.done(ErrClosed)
	}
}

// drain waits until everything queued so far was worked on, or until ctx ends.
func (c *committer) drain(ctx context.Context) {
	c.mu.Lock()
	idle := len(c.queue) == 0 && !c.busy
	c.mu.Unlock()
	if idle {
		return
	}
	last := make(chan struct{})
	c.add(&commit{ctx: ctx, done: func(error) { close(last) }})
	select {
	case <-last:
	case <-ctx.Done():
	}
}

// take removes the first commit, nil when there is none.
func (c *committer) take() *commit {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.busy = len(c.queue) > 0
	if !c.busy {
		return nil
	}
	first := c.queue[0]
	c.queue = c.queue[1:]
	return first
}

// run works until ctx ends; what is queued then fails with ErrClosed.
func (c *committer) run(ctx context.Context) {
	var link commitLink
	defer link.close()
	for ctx.Err() == nil {
		if next := c.take(); next != nil {
			next.done(c.perform(ctx, &link, next))
			continue
		}
		select {
		case <-ctx.Done():
		case <-c.work:
		}
	}
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	for next := c.take(); next != nil; next = c.take() {
		next.done(ErrClosed)
	}
}

// commitLink is the connection to the coordinator, nil while it is unknown.
type commitLink struct{ conn *conn }

func (l *commitLink) close() {
	if l.conn != nil {
		l.conn.close()
		l.conn = nil
	}
}

// perform sends one commit, again while what is wrong can heal.
func (c *committer) perform(ctx context.Context, link *commitLink, request *commit) error {
	if len(request.offsets) == 0 {
		return nil
	}
	bounded, cancel := context.WithCancelCause(request.ctx)
	defer cancel(nil)
	defer context.AfterFunc(ctx, func() { cancel(ErrClosed) })()
	pause := c.cluster.settings.newBackoff()
	for attempt := 1; ; attempt++ {
		err := c.attempt(bounded, link, request)
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return ErrClosed
		case bounded.Err() != nil:
			return fmt.Errorf("commit offsets of group %q: %w", c.group, errors.Join(bounded.Err(), err))
		case errors.Is(err, sarama.ErrUnknownTopicOrPartition) || !IsRetriable(err) || attempt == request.attempts:
			return fmt.Errorf("commit offsets of group %q: %w", c.group, err)
		}
		if waitErr := pause.wait(bounded); waitErr != nil {
			if ctx.Err() != nil {
				return ErrClosed
			}
			return fmt.Errorf("commit offsets of group %q: %w", c.group, errors.Join(waitErr, err))
		}
	}
}

// attempt sends the commit once.
func (c *committer) attempt(ctx context.Context, link *commitLink, request *commit) error {
	if link.conn == nil {
		addr, err := c.cluster.coordinator(ctx, c.group)
		if err != nil {
			return err
		}
		link.conn = c.cluster.net.conn(addr)
	}
	addr := link.conn.addr
	began := time.Now()
	err := commitOffsets(ctx, link.conn.sender(c.cluster.settings.requestTimeout), c.group, request.as, request.offsets)
	switch {
	case err == nil:
		c.took.Since(began)
		c.cluster.outage.worked(addr)
	case isConnectionError(err) && ctx.Err() == nil:
		c.cluster.outage.failed(err, addr)
		link.close()
	case anyKError(err, sarama.ErrNotCoordinatorForConsumer, sarama.ErrConsumerCoordinatorNotAvailable):
		link.close()
	}
	return err
}
