package validate

import (
	"fmt"

	"sluice/connect"
)

// ParseTask parses the framework's settings of a connector for the start of a task, those of its transformations and predicates included. Of
// classes that do not fit the first is the error, a [*connect.ConfigError] with the text that Kafka's exception has; else it is what
// [connect.ConfigDef.Parse] returns.
//
// Kafka: the constructor of org.apache.kafka.connect.runtime.SinkConnectorConfig.
func (v *Validator) ParseTask(props map[string]string) (connect.Config, error) {
	given := make(map[string]*string, len(props))
	for key, value := range props {
		given[key] = &value
	}
	for _, kind := range []aliasKind{transformAliases, predicateAliases} {
		for _, alias := range aliases(given, kind.key) {
			if err := v.checkAlias(kind, kind.key+"."+alias+".", given); err != nil {
				return connect.Config{}, err
			}
		}
	}
	def, err := v.enrich(kafkaDef(), given)
	if err != nil {
		return connect.Config{}, err
	}
	return def.Parse(props)
}

// checkAlias checks the class of one transformation or predicate, and whether it has something to negate.
func (v *Validator) checkAlias(kind aliasKind, prefix string, props map[string]*string) error {
	key := prefix + typeSetting
	name := props[key]
	if name == nil {
		return &connect.ConfigError{Key: key, Value: "null", Rule: "Not a " + kind.javaInterface}
	}
	class, found := v.anyClass(trimJava(*name))
	if !found {
		return v.notFound(key, *name, trimJava(*name), kind.pluginType)
	}
	if rule := v.unfit(class, kind.javaInterface, kind.pluginType); rule != "" {
		return &connect.ConfigError{Text: rule}
	}
	if kind.key == TransformsConfig && negatesNothing(props, prefix) {
		return &connect.ConfigError{Text: nothingToNegate(prefix)}
	}
	return nil
}

// nothingToNegate is the complaint about the settings of a transformation behind prefix.
func nothingToNegate(prefix string) string {
	return fmt.Sprintf("Config '%s%s' was provided but there is no config '%s%s' defining a predicate to be negated.",
		prefix, negateSetting, prefix, predicateSetting)
}
