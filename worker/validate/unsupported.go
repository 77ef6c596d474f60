package validate

import (
	"slices"
	"strings"

	"sluice/connect"
)

// What a Kafka worker can do and this version cannot stands in this file, key by key, so that it is refused by name instead of being
// ignored. To build something here, delete its line.

// unsupportedKeys must be left blank; the text says what they ask for.
var unsupportedKeys = []struct{ key, what string }{
	{TransformsConfig, "transformations are not supported by this version"},
	{PredicatesConfig, "predicates are not supported by this version"},
	{TopicsRegexConfig, "regular expressions of topics are not supported by this version; list the topics in " + TopicsConfig},
	{DLQTopicNameConfig, "dead letter queues are not supported by this version"},
}

// unsupportedOverrides are the consumer's settings that it cannot honour, with the values that change nothing and so are fine.
// Settings behind the prefixes sasl. and ssl. are refused whatever they say.
var unsupportedOverrides = map[string][]string{
	"security.protocol":     {"PLAINTEXT"},
	"security.providers":    {""},
	"group.instance.id":     {""},
	"group.protocol":        {"classic"},
	"group.remote.assignor": {""},
	"interceptor.classes":   {""},
	"enable.auto.commit":    {"false"},
	"key.deserializer":      {byteArrayDeserializer},
	"value.deserializer":    {byteArrayDeserializer},
}

const byteArrayDeserializer = "org.apache.kafka.common.serialization.ByteArrayDeserializer"

// refusals returns the framework's keys that must be left blank, with validators that see to it.
func refusals() []connect.ConfigKey {
	def := kafkaDef()
	keys := make([]connect.ConfigKey, 0, len(unsupportedKeys))
	for _, u := range unsupportedKeys {
		k, _ := def.Key(u.key)
		k.Validator = connect.ValidatorFunc("blank: "+u.what, func(v any) string {
			if connect.ConfigText(v, k.Type) != "" {
				return u.what
			}
			return ""
		})
		keys = append(keys, k)
	}
	return keys
}

// refuseUnsupported adds an error to each setting that this version cannot honour. It leaves alone a configuration that has errors
// already: those are answered exactly as Kafka answers them, and nothing runs meanwhile.
func (c *ConfigInfos) refuseUnsupported(props map[string]*string) {
	if c.ErrorCount > 0 {
		return
	}
	for _, u := range unsupportedKeys {
		if value := trimmed(props, u.key); value != "" {
			c.refuse(u.key, value, u.what)
		}
	}
	for _, name := range sortedKeys(withPrefix(props, ConsumerOverridePrefix)) {
		key := ConsumerOverridePrefix + name
		value := trimmed(props, key)
		harmless, listed := unsupportedOverrides[name]
		secured := strings.HasPrefix(name, "sasl.") || strings.HasPrefix(name, "ssl.")
		if secured && value != "" || listed && !slices.ContainsFunc(harmless, func(h string) bool { return strings.EqualFold(h, value) }) {
			if k, ok := consumerDef.Key(name); ok && k.Type == connect.TypePassword || looksSecret(name) {
				value = connect.Hidden
			}
			c.refuse(key, value, "this consumer setting is not supported by this version")
		}
	}
}

// refuse adds an error to a key that has a value.
func (c *ConfigInfos) refuse(key, value, rule string) {
	for i := range c.Configs {
		if v := c.Configs[i].Value; v.Name == key {
			v.Errors = append(v.Errors, (&connect.ConfigError{Key: key, Value: value, Rule: rule}).Error())
			c.ErrorCount++
		}
	}
}
