package kafka

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// topicConfigs are the configs that a topic may have, with the check of their value.
// Kafka: org.apache.kafka.storage.internals.log.LogConfig of 3.9.2.
var topicConfigs = map[string]func(value string) (rule string){
	"cleanup.policy":                          listOf("compact", "delete"),
	"compression.type":                        oneOf("uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"),
	"compression.gzip.level":                  number("INT", 32, -1),
	"compression.lz4.level":                   number("INT", 32, 1),
	"compression.zstd.level":                  number("INT", 32, -131072),
	"delete.retention.ms":                     number("LONG", 64, 0),
	"file.delete.delay.ms":                    number("LONG", 64, 0),
	"flush.messages":                          number("LONG", 64, 1),
	"flush.ms":                                number("LONG", 64, 0),
	"follower.replication.throttled.replicas": anything,
	"index.interval.bytes":                    number("INT", 32, 0),
	"leader.replication.throttled.replicas":   anything,
	"local.retention.bytes":                   number("LONG", 64, -2),
	"local.retention.ms":                      number("LONG", 64, -2),
	"max.compaction.lag.ms":                   number("LONG", 64, 1),
	"max.message.bytes":                       number("INT", 32, 0),
	"message.downconversion.enable":           boolean,
	"message.format.version":                  anything,
	"message.timestamp.after.max.ms":          number("LONG", 64, 0),
	"message.timestamp.before.max.ms":         number("LONG", 64, 0),
	"message.timestamp.difference.max.ms":     number("LONG", 64, 0),
	"message.timestamp.type":                  oneOf("CreateTime", "LogAppendTime"),
	"min.cleanable.dirty.ratio":               ratio,
	"min.compaction.lag.ms":                   number("LONG", 64, 0),
	"min.insync.replicas":                     number("INT", 32, 1),
	"preallocate":                             boolean,
	"remote.log.copy.disable":                 boolean,
	"remote.log.delete.on.disable":            boolean,
	"remote.storage.enable":                   boolean,
	"retention.bytes":                         number("LONG", 64, -9223372036854775808),
	"retention.ms":                            number("LONG", 64, -1),
	"segment.bytes":                           number("INT", 32, 14),
	"segment.index.bytes":                     number("INT", 32, 4),
	"segment.jitter.ms":                       number("LONG", 64, 0),
	"segment.ms":                              number("LONG", 64, 1),
	"unclean.leader.election.enable":          boolean,
}

// checkTopicConfig returns the broker's message about a config it refuses, "" when it is fine.
func checkTopicConfig(name string, value *string) string {
	check, known := topicConfigs[name]
	switch {
	case !known:
		return "Unknown topic config name: " + name
	case value == nil:
		return "Null value not supported for topic configs: " + name
	}
	if rule := check(*value); rule != "" {
		return fmt.Sprintf("Invalid value %s for configuration %s: %s", *value, name, rule)
	}
	return ""
}

func anything(string) string { return "" }

func boolean(value string) string {
	if value = strings.ToLower(strings.TrimSpace(value)); value == "true" || value == "false" {
		return ""
	}
	return "Expected value to be either true or false"
}

func number(typeName string, bits int, low int64) func(string) string {
	return func(value string) string {
		n, err := strconv.ParseInt(strings.TrimSpace(value), 10, bits)
		if err != nil {
			return "Not a number of type " + typeName
		}
		if n < low {
			return fmt.Sprintf("Value must be at least %d", low)
		}
		return ""
	}
}

func ratio(value string) string {
	f, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	switch {
	case err != nil:
		return "Not a number of type DOUBLE"
	case f < 0:
		return "Value must be at least 0"
	case f > 1:
		return "Value must be no more than 1"
	}
	return ""
}

func oneOf(values ...string) func(string) string {
	return func(value string) string {
		if slices.Contains(values, strings.TrimSpace(value)) {
			return ""
		}
		return "String must be one of: " + strings.Join(values, ", ")
	}
}

func listOf(values ...string) func(string) string {
	return func(value string) string {
		for item := range strings.SplitSeq(value, ",") {
			if rule := oneOf(values...)(item); rule != "" {
				return rule
			}
		}
		return ""
	}
}
