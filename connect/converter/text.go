package converter

import (
	"encoding/binary"
	"strings"

	"sluice/connect"
)

// EncodingConfig names the character set of a StringConverter.
const EncodingConfig = "converter.encoding"

var stringConfig = connect.NewConfigDef(
	typeKey,
	connect.ConfigKey{Name: EncodingConfig, Type: connect.TypeString, Default: "UTF-8", Importance: connect.High,
		Doc:   "The name of the character set that texts are read and written in.",
		Width: connect.WidthMedium, DisplayName: "Encoding"},
)

// String reads bytes as text and writes any value as its text. The schema of what it reads is an optional string. Bytes that are no
// text in the character set become U+FFFD.
//
// Known character sets are UTF-8, US-ASCII, ISO-8859-1, UTF-16, UTF-16BE and UTF-16LE.
//
// Kafka: org.apache.kafka.connect.storage.StringConverter.
type String struct {
	charset charset
}

// NewString returns a converter that has to be configured.
func NewString() *String { return &String{} }

// Config returns the settings.
func (*String) Config() *connect.ConfigDef { return stringConfig }

// Configure sets the converter up. An unknown character set is a [*SerializationError], as in Kafka.
func (c *String) Configure(props map[string]string, isKey bool) error {
	cfg, err := parse(stringConfig, props, isKey)
	if err != nil {
		return err
	}
	name := cfg.String(EncodingConfig)
	cs, ok := charsets[strings.ToUpper(name)]
	if !ok {
		return &SerializationError{Message: "Unsupported encoding " + name,
			Cause: &javaError{class: "java.nio.charset.UnsupportedCharsetException", text: name}}
	}
	c.charset = cs
	return nil
}

// ToConnect reads a text.
func (c *String) ToConnect(_ string, _ []connect.RawHeader, data []byte) (connect.SchemaAndValue, error) {
	if data == nil {
		return connect.SchemaAndValue{Schema: connect.OptionalStringSchema}, nil
	}
	return connect.SchemaAndValue{Schema: connect.OptionalStringSchema, Value: c.charset.decode(data)}, nil
}

// FromConnect writes the text of a value, see [JavaString].
func (c *String) FromConnect(_ string, v connect.SchemaAndValue) ([]byte, error) {
	if v.Value == nil {
		return nil, nil
	}
	return c.charset.encode(JavaString(v.Value)), nil
}

// charset reads and writes texts in one character set.
type charset struct {
	decode func([]byte) string
	encode func(string) []byte
}

// charsets has the character sets by their names and the most common other names that Java knows them by.
var charsets = map[string]charset{
	"UTF-8":      {DecodeUTF8, encodeUTF8},
	"UTF8":       {DecodeUTF8, encodeUTF8},
	"US-ASCII":   {decodeBelow(0x80), encodeBelow(0x80)},
	"ASCII":      {decodeBelow(0x80), encodeBelow(0x80)},
	"ISO-8859-1": {decodeBelow(0x100), encodeBelow(0x100)},
	"ISO8859_1":  {decodeBelow(0x100), encodeBelow(0x100)},
	"LATIN1":     {decodeBelow(0x100), encodeBelow(0x100)},
	"UTF-16BE":   {decodeUTF16(binary.BigEndian), encodeUTF16(nil)},
	"UTF-16LE":   {decodeUTF16(binary.LittleEndian), encodeUTF16LE},
	"UTF-16":     {decodeMarkedUTF16, encodeUTF16([]byte{0xfe, 0xff})},
}
