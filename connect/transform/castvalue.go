package transform

import (
	"encoding/base64"
	"math"
	"strconv"
	"strings"
	"time"

	"sluice/connect"
)

const millisPerDay = 24 * 60 * 60 * 1000

// typeOf returns the type of a value without schema, "" if it needs a schema, as decimals and times do.
//
// Kafka: org.apache.kafka.connect.data.ConnectSchema.schemaType.
func typeOf(v any) connect.Type {
	switch v.(type) {
	case bool:
		return connect.Boolean
	case int8:
		return connect.Int8
	case int16:
		return connect.Int16
	case int32:
		return connect.Int32
	case int64:
		return connect.Int64
	case float32:
		return connect.Float32
	case float64:
		return connect.Float64
	case string:
		return connect.String
	case []byte:
		return connect.Bytes
	case []any:
		return connect.Array
	case map[string]any, map[any]any:
		return connect.Map
	case *connect.Struct:
		return connect.StructT
	}
	return ""
}

// physical returns the number that stands for a time of a logical type. Values of other schemas come back as they are.
//
// Kafka: Date.fromLogical, Time.fromLogical, Timestamp.fromLogical.
func physical(schema *connect.Schema, v any) (any, error) {
	t, ok := v.(time.Time)
	if !ok {
		return v, nil
	}
	ms := t.UnixMilli()
	switch schema.Name {
	case connect.DateName:
		if ms%millisPerDay != 0 {
			return nil, connect.NewDataError("Kafka Connect Date type should not have any time fields set to non-zero values.")
		}
		return int32(ms / millisPerDay), nil
	case connect.TimeName:
		if ms < 0 || ms > millisPerDay {
			return nil, connect.NewDataError("Kafka Connect Time type should not have any date fields set to non-zero values.")
		}
		return int32(ms), nil
	case connect.TimestampName:
		return ms, nil
	}
	return v, nil
}

// castToString returns the text of a value: of a time in the form that fits it, of bytes in base64.
func (t *cast) castToString(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case int64:
		return strconv.FormatInt(v, 10)
	case time.Time:
		layout := "2006-01-02T15:04:05.000Z"
		switch ms := v.UnixMilli(); {
		case ms < millisPerDay:
			layout = "15:04:05.000Z"
		case ms%millisPerDay == 0:
			layout = "2006-01-02"
		}
		return v.UTC().Format(layout)
	case []byte:
		return base64.StdEncoding.EncodeToString(v)
	}
	return t.text(v)
}

// castToPrimitive returns a number, boolean or text as a number or boolean, with Java's narrowing.
func castToPrimitive(v any, to connect.Type, text func(any) string) (any, error) {
	switch v := v.(type) {
	case string:
		out, err := parsePrimitive(v, to)
		if err != nil {
			return nil, causedBy(err, "Value ("+v+") was out of range for requested data type")
		}
		return out, nil
	case bool:
		n := int64(0)
		if v {
			n = 1
		}
		return narrow(wide{whole: n, float: float64(n)}, to), nil
	}
	n, ok := number(v, text)
	if !ok {
		return nil, connect.NewDataError("Unexpected type in Cast transformation: class %s", javaClass(v))
	}
	return narrow(n, to), nil
}

// wide is a number as Number.longValue and Number.doubleValue give it. Of a floating point number Java takes int, short and byte by way of an int.
type wide struct {
	whole   int64
	float   float64
	float32 float32
	isFloat bool // whole is not what ints and smaller come from
	is32    bool // float32 is the number itself
}

// number returns a numeric value.
func number(v any, text func(any) string) (wide, bool) {
	switch v := v.(type) {
	case int8:
		return wide{whole: int64(v), float: float64(v)}, true
	case int16:
		return wide{whole: int64(v), float: float64(v)}, true
	case int32:
		return wide{whole: int64(v), float: float64(v)}, true
	case int64:
		return wide{whole: v, float: float64(v), float32: float32(v), is32: true}, true
	case float32:
		return wide{whole: toInt64(float64(v)), float: float64(v), float32: v, isFloat: true, is32: true}, true
	case float64:
		return wide{whole: toInt64(v), float: v, isFloat: true}, true
	case connect.Decimal:
		f, _ := strconv.ParseFloat(text(v), 64) // beyond the range it is an infinity, as in Java
		f32, _ := strconv.ParseFloat(text(v), 32)
		return wide{whole: low64(v), float: f, float32: float32(f32), is32: true}, true
	}
	return wide{}, false
}

// narrow converts a number as Java's casts do.
func narrow(n wide, to connect.Type) any {
	i := int32(n.whole)
	if n.isFloat {
		i = toInt32(n.float)
	}
	switch to {
	case connect.Int8:
		return int8(i)
	case connect.Int16:
		return int16(i)
	case connect.Int32:
		return i
	case connect.Int64:
		return n.whole
	case connect.Float32:
		if n.is32 {
			return n.float32
		}
		return float32(n.float)
	case connect.Float64:
		return n.float
	}
	return n.whole != 0
}

// toInt64 is (long) of a double: without the fraction, the nearest bound beyond the range, 0 for what is no number.
func toInt64(f float64) int64 {
	switch {
	case f != f:
		return 0
	case f >= math.MaxInt64:
		return math.MaxInt64
	case f <= math.MinInt64:
		return math.MinInt64
	}
	return int64(f)
}

// toInt32 is (int) of a double.
func toInt32(f float64) int32 { return int32(min(max(toInt64(f), math.MinInt32), math.MaxInt32)) }

// parsePrimitive reads a text as a type. The error is the one that Java's parsers give.
func parsePrimitive(s string, to connect.Type) (any, error) {
	switch to {
	case connect.Boolean:
		return strings.EqualFold(s, "true"), nil
	case connect.Float32:
		f, err := parseFloat(s, 32)
		return float32(f), err
	case connect.Float64:
		return parseFloat(s, 64)
	case connect.Int64:
		return parseInt(s, 64)
	}
	n, err := parseInt(s, 32)
	if err != nil {
		return nil, err
	}
	switch {
	case to == connect.Int32:
		return int32(n), nil
	case to == connect.Int16 && n == int64(int16(n)):
		return int16(n), nil
	case to == connect.Int8 && n == int64(int8(n)):
		return int8(n), nil
	}
	return nil, javaErr(numberFormatException, `Value out of range. Value:"`+s+`" Radix:10`)
}
