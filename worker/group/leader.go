package group

import (
	"context"
	"fmt"
	"time"

	"sluice/connect"
	"sluice/internal/kafka"
)

// leader is what a Member tells the group, and how it decides when it leads. Its methods are called by the membership's goroutine.
//
// Kafka: ConnectAssignor.
type leader struct{ *Member }

// Type implements [kafka.GroupProtocol].
func (leader) Type() string { return ProtocolType }

// Offers implements [kafka.GroupProtocol].
func (l leader) Offers(context.Context) ([]kafka.ProtocolOffer, error) {
	l.mu.Lock()
	l.offered = l.view
	state := WorkerState{URL: l.cfg.URL, ConfigOffset: l.view.Offset(), Allocation: l.held}
	l.mu.Unlock()
	offers, err := l.cfg.Compatibility.Offers(state)
	if err != nil {
		return nil, err
	}
	list := make([]kafka.ProtocolOffer, len(offers))
	for i, o := range offers {
		list[i] = kafka.ProtocolOffer{Name: o.Protocol, Metadata: o.Metadata}
	}
	return list, nil
}

// Assign implements [kafka.GroupProtocol]. Members whose state cannot be read are left out: they get an assignment without work, and the others theirs.
func (l leader) Assign(ctx context.Context, e kafka.Election) (map[string][]byte, error) {
	protocol, err := parseProtocol(e.Protocol)
	if err != nil {
		return nil, err
	}
	states := make(map[string]WorkerState, len(e.Members))
	l.mu.Lock()
	view := l.offered
	l.mu.Unlock()
	newest := view.Offset()
	for id, metadata := range e.Members {
		state, err := ParseWorkerState(metadata)
		if err != nil {
			l.logger.Error("a worker of the group tells what cannot be read, it gets nothing to run", "member", id, "err", err)
			continue
		}
		states[id] = state
		newest = max(newest, state.ConfigOffset)
	}
	view, offset := l.agree(ctx, view, newest)
	base := Assignment{Version: int16(protocol), Leader: e.Leader, LeaderURL: l.cfg.URL, ConfigOffset: offset}
	var plan map[string]Assignment
	if view == nil {
		l.logger.Info("this worker leads the group and has not read as much of the config topic as another one: nothing is assigned",
			"generation", e.Generation, "config_offset", newest)
		base.Error = ConfigMismatch
	} else {
		plan = l.decide(protocol, e, states, view.Configured(), base)
	}
	encoded := make(map[string][]byte, len(e.Members))
	for id := range e.Members {
		a, ok := plan[id]
		if !ok {
			a = base
		}
		if encoded[id], err = a.MarshalBinary(); err != nil {
			return nil, fmt.Errorf("member %s: %w", id, err)
		}
	}
	return encoded, nil
}

// agree returns the configuration to decide on, and its offset: one that is no older than what any member has read. It is nil if there
// is none, with the offset that is missed.
//
// Kafka: IncrementalCooperativeAssignor.ensureLeaderConfig. Differs: the topic is read to its end before the leader gives up.
func (l leader) agree(ctx context.Context, view View, newest int64) (View, int64) {
	if view.Offset() >= newest {
		return view, newest
	}
	ctx, cancel := context.WithTimeout(ctx, l.cfg.SyncTimeout)
	defer cancel()
	fresh, err := l.cfg.Fresh(ctx)
	if err != nil {
		l.logger.Warn("the config topic could not be read to its end", "err", err)
	}
	if err != nil || fresh.Offset() < newest {
		return nil, newest
	}
	return fresh, fresh.Offset()
}

// decide lets the protocol's assignor decide.
func (l leader) decide(protocol Compatibility, e kafka.Election, states map[string]WorkerState, configured Work, base Assignment) map[string]Assignment {
	plan := make(map[string]Assignment, len(states))
	urls := map[connect.TaskID]string{}
	give := func(id string, added, revoked, held Work) {
		a := base
		a.Added, a.Revoked = added, revoked
		plan[id] = a
		for _, ids := range piecesOf(held) {
			for _, piece := range ids {
				urls[piece] = states[id].URL
			}
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if protocol.Incremental() {
		r := Round{
			Now: time.Since(l.started), MaxDelay: l.cfg.MaxDelay, Generation: e.Generation, Completed: l.completed, Configured: configured,
			Members: make(map[string]Work, len(states)),
		}
		for id, state := range states {
			if r.Members[id] = (Work{}); state.Allocation != nil {
				r.Members[id] = state.Allocation.Added
			}
		}
		var p Plan
		p, l.memory = Incremental(l.memory, r)
		base.Delay = p.Delay
		for id, change := range p.Members {
			give(id, change.Added, change.Revoked, change.Held)
		}
	} else {
		members := make([]string, 0, len(states))
		for id := range states {
			members = append(members, id)
		}
		for id, work := range Eager(configured, members) {
			give(id, work, Work{}, work)
		}
	}
	l.owners = owners{e.Generation, urls}
	return plan
}
