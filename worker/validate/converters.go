package validate

import (
	"strings"

	"sluice/connect"
)

// converterKind is one of the three converters a connector may have of its own.
type converterKind struct {
	key           string
	pluginType    connect.PluginType
	javaInterface string
	serves        string // the value of converter.type
}

// converterKinds stand in the order in which their settings are listed in an answer.
var converterKinds = []converterKind{
	{HeaderConverterConfig, connect.HeaderConverterPluginType, "HeaderConverter", "header"},
	{KeyConverterConfig, connect.ConverterPluginType, "Converter", "key"},
	{ValueConverterConfig, connect.ConverterPluginType, "Converter", "value"},
}

// checkConverter checks the settings of a converter that the connector's configuration names itself. Settings of one that comes from
// the worker are not looked at: the converter does not get them.
//
// Kafka: AbstractHerder.validateConverterConfig.
func (v *Validator) checkConverter(c converterKind, props map[string]*string, vs *values) part {
	class, _ := vs.get(c.key).Value.(string)
	if class == "" || props[c.key] == nil || len(vs.get(c.key).Errors) > 0 {
		return part{}
	}
	def := v.converterDef(class, c.pluginType)
	if def == nil {
		return part{}
	}
	if raw := *props[c.key]; raw != trimJava(raw) { // it was found without the blanks, and is loaded with them
		vs.addError(c.key, "Failed to load class "+raw+": "+raw)
		return part{}
	}
	prefix := c.key + "."
	own := withPrefix(props, prefix)
	if _, given := own[ConverterTypeConfig]; !given {
		own[ConverterTypeConfig] = &c.serves
	}
	checked := checkAll(def, own)
	names := make([]string, len(checked.list))
	for i, cv := range checked.list {
		names[i] = cv.Name
	}
	var p part
	for _, name := range hashOrder(names) {
		k, _ := def.Key(name)
		p.add(&k, *checked.get(name), prefix)
	}
	return p
}

// converterDef returns the settings of a converter of either kind, nil if there is no such class.
func (v *Validator) converterDef(class string, t connect.PluginType) *connect.ConfigDef {
	p, err := v.Plugins.Find(class, t)
	if err != nil {
		return nil
	}
	return p.Config()
}

// withPrefix returns the settings behind a prefix, without it.
func withPrefix(props map[string]*string, prefix string) map[string]*string {
	out := map[string]*string{}
	for k, val := range props {
		if name, ok := strings.CutPrefix(k, prefix); ok && name != "" {
			out[name] = val
		}
	}
	return out
}

// part is the share of converters or client overrides in an answer. Unlike the connector's own share it counts keys with errors, not errors.
//
// Kafka: AbstractHerder.prefixedConfigInfos.
type part struct {
	infos  []ConfigInfo
	groups []string
	errors int
}

// add appends a value; k is nil if nothing defines it.
func (p *part) add(k *connect.ConfigKey, value connect.ConfigValue, prefix string) {
	var info ConfigInfo
	t := connect.TypeString
	if k != nil {
		t = k.Type
		info.Definition = keyInfo(*k, prefix)
		if k.Group != "" {
			p.groups = append(p.groups, k.Group)
		}
	}
	if len(value.Errors) > 0 {
		p.errors++
	}
	value.Name = prefix + value.Name
	info.Value = valueInfo(value, t)
	p.infos = append(p.infos, info)
}
