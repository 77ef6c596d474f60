package kafka

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"slices"
	"sync/atomic"
	"time"

	"github.com/IBM/sarama"
)

// GroupProtocol is what the members of a group tell each other. Its methods are called on the goroutine of [GroupMember.Run], one at a time.
//
// Kafka: the abstract methods of org.apache.kafka.clients.consumer.internals.AbstractCoordinator.
type GroupProtocol interface {
	// Type is the same for all members of the group, such as "connect".
	Type() string
	// Offers are the protocols that this member can follow, best first, each with what it tells the leader. The group takes one that all members
	// offer. An error that is not retriable ends the membership.
	Offers(ctx context.Context) ([]ProtocolOffer, error)
	// Assign says what each member gets, if this one is the leader. Members that are left out get no bytes. It has to return well within
	// session.timeout.ms. After an error the member joins again.
	Assign(ctx context.Context, e Election) (map[string][]byte, error)
}

// ProtocolOffer is a protocol that a member can follow, and what it tells the leader for that.
type ProtocolOffer struct {
	Name     string
	Metadata []byte
}

// Election says that this member leads a generation of its group.
type Election struct {
	Protocol   string // that the group has taken
	Generation int
	Leader     string // this member's id
	Members    map[string][]byte
}

// GroupMemberConfig is what NewGroupMember needs.
type GroupMemberConfig struct {
	// Properties are those of a consumer: bootstrap.servers, group.id, session.timeout.ms, heartbeat.interval.ms, and max.poll.interval.ms,
	// which is how long the others wait for a member that has to join again. group.instance.id is refused.
	Properties Properties
	Protocol   GroupProtocol
	// Logger may be nil: silence.
	Logger *slog.Logger
	// Dial replaces TCP as the way to the brokers; nil is TCP.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// GroupMember is a member of a group whose protocol is the owner's. Run talks to the coordinator; the owner waits for Changed, looks at State and
// answers with Join once it has given up what it has to. Heartbeats go on meanwhile.
//
// Kafka: org.apache.kafka.clients.consumer.internals.AbstractCoordinator.
type GroupMember struct {
	cluster *cluster
	member  *membership
	running atomic.Bool
}

// GroupPhase is how far a member is with being one.
//
//	         Join                  all have come
//	absent ───────> joining ────────────────────────> stable
//	                 ^  ^                              │  │
//	            Join │  └──── Join ─── rebalancing <───┘  │ the coordinator has removed it
//	                 └─────── Join ─── lost <─────────────┘
type GroupPhase string

// The phases. In GroupRebalancing the generation holds until the join of the others is complete; in GroupLost it does not.
const (
	GroupAbsent      GroupPhase = "absent"
	GroupJoining     GroupPhase = "joining"
	GroupStable      GroupPhase = "stable"
	GroupRebalancing GroupPhase = "rebalancing"
	GroupLost        GroupPhase = "lost"
)

var groupPhases = map[memberPhase]GroupPhase{
	memberAbsent: GroupAbsent, memberJoining: GroupJoining, memberStable: GroupStable, memberRebalancing: GroupRebalancing, memberLost: GroupLost,
	memberFailed: GroupLost,
}

// GroupState is what the owner decides on.
type GroupState struct {
	Phase GroupPhase
	// Assigned is the outcome of the last join, until Take was called with it; nil otherwise.
	Assigned *GroupAssignment
	// SessionEnds is when the coordinator gives up this member if it hears no more of it than it has confirmed so far, by this machine's clock.
	// It is zero while the coordinator is waited for, which lasts as long as others need to join, and for a member that never was one.
	SessionEnds time.Time

	own *assignment
}

// GroupAssignment is the outcome of a join.
type GroupAssignment struct {
	MemberID   string
	Generation int
	Protocol   string
	// Data is what the leader has assigned, which may be nothing.
	Data []byte
}

// NewGroupMember checks cfg. It connects to nothing and starts nothing.
func NewGroupMember(cfg GroupMemberConfig) (*GroupMember, error) {
	s, err := parseProperties(cfg.Properties, Consumer)
	switch {
	case err != nil:
		return nil, err
	case s.groupID == "":
		return nil, &PropertyError{"group.id", "", "a member of a group needs one"}
	case s.groupInstanceID != "":
		return nil, &PropertyError{"group.instance.id", s.groupInstanceID, "groups of this kind have no static members"}
	}
	c := newCluster(s, cfg.Logger, groupMemberLogger)
	if cfg.Dial != nil {
		c.net.dial = cfg.Dial
	}
	m := newMembership(c, foreignProtocol{cfg.Protocol})
	m.polling = true // the owner answers when it can; the broker bounds how long that may take
	return &GroupMember{cluster: c, member: m}, nil
}

// Run keeps the member in its group until ctx ends, and returns nil then. It waits for brokers for ever. An error is final: a permission that is missing, or
// settings that the group refuses. Run is called once.
func (g *GroupMember) Run(ctx context.Context) error {
	g.running.Store(true)
	g.member.run(ctx)
	if state := g.member.state(); state.phase == memberFailed && ctx.Err() == nil {
		return state.err
	}
	return nil
}

// Changed gets a value when State may have changed.
func (g *GroupMember) Changed() <-chan struct{} { return g.member.changed }

// State returns what the owner decides on, as it is now.
func (g *GroupMember) State() GroupState {
	m := g.member
	m.mu.Lock()
	defer m.mu.Unlock()
	s := GroupState{Phase: groupPhases[m.phase], own: m.assigned}
	if a := m.assigned; a != nil {
		s.Assigned = &GroupAssignment{m.id.memberID, int(a.generation), a.protocol, a.data}
	}
	if !m.asking && !m.heard.IsZero() {
		s.SessionEnds = m.heard.Add(m.settings.sessionTimeout)
	}
	return s
}

// Take notes that the owner has dealt with the assignment of a state: later states do not have it.
func (g *GroupMember) Take(s GroupState) { g.member.take(s.own) }

// Join makes the member join, for the first time or again, if it is still in the phase that the owner has acted on.
func (g *GroupMember) Join(from GroupPhase) bool {
	for phase, name := range groupPhases {
		if name == from && phase != memberJoining && phase != memberFailed && g.member.rejoin(phase) {
			return true
		}
	}
	return false
}

// Beat sends a heartbeat soon, without waiting for heartbeat.interval.ms: for an owner that expects the group to rebalance.
func (g *GroupMember) Beat() { g.member.doubt() }

// Close leaves the group and lets go of the brokers. ctx bounds the goodbye. Run must have returned.
func (g *GroupMember) Close(ctx context.Context) {
	if err := g.member.leave(ctx); err != nil {
		g.cluster.logger.Debug("could not tell the group that this member leaves", "err", err)
	}
	g.member.close()
	g.cluster.close()
}

// foreignProtocol makes a groupProtocol of one that knows nothing of sarama.
type foreignProtocol struct{ GroupProtocol }

func (p foreignProtocol) protocolType() string { return p.Type() }

func (p foreignProtocol) offers(ctx context.Context, _ int32) ([]*sarama.GroupProtocol, error) {
	offers, err := p.Offers(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errProtocol, err)
	}
	list := make([]*sarama.GroupProtocol, len(offers))
	for i, o := range offers {
		list[i] = &sarama.GroupProtocol{Name: o.Name, Metadata: o.Metadata}
	}
	return list, nil
}

func (p foreignProtocol) assign(ctx context.Context, e election) ([]sarama.SyncGroupRequestAssignment, error) {
	members := make(map[string][]byte, len(e.members))
	for _, m := range e.members {
		members[m.MemberId] = m.Metadata
	}
	plan, err := p.Assign(ctx, Election{Protocol: e.protocol, Generation: int(e.generation), Leader: e.leader, Members: members})
	if err != nil {
		return nil, err
	}
	list := make([]sarama.SyncGroupRequestAssignment, 0, len(plan))
	for _, id := range slices.SortedFunc(maps.Keys(plan), cmp.Compare) {
		list = append(list, sarama.SyncGroupRequestAssignment{MemberId: id, Assignment: plan[id]})
	}
	return list, nil
}

func (foreignProtocol) accepted(string, int32, []byte) error        { return nil }
func (foreignProtocol) changed(context.Context, bool) (bool, error) { return false, nil }
func (foreignProtocol) watchful() bool                              { return false }
func (foreignProtocol) checkInterval() time.Duration                { return time.Hour }
