package transform

import (
	"fmt"

	"sluice/connect"
)

// copyBasics returns a new schema of a type with the name, version, documentation and parameters of another one. Whether it is optional, its
// default and what it is made of are not copied.
//
// Kafka: org.apache.kafka.connect.transforms.util.SchemaUtil.copySchemaBasics.
func copyBasics(from *connect.Schema, t connect.Type) *connect.Schema {
	return &connect.Schema{Type: t, Name: from.Name, Version: from.Version, Doc: from.Doc, Parameters: from.Parameters}
}

// structSchema is a struct schema that is being built.
type structSchema struct {
	*connect.Schema
	names map[string]bool // of the fields, nil as long as they are few
}

// fewFields is how many fields are searched one by one.
const fewFields = 32

// newStructSchema begins a struct schema with what copyBasics copies.
func newStructSchema(from *connect.Schema) *structSchema {
	return &structSchema{Schema: copyBasics(from, connect.StructT)}
}

// add adds a field.
//
// Kafka: org.apache.kafka.connect.data.SchemaBuilder.field.
func (s *structSchema) add(name string, field *connect.Schema) error {
	if name == "" {
		return javaErr(schemaBuilderException, "fieldName cannot be null.")
	}
	if s.has(name) {
		return javaErr(schemaBuilderException, "Cannot create field because of field name duplication "+name)
	}
	s.Fields = append(s.Fields, connect.Field{Name: name, Schema: field})
	if s.names != nil {
		s.names[name] = true
	}
	return nil
}

func (s *structSchema) has(name string) bool {
	if len(s.Fields) < fewFields {
		return fieldIndex(s.Schema, name) >= 0
	}
	if s.names == nil {
		s.names = make(map[string]bool, 2*len(s.Fields))
		for i := range s.Fields {
			s.names[s.Fields[i].Name] = true
		}
	}
	return s.names[name]
}

// fieldIndex returns the place of a field in a struct schema, -1 if it has none of the name.
func fieldIndex(s *connect.Schema, name string) int {
	for i := range s.Fields {
		if s.Fields[i].Name == name {
			return i
		}
	}
	return -1
}

// fieldIndexAfter is fieldIndex for one field after another in about the order of the schema: it looks behind the last place first.
func fieldIndexAfter(s *connect.Schema, name string, last int) int {
	for i := last + 1; i < len(s.Fields); i++ {
		if s.Fields[i].Name == name {
			return i
		}
	}
	return fieldIndex(s, name)
}

// fieldOf returns the schema of a field of a schema, nil if there is none of the name. Other schemas than structs have no fields to ask for.
//
// Kafka: org.apache.kafka.connect.data.ConnectSchema.field.
func fieldOf(s *connect.Schema, name string) (*connect.Schema, error) {
	if s.Type != connect.StructT {
		return nil, connect.NewDataError("Cannot look up fields on non-struct type")
	}
	if i := fieldIndex(s, name); i >= 0 {
		return s.Fields[i].Schema, nil
	}
	return nil, nil
}

// fieldValue returns the value of a struct's field by its place. A null is the default of the field's schema, if that is wanted.
//
// Kafka: org.apache.kafka.connect.data.Struct.get, getWithoutDefault.
func fieldValue(s *connect.Struct, i int, withDefault bool) any {
	if v := s.Values[i]; v != nil || !withDefault {
		return v
	}
	return s.Schema.Fields[i].Schema.Default
}

// putField sets a struct's field by its place. A null in a field that is required is a data error; other values are taken as they are.
//
// Kafka: org.apache.kafka.connect.data.Struct.put.
func putField(s *connect.Struct, i int, v any) error {
	f := s.Schema.Fields[i]
	if v == nil && !f.Schema.Optional {
		return connect.NewDataError("Invalid value: null used for required field: %q, schema type: %s", f.Name, f.Schema.Type)
	}
	s.Values[i] = v
	return nil
}

// describe returns the text of a schema in error messages.
//
// Kafka: org.apache.kafka.connect.data.ConnectSchema.toString.
func describe(s *connect.Schema) string {
	if s.Name != "" {
		return fmt.Sprintf("Schema{%s:%s}", s.Name, s.Type)
	}
	return fmt.Sprintf("Schema{%s}", s.Type)
}

// cachedSchemas is how many schemas a transform keeps the outcome for.
const cachedSchemas = 16

// schemaCache keeps what became of the schemas that a transform has met lately, since a topic has few and they are shared by its records. The
// zero value is empty. It goes by the schema itself, not by what it says.
type schemaCache struct {
	from, to [cachedSchemas]*connect.Schema
	next     int // the place to use next
}

// get returns what became of a schema, making it if need be.
func (c *schemaCache) get(from *connect.Schema, make func(*connect.Schema) (*connect.Schema, error)) (*connect.Schema, error) {
	for i := range c.from {
		if c.from[i] == from {
			return c.to[i], nil
		}
	}
	to, err := make(from)
	if err != nil {
		return nil, err
	}
	c.from[c.next], c.to[c.next] = from, to
	c.next = (c.next + 1) % cachedSchemas
	return to, nil
}
