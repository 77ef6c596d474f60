package validate

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"sluice/connect"
)

// checkTopics applies the rules over topics, topics.regex and the dead letter queue. A blank text counts as not given.
// The error is a regular expression that cannot be read although a dead letter queue has to be tried on it.
//
// Kafka: org.apache.kafka.connect.runtime.SinkConnectorConfig.validate.
func checkTopics(props map[string]*string, vs *values) error {
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
	pattern, err := regexp.Compile(`\A(?:` + given + `)\z`)
	if err != nil {
		return &connect.ConfigError{Key: TopicsRegexConfig, Value: given, Rule: "Invalid regex: " + err.Error()}
	}
	if pattern.MatchString(dlq) {
		vs.addError(TopicsRegexConfig, fmt.Sprintf("The DLQ topic '%s' may not be matched by the regex for the topics ('topics.regex=%s') consumed by the connector", dlq, given))
	}
	return nil
}

// parseTopics reads the text of the setting topics: a list separated by commas, in which blank elements do not count.
//
// Kafka: SinkConnectorConfig.parseTopicsList.
func parseTopics(text string) []string {
	v, _ := connect.ParseConfigValue(TopicsConfig, text, connect.TypeList)
	list, _ := v.([]string)
	return slices.DeleteFunc(list, func(t string) bool { return t == "" })
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
	name, _ := vs.get(NameConfig).Value.(string)
	if workerGroup != "" && workerGroup == "connect-"+name {
		vs.addError(NameConfig, fmt.Sprintf("Consumer group for sink connector named %s conflicts with Connect worker group %s", name, workerGroup))
	}
}

// regularExpression refuses what is no regular expression.
//
// Differs: Go's expressions stand in for Java's, which know more (look-ahead, back references); topics.regex is refused anyway in
// this version, see unsupported.go.
func regularExpression() connect.Validator {
	return connect.ValidatorFunc("valid regex", func(v any) string {
		s, _ := v.(string)
		if _, err := regexp.Compile(s); err != nil {
			return "Invalid regex: " + err.Error()
		}
		return ""
	})
}

// trimmed is a setting without surrounding blanks; "" for a null or a missing one.
func trimmed(props map[string]*string, key string) string {
	if p := props[key]; p != nil {
		return strings.TrimFunc(*p, func(r rune) bool { return r <= ' ' })
	}
	return ""
}
