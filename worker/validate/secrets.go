package validate

import (
	"slices"
	"strings"
	"sync"

	"sluice/connect"
)

var framework = sync.OnceValue(kafkaDef)

// SecretKeys returns the keys of a connector's configuration whose values are secrets, sorted: those that the connector, its converters or its
// Kafka clients define as passwords, and those that nobody defines and that have the name of a secret.
func SecretKeys(plugins *connect.Plugins, props map[string]string) []string {
	v := &Validator{Plugins: plugins}
	var defs []prefixedDef
	if p, err := plugins.Find(props[ConnectorClassConfig], connect.SinkPluginType); err == nil {
		defs = append(defs, prefixedDef{"", p.NewSink().Config()})
	}
	for _, kind := range clientKinds {
		defs = append(defs, prefixedDef{kind.prefix, kind.def})
	}
	for _, kind := range converterKinds {
		if def := v.converterDef(props[kind.key], kind.pluginType); def != nil {
			defs = append(defs, prefixedDef{kind.key + ".", def})
		}
	}
	defs = append(defs, prefixedDef{"", framework()})
	var keys []string
	for key := range props {
		if isSecret(key, defs) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
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
