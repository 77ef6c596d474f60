package provider

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"sluice/connect"
)

// The settings of config providers. Behind [Prefix] and the provider's name stand its class, and its parameters behind "param.".
//
// Kafka: org.apache.kafka.common.config.AbstractConfig.CONFIG_PROVIDERS_CONFIG.
const (
	NamesConfig = "config.providers"
	Prefix      = NamesConfig + "."

	classSuffix = ".class"
	paramInfix  = ".param."
)

// The classes of the providers there are.
const (
	FileClass      = "org.apache.kafka.common.config.provider.FileConfigProvider"
	DirectoryClass = "org.apache.kafka.common.config.provider.DirectoryConfigProvider"
	EnvClass       = "org.apache.kafka.common.config.provider.EnvVarConfigProvider"
)

// The parameters of the providers.
const (
	AllowedPathsParam     = "allowed.paths"     // of files and directories: a list; without it everything may be read
	AllowlistPatternParam = "allowlist.pattern" // of the environment: what names must match as a whole
)

// Providers are a worker's config providers by their names. Nil is none. It never changes.
type Providers struct{ sources map[string]source }

// source looks up values.
type source interface {
	// values returns what is known of some keys at a path, which is empty if the variable has none. A warning says why nothing
	// can be known.
	values(path string, keys []string) (values map[string]string, warning string, err error)
}

// Error says that a provider could not look something up. It shows what was asked, never what is known.
type Error struct {
	Class   string // of Java's exception
	Message string // Java's
	Cause   error  // may be nil
}

// Error returns Java's text.
func (e *Error) Error() string { return e.Message }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// JavaClass returns the class that the error has in a trace.
func (e *Error) JavaClass() string { return e.Class }

func configException(cause error, format string, args ...any) error {
	return &Error{Class: "org.apache.kafka.common.config.ConfigException", Message: fmt.Sprintf(format, args...), Cause: cause}
}

// maker makes a provider of a class from its parameters.
type maker struct {
	params []string
	make   func(params map[string]string, environ []string) (source, *badParam)
}

// badParam is a parameter that cannot be used.
type badParam struct{ name, rule string }

var makers = map[string]maker{
	FileClass:      {[]string{AllowedPathsParam}, newFiles},
	DirectoryClass: {[]string{AllowedPathsParam}, newDirectories},
	EnvClass:       {[]string{AllowlistPatternParam}, newEnvironment},
}

// New makes the providers that a worker's settings name. environ, in the form of [os.Environ], is what the environment is now and
// stays for them. The error joins a [*connect.ConfigError] for each setting that is wrong; warnings name those that mean nothing.
//
// Differs: Java ignores a name without a class, and starts; then variables would be passwords.
func New(props map[string]string, environ []string) (p *Providers, warnings []string, err error) {
	names, bad := connect.ParseConfigValue(NamesConfig, props[NamesConfig], connect.TypeList)
	if bad != nil {
		return nil, nil, bad
	}
	p = &Providers{sources: map[string]source{}}
	var errs []error
	used := map[string]bool{}
	for _, name := range names.([]string) {
		s, err := newSource(name, props, environ, used)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		p.sources[name] = s
	}
	for _, key := range slices.Sorted(maps.Keys(props)) {
		if strings.HasPrefix(key, Prefix) && !used[key] {
			warnings = append(warnings, key+" is ignored: no config provider has such a setting")
		}
	}
	return p, warnings, errors.Join(errs...)
}

// newSource makes a provider and notes which settings are its own.
func newSource(name string, props map[string]string, environ []string, used map[string]bool) (source, error) {
	classKey := Prefix + name + classSuffix
	used[classKey] = true
	class, given := props[classKey]
	if !given {
		return nil, &connect.ConfigError{Key: classKey, Missing: true}
	}
	m, ok := makers[class]
	if !ok {
		return nil, &connect.ConfigError{Key: classKey, Value: class, Rule: "there is no such config provider here; there are " +
			strings.Join(slices.Sorted(maps.Keys(makers)), ", ")}
	}
	params := map[string]string{}
	for _, param := range m.params {
		key := Prefix + name + paramInfix + param
		used[key] = true
		if v, given := props[key]; given {
			params[param] = v
		}
	}
	s, bad := m.make(params, environ)
	if bad != nil {
		return nil, &connect.ConfigError{Key: Prefix + name + paramInfix + bad.name, Value: params[bad.name], Rule: bad.rule}
	}
	return s, nil
}
