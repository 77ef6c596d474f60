package rest_test

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"sluice/connect"
	"sluice/worker"
)

// The model's groups have offsets of one topic with one partition, and no members.

func (m *model) ConnectorOffsets(_ context.Context, name string) (all worker.ConnectorOffsets, err error) {
	all.Offsets = []worker.SinkOffset{}
	err = m.with(name, "Connector "+name+" not found", func(c *modelConnector) error {
		for tp, offset := range c.offsets {
			all.Offsets = append(all.Offsets, worker.SinkOffset{
				Partition: worker.SinkPartition{Partition: tp.Partition, Topic: tp.Topic}, Offset: worker.SinkPosition{Offset: offset},
			})
		}
		slices.SortFunc(all.Offsets, func(a, b worker.SinkOffset) int { return cmp.Compare(a.Partition.Topic, b.Partition.Topic) })
		return nil
	})
	return all, err
}

func (m *model) AlterOffsets(_ context.Context, name string, changes []worker.OffsetChange) (worker.Message, error) {
	err := m.withStopped(name, func(c *modelConnector) error {
		offsets, err := worker.ParseOffsetChanges(changes)
		if err != nil {
			return err
		}
		if c.offsets == nil {
			c.offsets = map[connect.TopicPartition]int64{}
		}
		for tp, o := range offsets {
			switch {
			case o != nil && *o < 0:
				return fmt.Errorf("Failed to modify offsets for sink connector %s", name) //nolint:staticcheck // Kafka's text
			case tp != connect.TopicPartition{Topic: "conformance"}:
				return fmt.Errorf("Failed to alter consumer group offsets for connector %s", name) //nolint:staticcheck // Kafka's text
			case o == nil:
				delete(c.offsets, tp)
			default:
				c.offsets[tp] = *o
			}
		}
		return nil
	})
	return worker.Message{Message: "The offsets for this connector have been altered successfully"}, err
}

func (m *model) ResetOffsets(_ context.Context, name string) (worker.Message, error) {
	err := m.withStopped(name, func(c *modelConnector) error {
		maps.DeleteFunc(c.offsets, func(connect.TopicPartition, int64) bool { return true })
		return nil
	})
	return worker.Message{Message: "The offsets for this connector have been reset successfully"}, err
}

func (m *model) withStopped(name string, f func(*modelConnector) error) error {
	return m.with(name, "Connector "+name+" not found", func(c *modelConnector) error {
		if c.state != "STOPPED" {
			return &worker.BadRequestError{Message: "Connectors must be in the STOPPED state before their offsets can be modified. This can be done " +
				"for the specified connector by issuing a 'PUT' request to the '/connectors/" + name + "/stop' endpoint"}
		}
		return f(c)
	})
}
