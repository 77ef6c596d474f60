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
// [*AmbiguousClassError], a [*connect.ConfigError] of a client override of the wrong type or of aliases in each other's way, or an
// [*ExceptionError].
//
// Variables of config providers, such as "${file:path:key}", are resolved by the caller; what is left of them is literal text. An answer
// shows the values as they were resolved, those of secrets apart.
//
// Kafka: org.apache.kafka.connect.runtime.AbstractHerder.validateConnectorConfig.
func (v *Validator) Validate(props map[string]*string) (ConfigInfos, error) {
	plugin, err := v.findConnector(props)
	if err != nil {
		return ConfigInfos{}, err
	}
	connector := plugin.NewSink()

	def, err := v.enrich(kafkaDef(), props)
	if err != nil {
		return ConfigInfos{}, err
	}
	framework := checkAll(def, props)
	v.checkClasses(props, framework)
	if err := checkTopics(props, framework); err != nil {
		return ConfigInfos{}, err
	}
	checkConsumerGroup(props, framework, v.WorkerGroupID)
	framework.addNullErrors(props)
	parts, err := v.checkClients(props, framework)
	if err != nil {
		return ConfigInfos{}, err
	}

	infos := describeAll(def, framework, connector.Config(), checkConnector(connector, props))
	infos.Name = *props[ConnectorClassConfig]
	for _, p := range parts {
		infos.merge(p)
	}
	return infos, nil
}

// checkClients checks what the connector's configuration passes on: to the clients, then to the converters.
func (v *Validator) checkClients(props map[string]*string, vs *values) ([]part, error) {
	var converters []part
	for _, c := range converterKinds {
		converters = append(converters, v.checkConverter(c, props, vs))
	}
	overrides, err := v.checkOverrides(props)
	return append(overrides, converters...), err
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

// describeAll makes the answer's first part: values that nothing defines, then the keys in the order of their definition. For a key that the
// framework and the connector both define it has the framework's place and the connector's word.
//
// Kafka: AbstractHerder.generateResult.
func describeAll(framework *connect.ConfigDef, checked *values, own *connect.ConfigDef, ownChecked *values) ConfigInfos {
	infos := ConfigInfos{Groups: []string{}, Configs: []ConfigInfo{}, listed: map[string]bool{}}
	def := framework.With(own.Keys()...)
	for _, value := range append(checked.undefined(def), ownChecked.undefined(def)...) {
		infos.ErrorCount += len(value.Errors)
		infos.Configs = append(infos.Configs, ConfigInfo{Value: valueInfo(value, connect.TypeString)})
	}
	for _, k := range slices.Concat(framework.Keys(), own.Keys()) {
		if k.Group != "" && !k.Internal {
			infos.addGroup(k.Group)
		}
	}
	for _, k := range def.Keys() {
		value, ok := ownChecked.find(k.Name)
		if !ok {
			value, _ = checked.find(k.Name)
		}
		if k.Internal && len(value.Errors) == 0 {
			continue
		}
		infos.ErrorCount += len(value.Errors)
		infos.Configs = append(infos.Configs, ConfigInfo{Definition: keyInfo(k, ""), Value: valueInfo(value, k.Type)})
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
	if !c.listed[g] {
		c.listed[g] = true
		c.Groups = append(c.Groups, g)
	}
}

// PluginConfig describes the settings of the plugin of any kind that has the name as its class or alias: its own, and after them, for
// a connector, those of the framework that it does not define itself. If there is none the error is an [*UnknownPluginError],
// and for an abstract class an [*ExceptionError].
//
// Kafka: AbstractHerder.connectorPluginConfig.
func (v *Validator) PluginConfig(name string) ([]ConfigKeyInfo, error) {
	p, ok := v.anyPlugin(name)
	switch {
	case !ok && len(v.nestedClasses(name, pluginTypes...)) > 0:
		return nil, &ExceptionError{Class: "java.lang.InstantiationException", Message: "Instantiation error"}
	case !ok:
		return nil, &UnknownPluginError{Name: name}
	}
	own := p.Config()
	if own == nil {
		return nil, &UnknownPluginError{Name: name}
	}
	def := own
	if p.NewSink != nil {
		for _, k := range kafkaDef().Keys() {
			if _, defined := own.Key(k.Name); !defined {
				def = def.With(k)
			}
		}
	}
	infos := make([]ConfigKeyInfo, 0, len(def.Keys()))
	for _, k := range def.Keys() {
		if !k.Internal {
			infos = append(infos, *keyInfo(k, ""))
		}
	}
	return infos, nil
}
