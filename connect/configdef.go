package connect

import (
	"errors"
	"strings"
)

// ConfigType is the type of a setting, in the words of Kafka's REST API.
type ConfigType string

// The types, each with the Go type that [Config] returns.
const (
	TypeBoolean  ConfigType = "BOOLEAN"  // bool
	TypeString   ConfigType = "STRING"   // string
	TypeInt      ConfigType = "INT"      // int32 range
	TypeShort    ConfigType = "SHORT"    // int16 range
	TypeLong     ConfigType = "LONG"     // int64
	TypeDouble   ConfigType = "DOUBLE"   // float64
	TypeList     ConfigType = "LIST"     // []string
	TypeClass    ConfigType = "CLASS"    // string: a Java class name or alias
	TypePassword ConfigType = "PASSWORD" // Password
)

// Importance says how likely a user is to care for a setting.
type Importance string

// The levels of importance.
const (
	High   Importance = "HIGH"
	Medium Importance = "MEDIUM"
	Low    Importance = "LOW"
)

// Width is a hint to a form about the length of a value. The empty width is shown as NONE.
type Width string

// The widths.
const (
	WidthNone   Width = "NONE"
	WidthShort  Width = "SHORT"
	WidthMedium Width = "MEDIUM"
	WidthLong   Width = "LONG"
)

// ConfigKey defines one setting. Name, Type, Importance and Doc are always set.
//
// Kafka: org.apache.kafka.common.config.ConfigDef.ConfigKey.
type ConfigKey struct {
	Name string
	Type ConfigType

	// Default is the value if none is given, in the Go type of Type, or nil for "null". Required means that there is no
	// default at all and that the setting must be given.
	Default  any
	Required bool

	// Validator checks the parsed value; nil allows every value of the type.
	Validator Validator

	Importance Importance
	Doc        string // one or two full sentences, plain text

	// What a form needs. A key without Group is shown with group null and order -1.
	Group       string
	Order       int
	Width       Width
	DisplayName string // "" means Name
	Dependents  []string

	// Recommend returns values to offer; nil offers none. It gets the other settings as given.
	Recommend func(props map[string]string) []any

	// Internal keys are accepted but neither listed nor documented.
	Internal bool
}

// ConfigDef is a list of settings. It is built once and then only read, from any goroutine.
//
// Kafka: org.apache.kafka.common.config.ConfigDef.
type ConfigDef struct {
	keys  []ConfigKey
	index map[string]int
}

// NewConfigDef returns a definition with the given keys in order. A name that occurs twice keeps its first position and takes
// the last definition, as when a plugin defines a key of the framework again.
func NewConfigDef(keys ...ConfigKey) *ConfigDef {
	d := &ConfigDef{index: make(map[string]int, len(keys))}
	return d.add(keys)
}

// With returns a new definition with further keys; d stays as it is.
func (d *ConfigDef) With(keys ...ConfigKey) *ConfigDef {
	return NewConfigDef(d.keys...).add(keys)
}

func (d *ConfigDef) add(keys []ConfigKey) *ConfigDef {
	for _, k := range keys {
		if i, ok := d.index[k.Name]; ok {
			d.keys[i] = k
			continue
		}
		d.index[k.Name] = len(d.keys)
		d.keys = append(d.keys, k)
	}
	return d
}

// Keys returns the keys in the order of their definition. The result must not be changed.
func (d *ConfigDef) Keys() []ConfigKey { return d.keys }

// Key returns the named key, and whether there is one.
func (d *ConfigDef) Key(name string) (ConfigKey, bool) {
	i, ok := d.index[name]
	if !ok {
		return ConfigKey{}, false
	}
	return d.keys[i], true
}

// ConfigValue is the outcome of checking one setting.
//
// Kafka: org.apache.kafka.common.config.ConfigValue.
type ConfigValue struct {
	Name        string
	Value       any // parsed; nil for null and for a value that could not be parsed
	Recommended []any
	Errors      []string // full texts, each naming key, value and rule
	Hidden      bool     // the opposite of Kafka's "visible"
}

// Parse reads all settings of the definition from props; keys that it does not define are left alone. The error joins one
// [*ConfigError] for each broken rule, in the order of the definition.
func (d *ConfigDef) Parse(props map[string]string) (Config, error) {
	c := Config{values: make(map[string]any, len(d.keys)), raw: props}
	var errs []error
	for i := range d.keys {
		k := &d.keys[i]
		v, keyErrs := k.read(props)
		for _, err := range keyErrs {
			errs = append(errs, err)
			if err.Missing {
				break // what a validator says about a value that is not there does not help
			}
		}
		c.values[k.Name] = v
	}
	return c, errors.Join(errs...)
}

// Validate checks each setting of the definition against props and returns one value for each key, in the order of the
// definition. It never fails as a whole: what is wrong stands in the values' Errors.
//
// Kafka: org.apache.kafka.common.config.ConfigDef.validate.
func (d *ConfigDef) Validate(props map[string]string) []ConfigValue {
	out := make([]ConfigValue, 0, len(d.keys))
	for i := range d.keys {
		k := &d.keys[i]
		v, errs := k.read(props)
		cv := ConfigValue{Name: k.Name, Value: v}
		for _, err := range errs {
			cv.Errors = append(cv.Errors, err.Error())
		}
		if k.Recommend != nil {
			cv.Recommended = k.Recommend(props)
		}
		out = append(out, cv)
	}
	return out
}

// read returns the parsed value (or the default) and every rule it breaks. As in Kafka a value that is missing or cannot be parsed is nil
// and still goes through the validator, which may complain a second time.
func (k *ConfigKey) read(props map[string]string) (any, []*ConfigError) {
	var (
		v    any
		errs []*ConfigError
	)
	raw, given := props[k.Name]
	switch {
	case given:
		var err *ConfigError
		if v, err = ParseConfigValue(k.Name, raw, k.Type); err != nil {
			errs = append(errs, err)
		}
	case k.Required:
		errs = append(errs, &ConfigError{Key: k.Name, Missing: true})
	default:
		return k.Default, nil
	}
	if k.Validator != nil {
		if err := Check(k.Validator, k.Name, v, k.Type); err != nil {
			errs = append(errs, err)
		}
	}
	return v, errs
}

// Check asks a validator about the parsed value of the key with the name and the type, and returns its complaint or nil.
//
// Kafka: org.apache.kafka.common.config.ConfigDef.Validator.ensureValid.
func Check(validator Validator, key string, v any, t ConfigType) *ConfigError {
	if own, ok := validator.(ErrorValidator); ok {
		return own.Check(key, v)
	}
	rule := validator.Validate(v)
	if rule == "" {
		return nil
	}
	return &ConfigError{Key: key, Value: javaText(v, t), Rule: rule}
}

// javaText is the text of a parsed value in Java's error messages.
func javaText(v any, t ConfigType) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case []string:
		return "[" + strings.Join(v, ", ") + "]"
	}
	return ConfigText(v, t)
}
