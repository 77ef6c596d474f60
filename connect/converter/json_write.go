package converter

import (
	"encoding/base64"
	"math"
	"strconv"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"sluice/connect"
	"sluice/internal/javahash"
)

// jsonWriter writes values as Jackson does: without blanks, characters beyond the basic plane as two \u escapes, members of a schemaless
// map in the order of a java.util.HashMap.
type jsonWriter struct {
	out            []byte
	defaults       bool
	numericDecimal bool
	within         []*connect.Schema // the schemas that are being written, outermost first
}

func (w *jsonWriter) raw(s string) { w.out = append(w.out, s...) }
func (w *jsonWriter) bool(b bool)  { w.out = strconv.AppendBool(w.out, b) }
func (w *jsonWriter) int(n int64)  { w.out = strconv.AppendInt(w.out, n, 10) }

// float writes infinities and NaN as strings, which is how Kafka Connect writes them.
func (w *jsonWriter) float(f float64, bits int) {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		w.text(connect.FloatText(f, bits))
		return
	}
	w.raw(connect.FloatText(f, bits))
}

func (w *jsonWriter) text(s string) {
	const hex = "0123456789ABCDEF"
	w.out = append(w.out, '"')
	for _, c := range s {
		switch {
		case c == '"' || c == '\\':
			w.out = append(w.out, '\\', byte(c))
		case c == '\n':
			w.raw(`\n`)
		case c == '\r':
			w.raw(`\r`)
		case c == '\t':
			w.raw(`\t`)
		case c == '\b':
			w.raw(`\b`)
		case c == '\f':
			w.raw(`\f`)
		case c < ' ':
			w.out = append(w.out, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		case c > 0xffff:
			hi, lo := utf16.EncodeRune(c)
			w.out = appendEscape(appendEscape(w.out, uint32(hi)), uint32(lo))
		default:
			w.out = utf8.AppendRune(w.out, c)
		}
	}
	w.out = append(w.out, '"')
}

// value writes a value by its schema, or by its type if there is none.
//
// Kafka: JsonConverter.convertToJson.
func (w *jsonWriter) value(s *connect.Schema, v any) error {
	if raw, ok := v.(connect.RawJSON); ok {
		v = readTree(raw)
	}
	if v == nil {
		switch {
		case s == nil:
		case s.Default != nil && w.defaults:
			return w.value(s, s.Default)
		case !s.Optional:
			return dataError("Conversion error: null value for field that is required and has no default value")
		}
		w.raw("null")
		return nil
	}
	if s == nil {
		return w.schemaless(v)
	}
	switch s.Name {
	case connect.DecimalName:
		return w.decimal(s, v)
	case connect.DateName, connect.TimeName, connect.TimestampName:
		return w.time(s.Name, v)
	}
	fits := true
	switch s.Type {
	case connect.Int8, connect.Int16, connect.Int32, connect.Int64:
		fits = w.whole(s.Type, v)
	case connect.Float32:
		var f float32
		if f, fits = v.(float32); fits {
			w.float(float64(f), 32)
		}
	case connect.Float64:
		var f float64
		if f, fits = v.(float64); fits {
			w.float(f, 64)
		}
	case connect.Boolean:
		var b bool
		if b, fits = v.(bool); fits {
			w.bool(b)
		}
	case connect.String:
		var text string
		if text, fits = v.(string); fits {
			w.text(text)
		}
	case connect.Bytes:
		b, ok := v.([]byte)
		if !ok {
			return dataError("Invalid type for bytes type: %s", javaClass(v))
		}
		w.base64(b)
	case connect.Array:
		items, ok := v.([]any)
		if fits = ok; ok {
			return w.array(s.Values, items)
		}
	case connect.Map:
		switch m := v.(type) {
		case map[string]any:
			return w.object(s, m)
		case map[any]any:
			return w.mapValue(s, m)
		}
		fits = false
	case connect.StructT:
		st, ok := v.(*connect.Struct)
		if fits = ok; ok {
			if !sameSchema(st.Schema, s) {
				return dataError("Mismatching schema.")
			}
			return w.structValue(st)
		}
	}
	if !fits {
		return dataError("Invalid type for %s: %s", s.Type, javaClass(v))
	}
	return nil
}

// schemaless writes a value by its type.
func (w *jsonWriter) schemaless(v any) error {
	switch v := v.(type) {
	case bool:
		w.bool(v)
	case int8:
		w.int(int64(v))
	case int16:
		w.int(int64(v))
	case int32:
		w.int(int64(v))
	case int64:
		w.int(v)
	case float32:
		w.float(float64(v), 32)
	case float64:
		w.float(v, 64)
	case string:
		w.text(v)
	case number:
		return w.schemaless(plain(v))
	case []byte:
		w.base64(v)
	case []any:
		return w.array(nil, v)
	case map[string]any:
		return w.object(nil, v)
	case map[any]any:
		return w.mapValue(nil, v)
	case *object:
		return w.members(hashOrder(v.names, javahash.String), nil, func(i int) (string, any) { return v.names[i], v.values[i] })
	case *connect.Struct:
		return dataError("Mismatching schema.")
	default:
		return dataError("Java class %s does not have corresponding schema type.", javaClass(v))
	}
	return nil
}

func (w *jsonWriter) whole(t connect.Type, v any) bool {
	var n int64
	ok := false
	switch v := v.(type) {
	case int8:
		n, ok = int64(v), t == connect.Int8
	case int16:
		n, ok = int64(v), t == connect.Int16
	case int32:
		n, ok = int64(v), t == connect.Int32
	case int64:
		n, ok = v, t == connect.Int64
	}
	if ok {
		w.int(n)
	}
	return ok
}

func (w *jsonWriter) base64(b []byte) {
	w.out = append(w.out, '"')
	w.out = base64.StdEncoding.AppendEncode(w.out, b)
	w.out = append(w.out, '"')
}

func (w *jsonWriter) array(s *connect.Schema, items []any) error {
	w.raw("[")
	for i, item := range items {
		if i > 0 {
			w.raw(",")
		}
		if err := w.value(s, item); err != nil {
			return err
		}
	}
	w.raw("]")
	return nil
}

func (w *jsonWriter) object(s *connect.Schema, m map[string]any) error {
	var values *connect.Schema
	if s != nil {
		if s.Keys.Type != connect.String {
			return dataError("Invalid type for %s: %s", s.Keys.Type, javaClass(""))
		}
		values = s.Values
	}
	names := sortedNames(m)
	return w.members(hashOrder(names, javahash.String), values, func(i int) (string, any) { return names[i], m[names[i]] })
}

func (w *jsonWriter) members(order []int, s *connect.Schema, member func(i int) (string, any)) error {
	w.raw("{")
	for n, i := range order {
		if n > 0 {
			w.raw(",")
		}
		name, v := member(i)
		w.text(name)
		w.raw(":")
		if err := w.value(s, v); err != nil {
			return err
		}
	}
	w.raw("}")
	return nil
}

// mapValue writes a map whose keys may be something else than strings: as an array of pairs, unless all of them are strings.
func (w *jsonWriter) mapValue(s *connect.Schema, m map[any]any) error {
	asObject := s == nil
	var keySchema, valueSchema *connect.Schema
	if s != nil {
		keySchema, valueSchema = s.Keys, s.Values
		asObject = keySchema.Type == connect.String
	}
	keys := sortedKeys(m)
	for _, k := range keys {
		if _, ok := k.(string); !ok {
			if s != nil && asObject {
				return dataError("Invalid type for %s: %s", keySchema.Type, javaClass(k))
			}
			asObject = false
			break
		}
	}
	order := hashOrder(keys, hashOf)
	if asObject {
		return w.members(order, valueSchema, func(i int) (string, any) { return keys[i].(string), m[keys[i]] })
	}
	w.raw("[")
	for n, i := range order {
		if n > 0 {
			w.raw(",")
		}
		w.raw("[")
		if err := w.value(keySchema, keys[i]); err != nil {
			return err
		}
		w.raw(",")
		if err := w.value(valueSchema, m[keys[i]]); err != nil {
			return err
		}
		w.raw("]")
	}
	w.raw("]")
	return nil
}

func (w *jsonWriter) structValue(st *connect.Struct) error {
	w.raw("{")
	for i, f := range st.Schema.Fields {
		if i > 0 {
			w.raw(",")
		}
		w.text(f.Name)
		w.raw(":")
		if err := w.value(f.Schema, st.Values[i]); err != nil {
			return err
		}
	}
	w.raw("}")
	return nil
}

func (w *jsonWriter) decimal(s *connect.Schema, v any) error {
	d, ok := v.(connect.Decimal)
	if !ok {
		return dataError("Invalid type for Decimal, expected BigDecimal but was %s", javaClass(v))
	}
	if w.numericDecimal {
		w.raw(javaDecimal(d))
		return nil
	}
	scale, err := decimalScale(s)
	if err != nil {
		return err
	}
	if scale != d.Scale {
		return dataError("Decimal value has mismatching scale for given Decimal schema. Schema has scale %d, value has scale %d.", scale, d.Scale)
	}
	w.base64(toTwosComplement(unscaled(d)))
	return nil
}

func (w *jsonWriter) time(name string, v any) error {
	t, ok := v.(time.Time)
	short := name[len(connect.DateName)-len("Date"):]
	if !ok {
		return dataError("Invalid type for %s, expected Date but was %s", short, javaClass(v))
	}
	millis := t.UnixMilli()
	switch name {
	case connect.DateName:
		if millis%millisPerDay != 0 {
			return dataError("Kafka Connect Date type should not have any time fields set to non-zero values.")
		}
		millis /= millisPerDay
	case connect.TimeName:
		if millis < 0 || millis > millisPerDay {
			return dataError("Kafka Connect Time type should not have any date fields set to non-zero values.")
		}
	}
	w.int(millis)
	return nil
}
