package kafka

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/IBM/sarama"
)

// GroupOffsets returns the committed offsets of a group. A group that does not exist has none: the
// map is empty. Offsets that a transaction is about to change are waited for.
func (a *Admin) GroupOffsets(ctx context.Context, group string) (map[TopicPartition]OffsetAndMetadata, error) {
	return a.fetchOffsets(ctx, group, nil, true)
}

// PartitionOffset returns the committed offset of one partition, false if there is none. If a transaction is about to change
// it, that is waited for; offsets of other partitions do not matter.
func (a *Admin) PartitionOffset(ctx context.Context, group string, tp TopicPartition) (OffsetAndMetadata, bool, error) {
	offsets, err := a.fetchOffsets(ctx, group, []TopicPartition{tp}, true)
	o, found := offsets[tp]
	return o, found, err
}

// SettledOffsets is GroupOffsets that waits for no transaction: what one is about to change is as it was before.
func (a *Admin) SettledOffsets(ctx context.Context, group string) (map[TopicPartition]OffsetAndMetadata, error) {
	return a.fetchOffsets(ctx, group, nil, false)
}

func (a *Admin) fetchOffsets(ctx context.Context, group string, parts []TopicPartition, stable bool) (map[TopicPartition]OffsetAndMetadata, error) {
	ctx, cancel, err := a.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer cancel()
	var offsets map[TopicPartition]OffsetAndMetadata
	err = a.retryAtCoordinator(ctx, group, func(addr string) (err error) {
		offsets, err = fetchOffsets(ctx, a.cluster.at(addr), group, parts, stable)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the offsets of group %q: %w", group, err)
	}
	return offsets, nil
}

// AlterGroupOffsets sets committed offsets of a group that has no members; a group that does not exist begins to. Partitions that can
// be set are set even if others cannot, because they do not exist for example. ErrGroupHasMembers means that none was set.
//
// Kafka: Admin.alterConsumerGroupOffsets.
func (a *Admin) AlterGroupOffsets(ctx context.Context, group string, offsets map[TopicPartition]OffsetAndMetadata) error {
	ctx, cancel, err := a.begin(ctx)
	if err != nil {
		return err
	}
	defer cancel()
	var refused error
	err = a.retryAtCoordinator(ctx, group, func(addr string) error {
		refused = commitOffsets(ctx, a.cluster.at(addr), group, noMember, offsets)
		if errors.Is(refused, sarama.ErrUnknownTopicOrPartition) { // for consumers it may be created yet; here it is an answer
			return nil
		}
		return refused
	})
	if err = cmp.Or(err, refused); err == nil {
		return nil
	}
	if errors.Is(err, sarama.ErrUnknownMemberId) {
		err = fmt.Errorf("%w (%w)", ErrGroupHasMembers, sarama.ErrUnknownMemberId)
	}
	return fmt.Errorf("alter the offsets of group %q: %w", group, err)
}

// DeleteGroupOffsets removes committed offsets. Partitions without a commit are no error; those that do not exist are one, and so are those
// of a topic to which a member of the group subscribes, ErrGroupHasMembers; the others are removed all the same. A group that
// loses its last offset and has no members ends to exist. ErrGroupNotFound means that it does not.
//
// Kafka: Admin.deleteConsumerGroupOffsets.
func (a *Admin) DeleteGroupOffsets(ctx context.Context, group string, parts []TopicPartition) error {
	ctx, cancel, err := a.begin(ctx)
	if err != nil {
		return err
	}
	defer cancel()
	req := &sarama.DeleteOffsetsRequest{Group: group}
	for _, tp := range parts {
		req.AddPartition(tp.Topic, tp.Partition)
	}
	var refused error
	err = a.retryAtCoordinator(ctx, group, func(addr string) error {
		resp, err := exchange(ctx, a.cluster.at(addr), (*sarama.Broker).DeleteOffsets, req)
		if err != nil {
			return err
		}
		refused = deletedOffsets(resp, parts)
		return groupError(resp.ErrorCode)
	})
	if err = cmp.Or(err, refused); err != nil {
		return fmt.Errorf("delete offsets of group %q: %w", group, err)
	}
	return nil
}

// deletedOffsets tells what became of the partitions: the first that was not deleted for its own sake.
func deletedOffsets(resp *sarama.DeleteOffsetsResponse, parts []TopicPartition) error {
	for _, tp := range parts {
		code := resp.Errors[tp.Topic][tp.Partition]
		switch code {
		case sarama.ErrNoError:
		case sarama.ErrGroupSubscribedToTopic:
			return fmt.Errorf("partition %s: %w (%w)", tp, ErrGroupHasMembers, code)
		default:
			return fmt.Errorf("partition %s: %w", tp, code)
		}
	}
	return nil
}

// DeleteGroup removes a group that has no members, with its offsets. ErrGroupHasMembers means that it has, ErrGroupNotFound that there is
// nothing to remove.
//
// Kafka: Admin.deleteConsumerGroups.
func (a *Admin) DeleteGroup(ctx context.Context, group string) error {
	ctx, cancel, err := a.begin(ctx)
	if err != nil {
		return err
	}
	defer cancel()
	req := &sarama.DeleteGroupsRequest{Version: 2, Groups: []string{group}}
	err = a.retryAtCoordinator(ctx, group, func(addr string) error {
		resp, err := exchange(ctx, a.cluster.at(addr), (*sarama.Broker).DeleteGroups, req)
		if err != nil {
			return err
		}
		code := resp.GroupErrorCodes[group]
		if code == sarama.ErrNonEmptyGroup {
			return fmt.Errorf("%w (%w)", ErrGroupHasMembers, code)
		}
		return groupError(code)
	})
	if err != nil {
		return fmt.Errorf("delete group %q: %w", group, err)
	}
	return nil
}

// groupError turns an answer's code about the whole group into an error, or nil.
func groupError(code sarama.KError) error {
	switch code {
	case sarama.ErrNoError:
		return nil
	case sarama.ErrGroupIDNotFound:
		return fmt.Errorf("%w (%w)", ErrGroupNotFound, code)
	}
	return code
}

// retryAtCoordinator repeats attempt at the group's coordinator, which may move in between.
func (a *Admin) retryAtCoordinator(ctx context.Context, group string, attempt func(addr string) error) error {
	return a.cluster.retry(ctx, func() error {
		addr, err := a.cluster.coordinator(ctx, group)
		if err != nil {
			return err
		}
		return attempt(addr)
	})
}
