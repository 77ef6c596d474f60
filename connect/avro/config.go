package avro

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"sluice/connect"
)

// Settings of the AvroConverter.
const (
	URLConfig              = "schema.registry.url"
	CredentialsConfig      = "basic.auth.credentials.source"
	UserInfoConfig         = "basic.auth.user.info"
	OldUserInfoConfig      = "schema.registry.basic.auth.user.info"
	BearerSourceConfig     = "bearer.auth.credentials.source"
	BearerTokenConfig      = "bearer.auth.token"
	BearerClusterConfig    = "bearer.auth.logical.cluster"
	BearerPoolConfig       = "bearer.auth.identity.pool.id"
	ProxyHostConfig        = "proxy.host"
	ProxyPortConfig        = "proxy.port"
	ConnectTimeoutConfig   = "http.connect.timeout.ms"
	ReadTimeoutConfig      = "http.read.timeout.ms"
	MaxRetriesConfig       = "max.retries"
	RetryWaitConfig        = "retries.wait.ms"
	RetryMaxWaitConfig     = "retries.max.wait.ms"
	KeyStrategyConfig      = "key.subject.name.strategy"
	ValueStrategyConfig    = "value.subject.name.strategy"
	AutoRegisterConfig     = "auto.register.schemas"
	NormalizeConfig        = "normalize.schemas"
	CacheSizeConfig        = "schemas.cache.config"
	TrailingDataConfig     = "avro.fail.on.trailing.data"
	EnhancedConfig         = "enhanced.avro.schema.support"
	MetaDataConfig         = "connect.meta.data"
	ScrubNamesConfig       = "scrub.invalid.names"
	SumTypesConfig         = "generalized.sum.type.support"
	OptionalMapKeysConfig  = "allow.optional.map.keys"
	FlattenSingletonConfig = "flatten.singleton.unions"
	DiscardConfig          = "discard.type.doc.default"
	IgnoreDefaultConfig    = "ignore.default.for.nullables"
)

// tlsPrefix stands before Kafka's ssl settings.
const tlsPrefix = "schema.registry."

// headerPrefix stands before the name of a header that every request to the registry carries.
const headerPrefix = "request.header."

// Where credentials come from.
const (
	fromURL      = "URL"
	fromUserInfo = "USER_INFO"
	staticToken  = "STATIC_TOKEN"
)

// Subject name strategies: under which name the registry knows a record's schema.
const (
	strategyPackage     = "io.confluent.kafka.serializers.subject."
	topicStrategy       = strategyPackage + "TopicNameStrategy"
	recordStrategy      = strategyPackage + "RecordNameStrategy"
	topicRecordStrategy = strategyPackage + "TopicRecordNameStrategy"
)

const idPackage = "io.confluent.kafka.serializers.schema.id."

var definition = connect.NewConfigDef(slices.Concat(registryKeys, dataKeys, refusedKeys, tlsKeys)...)

var registryKeys = []connect.ConfigKey{
	{Name: URLConfig, Type: connect.TypeList, Required: true, Importance: connect.High, Validator: registryURLs{},
		Doc: "The URLs of the schema registry, with http:// or https://. The first one is asked, or the one that has answered last; the next one if it cannot be reached or is overloaded."},
	{Name: CredentialsConfig, Type: connect.TypeString, Default: fromURL, Importance: connect.Medium,
		Validator: connect.OneOf(fromURL, fromUserInfo),
		Doc:       "Where the user name and password for the registry come from: URL for those in its URL, USER_INFO for those in basic.auth.user.info."},
	{Name: UserInfoConfig, Type: connect.TypePassword, Default: connect.Password(""), Importance: connect.Medium,
		Doc: "User name and password for the registry, with a colon between them. They count if basic.auth.credentials.source is USER_INFO."},
	{Name: OldUserInfoConfig, Type: connect.TypePassword, Default: connect.Password(""), Importance: connect.Medium,
		Doc: "The older name of basic.auth.user.info. It comes first."},
	{Name: BearerSourceConfig, Type: connect.TypeString, Default: staticToken, Importance: connect.Medium,
		Validator: connect.OneOf(staticToken),
		Doc:       "Where the bearer token for the registry comes from: STATIC_TOKEN for the one in bearer.auth.token. Tokens from an OAuth server are not supported."},
	{Name: BearerTokenConfig, Type: connect.TypePassword, Default: connect.Password(""), Importance: connect.Medium,
		Doc: "The bearer token for the registry. It is used if bearer.auth.credentials.source is given."},
	{Name: BearerClusterConfig, Type: connect.TypeString, Importance: connect.Medium,
		Doc: "The value of the header target-sr-cluster, which goes along with a bearer token."},
	{Name: BearerPoolConfig, Type: connect.TypeString, Importance: connect.Medium,
		Doc: "The value of the header Confluent-Identity-Pool-Id, which goes along with a bearer token."},
	{Name: ProxyHostConfig, Type: connect.TypeString, Default: "", Importance: connect.Low,
		Doc: "The host of an HTTP proxy on the way to the registry. If it is empty the proxy of the environment counts (HTTPS_PROXY and its kin)."},
	{Name: ProxyPortConfig, Type: connect.TypeInt, Default: int64(-1), Importance: connect.Low, Validator: connect.Between(-1, 65535),
		Doc: "The port of the proxy."},
	{Name: ConnectTimeoutConfig, Type: connect.TypeInt, Default: int64(60000), Importance: connect.Low, Validator: connect.AtLeast(1),
		Doc: "How long a connection to the registry may take to open, in milliseconds."},
	{Name: ReadTimeoutConfig, Type: connect.TypeInt, Default: int64(60000), Importance: connect.Low, Validator: connect.AtLeast(1),
		Doc: "How long an answer of the registry may take, in milliseconds."},
	{Name: MaxRetriesConfig, Type: connect.TypeInt, Default: int64(3), Importance: connect.Low, Validator: connect.Between(0, 100),
		Doc: "How often a request is sent again if the registry cannot be reached or is overloaded. Then errors.retry.timeout counts."},
	{Name: RetryWaitConfig, Type: connect.TypeInt, Default: int64(1000), Importance: connect.Low, Validator: connect.AtLeast(0),
		Doc: "The wait before the second try, in milliseconds. It is doubled for each further one."},
	{Name: RetryMaxWaitConfig, Type: connect.TypeInt, Default: int64(20000), Importance: connect.Low, Validator: connect.AtLeast(0),
		Doc: "The longest wait between two tries, in milliseconds."},
	{Name: KeyStrategyConfig, Type: connect.TypeClass, Default: topicStrategy, Importance: connect.Medium, Validator: strategies,
		Doc: "Under which subject the registry keeps the schemas of keys: TopicNameStrategy (TOPIC-key), RecordNameStrategy (the record's full name) or TopicRecordNameStrategy (both)."},
	{Name: ValueStrategyConfig, Type: connect.TypeClass, Default: topicStrategy, Importance: connect.Medium, Validator: strategies,
		Doc: "Under which subject the registry keeps the schemas of values: TopicNameStrategy (TOPIC-value), RecordNameStrategy (the record's full name) or TopicRecordNameStrategy (both)."},
	{Name: AutoRegisterConfig, Type: connect.TypeBoolean, Default: true, Importance: connect.Medium,
		Doc: "Whether a schema that the registry does not know is registered when a value is written. If false such a value is an error. A sink connector writes only what it reports to a dead letter queue without having consumed it."},
	{Name: NormalizeConfig, Type: connect.TypeBoolean, Default: false, Importance: connect.Medium,
		Doc: "Whether the registry normalizes schemas that are looked up or registered."},
}

var dataKeys = []connect.ConfigKey{
	{Name: CacheSizeConfig, Type: connect.TypeInt, Default: int64(1000), Importance: connect.Low,
		Doc: "How many schemas are kept so that they need not be fetched and converted again. At least one is."},
	{Name: TrailingDataConfig, Type: connect.TypeBoolean, Default: false, Importance: connect.Low,
		Doc: "Whether bytes behind the value are an error."},
	{Name: EnhancedConfig, Type: connect.TypeBoolean, Default: false, Importance: connect.Medium,
		Doc: "Whether the fields of a union of several types are named with the full names of their types, and enums are written as enums again."},
	{Name: MetaDataConfig, Type: connect.TypeBoolean, Default: true, Importance: connect.Low,
		Doc: "Whether names, versions, documentation and parameters of Connect schemas are kept in Avro schemas and taken from them."},
	{Name: ScrubNamesConfig, Type: connect.TypeBoolean, Default: false, Importance: connect.Medium,
		Doc: "Whether names that Avro does not allow are changed into such that it does."},
	{Name: SumTypesConfig, Type: connect.TypeBoolean, Default: false, Importance: connect.Medium,
		Doc: "Whether unions and enums are described as Confluent's other converters do, by the parameters org.apache.kafka.connect.data.Union and Enum."},
	{Name: OptionalMapKeysConfig, Type: connect.TypeBoolean, Default: false, Importance: connect.Low,
		Doc: "Whether a map whose keys are optional strings is written as a map of Avro, rather than as an array of entries."},
	{Name: FlattenSingletonConfig, Type: connect.TypeBoolean, Default: true, Importance: connect.Low,
		Doc: "Whether a union of one type is read as that type, rather than as a struct with one field."},
	{Name: DiscardConfig, Type: connect.TypeBoolean, Default: false, Importance: connect.Low,
		Doc: "Whether of documentation only that of fields is kept, in the place that Connect has for it."},
	{Name: IgnoreDefaultConfig, Type: connect.TypeBoolean, Default: false, Importance: connect.Medium,
		Doc: "Whether a null in a field with a default is written as null. If false the default is written."},
}

// refusedKeys would change what is read or written in ways that do not exist here. Their harmless values are accepted.
var refusedKeys = []connect.ConfigKey{
	onlyBool("use.latest.version", false, "data is read and written with the schema it was written with"),
	onlyUnset("use.latest.with.metadata", "data is read and written with the schema it was written with"),
	onlyInt("use.schema.id", -1, "the schema follows from the data"),
	onlyUnset("use.schema.guid", "the schema follows from the data"),
	onlyUnset("schema.format", "schemas are read as they are registered"),
	onlyBool("propagate.schema.tags", false, "tags of schemas are not copied"),
	onlyUnset("rule.executors", "rules of schemas are not run"),
	onlyUnset("rule.actions", "rules of schemas are not run"),
	onlyBool("schema.reflection", false, "there are no Java classes"),
	onlyBool("specific.avro.reader", false, "there are no Java classes"),
	onlyBool("avro.use.logical.type.converters", false, "logical types are converted as Connect has them"),
	onlyBool("schema.backup.enabled", false, "values are not wrapped for a backup"),
	onlyUnset("bearer.auth.custom.provider.class", "providers of tokens are Java classes"),
	onlyUnset("bearer.auth.issuer.endpoint.url", "tokens from an OAuth server are not supported; give one with bearer.auth.token"),
	onlyClass("context.name.strategy", "io.confluent.kafka.serializers.context.NullContextNameStrategy", "contexts of a registry belong into its URL"),
	onlyClass("key.schema.id.serializer", idPackage+"PrefixSchemaIdSerializer", "the schema's id stands before the value"),
	onlyClass("value.schema.id.serializer", idPackage+"PrefixSchemaIdSerializer", "the schema's id stands before the value"),
	onlyClass("key.schema.id.deserializer", idPackage+"PrefixSchemaIdDeserializer", "the schema's id stands before the value", idPackage+"DualSchemaIdDeserializer"),
	onlyClass("value.schema.id.deserializer", idPackage+"PrefixSchemaIdDeserializer", "the schema's id stands before the value", idPackage+"DualSchemaIdDeserializer"),
}

// tlsKeys are Kafka's ssl settings for clients; package tlsconfig checks and reads them.
var tlsKeys = []connect.ConfigKey{
	{Name: tlsPrefix + "ssl.protocol", Type: connect.TypeString, Default: "TLSv1.3", Importance: connect.Medium, Doc: "The highest version of TLS for the registry."},
	{Name: tlsPrefix + "ssl.enabled.protocols", Type: connect.TypeList, Default: []string{"TLSv1.2", "TLSv1.3"}, Importance: connect.Medium, Doc: "The versions of TLS for the registry."},
	{Name: tlsPrefix + "ssl.cipher.suites", Type: connect.TypeList, Importance: connect.Low, Doc: "The cipher suites for the registry; Go's choice if it is not given."},
	{Name: tlsPrefix + "ssl.truststore.type", Type: connect.TypeString, Default: "JKS", Importance: connect.Medium, Doc: "The kind of the trust store: JKS, PKCS12 or PEM."},
	{Name: tlsPrefix + "ssl.truststore.location", Type: connect.TypeString, Importance: connect.High, Doc: "The file with the certificates that the registry's certificate must come from; those of the system if it is not given."},
	{Name: tlsPrefix + "ssl.truststore.password", Type: connect.TypePassword, Importance: connect.High, Doc: "The password of the trust store."},
	{Name: tlsPrefix + "ssl.truststore.certificates", Type: connect.TypePassword, Importance: connect.High, Doc: "Trusted certificates in PEM form, instead of a file."},
	{Name: tlsPrefix + "ssl.keystore.type", Type: connect.TypeString, Default: "JKS", Importance: connect.Medium, Doc: "The kind of the key store: JKS, PKCS12 or PEM."},
	{Name: tlsPrefix + "ssl.keystore.location", Type: connect.TypeString, Importance: connect.High, Doc: "The file with the certificate and key that are shown to the registry."},
	{Name: tlsPrefix + "ssl.keystore.password", Type: connect.TypePassword, Importance: connect.High, Doc: "The password of the key store."},
	{Name: tlsPrefix + "ssl.keystore.key", Type: connect.TypePassword, Importance: connect.High, Doc: "The private key in PEM form, instead of a file."},
	{Name: tlsPrefix + "ssl.keystore.certificate.chain", Type: connect.TypePassword, Importance: connect.High, Doc: "The certificate chain in PEM form, instead of a file."},
	{Name: tlsPrefix + "ssl.key.password", Type: connect.TypePassword, Importance: connect.High, Doc: "The password of the private key."},
	{Name: tlsPrefix + "ssl.endpoint.identification.algorithm", Type: connect.TypeString, Default: "https", Importance: connect.Low, Doc: "How the registry's name is checked against its certificate: https, or empty for no check."},
}

// settings are what the rest of the package wants to know of the data.
type settings struct {
	isKey          bool
	strategy       string // class name
	autoRegister   bool
	normalize      bool
	cacheSize      int
	failOnTrailing bool

	enhanced        bool
	metaData        bool
	scrub           bool
	sumTypes        bool
	optionalMapKeys bool
	flattenSingle   bool
	discard         bool
	ignoreDefault   bool
}

func newSettings(c connect.Config, isKey bool) settings {
	strategy := c.String(ValueStrategyConfig)
	if isKey {
		strategy = c.String(KeyStrategyConfig)
	}
	return settings{
		isKey:          isKey,
		strategy:       strategy,
		autoRegister:   c.Bool(AutoRegisterConfig),
		normalize:      c.Bool(NormalizeConfig),
		cacheSize:      max(1, int(c.Int(CacheSizeConfig))),
		failOnTrailing: c.Bool(TrailingDataConfig),

		enhanced:        c.Bool(EnhancedConfig),
		metaData:        c.Bool(MetaDataConfig),
		scrub:           c.Bool(ScrubNamesConfig),
		sumTypes:        c.Bool(SumTypesConfig),
		optionalMapKeys: c.Bool(OptionalMapKeysConfig),
		flattenSingle:   c.Bool(FlattenSingletonConfig),
		discard:         c.Bool(DiscardConfig),
		ignoreDefault:   c.Bool(IgnoreDefaultConfig),
	}
}

var strategies = connect.OneOf(topicStrategy, recordStrategy, topicRecordStrategy)

// registryURLs checks the URLs of a registry. What it says of them holds no password.
type registryURLs struct{}

func (registryURLs) String() string { return "URLs with http or https" }

func (r registryURLs) Validate(v any) string {
	if err := r.Check(URLConfig, v); err != nil {
		return err.Rule
	}
	return ""
}

func (registryURLs) Check(key string, v any) *connect.ConfigError {
	urls, _ := v.([]string)
	if len(urls) == 0 {
		return &connect.ConfigError{Key: key, Value: "[]", Rule: "at least one URL is needed"}
	}
	for _, text := range urls {
		if strings.HasPrefix(text, "mock://") {
			return &connect.ConfigError{Key: key, Value: text, Rule: "mock registries live in a Java process; give the URL of a registry"}
		}
		bare, _ := splitUserInfo(text)
		u, err := url.Parse(bare)
		shown := bare
		if strings.Contains(bare, "@") { // part of a password, perhaps
			shown = connect.Hidden
		}
		switch {
		case err != nil: // its text would show the URL
			return &connect.ConfigError{Key: key, Value: connect.Hidden, Rule: "not a URL"}
		case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
			return &connect.ConfigError{Key: key, Value: shown, Rule: "a URL with http:// or https:// and a host is needed"}
		}
	}
	return nil
}

func only(name string, t connect.ConfigType, def any, reason string, others ...any) connect.ConfigKey {
	allowed := append([]any{def}, others...)
	rule := "not supported: " + reason
	described := "[" + fmt.Sprint(def) + "]"
	if def == nil {
		described = "not set"
	}
	return connect.ConfigKey{Name: name, Type: t, Default: def, Importance: connect.Low,
		Validator: connect.ValidatorFunc(described, func(v any) string {
			if v == nil || v == "" || slices.Contains(allowed, v) {
				return ""
			}
			return rule
		}),
		Doc: "Not supported: " + reason + "."}
}

func onlyBool(name string, def bool, reason string) connect.ConfigKey {
	return only(name, connect.TypeBoolean, def, reason)
}

func onlyInt(name string, def int64, reason string) connect.ConfigKey {
	return only(name, connect.TypeInt, def, reason)
}

func onlyUnset(name, reason string) connect.ConfigKey {
	return only(name, connect.TypeString, nil, reason)
}

func onlyClass(name, def, reason string, others ...any) connect.ConfigKey {
	return only(name, connect.TypeClass, def, reason, others...)
}
