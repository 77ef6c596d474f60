package rest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// matchers are the values of {"$is": …}.
var matchers = map[string]func(v any) bool{
	"any":              func(any) bool { return true },
	"text":             func(v any) bool { s, ok := v.(string); return ok && strings.TrimSpace(s) != "" },
	"loose":            func(v any) bool { _, ok := v.(string); return v == nil || ok }, // a text of Java's making
	"version":          func(v any) bool { s, ok := v.(string); return ok && regexp.MustCompile(`^\d+\.\d+`).MatchString(s) },
	"worker_id":        func(v any) bool { s, ok := v.(string); return ok && regexp.MustCompile(`^\S+:\d+$`).MatchString(s) },
	"epoch_ms":         isEpoch,
	"epoch_ms_or_null": func(v any) bool { return v == nil || isEpoch(v) },
	"level": func(v any) bool {
		return slices.Contains([]any{"OFF", "FATAL", "ERROR", "WARN", "INFO", "DEBUG", "TRACE", "ALL"}, v)
	},
	"integer": func(v any) bool { n, ok := v.(json.Number); return ok && !strings.ContainsAny(string(n), ".eE") },
}

// isEpoch knows milliseconds from seconds, and from texts.
func isEpoch(v any) bool {
	n, ok := v.(json.Number)
	if !ok {
		return false
	}
	ms, err := n.Int64()
	return err == nil && ms > 1e12
}

// compare returns a line for each difference. The order of keys never matters, that of arrays does unless the expectation is a $set.
func compare(want, got any, path string) []string {
	switch want := want.(type) {
	case map[string]any:
		for k := range want {
			if strings.HasPrefix(k, "$") && !strings.HasPrefix(k, "${") {
				return compareMatcher(want, got, path)
			}
		}
		return compareObject(want, got, path)
	case []any:
		list, ok := got.([]any)
		if !ok || len(list) != len(want) {
			return differ(path, want, got)
		}
		var out []string
		for i := range want {
			out = append(out, compare(want[i], list[i], fmt.Sprintf("%s[%d]", path, i))...)
		}
		return out
	}
	if want != got {
		return differ(path, want, got)
	}
	return nil
}

func compareObject(want map[string]any, got any, path string) []string {
	object, ok := got.(map[string]any)
	if !ok {
		return differ(path, want, got)
	}
	var out []string
	for k, w := range want {
		g, there := object[k]
		if !there {
			out = append(out, path+"."+k+": missing, want "+short(w))
			continue
		}
		out = append(out, compare(w, g, path+"."+k)...)
	}
	for k, g := range object {
		if _, there := want[k]; !there {
			out = append(out, path+"."+k+": not expected, got "+short(g))
		}
	}
	return out
}

func compareMatcher(want map[string]any, got any, path string) []string {
	text, isText := got.(string)
	ok := false
	for kind, arg := range want {
		part, _ := arg.(string)
		switch kind {
		case "$is":
			is, known := matchers[part]
			ok = known && is(got)
		case "$prefix":
			ok = isText && strings.HasPrefix(text, part)
		case "$suffix":
			ok = isText && strings.HasSuffix(text, part)
		case "$contains":
			ok = isText && strings.Contains(text, part)
		case "$tokens":
			ok = isText && len(compare(arg, tokens(text), path)) == 0
		case "$set":
			ok = sameSet(arg.([]any), got)
		}
	}
	if !ok {
		return differ(path, want, got)
	}
	return nil
}

func sameSet(want []any, got any) bool {
	list, ok := got.([]any)
	if !ok || len(list) != len(want) {
		return false
	}
	rest := slices.Clone(list)
	for _, w := range want {
		i := slices.IndexFunc(rest, func(g any) bool { return len(compare(w, g, "")) == 0 })
		if i < 0 {
			return false
		}
		rest = slices.Delete(rest, i, i+1)
	}
	return true
}

// tokens splits a list such as the value of Allow, sorted; nil if there is none.
func tokens(s string) any {
	if s == "" {
		return nil
	}
	parts := strings.Split(s, ",")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	slices.Sort(parts)
	return anyList(parts)
}

func differ(path string, want, got any) []string {
	return []string{path + ": want " + short(want) + ", got " + short(got)}
}

func short(v any) string {
	b, _ := json.Marshal(v)
	if len(b) > 300 {
		return string(b[:300]) + "…"
	}
	return string(b)
}

func anyList[T any](list []T) []any {
	out := make([]any, len(list))
	for i := range list {
		out[i] = list[i]
	}
	return out
}

// knownView reports whether there is a case for it, in view or, for is-sorted, in judge.
func knownView(how string) bool {
	name, _, _ := strings.Cut(how, ":")
	return slices.Contains([]string{
		"own", "pick", "has", "is-sorted", "isarray", "entries", "classes", "types",
		"validate", "values", "order", "configs", "config-keys", "config-defs", "config-orders",
	}, name)
}

// view reduces an answer to what a step is about. An answer of another shape, such as an error, stays as it is.
func view(v any, how, prefix string) (out any) {
	if how == "" || v == nil {
		return v
	}
	name, arg, _ := strings.Cut(how, ":")
	args := strings.Split(arg, ",")
	defer func() {
		if recover() != nil {
			out = v
		}
	}()
	switch name {
	case "own": // this run's connectors only
		if list, ok := v.([]any); ok {
			return sorted(keep(list, func(e any) bool { return strings.Contains(e.(string), prefix) }))
		}
		own := map[string]any{}
		for k, e := range v.(map[string]any) {
			if strings.Contains(k, prefix) {
				own[k] = e
			}
		}
		return own
	case "pick", "has":
		picked := map[string]any{}
		for _, k := range args {
			e, there := member(v, k)
			if name == "has" {
				picked[k] = there
			} else if there {
				picked[k] = e
			}
		}
		return picked
	case "isarray":
		list, ok := v.([]any)
		return map[string]any{"array": ok, "strings": ok && len(keep(list, func(e any) bool { _, text := e.(string); return text })) == len(list)}
	case "entries", "classes", "types":
		return pluginView(name, v.([]any), arg)
	default:
		return configView(name, v, arg, args)
	}
}

func pluginView(name string, list []any, arg string) any {
	field := func(e any, k string) string { return e.(map[string]any)[k].(string) }
	switch name {
	case "entries":
		return keep(list, func(e any) bool { return slices.Contains(strings.Split(arg, ","), field(e, "class")) })
	case "classes":
		types, pkg, _ := strings.Cut(arg, "@")
		out := []any{}
		for _, e := range list {
			if slices.Contains(strings.Split(types, ","), field(e, "type")) && strings.HasPrefix(field(e, "class"), pkg) {
				out = append(out, field(e, "type")+" "+field(e, "class"))
			}
		}
		return out
	}
	out := []any{}
	for _, e := range list {
		if typ := field(e, "type"); slices.Contains(strings.Split(arg, ","), typ) && !slices.Contains(out, any(typ)) {
			out = append(out, typ)
		}
	}
	return sorted(out)
}

func configView(name string, v any, arg string, args []string) any {
	get := func(e any, k string) any { return e.(map[string]any)[k] }
	valueOf := func(c any, k string) any { return get(get(c, "value"), k) }
	byName := map[string]any{}
	switch name {
	case "validate":
		for _, c := range get(v, "configs").([]any) {
			if list := valueOf(c, "errors").([]any); len(list) > 0 {
				byName[valueOf(c, "name").(string)] = list
			}
		}
		return map[string]any{"name": get(v, "name"), "error_count": get(v, "error_count"), "groups": get(v, "groups"), "errors": byName}
	case "values":
		for _, c := range get(v, "configs").([]any) {
			if n := valueOf(c, "name").(string); arg == "" || slices.Contains(args, n) {
				byName[n] = valueOf(c, "value")
			}
		}
		return map[string]any{"error_count": get(v, "error_count"), "values": byName}
	case "order":
		names := []any{}
		for _, c := range get(v, "configs").([]any) {
			names = append(names, valueOf(c, "name"))
		}
		return names
	case "configs":
		return keep(get(v, "configs").([]any), func(c any) bool { return slices.Contains(args, valueOf(c, "name").(string)) })
	case "config-keys":
		names := []any{}
		for _, c := range v.([]any) {
			names = append(names, get(c, "name"))
		}
		return names
	case "config-defs":
		return keep(v.([]any), func(c any) bool { return slices.Contains(args, get(c, "name").(string)) })
	case "config-orders":
		for _, c := range v.([]any) {
			byName[get(c, "name").(string)] = []any{get(c, "group"), get(c, "order"), get(c, "width"), get(c, "type"), get(c, "importance"), get(c, "required")}
		}
		return byName
	}
	return "unknown view " + name
}

func keep(list []any, f func(any) bool) []any {
	out := []any{}
	for _, e := range list {
		if f(e) {
			out = append(out, e)
		}
	}
	return out
}

func sorted(list []any) []any {
	out := slices.Clone(list)
	slices.SortFunc(out, func(a, b any) int { return strings.Compare(a.(string), b.(string)) })
	return out
}

func member(v any, k string) (any, bool) {
	if list, ok := v.([]any); ok {
		return k, slices.Contains(list, any(k))
	}
	e, there := v.(map[string]any)[k]
	return e, there
}

// keys returns the keys of a JSON object as they come.
func keys(raw []byte) []string {
	var keys []string
	d := json.NewDecoder(bytes.NewReader(raw))
	_, err := d.Token()
	for err == nil && d.More() {
		var key json.Token
		if key, err = d.Token(); err == nil {
			keys = append(keys, key.(string))
			err = d.Decode(new(any))
		}
	}
	return keys
}
