package kafka

import (
	"context"
	"errors"
	"fmt"
)

// positionSearch finds where to start reading partitions of a group: at the committed offset, or
// where auto.offset.reset points. It runs beside Poll, so that Poll can return meanwhile.
type positionSearch struct {
	parts  []TopicPartition
	ctx    context.Context
	cancel context.CancelFunc
	done   chan struct{} // closed when positions and err are set

	positions map[TopicPartition]int64
	err       error
}

func newPositionSearch(parts []TopicPartition) *positionSearch {
	ctx, cancel := context.WithCancel(context.Background())
	return &positionSearch{parts: parts, ctx: ctx, cancel: cancel, done: make(chan struct{})}
}

// finished is closed when the search is over; nil, which blocks for ever, when there is none.
func (s *positionSearch) finished() <-chan struct{} {
	if s == nil {
		return nil
	}
	return s.done
}

func (s *positionSearch) isFinished() bool {
	select {
	case <-s.finished():
		return true
	default:
		return false
	}
}

// skip ends the search before it began: every position is 0.
func (s *positionSearch) skip() {
	s.positions = make(map[TopicPartition]int64, len(s.parts))
	for _, tp := range s.parts {
		s.positions[tp] = 0
	}
	s.cancel()
	close(s.done)
}

// run searches until it has found all positions, until cancelled, or until an error that stays.
func (s *positionSearch) run(c *cluster) {
	defer close(s.done)
	defer s.cancel()
	pause := c.settings.newBackoff()
	for {
		s.positions, s.err = s.find(c)
		var unknown *UnknownTopicError
		if !errors.As(s.err, &unknown) || pause.wait(s.ctx) != nil {
			return
		}
		// The topic was deleted after it was assigned. It comes back, or the next rebalance ends this.
	}
}

func (s *positionSearch) find(c *cluster) (map[TopicPartition]int64, error) {
	group := c.settings.groupID
	var committed map[TopicPartition]OffsetAndMetadata
	err := c.retry(s.ctx, func() error {
		addr, err := c.coordinator(s.ctx, group)
		if err != nil {
			return err
		}
		committed, err = fetchCommitted(s.ctx, c.at(addr), group, s.parts)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the committed offsets of group %q: %w", group, err)
	}
	positions := make(map[TopicPartition]int64, len(s.parts))
	timestamps := make(map[TopicPartition]int64)
	var undefined []TopicPartition
	for _, tp := range s.parts {
		if o, ok := committed[tp]; ok {
			positions[tp] = o.Offset
			continue
		}
		timestamp, ok := c.settings.resetTimestamp()
		if !ok {
			undefined = append(undefined, tp)
			continue
		}
		timestamps[tp] = timestamp
	}
	if len(undefined) > 0 {
		return nil, fmt.Errorf("group %q has no committed offset for partitions %v, and auto.offset.reset is none", group, undefined)
	}
	offsets, err := c.listOffsets(s.ctx, timestamps)
	if err != nil {
		return nil, err
	}
	for tp, offset := range offsets {
		positions[tp] = offset
	}
	return positions, nil
}

// resetTimestamp is auto.offset.reset for ListOffsets; false for "none".
func (s *settings) resetTimestamp() (int64, bool) {
	switch s.offsetReset {
	case "earliest":
		return earliestTimestamp, true
	case "latest":
		return latestTimestamp, true
	}
	return 0, false
}
