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

// checkOverrides checks the settings that a connector gives to its clients: each must be of the right type, else the whole check fails,
// and allowed by the policy. Rules over values (such as the words of auto.offset.reset) are left to the clients. Settings of clients
// that the connector does not have are not looked at.
//
// Kafka: AbstractHerder.validateClientOverrides.
func (v *Validator) checkOverrides(props map[string]*string) ([]part, error) {
	parts := make([]part, len(clientKinds))
	for _, i := range []int{producerKind, adminKind, consumerKind} { // the order of the checks is not that of the answer
		kind := clientKinds[i]
		if kind.dlqOnly && trimmed(props, DLQTopicNameConfig) == "" {
			continue
		}
		var err error
		if parts[i], err = v.checkClient(kind, props); err != nil {
			return nil, err
		}
	}
	return parts, nil
}

func (v *Validator) checkClient(kind clientKind, props map[string]*string) (part, error) {
	names, parsed := prefixOrder(props, kind.prefix), map[string]any{}
	for _, name := range names {
		var err error
		if parsed[name], err = parseOverride(kind.def, name, props[kind.prefix+name]); err != nil {
			return part{}, err
		}
	}
	var p part
	for _, name := range hashOrder(names) {
		value := connect.ConfigValue{Name: name, Value: parsed[name]}
		if policy := v.policy(); policy == OverrideNone || policy == OverridePrincipal && !slices.Contains(principalKeys, name) {
			value.Errors = append(value.Errors, fmt.Sprintf("The '%s' policy does not allow '%s' to be overridden in the connector configuration.", policy, name))
		}
		if key, known := kind.def.Key(name); known {
			p.add(&key, value, kind.prefix)
			continue
		}
		if value.Value != nil && looksSecret(name) {
			value.Value = connect.Hidden
		}
		p.add(nil, value, kind.prefix)
	}
	return p, nil
}

// parseOverride reads a client's setting by its definition. One that the client does not know is a text as it is, blanks included.
func parseOverride(def *connect.ConfigDef, name string, text *string) (any, error) {
	key, known := def.Key(name)
	switch {
	case text == nil:
		return nil, nil
	case !known:
		return *text, nil
	case key.Type == connect.TypeClass && !isClientClass(trimJava(*text)):
		return nil, &connect.ConfigError{Key: name, Value: *text, Rule: "Class " + *text + " could not be found."}
	}
	value, err := connect.ParseConfigValue(name, *text, key.Type)
	if err != nil {
		return nil, err
	}
	return value, nil
}

func (v *Validator) policy() string {
	if name, ok := OverridePolicy(v.OverridePolicy); ok {
		return name
	}
	return OverrideAll
}
