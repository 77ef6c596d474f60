package validate

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"sluice/connect"
)

// SecretKeys knows which settings of connectors are secrets. It asks each plugin for its definitions once. It may be used by several
// goroutines at once.
type SecretKeys struct {
	plugins *connect.Plugins
	kafka   *connect.ConfigDef
	defs    sync.Map // of type *connect.ConfigDef, by pluginClass
}

type pluginClass struct {
	class string
	kind  connect.PluginType
}

// NewSecretKeys returns a SecretKeys for the connectors and converters among the plugins.
func NewSecretKeys(plugins *connect.Plugins) *SecretKeys {
	return &SecretKeys{plugins: plugins, kafka: kafkaDef()}
}

// Of returns the keys of a connector's configuration whose values are secrets, sorted: those that the connector, its converters or its
// Kafka clients define as passwords, and those that nobody defines and that have the name of a secret.
func (s *SecretKeys) Of(props map[string]string) []string {
	defs := []prefixedDef{{"", s.def(props[ConnectorClassConfig], connect.SinkPluginType)}, {"", s.kafka}}
	for _, kind := range clientKinds {
		defs = append(defs, prefixedDef{kind.prefix, kind.def})
	}
	for _, kind := range converterKinds {
		defs = append(defs, prefixedDef{kind.key + ".", s.def(props[kind.key], kind.pluginType)})
	}
	var keys []string
	for key := range props {
		if isSecret(key, defs) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

// def returns what a plugin defines; nothing for a class that is not known.
func (s *SecretKeys) def(class string, kind connect.PluginType) *connect.ConfigDef {
	if class == "" {
		return &connect.ConfigDef{}
	}
	at := pluginClass{class, kind}
	if known, ok := s.defs.Load(at); ok {
		return known.(*connect.ConfigDef)
	}
	p, err := s.plugins.Find(class, kind)
	if err != nil { // not remembered: anybody may send any name
		return &connect.ConfigDef{}
	}
	def := cmp.Or(p.Config(), &connect.ConfigDef{})
	s.defs.Store(at, def)
	return def
}

// prefixedDef defines keys that stand behind a prefix in a connector's configuration.
type prefixedDef struct {
	prefix string
	def    *connect.ConfigDef
}

func isSecret(key string, defs []prefixedDef) bool {
	for _, d := range defs {
		if name, ok := strings.CutPrefix(key, d.prefix); ok {
			if k, defined := d.def.Key(name); defined {
				return k.Type == connect.TypePassword
			}
		}
	}
	if strings.HasPrefix(key, "transforms.") || strings.HasPrefix(key, "predicates.") {
		return false // "token.field" names no token
	}
	return looksSecret(key)
}
