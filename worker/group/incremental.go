package group

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"

	"sluice/connect"
)

// Round is what the leader decides on.
type Round struct {
	// Now is the time on a clock that never goes back, since whenever; it is looked at in milliseconds.
	Now time.Duration
	// MaxDelay is how long to wait for a member that has gone before its work is given to others (scheduled.rebalance.max.delay.ms).
	MaxDelay time.Duration
	// Generation is the one that begins with this round, Completed that of the last round that this worker has taken part in to its end, -1 if there was
	// none. If it is not the one that the leader decided on last, then what that was counts no more.
	Generation, Completed int
	// Configured is all there is to run.
	Configured Work
	// Members are those that have joined, with what each says to run: the newest first.
	Members map[string]Work
}

// Plan is what the leader has decided.
type Plan struct {
	// Members has an entry for each member.
	Members map[string]Change
	// Delay is when the members are to join again, if nothing else happens until then; 0 for never.
	Delay time.Duration
}

// Change is what a round means for one member.
type Change struct {
	// Added is to be started, Revoked to be stopped, of what the member has said to run.
	Added, Revoked Work
	// Held is what the member has when that is done.
	Held Work
}

// Memory is what a leader knows of the rounds before. The zero value is that of a new leader. It is never changed, only replaced.
type Memory struct {
	generation int
	members    []string
	assigned   set // what the group has, and what was lost
	revoked    set // what the last round took away
	lost       waiting
	pace       pace
}

// waiting is the wait for members that have gone, or until work may be taken away again.
type waiting struct {
	until      time.Duration // 0: there is none
	delay      time.Duration // what the members are told
	candidates []string      // members that were empty meanwhile: one of them may be who has come back
}

// pace keeps rounds that take work away from following each other too fast (KAFKA-12495).
type pace struct {
	revoking   bool // the last round took work away to balance the load
	successive int
}

// load is what a member runs, as the round goes on.
type load struct {
	member string
	held   pieces
}

// Incremental decides which work changes hands. What is configured and new is given to who has least. What is configured no more, or is
// run by several, is taken away. Who has more than others gives up the surplus, which is dealt out in the next round when it has
// stopped. What a member had that has gone is kept for it until the delay is over, and until then nothing is taken away for balance.
//
// Kafka: IncrementalCooperativeAssignor, as of 3.9.2, whose recorded decisions the test compares with. Differs: where Java's depend on the
// order of a HashMap, members are taken by id.
func Incremental(before Memory, r Round) (Plan, Memory) {
	m := before
	m.lost.candidates = slices.Clone(before.lost.candidates)
	now := r.Now.Truncate(time.Millisecond)
	if m.generation != r.Completed {
		m.assigned = nil
	}
	members, active, several := r.held()
	configured := piecesOf(r.Configured).set()
	if anyIn(m.revoked, active) { // what was taken away did not stop
		m.assigned = active
	}
	lost := m.assigned.pieces().filter(func(id connect.TaskID) bool { return configured[id] && !active[id] })
	created := configured.pieces().minus(m.assigned).minus(active)

	plan := Plan{Members: make(map[string]Change, len(members))}
	loads, revoked := make([]*load, len(members)), map[string]pieces{}
	for i, member := range members {
		gone := member.held.filter(func(id connect.TaskID) bool { return several[id] || m.assigned[id] && !configured[id] })
		revoked[member.member] = gone
		loads[i] = &load{member.member, member.held.minus(gone.set())}
	}
	m.settle(r, lost, loads, now, &created)
	if m.lost.delay == 0 {
		for member, surplus := range m.balance(r, configured.pieces(), loads, now) {
			for k := range surplus {
				p := revoked[member]
				p[k] = append(p[k], surplus[k]...)
				revoked[member] = p
			}
		}
	} else {
		m.pace.revoking = false
	}
	deal(loads, created)

	m.assigned, m.revoked, m.generation, m.members = set{}, set{}, r.Generation, nil
	for _, l := range loads {
		m.assigned.add(l.held)
	}
	slices.SortFunc(loads, byMember)
	for i, l := range loads {
		gone := revoked[l.member].sorted()
		m.members = append(m.members, l.member)
		m.revoked.add(gone)
		plan.Members[l.member] = Change{
			Added: l.held.minus(members[i].held.set()).work(), Revoked: gone.work(), Held: l.held.work(),
		}
	}
	maps.DeleteFunc(m.assigned, func(id connect.TaskID, _ bool) bool { return m.revoked[id] })
	m.assigned.add(lost)
	plan.Delay = m.lost.delay
	return plan, m
}

// held returns the members by id, what any of them runs, and what more than one does.
func (r Round) held() (members []*load, active, several set) {
	active, several = set{}, set{}
	for _, id := range slices.Sorted(maps.Keys(r.Members)) {
		l := &load{id, piecesOf(r.Members[id]).unique()}
		members = append(members, l)
		for _, ids := range l.held {
			for _, id := range ids {
				if active[id] {
					several[id] = true
				}
				active[id] = true
			}
		}
	}
	return members, active, several
}

func anyIn(a, b set) bool {
	for id := range a {
		if b[id] {
			return true
		}
	}
	return false
}

func byMember(a, b *load) int { return cmp.Compare(a.member, b.member) }

// settle decides what becomes of work whose member has gone: it is added to what is created, or given to members that have come since, or waits.
//
// Kafka: IncrementalCooperativeAssignor.handleLostAssignments.
func (m *Memory) settle(r Round, lost pieces, loads []*load, now time.Duration, created *pieces) {
	anew := func() {
		for k := range lost {
			created[k] = append(created[k], lost[k]...)
		}
		*created = created.unique()
	}
	w := &m.lost
	here := func(member string) bool {
		return slices.ContainsFunc(loads, func(l *load) bool { return l.member == member })
	}
	switch {
	case lost.empty() && !m.pace.revoking:
		*w = waiting{}
	case w.until == 0 && !slices.ContainsFunc(m.members, func(member string) bool { return !here(member) }):
		anew() // nobody has gone: it was not received
	case r.MaxDelay == 0:
		anew()
	case w.until > 0 && now >= w.until:
		if takers := pick(loads, w.candidates); len(takers) > 0 {
			for k := range lost {
				for i, id := range lost[k] {
					taker := takers[i%len(takers)]
					taker.held[k] = append(taker.held[k], id)
				}
			}
		} else {
			anew()
		}
		*w = waiting{}
		m.pace.revoking = false
	default:
		for _, l := range loads {
			if l.held.empty() && !slices.Contains(w.candidates, l.member) {
				w.candidates = append(w.candidates, l.member)
			}
		}
		w.delay = r.MaxDelay
		if now < w.until {
			w.delay = min(w.until-now, r.MaxDelay)
		}
		w.until = now + w.delay
	}
}

// pick returns the loads of the members that are still there, in the members' order.
func pick(loads []*load, members []string) []*load {
	var picked []*load
	for _, member := range members {
		if i := slices.IndexFunc(loads, func(l *load) bool { return l.member == member }); i >= 0 {
			picked = append(picked, loads[i])
		}
	}
	return picked
}

// balance takes away what members have too much, and returns it. If the round before did that too, it is put off instead.
//
// Kafka: IncrementalCooperativeAssignor.performTaskAssignment and performLoadBalancingRevocations.
func (m *Memory) balance(r Round, configured pieces, loads []*load, now time.Duration) map[string]pieces {
	surplus := map[string]pieces{}
	if !configured.empty() {
		for k := range configured {
			trim(k, len(configured[k]), loads, surplus)
		}
	}
	switch {
	case len(surplus) == 0:
		if m.pace.revoking {
			m.pace = pace{}
		}
		return nil
	case m.pace.revoking:
		m.pace.successive++
		if pause := revocationBackoff(m.pace.successive, r.MaxDelay); pause > 0 {
			m.lost.delay, m.lost.until = pause, now+pause
			return nil
		}
	default:
		m.pace.revoking = true
	}
	for _, l := range loads {
		l.held = l.held.minus(surplus[l.member].set())
	}
	return surplus
}

// trim finds what of a kind members have above the share of each, the newest first. As many members as the division leaves over may
// have one more.
func trim(kind, total int, loads []*load, surplus map[string]pieces) {
	share, extra := total/len(loads), total%len(loads)
	even, oneMore := 0, 0
	for _, l := range loads {
		switch len(l.held[kind]) {
		case share:
			even++
		case share + 1:
			oneMore++
		}
	}
	if oneMore == extra && even+oneMore == len(loads) {
		return
	}
	for _, l := range loads {
		most := share
		if len(l.held[kind]) > share && extra > 0 {
			extra--
			most++
		}
		if above := len(l.held[kind]) - most; above > 0 {
			p := surplus[l.member]
			p[kind] = slices.Clone(l.held[kind][:above])
			surplus[l.member] = p
		}
	}
}

// The pause before work is taken away again grows by this factor, from a millisecond.
const revocationBackoffFactor = 40

// revocationBackoff is how long to wait before work is taken away for the nth time in a row.
//
// Kafka: ExponentialBackoff(1, 40, scheduled.rebalance.max.delay.ms, 0).
func revocationBackoff(n int, most time.Duration) time.Duration {
	limit := float64(most.Milliseconds())
	if limit <= 1 {
		return time.Duration(limit) * time.Millisecond
	}
	exponent := min(float64(n), math.Log(limit)/math.Log(revocationBackoffFactor))
	return time.Duration(min(math.Floor(math.Pow(revocationBackoffFactor, exponent)), limit)) * time.Millisecond
}

// deal gives work to those who have least, in turn.
//
// Kafka: IncrementalCooperativeAssignor.assignConnectors and assignTasks.
func deal(loads []*load, work pieces) {
	for k, ids := range work {
		slices.SortFunc(loads, func(a, b *load) int {
			return cmp.Or(cmp.Compare(len(a.held[k]), len(b.held[k])), byMember(a, b))
		})
		for len(ids) > 0 {
			least := len(loads[0].held[k])
			for _, l := range loads {
				if len(l.held[k]) > least || len(ids) == 0 {
					break
				}
				l.held[k] = append(l.held[k], ids[0])
				ids = ids[1:]
			}
		}
	}
}
