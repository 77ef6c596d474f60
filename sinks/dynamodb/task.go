package dynamodb

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"sluice/connect"
)

// task is the [connect.SinkTask]: it encodes records on the worker's goroutine and leaves the rest to its engine.
//
// While the service cannot be reached at the start, the task runs without an engine: it holds what it is given, with its partitions
// paused, until DescribeTable has been answered.
//
// Pausing and resuming partitions is done by Put alone, on the worker's goroutine; the engine only wakes the worker. So the two
// cannot contradict each other.
type task struct {
	options Options
	read    func(map[string]string) (*settings, error)

	tc       connect.SinkTaskContext
	log      *slog.Logger
	settings *settings
	session  *session

	opened  chan opening // one value, unless the table was described by Start
	cancel  context.CancelFunc
	waiting sync.WaitGroup // for the goroutine that asks for the table

	engine  *engine // nil until the table is known
	encoder *encoder

	parts  map[connect.TopicPartition]struct{}
	paused bool
	held   []connect.SinkRecord // put before the table was known
}

// opening is what came of asking for the table again and again.
type opening struct {
	table *table
	err   error
}

var (
	_ connect.Opener       = (*task)(nil)
	_ connect.PreCommitter = (*task)(nil)
)

// Start fails for whatever somebody has to mend: settings, credentials, rights, a missing table. A service that cannot be reached, or is not
// ready, is waited for.
func (t *task) Start(ctx context.Context, tc connect.SinkTaskContext, props map[string]string) error {
	t.tc, t.log = tc, tc.Logger()
	t.parts = make(map[connect.TopicPartition]struct{})
	s, err := t.read(props)
	if err != nil {
		return err
	}
	t.settings = s
	t.log = t.log.With("table", s.table)
	for _, notice := range s.notices {
		t.log.Warn(notice)
	}
	if t.session, err = newSession(ctx, s, t.options, t.log); err != nil {
		return err
	}
	if err := t.session.findCredentials(ctx, s.table); err != nil {
		return err
	}
	found, class, err := t.session.describe(ctx, s.table)
	switch class {
	case done:
		return t.begin(found)
	case fatal:
		return err
	default:
		t.log.Warn("the table cannot be described yet, asking until it can", "err", err)
		t.await()
	}
	return nil
}

// begin starts the engine on a table that is known, unless the settings do not fit it.
func (t *task) begin(found *table) error {
	if err := t.settings.mapping.derived.fits(found); err != nil {
		return err
	}
	t.encoder = newEncoder(found, t.settings)
	client := newClient(t.session, found, t.settings.operation)
	t.engine = newEngine(t.log, t.settings.policy, client.send, t.tc.Report, t.tc.Wake)
	t.engine.start()
	t.engine.open(slices.Collect(maps.Keys(t.parts)))
	return nil
}

// await asks for the table in the background until the answer is one that lasts.
func (t *task) await() {
	ctx, cancel := context.WithCancel(context.Background())
	t.cancel = cancel
	t.opened = make(chan opening, 1)
	t.waiting.Go(func() {
		for n := 0; ; n++ {
			select {
			case <-time.After(backoff(holdBase, outageHoldMax, n, rand.Float64())):
			case <-ctx.Done():
				return
			}
			found, class, err := t.session.describe(ctx, t.settings.table)
			if class == done || class == fatal {
				t.opened <- opening{found, err}
				t.tc.Wake()
				return
			}
		}
	})
}

// Put never waits for the service. When the backlog has reached its bound the partitions are paused until half of it is written.
// An error that the engine met since the last Put is returned here.
func (t *task) Put(ctx context.Context, records []connect.SinkRecord) error {
	if t.engine == nil {
		select {
		case o := <-t.opened:
			if o.err != nil {
				t.opened <- o // every further Put says the same
				return o.err
			}
			t.log.Info("the table can be described now")
			if err := t.begin(o.table); err != nil {
				t.opened <- opening{err: err}
				return err
			}
			records = append(t.held, records...)
			t.held = nil
		default:
			t.held = append(t.held, records...)
			if len(t.held) > 0 {
				t.pause(true)
			}
			return nil
		}
	}
	for i := range records {
		if err := t.put(ctx, &records[i]); err != nil {
			return err
		}
	}
	t.engine.flush()
	t.pause(t.engine.full())
	return t.engine.failure()
}

// put hands one record to the engine. A record that cannot be written is reported at its place: what came before it is on its way, and
// nothing after it is if errors are not tolerated.
func (t *task) put(ctx context.Context, r *connect.SinkRecord) error {
	if t.settings.contentLog != nil {
		t.log.Log(ctx, *t.settings.contentLog, "record", "topic", r.Topic, "partition", r.Partition, "offset", r.Offset, "value", fmt.Sprint(r.Value))
	}
	item, key, err := t.encoder.encode(r)
	if err != nil {
		t.engine.flush()
		t.engine.reject(r, err)
		return t.engine.failure()
	}
	t.engine.accept(newWrite(r, item), key)
	return nil
}

// pause stops or resumes the delivery of all partitions, if that is a change.
func (t *task) pause(want bool) {
	if want == t.paused {
		return
	}
	t.paused = want
	all := slices.Collect(maps.Keys(t.parts))
	if want {
		t.tc.Pause(all...)
	} else {
		t.tc.Resume(all...)
	}
}

// Open takes over partitions.
func (t *task) Open(_ context.Context, partitions []connect.TopicPartition) error {
	for _, tp := range partitions {
		t.parts[tp] = struct{}{}
	}
	if t.engine != nil {
		t.engine.open(partitions)
	}
	if t.paused {
		t.tc.Pause(partitions...)
	}
	return nil
}

// PreCommit returns, per partition, the offset of the first record that is not finished, or of the next one to come. When closing, what was
// not sent is given up and what is with the service is waited for, so that the next owner of the partitions repeats as little as
// possible. An error of the engine is Put's to return: here it would make the worker read everything again.
func (t *task) PreCommit(ctx context.Context, offsets map[connect.TopicPartition]int64, closing bool) (map[connect.TopicPartition]int64, error) {
	durable := maps.Clone(offsets)
	if t.engine != nil {
		if closing {
			if err := t.engine.drain(ctx, slices.Collect(maps.Keys(offsets))); err != nil {
				t.log.Warn("not all writes under way could be waited for; their records come again", "err", err)
			}
		}
		durable = t.engine.committable(offsets)
	}
	for i := range t.held {
		tp := t.held[i].TopicPartition()
		if next, ok := durable[tp]; ok {
			durable[tp] = min(next, t.held[i].Offset)
		}
	}
	return durable, nil
}

// Close gives partitions away: nothing of them is written after it returns.
func (t *task) Close(ctx context.Context, partitions []connect.TopicPartition) error {
	for _, tp := range partitions {
		delete(t.parts, tp)
	}
	if t.paused {
		t.tc.Resume(partitions...) // if they come back, they are not what is paused
	}
	t.held = slices.DeleteFunc(t.held, func(r connect.SinkRecord) bool { return slices.Contains(partitions, r.TopicPartition()) })
	if t.engine == nil {
		return nil
	}
	err := t.engine.drain(ctx, partitions)
	t.engine.forget(partitions)
	t.pause(t.engine.full()) // what was dropped may have made room
	return err
}

// Stop ends what Start began.
func (t *task) Stop(ctx context.Context) error {
	var errs []error
	if t.cancel != nil {
		t.cancel()
		t.waiting.Wait() // a cancelled request returns at once
	}
	if t.engine != nil {
		if err := t.engine.stop(ctx); err != nil {
			errs = append(errs, fmt.Errorf("wait for the calls in flight: %w", err))
		}
	}
	if t.session != nil {
		t.session.close()
	}
	return errors.Join(errs...)
}
