// Package capturedtest shows Connect values, schemas and errors in the form in which the captured cases of Kafka Connect hold them, in
// the testdata folders of connect/converter and connect/transform. Tests alone import it.
package capturedtest

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"sluice/connect"
	"sluice/connect/converter"
)

// Value shows a Connect value in the form of the captured cases, such as {"int64":"5"}: each value with its type, entries of maps in a fixed order.
func Value(v any) any {
	one := func(name string, v any) any { return map[string]any{name: v} }
	switch v := v.(type) {
	case nil:
		return nil
	case connect.RawJSON:
		tree, err := v.Decode()
		if err != nil {
			return err.Error()
		}
		return Value(tree)
	case bool:
		return one("boolean", v)
	case string:
		return one("string", v)
	case int8:
		return one("int8", strconv.Itoa(int(v)))
	case int16:
		return one("int16", strconv.Itoa(int(v)))
	case int32:
		return one("int32", strconv.Itoa(int(v)))
	case int64:
		return one("int64", strconv.FormatInt(v, 10))
	case float32:
		return one("float32", converter.JavaString(v))
	case float64:
		return one("float64", converter.JavaString(v))
	case []byte:
		return one("bytes", base64.StdEncoding.EncodeToString(v))
	case connect.Decimal:
		return one("decimal", converter.JavaString(v))
	case time.Time:
		return one("date_ms", strconv.FormatInt(v.UnixMilli(), 10))
	case []any:
		items := []any{}
		for _, item := range v {
			items = append(items, Value(item))
		}
		return one("array", items)
	case map[string]any:
		entries := []any{}
		for k, x := range v {
			entries = append(entries, []any{Value(k), Value(x)})
		}
		return one("map", sorted(entries))
	case map[any]any:
		entries := []any{}
		for k, x := range v {
			entries = append(entries, []any{Value(k), Value(x)})
		}
		return one("map", sorted(entries))
	case *connect.Struct:
		fields := map[string]any{}
		for i, f := range v.Schema.Fields {
			fields[f.Name] = Value(v.Values[i])
		}
		return one("struct", fields)
	}
	return fmt.Sprintf("%T", v)
}

func sorted(entries []any) []any {
	slices.SortFunc(entries, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	return entries
}

// Sorted puts the entries of the maps in a captured value into the order of [Value], in place.
func Sorted(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = Sorted(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = Sorted(v[k])
		}
		if entries, ok := v["map"].([]any); ok {
			sorted(entries)
		}
	}
	return v
}

// Schema shows a schema in the form of the captured cases; nil is nil.
func Schema(s *connect.Schema) any {
	if s == nil {
		return nil
	}
	m := map[string]any{"type": strings.ToLower(string(s.Type)), "optional": s.Optional}
	if s.Name != "" {
		m["name"] = s.Name
	}
	if s.Version != nil {
		m["version"] = float64(*s.Version)
	}
	if s.Doc != "" {
		m["doc"] = s.Doc
	}
	if s.Parameters != nil {
		params := map[string]any{}
		for k, v := range s.Parameters {
			params[k] = v
		}
		m["parameters"] = params
	}
	if s.Default != nil {
		m["default"] = Value(s.Default)
	}
	switch s.Type {
	case connect.Array:
		m["items"] = Schema(s.Values)
	case connect.Map:
		m["keys"], m["values"] = Schema(s.Keys), Schema(s.Values)
	case connect.StructT:
		fields := []any{}
		for _, f := range s.Fields {
			field := Schema(f.Schema).(map[string]any)
			field["field"] = f.Name
			fields = append(fields, field)
		}
		m["fields"] = fields
	}
	return m
}
