package connect

import (
	"fmt"
	"math"
	"regexp"
	"strings"
	"time"
)

// Hidden is what a secret's value is shown as.
const Hidden = "[hidden]"

// Password is a secret. Printed in any way it shows [Hidden]; call Reveal where the secret itself is needed.
//
// Kafka: org.apache.kafka.common.config.types.Password.
type Password string

// String returns [Hidden].
func (Password) String() string { return Hidden }

// GoString returns [Hidden].
func (Password) GoString() string { return Hidden }

// MarshalText returns [Hidden], so that a secret never reaches JSON or a log.
func (Password) MarshalText() ([]byte, error) { return []byte(Hidden), nil }

// Reveal returns the secret.
func (p Password) Reveal() string { return string(p) }

// Config holds parsed settings. Its getters return the zero value for a key that is null or not defined.
type Config struct {
	values map[string]any
	raw    map[string]string
}

// Value returns the parsed value in the Go type of its [ConfigType], nil if it is null.
func (c Config) Value(key string) any { return c.values[key] }

// Given reports whether the setting was given, rather than left to its default.
func (c Config) Given(key string) bool { _, ok := c.raw[key]; return ok }

// String returns a STRING or CLASS setting.
func (c Config) String(key string) string { s, _ := c.values[key].(string); return s }

// Bool returns a BOOLEAN setting.
func (c Config) Bool(key string) bool { b, _ := c.values[key].(bool); return b }

// Int returns an INT, SHORT or LONG setting.
func (c Config) Int(key string) int64 {
	switch v := c.values[key].(type) {
	case int64:
		return v
	case int32:
		return int64(v)
	case int16:
		return int64(v)
	case int:
		return int64(v)
	}
	return 0
}

// Double returns a DOUBLE setting.
func (c Config) Double(key string) float64 { f, _ := c.values[key].(float64); return f }

// List returns a LIST setting.
func (c Config) List(key string) []string { l, _ := c.values[key].([]string); return l }

// Password returns the secret of a PASSWORD setting.
func (c Config) Password(key string) Password { p, _ := c.values[key].(Password); return p }

// Millis returns a numeric setting given in milliseconds.
func (c Config) Millis(key string) time.Duration {
	ms := c.Int(key)
	if ms > math.MaxInt64/int64(time.Millisecond) {
		return math.MaxInt64
	}
	return time.Duration(ms) * time.Millisecond
}

var listSeparator = regexp.MustCompile(`[\s\v]*,[\s\v]*`) // as Java's \s

// ParseConfigValue reads the text of a setting as Kafka does: surrounding blanks and control characters do not count.
// The result has the Go type of t, with int64 for every integer type.
//
// Kafka: org.apache.kafka.common.config.ConfigDef.parseType.
func ParseConfigValue(key, raw string, t ConfigType) (any, *ConfigError) {
	s := strings.TrimFunc(raw, func(r rune) bool { return r <= ' ' }) // String.trim; other blanks of Unicode stay
	bad := func(rule string) (any, *ConfigError) {
		return nil, &ConfigError{Key: key, Value: raw, Rule: rule}
	}
	switch t {
	case TypeBoolean:
		switch {
		case strings.EqualFold(s, "true"):
			return true, nil
		case strings.EqualFold(s, "false"):
			return false, nil
		}
		return bad("Expected value to be either true or false")
	case TypeInt, TypeShort, TypeLong:
		bits := map[ConfigType]int{TypeInt: 32, TypeShort: 16, TypeLong: 64}[t]
		n, err := ParseInteger(s, bits)
		if err != nil {
			return bad("Not a number of type " + string(t))
		}
		return n, nil
	case TypeDouble:
		f, err := parseDouble(s)
		if err != nil {
			return bad("Not a number of type DOUBLE")
		}
		return f, nil
	case TypeList:
		if s == "" {
			return []string{}, nil
		}
		return listSeparator.Split(s, -1), nil
	case TypePassword:
		return Password(s), nil
	case TypeString, TypeClass:
		return s, nil
	}
	return bad(fmt.Sprintf("unknown type %s", t))
}

// ConfigText returns the text of a parsed value as the REST API shows it: lists joined by commas, secrets as [Hidden], doubles as
// in Java. The text of nil is empty; callers that show null ask first.
//
// Kafka: org.apache.kafka.common.config.ConfigDef.convertToString.
func ConfigText(v any, t ConfigType) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		if t == TypePassword {
			return Hidden
		}
		return v
	case Password:
		return Hidden
	case []string:
		return strings.Join(v, ",")
	case float64:
		return FloatText(v, 64)
	default:
		return fmt.Sprint(v)
	}
}
