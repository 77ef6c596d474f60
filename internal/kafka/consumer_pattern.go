package kafka

import (
	"context"
	"fmt"
	"slices"
)

// Topics of a subscription are named, or found by a pattern among all that exist. In the latter case every member
// looks at the topics each metadata.max.age.ms, and joins again when what it finds has changed.
//
// Kafka: ConsumerCoordinator.updatePatternSubscription.

// watchful implements groupProtocol.
func (p *consumerProtocol) watchful() bool { return p.match != nil }

// subscribe returns the topics to join with.
func (p *consumerProtocol) subscribe(ctx context.Context) ([]string, error) {
	if p.match == nil {
		return p.subscribed(), nil
	}
	found, err := p.find(ctx)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.topics = found
	return found, nil
}

// subscribed returns the topics that this member has joined with last.
func (p *consumerProtocol) subscribed() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.topics
}

// subscriptionChanged reports whether joining now would name other topics.
func (p *consumerProtocol) subscriptionChanged(ctx context.Context) (bool, error) {
	if p.match == nil {
		return false, nil
	}
	found, err := p.find(ctx)
	return err == nil && !slices.Equal(found, p.subscribed()), err
}

// find lists the topics that match. A pattern that cannot be tried ends the membership: to go on without
// a topic that may be meant would be to lose its records.
func (p *consumerProtocol) find(ctx context.Context) ([]string, error) {
	if err := p.cluster.refresh(ctx, nil, false); err != nil {
		return nil, err
	}
	var found []string
	for _, topic := range p.cluster.topicNames(p.cluster.settings.excludeInternal) {
		matches, err := p.match(topic)
		if err != nil {
			return nil, fmt.Errorf("%w: match topic %q: %w", errProtocol, topic, err)
		}
		if matches {
			found = append(found, topic)
		}
	}
	return found, nil
}
