package worker

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"sluice/connect"
	"sluice/connect/converter"
	"sluice/internal/javahash"
)

// OffsetChange is one entry of the body of PATCH /connectors/{name}/offsets. Values are those of package encoding/json, with
// [json.Number] for numbers.
//
//	{"partition":{"kafka_topic":"orders","kafka_partition":3},"offset":{"kafka_offset":5000}}
//
// Kafka: org.apache.kafka.connect.runtime.rest.entities.ConnectorOffset.
type OffsetChange struct {
	Partition map[string]any // nil: null or missing
	Offset    map[string]any // nil, null or missing: the partition's offset is removed
}

// The keys of partitions and offsets.
//
// Kafka: org.apache.kafka.connect.util.SinkUtils.
const (
	kafkaTopicKey     = "kafka_topic"
	kafkaPartitionKey = "kafka_partition"
	kafkaOffsetKey    = "kafka_offset"
)

// ParseOffsetChanges reads changes; nil removes an offset. The error is a [*BadRequestError] about the first entry, in the order in which
// Kafka looks at them, that is not as it has to be. Numbers may be given as text. Of changes of the same partition the last in that
// order counts.
//
// Kafka: SinkUtils.parseSinkConnectorOffsets.
func ParseOffsetChanges(changes []OffsetChange) (map[connect.TopicPartition]*int64, error) {
	offsets := map[connect.TopicPartition]*int64{}
	for _, c := range inHashOrder(changes) {
		tp, err := parsePartition(c.Partition)
		if err != nil {
			return nil, err
		}
		if offsets[tp], err = parseOffset(c.Offset); err != nil {
			return nil, err
		}
	}
	return offsets, nil
}

func parsePartition(fields map[string]any) (connect.TopicPartition, error) {
	var none connect.TopicPartition
	topic, hasTopic := fields[kafkaTopicKey]
	partition, hasPartition := fields[kafkaPartitionKey]
	switch {
	case fields == nil:
		return none, &BadRequestError{Message: "The partition for a sink connector offset cannot be null or missing"}
	case !hasTopic || !hasPartition:
		return none, badOffset("The partition for a sink connector offset must contain the keys '%s' and '%s'", kafkaTopicKey, kafkaPartitionKey)
	case topic == nil:
		return none, badOffset("Kafka topic names must be valid strings and may not be null")
	case partition == nil:
		return none, badOffset("Kafka partitions must be valid numbers and may not be null")
	}
	text := javaText(partition)
	n, err := connect.ParseInteger(text, 32)
	if err != nil {
		return none, badOffset("Failed to parse the following Kafka partition value in the provided offsets: '%s'. "+
			"Partition values for sink connectors need to be integers.", text)
	}
	return connect.TopicPartition{Topic: javaText(topic), Partition: int32(n)}, nil
}

func parseOffset(fields map[string]any) (*int64, error) {
	if fields == nil {
		return nil, nil
	}
	value, ok := fields[kafkaOffsetKey]
	if !ok {
		return nil, badOffset("The offset for a sink connector should either be null or contain the key '%s'", kafkaOffsetKey)
	}
	text := javaText(value)
	n, err := connect.ParseInteger(text, 64)
	if err != nil {
		return nil, badOffset("Failed to parse the following Kafka offset value in the provided offsets: '%s'. "+
			"Offset values for sink connectors need to be integers.", text)
	}
	return &n, nil
}

func badOffset(format string, args ...any) error {
	return &BadRequestError{Message: fmt.Sprintf(format, args...)}
}

// jsonNumber is a number as Java's JSON library reads it into a map: an Integer, Long, BigInteger or Double.
func jsonNumber(n json.Number) (integer *big.Int, float float64) {
	if i, ok := new(big.Int).SetString(n.String(), 10); ok {
		return i, 0
	}
	f, _ := strconv.ParseFloat(n.String(), 64) // too large is an infinity, as in Java
	return nil, f
}

// javaText is String.valueOf of a value out of JSON.
func javaText(v any) string {
	switch v := v.(type) {
	case json.Number:
		integer, float := jsonNumber(v)
		if integer != nil {
			return integer.String()
		}
		return converter.JavaString(float)
	case []any:
		parts := make([]string, len(v))
		for i := range v {
			parts[i] = javaText(v[i])
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case map[string]any:
		parts := make([]string, 0, len(v))
		for key, value := range v {
			parts = append(parts, key+"="+javaText(value))
		}
		slices.Sort(parts)
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return converter.JavaString(v)
}

// inHashOrder returns the changes as a Java HashMap with their partitions as keys has them: of equal partitions the last one's offset,
// and in the order of their hashes. It decides which of several mistakes is told, and which of two changes of a partition that
// was written in two ways counts.
//
// Kafka: ConnectorOffsets.toMap.
func inHashOrder(changes []OffsetChange) []OffsetChange {
	var distinct []OffsetChange
	index := map[string]int{}
	for _, c := range changes {
		key := "" // of null
		if c.Partition != nil {
			key = identity(c.Partition)
		}
		if i, twice := index[key]; twice {
			distinct[i].Offset = c.Offset
			continue
		}
		index[key] = len(distinct)
		distinct = append(distinct, c)
	}
	hash := func(c OffsetChange) int32 {
		if c.Partition == nil {
			return 0
		}
		return javaHash(c.Partition)
	}
	out := make([]OffsetChange, 0, len(distinct))
	for _, i := range javahash.Order(distinct, hash, javahash.Table(len(distinct))) {
		out = append(out, distinct[i])
	}
	return out
}

// identity is a text that two values share if and only if they are equal in Java.
func identity(v any) string {
	switch v := v.(type) {
	case string:
		return strconv.Quote(v)
	case []any:
		parts := make([]string, len(v))
		for i := range v {
			parts[i] = identity(v[i])
		}
		return "[" + strings.Join(parts, ",") + "]"
	case map[string]any:
		parts := make([]string, 0, len(v))
		for key, value := range v {
			parts = append(parts, strconv.Quote(key)+":"+identity(value))
		}
		slices.Sort(parts)
		return "{" + strings.Join(parts, ",") + "}"
	}
	return javaText(v) // a Double has a dot or a letter, an integer has none
}

// javaHash is hashCode of a value out of JSON.
func javaHash(v any) int32 {
	switch v := v.(type) {
	case bool:
		return javahash.Bool(v)
	case string:
		return javahash.String(v)
	case json.Number:
		return numberHash(jsonNumber(v))
	case []any:
		h := int32(1)
		for _, item := range v {
			h = 31*h + javaHash(item)
		}
		return h
	case map[string]any:
		var h int32
		for key, value := range v {
			h += javaHash(key) ^ javaHash(value)
		}
		return h
	}
	return 0 // null
}

func numberHash(integer *big.Int, float float64) int32 {
	switch {
	case integer == nil:
		return javahash.Double(float)
	case integer.IsInt64() && integer.Int64() == int64(int32(integer.Int64())):
		return int32(integer.Int64())
	case integer.IsInt64():
		return javahash.Long(integer.Int64())
	}
	var h int32
	magnitude := integer.FillBytes(make([]byte, (integer.BitLen()+31)/32*4))
	for len(magnitude) > 0 {
		h = 31*h + int32(binary.BigEndian.Uint32(magnitude))
		magnitude = magnitude[4:]
	}
	return h * int32(integer.Sign())
}
