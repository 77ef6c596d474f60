package transform

import (
	"maps"
	"slices"

	"sluice/connect"
)

// flatten brings nested fields to the top, under names made of all the names on the way. Lists stay as they are.
//
// Kafka: org.apache.kafka.connect.transforms.Flatten.
type flatten struct {
	unheld
	side      side
	delimiter string
	schemas   schemaCache
	within    []*connect.Schema // the structs whose fields are being added, outermost first
	names     int               // bytes of the names that were made so far
}

const delimiterConfig = "delimiter"

var flattenConfig = connect.NewConfigDef(
	connect.ConfigKey{Name: delimiterConfig, Type: connect.TypeString, Default: ".", Importance: connect.Medium,
		Doc: "What stands between the names that make up a new one."},
)

const flattenPurpose = "flattening"

// Config returns the settings.
func (*flatten) Config() *connect.ConfigDef { return flattenConfig }

// Configure sets the transform up.
func (t *flatten) Configure(props map[string]string) error {
	cfg, err := parse(flattenConfig, props)
	t.delimiter = cfg.String(delimiterConfig)
	return err
}

// Apply flattens. A null is left alone.
func (t *flatten) Apply(r *connect.SinkRecord) (*connect.SinkRecord, error) {
	return t.side.apply(r, t, &t.schemas, flattenPurpose)
}

func (t *flatten) inObject(_ *connect.SinkRecord, value any) (any, error) {
	m, err := requireMap(value, flattenPurpose)
	if err != nil {
		return nil, err
	}
	t.names = 0
	out := make(map[string]any, len(m))
	return out, t.fromMap(out, "", m)
}

func (t *flatten) inStruct(_ *connect.SinkRecord, to, from *connect.Struct) error {
	at := -1
	return t.fromStruct(to, &at, "", from)
}

func (t *flatten) join(prefix, name string) string {
	if prefix == "" {
		return name
	}
	return prefix + t.delimiter + name
}

// mostNames bounds the names that are made for one record, in bytes: of a record of a megabyte with names inside of names they could be
// hundreds of times as long.
//
// Differs: Java makes them as long as it has memory.
const mostNames = 16 << 20

// joined is join for the names of new fields, which counts them.
func (t *flatten) joined(prefix, name string) (string, error) {
	if prefix != "" {
		t.names += len(prefix) + len(t.delimiter) + len(name)
	}
	if t.names > mostNames {
		return "", connect.NewDataError("Flatten transformation does not support names of fields that are longer than %d bytes altogether", mostNames)
	}
	return t.join(prefix, name), nil
}

// fromMap adds the entries of a map to out. If two get the same name the less nested one counts, and of maps the one whose name sorts last; in
// Java it depends on hash codes.
func (t *flatten) fromMap(out map[string]any, prefix string, m map[string]any) error {
	for _, key := range slices.Sorted(maps.Keys(m)) {
		nested, ok := m[key].(map[string]any)
		if !ok {
			continue
		}
		name, err := t.joined(prefix, key)
		if err != nil {
			return err
		}
		if err := t.fromMap(out, name, nested); err != nil {
			return err
		}
	}
	for key, v := range m {
		name, err := t.joined(prefix, key)
		if err != nil {
			return err
		}
		switch typeOf(v) {
		case connect.Map:
			if _, done := v.(map[string]any); !done {
				return connect.NewDataError("Only Map objects supported in absence of schema for [%s], found: %s", flattenPurpose, javaClass(v))
			}
			continue
		case connect.StructT:
			return connect.NewDataError("Flatten transformation does not support class %s for record without schemas (for field %s).", javaClass(v), name)
		case "":
			if v != nil {
				return connect.NewDataError("Flatten transformation was passed a value of type class %s which is not supported by Connect's data API", javaClass(v))
			}
		}
		out[name] = v
	}
	return nil
}

// fromStruct sets the fields of a struct in out, of which the one set last is at. Those of a null stay null.
func (t *flatten) fromStruct(out *connect.Struct, at *int, prefix string, s *connect.Struct) error {
	for i, f := range s.Schema.Fields {
		name := t.join(prefix, f.Name)
		switch f.Schema.Type {
		case connect.StructT:
			nested, err := requireStructOrNull(s.Values[i], flattenPurpose)
			if err != nil {
				return err
			}
			if nested == nil {
				continue
			}
			if err := t.fromStruct(out, at, name, nested); err != nil {
				return err
			}
		case connect.Map:
			return unflattened(f.Schema, name)
		default:
			if *at = fieldIndexAfter(out.Schema, name, *at); *at < 0 {
				return connect.NewDataError("%s is not a valid field name", name)
			}
			if err := putField(out, *at, fieldValue(s, i, true)); err != nil {
				return err
			}
		}
	}
	return nil
}

func unflattened(s *connect.Schema, name string) error {
	return connect.NewDataError("Flatten transformation does not support %s for record with schemas (for field %s).", s.Type, name)
}

func (t *flatten) schema(from *connect.Schema) (*connect.Schema, error) {
	to := newStructSchema(from)
	defaults, _ := from.Default.(*connect.Struct)
	t.names = 0
	return to.Schema, t.addFields(to, "", from, from.Optional, defaults)
}

// addFields adds the fields of a schema to a flat one. What an optional struct holds is optional itself, and a struct's default gives its fields
// theirs. A struct that contains itself has no flat form.
func (t *flatten) addFields(to *structSchema, prefix string, from *connect.Schema, optional bool, defaults *connect.Struct) error {
	if from.Type != connect.StructT {
		return connect.NewDataError("Cannot list fields on non-struct type")
	}
	if slices.Contains(t.within, from) {
		return connect.NewDataError("Flatten transformation does not support the struct %s, which contains itself (for field %s).", from.Name, prefix)
	}
	t.within = append(t.within, from)
	defer func() { t.within = t.within[:len(t.within)-1] }()
	for i, f := range from.Fields {
		name, err := t.joined(prefix, f.Name)
		if err != nil {
			return err
		}
		optional := optional || f.Schema.Optional
		def := f.Schema.Default
		if def == nil && defaults != nil {
			def = fieldValue(defaults, i, true)
		}
		switch f.Schema.Type {
		case connect.StructT:
			nested, _ := def.(*connect.Struct)
			if err := t.addFields(to, name, f.Schema, optional, nested); err != nil {
				return err
			}
		case connect.Map:
			return unflattened(f.Schema, name)
		default:
			field := copyBasics(f.Schema, f.Schema.Type)
			field.Values, field.Optional, field.Default = f.Schema.Values, optional, def
			if err := to.add(name, field); err != nil {
				return err
			}
		}
	}
	return nil
}
