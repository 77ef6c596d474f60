package avro

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/hamba/avro/v2"
)

// Names of properties that carry values past the parser, as JSON text.
const (
	defaultProp        = "sluice.default"
	connectDefaultProp = "sluice.connect.default"
)

// maxSchemaDepth bounds the nesting of a schema's JSON.
const maxSchemaDepth = 500

// parseSchemas parses a schema and before it those that it refers to, in the order in which they need each other.
//
// Defaults are taken out of the parser's sight and kept as properties: it refuses a schema with a default that does not fit (such as "null"
// for null), which registries hold and Java reads, and it would read numbers as floats.
func parseSchemas(text string, references []string) (avro.Schema, error) {
	cache := &avro.SchemaCache{}
	var schema avro.Schema
	for _, t := range append(references[:len(references):len(references)], text) {
		prepared, err := prepare(t)
		if err != nil {
			return nil, err
		}
		if schema, err = avro.ParseBytesWithCache(prepared, "", cache); err != nil {
			return nil, err
		}
	}
	return schema, nil
}

// prepare moves the defaults in a schema's JSON into properties. A text that is no JSON is the bare name of a type.
func prepare(text string) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.UseNumber()
	var tree any
	if err := d.Decode(&tree); err != nil {
		return []byte(text), nil // the parser says what is wrong with it
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is more than one value in the schema's text")
	}
	if err := moveDefaults(tree, false, 0); err != nil {
		return nil, err
	}
	return json.Marshal(tree)
}

func moveDefaults(v any, isField bool, depth int) error {
	if depth > maxSchemaDepth {
		return fmt.Errorf("the schema is nested deeper than %d levels", maxSchemaDepth)
	}
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			if err := moveDefaults(x, isField, depth+1); err != nil {
				return err
			}
		}
	case map[string]any:
		delete(v, defaultProp)
		delete(v, connectDefaultProp)
		if x, ok := v[connectDefaultKey]; ok {
			if err := move(v, connectDefaultKey, connectDefaultProp, x); err != nil {
				return err
			}
		}
		if x, ok := v["default"]; ok && isField {
			if err := move(v, "default", defaultProp, x); err != nil {
				return err
			}
		}
		for _, key := range []string{"type", "items", "values"} {
			if err := moveDefaults(v[key], false, depth+1); err != nil {
				return err
			}
		}
		return moveDefaults(v["fields"], true, depth+1)
	}
	return nil
}

func move(m map[string]any, from, to string, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	delete(m, from)
	m[to] = string(text)
	return nil
}

// readProp returns the JSON value that [prepare] has put into a property: a tree with [json.Number] for numbers.
func readProp(p interface{ Prop(string) any }, name string) (any, bool) {
	text, ok := p.Prop(name).(string)
	if !ok {
		return nil, false
	}
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, false
	}
	return v, true
}

// resolve returns the schema that a reference stands for.
func resolve(s avro.Schema) avro.Schema {
	for {
		ref, ok := s.(*avro.RefSchema)
		if !ok {
			return s
		}
		s = ref.Schema()
	}
}
