package detector

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"sluice/internal/kafka"
)

// claim is a partition that the group has given to this process: where poll
// delivers its messages, where its results go, and the goroutine that serves it
// for as long as it is ours.
type claim struct {
	e     *engine
	tp    kafka.TopicPartition
	log   *slog.Logger
	sink  sink
	inbox inbox
	meter *shardMeter
	serve func(context.Context) error // what is done with the partition; nil says that it was asked to end, and has

	stopping chan struct{} // closed to ask for an end in order
	stopOnce sync.Once
	cancel   context.CancelFunc
	done     chan struct{} // closed when the goroutine has ended
}

// newClaim makes the claim of a partition. serve is yet to be set.
func newClaim(e *engine, tp kafka.TopicPartition) (*claim, error) {
	c := &claim{
		e: e, tp: tp, log: e.log.With("topic", tp.Topic, "partition", tp.Partition),
		stopping: make(chan struct{}), done: make(chan struct{}), meter: e.meter.shard(tp.Partition),
	}
	c.inbox.ready = make(chan struct{}, 1)
	c.inbox.pause, c.inbox.resume = func() { e.reader.Pause(tp) }, func() { e.reader.Resume(tp) }
	if e.plain != nil {
		c.sink = &plainSink{producer: e.plain, reader: e.reader}
		return c, nil
	}
	p, err := e.newTransactional(tp)
	if err != nil {
		return nil, err
	}
	out := &transactionalSink{producer: p, group: e.cfg.Transactions.group()}
	c.sink = out
	e.meter.client(c.outputClient(), out.stats)
	return c, nil
}

// start serves the partition until end.
func (c *claim) start(ctx context.Context) {
	ctx, c.cancel = context.WithCancel(ctx)
	go func() {
		defer close(c.done)
		err := c.run(ctx)
		if closed := c.sink.close(); err == nil {
			err = closed
		}
		if err != nil && ctx.Err() == nil {
			c.e.fail(err)
		}
	}()
}

// end asks for an end and waits for it; when ctx ends, it is cut short.
func (c *claim) end(ctx context.Context) {
	c.stopOnce.Do(func() { close(c.stopping) })
	select {
	case <-c.done:
	case <-ctx.Done():
	}
	c.cancel()
	<-c.done
}

// fencedPause is waited before an id that another has taken over is taken back: the group may be about to say that the partition is the other's.
const fencedPause = time.Second

// run serves until asked to end.
func (c *claim) run(ctx context.Context) error {
	for {
		err := c.serve(ctx)
		again := errors.Is(err, kafka.ErrProducerFenced) || errors.Is(err, kafka.ErrFenced) || kafka.IsRetriable(err) || errors.Is(err, context.DeadlineExceeded)
		if err == nil || ctx.Err() != nil || !again {
			return err
		}
		c.restarted()
		c.log.Warn("the shard starts again from its committed position", "err", err)
		select {
		case <-c.stopping:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(fencedPause):
		}
	}
}

// readFrom has poll deliver from an offset on. It returns early when the claim is asked to end.
func (c *claim) readFrom(ctx context.Context, offset int64) error {
	r := seekRequest{c, offset, make(chan struct{})}
	c.e.reader.Wakeup()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-c.stopping:
			return nil // serve sees it, too
		case c.e.requests <- r:
			<-r.done
			return nil
		case <-time.After(10 * time.Millisecond): // poll looks for requests when it returns
			c.e.reader.Wakeup()
		}
	}
}
