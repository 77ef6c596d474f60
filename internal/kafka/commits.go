package kafka

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/IBM/sarama"
)

// membershipID is what a request has to show to act for a member of a group.
type membershipID struct {
	memberID   string
	generation int32
	instanceID string // group.instance.id; "" for a dynamic member
}

// instance is how requests carry the instance id: null for a dynamic member.
func (id membershipID) instance() *string {
	if id.instanceID == "" {
		return nil
	}
	return &id.instanceID
}

// noMember acts on a group that has no members, as an admin does.
var noMember = membershipID{generation: sarama.GroupGenerationUndefined}

// commitOffsets sends one OffsetCommit. A member that has been replaced gets ErrFenced. Of several errors the one that concerns the
// whole group counts: a partition that does not exist must not hide that the coordinator is moving, or that the member is fenced.
//
// Kafka: ConsumerCoordinator.OffsetCommitResponseHandler, which fails a commit as a whole too when one partition fails.
func commitOffsets(ctx context.Context, send sender, group string, as membershipID, offsets map[TopicPartition]OffsetAndMetadata) error {
	req := &sarama.OffsetCommitRequest{
		Version: 8, ConsumerGroup: group, ConsumerID: as.memberID, ConsumerGroupGeneration: as.generation, RetentionTime: -1,
		GroupInstanceId: as.instance(),
	}
	for tp, o := range offsets {
		req.AddBlockWithLeaderEpoch(tp.Topic, tp.Partition, o.Offset, -1, 0, o.Metadata)
	}
	resp, err := exchange(ctx, send, (*sarama.Broker).CommitOffset, req)
	if err != nil {
		return err
	}
	var ofPartition error
	for _, tp := range sortedPartitions(offsets) {
		code, answered := resp.Errors[tp.Topic][tp.Partition]
		switch {
		case !answered:
			return fmt.Errorf("partition %s: the broker's answer does not name it", tp)
		case code == sarama.ErrIllegalGeneration || code == sarama.ErrUnknownMemberId || code == sarama.ErrFencedInstancedId:
			return fmt.Errorf("partition %s: %w (%w)", tp, ErrFenced, code)
		case code == sarama.ErrUnknownTopicOrPartition || code == sarama.ErrTopicAuthorizationFailed || code == sarama.ErrOffsetMetadataTooLarge:
			ofPartition = cmp.Or(ofPartition, fmt.Errorf("partition %s: %w", tp, code))
		case code != sarama.ErrNoError:
			return fmt.Errorf("partition %s: %w", tp, code)
		}
	}
	return ofPartition
}

// fetchCommitted sends one OffsetFetch for parts, nil meaning all partitions with a commit.
// Partitions without a commit are missing from the result. Offsets that a transaction is about to
// change are a retriable error (KIP-447), if the broker is new enough to know.
func fetchCommitted(ctx context.Context, send sender, group string, parts []TopicPartition) (map[TopicPartition]OffsetAndMetadata, error) {
	return fetchOffsets(ctx, send, group, parts, true)
}

// fetchOffsets is fetchCommitted that, unless stable, does not mind transactions that are about to change the offsets.
func fetchOffsets(ctx context.Context, send sender, group string, parts []TopicPartition, stable bool) (map[TopicPartition]OffsetAndMetadata, error) {
	resp, err := exchange(ctx, send, (*sarama.Broker).FetchOffset, newOffsetFetchRequest(group, parts, stable))
	var tooNew sarama.PacketEncodingError
	if errors.As(err, &tooNew) { // a broker before 2.5, which has no way to say it
		resp, err = exchange(ctx, send, (*sarama.Broker).FetchOffset, newOffsetFetchRequest(group, parts, false))
	}
	if err != nil {
		return nil, err
	}
	code, blocks := resp.Err, resp.Blocks
	if g := resp.GetGroup(group); resp.Version >= 8 && g != nil {
		code, blocks = g.Err, g.Blocks
	}
	if code == sarama.ErrGroupIDNotFound {
		return map[TopicPartition]OffsetAndMetadata{}, nil
	}
	if code != sarama.ErrNoError {
		return nil, code
	}
	offsets := make(map[TopicPartition]OffsetAndMetadata)
	for topic, partitions := range blocks {
		for partition, block := range partitions {
			tp := TopicPartition{topic, partition}
			if block.Err != sarama.ErrNoError {
				return nil, fmt.Errorf("partition %s: %w", tp, block.Err)
			}
			if block.Offset >= 0 {
				offsets[tp] = OffsetAndMetadata{Offset: block.Offset, Metadata: block.Metadata}
			}
		}
	}
	return offsets, nil
}

func newOffsetFetchRequest(group string, parts []TopicPartition, stable bool) *sarama.OffsetFetchRequest {
	var partitions map[string][]int32
	if parts != nil {
		partitions = make(map[string][]int32)
		for _, tp := range parts {
			partitions[tp.Topic] = append(partitions[tp.Topic], tp.Partition)
		}
	}
	req := sarama.NewOffsetFetchRequest(sarama.V3_0_0_0, group, partitions)
	req.RequireStable = stable
	return req
}
