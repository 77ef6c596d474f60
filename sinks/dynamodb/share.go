package dynamodb

import (
	"cmp"
	"context"
	"slices"
	"time"

	"sluice/connect"
)

// The tables of a task share the bounds of its backlog, and those that nothing comes for any more give up what they hold.

// crowded returns the partitions that nothing more is wanted of before something is written: all of them while the backlog as a whole has reached its
// bound, or a write is overdue that the rest is to wait for; otherwise those with unfinished records for a table that has more than its share. So a table
// that gets nothing written holds up those that its own records come with, and leaves room for the others.
//
// The share is what is free, but no less than the bound divided by the tables that have a backlog, and one: so a table may use half of the bound when it is
// alone, two a third each, and there is room for one more in any case. The table of a connector that has but one may use it all.
//
// It is by being asked here that an engine knows that it has to wake the worker when there is room again.
func (ts *targets) crowded(p *policy, parts map[connect.TopicPartition]struct{}) map[connect.TopicPartition]struct{} {
	if len(ts.byName) == 0 {
		var out map[connect.TopicPartition]struct{}
		for _, e := range ts.all {
			e.bound(p.backlogRecords, p.backlogBytes, false)
			if e.full() {
				out = parts
			}
		}
		return out
	}
	records, bytes, loaded := 0, 0, 0
	for _, e := range ts.all {
		r, b := e.load()
		records, bytes = records+r, bytes+b
		if r > 0 {
			loaded++
		}
	}
	whole := records >= p.backlogRecords || bytes >= p.backlogBytes
	everything := false
	var out map[connect.TopicPartition]struct{}
	for _, e := range ts.all {
		if whole {
			e.boundByLoad() // whichever of them gets through half of what it has makes room
		} else {
			e.bound(max(p.backlogRecords-records, p.backlogRecords/(loaded+1)), max(p.backlogBytes-bytes, p.backlogBytes/(loaded+1)), ts.whole)
		}
		if !e.full() {
			continue
		}
		if out == nil {
			out = make(map[connect.TopicPartition]struct{})
		}
		overdue := e.unfinished(out)
		everything = everything || whole || overdue
	}
	ts.whole = whole
	if everything { // and an engine is full, which will wake the worker
		return parts
	}
	return out
}

// load returns how much is unfinished.
func (e *engine) load() (records, bytes int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.records, e.bytes
}

// bound says how much the engine may hold. Anew forgets that it had enough by another measure.
func (e *engine) bound(records, bytes int, anew bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.wantRoom = e.wantRoom && !anew
	e.policy.backlogRecords, e.policy.backlogBytes = max(1, records), max(1, bytes)
}

// boundByLoad says that the engine has enough if it has anything, and has room once half of that is gone.
func (e *engine) boundByLoad() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.policy.backlogRecords, e.policy.backlogBytes = max(1, e.records), max(1, e.bytes)
	e.wantRoom = e.wantRoom || e.records > 0
}

// unfinished adds the partitions with unfinished records, and reports whether one of these is overdue.
func (e *engine) unfinished(to map[connect.TopicPartition]struct{}) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	for tp, p := range e.parts {
		if p.entries.len() > 0 {
			to[tp] = struct{}{}
		}
	}
	return e.overdue > 0
}

// When the engine of a table without unfinished records is closed. A table that is used again is described again, so those that are used in turn should
// stay open.
const (
	idleLong   = 5 * time.Minute  // after the last record for it
	idleShort  = 10 * time.Second // the same, of the longest idle ones while more than idleTables are open
	idleTables = 128

	sweepEvery = time.Second
)

// sweep closes tables that are out of use, so that a connector whose tables have names such as orders-20261123 holds no more than those that records
// come for.
func (t *task) sweep(ctx context.Context) {
	now := time.Now()
	if len(t.targets.byName) == 0 || now.Sub(t.targets.swept) < sweepEvery {
		return
	}
	t.targets.swept = now
	for _, name := range outOfUse(t.targets.byName, now) {
		e := t.targets.byName[name].engine
		delete(t.targets.byName, name)
		t.targets.all = slices.DeleteFunc(t.targets.all, func(other *engine) bool { return other == e })
		t.meters.unwatch(e)
		if err := e.stop(ctx); err != nil { // it has nothing to wait for but its timers
			t.log.Warn("the engine of a table out of use could not be stopped", "table", name, "err", err)
		}
	}
}

// outOfUse names the tables that can be closed.
func outOfUse(tables map[string]*target, now time.Time) []string {
	var idle []string
	for name, to := range tables {
		if now.Sub(to.used) >= idleShort && to.engine.idle() {
			idle = append(idle, name)
		}
	}
	slices.SortFunc(idle, func(a, b string) int { return cmp.Or(tables[a].used.Compare(tables[b].used), cmp.Compare(a, b)) })
	for i, name := range idle {
		if len(tables)-i <= idleTables && now.Sub(tables[name].used) < idleLong {
			return idle[:i]
		}
	}
	return idle
}

// idle reports whether the engine has nothing to do, and nothing to say in the log later.
func (e *engine) idle() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	quiet := e.troubles[0].since.IsZero() && e.troubles[1].since.IsZero()
	return quiet && e.records == 0 && len(e.inFlight) == 0 && len(e.reports) == 0 && !e.awaiting && e.failed == nil
}
