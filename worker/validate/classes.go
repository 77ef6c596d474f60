package validate

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"sluice/connect"
)

// findConnector returns the connector that connector.class names: its class, the last part of it, or that without the suffix Connector.
// The text counts as it is, blanks included.
//
// Kafka: org.apache.kafka.connect.runtime.isolation.Plugins.connectorClass.
func (v *Validator) findConnector(props map[string]*string) (connect.Plugin, error) {
	class := props[ConnectorClassConfig]
	if class == nil {
		return connect.Plugin{}, &NoConnectorTypeError{props: props}
	}
	kinds := []connect.PluginType{connect.SinkPluginType, connect.SourcePluginType}
	p, err := v.Plugins.Find(*class, kinds...)
	if ambiguous := (*connect.AmbiguousPluginError)(nil); errors.As(err, &ambiguous) {
		out := &AmbiguousClassError{Class: *class}
		for _, name := range ambiguous.Classes {
			if match, err := v.Plugins.Find(name, kinds...); err == nil {
				out.Found = append(out.Found, match)
			}
		}
		return connect.Plugin{}, out
	}
	if err != nil || p.NewSink == nil {
		return connect.Plugin{}, &UnknownClassError{Class: *class, Available: v.Plugins.OfType(kinds...)}
	}
	return p, nil
}

// checkClasses looks up the classes of converters, transformations and predicates that were given. A class that is found is shown by its
// full name, whether it fits or not.
//
// Kafka: ConfigDef.parseType of a CLASS; ConnectorConfig.enrich and its validators of classes.
func (v *Validator) checkClasses(props map[string]*string, vs *values) {
	for _, c := range converterKinds {
		if class, found := v.checkFound(c.key, c.pluginType, props, vs); found {
			if rule := v.unfit(class, c.javaInterface, c.pluginType); rule != "" {
				vs.addError(c.key, rule)
			}
		}
	}
	for _, kind := range []aliasKind{transformAliases, predicateAliases} {
		for _, alias := range aliases(props, kind.key) {
			prefix := kind.key + "." + alias + "."
			class, found := v.checkFound(prefix+typeSetting, kind.pluginType, props, vs)
			switch rule := v.unfit(class, kind.javaInterface, kind.pluginType); {
			case kind.key == TransformsConfig && negatesNothing(props, prefix):
				vs.addError(prefix+typeSetting, nothingToNegate(prefix))
			case found && rule != "":
				vs.addError(prefix+typeSetting, rule)
			}
		}
	}
}

// negatesNothing reports whether a transformation negates a predicate that it does not name. That the name stands for a predicate is
// not checked; a task that cannot find it fails.
func negatesNothing(props map[string]*string, prefix string) bool {
	_, negate := props[prefix+negateSetting]
	_, predicate := props[prefix+predicateSetting]
	return negate && !predicate
}

// checkFound replaces the name that a CLASS setting was given by the class's full name. It is false if there is no such class, or no name. Of a
// class that is refused as a plugin of the type the error says why.
func (v *Validator) checkFound(key string, t connect.PluginType, props map[string]*string, vs *values) (string, bool) {
	value := vs.get(key)
	name, given := value.Value.(string)
	if !given {
		return "", false
	}
	if class, ok := v.anyClass(name); ok {
		value.Value = class
		return class, true
	}
	raw := *props[key]
	value.Value = nil
	value.Errors = append(value.Errors, v.notFound(key, raw, name, t).Error())
	return "", false
}

// notFound is the error about a class of the type that there is not: raw is the name as it was given.
func (v *Validator) notFound(key, raw, name string, t connect.PluginType) *connect.ConfigError {
	unknown := &connect.UnknownPluginError{Name: raw}
	_, err := v.Plugins.Find(name, t)
	if known := (*connect.UnknownPluginError)(nil); errors.As(err, &known) {
		unknown.Refusal = known.Refusal
	}
	return &connect.ConfigError{Key: key, Value: raw, Rule: unknown.Error()}
}

// unfit says why a class cannot be used as a plugin of the type; "" if it can.
//
// Kafka: org.apache.kafka.common.utils.Utils.ensureConcreteSubclass.
func (v *Validator) unfit(class, javaInterface string, t connect.PluginType) string {
	if _, err := v.Plugins.Find(class, t); err == nil {
		return ""
	}
	if nested := v.nestedClasses(class, t); len(nested) > 0 {
		return "This class is abstract and cannot be created. Did you mean " + strings.Join(nested, ", ") + "?"
	}
	return fmt.Sprintf("Class class %s does not implement the %s interface", class, javaInterface)
}

// anyClass returns the full name of the class that a plugin of whatever kind has under the name, or that plugins' classes are nested in.
//
// Differs: a Kafka worker finds every other Java class as well, and complains that it is not a plugin of the kind that is needed. Here it is
// not found.
func (v *Validator) anyClass(name string) (string, bool) {
	if p, ok := v.anyPlugin(name); ok {
		return p.Class, true
	}
	return name, len(v.nestedClasses(name, pluginTypes...)) > 0
}

// nestedClasses returns the classes of the types inside an abstract one such as Cast, whose Cast$Key and Cast$Value are transformations,
// in Java's order, which is against the alphabet for the two.
func (v *Validator) nestedClasses(outer string, types ...connect.PluginType) []string {
	var nested []string
	for _, p := range v.Plugins.OfType(types...) {
		if strings.HasPrefix(p.Class, outer+"$") {
			nested = append(nested, p.Class)
		}
	}
	slices.Sort(nested)
	slices.Reverse(nested)
	return nested
}

var pluginTypes = []connect.PluginType{
	connect.SinkPluginType, connect.SourcePluginType, connect.ConverterPluginType, connect.HeaderConverterPluginType,
	connect.TransformationPluginType, connect.PredicatePluginType,
}

// anyPlugin finds a plugin of whatever kind. A class that is both a converter and a header converter is found as a converter.
func (v *Validator) anyPlugin(name string) (connect.Plugin, bool) {
	for _, t := range pluginTypes {
		if p, err := v.Plugins.Find(name, t); err == nil {
			return p, true
		}
	}
	return connect.Plugin{}, false
}

// MatchesPlugin reports whether connector.class fits the plugin's name in the path of a validate request: the one ends with the other,
// the suffix Connector of both left out.
//
// Kafka: org.apache.kafka.connect.runtime.rest.resources.ConnectorPluginsResource.validateConfigs.
func MatchesPlugin(class, pluginName string) bool {
	return strings.HasSuffix(withoutConnector(class), withoutConnector(pluginName))
}

func withoutConnector(name string) string {
	if short, ok := strings.CutSuffix(name, "Connector"); ok && short != "" {
		return short
	}
	return name
}
