package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/IBM/sarama"
)

// membership keeps one member in a group, whatever the members of that group share: the protocol says
// what they tell each other. One goroutine (run) talks to the coordinator; the owner is told through
// changed, looks at state, and answers with rejoin once it has given up what it has to:
//
//	         rejoin                 sync answered
//	absent ─────────> joining ────────────────────────> stable
//	                   ^  ^                              │  │ heartbeat: rebalance in progress,
//	            rejoin │  └──── rejoin ── rebalancing <──┘  │ or the leader saw topics change
//	                   │                      │             │
//	                   └───────── lost <──────┴─────────────┘ unknown member, illegal generation,
//	                                                          max.poll.interval.ms is over (then left)
//
// In rebalancing the generation still holds: heartbeats go on and commits are accepted until the
// group's join completes. In lost it does not. failed is final.
//
// Kafka: org.apache.kafka.clients.consumer.internals.AbstractCoordinator.
type membership struct {
	cluster  *cluster
	settings *settings
	protocol groupProtocol
	logger   *slog.Logger
	meter    groupMeter

	changed chan struct{} // tells the owner to look at state
	kick    chan struct{} // tells run to look at state, or to send a heartbeat now

	// Used by run, then by leave.
	conn       *conn // to the coordinator; nil while it is unknown
	unanswered bool  // a static member has not joined: its place may be its predecessor's, or its own without its having been told

	mu       sync.Mutex
	phase    memberPhase
	id       membershipID // generation -1: none
	assigned *assignment  // the newest, nil when taken
	leader   bool         // it watches what the assignment was made of
	returned bool         // a static member has come, maybe to the assignment of its predecessor, which is to be looked at once
	err      error        // why it failed
	polling  bool         // the owner waits in Poll
	lastPoll time.Time
	suspect  bool      // send a heartbeat now
	heard    time.Time // when the last request was sent whose answer says that this member is in the group
	asking   bool      // a join is at the coordinator, which answers when all have come
}

type memberPhase int8

const (
	memberAbsent memberPhase = iota
	memberJoining
	memberStable
	memberRebalancing
	memberLost
	memberFailed
)

// groupProtocol is what the members of a group exchange through the coordinator.
type groupProtocol interface {
	// protocolType is the same for all members: "consumer".
	protocolType() string
	// offers are the protocols this member can follow, best first, each with what it tells the leader.
	offers(ctx context.Context, generation int32) ([]*sarama.GroupProtocol, error)
	// assign is called on the leader: it says what each member gets.
	assign(ctx context.Context, e election) ([]sarama.SyncGroupRequestAssignment, error)
	// accepted is called with what this member got.
	accepted(protocol string, generation int32, data []byte) error
	// changed reports whether what this member has offered, or with whole what the assignment was made of, has changed since.
	changed(ctx context.Context, whole bool) (bool, error)
	// watchful says whether every member has to ask changed, and not just the leader.
	watchful() bool
	// checkInterval is how often changed is to be asked.
	checkInterval() time.Duration
}

// election makes this member the leader of a generation: it is to say what each member gets.
type election struct {
	protocol   string
	generation int32
	leader     string // this member's id
	members    []sarama.GroupMember
}

// assignment is the outcome of a join.
type assignment struct {
	generation int32
	protocol   string
	data       []byte
}

func newMembership(c *cluster, protocol groupProtocol) *membership {
	id := noMember
	id.instanceID = c.settings.groupInstanceID
	return &membership{
		cluster: c, settings: c.settings, protocol: protocol, logger: named(c.unnamed, memberLogger).With("group", c.settings.groupID),
		changed: make(chan struct{}, 1), kick: make(chan struct{}, 1), id: id, lastPoll: time.Now(), unanswered: true,
		meter: newGroupMeter(c.settings.window),
	}
}

// memberSnapshot is what the owner decides on.
type memberSnapshot struct {
	phase    memberPhase
	assigned *assignment
	err      error
}

// state returns what the owner decides on, as it is now.
func (m *membership) state() memberSnapshot {
	m.mu.Lock()
	defer m.mu.Unlock()
	return memberSnapshot{m.phase, m.assigned, m.err}
}

// take marks an assignment as handled by the owner.
func (m *membership) take(a *assignment) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.assigned == a {
		m.assigned = nil
	}
}

// rejoin starts joining, if the phase is still the one that the owner acted on.
func (m *membership) rejoin(from memberPhase) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.phase != from {
		return false
	}
	m.phase, m.assigned = memberJoining, nil
	tell(m.kick)
	return true
}

// current is what to commit with; generation -1 while the member has none.
func (m *membership) current() membershipID {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.id
}

// doubt makes run ask the coordinator at once whether this member still exists.
func (m *membership) doubt() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.suspect = true
	tell(m.kick)
}

// setPolling says whether the owner waits in Poll, where max.poll.interval.ms does not run.
func (m *membership) setPolling(polling bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.polling, m.lastPoll = polling, time.Now()
}

// run is the membership's goroutine.
func (m *membership) run(ctx context.Context) {
	for ctx.Err() == nil {
		m.mu.Lock()
		phase := m.phase
		m.mu.Unlock()
		switch phase {
		case memberFailed:
			return
		case memberJoining:
			m.join(ctx)
		case memberStable, memberRebalancing:
			m.stay(ctx)
		default:
			select {
			case <-ctx.Done():
			case <-m.kick:
			}
		}
	}
}

// become changes the phase, unless the owner has moved on meanwhile, and tells the owner.
func (m *membership) become(phase memberPhase, from ...memberPhase) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, p := range from {
		if m.phase == p {
			m.phase = phase
			tell(m.changed)
			return true
		}
	}
	return false
}

// lose drops the generation and, with forget, the member id, and tells the owner.
func (m *membership) lose(forget bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.id.generation = noMember.generation
	if forget {
		m.id.memberID = ""
	}
	m.assigned = nil
	if m.phase == memberStable || m.phase == memberRebalancing {
		m.phase = memberLost
		tell(m.changed)
	}
}

// fail ends the membership for good.
func (m *membership) fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.phase, m.err = memberFailed, fmt.Errorf("group %q: %w", m.settings.groupID, err)
	tell(m.changed)
}

// stay sends heartbeats while the member has a generation.
func (m *membership) stay(ctx context.Context) {
	pause := m.settings.newBackoff()
	nextBeat := time.Now().Add(m.settings.heartbeatInterval)
	nextCheck := time.Now().Add(m.checkInterval())
	for {
		m.mu.Lock()
		phase, suspect := m.phase, m.suspect
		watching := phase == memberStable && (m.leader || m.returned || m.protocol.watchful())
		pollDeadline := m.lastPoll.Add(m.settings.maxPollInterval)
		if m.polling {
			pollDeadline = time.Now().Add(m.settings.maxPollInterval)
		}
		m.suspect = false
		m.mu.Unlock()
		if phase != memberStable && phase != memberRebalancing {
			return
		}
		now := time.Now()
		switch {
		case !now.Before(pollDeadline):
			m.leaveForNotPolling(ctx)
			return
		case suspect || !now.Before(nextBeat):
			if err := m.beat(ctx); IsAuthorization(err) {
				m.fail(err)
				return
			} else if err != nil {
				nextBeat = time.Now().Add(min(pause.next(0.5), m.settings.heartbeatInterval))
			} else {
				pause.reset()
				nextBeat = now.Add(m.settings.heartbeatInterval)
			}
			continue
		case watching && !now.Before(nextCheck):
			m.check(ctx)
			nextCheck = time.Now().Add(m.checkInterval())
			continue
		}
		next := nextBeat
		if pollDeadline.Before(next) {
			next = pollDeadline
		}
		if watching && nextCheck.Before(next) {
			next = nextCheck
		}
		timer := time.NewTimer(time.Until(next))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		case <-m.kick:
			timer.Stop()
		}
	}
}

// beat sends one heartbeat and acts on the answer. An error means that there was none that counts.
func (m *membership) beat(ctx context.Context) error {
	send, err := m.coordinator(ctx, min(m.settings.requestTimeout, m.settings.sessionTimeout/2))
	if err != nil {
		return err
	}
	as := m.current()
	req := &sarama.HeartbeatRequest{
		Version: 4, GroupId: m.settings.groupID, MemberId: as.memberID, GenerationId: as.generation, GroupInstanceId: as.instance(),
	}
	began := time.Now()
	m.meter.lastHeartbeat.Store(began.UnixMilli())
	resp, err := exchange(ctx, send, (*sarama.Broker).Heartbeat, req)
	if err != nil {
		m.lostCoordinator(ctx, err)
		return err
	}
	m.meter.heartbeats.Since(began)
	m.cluster.outage.worked(m.conn.addr)
	switch code := resp.Err; code {
	case sarama.ErrNoError:
		m.heardAt(began)
		return nil
	case sarama.ErrRebalanceInProgress:
		m.heardAt(began)
		m.become(memberRebalancing, memberStable)
		return nil
	case sarama.ErrUnknownMemberId, sarama.ErrIllegalGeneration:
		m.logger.Warn("the group has removed this member", "member", as.memberID, "generation", as.generation, "err", code)
		m.lose(code == sarama.ErrUnknownMemberId)
		return nil
	case sarama.ErrFencedInstancedId:
		m.fence(code)
		return nil
	case sarama.ErrGroupAuthorizationFailed:
		m.fail(code)
		return nil
	default:
		m.lostCoordinator(ctx, code)
		return code
	}
}

// heardAt notes that the coordinator counts this member in, or did so when it was asked.
func (m *membership) heardAt(asked time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.heard = asked
}

// leaveForNotPolling gives up a membership whose owner does not do its part any more, so that others
// can (KIP-62).
func (m *membership) leaveForNotPolling(ctx context.Context) {
	m.logger.Warn("leaving the group: the time between two polls was longer than max.poll.interval.ms; "+
		"raise max.poll.interval.ms or lower max.poll.records", "max.poll.interval.ms", m.settings.maxPollInterval.Milliseconds())
	as := m.current()
	m.lose(true)
	if err := m.sendLeave(ctx, as, "consumer poll timeout has expired"); err != nil {
		m.logger.Debug("could not tell the group", "err", err)
	}
}

// coordinator returns a sender to the group's coordinator, which is looked up when it is unknown.
func (m *membership) coordinator(ctx context.Context, timeout time.Duration) (sender, error) {
	if m.conn == nil {
		addr, err := m.cluster.coordinator(ctx, m.settings.groupID)
		if err != nil {
			return nil, err
		}
		m.conn = m.cluster.net.conn(addr)
	}
	return m.conn.sender(timeout), nil
}

// lostCoordinator makes the next request look the coordinator up again.
func (m *membership) lostCoordinator(ctx context.Context, err error) {
	if m.conn == nil || ctx.Err() != nil {
		return
	}
	if isConnectionError(err) {
		m.cluster.outage.failed(err, m.conn.addr)
	}
	m.conn.close()
	m.conn = nil
}

// leave tells the group that this member goes, so that the others need not wait for the session to
// end. A static member is named by both of its ids, so that a successor that has taken its place
// stays; without a member id, because it was stopped before it had joined, by its instance id alone: the place that a predecessor has handed
// over would else be kept for nobody. run must have returned.
func (m *membership) leave(ctx context.Context) error {
	as := m.current()
	if as.memberID == "" && (!m.unanswered || as.instanceID == "" || m.fenced()) {
		return nil
	}
	m.lose(true)
	return m.sendLeave(ctx, as, "the consumer is being closed")
}

// fenced reports whether the place is another's.
func (m *membership) fenced() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return errors.Is(m.err, ErrFenced)
}

// leaveTimeout bounds a goodbye: the member goes anyway.
const leaveTimeout = 5 * time.Second

func (m *membership) sendLeave(ctx context.Context, as membershipID, reason string) error {
	ctx, cancel := context.WithTimeout(ctx, leaveTimeout)
	defer cancel()
	send, err := m.coordinator(ctx, leaveTimeout)
	if err != nil {
		return err
	}
	req := &sarama.LeaveGroupRequest{
		Version: 5, GroupId: m.settings.groupID, MemberId: as.memberID,
		Members: []sarama.MemberIdentity{{MemberId: as.memberID, GroupInstanceId: as.instance(), Reason: &reason}},
	}
	resp, err := exchange(ctx, send, (*sarama.Broker).LeaveGroup, req)
	if err != nil {
		return err
	}
	codes := []sarama.KError{resp.Err}
	for _, member := range resp.Members {
		codes = append(codes, member.Err)
	}
	for _, code := range codes {
		if code != sarama.ErrNoError && code != sarama.ErrUnknownMemberId { // the others: nothing is left to leave
			return code
		}
	}
	return nil
}

// close closes the connection. run must have returned.
func (m *membership) close() {
	if m.conn != nil {
		m.conn.close()
	}
}

// isFatalJoinError reports whether joining again would end the same way.
func isFatalJoinError(err error) bool {
	return IsAuthorization(err) || errors.Is(err, errProtocol) ||
		anyKError(err, sarama.ErrInconsistentGroupProtocol, sarama.ErrInvalidSessionTimeout, sarama.ErrInvalidGroupId,
			sarama.ErrGroupMaxSizeReached, sarama.ErrFencedInstancedId, sarama.ErrUnsupportedVersion)
}

// errProtocol marks what the protocol itself could not do.
var errProtocol = errors.New("group protocol")
