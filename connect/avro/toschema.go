package avro

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"sluice/connect"
)

// anythingSchema is the record that wraps schemaless data.
const anythingSchema = `{"type":"record","name":"Anything","namespace":"io.confluent.connect.avro","fields":[` +
	`{"name":"boolean","type":["null","boolean"],"default":null},{"name":"bytes","type":["null","bytes"],"default":null},` +
	`{"name":"double","type":["null","double"],"default":null},{"name":"float","type":["null","float"],"default":null},` +
	`{"name":"int","type":["null","int"],"default":null},{"name":"long","type":["null","long"],"default":null},` +
	`{"name":"string","type":["null","string"],"default":null},{"name":"array","type":["null",{"type":"array","items":"Anything"}],"default":null},` +
	`{"name":"map","type":["null",{"type":"array","items":{"type":"record","name":"MapEntry","fields":[{"name":"key","type":"Anything"},{"name":"value","type":"Anything"}]}}],"default":null}]}`

// schemaText returns the Avro schema of a Connect schema, with the attributes in the order in which Java's Avro writes them. Without a schema
// it is the one that wraps schemaless data.
//
// Kafka: AvroData.fromConnectSchema.
// Differs: parameters are in alphabetical order, since that of their making is not known.
func schemaText(s *connect.Schema, set settings) (string, error) {
	if s == nil {
		return anythingSchema, nil
	}
	w := schemaWriter{settings: set, named: map[string]*connect.Schema{}}
	if err := w.schema(s, "", false); err != nil {
		return "", err
	}
	return w.String(), nil
}

// schemaWriter writes one schema.
type schemaWriter struct {
	settings
	bytes.Buffer
	named   map[string]*connect.Schema // what has been written, by full name
	unnamed int
	depth   int
}

// text writes a JSON string.
func (w *schemaWriter) text(s string) {
	b, _ := json.Marshal(s) // a string has a JSON form
	w.Write(b)
}

func (w *schemaWriter) attribute(name, value string) {
	w.WriteByte(',')
	w.text(name)
	w.WriteByte(':')
	w.text(value)
}

func (w *schemaWriter) raw(name, value string) {
	w.WriteByte(',')
	w.text(name)
	w.WriteByte(':')
	w.WriteString(value)
}

// schema writes a schema that stands in a namespace. Of a member of a union the optional is ignored.
func (w *schemaWriter) schema(s *connect.Schema, space string, member bool) error {
	if w.depth++; w.depth > maxSchemaDepth {
		return schemaError("the schema is nested deeper than %d levels", maxSchemaDepth)
	}
	defer func() { w.depth-- }()
	if isUnion(s) {
		return w.union(s, space)
	}
	if !s.Optional || member {
		return w.base(s, space)
	}
	first, last := `["null",`, "]"
	if nullLast(s) {
		first, last = "[", `,"null"]`
	}
	w.WriteString(first)
	err := w.base(s, space)
	w.WriteString(last)
	return err
}

// nullLast reports whether null is the second type in the union of an optional schema: a default must be of the first one.
func nullLast(s *connect.Schema) bool { return s.Default != nil && s.Type != connect.StructT }

func isUnion(s *connect.Schema) bool {
	if s.Type != connect.StructT {
		return false
	}
	_, sum := s.Parameters[sumUnionParam]
	return sum || s.Name == unionName
}

func (w *schemaWriter) union(s *connect.Schema, space string) error {
	w.WriteByte('[')
	if s.Optional {
		w.WriteString(`"null"`)
	}
	for i, f := range s.Fields {
		if i > 0 || s.Optional {
			w.WriteByte(',')
		}
		if err := w.schema(f.Schema, space, true); err != nil {
			return in(f.Name, err)
		}
	}
	w.WriteByte(']')
	return nil
}

var avroTypes = map[connect.Type]string{
	connect.Int8: "int", connect.Int16: "int", connect.Int32: "int", connect.Int64: "long", connect.Float32: "float", connect.Float64: "double",
	connect.Boolean: "boolean", connect.String: "string", connect.Bytes: "bytes",
}

// base writes a schema as if it were not optional.
func (w *schemaWriter) base(s *connect.Schema, space string) error {
	start := w.Len()
	switch {
	case s.Type == connect.StructT:
		return w.record(s, space)
	case s.Type == connect.Array:
		w.WriteString(`{"type":"array","items":`)
		if err := w.schema(s.Values, space, false); err != nil {
			return err
		}
	case s.Type == connect.Map && w.isAvroMap(s):
		w.WriteString(`{"type":"map","values":`)
		if err := w.schema(s.Values, space, false); err != nil {
			return err
		}
	case s.Type == connect.Map:
		w.WriteString(`{"type":"array","items":`)
		if err := w.mapEntry(s, space); err != nil {
			return err
		}
	case w.enumParam(s) != "":
		done, err := w.enum(s, space)
		if done || err != nil {
			return err
		}
	case isFixed(s):
		done, err := w.fixed(s, space)
		if done || err != nil {
			return err
		}
	default:
		name, ok := avroTypes[s.Type]
		if !ok {
			return schemaError("Unknown schema type: %s", s.Type)
		}
		w.WriteString(`{"type":"` + name + `"`)
		plain := w.Len()
		if err := w.attributes(s); err != nil {
			return err
		}
		if w.Len() == plain {
			w.Truncate(start)
			w.text(name)
			return nil
		}
		w.WriteByte('}')
		return nil
	}
	if err := w.attributes(s); err != nil {
		return err
	}
	w.WriteByte('}')
	return nil
}

// isAvroMap reports whether a map is one of Avro, which has texts as keys.
func (s settings) isAvroMap(m *connect.Schema) bool {
	return m.Keys != nil && m.Keys.Type == connect.String && (!m.Keys.Optional || s.optionalMapKeys)
}

// name writes type and name of a named type, or a reference if it was written before: then done is true.
func (w *schemaWriter) name(kind string, s *connect.Schema, full, space string) (inner string, done bool, err error) {
	own, name := splitName(full, w.scrub)
	if !isName(name) {
		return "", false, schemaError("Illegal character in the name %q: set %s to have it changed", full, ScrubNamesConfig)
	}
	full = name
	if own != "" {
		full = own + "." + name
	}
	if before, ok := w.named[full]; ok {
		if !sameShape(before, s) {
			return "", false, schemaError("Can't redefine: %s", full)
		}
		if own == space {
			full = name
		}
		w.text(full)
		return own, true, nil
	}
	w.named[full] = s
	w.WriteString(`{"type":"` + kind + `"`)
	w.attribute("name", name)
	if own != space {
		w.attribute("namespace", own)
	}
	return own, false, nil
}

// sameShape reports whether two schemas of one name can be one type of Avro.
func sameShape(a, b *connect.Schema) bool {
	if a == b {
		return true
	}
	if a.Type != b.Type || len(a.Fields) != len(b.Fields) || a.Parameters[fixedSizeParam] != b.Parameters[fixedSizeParam] {
		return false
	}
	for i := range a.Fields {
		f, g := a.Fields[i], b.Fields[i]
		if f.Name != g.Name || f.Schema.Type != g.Schema.Type || f.Schema.Optional != g.Schema.Optional || f.Schema.Name != g.Schema.Name {
			return false
		}
	}
	return true
}

func (w *schemaWriter) nameOf(s *connect.Schema) string {
	if s.Name != "" {
		return s.Name
	}
	w.unnamed++
	if w.unnamed == 1 {
		return namespace + "." + defaultName
	}
	return namespace + "." + defaultName + strconv.Itoa(w.unnamed)
}

func (w *schemaWriter) record(s *connect.Schema, space string) error {
	inner, done, err := w.name("record", s, w.nameOf(s), space)
	if done || err != nil {
		return err
	}
	docParam := recordDocParam
	if w.discard {
		docParam = connectRecordDocKey
	}
	if doc := s.Parameters[docParam]; doc != "" {
		w.attribute("doc", doc)
	}
	w.WriteString(`,"fields":[`)
	for i, f := range s.Fields {
		if i > 0 {
			w.WriteByte(',')
		}
		doc := s.Parameters[fieldDocParam+f.Name]
		if w.discard {
			doc = f.Schema.Doc
		}
		if err := w.field(f, doc, inner); err != nil {
			return in(f.Name, err)
		}
	}
	w.WriteByte(']')
	if err := w.attributes(s); err != nil {
		return err
	}
	w.WriteByte('}')
	return nil
}

func (w *schemaWriter) field(f connect.Field, doc, space string) error {
	name := f.Name
	if w.scrub {
		name = scrub(name)
	}
	if !isName(name) {
		return schemaError("Illegal character in the name %q: set %s to have it changed", name, ScrubNamesConfig)
	}
	w.WriteString(`{"name":`)
	w.text(name)
	w.WriteString(`,"type":`)
	if err := w.schema(f.Schema, space, false); err != nil {
		return err
	}
	if doc != "" {
		w.attribute("doc", doc)
	}
	optionalStruct := f.Schema.Optional && f.Schema.Type == connect.StructT
	switch def := f.Schema.Default; {
	case def != nil && !optionalStruct:
		text, err := w.defaultText(f.Schema, def)
		if err != nil {
			return err
		}
		w.raw("default", text)
	case f.Schema.Optional:
		w.raw("default", "null") // of a struct null is the first type, and a default can be nothing else
	}
	w.WriteByte('}')
	return nil
}

// mapEntry writes the record that an entry of a map is if its keys are no texts.
func (w *schemaWriter) mapEntry(s *connect.Schema, space string) error {
	full := namespace + "." + mapEntryName
	if s.Name != "" {
		full = s.Name
	}
	inner, done, err := w.name("record", s, full, space)
	if done || err != nil {
		return err
	}
	w.WriteString(`,"fields":[`)
	if err := w.field(connect.Field{Name: keyField, Schema: s.Keys}, "", inner); err != nil {
		return err
	}
	w.WriteByte(',')
	if err := w.field(connect.Field{Name: valueField, Schema: s.Values}, "", inner); err != nil {
		return err
	}
	w.WriteByte(']')
	if s.Name != "" {
		w.attribute(internalTypeKey, mapEntryName)
	}
	w.WriteByte('}')
	return nil
}

// enumParam is the parameter that makes an enum of a string, "" if it stays a string.
func (s settings) enumParam(schema *connect.Schema) string {
	param := ""
	switch {
	case schema.Type != connect.String:
	case s.sumTypes:
		param = sumEnumParam
	case s.enhanced:
		param = enumParam
	}
	if _, ok := schema.Parameters[param]; !ok {
		return ""
	}
	return param
}

// enumSymbols are the symbols in the order of their numbers, or of the alphabet where there are none.
func enumSymbols(s *connect.Schema, param string) []string {
	var symbols []string
	for k := range s.Parameters {
		if symbol, ok := strings.CutPrefix(k, param+"."); ok {
			symbols = append(symbols, symbol)
		}
	}
	number := func(symbol string) int { n, _ := strconv.Atoi(s.Parameters[param+"."+symbol]); return n }
	slices.SortFunc(symbols, func(a, b string) int {
		if d := number(a) - number(b); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	return symbols
}

func (w *schemaWriter) enum(s *connect.Schema, space string) (done bool, err error) {
	param := w.enumParam(s)
	full := s.Parameters[param]
	_, done, err = w.name("enum", s, full, space)
	if done || err != nil {
		return done, err
	}
	_, name := splitName(full, w.scrub)
	doc := s.Parameters[enumDocParam+name]
	if w.discard {
		doc = s.Parameters[connectEnumDocKey]
	}
	if doc != "" {
		w.attribute("doc", doc)
	}
	symbols, err := json.Marshal(enumSymbols(s, param))
	if err != nil {
		return false, err
	}
	w.raw("symbols", string(symbols))
	if def := s.Parameters[enumDefaultParam+name]; def != "" && !w.discard {
		w.attribute("default", def)
	}
	return false, nil
}

func isFixed(s *connect.Schema) bool {
	_, ok := s.Parameters[fixedSizeParam]
	return ok && s.Type == connect.Bytes && s.Name != ""
}

func (w *schemaWriter) fixed(s *connect.Schema, space string) (done bool, err error) {
	size, err := strconv.Atoi(s.Parameters[fixedSizeParam])
	if err != nil || size < 0 {
		return false, schemaError("the parameter %s is %q, not a size", fixedSizeParam, s.Parameters[fixedSizeParam])
	}
	if _, done, err = w.name("fixed", s, s.Name, space); done || err != nil {
		return done, err
	}
	w.raw("size", strconv.Itoa(size))
	return false, nil
}
