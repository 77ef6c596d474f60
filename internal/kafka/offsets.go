package kafka

import (
	"context"
	"errors"
	"fmt"

	"github.com/IBM/sarama"
)

// Special timestamps of ListOffsets.
const (
	latestTimestamp   int64 = -1
	earliestTimestamp int64 = -2
)

// listOffsets resolves one timestamp (milliseconds, latestTimestamp or earliestTimestamp) per
// partition into an offset; a time after the last record gives -1. Leaders are looked up and
// retriable trouble is retried until ctx ends.
//
// With read_committed, latest means the last stable offset: what a reader can get to.
func (c *cluster) listOffsets(ctx context.Context, timestamps map[TopicPartition]int64) (map[TopicPartition]int64, error) {
	offsets := make(map[TopicPartition]int64, len(timestamps))
	if len(timestamps) == 0 {
		return offsets, nil
	}
	var topics []string
	for tp := range timestamps {
		topics = appendOnce(topics, tp.Topic)
	}
	first := true
	err := c.retry(ctx, func() error {
		if !first || !c.leadersKnown(timestamps) {
			if err := c.refresh(ctx, topics, false); err != nil {
				return err
			}
		}
		first = false
		return c.listOffsetsOnce(ctx, timestamps, offsets)
	})
	if err != nil {
		return nil, fmt.Errorf("list offsets: %w", err)
	}
	return offsets, nil
}

func (c *cluster) leadersKnown(parts map[TopicPartition]int64) bool {
	for tp := range parts {
		if c.leader(tp).addr == "" {
			return false
		}
	}
	return true
}

// listOffsetsOnce asks the known leaders for what offsets does not hold yet.
func (c *cluster) listOffsetsOnce(ctx context.Context, timestamps, offsets map[TopicPartition]int64) error {
	byLeader := make(map[string]*sarama.OffsetRequest)
	var errs []error
	for tp, timestamp := range timestamps {
		if _, done := offsets[tp]; done {
			continue
		}
		if _, err := c.partitions(tp.Topic); err != nil {
			return err
		}
		l := c.leader(tp)
		if l.addr == "" {
			errs = append(errs, fmt.Errorf("partition %s: %w", tp, sarama.ErrLeaderNotAvailable))
			continue
		}
		req := byLeader[l.addr]
		if req == nil {
			req = &sarama.OffsetRequest{Version: 6}
			if c.settings.readCommitted {
				req.IsolationLevel = sarama.ReadCommitted
			}
			byLeader[l.addr] = req
		}
		req.AddBlock(tp.Topic, tp.Partition, timestamp, 1)
	}
	for addr, req := range byLeader {
		resp, err := exchange(ctx, c.at(addr), (*sarama.Broker).GetAvailableOffsets, req)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		for topic, blocks := range resp.Blocks {
			for partition, block := range blocks {
				tp := TopicPartition{topic, partition}
				if block.Err != sarama.ErrNoError {
					errs = append(errs, fmt.Errorf("partition %s: %w", tp, block.Err))
					continue
				}
				offsets[tp] = block.Offset
			}
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	for tp := range timestamps {
		if _, ok := offsets[tp]; !ok {
			return fmt.Errorf("partition %s: %w", tp, sarama.ErrUnknownTopicOrPartition)
		}
	}
	return nil
}

func appendOnce(list []string, item string) []string {
	for _, have := range list {
		if have == item {
			return list
		}
	}
	return append(list, item)
}
