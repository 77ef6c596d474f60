package validate

import (
	"fmt"
	"slices"
	"strings"

	"sluice/connect"
	"sluice/internal/javaregex"
)

// checkTopics applies the rules over topics, topics.regex and the dead letter queue. A blank text counts as not given.
// The error, an [*ExceptionError], is a null as dead letter queue, or a regular expression that cannot be read although a dead letter
// queue has to be tried on it.
//
// Kafka: org.apache.kafka.connect.runtime.SinkConnectorConfig.validate.
func checkTopics(props map[string]*string, vs *values) error {
	if dlq, given := props[DLQTopicNameConfig]; given && dlq == nil {
		return &ExceptionError{
			Class:   "java.lang.NullPointerException",
			Message: `Cannot invoke "String.trim()" because the return value of "java.util.Map.getOrDefault(Object, Object)" is null`,
		}
	}
	topics, regex, dlq := trimmed(props, TopicsConfig), trimmed(props, TopicsRegexConfig), trimmed(props, DLQTopicNameConfig)
	switch {
	case topics != "" && regex != "":
		for _, key := range []string{TopicsConfig, TopicsRegexConfig} {
			vs.addError(key, "topics and topics.regex are mutually exclusive options, but both are set.")
		}
	case topics == "" && regex == "":
		for _, key := range []string{TopicsConfig, TopicsRegexConfig} {
			vs.addError(key, "Must configure one of topics or topics.regex")
		}
	}
	if dlq == "" {
		return nil
	}
	if list := parseTopics(topics); slices.Contains(list, dlq) {
		vs.addError(TopicsConfig, fmt.Sprintf("The DLQ topic '%s' may not be included in the list of topics ('topics=[%s]') consumed by the connector", dlq, strings.Join(list, ", ")))
	}
	if regex == "" {
		return nil
	}
	given := *props[TopicsRegexConfig]
	if err := connect.CheckRegex(given); err != nil {
		return &ExceptionError{Class: "java.util.regex.PatternSyntaxException", Message: err.Error()}
	}
	if matchesWhole(given, dlq) {
		vs.addError(TopicsRegexConfig, fmt.Sprintf("The DLQ topic '%s' may not be matched by the regex for the topics ('topics.regex=%s') consumed by the connector", dlq, given))
	}
	return nil
}

// parseTopics reads the text of the setting topics: a list separated by commas, in which empty elements do not count and others count once.
//
// Kafka: SinkConnectorConfig.parseTopicsList.
func parseTopics(text string) []string {
	v, _ := connect.ParseConfigValue(TopicsConfig, text, connect.TypeList)
	list, _ := v.([]string)
	seen := map[string]bool{"": true}
	return slices.DeleteFunc(list, func(t string) bool {
		again := seen[t]
		seen[t] = true
		return again
	})
}

// checkConsumerGroup refuses the group in which the workers themselves are, be it by name (the group is connect-<name>) or by an override.
// An empty workerGroup is nobody's.
//
// Kafka: org.apache.kafka.connect.runtime.distributed.DistributedHerder.validateSinkConnectorGroupId.
func checkConsumerGroup(props map[string]*string, vs *values, workerGroup string) {
	const override = ConsumerOverridePrefix + "group.id"
	if id, given := props[override]; given {
		v := vs.get(override)
		if id != nil {
			v.Value = *id
		}
		if id != nil && *id == workerGroup && workerGroup != "" {
			v.Errors = append(v.Errors, fmt.Sprintf("Consumer group %s conflicts with Connect worker group %s", *id, workerGroup))
		}
		return
	}
	name, ok := vs.get(NameConfig).Value.(string)
	if !ok {
		name = "null" // as Java writes it
	}
	if workerGroup != "" && workerGroup == "connect-"+name {
		vs.addError(NameConfig, fmt.Sprintf("Consumer group for sink connector named %s conflicts with Connect worker group %s", name, workerGroup))
	}
}

// matchesWhole reports whether a regular expression of Java's matches the whole text.
//
// Differs: one that is not supported, or takes too long, matches nothing here; a connector that has it fails at its start.
func matchesWhole(pattern, text string) bool {
	re, err := javaregex.Compile(pattern)
	if err != nil {
		return false
	}
	ok, err := re.Matches(text)
	return err == nil && ok
}

// trimmed is a setting without surrounding blanks; "" for a null or a missing one.
func trimmed(props map[string]*string, key string) string {
	if p := props[key]; p != nil {
		return trimJava(*p)
	}
	return ""
}

// trimJava takes blanks and control characters off both ends; other blanks of Unicode stay.
//
// Kafka: java.lang.String.trim.
func trimJava(s string) string { return strings.TrimFunc(s, func(r rune) bool { return r <= ' ' }) }
