package connect

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strconv"
)

// RawJSON is a schemaless value in the form of its JSON text: one complete value, valid UTF-8, without blanks around it, checked
// by the rules of Kafka Connect's JsonConverter. It is never the text null (a null is a nil value).
//
// The rules are a little wider than RFC 8259: a number may have leading zeros (007 is 7) and a name may occur twice in an
// object (the last one counts). A sink that copies the text into another format has to mind both.
//
// It exists so that a record which is only passed on is never decoded. Whoever needs the tree calls [RawJSON.Decode].
type RawJSON []byte

// Decode returns the tree with the types that Kafka Connect gives to schemaless JSON: nil, bool, string, int64 for integers (beyond
// int64 the low 64 bits), float64 for numbers with a fraction or exponent, []any and map[string]any.
//
// Kafka: org.apache.kafka.connect.json.JsonConverter.convertToConnect without a schema.
func (r RawJSON) Decode() (any, error) {
	if v, ok := decodeJSON(r); ok {
		return v, nil
	}
	return r.decodeAny()
}

// decodeAny decodes whatever there may be.
func (r RawJSON) decodeAny() (any, error) {
	d := json.NewDecoder(bytes.NewReader(trimLeadingZeros(r)))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, fmt.Errorf("decode JSON value: %w", err)
	}
	return fromNumbers(v), nil
}

// String returns the text.
func (r RawJSON) String() string { return string(r) }

// Decode returns v with a [RawJSON] at its top replaced by its tree; every other value comes back as it is.
func Decode(v any) (any, error) {
	if raw, ok := v.(RawJSON); ok {
		return raw.Decode()
	}
	return v, nil
}

// fromNumbers replaces each json.Number in a fresh tree by int64 or float64.
func fromNumbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		return number(string(v))
	case []any:
		for i := range v {
			v[i] = fromNumbers(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = fromNumbers(v[k])
		}
	}
	return v
}

// number follows JsonConverter: integers by longValue (which keeps the low 64 bits), all else by doubleValue.
func number(s string) any {
	if i, err := strconv.ParseInt(s, 10, 64); err == nil {
		return i
	}
	integral := true
	for i := range len(s) {
		if c := s[i]; c == '.' || c == 'e' || c == 'E' {
			integral = false
			break
		}
	}
	if integral {
		if b, ok := new(big.Int).SetString(s, 10); ok {
			low := new(big.Int).And(b, new(big.Int).SetUint64(math.MaxUint64)) // And of a negative number works on two's complement
			return int64(low.Uint64())
		}
	}
	f, err := ParseFloat(s, 64) // beyond the range it is an infinity, as in Java
	if err != nil && !math.IsInf(f, 0) {
		return s
	}
	if f == 0 {
		return 0.0 // Java's parse goes through BigDecimal, which has no negative zero
	}
	return f
}

// trimLeadingZeros rewrites 007 to 7 outside of strings, because encoding/json refuses it. Text without such numbers is returned
// as it is.
func trimLeadingZeros(in []byte) []byte {
	var out []byte
	copied := 0 // 0 until the first change
	inString := false
	for i := 0; i < len(in); i++ {
		c := in[i]
		switch {
		case inString:
			switch c {
			case '\\':
				i++
			case '"':
				inString = false
			}
		case c == '"':
			inString = true
		case c >= '0' && c <= '9':
			start := i
			for i+1 < len(in) && in[i] == '0' && in[i+1] >= '0' && in[i+1] <= '9' {
				i++
			}
			if i > start {
				out = append(out, in[copied:start]...)
				copied = i
			}
			for i+1 < len(in) && isNumberByte(in[i+1]) { // the rest of this number: zeros after a dot or exponent stay
				i++
			}
		}
	}
	if copied == 0 {
		return in
	}
	return append(out, in[copied:]...)
}

func isNumberByte(c byte) bool {
	return c >= '0' && c <= '9' || c == '.' || c == 'e' || c == 'E' || c == '+' || c == '-'
}
