package transform

import (
	"slices"

	"sluice/connect"
)

// cast changes the types of fields, or of the whole key or value.
//
// Kafka: org.apache.kafka.connect.transforms.Cast.
type cast struct {
	unheld
	side        side
	text        func(any) string // Java's toString
	spec        castSpec
	withDefault bool
	schemas     schemaCache
	object      object
}

const specConfig = "spec"

var castConfig = connect.NewConfigDef(
	connect.ConfigKey{Name: specConfig, Type: connect.TypeList, Required: true, Validator: castSpecs{}, Importance: connect.High,
		Doc: "What to cast: pairs of a field and its new type, such as field1:int64,field2:string, or one type for the whole. The types are int8, int16, int32, " +
			"int64, float32, float64, boolean and string. Bytes can become a string only, in base64."},
	withDefaultKey,
)

// Config returns the settings.
func (*cast) Config() *connect.ConfigDef { return castConfig }

// Configure sets the transform up.
func (t *cast) Configure(props map[string]string) error {
	cfg, err := parse(castConfig, props)
	if err != nil {
		return err
	}
	t.withDefault = cfg.Bool(withDefaultConfig)
	spec, invalid := parseCastSpec(cfg.List(specConfig))
	if invalid != nil {
		return invalid
	}
	t.spec = spec
	return nil
}

// Apply casts. A null is left alone.
func (t *cast) Apply(r *connect.SinkRecord) (*connect.SinkRecord, error) {
	schema, value := t.side.get(r)
	switch {
	case value == nil:
		return r, nil
	case schema == nil:
		out, err := t.schemaless(value)
		if err != nil {
			return nil, err
		}
		return t.side.set(r, nil, out), nil
	}
	updated, err := t.schemas.get(schema, t.schema)
	if err != nil {
		return nil, err
	}
	var out any
	if t.spec.whole != "" {
		out, err = t.value(schema, value, t.spec.whole)
	} else {
		out, err = t.fields(updated, value)
	}
	if err != nil {
		return nil, err
	}
	return t.side.set(r, updated, out), nil
}

const castPurpose = "cast types"

// schemaless casts a value without schema. A field that is not there is there afterwards, as a null.
func (t *cast) schemaless(value any) (any, error) {
	if t.spec.whole != "" {
		return t.value(nil, value, t.spec.whole)
	}
	if err := t.object.open(value, castPurpose); err != nil {
		return nil, err
	}
	for _, f := range t.spec.fields {
		if f.to == connect.String && t.object.quote(f.name) {
			continue
		}
		if err := t.object.replace(f.name, func(v any) (any, error) { return t.value(nil, v, f.to) }); err != nil {
			return nil, err
		}
	}
	return t.object.close(), nil
}

// fields casts the fields of a struct.
func (t *cast) fields(updated *connect.Schema, value any) (any, error) {
	s, err := requireStruct(value, castPurpose)
	if err != nil {
		return nil, err
	}
	out := connect.NewStruct(updated)
	for i, f := range s.Schema.Fields {
		v := fieldValue(s, i, t.withDefault)
		if to := t.spec.field(f.Name); to != "" {
			if v, err = t.value(f.Schema, v, to); err != nil {
				return nil, err
			}
		}
		at := i
		if s.Schema != updated && (at >= len(updated.Fields) || updated.Fields[at].Name != f.Name) {
			if at = fieldIndex(updated, f.Name); at < 0 {
				return nil, connect.NewDataError("%s is not a valid field name", f.Name)
			}
		}
		if err := putField(out, at, v); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// schema returns what a schema becomes. A default is cast as well.
func (t *cast) schema(from *connect.Schema) (*connect.Schema, error) {
	var to *connect.Schema
	if t.spec.whole != "" {
		to = copyBasics(from, t.spec.whole)
	} else {
		if from.Type != connect.StructT {
			return nil, connect.NewDataError("Cannot list fields on non-struct type")
		}
		fields := newStructSchema(from)
		to = fields.Schema
		for _, f := range from.Fields {
			field := f.Schema
			if target := t.spec.field(f.Name); target != "" {
				field = &connect.Schema{Type: target, Optional: f.Schema.Optional}
				var err error
				if field.Default, err = t.value(f.Schema, f.Schema.Default, target); err != nil {
					return nil, err
				}
			}
			if err := fields.add(f.Name, field); err != nil {
				return nil, err
			}
		}
	}
	to.Optional = from.Optional
	if from.Default != nil {
		var err error
		if to.Default, err = t.value(from, from.Default, to.Type); err != nil {
			return nil, err
		}
		if t.spec.whole != "" && isLogical(to.Name) { // the name stays, and it asks for other values
			cause := connect.NewDataError("Invalid Java object for schema %q with type %s: class %s for value", to.Name, to.Type, javaClass(to.Default))
			return nil, &javaError{class: schemaBuilderException, text: "Invalid default value", cause: cause}
		}
	}
	return to, nil
}

// value casts one value; a null stays one. The schema is nil for a value without one.
func (t *cast) value(schema *connect.Schema, v any, to connect.Type) (any, error) {
	v, err := connect.Decode(v)
	if err != nil {
		return nil, causedBy(err, err.Error())
	}
	if v == nil {
		return nil, nil
	}
	from := typeOf(v)
	if schema != nil {
		from = schema.Type
	}
	if from == "" {
		return nil, connect.NewDataError("Cast transformation was passed a value of type class %s which is not supported by Connect's data API", javaClass(v))
	}
	if !slices.Contains(castSources, from) {
		return nil, connect.NewDataError("Cast transformation does not support casting from %s; supported types are %s", from, listed(castSources))
	}
	if schema != nil && schema.Name != "" && to != connect.String {
		if v, err = physical(schema, v); err != nil {
			return nil, err
		}
	}
	if to == connect.String {
		return t.castToString(v), nil
	}
	return castToPrimitive(v, to, t.text)
}

// isLogical reports whether values of a schema of the name are of another type than the schema says.
func isLogical(name string) bool {
	switch name {
	case connect.DecimalName, connect.DateName, connect.TimeName, connect.TimestampName:
		return true
	}
	return false
}
