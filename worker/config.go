package worker

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"sluice/connect"
	"sluice/internal/kafka"
	"sluice/internal/sampled"
	"sluice/worker/validate"
)

// Config is what a worker is told by its properties file and its environment. It is made by [LoadConfig] and then only read.
//
// Kafka: org.apache.kafka.connect.runtime.distributed.DistributedConfig.
type Config struct {
	GroupID string

	// Where the REST API is to listen and what others are to be told about it; empty and 0 mean not given.
	Listeners          []string
	AdvertisedHost     string
	AdvertisedPort     int
	AdvertisedListener string
	REST               RESTConfig

	OverridePolicy string // All, None or Principal

	TaskShutdownTimeout time.Duration // for all tasks that are stopped together
	OffsetFlushInterval time.Duration
	OffsetFlushTimeout  time.Duration
	APITimeout          time.Duration // how long a starting worker waits for Kafka

	TopicTracking      bool
	TopicTrackingReset bool

	window sampled.Window // of all statistics

	parsed connect.Config
	props  map[string]string // as given, environment included, variables resolved
	vars   variables
}

// Notice is something about the settings that an operator may want to read, and how much it matters.
type Notice struct {
	Level slog.Level
	Text  string
}

// LoadConfig reads a worker's settings from its properties (see [sluice/worker/properties.Read]) and from the CONNECT_* variables in environ, which
// has the form of [os.Environ] and wins. Variables of config providers are resolved, for which it reads files. The error joins one for each
// setting that is wrong or asks for what this version cannot do, each naming key, value and rule. Errors and notices show variables, and
// not what they stand for.
func LoadConfig(props map[string]string, environ []string) (*Config, []Notice, error) {
	props = maps.Clone(props)
	if props == nil {
		props = map[string]string{}
	}
	maps.Copy(props, environmentProperties(environ))
	props, vars, notices, err := resolveProperties(props, environ)
	if err != nil {
		return nil, nil, err
	}
	c, more, err := newConfig(props)
	notices, err = vars.redact(append(notices, more...), err)
	if err != nil {
		return nil, nil, err
	}
	c.vars = vars
	c.REST.SystemProperties = systemProperties(environ)
	c.REST.LoginConfig = loginConfigFile(c.REST.SystemProperties, props)
	return c, notices, nil
}

// newConfig reads a worker's settings. No I/O.
func newConfig(props map[string]string) (*Config, []Notice, error) {
	def := ConfigDef()
	parsed, err := def.Parse(props)
	if err := errors.Join(append([]error{err}, refuseUnsupported(props)...)...); err != nil {
		return nil, nil, err
	}
	policy, _ := validate.OverridePolicy(parsed.String(OverridePolicyConfig))
	c := &Config{
		GroupID:             parsed.String(GroupIDConfig),
		Listeners:           parsed.List(ListenersConfig),
		AdvertisedHost:      parsed.String(AdvertisedHostConfig),
		AdvertisedPort:      int(parsed.Int(AdvertisedPortConfig)),
		AdvertisedListener:  parsed.String(AdvertisedListenerConfig),
		OverridePolicy:      policy,
		TaskShutdownTimeout: parsed.Millis(TaskShutdownTimeoutConfig),
		OffsetFlushInterval: parsed.Millis(OffsetFlushIntervalConfig),
		OffsetFlushTimeout:  parsed.Millis(OffsetFlushTimeoutConfig),
		APITimeout:          parsed.Millis(DefaultAPITimeoutConfig),
		TopicTracking:       parsed.Bool(TopicTrackingEnableConfig),
		TopicTrackingReset:  parsed.Bool(TopicTrackingAllowResetConfig),
		window:              sampled.Window{Samples: int(parsed.Int(MetricsSamplesConfig)), Length: max(time.Millisecond, parsed.Millis(MetricsWindowConfig))},
		parsed:              parsed,
		props:               props,
	}
	served, restErr := c.readREST()
	notices, err := c.checkClients()
	if err := errors.Join(restErr, err); err != nil {
		return nil, nil, err
	}
	return c, slices.Concat(notices, served, c.notices(def)), nil
}

// notices tells about settings that have no effect.
func (c *Config) notices(def *connect.ConfigDef) []Notice {
	var out []Notice
	add := func(level slog.Level, format string, args ...any) {
		out = append(out, Notice{level, fmt.Sprintf(format, args...)})
	}
	var unknown, java, idle []string
	for _, key := range slices.Sorted(maps.Keys(c.props)) {
		switch k, defined := def.Key(key); {
		case slices.Contains(idleClientKeys, key):
			if c.props[key] != connect.ConfigText(k.Default, k.Type) {
				idle = append(idle, key)
			}
		case key == PluginPathConfig:
			add(slog.LevelInfo, "%s is not needed: plugins are part of this binary", key)
		case slices.ContainsFunc(javaKeys(), func(k connect.ConfigKey) bool { return k.Name == key }):
			java = append(java, key)
		case defined:
		case key == configStoragePartitions:
			add(slog.LevelWarn, "%s is ignored: the config topic has one partition", key)
		case strings.HasSuffix(key, ".storage.cleanup.policy"):
			add(slog.LevelWarn, "%s is ignored: internal topics are compacted", key)
		case strings.HasPrefix(key, internalKeyConverter), strings.HasPrefix(key, internalValueConverter):
			add(slog.LevelWarn, "%s is ignored: internal topics hold JSON without schemas", key)
		case !hasKnownPrefix(key):
			unknown = append(unknown, key)
		}
	}
	if len(java) > 0 {
		add(slog.LevelDebug, "settings of the Java worker without effect here: %s", strings.Join(java, ", "))
	}
	if len(idle) > 0 {
		add(slog.LevelInfo, "settings of the worker's Kafka clients without effect here: %s", strings.Join(idle, ", "))
	}
	if len(unknown) > 0 {
		add(slog.LevelWarn, "unknown worker properties are ignored (settings of task consumers need the prefix %q): %s", consumerPrefix, strings.Join(unknown, ", "))
	}
	return out
}

// knownPrefixes stand before settings that are checked by those that use them.
var knownPrefixes = []string{
	consumerPrefix, producerPrefix, adminPrefix,
	KeyConverterConfig + ".", ValueConverterConfig + ".", HeaderConverterConfig + ".",
	configStoragePrefix, offsetStoragePrefix, statusStoragePrefix,
	"ssl.", "sasl.", listenersHTTPSPrefix, adminListenersPrefix, ConfigProvidersConfig + ".",
}

func hasKnownPrefix(key string) bool {
	return slices.ContainsFunc(knownPrefixes, func(p string) bool { return strings.HasPrefix(key, p) })
}

// checkClients lets the Kafka clients check what they will be given.
func (c *Config) checkClients() ([]Notice, error) {
	sample := connect.TaskID{Connector: "check", Task: 0}
	var notices []Notice
	var errs []error
	for _, client := range []struct {
		prefix string
		role   kafka.Role
		props  kafka.Properties
	}{
		{"", kafka.AdminRole, c.givenToClients()},
		{"", kafka.Consumer, c.internalReader(configTopic)},
		{"", kafka.ProducerRole, c.internalProducer(configTopic)},
		{"", kafka.AdminRole, c.internalAdmin()},
		{consumerPrefix, kafka.Consumer, c.consumerProperties(sample, nil)},
		{producerPrefix, kafka.ProducerRole, withDefaults(c.withPrefix(producerPrefix), c.bootstrap())},
		{adminPrefix, kafka.AdminRole, withDefaults(c.adminSettings(), c.bootstrap())},
	} {
		warnings, err := kafka.CheckProperties(client.props, client.role)
		var bad *kafka.PropertyError
		switch {
		case errors.As(err, &bad):
			key := bad.Key
			_, own := c.props[client.prefix+key]
			if _, inherited := c.props[key]; own || !inherited {
				key = client.prefix + key
			}
			errs = append(errs, &connect.ConfigError{Key: key, Value: bad.Value, Rule: bad.Rule})
		case err != nil:
			errs = append(errs, err)
		}
		if client.prefix == "" {
			continue // what the worker's definitions let pass is known
		}
		for _, w := range warnings {
			notices = append(notices, Notice{slog.LevelWarn, fmt.Sprintf("settings behind %q: %s", client.prefix, w)})
		}
	}
	return notices, joinDistinct(errs)
}

// joinDistinct leaves out errors that say the same: several clients share settings.
func joinDistinct(errs []error) error {
	var texts []string
	return errors.Join(slices.DeleteFunc(errs, func(err error) bool {
		if slices.Contains(texts, err.Error()) {
			return true
		}
		texts = append(texts, err.Error())
		return false
	})...)
}
