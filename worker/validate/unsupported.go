package validate

import "sluice/connect"

// What a Kafka worker can do and this version's tasks cannot stands in this file, key by key. Validation knows nothing of it: a client gets
// the answer that Kafka would give, and the configuration is kept. It is refused by name when a task starts, so that nothing is
// ignored that somebody counts on. To build something here, delete its line.

// unsupportedKeys must be left blank; the text says what they ask for.
var unsupportedKeys = []struct{ key, what string }{
	{TopicsRegexConfig, "regular expressions of topics are not supported by this version; list the topics in " + TopicsConfig},
}

// refusals returns the framework's keys that must be left blank, with validators that see to it. The consumer refuses its own: what a
// connector overrides reaches it as it is.
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
