package connecttest

import "sluice/connect"

// Topic is the topic of the records that this package makes.
const Topic = "records"

// Records returns records of partition 0 with the given values, at consecutive offsets from first on.
func Records(first int64, values ...any) []connect.SinkRecord {
	records := make([]connect.SinkRecord, len(values))
	for i, v := range values {
		records[i] = record(0, first+int64(i), v)
	}
	return records
}

func record(partition int32, offset int64, value any) connect.SinkRecord {
	return connect.SinkRecord{
		Topic: Topic, Partition: partition, Offset: offset,
		Timestamp: 1_700_000_000_000 + offset, TimestampType: connect.CreateTime,
		Value: value,
	}
}

func partition(p int32) connect.TopicPartition {
	return connect.TopicPartition{Topic: Topic, Partition: p}
}
