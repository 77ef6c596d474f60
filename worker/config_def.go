package worker

import (
	"strings"

	"sluice/connect"
	"sluice/worker/validate"
)

// The worker's settings.
//
// Kafka: org.apache.kafka.connect.runtime.distributed.DistributedConfig, WorkerConfig, RestServerConfig.
const (
	BootstrapServersConfig = "bootstrap.servers"
	GroupIDConfig          = "group.id"
	ClientIDConfig         = "client.id"

	ConfigStorageTopicConfig             = "config.storage.topic"
	ConfigStorageReplicationFactorConfig = "config.storage.replication.factor"
	OffsetStorageTopicConfig             = "offset.storage.topic"
	OffsetStoragePartitionsConfig        = "offset.storage.partitions"
	OffsetStorageReplicationFactorConfig = "offset.storage.replication.factor"
	StatusStorageTopicConfig             = "status.storage.topic"
	StatusStoragePartitionsConfig        = "status.storage.partitions"
	StatusStorageReplicationFactorConfig = "status.storage.replication.factor"

	KeyConverterConfig    = "key.converter"
	ValueConverterConfig  = "value.converter"
	HeaderConverterConfig = "header.converter"

	TaskShutdownTimeoutConfig     = "task.shutdown.graceful.timeout.ms"
	OffsetFlushIntervalConfig     = "offset.flush.interval.ms"
	OffsetFlushTimeoutConfig      = "offset.flush.timeout.ms"
	PluginPathConfig              = "plugin.path"
	OverridePolicyConfig          = "connector.client.config.override.policy"
	TopicTrackingEnableConfig     = "topic.tracking.enable"
	TopicTrackingAllowResetConfig = "topic.tracking.allow.reset"

	ListenersConfig                = "listeners"
	AdvertisedHostConfig           = "rest.advertised.host.name"
	AdvertisedPortConfig           = "rest.advertised.port"
	AdvertisedListenerConfig       = "rest.advertised.listener"
	AdminListenersConfig           = "admin.listeners"
	RestExtensionsConfig           = "rest.extension.classes"
	AccessControlAllowOriginConfig = "access.control.allow.origin"
	AccessControlAllowMethods      = "access.control.allow.methods"
	ResponseHTTPHeadersConfig      = "response.http.headers.config"

	MetricsListenersConfig = "metrics.listeners"
	MetricsSamplesConfig   = "metrics.num.samples"
	MetricsWindowConfig    = "metrics.sample.window.ms"

	ProtocolConfig               = "connect.protocol"
	VerificationAlgorithmsConfig = "inter.worker.verification.algorithms"

	SecurityProtocolConfig   = "security.protocol"
	ConfigProvidersConfig    = "config.providers"
	ExactlyOnceSourceConfig  = "exactly.once.source.support"
	DefaultAPITimeoutConfig  = "default.api.timeout.ms"
	protocolSessioned        = "sessioned"
	defaultHeaderConverter   = "org.apache.kafka.connect.storage.SimpleHeaderConverter"
	defaultAPITimeoutMillis  = 60000
	configStoragePrefix      = "config.storage."
	offsetStoragePrefix      = "offset.storage."
	statusStoragePrefix      = "status.storage."
	consumerPrefix           = "consumer."
	producerPrefix           = "producer."
	adminPrefix              = "admin."
	listenersHTTPSPrefix     = "listeners.https."
	adminListenersPrefix     = "admin.listeners.https."
	internalKeyConverter     = "internal.key.converter"
	internalValueConverter   = "internal.value.converter"
	configStoragePartitions  = "config.storage.partitions"
	exactlyOnceSourceOff     = "disabled"
	securityProtocolPlain    = "PLAINTEXT"
	defaultListener          = "http://:8083"
	replicationFactorDefault = int64(3)
)

// ConfigDef returns the definitions of the settings that stand in worker.properties, other than those behind a prefix.
func ConfigDef() *connect.ConfigDef {
	keys := identityKeys()
	keys = append(keys, storageKeys()...)
	keys = append(keys, taskKeys()...)
	keys = append(keys, restKeys()...)
	keys = append(keys, tlsKeys()...)
	keys = append(keys, groupKeys()...)
	keys = append(keys, clientKeys()...)
	return connect.NewConfigDef(append(keys, javaKeys()...)...)
}

func identityKeys() []connect.ConfigKey {
	return []connect.ConfigKey{
		{Name: BootstrapServersConfig, Type: connect.TypeList, Default: []string{"localhost:9092"}, Importance: connect.High,
			Doc: "Kafka brokers to connect to first, as host:port; the others are learned from them."},
		{Name: GroupIDConfig, Type: connect.TypeString, Required: true, Validator: connect.NonEmptyString(), Importance: connect.High,
			Doc: "Name of the Connect cluster. It must differ from the consumer group of every sink."},
		{Name: ClientIDConfig, Type: connect.TypeString, Default: "", Importance: connect.Low,
			Doc: "Part of the client ids under which the worker's own clients show in the brokers' logs and quotas."},
		{Name: KeyConverterConfig, Type: connect.TypeClass, Required: true, Validator: connect.NonEmptyString(), Importance: connect.High,
			Doc: "Class that turns the bytes of record keys into values, for connectors that name none. Its own settings follow behind key.converter."},
		{Name: ValueConverterConfig, Type: connect.TypeClass, Required: true, Validator: connect.NonEmptyString(), Importance: connect.High,
			Doc: "Class that turns the bytes of record values into values, for connectors that name none. Its own settings follow behind value.converter."},
		{Name: HeaderConverterConfig, Type: connect.TypeClass, Default: defaultHeaderConverter, Importance: connect.Low,
			Doc: "Class that turns the bytes of record headers into values, for connectors that name none."},
	}
}

func storageKeys() []connect.ConfigKey {
	return []connect.ConfigKey{
		{Name: ConfigStorageTopicConfig, Type: connect.TypeString, Required: true, Validator: notBlank(), Importance: connect.High,
			Doc: "Topic that keeps the configurations of connectors and tasks. It is created with one partition, compacted. Further settings behind config.storage. are given to the broker at its creation."},
		{Name: ConfigStorageReplicationFactorConfig, Type: connect.TypeShort, Default: replicationFactorDefault, Validator: positiveOrBrokerDefault(), Importance: connect.Low,
			Doc: "Replicas of the config topic if it has to be created; -1 leaves it to the broker."},
		{Name: OffsetStorageTopicConfig, Type: connect.TypeString, Required: true, Validator: notBlank(), Importance: connect.High,
			Doc: "Topic that keeps the offsets of source connectors. It is created and otherwise left alone."},
		{Name: OffsetStoragePartitionsConfig, Type: connect.TypeInt, Default: int64(25), Validator: positiveOrBrokerDefault(), Importance: connect.Low,
			Doc: "Partitions of the offsets topic if it has to be created; -1 leaves it to the broker."},
		{Name: OffsetStorageReplicationFactorConfig, Type: connect.TypeShort, Default: replicationFactorDefault, Validator: positiveOrBrokerDefault(), Importance: connect.Low,
			Doc: "Replicas of the offsets topic if it has to be created; -1 leaves it to the broker."},
		{Name: StatusStorageTopicConfig, Type: connect.TypeString, Required: true, Validator: notBlank(), Importance: connect.High,
			Doc: "Topic that keeps the states of connectors and tasks."},
		{Name: StatusStoragePartitionsConfig, Type: connect.TypeInt, Default: int64(5), Validator: positiveOrBrokerDefault(), Importance: connect.Low,
			Doc: "Partitions of the status topic if it has to be created; -1 leaves it to the broker."},
		{Name: StatusStorageReplicationFactorConfig, Type: connect.TypeShort, Default: replicationFactorDefault, Validator: positiveOrBrokerDefault(), Importance: connect.Low,
			Doc: "Replicas of the status topic if it has to be created; -1 leaves it to the broker."},
	}
}

func taskKeys() []connect.ConfigKey {
	return []connect.ConfigKey{
		{Name: TaskShutdownTimeoutConfig, Type: connect.TypeLong, Default: int64(5000), Validator: connect.AtLeast(0), Importance: connect.Low,
			Doc: "How long tasks that are stopped together may take in all, in milliseconds. Those that take longer are abandoned without a last commit of their offsets."},
		{Name: OffsetFlushIntervalConfig, Type: connect.TypeLong, Default: int64(60000), Validator: connect.AtLeast(1), Importance: connect.Low,
			Doc: "How often the offsets of what was delivered are committed, in milliseconds."},
		{Name: OffsetFlushTimeoutConfig, Type: connect.TypeLong, Default: int64(5000), Validator: connect.AtLeast(1), Importance: connect.Low,
			Doc: "After how many milliseconds without an answer a commit of offsets counts as failed and is tried again."},
		{Name: OverridePolicyConfig, Type: connect.TypeString, Default: validate.OverrideAll, Validator: overridePolicy(), Importance: connect.Medium,
			Doc: "Which of its clients' settings a connector may override: All, None, or Principal for those that say who it is."},
		{Name: TopicTrackingEnableConfig, Type: connect.TypeBoolean, Default: true, Importance: connect.Low,
			Doc: "Whether the topics that connectors have used are recorded and shown by the REST API."},
		{Name: TopicTrackingAllowResetConfig, Type: connect.TypeBoolean, Default: true, Importance: connect.Low,
			Doc: "Whether the REST API may reset the record of used topics."},
		{Name: PluginPathConfig, Type: connect.TypeList, Importance: connect.Low,
			Doc: "Where a Java worker loads plugins from. Plugins are part of this binary, so it is noted and has no effect."},
		{Name: ConfigProvidersConfig, Type: connect.TypeList, Default: []string{}, Importance: connect.Low,
			Doc: "Names of config providers, which replace variables such as ${file:/run/secrets/db.properties:password} in these settings and in those of connectors. The class of each stands behind config.providers.<name>.class, its parameters behind config.providers.<name>.param."},
	}
}

func restKeys() []connect.ConfigKey {
	return []connect.ConfigKey{
		{Name: ListenersConfig, Type: connect.TypeList, Default: []string{defaultListener}, Validator: listeners(true), Importance: connect.Low,
			Doc: "Addresses of the REST API, such as http://:8083,https://:8443; without a host it listens on every interface."},
		{Name: AdvertisedHostConfig, Type: connect.TypeString, Importance: connect.Low,
			Doc: "Host name under which other workers reach this one. It is part of the worker's id."},
		{Name: AdvertisedPortConfig, Type: connect.TypeInt, Validator: optional(connect.Between(0, 65535)), Importance: connect.Low,
			Doc: "Port under which other workers reach this one. It is part of the worker's id."},
		{Name: AdvertisedListenerConfig, Type: connect.TypeString, Validator: optional(connect.OneOfFold("http", "https")), Importance: connect.Low,
			Doc: "Protocol under which other workers reach this one. By default http if there is such a listener, else https."},
		{Name: AdminListenersConfig, Type: connect.TypeList, Validator: listeners(false), Importance: connect.Low,
			Doc: "Addresses of the admin endpoints (/admin/loggers), if they are to have their own; an empty list switches them off. By default they are beside the others. TLS settings of their own stand behind admin.listeners.https."},
		{Name: MetricsListenersConfig, Type: connect.TypeList, Validator: plainListeners{}, Importance: connect.Low,
			Doc: "Addresses of the metrics (/metrics), if they are to have their own, such as http://127.0.0.1:9404; an empty list switches them off. By default they are beside the REST API, for those whom it lets in; listeners of their own serve nothing else, without TLS, and let everybody in."},
		{Name: RestExtensionsConfig, Type: connect.TypeList, Default: []string{}, Validator: restExtensions(), Importance: connect.Low,
			Doc: "Extensions of the REST API. The one that there is asks for a name and a password; who may call is in the login configuration that " + loginConfigProperty + " names."},
		{Name: loginConfigProperty, Type: connect.TypeString, Importance: connect.Low,
			Doc: "File with the login configuration (JAAS) of the REST API. It counts where KAFKA_OPTS does not name one with -D" + loginConfigProperty + "=."},
		{Name: AccessControlAllowOriginConfig, Type: connect.TypeString, Default: "", Importance: connect.Low,
			Doc: "Origins from which browsers may call the REST API: a list such as http://console.example.com,http://*.example.org, or * for all."},
		{Name: AccessControlAllowMethods, Type: connect.TypeString, Default: "", Importance: connect.Low,
			Doc: "Methods that browsers may call from other origins; by default GET, POST and HEAD."},
		{Name: ResponseHTTPHeadersConfig, Type: connect.TypeString, Default: "", Validator: headerRules{}, Importance: connect.Low,
			Doc: "Headers that all answers of the REST API carry, such as set X-Frame-Options: DENY. The actions are set, add, setDate and addDate; the dates are milliseconds from now."},
	}
}

// groupKeys serve the group of workers. A worker that is a cluster of its own checks them and has no use for them.
func groupKeys() []connect.ConfigKey {
	millis := func(name string, preset, least int64, doc string) connect.ConfigKey {
		return connect.ConfigKey{Name: name, Type: connect.TypeInt, Default: preset, Validator: connect.AtLeast(least), Importance: connect.Low, Doc: doc}
	}
	text := func(name, preset, doc string) connect.ConfigKey {
		return connect.ConfigKey{Name: name, Type: connect.TypeString, Default: preset, Importance: connect.Low, Doc: doc}
	}
	protocol := text(ProtocolConfig, protocolSessioned, "Protocol among the workers of a cluster: eager, compatible or sessioned.")
	protocol.Validator = connect.OneOfFold("eager", "compatible", protocolSessioned)
	exactlyOnce := text(ExactlyOnceSourceConfig, exactlyOnceSourceOff, "Whether source connectors deliver exactly once. Only disabled is supported by this version.")
	exactlyOnce.Validator = connect.OneOfFold("disabled", "preparing", "enabled")
	return []connect.ConfigKey{
		millis("session.timeout.ms", 10000, 1, "After how many milliseconds without a heartbeat a worker counts as gone."),
		millis("heartbeat.interval.ms", 3000, 1, "How often a worker shows that it is alive, in milliseconds."),
		millis("rebalance.timeout.ms", 60000, 1, "How long workers may take to stop what they give away, in milliseconds."),
		millis("scheduled.rebalance.max.delay.ms", 300000, 0, "How long the work of a worker that left waits for its return, in milliseconds."),
		millis("worker.sync.timeout.ms", 3000, 0, "How long a worker may take to catch up with the config topic, in milliseconds."),
		millis("worker.unsync.backoff.ms", 300000, 0, "How long a worker that could not catch up stays out of the group, in milliseconds."),
		millis("inter.worker.key.ttl.ms", 3600000, 0, "Age at which the key that signs requests among workers is replaced, in milliseconds."),
		{Name: "inter.worker.key.size", Type: connect.TypeInt, Importance: connect.Low, Doc: "Size of the key that signs requests among workers; null is the algorithm's default."},
		text("inter.worker.key.generation.algorithm", "HmacSHA256", "Algorithm that makes the key for requests among workers."),
		text("inter.worker.signature.algorithm", "HmacSHA256", "Algorithm that signs requests among workers."),
		{Name: VerificationAlgorithmsConfig, Type: connect.TypeList, Default: []string{"HmacSHA256"}, Importance: connect.Low, Doc: "Algorithms that are accepted in requests among workers."},
		protocol,
		exactlyOnce,
	}
}

// clientKeys are the settings that the worker's own Kafka clients share. Task consumers get theirs behind consumer.
func clientKeys() []connect.ConfigKey {
	key := func(name string, t connect.ConfigType, preset any, least int64, doc string) connect.ConfigKey {
		k := connect.ConfigKey{Name: name, Type: t, Default: preset, Importance: connect.Low, Doc: doc}
		if t == connect.TypeInt || t == connect.TypeLong {
			k.Validator = connect.AtLeast(least)
		}
		return k
	}
	return []connect.ConfigKey{
		key(SecurityProtocolConfig, connect.TypeString, securityProtocolPlain, 0, "How brokers are talked to: PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL. With it go `sasl.*` and `ssl.*`, as in every Kafka client; task consumers get theirs behind `consumer.`."),
		key(DefaultAPITimeoutConfig, connect.TypeInt, int64(defaultAPITimeoutMillis), 0, "How long the worker's clients try a request, in milliseconds; also how long a starting worker waits for Kafka."),
		key("request.timeout.ms", connect.TypeInt, int64(40000), 0, "How long a client waits for the answer to a request, in milliseconds."),
		key("retry.backoff.ms", connect.TypeLong, int64(100), 0, "Pause before a failed request is sent again, in milliseconds."),
		key("retry.backoff.max.ms", connect.TypeLong, int64(1000), 0, "Longest pause before a request that fails repeatedly is sent again, in milliseconds."),
		key("reconnect.backoff.ms", connect.TypeLong, int64(50), 0, "Pause before a lost connection is built again, in milliseconds."),
		key("reconnect.backoff.max.ms", connect.TypeLong, int64(1000), 0, "Longest pause before a connection that fails repeatedly is built again, in milliseconds."),
		key("connections.max.idle.ms", connect.TypeLong, int64(540000), -1, "After how many milliseconds an idle connection is closed. It has no effect: connections that are in use stay open."),
		key("metadata.max.age.ms", connect.TypeLong, int64(300000), 0, "After how many milliseconds the clients ask again what brokers and partitions there are."),
		key("send.buffer.bytes", connect.TypeInt, int64(131072), -1, "Size of the TCP send buffer. It has no effect: that is left to the system."),
		key("receive.buffer.bytes", connect.TypeInt, int64(32768), -1, "Size of the TCP receive buffer. It has no effect: that is left to the system."),
		key("socket.connection.setup.timeout.ms", connect.TypeLong, int64(10000), 1, "How long building a connection may take, in milliseconds."),
		key("socket.connection.setup.timeout.max.ms", connect.TypeLong, int64(30000), 1, "Longest time that building a connection may take after repeated failures, in milliseconds. It has no effect: each try has the same time."),
		key(MetricsSamplesConfig, connect.TypeInt, int64(2), 1, "Over how many samples rates, averages and maxima in the metrics are taken."),
		key(MetricsWindowConfig, connect.TypeLong, int64(30000), 0, "How much time a sample of the metrics covers, in milliseconds."),
		key("client.dns.lookup", connect.TypeString, "use_all_dns_ips", 0, "How host names of brokers are resolved. It has no effect: all addresses of a host are tried."),
		key("metadata.recovery.strategy", connect.TypeString, "none", 0, "What clients do when no known broker answers. It has no effect: the addresses of bootstrap.servers are tried again."),
	}
}

// idleClientKeys are those of clientKeys that have no effect: they are checked, and then not given to the clients.
var idleClientKeys = []string{"client.dns.lookup", "connections.max.idle.ms", "metadata.recovery.strategy", "receive.buffer.bytes", "send.buffer.bytes", "socket.connection.setup.timeout.max.ms"}

// javaKeys mean something to a Java worker only. They are accepted so that its properties files can be used as they are.
func javaKeys() []connect.ConfigKey {
	key := func(name string, t connect.ConfigType) connect.ConfigKey {
		return connect.ConfigKey{Name: name, Type: t, Importance: connect.Low, Doc: "A setting of the Java worker without effect here."}
	}
	return []connect.ConfigKey{
		key("metric.reporters", connect.TypeList),
		key("metrics.recording.level", connect.TypeString),
		key("auto.include.jmx.reporter", connect.TypeBoolean),
		key("plugin.discovery", connect.TypeString),
		key("topic.creation.enable", connect.TypeBoolean),
	}
}

func notBlank() connect.Validator {
	return connect.ValidatorFunc("non-blank string", func(v any) string {
		if s, ok := v.(string); ok && strings.TrimSpace(s) == "" {
			return "Must be specified"
		}
		return ""
	})
}

func positiveOrBrokerDefault() connect.Validator {
	return connect.ValidatorFunc("Positive number, or -1 to use the broker's default", func(v any) string {
		if n, ok := v.(int64); ok && n != -1 && n < 1 {
			return "Value must be positive, or -1 to use the Kafka broker's default"
		}
		return ""
	})
}

func overridePolicy() connect.Validator {
	return connect.ValidatorFunc("All, None or Principal, or the Java class of one", func(v any) string {
		s, _ := v.(string)
		if _, ok := validate.OverridePolicy(s); !ok {
			return "must be All, None or Principal; policies of other classes are not supported"
		}
		return ""
	})
}

// optional lets null pass.
func optional(rule connect.Validator) connect.Validator {
	return connect.ValidatorFunc(rule.String(), func(v any) string {
		if v == nil {
			return ""
		}
		return rule.Validate(v)
	})
}

// listeners checks what can be said of addresses without binding them; whoever binds them says the rest.
func listeners(needed bool) connect.Validator {
	return connect.ValidatorFunc("List of comma-separated URLs, ex: http://localhost:8080,https://localhost:8443.", func(v any) string {
		urls, _ := v.([]string)
		if needed && len(urls) == 0 {
			return "Invalid value for listeners, at least one URL is expected, ex: http://localhost:8080,https://localhost:8443."
		}
		for _, u := range urls {
			scheme, _, ok := strings.Cut(u, "://")
			switch {
			case strings.TrimSpace(u) == "":
				return "Empty URL found when parsing the list"
			case !ok:
				return "Listener doesn't have the right format (protocol://hostname:port)."
			case !strings.EqualFold(scheme, "http") && !strings.EqualFold(scheme, "https"):
				return `Listener protocol must be either "http" or "https".`
			}
		}
		return ""
	})
}
