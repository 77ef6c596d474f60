package dynamodb

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// attribute is a top-level member of an item in DynamoDB's JSON.
type attribute struct {
	name  []byte // as it stands between its quotes
	value []byte // such as {"S":"a"}
}

// isNull reports whether the value is NULL.
func (a *attribute) isNull() bool { return string(a.value) == `{"NULL":true}` }

// kindName returns the service's name of the value's type.
func (a *attribute) kindName() string {
	name, _, _ := strings.Cut(string(a.value[2:]), `"`)
	return name
}

// scalar returns what stands between the quotes of a value of the kind, S, N or B.
func (a *attribute) scalar(k kind) ([]byte, bool) {
	prefix := `{"` + k.String() + `":"`
	if !bytes.HasPrefix(a.value, []byte(prefix)) {
		return nil, false
	}
	return a.value[len(prefix) : len(a.value)-2], true
}

// attributesOf takes an item apart that an itemWriter has written: there are no blanks.
func attributesOf(item []byte) []attribute {
	out := make([]attribute, 0, 16)
	depth, start := 0, 0
	for i := 0; i < len(item); i++ {
		switch item[i] {
		case '"':
			from := i + 1
			for i++; item[i] != '"'; i++ {
				if item[i] == '\\' {
					i++
				}
			}
			if depth == 1 {
				out = append(out, attribute{name: item[from:i]})
				start = i + 2 // after the colon
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 1 {
				out[len(out)-1].value = item[start : i+1]
			}
		}
	}
	return out
}

// isKey reports whether an attribute is part of the table's key.
func (t *table) isKey(a *attribute) bool {
	i := t.attribute(a.name)
	return i >= 0 && i < t.keys
}

// keyText returns the key attributes of an item, as an item of their own.
func (t *table) keyText(item []byte) []byte {
	out := []byte{'{'}
	for _, a := range attributesOf(item) {
		if t.isKey(&a) {
			out = a.appendTo(out)
		}
	}
	return append(out, '}')
}

// appendTo appends the attribute to an object that is open.
func (a *attribute) appendTo(dst []byte) []byte {
	if dst[len(dst)-1] != '{' {
		dst = append(dst, ',')
	}
	dst = append(append(append(dst, '"'), a.name...), `":`...)
	return append(dst, a.value...)
}

// withAttribute returns an item with an attribute set.
func withAttribute(item []byte, set attribute) []byte {
	out := []byte{'{'}
	for _, a := range attributesOf(item) {
		if !bytes.Equal(a.name, set.name) {
			out = a.appendTo(out)
		}
	}
	return append(set.appendTo(out), '}')
}

// sameValue compares two values in DynamoDB's JSON as the service would: numbers by value, sets without order.
func sameValue(a, b json.RawMessage) bool {
	var x, y map[string]json.RawMessage
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil || len(x) != 1 || len(y) != 1 {
		return false
	}
	for k, v := range x {
		other, ok := y[k]
		return ok && sameContent(k, v, other)
	}
	return false
}

func sameContent(k string, a, b json.RawMessage) bool {
	switch k {
	case "M":
		return sameItem(a, b)
	case "L":
		var x, y []json.RawMessage
		return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && slices.EqualFunc(x, y, sameValue)
	case "SS", "NS", "BS":
		var x, y []string
		if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
			return false
		}
		for _, set := range [][]string{x, y} {
			for i := range set {
				set[i] = canonicalScalar(k[:1], set[i])
			}
			slices.Sort(set)
		}
		return slices.Equal(x, y)
	case "S", "N", "B":
		var x, y string
		return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && canonicalScalar(k, x) == canonicalScalar(k, y)
	}
	return string(a) == string(b) // BOOL, NULL
}

func canonicalScalar(k, text string) string {
	if k == "N" {
		if n, ok := measureNumber([]byte(text)); ok {
			return string(n.appendCanonical(nil, []byte(text)))
		}
	}
	return text
}

// sameItem compares two objects of attributes.
func sameItem(a, b json.RawMessage) bool {
	var x, y map[string]json.RawMessage
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil || len(x) != len(y) {
		return false
	}
	for name, v := range x {
		if other, ok := y[name]; !ok || !sameValue(v, other) {
			return false
		}
	}
	return true
}
