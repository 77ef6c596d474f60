package validate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"sluice/connect"
)

// aliasKind is a setting that lists aliases, each of a plugin whose own settings stand behind "<key>.<alias>.".
type aliasKind struct {
	key           string
	group         string
	pluginType    connect.PluginType
	javaInterface string
	word          string // for the documentation
}

var (
	transformAliases = aliasKind{TransformsConfig, transformGroup, connect.TransformationPluginType, "Transformation", "transformation"}
	predicateAliases = aliasKind{PredicatesConfig, predicateGroup, connect.PredicatePluginType, "Predicate", "predicate"}
)

// Settings behind the prefix of every transformation, whatever it defines itself.
const (
	typeSetting      = "type"
	predicateSetting = "predicate"
	negateSetting    = "negate"
)

// implicitKeys are the settings of every transformation that the worker reads, and not the transformation.
//
// Kafka: org.apache.kafka.connect.runtime.TransformationStage.
func implicitKeys() []connect.ConfigKey {
	return []connect.ConfigKey{
		{
			Name: predicateSetting, Type: connect.TypeString, Importance: connect.Medium,
			Doc: "Alias of the predicate that decides which records the transformation gets. Without it all records go through it.",
		},
		{
			Name: negateSetting, Type: connect.TypeBoolean, Default: false, Importance: connect.Medium,
			Doc: "Whether the transformation gets the records that the predicate does not hold for, instead of the others.",
		},
	}
}

// maxAliases is how many transformations, and how many predicates, a connector can have. The answer to a validation has some kilobytes for each of
// them, so that a request of a megabyte would cost half a gigabyte. Kafka has no such bound.
const maxAliases = 1000

// enrich appends to def the settings of the transformations and predicates that a configuration names: for each alias its type, and
// those of the class, if that is one that can be used. The error is a [*connect.ConfigError] for aliases that get into each other's way, such as a
// and a.target if a has a setting target.type, and an [*InvalidConfigError] for more than [maxAliases].
//
// Kafka: org.apache.kafka.connect.runtime.ConnectorConfig.enrich.
func (v *Validator) enrich(def *connect.ConfigDef, props map[string]*string) (*connect.ConfigDef, error) {
	var keys []connect.ConfigKey
	seen := map[string]bool{}
	for _, kind := range []aliasKind{transformAliases, predicateAliases} {
		list := aliases(props, kind.key)
		if len(list) > maxAliases {
			return nil, &InvalidConfigError{1, []string{fmt.Sprintf("Invalid value of %d aliases for configuration %s: there can be at most %d", len(list), kind.key, maxAliases)}}
		}
		for _, alias := range list {
			for _, k := range v.aliasKeys(kind, alias, props) {
				if seen[k.Name] {
					return nil, &connect.ConfigError{Text: "Configuration " + k.Name + " is defined twice."}
				}
				seen[k.Name] = true
				keys = append(keys, k)
			}
		}
	}
	return def.With(keys...), nil
}

// aliases returns what a list of aliases holds, each once. An empty text between two commas is an alias like any other.
func aliases(props map[string]*string, key string) []string {
	text := props[key]
	if text == nil {
		return nil
	}
	parsed, _ := connect.ParseConfigValue(key, *text, connect.TypeList)
	list, _ := parsed.([]string)
	seen := map[string]bool{}
	return slices.DeleteFunc(list, func(a string) bool {
		again := seen[a]
		seen[a] = true
		return again
	})
}

func (v *Validator) aliasKeys(kind aliasKind, alias string, props map[string]*string) []connect.ConfigKey {
	prefix, group := kind.key+"."+alias+".", kind.group+": "+alias
	keys := []connect.ConfigKey{{
		Name: prefix + typeSetting, Type: connect.TypeClass, Required: true, Importance: connect.High,
		Doc:   "Class of the " + kind.word + " with the alias " + alias + ".",
		Group: group, Order: 0, Width: connect.WidthLong, DisplayName: kind.javaInterface + " type for " + alias,
		Recommend: func(map[string]string) []any { return v.classesOf(kind.pluginType) },
	}}
	def := v.aliasDef(kind, props[prefix+typeSetting])
	if def == nil {
		return keys
	}
	for i, k := range sortedConfigs(def) {
		keys = append(keys, embedded(k, prefix, group, i+1))
	}
	return keys
}

// aliasDef returns the settings of the class that the text names, nil if it names none that can be used.
func (v *Validator) aliasDef(kind aliasKind, text *string) *connect.ConfigDef {
	if text == nil {
		return nil
	}
	p, err := v.Plugins.Find(trimJava(*text), kind.pluginType)
	if err != nil {
		return nil
	}
	def := p.Config()
	if p.NewTransform != nil {
		return def.With(implicitKeys()...) // they mask the class's own of the same name
	}
	return def
}

func (v *Validator) classesOf(t connect.PluginType) []any {
	var classes []any
	for _, p := range v.Plugins.OfType(t) {
		classes = append(classes, p.Class)
	}
	return classes
}

// embedded is a plugin's key as the connector's configuration has it. Its validator still knows it by its own name, which then stands in the
// error's text, while what is said about missing and unreadable values names the whole key; Kafka has it so.
//
// Kafka: ConfigDef.embed.
func embedded(k connect.ConfigKey, prefix, group string, order int) connect.ConfigKey {
	if k.DisplayName == "" {
		k.DisplayName = k.Name
	}
	k.Name = prefix + k.Name
	if k.Group != "" {
		group += ": " + k.Group
	}
	k.Group, k.Order = group, order
	k.Dependents = slices.Clone(k.Dependents)
	for i := range k.Dependents {
		k.Dependents[i] = prefix + k.Dependents[i]
	}
	if k.Validator != nil {
		k.Validator = unprefixed{k.Validator, prefix, k.Type}
	}
	if recommend := k.Recommend; recommend != nil {
		k.Recommend = func(props map[string]string) []any {
			own := map[string]string{}
			for name, value := range props {
				if name, ok := strings.CutPrefix(name, prefix); ok {
					own[name] = value
				}
			}
			return recommend(own)
		}
	}
	return k
}

// unprefixed is a validator that is told a key's name without its prefix.
type unprefixed struct {
	connect.Validator
	prefix string
	t      connect.ConfigType
}

// Check asks the validator.
func (u unprefixed) Check(key string, v any) *connect.ConfigError {
	return connect.Check(u.Validator, strings.TrimPrefix(key, u.prefix), v, u.t)
}

// sortedConfigs returns a definition's keys by group, place in the group, required before others, importance, and name.
//
// Kafka: ConfigDef.sortedConfigs.
func sortedConfigs(def *connect.ConfigDef) []connect.ConfigKey {
	groups := []string{""}
	for _, k := range def.Keys() {
		if !slices.Contains(groups, k.Group) {
			groups = append(groups, k.Group)
		}
	}
	place := func(k connect.ConfigKey) int {
		if k.Group == "" {
			return -1
		}
		return k.Order
	}
	later := func(k connect.ConfigKey) int {
		if k.Required {
			return 0
		}
		return 1
	}
	importance := []connect.Importance{connect.High, connect.Medium, connect.Low}
	return slices.SortedStableFunc(slices.Values(def.Keys()), func(a, b connect.ConfigKey) int {
		return cmp.Or(
			cmp.Compare(slices.Index(groups, a.Group), slices.Index(groups, b.Group)),
			cmp.Compare(place(a), place(b)),
			cmp.Compare(later(a), later(b)),
			cmp.Compare(slices.Index(importance, a.Importance), slices.Index(importance, b.Importance)),
			cmp.Compare(a.Name, b.Name),
		)
	})
}
