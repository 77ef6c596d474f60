package converter

import (
	"fmt"

	"sluice/connect"
)

// Settings of the JsonConverter.
const (
	SchemasEnableConfig          = "schemas.enable"
	SchemasCacheSizeConfig       = "schemas.cache.size"
	DecimalFormatConfig          = "decimal.format"
	ReplaceNullWithDefaultConfig = "replace.null.with.default"
)

var jsonConfig = connect.NewConfigDef(
	typeKey,
	connect.ConfigKey{Name: SchemasEnableConfig, Type: connect.TypeBoolean, Default: true, Importance: connect.High,
		Doc:   "Whether each key or value is an object with the two fields schema and payload. If false it is plain JSON without a schema.",
		Group: "Schemas", Order: 0, Width: connect.WidthMedium, DisplayName: "Enable Schemas"},
	connect.ConfigKey{Name: SchemasCacheSizeConfig, Type: connect.TypeInt, Default: int64(1000), Importance: connect.High,
		Doc:   "How many schemas are kept so that they need not be read again for every record.",
		Group: "Schemas", Order: 1, Width: connect.WidthMedium, DisplayName: "Schema Cache Size"},
	connect.ConfigKey{Name: DecimalFormatConfig, Type: connect.TypeString, Default: "BASE64", Importance: connect.Low,
		Validator: connect.OneOfFold("NUMERIC", "BASE64"),
		Doc:       "How values of the Decimal type are written: BASE64 for their bytes, NUMERIC for a JSON number. Both are understood when reading.",
		Group:     "Serialization", Order: 0, Width: connect.WidthMedium, DisplayName: "Decimal Format"},
	connect.ConfigKey{Name: ReplaceNullWithDefaultConfig, Type: connect.TypeBoolean, Default: true, Importance: connect.Low,
		Doc:   "Whether a field that is null or missing gets the default value of its schema. If false it stays null.",
		Group: "Serialization", Order: 1, Width: connect.WidthMedium, DisplayName: "Replace null with default"},
)

// JSON reads and writes JSON, with or without schemas.
//
// Without schemas a value is checked and handed on as [connect.RawJSON], undecoded; nothing but a null, an empty or a blank text gives nil.
// With schemas each text is an envelope
//
//	{"schema":{"type":"struct","fields":[{"field":"id","type":"int32"}]},"payload":{"id":1}}
//
// and the value is decoded by its schema.
//
// Differs: an unpaired surrogate in a text becomes U+FFFD, since strings of Go are Unicode.
//
// Kafka: org.apache.kafka.connect.json.JsonConverter.
type JSON struct {
	schemas        bool
	defaults       bool // replace.null.with.default
	numericDecimal bool
	cache          schemaCache
	payloads       payloadReader
}

// NewJSON returns a converter that has to be configured.
func NewJSON() *JSON { return &JSON{} }

// Config returns the settings.
func (*JSON) Config() *connect.ConfigDef { return jsonConfig }

// Configure sets the converter up.
func (c *JSON) Configure(props map[string]string, isKey bool) error {
	cfg, err := parse(jsonConfig, props, isKey)
	if err != nil {
		return err
	}
	c.schemas = cfg.Bool(SchemasEnableConfig)
	c.defaults = cfg.Bool(ReplaceNullWithDefaultConfig)
	c.payloads.jsonReader = jsonReader{defaults: c.defaults}
	format := cfg.String(DecimalFormatConfig)
	c.numericDecimal = len(format) == len("NUMERIC") // the definition allows no other text of this length
	c.cache = newSchemaCache(int(cfg.Int(SchemasCacheSizeConfig)))
	return nil
}

// readFailed is the outer message of everything that is not JSON; the reason is in the cause.
const readFailed = "Converting byte[] to Kafka Connect data failed due to serialization error: "

// needsEnvelope is the message for JSON that is no envelope.
const needsEnvelope = `JsonConverter with schemas.enable requires "schema" and "payload" fields and may not contain additional fields.` +
	" If you are trying to deserialize plain JSON data, set schemas.enable=false in your converter configuration."

// ToConnect reads a text. Without schemas the result shares memory with data.
func (c *JSON) ToConnect(_ string, _ []connect.RawHeader, data []byte) (connect.SchemaAndValue, error) {
	if data == nil {
		return connect.SchemaAndValue{}, nil
	}
	if c.schemas {
		if v, ok := c.fromKnownEnvelope(data); ok {
			return v, nil
		}
	}
	value, _, err := checked(data)
	switch {
	case err != nil:
		return connect.SchemaAndValue{}, &connect.DataError{Message: readFailed, Cause: err}
	case c.schemas:
		return c.fromEnvelope(value, data)
	case isNull(value):
		return connect.SchemaAndValue{}, nil
	}
	return connect.SchemaAndValue{Value: connect.RawJSON(value)}, nil
}

// ToRawJSON implements [connect.RawJSONConverter]: it succeeds if there are no schemas, the data is UTF-8 and the value is no null.
func (c *JSON) ToRawJSON(data []byte) (connect.RawJSON, bool) {
	if c.schemas || data == nil {
		return nil, false
	}
	value, shares, err := checked(data)
	return value, err == nil && shares && !isNull(value)
}

// checked returns the first value of a text, which is empty if there is none, and whether it shares memory with data: it does if the text is UTF-8.
func checked(data []byte) (value []byte, shares bool, _ error) {
	text, start, err := toUTF8(data)
	if err != nil {
		return nil, false, err
	}
	s := scanner{data: text, pos: start}
	if !s.scan() {
		return nil, false, s.err()
	}
	value = text[s.start:s.end:s.end] // whoever appends to it must not write into the fetched batch
	if s.illFormed {
		return respell(value), false, nil
	}
	return value, len(text) > 0 && &text[0] == &data[0], nil
}

// isNull reports whether a value that was checked is null, or none at all.
func isNull(value []byte) bool { return len(value) == 0 || value[0] == 'n' }

// FromConnect writes a value. A nil value without a schema gives nil.
func (c *JSON) FromConnect(_ string, v connect.SchemaAndValue) ([]byte, error) {
	if v.Schema == nil && v.Value == nil {
		return nil, nil
	}
	w := jsonWriter{defaults: c.defaults, numericDecimal: c.numericDecimal}
	if !c.schemas {
		if err := w.value(v.Schema, v.Value); err != nil {
			return nil, err
		}
		return w.out, nil
	}
	w.raw(`{"schema":`)
	if err := w.schema(v.Schema); err != nil {
		return nil, err
	}
	w.raw(`,"payload":`)
	if err := w.value(v.Schema, v.Value); err != nil {
		return nil, err
	}
	w.raw("}")
	return w.out, nil
}

func dataError(format string, args ...any) *connect.DataError {
	return &connect.DataError{Message: fmt.Sprintf(format, args...)}
}
