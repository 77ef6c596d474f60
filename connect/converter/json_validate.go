package converter

import (
	"fmt"
	"strings"
	"time"

	"sluice/connect"
)

// place is where a value stands, for the error: value, or field: "name", or a value inside of that. Its text is made when there is an error.
type place struct {
	field  string // "": the value as a whole
	inside *place // inside of which it stands, nil if it does not
	part   string // of inside
}

func (p *place) within(part string) place { return place{inside: p, part: part} }

func (p place) String() string {
	var b strings.Builder
	for ; p.inside != nil; p = *p.inside {
		b.WriteString(p.part + " ")
	}
	if p.field == "" {
		return b.String() + "value"
	}
	return b.String() + fmt.Sprintf("field: %q", p.field)
}

// validate checks that a value fits its schema, as Kafka Connect does when a field of a struct is set.
//
// Kafka: org.apache.kafka.connect.data.ConnectSchema.validateValue.
func validate(place place, s *connect.Schema, v any) error {
	if v == nil {
		if s.Optional {
			return nil
		}
		return dataError("Invalid value: null used for required %s, schema type: %s", place, s.Type)
	}
	ok := false
	switch s.Name {
	case connect.DecimalName:
		_, ok = v.(connect.Decimal)
		return mismatch(ok, place, s, v)
	case connect.DateName, connect.TimeName, connect.TimestampName:
		_, ok = v.(time.Time)
		return mismatch(ok, place, s, v)
	}
	switch s.Type {
	case connect.Int8:
		_, ok = v.(int8)
	case connect.Int16:
		_, ok = v.(int16)
	case connect.Int32:
		_, ok = v.(int32)
	case connect.Int64:
		_, ok = v.(int64)
	case connect.Float32:
		_, ok = v.(float32)
	case connect.Float64:
		_, ok = v.(float64)
	case connect.Boolean:
		_, ok = v.(bool)
	case connect.String:
		_, ok = v.(string)
	case connect.Bytes:
		_, ok = v.([]byte)
	case connect.StructT:
		var st *connect.Struct
		if st, ok = v.(*connect.Struct); ok && !sameSchema(st.Schema, s) {
			return dataError("Struct schemas do not match.")
		}
	case connect.Array:
		var items []any
		items, ok = v.([]any)
		for _, item := range items {
			if err := validate(place.within("element of array"), s.Values, item); err != nil {
				return err
			}
		}
	case connect.Map:
		return validateMap(place, s, v)
	}
	return mismatch(ok, place, s, v)
}

func validateMap(place place, s *connect.Schema, v any) error {
	entry := func(k, x any) error {
		if err := validate(place.within("key of map"), s.Keys, k); err != nil {
			return err
		}
		return validate(place.within("value of map"), s.Values, x)
	}
	switch m := v.(type) {
	case map[string]any:
		for k, x := range m {
			if err := entry(k, x); err != nil {
				return err
			}
		}
		return nil
	case map[any]any:
		for k, x := range m {
			if err := entry(k, x); err != nil {
				return err
			}
		}
		return nil
	}
	return mismatch(false, place, s, v)
}

func mismatch(ok bool, place place, s *connect.Schema, v any) error {
	if ok {
		return nil
	}
	return dataError("Invalid Java object for schema %q with type %s: %s for %s", s.Name, s.Type, javaClass(v), place)
}

// sameSchema reports whether two schemas say the same.
func sameSchema(a, b *connect.Schema) bool {
	if a == b {
		return true
	}
	if a == nil || b == nil || a.Type != b.Type || a.Optional != b.Optional || a.Name != b.Name || a.Doc != b.Doc ||
		(a.Version == nil) != (b.Version == nil) || a.Version != nil && *a.Version != *b.Version ||
		len(a.Parameters) != len(b.Parameters) || len(a.Fields) != len(b.Fields) ||
		JavaString(a.Default) != JavaString(b.Default) {
		return false
	}
	for k, v := range a.Parameters {
		if w, ok := b.Parameters[k]; !ok || v != w {
			return false
		}
	}
	for i := range a.Fields {
		if a.Fields[i].Name != b.Fields[i].Name || !sameSchema(a.Fields[i].Schema, b.Fields[i].Schema) {
			return false
		}
	}
	return sameSchema(a.Keys, b.Keys) && sameSchema(a.Values, b.Values)
}

// javaClass names the class that a value has in Java, as Class.toString does.
func javaClass(v any) string {
	name := ""
	switch v.(type) {
	case nil:
		return "null"
	case []byte:
		return "class [B"
	case bool:
		name = "java.lang.Boolean"
	case string:
		name = "java.lang.String"
	case int8:
		name = "java.lang.Byte"
	case int16:
		name = "java.lang.Short"
	case int32:
		name = "java.lang.Integer"
	case int64:
		name = "java.lang.Long"
	case float32:
		name = "java.lang.Float"
	case float64:
		name = "java.lang.Double"
	case []any:
		name = "java.util.ArrayList"
	case map[string]any, map[any]any:
		name = "java.util.HashMap"
	case *connect.Struct:
		name = "org.apache.kafka.connect.data.Struct"
	case connect.Decimal:
		name = "java.math.BigDecimal"
	case time.Time:
		name = "java.util.Date"
	case connect.RawJSON:
		name = "java.lang.Object"
	default:
		name = fmt.Sprintf("%T", v)
	}
	return "class " + name
}
