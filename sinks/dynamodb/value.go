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

// readValueItem feeds a decoded Connect value to the item writer: what a record holds after a transform has looked into it, or with a
// schema. It is the general and slower twin of jsonReader.
//
// The types are mapped by the same rule: what JsonConverter without schemas would have made of the value. So a Date is the number of its
// days, a Time and a Timestamp are the number of their milliseconds. Bytes become B, a Decimal becomes N with its digits.
func readValueItem(v any, w *itemWriter) error {
	w.openItem()
	if err := writeMembers(v, w); err != nil {
		return err
	}
	w.closeItem()
	return nil
}

// writeMembers writes the members of a map or struct between braces that are the caller's.
func writeMembers(v any, w *itemWriter) error {
	switch v := v.(type) {
	case map[string]any:
		if v == nil {
			return errNotObject
		}
		for _, name := range slices.Sorted(maps.Keys(v)) { // in a fixed order, so that equal records give equal requests
			if err := writeMember(name, v[name], w); err != nil {
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
			if err := writeMember(f.Name, wireForm(f.Schema, v.Values[i]), w); err != nil {
				return err
			}
		}
		return nil
	}
	return errNotObject
}

func writeMember(name string, v any, w *itemWriter) error {
	w.name(name)
	return writeValue(v, w)
}

func writeValue(v any, w *itemWriter) error {
	switch v := v.(type) {
	case nil:
		w.null()
	case bool:
		w.boolean(v)
	case string:
		w.str(v)
	case []byte:
		w.binary(v)
	case int8:
		writeInt(int64(v), w)
	case int16:
		writeInt(int64(v), w)
	case int32:
		writeInt(int64(v), w)
	case int64:
		writeInt(v, w)
	case float32:
		return writeFloat(float64(v), 32, w)
	case float64:
		return writeFloat(v, 64, w)
	case connect.Decimal:
		w.number([]byte(v.String()))
	case time.Time: // outside of a schema there is nothing that says which logical type it is
		writeInt(v.UnixMilli(), w)
	case []any:
		return writeList(v, w)
	case map[string]any, *connect.Struct:
		if !w.openMap() {
			return errTooDeep
		}
		if err := writeMembers(v, w); err != nil {
			return err
		}
		w.closeMap()
	case connect.RawJSON:
		r := jsonReader{in: v, w: w}
		return r.value()
	default:
		return fmt.Errorf("a value of type %T has no form in DynamoDB", v)
	}
	return nil
}

func writeInt(n int64, w *itemWriter) {
	var buf [24]byte
	w.number(strconv.AppendInt(buf[:0], n, 10))
}

func writeFloat(f float64, bits int, w *itemWriter) error {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return fmt.Errorf("%v is not a number that DynamoDB can store", f)
	}
	var buf [32]byte
	w.number(strconv.AppendFloat(buf[:0], f, 'g', -1, bits))
	return nil
}

func writeList(l []any, w *itemWriter) error {
	if !w.openList() {
		return errTooDeep
	}
	for i, v := range l {
		w.element(i == 0)
		if err := writeValue(v, w); err != nil {
			return err
		}
	}
	w.closeList()
	return nil
}

// wireForm brings a value of a schema to one that writeValue knows without the schema: logical times to numbers, members of lists and maps
// as well.
func wireForm(s *connect.Schema, v any) any {
	if s == nil || v == nil {
		return v
	}
	switch v := v.(type) {
	case time.Time:
		switch s.Name {
		case connect.DateName:
			return v.Unix() / (24 * 60 * 60)
		case connect.TimeName:
			return v.UnixMilli() % (24 * 60 * 60 * 1000)
		}
		return v.UnixMilli()
	case []any:
		if s.Values == nil || !needsSchema(s.Values) {
			return v
		}
		out := make([]any, len(v))
		for i := range v {
			out[i] = wireForm(s.Values, v[i])
		}
		return out
	case map[string]any:
		if s.Values == nil || !needsSchema(s.Values) {
			return v
		}
		out := make(map[string]any, len(v))
		for name, member := range v {
			out[name] = wireForm(s.Values, member)
		}
		return out
	}
	return v
}

// needsSchema reports whether values of the schema hold logical times in lists or maps. A struct brings its own schema.
func needsSchema(s *connect.Schema) bool {
	switch s.Name {
	case connect.DateName, connect.TimeName, connect.TimestampName:
		return true
	}
	return s.Values != nil && needsSchema(s.Values)
}
