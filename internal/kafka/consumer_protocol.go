package kafka

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/IBM/sarama"
)

// consumerProtocol is the protocol of consumer groups: members name the topics they want, the leader
// deals out partitions.
//
// Kafka: org.apache.kafka.clients.consumer.internals.ConsumerCoordinator and ConsumerProtocol.
type consumerProtocol struct {
	cluster    *cluster
	match      func(topic string) (bool, error) // nil if the topics are fixed
	strategies []sarama.BalanceStrategy         // best first

	mu       sync.Mutex
	topics   []string                            // subscribed: sorted, not changed in place
	owned    []TopicPartition                    // what this member keeps through the next join
	seen     map[string]int                      // partitions per topic of the group, as last assigned; nil if another member did that
	planned  []sarama.SyncGroupRequestAssignment // by this member, for the join under way
	reported map[string]bool                     // topics whose absence was logged
}

func newConsumerProtocol(c *cluster, topics []string, match func(string) (bool, error)) *consumerProtocol {
	p := &consumerProtocol{cluster: c, topics: topics, match: match, reported: make(map[string]bool)}
	for _, name := range c.settings.assignors {
		p.strategies = append(p.strategies, newStrategy(name))
	}
	return p
}

func newStrategy(name string) sarama.BalanceStrategy {
	switch name {
	case sarama.RoundRobinBalanceStrategyName:
		return sarama.NewBalanceStrategyRoundRobin()
	case sarama.CooperativeStickyBalanceStrategyName:
		return sarama.NewBalanceStrategyCooperativeSticky()
	}
	return sarama.NewBalanceStrategyRange()
}

// isCooperative reports whether members keep their partitions while the group rebalances. As in Java
// that takes assignors that all know how: the default list, range before cooperative-sticky, is eager.
func isCooperative(assignors []string) bool {
	return !slices.ContainsFunc(assignors, func(name string) bool { return name != sarama.CooperativeStickyBalanceStrategyName })
}

func (p *consumerProtocol) protocolType() string { return "consumer" }

// keep sets what this member says to own when it joins next.
func (p *consumerProtocol) keep(owned []TopicPartition) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.owned = owned
}

// offers implements groupProtocol with subscriptions of version 3, as the Java consumer since 3.5.
func (p *consumerProtocol) offers(ctx context.Context, generation int32) ([]*sarama.GroupProtocol, error) {
	topics, err := p.subscribe(ctx)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	owned := p.owned
	p.seen, p.planned = nil, nil
	p.mu.Unlock()
	req := &sarama.JoinGroupRequest{}
	for _, strategy := range p.strategies {
		subscription := &sarama.ConsumerGroupMemberMetadata{
			Version: 3, Topics: topics, OwnedPartitions: ownedPartitions(owned), GenerationID: generation,
		}
		if s, ok := strategy.(sarama.SubscriptionUserDataBalanceStrategy); ok {
			data, err := s.SubscriptionUserData(slices.Clone(topics))
			if err != nil {
				return nil, fmt.Errorf("%w: %s: %w", errProtocol, strategy.Name(), err)
			}
			subscription.UserData = data
		}
		if err := req.AddGroupProtocolMetadata(strategy.Name(), subscription); err != nil {
			return nil, fmt.Errorf("%w: %s: %w", errProtocol, strategy.Name(), err)
		}
	}
	return req.OrderedGroupProtocols, nil
}

// ownedPartitions groups parts, which are sorted, by topic.
func ownedPartitions(parts []TopicPartition) []*sarama.OwnedPartition {
	var owned []*sarama.OwnedPartition
	for _, tp := range parts {
		if n := len(owned); n == 0 || owned[n-1].Topic != tp.Topic {
			owned = append(owned, &sarama.OwnedPartition{Topic: tp.Topic})
		}
		last := owned[len(owned)-1]
		last.Partitions = append(last.Partitions, tp.Partition)
	}
	return owned
}

func (p *consumerProtocol) strategy(name string) (sarama.BalanceStrategy, error) {
	for _, s := range p.strategies {
		if s.Name() == name {
			return s, nil
		}
	}
	return nil, fmt.Errorf("%w: the group chose assignor %q, which this member did not offer", errProtocol, name)
}

// assign implements groupProtocol.
func (p *consumerProtocol) assign(ctx context.Context, e election) ([]sarama.SyncGroupRequestAssignment, error) {
	strategy, err := p.strategy(e.protocol)
	if err != nil {
		return nil, err
	}
	subscriptions, err := (&sarama.JoinGroupResponse{Members: e.members}).GetMembers()
	if err != nil {
		return nil, fmt.Errorf("%w: read the members' subscriptions: %w", errProtocol, err)
	}
	var topics []string
	for _, s := range subscriptions {
		for _, topic := range s.Topics {
			topics = appendOnce(topics, topic)
		}
	}
	slices.Sort(topics)
	partitions, err := p.lookUp(ctx, topics)
	if err != nil {
		return nil, err
	}
	p.remember(partitions)
	var plan sarama.BalanceStrategyPlan
	if len(partitions) > 0 { // nothing to share out is an error for some strategies
		plan, err = strategy.Plan(subscriptions, partitions)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: assignor %s: %w", errProtocol, e.protocol, err)
	}
	req := &sarama.SyncGroupRequest{}
	for _, member := range slices.Sorted(maps.Keys(subscriptions)) {
		if err := req.AddGroupAssignmentMember(member, &sarama.ConsumerGroupMemberAssignment{Version: 1, Topics: plan[member]}); err != nil {
			return nil, fmt.Errorf("%w: assignor %s: %w", errProtocol, e.protocol, err)
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.planned = req.GroupAssignments
	return req.GroupAssignments, nil
}

// lookUp returns the partitions of topics; a topic that does not exist has none. Topics that were found by a
// pattern are not created: they have existed.
func (p *consumerProtocol) lookUp(ctx context.Context, topics []string) (map[string][]int32, error) {
	if len(topics) == 0 {
		return map[string][]int32{}, nil
	}
	if err := p.cluster.refresh(ctx, topics, p.cluster.settings.autoCreateTopics && p.match == nil); err != nil {
		return nil, err
	}
	found := make(map[string][]int32, len(topics))
	for _, topic := range topics {
		partitions, err := p.cluster.partitions(topic)
		var unknown *UnknownTopicError
		if err != nil && !errors.As(err, &unknown) && !IsRetriable(err) {
			return nil, fmt.Errorf("topic %q: %w", topic, err)
		}
		found[topic] = partitions
		p.reportMissing(topic, len(partitions) == 0)
	}
	return found, nil
}

// reportMissing logs that a topic is missing, once until it is there.
func (p *consumerProtocol) reportMissing(topic string, missing bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if missing && !p.reported[topic] {
		p.cluster.logger.Warn("subscribed topic does not exist yet", "topic", topic, "group", p.cluster.settings.groupID)
	}
	p.reported[topic] = missing
}

func (p *consumerProtocol) remember(partitions map[string][]int32) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen = make(map[string]int, len(partitions))
	for topic, list := range partitions {
		p.seen[topic] = len(list)
	}
}

// accepted implements groupProtocol.
func (p *consumerProtocol) accepted(protocol string, generation int32, data []byte) error {
	strategy, err := p.strategy(protocol)
	if err != nil {
		return err
	}
	parsed, err := parseAssignment(data)
	if err != nil {
		return err
	}
	if s, ok := strategy.(sarama.OnAssignmentBalanceStrategy); ok {
		s.OnAssignment(parsed, generation)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	// A stable group keeps the assignment it has, whatever a leader that comes back makes of it.
	inForce := func(a sarama.SyncGroupRequestAssignment) bool { return bytes.Equal(a.Assignment, data) }
	if !slices.ContainsFunc(p.planned, inForce) {
		p.seen = nil
	}
	return nil
}

// parseAssignment reads what a member was assigned; no bytes at all mean nothing.
func parseAssignment(data []byte) (*sarama.ConsumerGroupMemberAssignment, error) {
	if len(data) == 0 {
		return &sarama.ConsumerGroupMemberAssignment{}, nil
	}
	parsed, err := (&sarama.SyncGroupResponse{MemberAssignment: data}).GetMemberAssignment()
	if err != nil {
		return nil, fmt.Errorf("%w: read the assignment: %w", errProtocol, err)
	}
	return parsed, nil
}

// assignedPartitions reads an assignment into a set.
func assignedPartitions(data []byte) (map[TopicPartition]bool, error) {
	parsed, err := parseAssignment(data)
	if err != nil {
		return nil, err
	}
	parts := make(map[TopicPartition]bool)
	for topic, partitions := range parsed.Topics {
		for _, partition := range partitions {
			parts[TopicPartition{topic, partition}] = true
		}
	}
	return parts, nil
}

// missingTopicInterval is how often the leader looks for a subscribed topic that is not there yet.
const missingTopicInterval = time.Second

// checkInterval implements groupProtocol: metadata.max.age.ms, or less while a topic is missing.
func (p *consumerProtocol) checkInterval() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, n := range p.seen {
		if n == 0 {
			return min(missingTopicInterval, p.cluster.settings.metadataMaxAge)
		}
	}
	return max(p.cluster.settings.metadataMaxAge, 100*time.Millisecond)
}

// changed implements groupProtocol: topics have come, gone or grown since they were assigned.
func (p *consumerProtocol) changed(ctx context.Context, whole bool) (bool, error) {
	if changed, err := p.subscriptionChanged(ctx); err != nil || changed || !whole {
		return changed, err
	}
	p.mu.Lock()
	seen := p.seen
	p.mu.Unlock()
	if seen == nil { // another incarnation of this member, or another member, has assigned
		described, orphans, err := p.inForce(ctx)
		if err != nil || orphans {
			return orphans, err
		}
		p.mu.Lock()
		p.seen = described
		p.mu.Unlock()
		seen = described
	}
	partitions, err := p.lookUp(ctx, slices.Sorted(maps.Keys(seen)))
	if err != nil {
		return false, err
	}
	for topic, n := range seen {
		if len(partitions[topic]) != n {
			return true, nil
		}
	}
	return false, nil
}
