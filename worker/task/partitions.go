package task

import (
	"cmp"
	"slices"

	"sluice/connect"
	"sluice/internal/kafka"
)

// The client's partitions and the plugin's are the same thing in two packages that do not know each other.

func toKafka(parts []connect.TopicPartition) []kafka.TopicPartition {
	out := make([]kafka.TopicPartition, len(parts))
	for i, p := range parts {
		out[i] = kafka.TopicPartition(p)
	}
	return out
}

func fromKafka(parts []kafka.TopicPartition) []connect.TopicPartition {
	out := make([]connect.TopicPartition, len(parts))
	for i, p := range parts {
		out[i] = connect.TopicPartition(p)
	}
	sortPartitions(out)
	return out
}

func sortPartitions(parts []connect.TopicPartition) {
	slices.SortFunc(parts, func(a, b connect.TopicPartition) int {
		return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition))
	})
}
