package converter

import (
	"slices"

	"sluice/connect"
)

// jsonTypes are the names of types in the schema objects of envelopes.
var jsonTypes = map[string]connect.Type{
	"boolean": connect.Boolean,
	"int8":    connect.Int8,
	"int16":   connect.Int16,
	"int32":   connect.Int32,
	"int64":   connect.Int64,
	"float":   connect.Float32,
	"double":  connect.Float64,
	"bytes":   connect.Bytes,
	"string":  connect.String,
	"array":   connect.Array,
	"map":     connect.Map,
	"struct":  connect.StructT,
}

var jsonTypeNames = func() map[connect.Type]string {
	names := make(map[connect.Type]string, len(jsonTypes))
	for name, t := range jsonTypes {
		names[t] = name
	}
	return names
}()

// schema reads a schema object; JSON null is no schema. What has the wrong type and is not needed (optional, name, version, doc) counts as
// not there.
//
//	{"type":"struct","optional":false,"name":"n","version":1,"doc":"d","parameters":{"k":"v"},"default":{},"fields":[{"field":"f","type":"int32"}]}
//
// Kafka: JsonConverter.asConnectSchema.
func (r *jsonReader) schema(v any) (*connect.Schema, error) {
	if v == nil {
		return nil, nil
	}
	o, _ := v.(*object)
	if o == nil {
		o = &object{}
	}
	typeName, ok := member[string](o, "type")
	if !ok {
		return nil, dataError("Schema must contain 'type' field")
	}
	s := &connect.Schema{Type: jsonTypes[typeName]}
	var err error
	switch s.Type {
	case "":
		return nil, dataError("Unknown schema type: %s", typeName)
	case connect.Array:
		items, _ := o.get("items")
		if items == nil {
			return nil, dataError("Array schema did not specify the element type")
		}
		s.Values, err = r.schema(items)
	case connect.Map:
		err = r.mapSchemas(s, o)
	case connect.StructT:
		err = r.fieldSchemas(s, o)
	}
	if err != nil {
		return nil, err
	}
	s.Optional, _ = member[bool](o, "optional")
	s.Name, _ = member[string](o, "name")
	if n, ok := member[number](o, "version"); ok && n.integral() {
		version := int(int32(n.long()))
		s.Version = &version
	}
	s.Doc, _ = member[string](o, "doc")
	if params, ok := member[*object](o, "parameters"); ok {
		s.Parameters = make(map[string]string, len(params.names))
		for i, name := range params.names {
			text, ok := params.values[i].(string)
			if !ok {
				return nil, dataError("Schema parameters must have string values.")
			}
			s.Parameters[name] = text
		}
		if len(s.Parameters) == 0 {
			s.Parameters = nil
		}
	}
	if text, ok := o.get("default"); ok {
		value, err := r.value(s, text)
		if err != nil {
			return nil, err
		}
		if err := validate(place{}, s, value); err != nil {
			return nil, &connect.DataError{Message: "Invalid default value", Cause: err}
		}
		s.Default = value
	}
	return s, nil
}

func (r *jsonReader) mapSchemas(s *connect.Schema, o *object) (err error) {
	keys, ok := o.get("keys")
	if !ok {
		return dataError("Map schema did not specify the key type")
	}
	values, ok := o.get("values")
	if !ok {
		return dataError("Map schema did not specify the value type")
	}
	if s.Keys, err = r.schema(keys); err != nil {
		return err
	}
	if s.Values, err = r.schema(values); err != nil {
		return err
	}
	switch {
	case s.Keys == nil:
		return dataError("keySchema cannot be null.")
	case s.Values == nil:
		return dataError("valueSchema cannot be null.")
	}
	return nil
}

func (r *jsonReader) fieldSchemas(s *connect.Schema, o *object) error {
	fields, ok := member[[]any](o, "fields")
	if !ok {
		return dataError(`Struct schema's "fields" argument is not an array.`)
	}
	s.Fields = make([]connect.Field, 0, len(fields))
	seen := make(map[string]bool, len(fields))
	for _, f := range fields {
		fieldObject, _ := f.(*object)
		if fieldObject == nil {
			fieldObject = &object{}
		}
		name, ok := member[string](fieldObject, "field")
		if !ok {
			return dataError("Struct schema's field name not specified properly")
		}
		schema, err := r.schema(f)
		if err != nil {
			return err
		}
		switch {
		case name == "":
			return dataError("fieldName cannot be null.")
		case seen[name]:
			return dataError("Cannot create field because of field name duplication %s", name)
		}
		seen[name] = true
		s.Fields = append(s.Fields, connect.Field{Name: name, Schema: schema})
	}
	return nil
}

// member returns the named member if it is there and has the type.
func member[T any](o *object, name string) (T, bool) {
	v, _ := o.get(name)
	t, ok := v.(T)
	return t, ok
}

// schema writes a schema object; nil is null.
//
// Kafka: JsonConverter.asJsonSchema.
func (w *jsonWriter) schema(s *connect.Schema) error {
	if s == nil {
		w.raw("null")
		return nil
	}
	return w.schemaOfField(s, "")
}

// schemaOfField writes a schema object; a field of a struct also has its name in it.
func (w *jsonWriter) schemaOfField(s *connect.Schema, field string) error {
	name, ok := jsonTypeNames[s.Type]
	if !ok {
		return dataError("Couldn't translate unsupported schema type %s.", s.Type)
	}
	if slices.Contains(w.within, s) {
		return dataError("The schema %s contains itself and has no JSON form.", s.Name)
	}
	w.within = append(w.within, s)
	defer func() { w.within = w.within[:len(w.within)-1] }()
	w.raw(`{"type":`)
	w.text(name)
	switch s.Type {
	case connect.Array:
		w.raw(`,"items":`)
		if err := w.schema(s.Values); err != nil {
			return err
		}
	case connect.Map:
		w.raw(`,"keys":`)
		if err := w.schema(s.Keys); err != nil {
			return err
		}
		w.raw(`,"values":`)
		if err := w.schema(s.Values); err != nil {
			return err
		}
	case connect.StructT:
		w.raw(`,"fields":[`)
		for i, f := range s.Fields {
			if i > 0 {
				w.raw(",")
			}
			if err := w.schemaOfField(f.Schema, f.Name); err != nil {
				return err
			}
		}
		w.raw("]")
	}
	w.raw(`,"optional":`)
	w.bool(s.Optional)
	if s.Name != "" {
		w.raw(`,"name":`)
		w.text(s.Name)
	}
	if s.Version != nil {
		w.raw(`,"version":`)
		w.int(int64(*s.Version))
	}
	if s.Doc != "" {
		w.raw(`,"doc":`)
		w.text(s.Doc)
	}
	if s.Parameters != nil {
		w.raw(`,"parameters":{`)
		first := true
		for _, k := range sortedNames(s.Parameters) {
			if !first {
				w.raw(",")
			}
			first = false
			w.text(k)
			w.raw(":")
			w.text(s.Parameters[k])
		}
		w.raw("}")
	}
	if s.Default != nil {
		w.raw(`,"default":`)
		if err := w.value(s, s.Default); err != nil {
			return err
		}
	}
	if field != "" {
		w.raw(`,"field":`)
		w.text(field)
	}
	w.raw("}")
	return nil
}
