package connect

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// PluginType is the kind of a plugin, in the words of GET /connector-plugins.
type PluginType string

// The kinds of plugins, in the order in which they are listed.
const (
	SinkPluginType            PluginType = "sink"
	SourcePluginType          PluginType = "source"
	TransformationPluginType  PluginType = "transformation"
	PredicatePluginType       PluginType = "predicate"
	ConverterPluginType       PluginType = "converter"
	HeaderConverterPluginType PluginType = "header_converter"
)

// Plugin is one class that a worker can run: its Java class name, under which configurations and topics know it, and how to make one.
// Of the New functions exactly the one of its Type is set (a class that is both kinds of converter is registered twice), unless it is refused.
type Plugin struct {
	Class   string // full Java class name
	Type    PluginType
	Version string // as GET /connector-plugins shows it; "" leaves it out

	// TaskClass is the Java class name of a sink's task. It is kept in task configs so that a Java worker can run them.
	TaskClass string

	// Refusal, if set, is for a class that people's configurations name and this worker cannot run: a sentence that says why, and what to do
	// instead. No New function is set then. The class is not listed and cannot be found; the error of Find says so and has the sentence.
	Refusal string

	NewSink            func() SinkConnector
	NewConverter       func() Converter
	NewHeaderConverter func() HeaderConverter
	NewTransform       func() Transform
	NewPredicate       func() Predicate
}

// Config returns the settings that the plugin defines, for which it makes one; nil for a plugin that cannot be made.
func (p Plugin) Config() *ConfigDef {
	switch {
	case p.NewSink != nil:
		return p.NewSink().Config()
	case p.NewConverter != nil:
		return p.NewConverter().Config()
	case p.NewHeaderConverter != nil:
		return p.NewHeaderConverter().Config()
	case p.NewTransform != nil:
		return p.NewTransform().Config()
	case p.NewPredicate != nil:
		return p.NewPredicate().Config()
	}
	return nil
}

// SimpleName returns the class name without its package and without the classes around it: "Value" for "pkg.Cast$Value".
//
// Kafka: java.lang.Class.getSimpleName.
func (p Plugin) SimpleName() string { return p.Class[strings.LastIndexAny(p.Class, ".$")+1:] }

// Aliases returns the other names that a configuration may use: the simple name, and what comes before the name of its kind in it, such as
// Json for a JsonConverter.
//
// Kafka: org.apache.kafka.connect.runtime.isolation.PluginUtils.
func (p Plugin) Aliases() []string {
	simple := p.SimpleName()
	kind := map[PluginType]string{
		SinkPluginType:            "Connector",
		SourcePluginType:          "Connector",
		TransformationPluginType:  "Transformation",
		PredicatePluginType:       "Predicate",
		ConverterPluginType:       "Converter",
		HeaderConverterPluginType: "HeaderConverter",
	}[p.Type]
	if i := strings.LastIndex(simple, kind); i > 0 {
		return []string{simple, simple[:i]}
	}
	return []string{simple}
}

// Plugins is the set of classes a worker can run. Build it in main, pass it on, and only read it afterwards; nothing registers itself.
//
// Kafka: org.apache.kafka.connect.runtime.isolation.Plugins.
type Plugins struct {
	all     []Plugin
	refused []Plugin
}

// NewPlugins returns a set of the given plugins. A class that is registered twice with the same type is an error.
func NewPlugins(plugins ...Plugin) (*Plugins, error) {
	p := &Plugins{all: slices.Clone(plugins)}
	order := []PluginType{SinkPluginType, SourcePluginType, TransformationPluginType, PredicatePluginType, ConverterPluginType, HeaderConverterPluginType}
	slices.SortStableFunc(p.all, func(a, b Plugin) int {
		return cmp.Or(cmp.Compare(slices.Index(order, a.Type), slices.Index(order, b.Type)), cmp.Compare(a.Class, b.Class))
	})
	for i := 1; i < len(p.all); i++ {
		if a, b := p.all[i-1], p.all[i]; a.Type == b.Type && a.Class == b.Class {
			return nil, fmt.Errorf("register plugins: %s %s is registered twice", a.Type, a.Class)
		}
	}
	p.all = slices.DeleteFunc(p.all, func(pl Plugin) bool {
		if pl.Refusal != "" {
			p.refused = append(p.refused, pl)
		}
		return pl.Refusal != ""
	})
	return p, nil
}

// All returns the plugins as GET /connector-plugins lists them: sinks, sources, transformations, predicates, converters, header
// converters, each by class name. The result must not be changed.
func (p *Plugins) All() []Plugin { return p.all }

// OfType returns the plugins of the given kinds, in the order of All.
func (p *Plugins) OfType(types ...PluginType) []Plugin {
	var out []Plugin
	for _, pl := range p.all {
		if slices.Contains(types, pl.Type) {
			out = append(out, pl)
		}
	}
	return out
}

// Find returns the plugin of one of the given kinds that has the name as its class or alias. A class name beats an alias. No fit at all is
// an [*UnknownPluginError], and so is, for other plugins than connectors, an alias of several classes, of whatever kind they are. If only
// connectors are asked for, an alias that fits several of them is an [*AmbiguousPluginError].
//
// Kafka: org.apache.kafka.connect.runtime.isolation.Plugins.connectorClass, PluginUtils.computeAliases.
func (p *Plugins) Find(name string, types ...PluginType) (Plugin, error) {
	candidates := p.OfType(types...)
	if i := slices.IndexFunc(candidates, func(pl Plugin) bool { return pl.Class == name }); i >= 0 {
		return candidates[i], nil
	}
	unknown := &UnknownPluginError{Name: name, Types: types, Refusal: p.refusal(name, types)}
	if !slices.ContainsFunc(types, func(t PluginType) bool { return t != SinkPluginType && t != SourcePluginType }) {
		classes := classesOf(name, candidates)
		switch len(classes) {
		case 0:
			return Plugin{}, unknown
		case 1:
			return p.Find(classes[0], types...)
		}
		return Plugin{}, &AmbiguousPluginError{Name: name, Classes: classes}
	}
	classes := classesOf(name, p.all)
	if len(classes) != 1 {
		return Plugin{}, unknown
	}
	if i := slices.IndexFunc(candidates, func(pl Plugin) bool { return pl.Class == classes[0] }); i >= 0 {
		return candidates[i], nil
	}
	return Plugin{}, unknown
}

// refusal returns the sentence of a plugin that is refused, "" if none of the name and types is.
func (p *Plugins) refusal(name string, types []PluginType) string {
	for _, pl := range p.refused {
		if slices.Contains(types, pl.Type) && (pl.Class == name || slices.Contains(pl.Aliases(), name)) {
			return pl.Refusal
		}
	}
	return ""
}

// classesOf returns the classes of the plugins that have the alias, each once.
func classesOf(alias string, plugins []Plugin) []string {
	var classes []string
	for _, pl := range plugins {
		if slices.Contains(pl.Aliases(), alias) && !slices.Contains(classes, pl.Class) {
			classes = append(classes, pl.Class)
		}
	}
	return classes
}

// UnknownPluginError says that no plugin has the name.
type UnknownPluginError struct {
	Name    string
	Types   []PluginType
	Refusal string // of a plugin that is known and refused, see [Plugin]; else ""
}

// Error names the class that is missing, in Kafka's words, and says why if that is known.
func (e *UnknownPluginError) Error() string {
	if e.Refusal != "" {
		return fmt.Sprintf("Class %s could not be found. %s", e.Name, e.Refusal)
	}
	return fmt.Sprintf("Class %s could not be found.", e.Name)
}

// AmbiguousPluginError says that an alias fits several classes.
type AmbiguousPluginError struct {
	Name    string
	Classes []string
}

// Error has Kafka's text.
func (e *AmbiguousPluginError) Error() string {
	return fmt.Sprintf("More than one connector matches alias %s. Please use full package and class name instead. Classes found: %s", e.Name, strings.Join(e.Classes, ", "))
}
