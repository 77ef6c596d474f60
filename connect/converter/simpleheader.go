package converter

import (
	"encoding/base64"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"sluice/connect"
	"sluice/internal/javahash"
)

var simpleHeaderConfig = connect.NewConfigDef()

// SimpleHeader reads a header as text and infers the type from what it looks like:
//
//	null             nil, without a schema
//	true, false      BOOLEAN
//	5, 1e2, 1.0      the smallest of INT8, INT16, INT32, INT64 that holds it; beyond 64 bits a Decimal
//	2.5              FLOAT32 if it is in range, else FLOAT64
//	2024-01-02       Date; 03:04:05.678Z is a Time, 2024-01-02T03:04:05.678Z a Timestamp
//	[1,2.5]          ARRAY of the type that all items can have; if there is none, its schema has no type of items
//	{a:1}            MAP, likewise
//	anything else    STRING, as it is
//
// Blanks around numbers and booleans do not count. It writes the text of a value.
//
// Differs: times are in UTC, where Java takes the time zone of its machine; dates before 1582 are Gregorian; a map with decimals, lists or
// maps for keys is a STRING.
//
// Kafka: org.apache.kafka.connect.storage.SimpleHeaderConverter.
type SimpleHeader struct{}

// NewSimpleHeader returns a converter.
func NewSimpleHeader() *SimpleHeader { return &SimpleHeader{} }

// Config returns the settings: there are none.
func (*SimpleHeader) Config() *connect.ConfigDef { return simpleHeaderConfig }

// Configure does nothing.
func (*SimpleHeader) Configure(map[string]string) error { return nil }

// ToConnectHeader reads a header's value. No bytes are a null, as is the text null.
func (*SimpleHeader) ToConnectHeader(_, _ string, data []byte) (connect.SchemaAndValue, error) {
	if data == nil {
		return connect.SchemaAndValue{}, nil
	}
	return inferValue(DecodeUTF8(data)), nil
}

// ParseText infers a value from a text, with the rules of [SimpleHeader].
//
// Kafka: org.apache.kafka.connect.data.Values.parseString.
func ParseText(text string) connect.SchemaAndValue { return inferValue(text) }

// FromConnectHeader writes the text of a value. A null has no bytes.
func (*SimpleHeader) FromConnectHeader(_, _ string, v connect.SchemaAndValue) ([]byte, error) {
	if v.Value == nil {
		return nil, nil
	}
	var b strings.Builder
	if err := writeValue(&b, v.Value, false); err != nil {
		return nil, err
	}
	return []byte(b.String()), nil
}

// writeValue writes a value such that inferValue reads it back: texts inside of lists and maps are quoted, bytes are base64.
//
// Kafka: org.apache.kafka.connect.data.Values.append.
func writeValue(b *strings.Builder, v any, embedded bool) error {
	switch v := v.(type) {
	case nil, bool, int8, int16, int32, int64, float32, float64, number, connect.Decimal:
		b.WriteString(JavaString(v))
	case string:
		writeQuoted(b, v, embedded)
	case []byte:
		writeQuoted(b, base64.StdEncoding.EncodeToString(v), embedded)
	case connect.RawJSON:
		return writeValue(b, readTree(v), embedded)
	case time.Time:
		b.WriteString(v.UTC().Format(temporalLayout(v)))
	case []any:
		b.WriteByte('[')
		for i, item := range v {
			if i > 0 {
				b.WriteByte(',')
			}
			if err := writeValue(b, item, true); err != nil {
				return err
			}
		}
		b.WriteByte(']')
	case *object:
		return writeEntries(b, hashOrder(v.names, javahash.String), func(i int) (any, any) { return v.names[i], v.values[i] })
	case map[string]any:
		names := sortedNames(v)
		return writeEntries(b, hashOrder(names, javahash.String), func(i int) (any, any) { return names[i], v[names[i]] })
	case map[any]any:
		keys := sortedKeys(v)
		return writeEntries(b, hashOrder(keys, hashOf), func(i int) (any, any) { return keys[i], v[keys[i]] })
	case *connect.Struct:
		order := make([]int, len(v.Values))
		for i := range order {
			order[i] = i
		}
		return writeEntries(b, order, func(i int) (any, any) { return v.Schema.Fields[i].Name, v.Values[i] })
	default:
		return dataError("Failed to serialize unexpected value type %s: %s", strings.TrimPrefix(javaClass(v), "class "), JavaString(v))
	}
	return nil
}

func writeQuoted(b *strings.Builder, s string, embedded bool) {
	if !embedded {
		b.WriteString(s)
		return
	}
	b.WriteByte('"')
	b.WriteString(strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s))
	b.WriteByte('"')
}

func writeEntries(b *strings.Builder, order []int, entry func(i int) (key, value any)) error {
	b.WriteByte('{')
	for n, i := range order {
		if n > 0 {
			b.WriteByte(',')
		}
		k, v := entry(i)
		if err := writeValue(b, k, true); err != nil {
			return err
		}
		b.WriteByte(':')
		if err := writeValue(b, v, true); err != nil {
			return err
		}
	}
	b.WriteByte('}')
	return nil
}

const (
	dateLayout      = "2006-01-02"
	timeLayout      = "15:04:05.000Z"
	timestampLayout = dateLayout + "T" + timeLayout
)

// temporalLayout tells days, times and instants apart by the value, since their types are the same.
func temporalLayout(t time.Time) string {
	switch ms := t.UnixMilli(); {
	case ms < millisPerDay:
		return timeLayout
	case ms%millisPerDay == 0:
		return dateLayout
	}
	return timestampLayout
}

// parseTemporal reads a text that has the length of a date (2024-01-02), a time (03:04:05.678Z) or a timestamp (both with a T in between). Java's
// parser is lenient, and so is this one: the 13th month is January of the next year, and what follows the last field does not count.
// The zone is UTC, where Java takes its default.
func parseTemporal(text string) (connect.SchemaAndValue, bool) {
	text = strings.ReplaceAll(text, `\:`, ":")
	p := temporalParser{text: text}
	year, month, day := int64(1970), int64(1), int64(1)
	var name string
	var clock time.Duration
	switch len(text) {
	case len(dateLayout):
		name = connect.DateName
		year, month, day = p.number("-"), p.number("-"), p.number("")
	case len(timeLayout):
		name = connect.TimeName
		clock = p.clock()
	case len(timestampLayout):
		name = connect.TimestampName
		year, month, day = p.number("-"), p.number("-"), p.number("T")
		clock = p.clock()
	}
	if name == "" || p.failed {
		return connect.SchemaAndValue{}, false
	}
	t := time.Date(int(year), time.Month(month), int(day), 0, 0, 0, 0, time.UTC).Add(clock)
	return connect.SchemaAndValue{Schema: temporalSchemas[name], Value: t}, true
}

var temporalSchemas = func() map[string]*connect.Schema {
	version := 1
	return map[string]*connect.Schema{
		connect.DateName:      {Type: connect.Int32, Name: connect.DateName, Version: &version},
		connect.TimeName:      {Type: connect.Int32, Name: connect.TimeName, Version: &version},
		connect.TimestampName: {Type: connect.Int64, Name: connect.TimestampName, Version: &version},
	}
}()

type temporalParser struct {
	text   string
	failed bool
}

func (p *temporalParser) clock() time.Duration {
	return time.Duration(p.number(":"))*time.Hour + time.Duration(p.number(":"))*time.Minute +
		time.Duration(p.number("."))*time.Second + time.Duration(p.number("Z"))*time.Millisecond
}

// number reads a whole number, after blanks, and the separator after it.
func (p *temporalParser) number(separator string) int64 {
	p.text = strings.TrimLeft(p.text, " \t")
	end := 0
	if strings.HasPrefix(p.text, "-") {
		end++
	}
	for end < len(p.text) && isDigit(p.text[end]) {
		end++
	}
	n, err := strconv.ParseInt(p.text[:end], 10, 64)
	p.text = p.text[end:]
	if err != nil || !strings.HasPrefix(p.text, separator) {
		p.failed = true
		return 0
	}
	p.text = p.text[len(separator):]
	return n
}

// startsWithDigit reports whether a text starts with a digit.
func startsWithDigit(s string) bool {
	c, _ := utf8.DecodeRuneInString(s)
	return c < utf8.RuneSelf && isDigit(byte(c))
}
