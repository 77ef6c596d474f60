package avro

import (
	"fmt"
	"strings"

	"github.com/hamba/avro/v2"

	"sluice/connect"
)

// finish gives a schema what all types have in common.
func (c *compiler) finish(n *node, schema avro.Schema, p place) error {
	props, ok := schema.(properties)
	if !ok { // a union has none
		props = noProperties{}
	}
	s := n.schema
	c.document(s, schema, props, p)
	if err := setVersion(s, props, p); err != nil {
		return err
	}
	if params := props.Prop(connectParametersKey); c.metaData && params != nil {
		m, ok := params.(map[string]any)
		if !ok {
			return schemaError("Expected JSON object for schema parameters but found: %v", params)
		}
		for k, v := range m {
			text, ok := v.(string)
			if !ok {
				return schemaError("Expected schema parameter values to be strings but found: %v", v)
			}
			setParam(s, k, text)
		}
	}
	for k, v := range props.Props() {
		if strings.HasPrefix(k, "avro") {
			setParam(s, k, fmt.Sprint(v))
		}
	}
	def, given := readProp(props, connectDefaultProp)
	if p.hasDefault {
		if !c.discard && c.metaData && !given {
			setParam(s, fieldDefaultParam, "true")
		}
		def, given = p.def, true
	}
	if given {
		if v, ok := c.defaultValue(n, def); ok {
			s.Default = v // one that does not fit is no default
		}
	}
	if err := setName(s, schema, props); err != nil {
		return err
	}
	s.Optional = s.Optional || p.optional
	return nil
}

func (c *compiler) document(s *connect.Schema, schema avro.Schema, props properties, p place) {
	doc, _ := props.Prop(connectDocKey).(string)
	if !c.discard {
		if c.metaData {
			s.Doc = doc
		}
		return
	}
	own := ""
	switch schema := schema.(type) {
	case *avro.RecordSchema:
		own = schema.Doc()
	case *avro.EnumSchema:
		own = schema.Doc()
	case *avro.FixedSchema:
		own, _ = schema.Prop("doc").(string)
	}
	switch {
	case p.doc != "":
		s.Doc = p.doc
	case own != "":
		s.Doc = own
	default:
		s.Doc = doc
	}
	if c.metaData && own != "" {
		setParam(s, connectRecordDocKey, own)
	}
}

func setVersion(s *connect.Schema, props properties, p place) error {
	switch v := props.Prop(connectVersionKey).(type) {
	case nil:
		if s.Version == nil {
			s.Version = p.version
		}
	case float64:
		version := int(v)
		if s.Version != nil && *s.Version != version {
			return schemaError("Mismatched versions: version already added to SchemaBuilder (%d) differs from version in source schema (%d)", *s.Version, version)
		}
		if version >= 0 {
			s.Version = &version
		}
	default:
		return schemaError("Invalid Connect version found: %v", v)
	}
	return nil
}

func setName(s *connect.Schema, schema avro.Schema, props properties) error {
	name := ""
	switch v := props.Prop(connectNameKey).(type) {
	case nil:
		if named, ok := schema.(avro.NamedSchema); ok && s.Name != connect.DecimalName {
			name = named.FullName()
		}
	case string:
		name = v
	default:
		return schemaError("Invalid schema name: %v", v)
	}
	switch {
	case name == "" || strings.HasPrefix(name, namespace+"."+defaultName):
	case s.Name == "":
		s.Name = name
	case s.Name != name:
		return schemaError("Mismatched names: name already added to SchemaBuilder (%s) differs from name in source schema (%s)", s.Name, name)
	}
	return nil
}

// nameLogical makes a schema one of Connect's logical types, whose version is 1.
func nameLogical(s *connect.Schema, name string) {
	version := 1
	s.Name, s.Version = name, &version
}

func setParam(s *connect.Schema, key, value string) {
	if s.Parameters == nil {
		s.Parameters = map[string]string{}
	}
	s.Parameters[key] = value
}

// logicalType returns the logicalType of a schema in lower case, whether the parser has recognized it or not.
func logicalType(schema avro.Schema) string {
	if l, ok := schema.(avro.LogicalTypeSchema); ok {
		if logical := l.Logical(); logical != nil {
			return string(logical.Type())
		}
	}
	if p, ok := schema.(properties); ok {
		name, _ := p.Prop("logicalType").(string)
		return strings.ToLower(name)
	}
	return ""
}

type noProperties struct{}

func (noProperties) Prop(string) any       { return nil }
func (noProperties) Props() map[string]any { return nil }
