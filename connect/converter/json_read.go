package converter

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"

	"sluice/connect"
)

// jsonReader reads values by their schema.
type jsonReader struct {
	defaults bool
}

const millisPerDay = 24 * 60 * 60 * 1000

// value reads a JSON value. As in Kafka Connect most of what does not fit the schema is bent until it does: text read as a number is 0,
// a number read as text is null, a greater number loses its high bits.
//
// Kafka: JsonConverter.convertToConnect.
func (r *jsonReader) value(s *connect.Schema, v any) (any, error) {
	if s == nil {
		return plain(v), nil
	}
	if v == nil {
		switch {
		case s.Default != nil && r.defaults:
			return s.Default, nil
		case s.Optional:
			return nil, nil
		}
		return nil, dataError("Invalid null value for required %s field", s.Type)
	}
	switch s.Name {
	case connect.DecimalName:
		return readDecimal(s, v)
	case connect.DateName, connect.TimeName, connect.TimestampName:
		return readTime(s.Name, v)
	}
	n, isNumber := v.(number)
	switch s.Type {
	case connect.Boolean:
		b, _ := v.(bool)
		return b, nil
	case connect.Int8:
		return int8(intOf(n, isNumber)), nil
	case connect.Int16:
		return int16(intOf(n, isNumber)), nil
	case connect.Int32:
		return intOf(n, isNumber), nil
	case connect.Int64:
		if !isNumber {
			return int64(0), nil
		}
		return n.long(), nil
	case connect.Float32:
		if !isNumber {
			return float32(0), nil
		}
		return n.float32(), nil
	case connect.Float64:
		if !isNumber {
			return float64(0), nil
		}
		return n.float(), nil
	case connect.String:
		if text, ok := v.(string); ok {
			return text, nil
		}
		return nil, nil
	case connect.Bytes:
		text, ok := v.(string)
		if !ok {
			return nil, nil
		}
		b, err := decodeBase64(text)
		if err != nil {
			return nil, &connect.DataError{Message: "Invalid bytes field", Cause: err}
		}
		return b, nil
	case connect.Array:
		return r.array(s, v)
	case connect.Map:
		return r.mapValue(s, v)
	case connect.StructT:
		return r.structValue(s, v)
	}
	return nil, dataError("Unknown schema type: %s", s.Type)
}

func intOf(n number, isNumber bool) int32 {
	if !isNumber {
		return 0
	}
	return n.int()
}

// array reads the items of an array, and of an object its values; anything else is an empty array.
func (r *jsonReader) array(s *connect.Schema, v any) (any, error) {
	var items []any
	switch v := v.(type) {
	case []any:
		items = v
	case *object:
		items = v.values
	}
	out := make([]any, 0, len(items))
	for _, item := range items {
		x, err := r.value(s.Values, item)
		if err != nil {
			return nil, err
		}
		out = append(out, x)
	}
	return out, nil
}

// mapValue reads an object, or an array of pairs if the keys are no strings.
func (r *jsonReader) mapValue(s *connect.Schema, v any) (any, error) {
	if s.Keys.Type == connect.String {
		o, ok := v.(*object)
		if !ok {
			return nil, dataError("Maps with string fields should be encoded as JSON objects, but found %s", kind(v))
		}
		m := make(map[string]any, len(o.names))
		for i, name := range o.names {
			x, err := r.value(s.Values, o.values[i])
			if err != nil {
				return nil, err
			}
			m[name] = x
		}
		return m, nil
	}
	pairs, ok := v.([]any)
	if !ok {
		return nil, dataError("Maps with non-string fields should be encoded as JSON array of tuples, but found %s", kind(v))
	}
	m := make(map[any]any, len(pairs))
	for _, p := range pairs {
		pair, ok := p.([]any)
		switch {
		case !ok:
			return nil, dataError("Found invalid map entry instead of array tuple: %s", kind(p))
		case len(pair) != 2:
			return nil, dataError("Found invalid map entry, expected length 2 but found :%d", len(pair))
		}
		key, err := r.value(s.Keys, pair[0])
		if err != nil {
			return nil, err
		}
		switch key.(type) {
		case []any, map[string]any, map[any]any, []byte, *connect.Struct, connect.Decimal:
			return nil, dataError("Map keys of type %s are not supported", s.Keys.Type)
		}
		if m[key], err = r.value(s.Values, pair[1]); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (r *jsonReader) structValue(s *connect.Schema, v any) (any, error) {
	o, ok := v.(*object)
	if !ok {
		return nil, dataError("Structs should be encoded as JSON objects, but found %s", kind(v))
	}
	out := connect.NewStruct(s)
	for i, f := range s.Fields {
		text, _ := o.get(f.Name)
		x, err := r.value(f.Schema, text)
		if err != nil {
			return nil, err
		}
		if err := validate(place{field: f.Name}, f.Schema, x); err != nil {
			return nil, err
		}
		out.Values[i] = x
	}
	return out, nil
}

// readDecimal reads a number, which keeps its own scale, or the base64 of the unscaled integer.
func readDecimal(s *connect.Schema, v any) (any, error) {
	switch v := v.(type) {
	case number:
		if d, ok := v.decimal(); ok {
			return d, nil
		}
		if v.float() != 0 {
			return nil, &javaError{class: numberFormatException, text: `Character I is neither a decimal digit number, decimal point, nor "e" notation exponential mark.`}
		}
		return connect.Decimal{Unscaled: new(big.Int), Scale: 1}, nil
	case string:
		d, err := decimalOf(s, v)
		if err != nil {
			return nil, &connect.DataError{Message: "Invalid bytes for Decimal field", Cause: err}
		}
		return d, nil
	}
	return nil, dataError("Invalid type for Decimal, underlying representation should be numeric or bytes but was %s", kind(v))
}

// longestDecimal bounds the bytes of a decimal, of which there are no 400 in any database, since it takes ever longer to write out its digits.
//
// Differs: Java's have no bound but the hours that they take.
const longestDecimal = 40_000

// decimalOf returns the decimal of a schema whose unscaled integer comes in base64.
func decimalOf(s *connect.Schema, text string) (connect.Decimal, error) {
	b, err := decodeBase64(text)
	switch {
	case err != nil:
		return connect.Decimal{}, err
	case len(b) == 0:
		return connect.Decimal{}, &javaError{class: numberFormatException, text: "Zero length BigInteger"}
	case len(b) > longestDecimal:
		return connect.Decimal{}, dataError("A decimal of %d bytes is longer than the %d that this version reads.", len(b), longestDecimal)
	}
	scale, err := decimalScale(s)
	return connect.Decimal{Unscaled: fromTwosComplement(b), Scale: scale}, err
}

// decimalScale returns the parameter scale of a Decimal schema.
func decimalScale(s *connect.Schema) (int, error) {
	text, ok := s.Parameters["scale"]
	if !ok {
		return 0, dataError("Invalid Decimal schema: scale parameter not found.")
	}
	scale, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		return 0, &connect.DataError{Message: "Invalid scale parameter found in Decimal schema: ",
			Cause: &javaError{class: numberFormatException, text: fmt.Sprintf("For input string: %q", text)}}
	}
	return int(scale), nil
}

// readTime reads days, or milliseconds of a day or since 1970.
func readTime(name string, v any) (any, error) {
	short := name[strings.LastIndexByte(name, '.')+1:]
	n, ok := v.(number)
	if name == connect.TimestampName {
		if !ok || !n.integral() {
			return nil, dataError("Invalid type for %s, underlying representation should be integral but was %s", short, kind(v))
		}
		return time.UnixMilli(n.long()).UTC(), nil
	}
	if !ok || !n.isInt32() {
		return nil, dataError("Invalid type for %s, underlying representation should be integer but was %s", short, kind(v))
	}
	millis := n.long()
	if name == connect.DateName {
		return time.UnixMilli(millis * millisPerDay).UTC(), nil
	}
	if millis < 0 || millis > millisPerDay {
		return nil, dataError("Time values must use number of milliseconds greater than 0 and less than 86400000")
	}
	return time.UnixMilli(millis).UTC(), nil
}

// fromTwosComplement reads a big-endian integer as java.math.BigInteger does.
func fromTwosComplement(b []byte) *big.Int {
	n := new(big.Int).SetBytes(b)
	if len(b) > 0 && b[0]&0x80 != 0 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(len(b))*8))
	}
	return n
}

// toTwosComplement writes an integer in as few bytes as java.math.BigInteger does.
func toTwosComplement(n *big.Int) []byte {
	if n.Sign() >= 0 {
		return n.FillBytes(make([]byte, n.BitLen()/8+1))
	}
	// The bits of -n-1 are those of n turned over.
	inverse := new(big.Int).Not(n)
	out := inverse.FillBytes(make([]byte, inverse.BitLen()/8+1))
	for i := range out {
		out[i] = ^out[i]
	}
	return out
}
