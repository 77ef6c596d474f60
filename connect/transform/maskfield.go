package transform

import (
	"math/big"
	"slices"
	"strconv"
	"time"

	"sluice/connect"
)

// maskField puts an empty value of the same type, or a fixed one, in place of fields.
//
// Kafka: org.apache.kafka.connect.transforms.MaskField.
type maskField struct {
	unheld
	side        side
	fields      []string
	replacement *string
	withDefault bool
	object      object
}

const replacementConfig = "replacement"

var maskFieldConfig = connect.NewConfigDef(
	connect.ConfigKey{Name: fieldsConfig, Type: connect.TypeList, Required: true, Validator: nonEmptyList, Importance: connect.High,
		Doc: "The names of the fields to mask."},
	connect.ConfigKey{Name: replacementConfig, Type: connect.TypeString, Validator: connect.NonEmptyString(), Importance: connect.Low,
		Doc: "What stands in place of the values, which must be numbers or strings. Without it that is 0, false, an empty string, list or map."},
	withDefaultKey,
)

// Config returns the settings.
func (*maskField) Config() *connect.ConfigDef { return maskFieldConfig }

// Configure sets the transform up.
func (t *maskField) Configure(props map[string]string) error {
	cfg, err := parse(maskFieldConfig, props)
	t.fields, t.withDefault = cfg.List(fieldsConfig), cfg.Bool(withDefaultConfig)
	if cfg.Given(replacementConfig) {
		replacement := cfg.String(replacementConfig)
		t.replacement = &replacement
	}
	return err
}

// Apply masks the fields. A null stays one; a field that an object does not have is there afterwards, as a null.
func (t *maskField) Apply(r *connect.SinkRecord) (*connect.SinkRecord, error) {
	const purpose = "mask fields"
	schema, value := t.side.get(r)
	if schema == nil {
		if err := t.object.open(value, purpose); err != nil {
			return nil, err
		}
		for _, name := range t.fields {
			if err := t.object.replace(name, t.mask); err != nil {
				return nil, err
			}
		}
		return t.side.set(r, nil, t.object.close()), nil
	}
	s, err := requireStruct(value, purpose)
	if err != nil {
		return nil, err
	}
	out := connect.NewStruct(s.Schema)
	for i, f := range s.Schema.Fields {
		v := fieldValue(s, i, t.withDefault)
		if slices.Contains(t.fields, f.Name) {
			if v, err = t.mask(v); err != nil {
				return nil, err
			}
		}
		if err := putField(out, i, v); err != nil {
			return nil, err
		}
	}
	return t.side.set(r, schema, out), nil
}

func (t *maskField) mask(v any) (any, error) {
	switch {
	case v == nil:
		return nil, nil
	case t.replacement == nil:
		return emptied(v)
	}
	return replaced(v, *t.replacement)
}

// emptied returns the empty value of the type of a value.
func emptied(v any) (any, error) {
	switch v.(type) {
	case bool:
		return false, nil
	case int8:
		return int8(0), nil
	case int16:
		return int16(0), nil
	case int32:
		return int32(0), nil
	case int64:
		return int64(0), nil
	case float32:
		return float32(0), nil
	case float64:
		return float64(0), nil
	case string:
		return "", nil
	case connect.Decimal:
		return connect.Decimal{Unscaled: new(big.Int)}, nil
	case time.Time:
		return time.UnixMilli(0).UTC(), nil
	case []any:
		return []any{}, nil
	case map[string]any:
		return map[string]any{}, nil
	case map[any]any:
		return map[any]any{}, nil
	}
	return nil, connect.NewDataError("Cannot mask value of type: class %s", javaClass(v))
}

// replaced returns the replacement as the type of a value: of a number with a fraction the whole part, if that is what fits, and the low bits of
// one that is too great.
func replaced(v any, replacement string) (any, error) {
	switch v.(type) {
	case string:
		return replacement, nil
	case int8, int16, int32, int64, float32, float64, connect.Decimal:
	default:
		return nil, connect.NewDataError("Cannot mask value of type class %s with custom replacement.", javaClass(v))
	}
	d, err := parseDecimal(replacement)
	if _, isDecimal := v.(connect.Decimal); isDecimal {
		if err != nil {
			return nil, causedBy(err, "Unable to convert "+replacement+" (class java.lang.String) to number")
		}
		return d, nil
	}
	if err != nil {
		return nil, causedBy(err, "Unable to convert "+replacement+" (class java.lang.String) to a number")
	}
	whole := low64(d)
	float, _ := strconv.ParseFloat(replacement, 64) // a decimal that was read; beyond the range it is infinite, as in Java
	switch v.(type) {
	case int8:
		return int8(whole), nil
	case int16:
		return int16(whole), nil
	case int32:
		return int32(whole), nil
	case int64:
		return whole, nil
	case float32:
		return float32(float), nil
	}
	return float, nil
}
