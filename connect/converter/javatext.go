package converter

import (
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
	var b strings.Builder
	writeJava(&b, v)
	return b.String()
}

func writeJava(b *strings.Builder, v any) {
	switch v := v.(type) {
	case nil:
		b.WriteString("null")
	case string:
		b.WriteString(v)
	case bool:
		b.WriteString(strconv.FormatBool(v))
	case int8, int16, int32, int64:
		fmt.Fprint(b, v)
	case float32:
		b.WriteString(connect.FloatText(float64(v), 32))
	case float64:
		b.WriteString(connect.FloatText(v, 64))
	case number:
		writeJava(b, plain(v))
	case []byte:
		fmt.Fprintf(b, "[B@%x", len(v))
	case connect.RawJSON:
		writeJava(b, readTree(v))
	case connect.Decimal:
		b.WriteString(javaDecimal(v))
	case time.Time:
		b.WriteString(v.UTC().Format("Mon Jan 02 15:04:05 UTC 2006"))
	case []any:
		b.WriteByte('[')
		for i, item := range v {
			if i > 0 {
				b.WriteString(", ")
			}
			writeJava(b, item)
		}
		b.WriteByte(']')
	case *object:
		writeJavaMap(b, hashOrder(v.names, javahash.String), func(i int) (any, any) { return v.names[i], v.values[i] })
	case map[string]any:
		names := sortedNames(v)
		writeJavaMap(b, hashOrder(names, javahash.String), func(i int) (any, any) { return names[i], v[names[i]] })
	case map[any]any:
		keys := sortedKeys(v)
		writeJavaMap(b, hashOrder(keys, hashOf), func(i int) (any, any) { return keys[i], v[keys[i]] })
	case *connect.Struct:
		b.WriteString("Struct{")
		first := true
		for i, f := range v.Schema.Fields {
			if v.Values[i] == nil {
				continue
			}
			if !first {
				b.WriteByte(',')
			}
			first = false
			b.WriteString(f.Name)
			b.WriteByte('=')
			writeJava(b, v.Values[i])
		}
		b.WriteByte('}')
	default:
		fmt.Fprint(b, v)
	}
}

func writeJavaMap(b *strings.Builder, order []int, entry func(i int) (key, value any)) {
	b.WriteByte('{')
	for n, i := range order {
		if n > 0 {
			b.WriteString(", ")
		}
		k, v := entry(i)
		writeJava(b, k)
		b.WriteByte('=')
		writeJava(b, v)
	}
	b.WriteByte('}')
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
