package connecttest

import "sluice/connect"

// Topic is the topic of the records that this package makes.
const Topic = "records"

// Partition returns the topic's partition with the number.
func Partition(number int32) connect.TopicPartition {
	return connect.TopicPartition{Topic: Topic, Partition: number}
}

// Record returns a record without key, headers and schemas, as JsonConverter without schemas would make it of a message whose producer set the
// timestamp. What else it is to have is set on the result.
func Record(partition int32, offset int64, value any) connect.SinkRecord {
	return connect.SinkRecord{
		Topic: Topic, Partition: partition, Offset: offset,
		Timestamp: 1_700_000_000_000 + offset, TimestampType: connect.CreateTime,
		Value: value,
	}
}

// Records returns records of partition 0 with the given values, at consecutive offsets from first on.
func Records(first int64, values ...any) []connect.SinkRecord {
	records := make([]connect.SinkRecord, len(values))
	for i, v := range values {
		records[i] = Record(0, first+int64(i), v)
	}
	return records
}
