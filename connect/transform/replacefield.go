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
	moving      []string          // the old names of what is kept, sorted
	originals   map[string]string // old name by new name
	withDefault bool
	schemas     schemaCache
	object      object
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
	t.moving = slices.DeleteFunc(slices.Sorted(maps.Keys(renames)), func(name string) bool { return !t.kept(name) })
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

const replacePurpose = "field replacement"

// Apply replaces the fields. A null is left alone.
func (t *replaceField) Apply(r *connect.SinkRecord) (*connect.SinkRecord, error) {
	return t.side.apply(r, t, &t.schemas, replacePurpose)
}

// inObject leaves out and renames. Of several fields that end up with the same name a renamed one counts, and of these the one whose old name
// sorts last; in Java it depends on hash codes.
func (t *replaceField) inObject(_ *connect.SinkRecord, value any) (any, error) {
	o := &t.object
	if err := o.open(value, replacePurpose); err != nil {
		return nil, err
	}
	if len(t.include) > 0 {
		if err := o.retain(t.include); err != nil {
			return nil, err
		}
	}
	for _, name := range t.exclude {
		if _, _, err := o.take(name); err != nil {
			return nil, err
		}
	}
	type move struct {
		to    string
		value any
	}
	var moves []move // all are taken before the first is put, since names may change places
	for _, name := range t.moving {
		v, found, err := o.take(name)
		if err != nil {
			return nil, err
		}
		if found {
			moves = append(moves, move{t.renames[name], v})
		}
	}
	for _, m := range moves {
		if err := o.set(m.to, m.value); err != nil {
			return nil, err
		}
	}
	return o.close(), nil
}

func (t *replaceField) inStruct(_ *connect.SinkRecord, to, from *connect.Struct) error {
	at := -1
	for i, f := range to.Schema.Fields {
		name := renamed(t.originals, f.Name)
		if at = fieldIndexAfter(from.Schema, name, at); at < 0 {
			return connect.NewDataError("%s is not a valid field name", name)
		}
		if err := putField(to, i, fieldValue(from, at, t.withDefault)); err != nil {
			return err
		}
	}
	return nil
}

func (t *replaceField) schema(from *connect.Schema) (*connect.Schema, error) {
	to := newStructSchema(from)
	for _, f := range from.Fields {
		if !t.kept(f.Name) {
			continue
		}
		if err := to.add(renamed(t.renames, f.Name), f.Schema); err != nil {
			return nil, err
		}
	}
	return to.Schema, nil
}
