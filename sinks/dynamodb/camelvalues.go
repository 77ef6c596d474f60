package dynamodb

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"

	"sluice/connect"
)

// What Camel 3.20.3 makes of numbers and arrays. Before it, JsonConverter has read the JSON text into Java's long and double.

// camelNumber returns the text that Camel stores for a number in JSON text, and whether it stores it as N, which it does with Java's
// int alone.
func camelNumber(text []byte) (stored []byte, isInt bool) {
	v, err := connect.RawJSON(text).Decode()
	if err != nil {
		return text, false
	}
	return []byte(javaText(v)), isJavaInt(v)
}

// isJavaInt reports whether Jackson reads the number back as an int.
func isJavaInt(v any) bool {
	switch n := v.(type) {
	case int64:
		return n >= math.MinInt32 && n <= math.MaxInt32
	case int8, int16, int32:
		return true
	}
	return false
}

// javaText is the text of a value by Java's toString.
func javaText(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case int8, int16, int32, int64, connect.Decimal:
		return fmt.Sprint(v)
	case float32:
		return connect.FloatText(float64(v), 32)
	case float64:
		return connect.FloatText(v, 64)
	case []any:
		texts := make([]string, len(v))
		for i := range v {
			texts[i] = javaText(v[i])
		}
		return "[" + strings.Join(texts, ", ") + "]"
	case map[string]any:
		var b strings.Builder
		for i, name := range javaMapOrder(v) {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(name + "=" + javaText(v[name]))
		}
		return "{" + b.String() + "}"
	}
	return ""
}

// javaMapOrder returns the names in the order in which Java's HashMap lists them, for names that share no bucket.
func javaMapOrder(m map[string]any) []string {
	buckets := 16
	for 4*len(m) > 3*buckets {
		buckets *= 2
	}
	bucket := func(name string) int {
		var h int32
		for _, unit := range utf16.Encode([]rune(name)) {
			h = 31*h + int32(unit)
		}
		return int(uint32(h)^uint32(h)>>16) & (buckets - 1)
	}
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		if d := bucket(a) - bucket(b); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	return names
}

// camelArray writes an array as Camel does: a set of numbers if the first member is an int, else a set of texts. The service refuses an
// empty set, and one with a member twice; Camel itself fails on a null.
func (w *itemWriter) camelArray(members []any) {
	to := conversion{kind: kindSS}
	if len(members) > 0 && isJavaInt(members[0]) {
		to.kind = kindNS
	}
	w.openSet(to.kind)
	for _, m := range members {
		text := []byte(javaText(m))
		switch n, isNumber := measureNumber(text); {
		case m == nil:
			w.fault("an array must have no null in it to become a set")
		case to.kind == kindNS && (!isNumber || n.check() != ""):
			w.fault("an array that begins with an integer must have numbers alone to become a set")
		default:
			w.member(to, token{kindS, text}, true)
		}
	}
	w.closeSet()
}

// camelArray reads an array and writes it as Camel does.
func (r *jsonReader) camelArray() error {
	start := r.pos
	if _, err := r.skip(); err != nil { // only to find its end
		return err
	}
	v, err := connect.RawJSON(bytes.Clone(r.in[start:r.pos])).Decode()
	if err != nil {
		return err
	}
	members, ok := v.([]any)
	if !ok {
		return errNotJSON
	}
	r.w.camelArray(members)
	return nil
}
