package dynamodb

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"sluice/connect"
)

// target is a table that a task writes to. Each has an engine of its own, so that one that is slow or throttled does not slow the
// others down; all have the session, the bounds of the backlog and those of calls in common.
type target struct {
	composer *composer
	engine   *engine
	used     time.Time // when the last record for it came
}

// targets are the tables of a task by name, as far as records have come for them and they are in use.
//
// A record is in the books of one engine alone: that of its table, or of the table that has nothing but bad records in its books if it is not
// known which table it is for. So what may be committed is the least of what each engine says.
type targets struct {
	byName map[string]*target
	all    []*engine
	calls  chan struct{} // holds one for each call in flight, of all tables
	swept  time.Time     // when tables out of use were looked for last
	whole  bool          // the backlog of all had reached its bound when that was looked at last
}

// newTarget starts an engine on a table that is known, unless the settings do not fit it.
func (t *task) newTarget(found *table, log *slog.Logger) (*target, error) {
	if err := t.settings.mapping.derived.fits(found); err != nil {
		return nil, err
	}
	client := newClient(t.session, found, t.settings)
	e := t.newEngine(log, t.targets.taking(client.send))
	t.limiter.apply(e, found)
	t.limiter.follow(e, found, t.session.describe)
	return &target{
		composer: &composer{settings: t.settings, encoder: newEncoder(found, t.settings)},
		engine:   e, used: time.Now(),
	}, nil
}

// newEngine starts an engine for the partitions that the task has.
func (t *task) newEngine(log *slog.Logger, send func(context.Context, []*write) outcome) *engine {
	e := newEngine(log, t.settings.policy, send, t.tc.Report, t.tc.Wake)
	e.meters = t.meters
	t.meters.watch(e)
	e.start()
	e.open(slices.Collect(maps.Keys(t.parts)))
	t.targets.all = append(t.targets.all, e)
	return e
}

// taking keeps the calls of all tables together below their bound. Waiting for one that is free counts as part of a call, so that an engine has fewer in
// flight, and more patience, when others need them.
func (ts *targets) taking(send func(context.Context, []*write) outcome) func(context.Context, []*write) outcome {
	calls := ts.calls
	return func(ctx context.Context, writes []*write) outcome {
		select {
		case calls <- struct{}{}:
			defer func() { <-calls }()
			return send(ctx, writes)
		case <-ctx.Done():
			return outcome{class: transient, err: fmt.Errorf("wait for one of %d calls that all tables have in flight: %w", cap(calls), ctx.Err())}
		}
	}
}

// targetOf returns where a record goes: the only target, or that of its table. It is nil, with the name, if nothing is known of the
// table yet. The error is one of the record's data.
func (t *task) targetOf(r *connect.SinkRecord) (*target, string, error) {
	if len(r.Headers) > 0 {
		name, err := t.settings.tableOfHeader(r)
		if err != nil {
			return nil, "", err
		}
		if name != "" && name != t.settings.table {
			return t.targets.byName[name], name, nil
		}
	}
	if t.settings.route == nil {
		return t.only, t.settings.table, nil
	}
	name, err := t.settings.route.table(t.name[:0], r)
	if err != nil {
		return nil, "", err
	}
	t.name = name
	if found, ok := t.targets.byName[string(name)]; ok {
		return found, "", nil
	}
	return nil, string(name), nil
}

// misrouted are the books of the records whose table is not known. It never sends.
func (t *task) misrouted() *engine {
	if t.lost == nil {
		t.lost = t.newEngine(t.log, func(context.Context, []*write) outcome {
			return outcome{class: fatal, err: errors.New("a record without a table was to be sent")}
		})
	}
	return t.lost
}

func (ts *targets) open(tps []connect.TopicPartition) {
	for _, e := range ts.all {
		e.open(tps)
	}
}

func (ts *targets) flush() {
	for _, e := range ts.all {
		e.flush()
	}
}

func (ts *targets) failure() error {
	for _, e := range ts.all {
		if err := e.failure(); err != nil {
			return err
		}
	}
	return nil
}

func (ts *targets) committable(offsets map[connect.TopicPartition]int64) map[connect.TopicPartition]int64 {
	durable := maps.Clone(offsets)
	for _, e := range ts.all {
		durable = e.committable(durable)
	}
	return durable
}

// workOff takes at most half of the time that there is: drain needs the rest.
func (ts *targets) workOff(ctx context.Context, tps []connect.TopicPartition) {
	limit := workOffTime
	if deadline, ok := ctx.Deadline(); ok {
		limit = min(limit, time.Until(deadline)/2)
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for _, e := range ts.all {
		e.workOff(ctx, tps)
	}
}

func (ts *targets) drain(ctx context.Context, tps []connect.TopicPartition) error {
	var errs []error
	for _, e := range ts.all {
		errs = append(errs, e.drain(ctx, tps))
	}
	return errors.Join(errs...)
}

func (ts *targets) forget(tps []connect.TopicPartition) {
	for _, e := range ts.all {
		e.forget(tps)
	}
}

func (ts *targets) stop(ctx context.Context) error {
	var errs []error
	for _, e := range ts.all {
		if err := e.stop(ctx); err != nil {
			errs = append(errs, fmt.Errorf("wait for the calls in flight: %w", err))
		}
	}
	return errors.Join(errs...)
}
