package connect

// Type is the type of a schema. Its text is the one of Kafka's Schema.Type.
type Type string

// The types, each with the Go type of its values.
const (
	Int8    Type = "INT8"    // int8
	Int16   Type = "INT16"   // int16
	Int32   Type = "INT32"   // int32
	Int64   Type = "INT64"   // int64
	Float32 Type = "FLOAT32" // float32
	Float64 Type = "FLOAT64" // float64
	Boolean Type = "BOOLEAN" // bool
	String  Type = "STRING"  // string
	Bytes   Type = "BYTES"   // []byte
	Array   Type = "ARRAY"   // []any
	Map     Type = "MAP"     // map[string]any for string keys, else map[any]any
	StructT Type = "STRUCT"  // *Struct
)

// Names of the logical types: a schema with this Name holds the Go type named beside it.
const (
	DecimalName   = "org.apache.kafka.connect.data.Decimal"   // Decimal, on Bytes; parameter "scale"
	DateName      = "org.apache.kafka.connect.data.Date"      // time.Time at UTC midnight, on Int32
	TimeName      = "org.apache.kafka.connect.data.Time"      // time.Time on 1970-01-01 UTC, on Int32
	TimestampName = "org.apache.kafka.connect.data.Timestamp" // time.Time with millisecond precision, on Int64
)

// Schema describes a value. A nil *Schema means that there is none: the value is schemaless.
// Schemas are shared between records and must not be changed once built.
//
// Kafka: org.apache.kafka.connect.data.ConnectSchema.
type Schema struct {
	Type       Type
	Optional   bool
	Name       string // "" means none
	Version    *int   // nil means none
	Doc        string // "" means none
	Parameters map[string]string
	Default    any // nil means none

	Fields []Field // StructT only, in order
	Keys   *Schema // Map only
	Values *Schema // Map: values; Array: items
}

// Field is one field of a struct schema.
type Field struct {
	Name   string
	Schema *Schema
}

// Schemas without name, version or default, for sharing.
var (
	OptionalStringSchema  = &Schema{Type: String, Optional: true}
	OptionalBytesSchema   = &Schema{Type: Bytes, Optional: true}
	OptionalBooleanSchema = &Schema{Type: Boolean, Optional: true}
	StringSchema          = &Schema{Type: String}
	BooleanSchema         = &Schema{Type: Boolean}
	Int8Schema            = &Schema{Type: Int8}
	Int16Schema           = &Schema{Type: Int16}
	Int32Schema           = &Schema{Type: Int32}
	Int64Schema           = &Schema{Type: Int64}
	Float32Schema         = &Schema{Type: Float32}
	Float64Schema         = &Schema{Type: Float64}
	BytesSchema           = &Schema{Type: Bytes}
)

// SchemaAndValue is a value with its schema; both nil is a null.
type SchemaAndValue struct {
	Schema *Schema
	Value  any
}

// Struct is the value of a struct schema: one value per field of the schema, in its order.
type Struct struct {
	Schema *Schema
	Values []any
}

// NewStruct returns a struct of the given schema with nil in every field.
func NewStruct(s *Schema) *Struct {
	return &Struct{Schema: s, Values: make([]any, len(s.Fields))}
}

// Get returns the value of the named field, and whether the schema has such a field.
func (s *Struct) Get(name string) (any, bool) {
	for i := range s.Schema.Fields {
		if s.Schema.Fields[i].Name == name {
			return s.Values[i], true
		}
	}
	return nil, false
}

// Put sets the named field; it reports false if the schema has no such field. The value is not checked.
func (s *Struct) Put(name string, v any) bool {
	for i := range s.Schema.Fields {
		if s.Schema.Fields[i].Name == name {
			s.Values[i] = v
			return true
		}
	}
	return false
}
