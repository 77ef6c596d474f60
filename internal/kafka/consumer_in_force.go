package kafka

import (
	"context"
	"fmt"

	"github.com/IBM/sarama"
)

// inForce describes the group: how many partitions of each topic its members were assigned. orphans says
// that there are some to whose topic nobody subscribes.
//
// A coordinator hands the assignment of a static member to its successor without looking at what that one subscribes to.
func (p *consumerProtocol) inForce(ctx context.Context) (seen map[string]int, orphans bool, err error) {
	group := p.cluster.settings.groupID
	addr, err := p.cluster.coordinator(ctx, group)
	if err != nil {
		return nil, false, err
	}
	req := &sarama.DescribeGroupsRequest{Version: 4, Groups: []string{group}}
	resp, err := exchange(ctx, p.cluster.at(addr), (*sarama.Broker).DescribeGroups, req)
	if err != nil {
		return nil, false, fmt.Errorf("describe group %q: %w", group, err)
	}
	seen, subscribed := make(map[string]int), make(map[string]bool)
	for _, described := range resp.Groups {
		switch {
		case described.Err != sarama.ErrNoError:
			return nil, false, fmt.Errorf("describe group %q: %w", group, described.Err)
		case described.State != "Stable":
			return nil, false, fmt.Errorf("describe group %q: state %s: %w", group, described.State, sarama.ErrRebalanceInProgress)
		}
		for _, member := range described.Members {
			if err := countAssigned(member, seen, subscribed); err != nil {
				return nil, false, fmt.Errorf("describe group %q: %w", group, err)
			}
		}
	}
	for topic := range seen {
		orphans = orphans || !subscribed[topic]
	}
	return seen, orphans, nil
}

// countAssigned adds what one member subscribes to and was assigned.
func countAssigned(member *sarama.GroupMemberDescription, seen map[string]int, subscribed map[string]bool) error {
	subscription, err := member.GetMemberMetadata()
	if err != nil {
		return err
	}
	if subscription != nil {
		for _, topic := range subscription.Topics {
			seen[topic] += 0
			subscribed[topic] = true
		}
	}
	assigned, err := member.GetMemberAssignment()
	if err != nil {
		return err
	}
	if assigned != nil {
		for topic, partitions := range assigned.Topics {
			seen[topic] += len(partitions)
		}
	}
	return nil
}
