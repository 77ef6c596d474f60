package connect

import (
	"cmp"
	"strconv"
	"strings"
)

// TopicPartition names one partition of a topic. It is comparable and serves as a map key.
//
// Kafka: org.apache.kafka.common.TopicPartition.
type TopicPartition struct {
	Topic     string
	Partition int32
}

// String returns "topic-partition", as Kafka prints it.
func (tp TopicPartition) String() string {
	return tp.Topic + "-" + strconv.Itoa(int(tp.Partition))
}

// TaskID names a task: the connector's name and the task's number, from 0.
//
// Kafka: org.apache.kafka.connect.util.ConnectorTaskId.
type TaskID struct {
	Connector string
	Task      int
}

// String returns "connector-task", as Kafka prints it.
func (id TaskID) String() string { return id.Connector + "-" + strconv.Itoa(id.Task) }

// Compare orders tasks by connector and number, for [slices.SortFunc] and its kin.
func (id TaskID) Compare(other TaskID) int {
	return cmp.Or(strings.Compare(id.Connector, other.Connector), cmp.Compare(id.Task, other.Task))
}

// TimestampType says what a record's timestamp means.
type TimestampType int8

// The timestamp types of Kafka's record format.
const (
	NoTimestampType TimestampType = -1
	CreateTime      TimestampType = 0 // set by the producer
	LogAppendTime   TimestampType = 1 // set by the broker
)

// String returns the name that Kafka uses in logs.
func (t TimestampType) String() string {
	switch t {
	case CreateTime:
		return "CreateTime"
	case LogAppendTime:
		return "LogAppendTime"
	default:
		return "NoTimestampType"
	}
}

// Header is one header of a record, after its header converter. A name can occur more than once; order is kept.
type Header struct {
	Key    string
	Schema *Schema // nil: no schema
	Value  any
}

// SinkRecord is one record on its way to a sink, after converters and transforms.
//
// Key and Value hold Connect values (see [Schema] for the Go type of each schema type). Without a schema they hold nil, bool,
// int64, float64, string, []byte, []any, map[string]any or [RawJSON]: JSON text that was checked but not decoded. A sink that
// wants a tree calls [Decode]. A nil Value is a tombstone.
//
// The origin (Topic, Partition, Offset) is the one the record was read from, as Kafka Connect's originalTopic and its kin; a
// transform changes only TargetTopic. The contents of a record belong to the task that got it and may be kept; they must
// not be changed, since byte slices are shared with the fetched batch.
//
// Kafka: org.apache.kafka.connect.sink.SinkRecord.
type SinkRecord struct {
	Topic     string // as consumed
	Partition int32  // as consumed
	Offset    int64  // as consumed

	// TargetTopic is the topic after transforms. Empty means Topic; call [SinkRecord.CurrentTopic].
	TargetTopic string

	Timestamp     int64 // ms since 1970-01-01 UTC; -1: none
	TimestampType TimestampType

	KeySchema   *Schema
	Key         any
	ValueSchema *Schema
	Value       any
	Headers     []Header

	origin any // see Origin
}

// TopicPartition returns where the record was consumed from. Offsets are committed for it.
func (r *SinkRecord) TopicPartition() TopicPartition {
	return TopicPartition{Topic: r.Topic, Partition: r.Partition}
}

// CurrentTopic returns the topic after transforms, which is the consumed one unless a transform renamed it.
func (r *SinkRecord) CurrentTopic() string {
	if r.TargetTopic != "" {
		return r.TargetTopic
	}
	return r.Topic
}
