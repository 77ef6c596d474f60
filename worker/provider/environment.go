package provider

import (
	"strings"

	"sluice/internal/javaregex"
)

// environment is the environment as it was when the worker started: a variable's key names a variable of the environment, and a path
// is an error.
//
// Kafka: org.apache.kafka.common.config.provider.EnvVarConfigProvider.
type environment map[string]string

func newEnvironment(params map[string]string, environ []string) (source, *badParam) {
	pattern, given := params[AllowlistPatternParam]
	if !given {
		pattern = ".*"
	}
	allowed, err := javaregex.Compile(pattern)
	if err != nil {
		return nil, &badParam{AllowlistPatternParam, "not a regular expression: " + err.Error()}
	}
	e := environment{}
	for _, entry := range environ {
		name, value, ok := strings.Cut(entry, "=")
		if !ok {
			continue
		}
		matches, err := allowed.Matches(name)
		if err != nil {
			return nil, &badParam{AllowlistPatternParam, "cannot be matched with " + name + ": " + err.Error()}
		}
		if matches {
			e[name] = value
		}
	}
	return e, nil
}

func (e environment) values(path string, _ []string) (map[string]string, string, error) {
	if path != "" {
		return nil, "", configException(nil, "Path is not supported for EnvVarConfigProvider, invalid value '%s'", path)
	}
	return e, "", nil
}
