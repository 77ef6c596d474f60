package transform

import (
	"strings"

	"sluice/connect"
)

// fieldsToHeaders adds fields, or the whole, to the headers and leaves them where they are. Unlike headerFrom it takes a null for the whole, and
// refuses fields that a schema does not have.
//
// Camel: org.apache.camel.kafkaconnector.transforms.FieldsToHeadersTransform.
type fieldsToHeaders struct {
	unheld
	side    side
	fields  []string // none: the whole
	headers []string // one for each field at least
	object  object
}

var fieldsToHeadersConfig = connect.NewConfigDef(
	connect.ConfigKey{Name: fieldsConfig, Type: connect.TypeList, Default: []string{}, Importance: connect.Medium,
		Doc: "The names of the fields whose values become headers. None: the whole key or value becomes the first of the headers."},
	connect.ConfigKey{Name: headersConfig, Type: connect.TypeList, Required: true, Importance: connect.Medium,
		Doc: "The names of the headers, in the order of the fields. Those that no field is left for are ignored."},
)

// Config returns the settings.
func (*fieldsToHeaders) Config() *connect.ConfigDef { return fieldsToHeadersConfig }

// Configure sets the transform up.
func (t *fieldsToHeaders) Configure(props map[string]string) error {
	cfg, err := parse(fieldsToHeadersConfig, props)
	if err != nil {
		return err
	}
	t.fields, t.headers = cfg.List(fieldsConfig), cfg.List(headersConfig)
	for _, name := range t.headers {
		if trim(name) == "" {
			return javaErr(illegalArgument, "fields configuration property cannot be null (can be an empty string if you want the whole value/key), "+
				"headers configuration property cannot be null or contain empty elements.")
		}
	}
	if len(t.fields) > len(t.headers) {
		return javaErr(illegalArgument, "There is no corresponding header(s) configured for the following field(s): "+strings.Join(t.fields[len(t.headers):], ","))
	}
	return nil
}

// Apply makes the headers. A field that a map does not have is a header with a null; in a struct it is an error.
func (t *fieldsToHeaders) Apply(r *connect.SinkRecord) (*connect.SinkRecord, error) {
	schema, value := t.side.get(r)
	if len(t.fields) == 0 {
		if len(t.headers) == 0 {
			return nil, javaErr(indexOutOfBounds, "Index: 0")
		}
		value, err := connect.Decode(value) // raw JSON stands alone
		if err != nil {
			return nil, causedBy(err, err.Error())
		}
		return withHeader(r, connect.Header{Key: t.headers[0], Schema: schema, Value: value}), nil
	}
	var headers []connect.Header
	var err error
	if schema == nil {
		headers, err = t.fromMap(value)
	} else {
		headers, err = t.fromStruct(schema, value)
	}
	if err != nil {
		return nil, err
	}
	return withHeader(r, headers...), nil
}

const fieldsToHeadersPurpose = "fields extraction to headers"

func (t *fieldsToHeaders) fromMap(value any) ([]connect.Header, error) {
	if value == nil {
		value = map[string]any{}
	}
	if err := t.object.open(value, fieldsToHeadersPurpose); err != nil {
		return nil, err
	}
	defer t.object.close()
	headers := make([]connect.Header, len(t.fields))
	for i, name := range t.fields {
		v, err := t.object.get(name)
		if err != nil {
			return nil, err
		}
		headers[i] = connect.Header{Key: t.headers[i], Value: v}
	}
	return headers, nil
}

func (t *fieldsToHeaders) fromStruct(schema *connect.Schema, value any) ([]connect.Header, error) {
	s, err := requireStructOrNull(value, fieldsToHeadersPurpose)
	if err != nil {
		return nil, err
	}
	headers := make([]connect.Header, len(t.fields))
	for i, name := range t.fields {
		field, err := fieldOf(schema, name)
		switch {
		case err != nil:
			return nil, err
		case field == nil:
			return nil, javaErr(illegalArgument, "Unknown field: "+name)
		case s == nil:
			return nil, javaErr(nullPointer, `Cannot invoke "org.apache.kafka.connect.data.Struct.get(String)" because "this.struct" is null`)
		}
		headers[i] = connect.Header{Key: t.headers[i], Schema: field, Value: fieldValue(s, fieldIndex(s.Schema, name), true)}
	}
	return headers, nil
}
