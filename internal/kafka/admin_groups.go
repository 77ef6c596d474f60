package kafka

import (
	"context"
	"fmt"

	"github.com/IBM/sarama"
)

// GroupOffsets returns the committed offsets of a group. A group that does not exist has none: the
// map is empty. Offsets that a transaction is about to change are waited for.
func (a *Admin) GroupOffsets(ctx context.Context, group string) (map[TopicPartition]OffsetAndMetadata, error) {
	ctx, cancel, err := a.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer cancel()
	var offsets map[TopicPartition]OffsetAndMetadata
	err = a.retryAtCoordinator(ctx, group, func(addr string) (err error) {
		offsets, err = fetchCommitted(ctx, a.cluster.at(addr), group, nil)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the offsets of group %q: %w", group, err)
	}
	return offsets, nil
}

// AlterGroupOffsets sets committed offsets of a group that has no members.
func (a *Admin) AlterGroupOffsets(ctx context.Context, group string, offsets map[TopicPartition]OffsetAndMetadata) error {
	ctx, cancel, err := a.begin(ctx)
	if err != nil {
		return err
	}
	defer cancel()
	err = a.retryAtCoordinator(ctx, group, func(addr string) error {
		return commitOffsets(ctx, a.cluster.at(addr), group, noMember, offsets)
	})
	if err != nil {
		return fmt.Errorf("alter the offsets of group %q: %w", group, err)
	}
	return nil
}

// DeleteGroupOffsets removes committed offsets of partitions that no member of the group subscribes
// to. Partitions without a commit, and a group that does not exist, are no error.
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
	err = a.retryAtCoordinator(ctx, group, func(addr string) error {
		resp, err := exchange(ctx, a.cluster.at(addr), (*sarama.Broker).DeleteOffsets, req)
		switch {
		case err != nil:
			return err
		case resp.ErrorCode == sarama.ErrGroupIDNotFound:
			return nil
		case resp.ErrorCode != sarama.ErrNoError:
			return resp.ErrorCode
		}
		for _, tp := range parts {
			if code := resp.Errors[tp.Topic][tp.Partition]; code != sarama.ErrNoError {
				return fmt.Errorf("partition %s: %w", tp, code)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("delete offsets of group %q: %w", group, err)
	}
	return nil
}

// DeleteGroup removes a group that has no members, with its offsets. A group that does not exist is no error.
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
		if code := resp.GroupErrorCodes[group]; code != sarama.ErrNoError && code != sarama.ErrGroupIDNotFound {
			return code
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("delete group %q: %w", group, err)
	}
	return nil
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
