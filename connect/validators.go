package connect

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Validator checks a parsed value. It returns the broken rule in Kafka's words, such as "Value must be at least 1", or "" if all is
// well. The value has the Go type of the key's [ConfigType]; nil is a null, or a text that could not be parsed.
type Validator interface {
	Validate(v any) string
	// String describes the rule for the reference page, such as "[1,...]".
	String() string
}

// ErrorValidator is a validator whose complaints can be of another form than "Invalid value V for configuration K: rule" with the key's own
// name and value. Where there is one, Check is asked instead of Validate.
type ErrorValidator interface {
	Validator
	// Check returns the complaint about the parsed value of the key with the name, nil if all is well.
	Check(key string, v any) *ConfigError
}

// AtLeast allows numbers from min on.
//
// Kafka: ConfigDef.Range.atLeast.
func AtLeast(minimum int64) Validator { return numberRange{min: minimum, max: math.MaxInt64} }

// Between allows numbers from min to max, both included.
//
// Kafka: ConfigDef.Range.between.
func Between(minimum, maximum int64) Validator { return numberRange{min: minimum, max: maximum} }

type numberRange struct{ min, max int64 }

func (r numberRange) Validate(v any) string {
	n, ok := v.(int64)
	if !ok {
		return "Value must be non-null"
	}
	if n < r.min {
		return fmt.Sprintf("Value must be at least %d", r.min)
	}
	if n > r.max {
		return fmt.Sprintf("Value must be no more than %d", r.max)
	}
	return ""
}

func (r numberRange) String() string {
	if r.max == math.MaxInt64 {
		return fmt.Sprintf("[%d,...]", r.min)
	}
	return fmt.Sprintf("[%d,...,%d]", r.min, r.max)
}

// OneOf allows the given texts, in exactly this spelling.
//
// Kafka: ConfigDef.ValidString.
func OneOf(values ...string) Validator { return oneOf{values: values} }

// OneOfFold allows the given texts in upper, lower or mixed case.
//
// Kafka: ConfigDef.CaseInsensitiveValidString.
func OneOfFold(values ...string) Validator { return oneOf{values: values, fold: true} }

type oneOf struct {
	values []string
	fold   bool
}

func (o oneOf) Validate(v any) string {
	s, ok := v.(string)
	if ok && (slices.Contains(o.values, s) || o.fold && slices.ContainsFunc(o.values, func(w string) bool { return strings.EqualFold(s, w) })) {
		return ""
	}
	kind := "String must be one of: "
	if o.fold {
		kind = "String must be one of (case insensitive): "
	}
	return kind + strings.Join(o.values, ", ")
}

func (o oneOf) String() string { return "[" + strings.Join(o.values, ", ") + "]" }

// NonEmptyString refuses a text without characters.
//
// Kafka: ConfigDef.NonEmptyString.
func NonEmptyString() Validator {
	return ValidatorFunc("non-empty string", func(v any) string {
		if s, ok := v.(string); ok && s == "" {
			return "String must be non-empty"
		}
		return ""
	})
}

// ValidatorFunc makes a validator of a function and a description of its rule.
func ValidatorFunc(description string, check func(v any) string) Validator {
	return validatorFunc{description, check}
}

type validatorFunc struct {
	description string
	check       func(v any) string
}

func (f validatorFunc) Validate(v any) string { return f.check(v) }
func (f validatorFunc) String() string        { return f.description }
