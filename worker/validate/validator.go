package validate

import (
	"slices"

	"sluice/connect"
)

// Validator checks connectors' configurations. All fields but Plugins may be left empty. It may be used by several goroutines at once.
type Validator struct {
	Plugins        *connect.Plugins
	WorkerGroupID  string // the workers' own group, which no sink may join
	OverridePolicy string // All, None or Principal, or the Java class; "" is All
}

// Validate checks a configuration, in which nil values are nulls. What is wrong with single settings stands in the result (see
// [ConfigInfos.Err]). The error is for a configuration that cannot be checked: a [*NoConnectorTypeError], [*UnknownClassError] or
// [*AmbiguousClassError], or a [*connect.ConfigError] of a client override of the wrong type.
//
// Values such as "${file:path:key}" are literal text, as in a Kafka worker without config providers.
//
// Kafka: org.apache.kafka.connect.runtime.AbstractHerder.validateConnectorConfig.
func (v *Validator) Validate(props map[string]*string) (ConfigInfos, error) {
	plugin, err := v.findConnector(props)
	if err != nil {
		return ConfigInfos{}, err
	}
	connector := plugin.NewSink()

	def := kafkaDef()
	vs := checkAll(def, props)
	if err := checkTopics(props, vs); err != nil {
		return ConfigInfos{}, err
	}
	checkConsumerGroup(props, vs, v.WorkerGroupID)
	v.checkConverterClasses(vs)
	vs.addNullErrors(props)
	parts, err := v.checkClients(props, vs)
	if err != nil {
		return ConfigInfos{}, err
	}
	vs.put(checkConnector(connector, props)) // for a key that both define, the connector's word counts

	infos := describeAll(def.With(connector.Config().Keys()...), vs)
	infos.Name = *props[ConnectorClassConfig]

	for _, p := range parts {
		infos.merge(p)
	}
	infos.refuseUnsupported(props)
	return infos, nil
}

// checkClients checks what the connector's configuration passes on: to the consumer, then to the converters.
func (v *Validator) checkClients(props map[string]*string, vs *values) ([]part, error) {
	overrides, err := v.checkOverrides(props)
	if err != nil {
		return nil, err
	}
	parts := []part{overrides}
	for _, c := range converterKinds {
		parts = append(parts, v.checkConverter(c, props, vs))
	}
	return parts, nil
}

// checkConnector checks the settings that the plugin defines, and those that its ConfigValidator finds fault with.
//
// Kafka: org.apache.kafka.connect.connector.Connector.validate.
func checkConnector(connector connect.SinkConnector, props map[string]*string) *values {
	vs := checkAll(connector.Config(), props)
	if together, ok := connector.(connect.ConfigValidator); ok {
		for _, err := range together.ValidateConfig(withoutNulls(props)) {
			vs.addError(err.Key, err.Error())
		}
	}
	return vs
}

// describeAll makes the answer's first part: values that nothing defines, then the keys in the order of their definition.
//
// Kafka: AbstractHerder.generateResult.
func describeAll(def *connect.ConfigDef, vs *values) ConfigInfos {
	infos := ConfigInfos{Groups: []string{}, Configs: []ConfigInfo{}}
	for _, value := range vs.undefined(def) {
		infos.ErrorCount += len(value.Errors)
		infos.Configs = append(infos.Configs, ConfigInfo{Value: valueInfo(value, connect.TypeString)})
	}
	for _, k := range def.Keys() {
		value := vs.get(k.Name)
		if k.Internal && len(value.Errors) == 0 {
			continue
		}
		if k.Group != "" {
			infos.addGroup(k.Group)
		}
		infos.ErrorCount += len(value.Errors)
		infos.Configs = append(infos.Configs, ConfigInfo{Definition: keyInfo(k, ""), Value: valueInfo(*value, k.Type)})
	}
	return infos
}

// merge appends the answer's further parts.
func (c *ConfigInfos) merge(p part) {
	for _, g := range p.groups {
		c.addGroup(g)
	}
	c.ErrorCount += p.errors
	c.Configs = append(c.Configs, p.infos...)
}

func (c *ConfigInfos) addGroup(g string) {
	if !slices.Contains(c.Groups, g) {
		c.Groups = append(c.Groups, g)
	}
}

// PluginConfig describes the settings of the plugin of any kind that has the name as its class or alias: its own, and after them, for
// a connector, those of the framework that it does not define itself. If there is none the error is an [*UnknownPluginError].
//
// Kafka: AbstractHerder.connectorPluginConfig.
func (v *Validator) PluginConfig(name string) ([]ConfigKeyInfo, error) {
	p, ok := v.anyPlugin(name)
	if !ok {
		return nil, &UnknownPluginError{Name: name}
	}
	var def *connect.ConfigDef
	switch {
	case p.NewSink != nil:
		own := p.NewSink().Config()
		def = own
		for _, k := range kafkaDef().Keys() {
			if _, defined := own.Key(k.Name); !defined {
				def = def.With(k)
			}
		}
	case p.NewConverter != nil:
		def = p.NewConverter().Config()
	case p.NewHeaderConverter != nil:
		def = p.NewHeaderConverter().Config()
	case p.NewTransform != nil:
		def = p.NewTransform().Config()
	case p.NewPredicate != nil:
		def = p.NewPredicate().Config()
	default:
		return nil, &UnknownPluginError{Name: name}
	}
	infos := make([]ConfigKeyInfo, 0, len(def.Keys()))
	for _, k := range def.Keys() {
		if !k.Internal {
			infos = append(infos, *keyInfo(k, ""))
		}
	}
	return infos, nil
}
