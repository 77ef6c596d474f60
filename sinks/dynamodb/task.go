package dynamodb

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"sluice/connect"
)

// task is the [connect.SinkTask]: it encodes records on the worker's goroutine and leaves the rest to the engine of their table.
//
// A table is described, and made if that is wanted, before the first record is written to it (opening.go). While that lasts, and while the service cannot
// be reached at the start, the task holds what it is given, with its partitions paused.
//
// Pausing and resuming partitions is done on the worker's goroutine alone (settlePauses); the engine only wakes the worker. So the two
// cannot contradict each other.
type task struct {
	options Options
	limits  *allowances
	read    func(map[string]string) (*settings, error)

	tc       connect.SinkTaskContext
	log      *slog.Logger
	settings *settings
	session  *session
	finder   *finder
	meters   *meters
	limiter  *limiter
	hot      *hotKeys

	asking  bool         // a table is being asked for, or its answer waits to be taken
	opened  chan opening // that answer
	cancel  context.CancelFunc
	waiting sync.WaitGroup // for the goroutine that asks

	only    *target // of a connector with one table, once it is known
	targets targets
	lost    *engine   // see misrouted
	name    []byte    // scratch
	turn    time.Time // of the Put under way

	parts  map[connect.TopicPartition]struct{}
	paused map[connect.TopicPartition]struct{}
	held   []connect.SinkRecord // put before their table was known, or behind such a record
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
	t.paused = make(map[connect.TopicPartition]struct{})
	t.targets.byName = make(map[string]*target)
	t.opened = make(chan opening, 1)
	s, err := t.read(props)
	if err != nil {
		return err
	}
	t.settings = s
	t.targets.calls = make(chan struct{}, s.policy.maxInFlight)
	t.meters = newMeters(t.tc.Metrics())
	t.hot = newHotKeys(t.tc.Logger()) // which has no table of its own
	t.hot.show(t.tc.Metrics())
	if s.consumed {
		t.meters.consumed = newConsumedMeters(t.tc.Metrics())
	}
	if t.limiter = newLimiter(t.limits, s.rate, t.tc.TaskID(), props); t.limiter != nil {
		t.meters.showLimit(t.tc.Metrics(), t.limiter)
	}
	shown := s.table
	if s.route != nil {
		shown = s.route.String()
	}
	t.log = t.log.With("table", shown)
	for _, notice := range s.notices {
		t.log.Warn(notice)
	}
	if t.session, err = newSession(ctx, s, t.options, t.log); err != nil {
		return err
	}
	switch class, err := t.session.findCredentials(ctx, shown); class {
	case fatal:
		return err
	case transient:
		t.log.Warn("there are no credentials yet, asking until there are", "err", err)
	}
	t.finder = &finder{session: t.session, settings: s, log: t.log}
	if s.route != nil {
		return nil // which tables there are is seen by the records
	}
	found, class, err := t.finder.find(ctx, s.table, s.keyTypes())
	switch {
	case class == done:
		t.only, err = t.newTarget(found, t.log)
		return err
	case errors.Is(err, errNeedsRecord):
		t.log.Info("the table is missing, and is made when its first record tells the types of its key")
		return nil
	case class == fatal:
		return err
	}
	t.log.Warn(notReady, "err", err)
	t.ask(s.table, nil, true)
	return nil
}

// Put never waits for the service. When the backlog has reached its bound the partitions are paused until half of it is written.
// An error that an engine met since the last Put is returned here.
func (t *task) Put(ctx context.Context, records []connect.SinkRecord) error {
	t.turn = time.Now()
	if t.asking {
		select {
		case o := <-t.opened:
			if err := t.begin(o); err != nil {
				t.asking = true
				t.opened <- opening{err: err} // every further Put says the same
				return err
			}
			records = append(t.held, records...)
			t.held = nil
		default:
			t.held = append(t.held, records...)
			t.settlePauses()
			return t.targets.failure()
		}
	}
	for i := range records {
		taken, err := t.put(ctx, &records[i])
		if err != nil {
			return err
		}
		if !taken {
			t.held = append(t.held, records[i:]...)
			break
		}
	}
	t.targets.flush()
	t.settlePauses()
	t.sweep(ctx)
	return t.targets.failure()
}

// put hands one record to the engine of its table, and reports false if that has to be asked for first. A record that cannot be written is
// reported at its place: what came before it is on its way, and nothing after it is if errors are not tolerated.
func (t *task) put(ctx context.Context, r *connect.SinkRecord) (bool, error) {
	to, name, err := t.targetOf(r)
	if to != nil {
		to.used = t.turn
	}
	switch {
	case to != nil:
	case t.settings.ignores(r): // whether or not it tells its table
		t.misrouted().pass(r)
		return true, nil
	case err != nil:
		return true, t.reject(t.misrouted(), r, err)
	default:
		t.ask(name, r, false)
		return false, nil
	}
	if t.settings.contentLog != nil {
		t.log.Log(ctx, *t.settings.contentLog, "record", "topic", r.Topic, "partition", r.Partition, "offset", r.Offset, "value", fmt.Sprint(r.Value))
	}
	w, key, err := to.composer.compose(r)
	switch {
	case err != nil:
		return true, t.reject(to.engine, r, err)
	case w == nil:
		to.engine.pass(r)
	default:
		t.hot.see(to.composer.encoder.table, key)
		to.engine.accept(w, key)
	}
	return true, nil
}

// reject enters a bad record into the books of an engine.
func (t *task) reject(e *engine, r *connect.SinkRecord, reason error) error {
	t.targets.flush()
	e.reject(r, reason)
	return t.targets.failure()
}

// settlePauses stops the delivery of the partitions that nothing more is wanted of for now, and resumes that of the others. While records are held, these
// are all.
func (t *task) settlePauses() {
	want := t.targets.crowded(&t.settings.policy, t.parts)
	if len(t.held) > 0 {
		want = t.parts
	}
	var pause, resume []connect.TopicPartition
	for tp := range t.paused {
		if _, ok := want[tp]; !ok {
			resume = append(resume, tp)
			delete(t.paused, tp)
		}
	}
	for tp := range want {
		if _, ok := t.paused[tp]; !ok {
			pause = append(pause, tp)
			t.paused[tp] = struct{}{}
		}
	}
	if len(resume) > 0 {
		t.tc.Resume(resume...)
	}
	if len(pause) > 0 {
		t.tc.Pause(pause...)
	}
}

// Open takes over partitions.
func (t *task) Open(_ context.Context, partitions []connect.TopicPartition) error {
	for _, tp := range partitions {
		t.parts[tp] = struct{}{}
	}
	t.targets.open(partitions)
	t.settlePauses()
	return nil
}

// PreCommit returns, per partition, the offset of the first record that is not finished, or of the next one to come. When closing, the backlog is
// written for as long as workOffTime, then what was not sent is given up and what is with the service is waited for, so that the next owner of the
// partitions repeats as little as possible. An error of the engine is Put's to return: here it would make the worker read everything again.
func (t *task) PreCommit(ctx context.Context, offsets map[connect.TopicPartition]int64, closing bool) (map[connect.TopicPartition]int64, error) {
	if closing {
		tps := slices.Collect(maps.Keys(offsets))
		t.targets.workOff(ctx, tps)
		if err := t.targets.drain(ctx, tps); err != nil {
			t.log.Warn("not all writes under way could be waited for; their records come again", "err", err)
		}
	}
	durable := t.targets.committable(offsets)
	for i := range t.held {
		tp := t.held[i].TopicPartition()
		if next, ok := durable[tp]; ok {
			durable[tp] = min(next, t.held[i].Offset)
		}
	}
	t.sweep(ctx)
	return durable, nil
}

// Close gives partitions away: nothing of them is written after it returns.
func (t *task) Close(ctx context.Context, partitions []connect.TopicPartition) error {
	for _, tp := range partitions {
		delete(t.parts, tp)
		if _, ok := t.paused[tp]; ok {
			delete(t.paused, tp)
			t.tc.Resume(tp) // if it comes back, it is not what is paused
		}
	}
	t.held = slices.DeleteFunc(t.held, func(r connect.SinkRecord) bool { return slices.Contains(partitions, r.TopicPartition()) })
	err := t.targets.drain(ctx, partitions)
	t.targets.forget(partitions)
	t.settlePauses() // what was dropped may have made room
	return err
}

// Stop ends what Start began.
func (t *task) Stop(ctx context.Context) error {
	var errs []error
	if t.cancel != nil {
		t.cancel()
		t.waiting.Wait() // a cancelled request returns at once
	}
	errs = append(errs, t.targets.stop(ctx))
	if t.session != nil {
		t.session.close()
	}
	return errors.Join(errs...)
}
