package dynamodb

import (
	"context"
	"maps"
	"math/rand/v2"
	"strconv"
	"time"

	"sluice/connect"
)

// rateLimit is what the settings say about the rate of writes. The zero value is no limit.
type rateLimit struct {
	kind    rateKind
	units   float64 // a second, of the connector, if kind is fixedRate
	percent float64 // of the table's capacity, if kind is tableRate
}

// rateKind tells what a limit is of.
type rateKind uint8

const (
	noRate    rateKind = iota
	fixedRate          // units a second for the connector, indexes included, whatever the tables
	tableRate          // a part of the provisioned capacity of each table, and of each of its global indexes
)

// writeUnits is what the service charges for a write of an item of that many bytes: a unit for each KB or part of it.
func writeUnits(size int) uint16 { return uint16((max(1, min(size, maxItemSize)) + 1023) >> 10) }

// estimate is what a batch is expected to cost a table without indexes. Transactions cost twice as much.
func (b *batch) estimate() float64 {
	units := 0
	for _, w := range b.writes {
		units += int(w.units)
	}
	if b.route == transactRoute {
		units *= 2
	}
	return float64(units)
}

// limiter gives the engines of one task their places at the connector's allowances. nil limits nothing.
type limiter struct {
	all   *allowances
	limit rateLimit
	task  connect.TaskID
	tasks float64 // of the connector
}

// rateTasksConfig is the key by which the connector tells each task how many there are.
const rateTasksConfig = "aws.dynamodb.write.rate.tasks"

// newLimiter returns nil if there is no limit.
func newLimiter(all *allowances, limit rateLimit, id connect.TaskID, props map[string]string) *limiter {
	if limit.kind == noRate {
		return nil
	}
	tasks, err := strconv.Atoi(props[rateTasksConfig])
	if err != nil || tasks < 1 {
		tasks = 1
	}
	return &limiter{all: all, limit: limit, task: id, tasks: float64(tasks)}
}

// rates returns the task's share for a table of which the capacity is known.
func (l *limiter) rates(capacity rates) rates {
	if l.limit.kind == fixedRate {
		return rates{tableUnits: l.limit.units / l.tasks}
	}
	share := maps.Clone(capacity)
	for name := range share {
		share[name] *= l.limit.percent / 100 / l.tasks
	}
	return share
}

// share returns how many units a second are the task's, of all tables that it writes to.
func (l *limiter) share(engines []*engine) float64 {
	if l.limit.kind == fixedRate {
		return l.limit.units / l.tasks
	}
	units := 0.
	for _, e := range engines {
		e.mu.Lock()
		s := e.limit
		e.mu.Unlock()
		if s != nil {
			units += s.share()
		}
	}
	return units
}

// allowance names what the engine of a table shares, and with whom.
func (l *limiter) allowance(table string) string {
	if l.limit.kind == fixedRate {
		return l.task.Connector
	}
	return l.task.Connector + "\x00" + table
}

// apply puts an engine that was not given anything yet under the limit.
func (l *limiter) apply(e *engine, t *table) {
	if l == nil {
		return
	}
	wake := func() {
		select {
		case e.kick <- struct{}{}:
		default: // it is about to look anyway
		}
	}
	name := l.allowance(t.name)
	s := l.all.join(name, l.limit.kind == fixedRate, l.task.String(), l.rates(t.capacity), wake, time.Now())
	e.mu.Lock()
	defer e.mu.Unlock()
	e.limit = s
	e.leave = func() { l.all.leave(name, s, time.Now()) }
}

// How often a table's capacity is asked for: it is changed by hand or by auto scaling, which looks at minutes.
const capacityInterval = time.Minute

// follow keeps a limit that is part of a table's capacity up with it, in a goroutine of the engine.
func (l *limiter) follow(e *engine, t *table, describe func(context.Context, string) (*table, class, error)) {
	if l == nil || l.limit.kind != tableRate {
		return
	}
	if _, known := t.capacity[tableUnits]; !known {
		e.log.Warn("the table has no provisioned write capacity and no maximum that can be read, so its writes are not limited", "setting", rateLimitConfig)
	}
	e.wg.Go(func() {
		for {
			select {
			case <-e.ctx.Done():
				return
			case <-time.After(capacityInterval + rand.N(capacityInterval/10)):
			}
			found, class, err := describe(e.ctx, t.name)
			if class != done {
				e.log.Debug("the table's capacity cannot be read, its last one counts", "err", err)
				continue
			}
			e.limit.adjust(l.rates(found.capacity), time.Now())
		}
	})
}

// mayGo reports whether the limit allows a call now, for which there is something to send and room. If it does not, the timers go on with it.
func (e *engine) mayGo(partial bool) bool {
	now := time.Now()
	if e.failed != nil || e.stopped || len(e.inFlight) >= e.pace.window || now.Before(e.pace.hold) || !e.sendable(partial) {
		if partial {
			e.limit.pass()
		}
		return false
	}
	waited, ok := e.limit.ask(now)
	if !ok {
		e.schedule(now)
	} else if e.meters != nil {
		e.meters.heldBack.Add(waited.Seconds())
	}
	return ok
}

// bounds are what the next call of a kind may carry.
func (e *engine) bounds(r route) bounds {
	b := e.policy.bounds(r)
	if e.limit != nil {
		if b.units = e.limit.budget(); r == transactRoute {
			b.units = max(1, b.units/2)
		}
	}
	return b
}

// sendable reports whether next would look for something to send.
func (e *engine) sendable(partial bool) bool {
	if len(e.split) > 0 {
		return true
	}
	for r := range e.ready {
		if n := e.ready[r].len(); n > 0 && (partial || n >= e.policy.bounds(route(r)).items) {
			return true
		}
	}
	return false
}

// balance charges what an answered call has consumed, as far as that is known. A call without an answer may have been carried out, and one that
// is refused for a condition is charged for: what was estimated stays.
func (e *engine) balance(b *batch, out *outcome) {
	switch {
	case out.class == throttled || out.class == rejected:
		e.limit.refund(b.charge)
	case out.class == done && out.consumed != nil:
		written := batch{route: b.route}
		for i, w := range b.writes {
			if c := out.of(i).class; c == done || c == unmetCondition {
				written.writes = append(written.writes, w)
			}
		}
		e.limit.settle(b.charge, written.estimate(), out.consumed)
	}
}
