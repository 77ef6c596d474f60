package validate

import (
	"errors"
	"fmt"
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

// checkConverterClasses looks up the classes of the converters that were given. A class that is found is shown by its full name.
//
// Kafka: ConfigDef.parseType of a CLASS, ConnectorConfig.converterClassValidator.
func (v *Validator) checkConverterClasses(vs *values) {
	for _, c := range converterKinds {
		value := vs.get(c.key)
		name, given := value.Value.(string)
		if !given {
			continue
		}
		p, err := v.Plugins.Find(name, c.pluginType)
		if err == nil {
			value.Value = p.Class
			continue
		}
		if other, ok := v.anyPlugin(name); ok {
			value.Value = other.Class
			value.Errors = append(value.Errors, fmt.Sprintf("Class class %s does not implement the %s interface", other.Class, c.javaInterface))
			continue
		}
		value.Value = nil
		value.Errors = append(value.Errors, (&connect.ConfigError{Key: c.key, Value: name, Rule: "Class " + name + " could not be found."}).Error())
	}
}

// anyPlugin finds a plugin of whatever kind. A class that is both a converter and a header converter is found as a converter.
func (v *Validator) anyPlugin(name string) (connect.Plugin, bool) {
	for _, t := range []connect.PluginType{
		connect.SinkPluginType, connect.SourcePluginType, connect.ConverterPluginType, connect.HeaderConverterPluginType,
		connect.TransformationPluginType, connect.PredicatePluginType,
	} {
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
