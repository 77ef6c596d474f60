package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Property is one entry of a connector's or task's configuration. A nil Value is JSON null.
type Property struct {
	Key   string
	Value *string
}

// Properties is a configuration as it was given: keys in their order, values untouched. The zero value is empty.
// Its JSON is an object of texts and nulls in the same order; a repeated key keeps its first place and takes its last value.
//
// Differs: Java keeps a hash map and answers in its order; the given order is one of those a client must expect.
type Properties []Property

// PropertiesOf returns the properties of a map, sorted by key.
func PropertiesOf(m map[string]string) Properties {
	p := make(Properties, 0, len(m))
	for k, v := range m {
		p = append(p, Property{Key: k, Value: &v})
	}
	slices.SortFunc(p, func(a, b Property) int { return strings.Compare(a.Key, b.Key) })
	return p
}

// Get returns the value of a key; ok is false if it is missing or null.
func (p Properties) Get(key string) (value string, ok bool) {
	for i := range p {
		if p[i].Key == key {
			if p[i].Value == nil {
				return "", false
			}
			return *p[i].Value, true
		}
	}
	return "", false
}

// Has reports whether the key is there, be it null.
func (p Properties) Has(key string) bool {
	return slices.ContainsFunc(p, func(e Property) bool { return e.Key == key })
}

// With returns a copy in which key has the given value: in place if it is there, else at the end.
func (p Properties) With(key string, value *string) Properties {
	out := slices.Clone(p)
	for i := range out {
		if out[i].Key == key {
			out[i].Value = value
			return out
		}
	}
	return append(out, Property{Key: key, Value: value})
}

// Without returns a copy that lacks key.
func (p Properties) Without(key string) Properties {
	return slices.DeleteFunc(slices.Clone(p), func(e Property) bool { return e.Key == key })
}

// Merge returns a copy into which patch was merged, in the order of its entries: a null removes its key, any other value takes the
// key's place, or one at the end. It takes time in proportion to the two lengths, as a chain of With and Without does not.
func (p Properties) Merge(patch Properties) Properties {
	out := make(Properties, len(p), len(p)+len(patch))
	copy(out, p)
	index := make(map[string]int, cap(out))
	for i, e := range out {
		index[e.Key] = i
	}
	removed := map[int]bool{} // places in out; a key that comes again after its removal gets a new place
	for _, e := range patch {
		i, ok := index[e.Key]
		switch {
		case e.Value == nil:
			if ok {
				removed[i] = true
				delete(index, e.Key)
			}
		case ok:
			out[i].Value = e.Value
		default:
			index[e.Key] = len(out)
			out = append(out, e)
		}
	}
	kept := out[:0]
	for i, e := range out {
		if !removed[i] {
			kept = append(kept, e)
		}
	}
	clear(out[len(kept):])
	return kept
}

// Map returns the entries that are not null.
func (p Properties) Map() map[string]string {
	m := make(map[string]string, len(p))
	for _, e := range p {
		if e.Value != nil {
			m[e.Key] = *e.Value
		}
	}
	return m
}

// NullableMap returns all entries.
func (p Properties) NullableMap() map[string]*string {
	m := make(map[string]*string, len(p))
	for _, e := range p {
		m[e.Key] = e.Value
	}
	return m
}

// Equal reports whether both hold the same keys with the same values, in whatever order.
func (p Properties) Equal(q Properties) bool {
	if len(p) != len(q) {
		return false
	}
	m := q.NullableMap()
	for _, e := range p {
		v, ok := m[e.Key]
		if !ok || (v == nil) != (e.Value == nil) || v != nil && *v != *e.Value {
			return false
		}
	}
	return true
}

// MarshalJSON writes the object in order, with the escapes that Java uses.
func (p Properties) MarshalJSON() ([]byte, error) { return p.appendJSON(nil), nil }

func (p Properties) appendJSON(b []byte) []byte {
	b = append(b, '{')
	for i, e := range p {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendText(b, e.Key), ':')
		if e.Value == nil {
			b = append(b, "null"...)
			continue
		}
		b = appendText(b, *e.Value)
	}
	return append(b, '}')
}

// UnmarshalJSON reads an object whose values are texts or nulls; any other value is an error that names its key.
func (p *Properties) UnmarshalJSON(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	t, err := d.Token()
	if err != nil {
		return err
	}
	if t == nil {
		*p = nil
		return nil
	}
	if t != json.Delim('{') {
		return fmt.Errorf("properties are a JSON object, found %v", t)
	}
	out := Properties{}
	index := map[string]int{}
	for d.More() {
		k, err := d.Token()
		if err != nil {
			return err
		}
		key, _ := k.(string)
		v, err := d.Token()
		if err != nil {
			return err
		}
		e := Property{Key: key}
		switch v := v.(type) {
		case string:
			e.Value = &v
		case nil:
		default:
			return fmt.Errorf("property %q is not a text", key) // what it is may be a password: the error is logged
		}
		if i, ok := index[key]; ok {
			out[i] = e
			continue
		}
		index[key] = len(out)
		out = append(out, e)
	}
	if _, err := d.Token(); err != nil {
		return err
	}
	*p = out
	return nil
}
