package worker

import (
	"log/slog"
	"slices"
	"strings"

	"sluice/connect"
	"sluice/internal/tlsconfig"
)

// BasicAuthExtension is the only class that rest.extension.classes may name.
const BasicAuthExtension = "org.apache.kafka.connect.rest.basic.auth.extension.BasicAuthSecurityRestExtension"

// RESTConfig is what the settings say about how the REST API is served, and to whom.
//
// Kafka: org.apache.kafka.connect.runtime.rest.RestServerConfig.
type RESTConfig struct {
	// AdminListeners are the addresses of the admin endpoints: nil puts them beside the others, an empty list switches them off.
	AdminListeners []string

	// MetricsListeners are the addresses of the metrics: nil puts them beside the others, an empty list switches them off.
	MetricsListeners []string

	// TLS and AdminTLS are for the https listeners among Listeners and AdminListeners; nil if there are none.
	TLS, AdminTLS *tlsconfig.Settings

	AllowedOrigins []string // from which browsers may call; none at all sends no headers about it
	AllowedMethods []string // that they may call from there; none means GET, POST and HEAD

	ResponseHeaders []HeaderRule

	// BasicAuth asks clients for a name and a password. LoginConfig is the file that says how to check them, "" if it was not given;
	// SystemProperties are what the variables in it stand for.
	BasicAuth        bool
	LoginConfig      string
	SystemProperties map[string]string
}

// readREST reads what [RESTConfig] holds but for the environment's part.
func (c *Config) readREST() ([]Notice, error) {
	r := &c.REST
	if c.parsed.Value(AdminListenersConfig) != nil {
		r.AdminListeners = append([]string{}, c.parsed.List(AdminListenersConfig)...)
	}
	if c.parsed.Value(MetricsListenersConfig) != nil {
		r.MetricsListeners = append([]string{}, c.parsed.List(MetricsListenersConfig)...)
	}
	r.AllowedOrigins = withoutEmpty(splitCSV(c.parsed.String(AccessControlAllowOriginConfig)))
	r.AllowedMethods = splitCSV(c.parsed.String(AccessControlAllowMethods))
	r.BasicAuth = len(c.parsed.List(RestExtensionsConfig)) > 0
	var err error
	if r.ResponseHeaders, err = parseHeaderRules(c.parsed.String(ResponseHTTPHeadersConfig)); err != nil {
		return nil, err
	}
	var notices []Notice
	for _, l := range []struct {
		listeners []string
		prefix    string
		settings  **tlsconfig.Settings
	}{
		{c.Listeners, listenersHTTPSPrefix, &r.TLS},
		{r.AdminListeners, adminListenersPrefix, &r.AdminTLS},
	} {
		if !slices.ContainsFunc(l.listeners, isHTTPS) {
			continue
		}
		if *l.settings, err = tlsconfig.Parse(c.props, l.prefix); err != nil {
			return nil, err
		}
		for _, text := range (*l.settings).Notices() {
			notices = append(notices, Notice{Level: slog.LevelWarn, Text: text})
		}
	}
	return notices, nil
}

func isHTTPS(listener string) bool {
	scheme, _, _ := strings.Cut(strings.TrimSpace(listener), "://")
	return strings.EqualFold(scheme, "https")
}

// plainListeners validates the listeners of the metrics.
type plainListeners struct{}

func (plainListeners) String() string {
	return "List of comma-separated http URLs, ex: http://127.0.0.1:9404."
}

func (plainListeners) Validate(v any) string {
	if text := listeners(false).Validate(v); text != "" {
		return text
	}
	if urls, _ := v.([]string); slices.ContainsFunc(urls, isHTTPS) {
		return "listeners of the metrics have no TLS; without this setting they are on those of the REST API, which may"
	}
	return ""
}

func withoutEmpty(list []string) []string {
	return slices.DeleteFunc(list, func(s string) bool { return s == "" })
}

// headerRules validates response.http.headers.config with Kafka's texts.
type headerRules struct{}

func (headerRules) String() string {
	return "Comma-separated header rules, where each header rule is of the form '[action] [header name]:[header value]' and optionally surrounded by double quotes if any part of a header rule contains a comma"
}

func (headerRules) Validate(v any) string {
	text, _ := v.(string)
	if _, err := parseHeaderRules(text); err != nil {
		return err.Error()
	}
	return ""
}

// Check implements [connect.ErrorValidator].
func (h headerRules) Check(key string, v any) *connect.ConfigError {
	if text := h.Validate(v); text != "" {
		return &connect.ConfigError{Key: key, Text: text}
	}
	return nil
}

// restExtensions lets the one class pass that is built in: to ignore another would open an API that was meant to be closed.
func restExtensions() connect.Validator {
	return connect.ValidatorFunc("empty, or "+BasicAuthExtension, func(v any) string {
		classes, _ := v.([]string)
		for _, class := range classes {
			if class != BasicAuthExtension {
				return "extensions of the REST API are Java classes and are not supported, but for " + BasicAuthExtension
			}
		}
		return ""
	})
}
