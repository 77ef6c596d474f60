package worker

import (
	"strings"

	"sluice/connect"
	"sluice/worker/task"
	"sluice/worker/validate"
)

// Settings behind the prefixes of transformations and predicates that are the worker's own.
const (
	aliasType      = "type"
	aliasPredicate = "predicate"
	aliasNegate    = "negate"
)

// newTransformations makes the chain that a connector's records go through, each step configured, with its predicate if it names one.
// On failure nothing is left open. def holds the parsed settings, connector the text of them.
//
// Kafka: org.apache.kafka.connect.runtime.ConnectorConfig.transformationStages.
func newTransformations(plugins *connect.Plugins, def connect.Config, connector map[string]string) (chain []task.Transformation, err error) {
	defer func() {
		if err != nil {
			for _, step := range chain {
				step.Close()
			}
			chain, err = nil, task.Caused(err)
		}
	}()
	for _, alias := range def.List(validate.TransformsConfig) {
		prefix := validate.TransformsConfig + "." + alias + "."
		plugin, err := plugins.Find(def.String(prefix+aliasType), connect.TransformationPluginType)
		if err != nil {
			return chain, err
		}
		settings := withPrefix(connector, prefix)
		predicate, conditional := settings[aliasPredicate]
		negate := strings.EqualFold(settings[aliasNegate], "true")
		delete(settings, aliasPredicate)
		delete(settings, aliasNegate)
		step := task.Transformation{Transform: plugin.NewTransform(), Class: plugin.Class, Negate: negate}
		if err := step.Transform.Configure(settings); err != nil {
			return chain, err
		}
		chain = append(chain, step)
		if conditional {
			if chain[len(chain)-1].Predicate, err = newPredicate(plugins, def, predicate, connector); err != nil {
				return chain, err
			}
		}
	}
	return chain, nil
}

// newPredicate makes the predicate that a transformation names.
func newPredicate(plugins *connect.Plugins, def connect.Config, alias string, connector map[string]string) (connect.Predicate, error) {
	prefix := validate.PredicatesConfig + "." + alias + "."
	class, ok := def.Value(prefix + aliasType).(string)
	if !ok { // the list of predicates does not have it
		return nil, &connect.ConfigError{Text: "Unknown configuration '" + prefix + aliasType + "'"}
	}
	plugin, err := plugins.Find(class, connect.PredicatePluginType)
	if err != nil {
		return nil, err
	}
	p := plugin.NewPredicate()
	return p, p.Configure(withPrefix(connector, prefix))
}
