package validate

import (
	"fmt"
	"slices"
	"strings"

	"sluice/connect"
)

// The worker's setting connector.client.config.override.policy takes the short names of policies or their Java classes.
//
// Kafka: org.apache.kafka.connect.connector.policy.
const (
	OverrideAll       = "All"
	OverrideNone      = "None"
	OverridePrincipal = "Principal"
)

// OverridePolicy returns the short name of a policy, given by that or by its Java class. It is false for any other.
func OverridePolicy(text string) (string, bool) {
	name := strings.TrimSuffix(strings.TrimPrefix(text, "org.apache.kafka.connect.connector.policy."), "ConnectorClientConfigOverridePolicy")
	return name, slices.Contains([]string{OverrideAll, OverrideNone, OverridePrincipal}, name)
}

// principalKeys are what the policy Principal lets a connector override.
var principalKeys = []string{"sasl.jaas.config", "sasl.mechanism", "security.protocol"}

// checkOverrides checks the settings that a connector gives to its consumer: each must be of the right type, else the whole check fails,
// and allowed by the policy. Rules over values (such as the words of auto.offset.reset) are left to the consumer.
// Settings for a producer or an admin client are not looked at, as a sink without a dead letter queue has neither.
//
// Kafka: AbstractHerder.validateClientOverrides.
func (v *Validator) checkOverrides(props map[string]*string) (part, error) {
	var p part
	given := withPrefix(props, ConsumerOverridePrefix)
	for _, name := range hashOrder(sortedKeys(given)) {
		value := connect.ConfigValue{Name: name}
		key, known := consumerDef.Key(name)
		if text := given[name]; text != nil {
			t := connect.TypeString
			if known {
				t = key.Type
			}
			parsed, err := connect.ParseConfigValue(name, *text, t)
			if err != nil {
				return part{}, err
			}
			value.Value = parsed
		}
		if policy := v.policy(); policy == OverrideNone || policy == OverridePrincipal && !slices.Contains(principalKeys, name) {
			value.Errors = append(value.Errors, fmt.Sprintf("The '%s' policy does not allow '%s' to be overridden in the connector configuration.", policy, name))
		}
		switch {
		case known:
			p.add(&key, value, ConsumerOverridePrefix)
		case looksSecret(name):
			value.Value = connect.Hidden
			p.add(nil, value, ConsumerOverridePrefix)
		default:
			p.add(nil, value, ConsumerOverridePrefix)
		}
	}
	return p, nil
}

func (v *Validator) policy() string {
	if name, ok := OverridePolicy(v.OverridePolicy); ok {
		return name
	}
	return OverrideAll
}
