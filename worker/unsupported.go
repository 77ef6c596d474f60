package worker

import (
	"slices"
	"strings"

	"sluice/connect"
)

// What a Kafka worker can be set to and this version cannot do stands in this file, so that it is refused by name instead of being
// ignored. To build something here, delete its line.

// unsupportedKeys are refused unless they are left blank or have a value that asks for nothing.
var unsupportedKeys = []struct {
	key      string
	harmless []string
	rule     string
}{
	{ExactlyOnceSourceConfig, []string{exactlyOnceSourceOff}, "source connectors are not supported by this version; only disabled is accepted"},
}

// refuseUnsupported returns an error for each setting that this version cannot honour. What the Kafka clients cannot do, such as logging in
// with Kerberos, is refused by them.
func refuseUnsupported(props map[string]string) []error {
	var errs []error
	for _, u := range unsupportedKeys {
		value := strings.TrimSpace(props[u.key])
		if value == "" || slices.ContainsFunc(u.harmless, func(h string) bool { return strings.EqualFold(h, value) }) {
			continue
		}
		errs = append(errs, &connect.ConfigError{Key: u.key, Value: value, Rule: u.rule})
	}
	return errs
}
