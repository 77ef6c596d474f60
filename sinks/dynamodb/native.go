package dynamodb

import (
	"fmt"
	"slices"
	"strings"

	"sluice/connect"
)

// nativeKey is a setting of our own, valid in every dialect: its definition, and the place of its value. A key stands here only if it does
// what it says.
type nativeKey struct {
	connect.ConfigKey

	// put stores the value, in the Go type of the key's type. It is called with the default too, but neither for null nor for a value
	// that the key's validator refuses.
	put func(s *settings, v any)

	// twins are keys of dialects that say the same in other words. If both are given the native key counts, and the log says so.
	twins []string
}

// nativeGroup is a set of keys for one subject, with a file of its own.
type nativeGroup struct {
	title string // of the group in forms and on the settings page
	keys  []nativeKey
	check func(c connect.Config, s *settings) []*connect.ConfigError // rules over several keys; nil: none
}

// nativeGroups are all native keys, in the order in which they are documented.
func nativeGroups() []nativeGroup {
	return []nativeGroup{nativeConnection(), nativeCredentials(), nativeMapping(), nativeDerived(), nativeOperation(), nativeWrite(), nativeTable(), nativeRate()}
}

// nativeKeys returns the definitions for a dialect.
func nativeKeys(d *dialect) []connect.ConfigKey {
	var keys []connect.ConfigKey
	for _, g := range nativeGroups() {
		for i, k := range g.keys {
			k.Group, k.Order, k.Width = g.title, i+1, connect.WidthMedium
			k.Internal = !d.listed
			if v, ok := d.defaults[k.Name]; ok {
				k.Default = v
			}
			keys = append(keys, k.ConfigKey)
		}
	}
	return keys
}

// readNative puts what the native keys say into s, over what the dialect's keys said.
func readNative(c connect.Config, s *settings) []*connect.ConfigError {
	groups := nativeGroups()
	for _, g := range groups {
		for _, k := range g.keys {
			v := c.Value(k.Name)
			if v == nil || k.Validator != nil && k.Validator.Validate(v) != "" {
				continue
			}
			k.put(s, v)
			for _, twin := range k.twins {
				if c.Given(k.Name) && c.Given(twin) {
					s.notices = append(s.notices, fmt.Sprintf("%s is set, so %s has no effect", k.Name, twin))
				}
			}
		}
	}
	var errs []*connect.ConfigError
	for _, g := range groups {
		if g.check != nil {
			errs = append(errs, g.check(c, s)...)
		}
	}
	return errs
}

// beats names the keys of dialects that the key stands above.
func (k nativeKey) beats(twins ...string) nativeKey {
	k.twins = twins
	return k
}

// hidden keeps the value out of errors, since it may hold a password.
func (k nativeKey) hidden() nativeKey {
	k.Validator = hidingValidator{k.Validator}
	return k
}

// hidingValidator complains without showing the value.
type hidingValidator struct{ connect.Validator }

// Check is [connect.ErrorValidator]'s.
func (h hidingValidator) Check(key string, v any) *connect.ConfigError {
	if rule := h.Validate(v); rule != "" {
		return &connect.ConfigError{Key: key, Value: connect.Hidden, Rule: rule}
	}
	return nil
}

// flagKey is a key for true or false.
func flagKey(name string, def bool, doc string, put func(*settings, bool)) nativeKey {
	return nativeKey{
		ConfigKey: connect.ConfigKey{Name: name, Type: connect.TypeBoolean, Default: def, Importance: connect.Medium, Doc: doc},
		put:       func(s *settings, v any) { put(s, v.(bool)) },
	}
}

// switchKey is a key for true or false that leaves it open if it is not given.
func switchKey(name, doc string, put func(*settings, bool)) nativeKey {
	k := flagKey(name, false, doc, put)
	k.Default = nil
	return k
}

// secretKey is a key for a text that is never shown.
func secretKey(name, doc string, put func(*settings, string)) nativeKey {
	return nativeKey{
		ConfigKey: connect.ConfigKey{Name: name, Type: connect.TypePassword, Importance: connect.Medium, Doc: doc},
		put:       func(s *settings, v any) { put(s, v.(connect.Password).Reveal()) },
	}
}

// numberKey is a key for a whole number. Def is an int64 or nil.
func numberKey(name string, def any, allowed connect.Validator, doc string, put func(*settings, int64)) nativeKey {
	return nativeKey{
		ConfigKey: connect.ConfigKey{Name: name, Type: connect.TypeLong, Default: def, Validator: allowed, Importance: connect.Medium, Doc: doc},
		put:       func(s *settings, v any) { put(s, v.(int64)) },
	}
}

// textKey is a key for a text that parse makes something of; its error is the rule that a wrong text breaks. Def is a string or nil.
func textKey[T any](name string, def any, form, doc string, parse func(string) (T, error), put func(*settings, T)) nativeKey {
	check := func(v any) string {
		text, ok := v.(string)
		if !ok {
			return "Value must be non-null" // as Kafka says it of numbers
		}
		if _, err := parse(text); err != nil {
			return err.Error()
		}
		return ""
	}
	return nativeKey{
		ConfigKey: connect.ConfigKey{
			Name: name, Type: connect.TypeString, Default: def, Validator: connect.ValidatorFunc(form, check), Importance: connect.Medium, Doc: doc,
		},
		put: func(s *settings, v any) {
			parsed, _ := parse(v.(string)) // the validator has asked
			put(s, parsed)
		},
	}
}

// choice is one of the values of a key.
type choice[T any] struct {
	name  string
	value T
}

// choiceKey is a key that takes one of a few names, in lower or upper case.
func choiceKey[T any](name string, def any, doc string, choices []choice[T], put func(*settings, T)) nativeKey {
	names := make([]any, len(choices))
	texts := make([]string, len(choices))
	for i, c := range choices {
		names[i], texts[i] = c.name, c.name
	}
	return nativeKey{
		ConfigKey: connect.ConfigKey{
			Name: name, Type: connect.TypeString, Default: def, Validator: connect.OneOfFold(texts...), Importance: connect.Medium, Doc: doc,
			Recommend: func(map[string]string) []any { return names },
		},
		put: func(s *settings, v any) {
			i := slices.IndexFunc(choices, func(c choice[T]) bool { return strings.EqualFold(c.name, v.(string)) })
			put(s, choices[i].value)
		},
	}
}
