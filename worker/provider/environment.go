package provider

import (
	"regexp"
	"strings"
)

// environment is the environment as it was when the worker started: a variable's key names a variable of the environment, and a path
// is an error.
//
// Kafka: org.apache.kafka.common.config.provider.EnvVarConfigProvider.
// Differs: allowlist.pattern is an RE2 expression. What Java's syntax has beyond that (look-around, back references, possessive
// quantifiers) is refused at the start.
type environment map[string]string

func newEnvironment(params map[string]string, environ []string) (source, *badParam) {
	pattern, given := params[AllowlistPatternParam]
	if !given {
		pattern = ".*"
	}
	allowed, err := regexp.Compile(pattern)
	if err != nil {
		return nil, &badParam{AllowlistPatternParam, "not a regular expression in RE2's syntax: " + err.Error()}
	}
	allowed.Longest() // so that a match of the whole name is found if there is one
	e := environment{}
	for _, entry := range environ {
		name, value, ok := strings.Cut(entry, "=")
		if at := allowed.FindStringIndex(name); ok && at != nil && at[0] == 0 && at[1] == len(name) {
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
