package transform

import (
	"maps"
	"slices"
	"strings"

	"sluice/connect"
)

// replaceField leaves fields out, keeps only some, and renames them.
//
// Kafka: org.apache.kafka.connect.transforms.ReplaceField.
type replaceField struct {
	unheld
	side        side
	exclude     []string
	include     []string          // empty: all
	renames     map[string]string // new name by old name
	originals   map[string]string // old name by new name
	withDefault bool
	schemas     schemaCache
}

const (
	excludeConfig   = "exclude"
	includeConfig   = "include"
	renamesConfig   = "renames"
	blacklistConfig = "blacklist"
	whitelistConfig = "whitelist"
)

var replaceFieldConfig = connect.NewConfigDef(
	connect.ConfigKey{Name: excludeConfig, Type: connect.TypeList, Default: []string{}, Importance: connect.Medium,
		Doc: "The fields to leave out, even if they are to be included."},
	connect.ConfigKey{Name: blacklistConfig, Type: connect.TypeList, Importance: connect.Low,
		Doc: "An old name of " + excludeConfig + ", which counts if that is not given."},
	connect.ConfigKey{Name: includeConfig, Type: connect.TypeList, Default: []string{}, Importance: connect.Medium,
		Doc: "The fields to keep; all if it is empty."},
	connect.ConfigKey{Name: whitelistConfig, Type: connect.TypeList, Importance: connect.Low,
		Doc: "An old name of " + includeConfig + ", which counts if that is not given."},
	connect.ConfigKey{Name: renamesConfig, Type: connect.TypeList, Default: []string{}, Validator: renameMappings{}, Importance: connect.Medium,
		Doc: "The fields to rename, as pairs of the old and the new name: foo:bar,abc:xyz."},
	withDefaultKey,
)

// renameMappings allows lists of pairs.
type renameMappings struct{}

func (renameMappings) String() string { return "list of colon-delimited pairs, e.g. foo:bar,abc:xyz" }

func (r renameMappings) Validate(v any) string {
	if err := r.Check(renamesConfig, v); err != nil {
		return err.Rule
	}
	return ""
}

// Check implements [connect.ErrorValidator]: the name in the error is always that of the setting alone, without a prefix.
func (renameMappings) Check(_ string, v any) *connect.ConfigError {
	list, _ := v.([]string)
	_, err := parseRenames(list)
	return err
}

// parseRenames reads pairs of names.
func parseRenames(mappings []string) (map[string]string, *connect.ConfigError) {
	renames := make(map[string]string, len(mappings))
	for _, mapping := range mappings {
		parts := splitColons(mapping)
		if len(parts) != 2 {
			return nil, invalidMapping(mappings, mapping)
		}
		renames[parts[0]] = parts[1]
	}
	return renames, nil
}

// invalidMapping is the error about one item of a list of pairs. Cast uses it too, with the name of this setting.
func invalidMapping(mappings []string, mapping string) *connect.ConfigError {
	return &connect.ConfigError{Key: renamesConfig, Value: "[" + strings.Join(mappings, ", ") + "]", Rule: "Invalid rename mapping: " + mapping}
}

// splitColons splits a text as Java's String.split does, which leaves out what is empty at the end.
func splitColons(s string) []string {
	parts := strings.Split(s, ":")
	if len(parts) == 1 {
		return parts // even if it is empty
	}
	for len(parts) > 0 && parts[len(parts)-1] == "" {
		parts = parts[:len(parts)-1]
	}
	return parts
}

// Config returns the settings.
func (*replaceField) Config() *connect.ConfigDef { return replaceFieldConfig }

// Configure sets the transform up.
func (t *replaceField) Configure(props map[string]string) error {
	props = maps.Clone(props)
	for _, alias := range []struct{ name, old string }{{includeConfig, whitelistConfig}, {excludeConfig, blacklistConfig}} {
		old, given := props[alias.old]
		if _, both := props[alias.name]; given && !both {
			props[alias.name] = old
		}
		delete(props, alias.old)
	}
	cfg, err := parse(replaceFieldConfig, props)
	if err != nil {
		return err
	}
	t.exclude, t.include, t.withDefault = cfg.List(excludeConfig), cfg.List(includeConfig), cfg.Bool(withDefaultConfig)
	renames, invalid := parseRenames(cfg.List(renamesConfig))
	if invalid != nil {
		return invalid
	}
	t.renames = renames
	t.originals = make(map[string]string, len(renames))
	for from, to := range renames {
		t.originals[to] = from
	}
	return nil
}

func (t *replaceField) kept(name string) bool {
	return !slices.Contains(t.exclude, name) && (len(t.include) == 0 || slices.Contains(t.include, name))
}

// renamed returns what a map of names makes of a name.
func renamed(names map[string]string, name string) string {
	if to, ok := names[name]; ok {
		return to
	}
	return name
}

// Apply replaces the fields. A null is left alone.
func (t *replaceField) Apply(r *connect.SinkRecord) (*connect.SinkRecord, error) {
	const purpose = "field replacement"
	schema, value := t.side.get(r)
	switch {
	case value == nil:
		return r, nil
	case schema == nil:
		m, err := requireMap(value, purpose)
		if err != nil {
			return nil, err
		}
		return t.side.set(r, nil, t.replace(m)), nil
	}
	s, err := requireStruct(value, purpose)
	if err != nil {
		return nil, err
	}
	updated, err := t.schemas.get(s.Schema, t.schema)
	if err != nil {
		return nil, err
	}
	out := connect.NewStruct(updated)
	for i, f := range updated.Fields {
		from := renamed(t.originals, f.Name)
		at := fieldIndex(s.Schema, from)
		if at < 0 {
			return nil, connect.NewDataError("%s is not a valid field name", from)
		}
		if err := putField(out, i, fieldValue(s, at, t.withDefault)); err != nil {
			return nil, err
		}
	}
	return t.side.set(r, updated, out), nil
}

// replace returns the fields of a map that are kept, under their new names. Of several that end up with the same name a renamed one counts, and
// of these the one whose old name sorts last; in Java it depends on hash codes.
func (t *replaceField) replace(m map[string]any) map[string]any {
	out := make(map[string]any, len(m))
	for name, v := range m {
		if _, moves := t.renames[name]; !moves && t.kept(name) {
			out[name] = v
		}
	}
	for _, name := range slices.Sorted(maps.Keys(t.renames)) {
		if v, ok := m[name]; ok && t.kept(name) {
			out[t.renames[name]] = v
		}
	}
	return out
}

func (t *replaceField) schema(from *connect.Schema) (*connect.Schema, error) {
	to := copyBasics(from, connect.StructT)
	for _, f := range from.Fields {
		if !t.kept(f.Name) {
			continue
		}
		if err := addField(to, renamed(t.renames, f.Name), f.Schema); err != nil {
			return nil, err
		}
	}
	return to, nil
}
