package dynamodb

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"

	"sluice/connect"
)

// target is a table that a task writes to. Each has an engine of its own, so that one that is slow or throttled does not slow the
// others down; all have the session in common.
type target struct {
	composer *composer
	engine   *engine
}

// targets are the tables of a task by name, as far as records have come for them.
//
// A record is in the books of one engine alone: that of its table, or of the table that has nothing but bad records in its books if it is not
// known which table it is for. So what may be committed is the least of what each engine says.
type targets struct {
	byName map[string]*target
	all    []*engine
}

// routeShare is the part of the bounds of the backlog that each of several tables has.
const routeShare = 4

// newTarget starts an engine on a table that is known, unless the settings do not fit it.
func (t *task) newTarget(found *table, log *slog.Logger) (*target, error) {
	if err := t.settings.mapping.derived.fits(found); err != nil {
		return nil, err
	}
	client := newClient(t.session, found, t.settings)
	return &target{composer: &composer{settings: t.settings, encoder: newEncoder(found, t.settings)}, engine: t.newEngine(log, client.send)}, nil
}

// newEngine starts an engine for the partitions that the task has.
func (t *task) newEngine(log *slog.Logger, send func(context.Context, []*write) outcome) *engine {
	p := t.settings.policy
	if t.settings.route != nil {
		p.backlogRecords = max(1, p.backlogRecords/routeShare)
		p.backlogBytes = max(1, p.backlogBytes/routeShare)
	}
	e := newEngine(log, p, send, t.tc.Report, t.tc.Wake)
	e.meters = t.meters
	t.meters.watch(e)
	e.start()
	e.open(slices.Collect(maps.Keys(t.parts)))
	t.targets.all = append(t.targets.all, e)
	return e
}

// targetOf returns where a record goes: the only target, or that of its table. It is nil, with the name, if nothing is known of the
// table yet. The error is one of the record's data.
func (t *task) targetOf(r *connect.SinkRecord) (*target, string, error) {
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

// full asks every engine, since it is by being asked that one knows whom to wake.
func (ts *targets) full() bool {
	full := false
	for _, e := range ts.all {
		full = e.full() || full
	}
	return full
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
