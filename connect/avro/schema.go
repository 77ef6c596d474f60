package avro

import (
	"fmt"
	"maps"
	"strconv"

	"github.com/hamba/avro/v2"

	"sluice/connect"
)

// Names that Confluent's converter gives to things in schemas.
const (
	namespace         = "io.confluent.connect.avro"
	defaultName       = "ConnectDefault"
	mapEntryName      = "MapEntry"
	anythingName      = namespace + ".Anything"
	unionName         = namespace + ".Union"
	enumParam         = namespace + ".Enum"
	recordDocParam    = namespace + ".record.doc"
	enumDocParam      = namespace + ".enum.doc."
	fieldDocParam     = namespace + ".field.doc."
	fieldDefaultParam = namespace + ".field.default"
	enumDefaultParam  = namespace + ".enum.default."

	connectNameKey       = "connect.name"
	connectDocKey        = "connect.doc"
	connectRecordDocKey  = "connect.record.doc"
	connectEnumDocKey    = "connect.enum.doc"
	connectVersionKey    = "connect.version"
	connectDefaultKey    = "connect.default"
	connectParametersKey = "connect.parameters"
	connectTypeKey       = "connect.type"
	internalTypeKey      = "connect.internal.type"
	fixedSizeParam       = "connect.fixed.size"
	precisionParam       = "connect.decimal.precision"
	scaleParam           = "scale"

	sumUnionParam = "org.apache.kafka.connect.data.Union"
	sumEnumParam  = "org.apache.kafka.connect.data.Enum"
	sumPrefix     = "connect_union_"

	keyField   = "key"
	valueField = "value"

	defaultPrecision = 64
	maxScale         = 1 << 16
)

// plan is what there is to know about a schema of the registry in order to read data that was written with it.
type plan struct {
	root     *node
	raw      bool // bytes at the top are written without their length
	anything bool // schemaless data in Confluent's wrapping
}

// newPlan converts a schema. The version is the one that the registry gives it, nil if there is none.
//
// Kafka: io.confluent.connect.avro.AvroData.toConnectSchema.
// Differs: values of logical types keep Connect's version 1 if the registry gives their schema another one, where Confluent's converter
// refuses them.
func newPlan(schema avro.Schema, s settings, version *int) (*plan, error) {
	c := compiler{settings: s, building: map[*avro.RecordSchema]*building{}, done: map[recordKey]*node{}}
	root, err := c.compile(schema, place{version: version})
	if err != nil {
		return nil, err
	}
	schema = resolve(schema)
	p := &plan{root: root, raw: schema.Type() == avro.Bytes}
	if r, ok := schema.(*avro.RecordSchema); ok {
		p.anything = r.FullName() == anythingName && root.op == opRecord && len(r.Fields()) == len(anythingFields)
	}
	return p, nil
}

// compiler converts one schema of the registry.
type compiler struct {
	settings
	building map[*avro.RecordSchema]*building
	done     map[recordKey]*node
	unions   int // for the names of sum types
	depth    int
}

// building is a record whose fields are being converted, which may refer to it.
type building struct {
	node     *node
	variants []*node // the same with another Optional
}

type recordKey struct {
	record   *avro.RecordSchema
	optional bool
}

// place is what a schema inherits from where it stands.
type place struct {
	optional   bool
	hasDefault bool
	def        any // JSON
	doc        string
	version    *int
}

func (p place) plain() bool { return !p.hasDefault && p.doc == "" && p.version == nil }

// properties is what all schemas can do.
type properties interface {
	Prop(string) any
	Props() map[string]any
}

func (c *compiler) compile(schema avro.Schema, p place) (*node, error) {
	if c.depth++; c.depth > maxSchemaDepth {
		return nil, schemaError("the schema is nested deeper than %d levels", maxSchemaDepth)
	}
	defer func() { c.depth-- }()
	if !c.discard {
		p.doc = "" // only there it matters
	}
	schema = resolve(schema)
	record, isRecord := schema.(*avro.RecordSchema)
	if isRecord {
		if b := c.building[record]; b != nil {
			return b.variant(p.optional), nil
		}
		if n := c.done[recordKey{record, p.optional}]; n != nil && p.plain() {
			return n, nil
		}
	}
	n := &node{schema: &connect.Schema{}}
	var b *building
	var err error
	switch s := schema.(type) {
	case *avro.UnionSchema:
		var finished *node
		if finished, err = c.union(n, s, p); finished != nil || err != nil {
			return finished, err
		}
	case *avro.RecordSchema:
		b = &building{node: n}
		c.building[s] = b
		err = c.record(n, s)
	case *avro.ArraySchema:
		err = c.array(n, s)
	case *avro.MapSchema:
		n.op, n.schema.Type, n.schema.Keys = opMap, connect.Map, connect.StringSchema
		if n.elem, err = c.compile(s.Values(), place{}); err == nil {
			n.schema.Values = n.elem.schema
		}
	case *avro.EnumSchema:
		c.enum(n, s)
	case *avro.FixedSchema:
		n.op, n.size = opFixed, s.Size()
		err = c.bytes(n, schema)
		setParam(n.schema, fixedSizeParam, strconv.Itoa(s.Size()))
	case *avro.PrimitiveSchema:
		err = c.primitive(n, s)
	case *avro.NullSchema:
		err = schemaError("Standalone null schemas are not supported by this converter")
	default:
		err = schemaError("Couldn't translate unsupported schema type %s.", schema.Type())
	}
	if err == nil {
		err = c.finish(n, schema, p)
	}
	if err != nil {
		return nil, err
	}
	if isRecord {
		for _, v := range b.variants {
			optional := v.schema.Optional
			*v.schema = *n.schema
			v.schema.Optional = optional
		}
		delete(c.building, record)
		if p.plain() {
			c.done[recordKey{record, p.optional}] = n
		}
	}
	return n, nil
}

// variant returns a node for a reference to the record from inside of it. Its schema is filled when the record is complete.
func (b *building) variant(optional bool) *node {
	for _, v := range b.variants {
		if v.schema.Optional == optional {
			return v
		}
	}
	v := &node{op: opRecord, layout: b.node.layout, schema: &connect.Schema{Type: connect.StructT, Optional: optional}}
	b.variants = append(b.variants, v)
	return v
}

func (c *compiler) primitive(n *node, s *avro.PrimitiveSchema) error {
	logical := logicalType(s)
	switch s.Type() {
	case avro.Boolean:
		n.op, n.schema.Type = opBoolean, connect.Boolean
	case avro.String:
		n.op, n.schema.Type = opString, connect.String
	case avro.Float:
		n.op, n.schema.Type = opFloat, connect.Float32
	case avro.Double:
		n.op, n.schema.Type = opDouble, connect.Float64
	case avro.Long:
		n.op, n.schema.Type = opLong, connect.Int64
		if logical == string(avro.TimestampMillis) {
			n.op = opTimestamp
			nameLogical(n.schema, connect.TimestampName)
		}
	case avro.Int:
		return c.int(n, s, logical)
	case avro.Bytes:
		n.op = opBytes
		return c.bytes(n, s)
	default:
		return schemaError("Couldn't translate unsupported schema type %s.", s.Type())
	}
	return nil
}

func (c *compiler) int(n *node, s *avro.PrimitiveSchema, logical string) error {
	n.op, n.schema.Type = opInt, connect.Int32
	annotation, _ := s.Prop(connectTypeKey).(string)
	switch {
	case logical == string(avro.Date):
		n.op = opDate
		nameLogical(n.schema, connect.DateName)
	case logical == string(avro.TimeMillis):
		n.op = opTime
		nameLogical(n.schema, connect.TimeName)
	case logical != "" || annotation == "":
	case annotation == "int8":
		n.op, n.schema.Type = opInt8, connect.Int8
	case annotation == "int16":
		n.op, n.schema.Type = opInt16, connect.Int16
	default:
		return schemaError("Connect type annotation for Avro int field is null")
	}
	return nil
}

// bytes converts bytes and fixed, which can be decimals.
func (c *compiler) bytes(n *node, schema avro.Schema) error {
	n.schema.Type = connect.Bytes
	if logicalType(schema) != string(avro.Decimal) {
		return nil
	}
	scale, precision, err := decimalProps(schema)
	if err != nil {
		return err
	}
	if scale > maxScale || scale < -maxScale {
		return schemaError("the scale %d of a decimal is out of range", scale)
	}
	if n.scale = scale; n.op == opFixed {
		n.op = opFixedDecimal
	} else {
		n.op = opDecimal
	}
	nameLogical(n.schema, connect.DecimalName)
	setParam(n.schema, scaleParam, strconv.Itoa(scale))
	if precision >= 0 && precision != defaultPrecision {
		setParam(n.schema, precisionParam, strconv.Itoa(precision))
	}
	return nil
}

// decimalProps returns scale and precision, which may be missing (0 and -1).
func decimalProps(schema avro.Schema) (scale, precision int, err error) {
	if l, ok := schema.(avro.LogicalTypeSchema); ok {
		if d, ok := l.Logical().(*avro.DecimalLogicalSchema); ok {
			return d.Scale(), d.Precision(), nil
		}
	}
	p, _ := schema.(properties)
	if f, ok := p.Prop("scale").(float64); ok {
		scale = int(f)
	}
	switch f := p.Prop("precision").(type) {
	case nil:
		precision = -1
	case float64:
		precision = int(f)
	default:
		err = schemaError("precision property must be a JSON Integer. https://avro.apache.org/docs/1.9.1/spec.html#Decimal")
	}
	return scale, precision, err
}

func (c *compiler) array(n *node, s *avro.ArraySchema) error {
	if entry, ok := resolve(s.Items()).(*avro.RecordSchema); ok && isMapEntry(entry) {
		return c.entries(n, entry)
	}
	n.op, n.schema.Type = opArray, connect.Array
	var err error
	if n.elem, err = c.compile(s.Items(), place{}); err == nil {
		n.schema.Values = n.elem.schema
	}
	return err
}

func isMapEntry(s *avro.RecordSchema) bool {
	return s.Namespace() == namespace && s.Name() == mapEntryName || s.Prop(internalTypeKey) == mapEntryName
}

// entries converts a map whose keys are no texts: an array of records with key and value.
func (c *compiler) entries(n *node, entry *avro.RecordSchema) error {
	fields := entry.Fields()
	if len(fields) != 2 || fields[0].Name() != keyField && fields[0].Name() != valueField || fields[0].Name() == fields[1].Name() ||
		fields[1].Name() != keyField && fields[1].Name() != valueField {
		return schemaError("Found map encoded as array of key-value pairs, but array elements do not match the expected format.")
	}
	n.op, n.schema.Type = opEntries, connect.Map
	for i, f := range fields {
		m, err := c.compile(f.Type(), place{})
		if err != nil {
			return err
		}
		if f.Name() == keyField {
			n.key, n.schema.Keys, n.swapped = m, m.schema, i == 1
		} else {
			n.elem, n.schema.Values = m, m.schema
		}
	}
	switch n.key.schema.Type {
	case connect.Bytes:
		if n.key.schema.Name == connect.DecimalName {
			return nil
		}
		fallthrough
	case connect.Array, connect.Map:
		return schemaError("a map with keys of type %s cannot be held", n.key.schema.Type)
	}
	return nil
}

func (c *compiler) enum(n *node, s *avro.EnumSchema) {
	n.op, n.symbols, n.schema.Type = opEnum, s.Symbols(), connect.String
	if c.metaData {
		if s.Doc() != "" {
			key := enumDocParam + s.Name()
			if c.discard {
				key = connectEnumDocKey
			}
			setParam(n.schema, key, s.Doc())
		}
		if !c.discard && s.HasDefault() {
			setParam(n.schema, enumDefaultParam+s.Name(), s.Default())
		}
	}
	param := enumParam
	if c.sumTypes {
		param = sumEnumParam
	}
	setParam(n.schema, param, s.FullName())
	for i, symbol := range n.symbols {
		text := symbol
		if c.sumTypes {
			text = strconv.Itoa(i)
		}
		setParam(n.schema, param+"."+symbol, text)
	}
}

func (c *compiler) record(n *node, s *avro.RecordSchema) error {
	n.op, n.schema.Type, n.layout = opRecord, connect.StructT, &layout{}
	if !c.discard && c.metaData && s.Doc() != "" {
		setParam(n.schema, recordDocParam, s.Doc())
	}
	fields := make([]connect.Field, 0, len(s.Fields()))
	nodes := make([]*node, 0, len(s.Fields()))
	for _, f := range s.Fields() {
		if !c.discard && c.metaData && f.Doc() != "" {
			setParam(n.schema, fieldDocParam+f.Name(), f.Doc())
		}
		def, given := readProp(f, defaultProp)
		m, err := c.compile(f.Type(), place{hasDefault: given, def: def, doc: f.Doc()})
		if err != nil {
			return in(f.Name(), err)
		}
		if params, ok := f.Prop(connectParametersKey).(map[string]any); ok && c.metaData {
			m = withParams(m, params)
		}
		fields = append(fields, connect.Field{Name: f.Name(), Schema: m.schema})
		nodes = append(nodes, m)
	}
	n.schema.Fields, n.layout.fields, n.layout.complete = fields, nodes, true
	return nil
}

// withParams returns n with further parameters in its schema.
func withParams(n *node, params map[string]any) *node {
	with, schema := *n, *n.schema
	schema.Parameters = maps.Clone(schema.Parameters)
	for k, v := range params {
		setParam(&schema, k, fmt.Sprint(v))
	}
	with.schema = &schema
	if n.op == opOptional || n.op == opSingle {
		elem := *n.elem
		elem.schema, with.elem = &schema, &elem
	}
	return &with
}

// union converts a union. One of null and another type, or of one type only, is that type: then the finished node is returned.
func (c *compiler) union(n *node, s *avro.UnionSchema, p place) (*node, error) {
	types := s.Types()
	if len(types) == 1 && c.flattenSingle {
		elem, err := c.compile(types[0], place{doc: p.doc})
		if err != nil {
			return nil, err
		}
		*n = node{op: opSingle, schema: elem.schema, elem: elem}
		return n, nil
	}
	if s.Nullable() {
		null, other := s.Indices()
		elem, err := c.compile(types[other], place{optional: true, doc: p.doc})
		if err != nil {
			return nil, err
		}
		*n = node{op: opOptional, schema: elem.schema, null: int64(null), elem: elem}
		return n, nil
	}
	n.op, n.schema.Type, n.schema.Name = opUnion, connect.StructT, unionName
	if c.sumTypes {
		n.schema.Name = sumPrefix + strconv.Itoa(c.unions)
		c.unions++
		setParam(n.schema, sumUnionParam, n.schema.Name)
	}
	names := map[string]bool{}
	for i, t := range types {
		if t.Type() == avro.Null {
			n.schema.Optional = true
			n.members = append(n.members, member{})
			continue
		}
		name := c.memberName(resolve(t), i)
		if names[name] {
			return nil, schemaError("Multiple union schemas map to the Connect union field name")
		}
		names[name] = true
		elem, err := c.compile(t, place{optional: true})
		if err != nil {
			return nil, err
		}
		n.members = append(n.members, member{node: elem, field: len(n.schema.Fields)})
		n.schema.Fields = append(n.schema.Fields, connect.Field{Name: name, Schema: elem.schema})
	}
	return nil, nil
}

// memberName is the name of the field that a type of a union gets.
func (c *compiler) memberName(s avro.Schema, index int) string {
	if c.sumTypes {
		return sumPrefix + "field_" + strconv.Itoa(index)
	}
	named, ok := s.(avro.NamedSchema)
	switch {
	case !ok:
		return string(s.Type())
	case c.enhanced:
		return named.FullName()
	case c.scrub:
		return scrub(named.Name())
	}
	return named.Name()
}
