package dynamodb

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"sluice/connect"
)

// errNotTyped says that a value is not in DynamoDB's JSON.
var errNotTyped = errors.New(`must be DynamoDB's JSON, such as {"S":"a"}`)

// encodeTyped reads a record whose value is an item in DynamoDB's own JSON, {"id":{"S":"a"}}, as its exports and streams have it: so every type
// comes through as it is. An item alone in a member "Item", as in an export to S3, is unwrapped.
func (e *encoder) encodeTyped(v any) error {
	var text []byte
	switch v := v.(type) {
	case connect.RawJSON:
		text = v
	case string:
		text = []byte(v)
	case []byte:
		text = v
	default:
		if !isObject(v) {
			return errNotObject
		}
		var err error
		if text, err = json.Marshal(plainTree(v)); err != nil {
			return errNotTyped
		}
	}
	if _, checked := v.(connect.RawJSON); !checked && !json.Valid(text) {
		return errNotJSON
	}
	text = bytes.TrimSpace(text)
	if inner, ok := memberOfText(text, "Item"); ok && isExportLine(text, inner) {
		text = inner
	}
	r := &e.reader
	*r = jsonReader{in: text, w: &e.writer, typed: true}
	if r.peek() != '{' {
		return errNotObject
	}
	e.writer.openItem()
	return r.members(e.plan, false)
}

// plainTree replaces structs by maps, for encoding/json.
func plainTree(v any) any {
	switch v := v.(type) {
	case *connect.Struct:
		out := make(map[string]any, len(v.Values))
		for i, f := range v.Schema.Fields {
			if v.Values[i] != nil {
				out[f.Name] = plainTree(v.Values[i])
			}
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, m := range v {
			out[name] = plainTree(m)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = plainTree(v[i])
		}
		return out
	}
	return v
}

// isExportLine tells {"Item":{"id":{"S":"a"}}} from an item whose attribute is called Item.
func isExportLine(text, inner []byte) bool {
	var members, attributes map[string]json.RawMessage
	if json.Unmarshal(text, &members) != nil || len(members) != 1 || json.Unmarshal(inner, &attributes) != nil {
		return false
	}
	for name := range attributes {
		if _, isType := typedKinds[name]; !isType || len(attributes) > 1 {
			return true
		}
	}
	return false
}

var typedKinds = map[string]kind{
	"S": kindS, "N": kindN, "B": kindB, "BOOL": kindBool, "NULL": kindNull, "M": kindM, "L": kindL, "SS": kindSS, "NS": kindNS, "BS": kindBS,
}

// typedValue reads a value such as {"N":"1"}.
func (r *jsonReader) typedValue(p *plan) error {
	if r.peek() != '{' {
		return errNotTyped
	}
	r.pos++
	r.blanks()
	if r.peek() != '"' {
		return errNotTyped
	}
	raw, _, _, err := r.quoted()
	if err != nil {
		return err
	}
	k, known := typedKinds[string(raw)]
	if !known {
		return fmt.Errorf("%w, found the type %q", errNotTyped, raw)
	}
	r.blanks()
	r.pos++ // the colon
	r.blanks()
	if err := r.typedContent(k, p); err != nil {
		return err
	}
	r.blanks()
	if r.peek() != '}' {
		return errNotTyped
	}
	r.pos++
	return nil
}

func (r *jsonReader) typedContent(k kind, p *plan) error {
	switch c := r.peek(); {
	case k == kindM && c == '{':
		if !r.w.openMap() {
			return errTooDeep
		}
		if err := r.members(p, false); err != nil {
			return err
		}
		r.w.closeMap()
		return nil
	case k == kindL && c == '[':
		return r.list(p)
	case k >= kindSS && c == '[':
		return r.set(conversion{kind: k, base64: true})
	case k == kindS && c == '"':
		return r.text()
	case k == kindM || k == kindL || k >= kindSS:
		return fmt.Errorf("%w, found %s for the type %s", errNotTyped, kindOfJSON(c).inWords(), k)
	}
	t, err := r.token()
	if err != nil {
		return err
	}
	return r.typedToken(k, t)
}

func (r *jsonReader) typedToken(k kind, t token) error {
	switch k {
	case kindN:
		if (t.kind == kindS || t.kind == kindN) && r.w.number(t.text) {
			return nil
		}
	case kindB:
		if b, err := base64.StdEncoding.AppendDecode(nil, t.text); err == nil && t.kind == kindS {
			r.w.binary(b)
			return nil
		}
	case kindBool:
		if text := strings.ToLower(string(t.text)); (t.kind == kindBool || t.kind == kindS) && (text == "true" || text == "false") {
			r.w.boolean(text == "true")
			return nil
		}
	case kindNull:
		if string(t.text) == "true" {
			r.w.null()
			return nil
		}
	}
	return fmt.Errorf("%w, found %s for the type %s", errNotTyped, t.kind.inWords(), k)
}
