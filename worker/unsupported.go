package worker

import (
	"maps"
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
	{SecurityProtocolConfig, []string{securityProtocolPlain}, "only PLAINTEXT is supported by this version"},
	{ExactlyOnceSourceConfig, []string{exactlyOnceSourceOff}, "source connectors are not supported by this version; only disabled is accepted"},
	{AdvertisedListenerConfig, []string{"http"}, "https is not supported by this version"},
	{AdminListenersConfig, nil, "a listener for the admin API is not supported by this version"},
	{RestExtensionsConfig, nil, "extensions of the REST API are Java classes and are not supported"},
	{AccessControlAllowOriginConfig, nil, "cross-origin requests are not supported by this version"},
	{AccessControlAllowMethods, nil, "cross-origin requests are not supported by this version"},
	{ResponseHTTPHeadersConfig, nil, "additional HTTP headers are not supported by this version"},
	{"ssl.client.auth", []string{"none"}, "https is not supported by this version"},
}

// unsupportedPrefixes are refused whatever stands behind them, unless it is blank.
var unsupportedPrefixes = []struct{ prefix, rule string }{
	{listenersHTTPSPrefix, "https is not supported by this version"},
	{adminListenersPrefix, "https is not supported by this version"},
}

// refuseUnsupported returns an error for each setting that this version cannot honour. TLS and SASL towards Kafka are refused by the
// clients that would need them.
func refuseUnsupported(props map[string]string) []error {
	var errs []error
	for _, u := range unsupportedKeys {
		value := strings.TrimSpace(props[u.key])
		if value == "" || slices.ContainsFunc(u.harmless, func(h string) bool { return strings.EqualFold(h, value) }) {
			continue
		}
		errs = append(errs, &connect.ConfigError{Key: u.key, Value: value, Rule: u.rule})
	}
	for _, key := range slices.Sorted(maps.Keys(props)) {
		for _, u := range unsupportedPrefixes {
			if strings.HasPrefix(key, u.prefix) && strings.TrimSpace(props[key]) != "" {
				errs = append(errs, &connect.ConfigError{Key: key, Value: connect.Hidden, Rule: u.rule})
			}
		}
	}
	return errs
}
