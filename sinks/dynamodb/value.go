package dynamodb

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"time"

	"sluice/connect"
)

// valueReader feeds a decoded Connect value to the item writer: what a record holds after a transform has looked into it, or with a
// schema. It is the general and slower twin of jsonReader.
//
// The types are mapped by the same rule: what JsonConverter without schemas would have made of the value. So a Date is the number of its
// days, a Time and a Timestamp are the number of their milliseconds, unless the settings want another form. Bytes become B, a Decimal becomes N
// with its digits.
type valueReader struct {
	w     *itemWriter
	times timeFormat
}

// readItem writes the fields of an item, which the caller closes.
func (r valueReader) readItem(v any, p *plan) error {
	r.w.openItem()
	return r.members(v, p)
}

// members writes the members of a map or struct between braces that are the caller's.
func (r valueReader) members(v any, p *plan) error {
	switch v := v.(type) {
	case map[string]any:
		if v == nil {
			return errNotObject
		}
		for _, name := range slices.Sorted(maps.Keys(v)) { // in a fixed order, so that equal records give equal requests
			if err := r.member(name, v[name], p); err != nil {
				return err
			}
		}
		return nil
	case *connect.Struct:
		if v == nil {
			return errNotObject
		}
		for i := range v.Schema.Fields {
			f := &v.Schema.Fields[i]
			if err := r.member(f.Name, r.wireForm(f.Schema, v.Values[i]), p); err != nil {
				return err
			}
		}
		return nil
	}
	return errNotObject
}

func (r valueReader) member(name string, v any, p *plan) error {
	own := p.member([]byte(name))
	if own != nil && own.drop {
		return nil
	}
	if own != nil && own.name != "" {
		name = own.name
	}
	r.w.name(name)
	return r.value(v, own)
}

func (r valueReader) value(v any, p *plan) error {
	if p != nil && p.to.kind != absent {
		return r.converted(v, p)
	}
	switch v := v.(type) {
	case nil:
		r.w.null()
	case bool:
		r.w.boolean(v)
	case string:
		r.w.str(v)
	case []byte:
		r.w.binary(v)
	case int8, int16, int32, int64, float32, float64, connect.Decimal:
		var buf [32]byte
		text, err := appendDecimal(buf[:0], v)
		if err != nil {
			return err
		}
		r.w.number(text)
	case time.Time: // outside of a schema there is nothing that says which logical type it is
		return r.value(r.times.of(connect.TimestampName, v), nil)
	case []any:
		return r.list(v, p)
	case map[string]any, *connect.Struct:
		if !r.w.openMap() {
			return errTooDeep
		}
		if err := r.members(v, p); err != nil {
			return err
		}
		r.w.closeMap()
	case connect.RawJSON:
		reader := jsonReader{in: v, w: r.w}
		return reader.value(p)
	default:
		return fmt.Errorf("a value of type %T has no form in DynamoDB", v)
	}
	return nil
}

// appendDecimal appends the decimal text of a number.
func appendDecimal(dst []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case int8:
		return strconv.AppendInt(dst, int64(v), 10), nil
	case int16:
		return strconv.AppendInt(dst, int64(v), 10), nil
	case int32:
		return strconv.AppendInt(dst, int64(v), 10), nil
	case int64:
		return strconv.AppendInt(dst, v, 10), nil
	case float32:
		return appendFloat(dst, float64(v), 32)
	case float64:
		return appendFloat(dst, v, 64)
	case connect.Decimal:
		return append(dst, v.String()...), nil
	}
	return nil, fmt.Errorf("a value of type %T is no number", v)
}

func appendFloat(dst []byte, f float64, bits int) ([]byte, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, fmt.Errorf("%v is not a number that DynamoDB can store", f)
	}
	return strconv.AppendFloat(dst, f, 'g', -1, bits), nil
}

func (r valueReader) list(l []any, p *plan) error {
	if r.w.rules.arrays == camelArrays && (p == nil || p.to.kind == absent) {
		r.w.camelArray(l)
		return nil
	}
	if !r.w.openList() {
		return errTooDeep
	}
	for i, v := range l {
		r.w.element(i == 0)
		if err := r.value(v, p); err != nil {
			return err
		}
	}
	r.w.closeList()
	return nil
}

// converted writes a value in the type that the plan gives it, by the same rules as [jsonReader.converted].
func (r valueReader) converted(v any, p *plan) error {
	l, isList := v.([]any)
	switch {
	case isList && p.to.isSet():
		r.w.openSet(p.to.kind)
		for _, m := range l {
			r.w.member(p.to, tokenOf(m), false)
		}
		r.w.closeSet()
	case isList:
		return r.list(l, p)
	case v == nil:
		r.w.null()
	case p.to.isSet():
		r.w.wrongType(p.to, tokenOf(v))
	default:
		r.w.convert(p.to, tokenOf(v))
	}
	return nil
}

// tokenOf returns a value without members as a token.
func tokenOf(v any) token {
	switch v := v.(type) {
	case nil:
		return token{kind: kindNull}
	case bool:
		return token{kindBool, strconv.AppendBool(nil, v)}
	case string:
		return token{kindS, []byte(v)}
	case []byte:
		return token{kindB, v}
	case []any:
		return token{kind: kindL}
	case time.Time:
		return token{kindN, strconv.AppendInt(nil, v.UnixMilli(), 10)}
	case connect.RawJSON:
		r := jsonReader{in: v}
		if t, err := r.token(); err == nil && t.text != nil {
			if r.broken {
				t.text = []byte{0xff} // no UTF-8 either, for whoever writes it
			}
			return t
		}
		return token{kind: kindOfJSON(v[0])}
	}
	if text, err := appendDecimal(nil, v); err == nil {
		return token{kindN, text}
	}
	return token{kind: kindM}
}

// wireForm brings a value of a schema to one that can be written without the schema: logical times to numbers or texts, members of lists and maps
// as well.
func (r valueReader) wireForm(s *connect.Schema, v any) any {
	if s == nil || v == nil {
		return v
	}
	switch v := v.(type) {
	case time.Time:
		return r.times.of(s.Name, v)
	case []any:
		if s.Values == nil || !needsSchema(s.Values) {
			return v
		}
		out := make([]any, len(v))
		for i := range v {
			out[i] = r.wireForm(s.Values, v[i])
		}
		return out
	case map[string]any:
		if s.Values == nil || !needsSchema(s.Values) {
			return v
		}
		out := make(map[string]any, len(v))
		for name, member := range v {
			out[name] = r.wireForm(s.Values, member)
		}
		return out
	}
	return v
}

// of returns the form of a value of a logical type, for which everything but a Date and a Time counts as a Timestamp.
func (f timeFormat) of(logical string, t time.Time) any {
	t = t.UTC()
	sinceMidnight := t.UnixMilli() % (24 * 60 * 60 * 1000)
	switch {
	case f == isoTimes && logical == connect.DateName:
		return t.Format(time.DateOnly)
	case f == isoTimes && logical == connect.TimeName:
		return t.Format("15:04:05.000")
	case f == isoTimes:
		return t.Format("2006-01-02T15:04:05.000Z")
	case f == secondTimes && logical == connect.TimeName:
		return sinceMidnight / 1000
	case f == secondTimes:
		return t.Unix()
	case logical == connect.TimeName:
		return sinceMidnight
	case f == connectTimes && logical == connect.DateName:
		return t.Unix() / (24 * 60 * 60)
	}
	return t.UnixMilli()
}

// needsSchema reports whether values of the schema hold logical times in lists or maps. A struct brings its own schema.
func needsSchema(s *connect.Schema) bool {
	switch s.Name {
	case connect.DateName, connect.TimeName, connect.TimestampName:
		return true
	}
	return s.Values != nil && needsSchema(s.Values)
}
