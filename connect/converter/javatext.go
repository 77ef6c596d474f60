package converter

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"sluice/connect"
	"sluice/internal/javahash"
)

// JavaString returns the text that Java's toString gives for a Connect value, as sinks such as FileStreamSink print it:
//
//	null   true   7   100.0   1.0E-5   text   [1, a]   {a=1, b=null}   Struct{id=1}   Tue Jan 02 00:00:00 UTC 2024
//
// Maps come in the order of a java.util.HashMap, which Connect uses; the text of [connect.RawJSON] is decoded first. Bytes have no useful text in
// Java ("[B@1b2c3d", different in every run); here they are "[B@" and their number in hexadecimal.
//
// Floating point numbers have the text of [connect.FloatText].
func JavaString(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	return string(AppendJavaString(nil, v))
}

// AppendJavaString is [JavaString] for many values: it appends the text to out, and makes no garbage for what records usually hold.
func AppendJavaString(out []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(out, "null"...)
	case string:
		return append(out, v...)
	case bool:
		return strconv.AppendBool(out, v)
	case int8:
		return strconv.AppendInt(out, int64(v), 10)
	case int16:
		return strconv.AppendInt(out, int64(v), 10)
	case int32:
		return strconv.AppendInt(out, int64(v), 10)
	case int64:
		return strconv.AppendInt(out, v, 10)
	case float32:
		return appendJavaFloat(out, float64(v), 32)
	case float64:
		return appendJavaFloat(out, v, 64)
	case number:
		return appendJavaNumber(out, v)
	case []byte:
		return fmt.Appendf(out, "[B@%x", len(v))
	case connect.RawJSON:
		t := javaTexter{treeReader{data: v}}
		return t.value(out, 0)
	case connect.Decimal:
		return append(out, javaDecimal(v)...)
	case time.Time:
		return v.UTC().AppendFormat(out, "Mon Jan 02 15:04:05 UTC 2006")
	case []any:
		out = append(out, '[')
		for i, item := range v {
			if i > 0 {
				out = append(out, ", "...)
			}
			out = AppendJavaString(out, item)
		}
		return append(out, ']')
	case *object:
		return appendJavaMap(out, hashOrder(v.names, javahash.String), func(i int) (any, any) { return v.names[i], v.values[i] })
	case map[string]any:
		return appendJavaObject(out, v)
	case map[any]any:
		keys := sortedKeys(v)
		return appendJavaMap(out, hashOrder(keys, hashOf), func(i int) (any, any) { return keys[i], v[keys[i]] })
	case *connect.Struct:
		out = append(out, "Struct{"...)
		first := true
		for i := range v.Schema.Fields {
			if v.Values[i] == nil {
				continue
			}
			if !first {
				out = append(out, ',')
			}
			first = false
			out = append(out, v.Schema.Fields[i].Name...)
			out = append(out, '=')
			out = AppendJavaString(out, v.Values[i])
		}
		return append(out, '}')
	}
	return fmt.Append(out, v)
}

// appendJavaMap appends a map whose entries come in an order.
func appendJavaMap(out []byte, order []int, entry func(i int) (key, value any)) []byte {
	out = append(out, '{')
	for n, i := range order {
		if n > 0 {
			out = append(out, ", "...)
		}
		k, v := entry(i)
		out = AppendJavaString(out, k)
		out = append(out, '=')
		out = AppendJavaString(out, v)
	}
	return append(out, '}')
}

// appendJavaObject appends a map with names. What Java lists at the same place comes by name, since Go does not know what was put in first.
func appendJavaObject(out []byte, m map[string]any) []byte {
	type entry struct {
		place int
		name  string
		value any
	}
	var few [16]entry
	entries, table := few[:0], javahash.Table(len(m))
	for name, v := range m {
		entries = append(entries, entry{javahash.Place(javahash.String(name), table), name, v})
	}
	slices.SortFunc(entries, func(a, b entry) int {
		if a.place != b.place {
			return a.place - b.place
		}
		return strings.Compare(a.name, b.name)
	})
	out = append(out, '{')
	for i := range entries {
		if i > 0 {
			out = append(out, ", "...)
		}
		out = append(out, entries[i].name...)
		out = append(out, '=')
		out = AppendJavaString(out, entries[i].value)
	}
	return append(out, '}')
}

// appendJavaFloat appends a number as [connect.FloatText] writes it.
func appendJavaFloat(out []byte, f float64, bits int) []byte {
	if magnitude := math.Abs(f); magnitude < 1e-3 || magnitude >= 1e7 || f != f {
		return append(out, connect.FloatText(f, bits)...)
	}
	start := len(out)
	out = strconv.AppendFloat(out, f, 'f', -1, bits)
	if bytes.IndexByte(out[start:], '.') < 0 {
		out = append(out, ".0"...)
	}
	return out
}

// javaDecimal returns the text of BigDecimal.toString: with an exponent where the plain notation would need zeros that are not there.
func javaDecimal(d connect.Decimal) string {
	digits := unscaled(d).String()
	sign := ""
	if digits[0] == '-' {
		sign, digits = "-", digits[1:]
	}
	exponent := len(digits) - 1 - d.Scale
	if d.Scale >= 0 && exponent >= -6 {
		return d.String()
	}
	if len(digits) > 1 {
		digits = digits[:1] + "." + digits[1:]
	}
	if exponent == 0 {
		return sign + digits
	}
	return fmt.Sprintf("%s%sE%+d", sign, digits, exponent)
}

// unscaled returns the digits of a decimal, of which the zero value has none.
func unscaled(d connect.Decimal) *big.Int {
	if d.Unscaled == nil {
		return new(big.Int)
	}
	return d.Unscaled
}

// hashOrder returns the indexes of keys in the order of a java.util.HashMap that got them one by one.
func hashOrder[K any](keys []K, hash func(K) int32) []int {
	return javahash.Order(keys, hash, javahash.Table(len(keys)))
}

// hashOf is hashCode of a value that can be the key of a map in Go.
func hashOf(v any) int32 {
	switch v := v.(type) {
	case string:
		return javahash.String(v)
	case bool:
		return javahash.Bool(v)
	case int8:
		return int32(v)
	case int16:
		return int32(v)
	case int32:
		return v
	case int64:
		return javahash.Long(v)
	case float32:
		return int32(math.Float32bits(v))
	case float64:
		return javahash.Double(v)
	case time.Time:
		return javahash.Long(v.UnixMilli())
	}
	return 0
}

// sortedNames returns the names of a map in a fixed order, since Go's changes from one run to the next.
func sortedNames[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// sortedKeys returns the keys of a map in a fixed order: whole numbers by value, all else by text.
func sortedKeys(m map[any]any) []any {
	keys := make([]any, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b any) int {
		x, aWhole := wholeNumber(a)
		y, bWhole := wholeNumber(b)
		if aWhole && bWhole {
			return cmp.Compare(x, y)
		}
		return strings.Compare(JavaString(a), JavaString(b))
	})
	return keys
}

func wholeNumber(v any) (int64, bool) {
	switch v := v.(type) {
	case int8:
		return int64(v), true
	case int16:
		return int64(v), true
	case int32:
		return int64(v), true
	case int64:
		return v, true
	}
	return 0, false
}
