package kafka

import (
	"bytes"
	"cmp"
	"slices"
	"strconv"
	"time"
)

// TopicPartition names one partition of a topic.
//
// Kafka: org.apache.kafka.common.TopicPartition.
type TopicPartition struct {
	Topic     string
	Partition int32
}

// String prints topic and partition the way Kafka does: "orders-0".
func (tp TopicPartition) String() string {
	return tp.Topic + "-" + strconv.Itoa(int(tp.Partition))
}

// compareTopicPartitions orders by topic, then partition.
func compareTopicPartitions(a, b TopicPartition) int {
	if c := cmp.Compare(a.Topic, b.Topic); c != 0 {
		return c
	}
	return cmp.Compare(a.Partition, b.Partition)
}

// sortedPartitions returns the keys of m ordered by topic and partition.
func sortedPartitions[V any](m map[TopicPartition]V) []TopicPartition {
	parts := make([]TopicPartition, 0, len(m))
	for tp := range m {
		parts = append(parts, tp)
	}
	slices.SortFunc(parts, compareTopicPartitions)
	return parts
}

// Header is one header of a record. A nil Value is Kafka's null, an empty one is an empty value.
// Keys may repeat within a record; the order is kept.
type Header struct {
	Key   string
	Value []byte
}

// Timestamp types of a Message.
const (
	// CreateTime means that the producer set the timestamp.
	CreateTime int8 = 0
	// LogAppendTime means that the broker set it when it appended the record.
	LogAppendTime int8 = 1
)

// Message is one consumed record.
//
// A nil Key or Value is Kafka's null (a nil Value is a tombstone), an empty one is an empty byte
// string. Key, Value and header values are slices of the fetched batch: they may be kept for as
// long as the caller likes, but must not be written to, and one kept record keeps its batch in memory (see Buffer).
type Message struct {
	Topic     string
	Partition int32
	Offset    int64
	// Timestamp is in milliseconds since the epoch; -1 means none.
	Timestamp int64
	// TimestampType is CreateTime or LogAppendTime.
	TimestampType int8
	// Buffer is the number of the piece of memory that Key and Value are slices of: a broker's answer, or a batch that was
	// compressed. Of messages that a reader has returned one after the other, those with the same number share it.
	Buffer     uint32
	Key, Value []byte
	Headers    []Header
}

// TopicPartition returns the partition that m was read from.
func (m *Message) TopicPartition() TopicPartition {
	return TopicPartition{Topic: m.Topic, Partition: m.Partition}
}

// Clone returns a copy that shares no memory with the fetched batch.
func (m *Message) Clone() *Message {
	c := *m
	c.Key, c.Value, c.Headers = bytes.Clone(m.Key), bytes.Clone(m.Value), slices.Clone(m.Headers)
	for i := range c.Headers {
		c.Headers[i].Value = bytes.Clone(c.Headers[i].Value)
	}
	return &c
}

// OffsetAndMetadata is a committed position: Offset is the next offset to read, not the last one
// that was processed. Metadata is free text kept by the broker (at most 4096 bytes by default).
type OffsetAndMetadata struct {
	Offset   int64
	Metadata string
}

// OutRecord is one record to produce.
type OutRecord struct {
	Topic string
	// Partition is the partition to write to. -1 leaves the choice to the producer: Java's murmur2
	// hash of Key, or any partition when Key is nil.
	Partition  int32
	Key, Value []byte // nil is null
	Headers    []Header
	// Timestamp counts in milliseconds; the zero time means now. One before 1970 is refused. Differs: one after 2262 becomes the last moment of what
	// the client library can write, which counts nanoseconds.
	Timestamp time.Time
}
