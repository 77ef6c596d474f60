package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/IBM/sarama"
)

// join takes part in a rebalance until the member has an assignment: JoinGroup, then SyncGroup, again
// and again while the group changes or the coordinator cannot be reached. It returns in another
// phase than joining, or when ctx ends.
func (m *membership) join(ctx context.Context) {
	pause := m.settings.newBackoff()
	began := time.Now()
	for ctx.Err() == nil {
		result, err := m.joinOnce(ctx)
		if err != nil && ctx.Err() == nil {
			m.meter.failed.Record(1)
		}
		switch {
		case err == nil:
			m.meter.rebalanced(began)
			m.mu.Lock()
			m.phase, m.assigned = memberStable, result
			tell(m.changed)
			m.mu.Unlock()
			m.logger.Debug("joined group", "generation", result.generation, "protocol", result.protocol)
			return
		case ctx.Err() != nil:
			return
		case errors.Is(err, sarama.ErrMemberIdRequired):
			continue // with the id that was given
		case errors.Is(err, sarama.ErrUnknownMemberId), errors.Is(err, sarama.ErrIllegalGeneration):
			m.dropGeneration(errors.Is(err, sarama.ErrUnknownMemberId))
			if m.become(memberLost, memberJoining) {
				return // the owner may still hold partitions; it comes back with rejoin
			}
		case errors.Is(err, sarama.ErrRebalanceInProgress):
			// The group changed again between join and sync.
		case errors.Is(err, sarama.ErrFencedInstancedId):
			m.fence(err)
			return
		case errors.Is(err, sarama.ErrUnsupportedVersion) && m.becomeDynamic():
			// The brokers speak an older protocol among each other than with their clients.
		case isFatalJoinError(err):
			m.fail(err)
			return
		default:
			m.lostCoordinator(ctx, err)
			m.logger.Debug("cannot join the group yet", "err", err)
		}
		if pause.wait(ctx) != nil {
			return
		}
	}
}

func (m *membership) dropGeneration(forget bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.id.generation = noMember.generation
	if forget {
		m.id.memberID = ""
	}
}

// joinOnce is one JoinGroup and one SyncGroup.
func (m *membership) joinOnce(ctx context.Context) (*assignment, error) {
	before := m.current()
	joined, err := m.sendJoin(ctx)
	if err != nil {
		return nil, err
	}
	var plan []sarama.SyncGroupRequestAssignment
	if joined.LeaderId == joined.MemberId {
		if plan, err = m.protocol.assign(ctx, election{joined.GroupProtocol, joined.GenerationId, joined.MemberId, joined.Members}); err != nil {
			return nil, fmt.Errorf("assign as leader: %w", err)
		}
	}
	// Between join and sync the member belongs to the new generation; commits for the old one fail.
	as := m.current()
	as.memberID, as.generation = joined.MemberId, joined.GenerationId
	send, err := m.coordinator(ctx, m.joinTimeout())
	if err != nil {
		return nil, err
	}
	protocolType, protocolName := m.protocol.protocolType(), joined.GroupProtocol
	req := &sarama.SyncGroupRequest{
		Version: 5, GroupId: m.settings.groupID, MemberId: as.memberID, GenerationId: as.generation,
		GroupInstanceId: as.instance(), ProtocolType: &protocolType, ProtocolName: &protocolName, GroupAssignments: plan,
	}
	began := time.Now()
	resp, err := exchange(ctx, send, (*sarama.Broker).SyncGroup, req)
	if err != nil {
		return nil, fmt.Errorf("sync group: %w", err)
	}
	if resp.Err != sarama.ErrNoError {
		return nil, fmt.Errorf("sync group: %w", resp.Err)
	}
	m.meter.syncs.Since(began)
	if err := m.protocol.accepted(joined.GroupProtocol, joined.GenerationId, resp.MemberAssignment); err != nil {
		return nil, err
	}
	m.mu.Lock()
	m.heard = began
	m.id, m.leader = as, joined.LeaderId == joined.MemberId || isPredecessor(joined.LeaderId, as.instanceID)
	m.returned = as.instanceID != "" && before.memberID == ""
	m.mu.Unlock()
	return &assignment{joined.GenerationId, joined.GroupProtocol, resp.MemberAssignment}, nil
}

// joinTimeout is how long JoinGroup and SyncGroup may take: they are answered when all members have
// come, which those are given max.poll.interval.ms for.
func (m *membership) joinTimeout() time.Duration {
	return max(m.settings.requestTimeout, m.settings.maxPollInterval+5*time.Second)
}

// sendJoin sends one JoinGroup. The first one of a new member is answered with MEMBER_ID_REQUIRED
// and an id to come back with (KIP-394).
func (m *membership) sendJoin(ctx context.Context) (*sarama.JoinGroupResponse, error) {
	send, err := m.coordinator(ctx, m.joinTimeout())
	if err != nil {
		return nil, err
	}
	as := m.current()
	offers, err := m.protocol.offers(ctx, as.generation)
	if err != nil {
		return nil, err
	}
	req := &sarama.JoinGroupRequest{
		Version: 8, GroupId: m.settings.groupID, MemberId: as.memberID, GroupInstanceId: as.instance(), ProtocolType: m.protocol.protocolType(),
		SessionTimeout:        int32(m.settings.sessionTimeout / time.Millisecond),
		RebalanceTimeout:      int32(m.settings.maxPollInterval / time.Millisecond),
		OrderedGroupProtocols: offers,
	}
	m.unanswered = as.memberID == "" && as.instanceID != ""
	began := time.Now()
	m.setAsking(true)
	resp, err := exchange(ctx, send, (*sarama.Broker).JoinGroup, req)
	m.setAsking(false)
	if err != nil {
		return nil, fmt.Errorf("join group: %w", err)
	}
	m.unanswered = false
	m.cluster.outage.worked(m.conn.addr)
	if req.Version < staticMembersVersion {
		m.becomeDynamic() // sarama has lowered the request to what the broker knows, and left the instance id out
	}
	if resp.Err == sarama.ErrNoError || resp.Err == sarama.ErrMemberIdRequired {
		m.mu.Lock()
		m.id.memberID = resp.MemberId
		m.mu.Unlock()
	}
	if resp.Err != sarama.ErrNoError {
		return nil, fmt.Errorf("join group: %w", resp.Err)
	}
	m.heardAt(time.Now()) // it was answered because all have come: the session begins anew
	m.meter.joins.Since(began)
	return resp, nil
}

// setAsking notes whether a join is at the coordinator, where it keeps the member alive however long it takes.
func (m *membership) setAsking(asking bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.asking = asking
	tell(m.changed)
}
