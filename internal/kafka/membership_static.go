package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"
)

// A static member is known to the group by group.instance.id, which outlives the process (KIP-345). A
// successor that joins with the same id takes over the place, partitions included, and the group does not
// rebalance; whoever had the place is fenced with its next request.
//
// Kafka: GroupCoordinator.updateStaticMemberAndRebalance.

// staticMembersVersion is the version of JoinGroup that knows instance ids, of Kafka 2.3.
const staticMembersVersion = 5

// becomeDynamic gives up the instance id, because the coordinator knows no static members. It reports
// whether there was one.
func (m *membership) becomeDynamic() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.id.instanceID == "" {
		return false
	}
	m.logger.Warn("the brokers are older than Kafka 2.3 and know no static members: this one joins as a dynamic member",
		"group.instance.id", m.id.instanceID)
	m.id.instanceID = ""
	return true
}

// fence ends a member whose place another one has taken. It has no member id any more, so that nothing
// it does can reach its successor.
func (m *membership) fence(cause error) {
	m.mu.Lock()
	instance := m.id.instanceID
	m.id.memberID, m.id.generation = "", noMember.generation
	m.mu.Unlock()
	m.fail(fmt.Errorf("%w: another member has joined with group.instance.id %q (%w)", ErrFenced, instance, cause))
}

// LeavePlace makes the group of a static member forget it, whoever has its place: for one whose reader has handed over to a successor that will not
// come. p are that reader's properties; without group.instance.id there is nothing to do. A group that does not know the place is no error.
//
// Kafka: Admin.removeMembersFromConsumerGroup.
func LeavePlace(ctx context.Context, p Properties, logger *slog.Logger) error {
	s, err := parseProperties(p, Consumer)
	if err != nil || s.groupInstanceID == "" {
		return err
	}
	s.warnings = nil // its reader has given them
	c := newCluster(s, logger, consumerLogger)
	m := newMembership(c, nil)
	defer c.close()
	defer m.close()
	return m.leave(ctx)
}

// memberUUIDLength is that of the text which a coordinator puts behind an instance id to make a member id.
const memberUUIDLength = 36

// isPredecessor reports whether a member id was given to an earlier holder of the instance id. Up to version 8 of
// JoinGroup, a static leader that comes back to a stable group is told the id that it had before, so that it does not
// take itself for one that has to assign. Somebody has to watch the topics all the same (KIP-814).
func isPredecessor(memberID, instanceID string) bool {
	suffix, found := strings.CutPrefix(memberID, instanceID+"-")
	return instanceID != "" && found && len(suffix) == memberUUIDLength
}

// returnedCheckInterval is how soon a static member that has come back asks again whether its assignment still fits.
const returnedCheckInterval = time.Second

// checkInterval is how long to wait until the next check.
func (m *membership) checkInterval() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.returned {
		return min(returnedCheckInterval, m.protocol.checkInterval())
	}
	return m.protocol.checkInterval()
}

// check starts a rebalance if the assignment no longer fits.
func (m *membership) check(ctx context.Context) {
	m.mu.Lock()
	whole := m.leader || m.returned
	m.mu.Unlock()
	changed, err := m.protocol.changed(ctx, whole)
	switch {
	case errors.Is(err, errProtocol):
		m.fail(err)
		return
	case err != nil && IsRetriable(err):
		return
	case err != nil && ctx.Err() == nil:
		m.logger.Debug("cannot see whether the assignment still fits", "err", err)
	}
	m.mu.Lock()
	m.returned = false
	m.mu.Unlock()
	if err == nil && changed {
		m.become(memberRebalancing, memberStable)
	}
}

// maxInstanceID is how long a group.instance.id may be.
const maxInstanceID = 249

// checkInstanceID takes what may be a group.instance.id. Blank is a dynamic member.
//
// Kafka: JoinGroupRequest.validateGroupInstanceId. Differs: Java refuses a blank one.
func checkInstanceID(value string) string {
	switch {
	case value == "." || value == "..":
		return `Group instance id cannot be "." or ".."`
	case len(value) > maxInstanceID:
		return fmt.Sprintf("Group instance id cannot be longer than %d characters", maxInstanceID)
	}
	legal := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '_' || r == '-'
	}
	if strings.ContainsFunc(value, func(r rune) bool { return !legal(r) }) {
		return "Group instance id may consist of ASCII letters, digits, '.', '_' and '-' only"
	}
	return ""
}
