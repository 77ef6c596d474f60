package avro

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strconv"

	"sluice/connect"
)

// writerKey names a Connect schema as values of a topic have it.
type writerKey struct {
	topic  string
	schema *connect.Schema
}

// writer is what is known of a Connect schema that was written with: its id in the registry.
type writer struct {
	id  int32
	err error // the schema has no form in Avro
}

// FromConnect writes a value. Its schema is registered, or looked up if auto.register.schemas is false. Nil without a schema is nil.
func (c *Converter) FromConnect(topic string, v connect.SchemaAndValue) ([]byte, error) {
	data, err := c.write(topic, v)
	if err != nil {
		return nil, writing.of(topic, err)
	}
	return data, nil
}

func (c *Converter) write(topic string, v connect.SchemaAndValue) ([]byte, error) {
	value, err := connect.Decode(v.Value)
	if err != nil {
		return nil, err
	}
	if value == nil {
		if v.Schema != nil && !v.Schema.Optional {
			return nil, errNull
		}
		return nil, nil
	}
	e := encoder{settings: c.settings}
	e.out = append(e.out, magic, 0, 0, 0, 0)
	if s := v.Schema; s != nil && s.Type == connect.Bytes && !s.Optional && !isFixed(s) { // without a length, as Confluent's serializer
		b, err := physical(s, value)
		if err != nil {
			return nil, err
		}
		raw, ok := b.([]byte)
		if !ok {
			return nil, mismatch(s, value)
		}
		e.out = append(e.out, raw...)
	} else if err := e.value(v.Schema, value); err != nil {
		return nil, err
	}
	w, err := c.writerFor(topic, v.Schema)
	if err != nil {
		return nil, err
	}
	if w.err != nil {
		return nil, w.err
	}
	binary.BigEndian.PutUint32(e.out[1:], uint32(w.id))
	return e.out, nil
}

// writerFor returns the id under which a schema is registered.
func (c *Converter) writerFor(topic string, s *connect.Schema) (*writer, error) {
	key := writerKey{topic, s}
	if w := c.writers[key]; w != nil {
		return w, nil
	}
	w := &writer{}
	text, err := schemaText(s, c.settings)
	if err != nil {
		w.err = err
	} else {
		w.id, err = c.register(topic, text)
		if err != nil {
			return nil, err
		}
	}
	if len(c.writers) >= c.cacheSize {
		clear(c.writers)
	}
	c.writers[key] = w
	return w, nil
}

func (c *Converter) register(topic, text string) (int32, error) {
	schema, err := parseSchemas(text, nil) // a schema that cannot be read again is none
	if err != nil {
		return 0, err
	}
	subject, err := c.subject(topic, recordName(schema))
	if err != nil {
		return 0, err
	}
	doing := "Error retrieving Avro schema"
	if c.autoRegister {
		doing = "Error registering Avro schema"
	}
	id, err := c.registry.id(subject, text, c.autoRegister)
	if err != nil {
		return 0, &SerializationError{Message: doing + " of subject " + subject, Cause: err}
	}
	return id, nil
}

var errNull = connect.NewDataError("Found null value for non-optional schema")

// encoder writes Avro's binary encoding.
type encoder struct {
	settings
	out   []byte
	depth int
}

// value writes a value of a schema; without one it is wrapped.
func (e *encoder) value(s *connect.Schema, v any) error {
	if e.depth++; e.depth > maxDepth {
		return errDeep
	}
	defer func() { e.depth-- }()
	if s == nil {
		return e.anything(v)
	}
	if isUnion(s) {
		return e.union(s, v)
	}
	if s.Optional {
		null := int64(0)
		if nullLast(s) {
			null = 1
		}
		if v == nil {
			e.long(null)
			return nil
		}
		e.long(1 - null)
	}
	return e.base(s, v)
}

// base writes a value that is not null.
func (e *encoder) base(s *connect.Schema, v any) error {
	if v == nil {
		return errNull
	}
	v, err := physical(s, v)
	if err != nil {
		return err
	}
	ok := true
	switch s.Type {
	case connect.Int8, connect.Int16, connect.Int32, connect.Int64:
		var n int64
		if n, ok = integer(s.Type, v); ok {
			e.long(n)
		}
	case connect.Float32:
		var f float32
		if f, ok = v.(float32); ok {
			e.out = binary.LittleEndian.AppendUint32(e.out, math.Float32bits(f))
		}
	case connect.Float64:
		var f float64
		if f, ok = v.(float64); ok {
			e.out = binary.LittleEndian.AppendUint64(e.out, math.Float64bits(f))
		}
	case connect.Boolean:
		var b bool
		if b, ok = v.(bool); ok {
			e.boolean(b)
		}
	case connect.String:
		var text string
		if text, ok = v.(string); ok {
			return e.text(s, text)
		}
	case connect.Bytes:
		var b []byte
		if b, ok = v.([]byte); ok {
			return e.bytesOf(s, b)
		}
	case connect.Array:
		var items []any
		if items, ok = v.([]any); ok {
			return e.array(s, items)
		}
	case connect.Map:
		return e.mapOf(s, v)
	case connect.StructT:
		var st *connect.Struct
		if st, ok = v.(*connect.Struct); ok {
			return e.record(s, st)
		}
	}
	if !ok {
		return mismatch(s, v)
	}
	return nil
}

func mismatch(s *connect.Schema, v any) error {
	return connect.NewDataError("Invalid type for %s: %T", s.Type, v)
}

func integer(t connect.Type, v any) (int64, bool) {
	switch v := v.(type) {
	case int8:
		return int64(v), t == connect.Int8
	case int16:
		return int64(v), t == connect.Int16
	case int32:
		return int64(v), t == connect.Int32
	case int64:
		return v, t == connect.Int64
	}
	return 0, false
}

func (e *encoder) long(v int64) { e.out = binary.AppendVarint(e.out, v) }

func (e *encoder) boolean(b bool) {
	if b {
		e.out = append(e.out, 1)
	} else {
		e.out = append(e.out, 0)
	}
}

func (e *encoder) string(s string) {
	e.long(int64(len(s)))
	e.out = append(e.out, s...)
}

func (e *encoder) text(s *connect.Schema, text string) error {
	param := e.enumParam(s)
	if param == "" {
		e.string(text)
		return nil
	}
	i := slices.Index(enumSymbols(s, param), text)
	if i < 0 {
		return connect.NewDataError("%q is no symbol of the enum %s", text, s.Parameters[param])
	}
	e.long(int64(i))
	return nil
}

func (e *encoder) bytesOf(s *connect.Schema, b []byte) error {
	if !isFixed(s) {
		e.long(int64(len(b)))
		e.out = append(e.out, b...)
		return nil
	}
	size, err := strconv.Atoi(s.Parameters[fixedSizeParam])
	if err != nil {
		return connect.NewDataError("the parameter %s is %q, not a size", fixedSizeParam, s.Parameters[fixedSizeParam])
	}
	if s.Name == connect.DecimalName && len(b) < size {
		sign := byte(0)
		if len(b) > 0 && b[0]&0x80 != 0 {
			sign = 0xff
		}
		for range size - len(b) {
			e.out = append(e.out, sign)
		}
	} else if len(b) != size {
		return connect.NewDataError("%d bytes do not fit a fixed value of %d", len(b), size)
	}
	e.out = append(e.out, b...)
	return nil
}

func (e *encoder) array(s *connect.Schema, items []any) error {
	if len(items) > 0 {
		e.long(int64(len(items)))
	}
	for i, x := range items {
		if err := e.value(s.Values, x); err != nil {
			return in("["+strconv.Itoa(i)+"]", err)
		}
	}
	e.long(0)
	return nil
}

func (e *encoder) mapOf(s *connect.Schema, v any) error {
	put := func(k, x any) error {
		if !e.isAvroMap(s) {
			if err := e.value(s.Keys, k); err != nil {
				return err
			}
			return e.value(s.Values, x)
		}
		text, ok := k.(string)
		if !ok {
			return mismatch(s.Keys, k)
		}
		e.string(text)
		return e.value(s.Values, x)
	}
	switch m := v.(type) {
	case map[string]any:
		if len(m) > 0 {
			e.long(int64(len(m)))
		}
		for k, x := range m {
			if err := put(k, x); err != nil {
				return in("["+k+"]", err)
			}
		}
	case map[any]any:
		if len(m) > 0 {
			e.long(int64(len(m)))
		}
		for k, x := range m {
			if err := put(k, x); err != nil {
				return in(fmt.Sprintf("[%v]", k), err)
			}
		}
	default:
		return mismatch(s, v)
	}
	e.long(0)
	return nil
}

func (e *encoder) record(s *connect.Schema, st *connect.Struct) error {
	if len(st.Values) != len(s.Fields) || len(st.Schema.Fields) != len(s.Fields) {
		return connect.NewDataError("Mismatching struct schema")
	}
	for i, f := range s.Fields {
		if err := e.value(f.Schema, e.fieldValue(f, st.Values[i])); err != nil {
			return in(f.Name, err)
		}
	}
	return nil
}

// fieldValue is the value that is written for a field's.
func (e *encoder) fieldValue(f connect.Field, v any) any {
	if v == nil && !e.ignoreDefault {
		return f.Schema.Default
	}
	return v
}

// union writes the one field of a struct that is set.
func (e *encoder) union(s *connect.Schema, v any) error {
	first := int64(0)
	if s.Optional {
		first = 1
	}
	if st, ok := v.(*connect.Struct); ok && len(st.Values) == len(s.Fields) {
		for i, f := range s.Fields {
			if x := e.fieldValue(f, st.Values[i]); x != nil {
				e.long(int64(i) + first)
				if err := e.base(f.Schema, x); err != nil {
					return in(f.Name, err)
				}
				return nil
			}
		}
	} else if v != nil {
		return mismatch(s, v)
	}
	if !s.Optional {
		return errNull
	}
	e.long(0)
	return nil
}

// anything writes a schemaless value in its wrapping.
func (e *encoder) anything(v any) error {
	field, write := -1, func() error { return nil }
	switch v := v.(type) {
	case nil:
	case bool:
		field, write = 0, func() error { e.boolean(v); return nil }
	case []byte:
		field, write = 1, func() error { return e.base(connect.BytesSchema, v) }
	case float64:
		field, write = 2, func() error { return e.base(connect.Float64Schema, v) }
	case float32:
		field, write = 3, func() error { return e.base(connect.Float32Schema, v) }
	case int8, int16, int32:
		field, write = 4, func() error { return e.small(v) }
	case int64:
		field, write = 5, func() error { e.long(v); return nil }
	case string:
		field, write = 6, func() error { e.string(v); return nil }
	case []any:
		field, write = 7, func() error { return e.array(&connect.Schema{}, v) }
	case map[string]any, map[any]any:
		field, write = 8, func() error { return e.mapOf(schemalessMap, v) }
	default:
		return connect.NewDataError("Unknown Java type for schemaless data: %T", v)
	}
	for i := range anythingFields {
		if i != field {
			e.long(0)
			continue
		}
		e.long(1)
		if err := write(); err != nil {
			return err
		}
	}
	return nil
}

// schemalessMap has keys and values without schemas.
var schemalessMap = &connect.Schema{Type: connect.Map}

func (e *encoder) small(v any) error {
	for _, t := range []connect.Type{connect.Int8, connect.Int16, connect.Int32} {
		if n, ok := integer(t, v); ok {
			e.long(n)
		}
	}
	return nil
}
