package avro

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"sluice/connect"
)

// attributes writes what a Connect schema has and an Avro schema has no place for.
func (w *schemaWriter) attributes(s *connect.Schema) error {
	decimalType := s.Name == connect.DecimalName && s.Type == connect.Bytes
	if decimalType {
		scale, err := strconv.Atoi(s.Parameters[scaleParam])
		if err != nil {
			return schemaError("the parameter scale of a decimal is %q", s.Parameters[scaleParam])
		}
		precision := defaultPrecision
		if text, ok := s.Parameters[precisionParam]; ok {
			if precision, err = strconv.Atoi(text); err != nil {
				return schemaError("the parameter %s is %q", precisionParam, text)
			}
		}
		w.raw("scale", strconv.Itoa(scale))
		w.raw("precision", strconv.Itoa(precision))
	}
	if w.metaData {
		if err := w.metaAttributes(s); err != nil {
			return err
		}
	}
	switch {
	case decimalType:
		w.attribute("logicalType", "decimal")
	case s.Name == connect.DateName:
		w.attribute("logicalType", "date")
	case s.Name == connect.TimeName:
		w.attribute("logicalType", "time-millis")
	case s.Name == connect.TimestampName:
		w.attribute("logicalType", "timestamp-millis")
	}
	for _, k := range slices.Sorted(maps.Keys(s.Parameters)) {
		if strings.HasPrefix(k, "avro") {
			w.attribute(k, s.Parameters[k])
		}
	}
	return nil
}

func (w *schemaWriter) metaAttributes(s *connect.Schema) error {
	if s.Doc != "" {
		w.attribute(connectDocKey, s.Doc)
	}
	if s.Version != nil {
		w.raw(connectVersionKey, strconv.Itoa(*s.Version))
	}
	params := maps.Clone(s.Parameters)
	if !w.discard {
		delete(params, fieldDefaultParam)
	}
	if len(params) > 0 {
		text, err := json.Marshal(params) // in alphabetical order
		if err != nil {
			return err
		}
		w.raw(connectParametersKey, string(text))
	}
	if _, fromField := s.Parameters[fieldDefaultParam]; s.Default != nil && (w.discard || !fromField) {
		text, err := w.defaultText(s, s.Default)
		if err != nil {
			return err
		}
		w.raw(connectDefaultKey, text)
	}
	if s.Name != "" {
		w.attribute(connectNameKey, s.Name)
	}
	switch s.Type {
	case connect.Int8:
		w.attribute(connectTypeKey, "int8")
	case connect.Int16:
		w.attribute(connectTypeKey, "int16")
	}
	return nil
}

// defaultText returns a default as JSON.
func (w *schemaWriter) defaultText(s *connect.Schema, v any) (string, error) {
	tree, err := w.defaultTree(s, v, 0)
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(tree)
	if err != nil {
		return "", schemaError("the default of a schema of type %s has no JSON form: %w", s.Type, err)
	}
	return string(text), nil
}

func (w *schemaWriter) defaultTree(s *connect.Schema, v any, depth int) (any, error) {
	if depth > maxSchemaDepth {
		return nil, errDeep
	}
	if v == nil {
		return nil, nil
	}
	v, err := physical(s, v)
	if err != nil {
		return nil, err
	}
	switch v := v.(type) {
	case []byte:
		runes := make([]rune, len(v))
		for i, b := range v {
			runes[i] = rune(b)
		}
		return string(runes), nil
	case []any:
		out := make([]any, len(v))
		for i := range v {
			if out[i], err = w.defaultTree(s.Values, v[i], depth+1); err != nil {
				return nil, err
			}
		}
		return out, nil
	case map[string]any:
		out := make(map[string]any, len(v))
		for k := range v {
			if out[k], err = w.defaultTree(s.Values, v[k], depth+1); err != nil {
				return nil, err
			}
		}
		return out, nil
	case *connect.Struct:
		out := make(map[string]any, len(v.Values))
		for i, f := range v.Schema.Fields {
			x, err := w.defaultTree(f.Schema, v.Values[i], depth+1)
			if err != nil {
				return nil, err
			}
			if isUnion(s) && v.Values[i] != nil {
				return x, nil
			}
			name := f.Name
			if w.scrub {
				name = scrub(name)
			}
			out[name] = x
		}
		return out, nil
	case map[any]any:
		return nil, schemaError("a default of a map whose keys are no texts cannot be written")
	case int8, int16, int32, int64, float32, float64, bool, string:
		return v, nil
	}
	return nil, schemaError("Invalid type used for default value of %s field: %s", s.Type, fmt.Sprintf("%T", v))
}
