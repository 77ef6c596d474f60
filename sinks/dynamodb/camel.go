package dynamodb

import (
	"log/slog"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"sluice/connect"
)

// Names under which users of Camel's DynamoDB sink know it.
const (
	camelClass     = "org.apache.camel.kafkaconnector.awsddbsink.CamelAwsddbsinkSinkConnector"
	camelTaskClass = "org.apache.camel.kafkaconnector.awsddbsink.CamelAwsddbsinkSinkTask"
	camelVersion   = "3.20.3"
)

// The settings of Camel 3.20.3 that the sink acts on or refuses.
const (
	camelMarshalConfig         = "camel.sink.marshal"
	camelUnmarshalConfig       = "camel.sink.unmarshal"
	camelContentLogLevelConfig = "camel.sink.contentLogLevel"
	camelAggregateConfig       = "camel.beans.aggregate"
	camelIdempotencyConfig     = "camel.idempotency.enabled"
	camelMapHeadersConfig      = "camel.map.headers"

	camelTableConfig              = "camel.kamelet.aws-ddb-sink.table"
	camelAccessKeyConfig          = "camel.kamelet.aws-ddb-sink.accessKey"
	camelSecretKeyConfig          = "camel.kamelet.aws-ddb-sink.secretKey"
	camelRegionConfig             = "camel.kamelet.aws-ddb-sink.region"
	camelOperationConfig          = "camel.kamelet.aws-ddb-sink.operation"
	camelDefaultCredentialsConfig = "camel.kamelet.aws-ddb-sink.useDefaultCredentialsProvider"
	camelEndpointConfig           = "camel.kamelet.aws-ddb-sink.uriEndpointOverride"
	camelOverrideEndpointConfig   = "camel.kamelet.aws-ddb-sink.overrideEndpoint"
)

// Settings of other versions of Camel's sink, and of its component, which Camel passes on without knowing them. Validation does not list them.
const (
	camelReadCapacityConfig  = "camel.kamelet.aws-ddb-sink.readCapacity"
	camelWriteCapacityConfig = "camel.kamelet.aws-ddb-sink.writeCapacity" // up to 3.20.2

	camelProfileCredentialsConfig = "camel.kamelet.aws-ddb-sink.useProfileCredentialsProvider" // from 4.8
	camelProfileNameConfig        = "camel.kamelet.aws-ddb-sink.profileCredentialsName"        // from 4.8
	camelSessionCredentialsConfig = "camel.kamelet.aws-ddb-sink.useSessionCredentials"         // from 4.8
	camelSessionTokenConfig       = "camel.kamelet.aws-ddb-sink.sessionToken"                  // from 4.8

	camelProxyHostConfig     = "camel.component.aws2-ddb.proxyHost"
	camelProxyPortConfig     = "camel.component.aws2-ddb.proxyPort"
	camelProxyProtocolConfig = "camel.component.aws2-ddb.proxyProtocol"
	camelTrustAllConfig      = "camel.component.aws2-ddb.trustAllCertificates"
)

// camel is the dialect of Camel's aws-ddb-sink. Validation answers with its keys alone, as the real connector does; of the native keys only what is
// wrong is shown.
func camel() *dialect {
	return &dialect{
		class: camelClass, taskClass: camelTaskClass, version: camelVersion,
		keys: camelKeys, read: readCamel, finish: finishCamel,
	}
}

// camelKeys defines the keys of Camel 3.20.3 in its order, with its types, defaults and levels. As there, none has a validator and
// none is required by validation. Keys beyond it are accepted silently.
func camelKeys() []connect.ConfigKey {
	key := func(name string, t connect.ConfigType, def any, importance connect.Importance, doc string) connect.ConfigKey {
		return connect.ConfigKey{Name: name, Type: t, Default: def, Importance: importance, Doc: doc, Order: -1, Width: connect.WidthNone}
	}
	const (
		str    = connect.TypeString
		secret = connect.TypePassword
		flag   = connect.TypeBoolean
		low    = connect.Low
		medium = connect.Medium
		high   = connect.High
	)
	return []connect.ConfigKey{
		key("camel.sink.url", str, nil, high, "A Camel endpoint to send to. Has no effect on this sink, as in Camel."),
		key(camelMarshalConfig, str, nil, high, "A data format that the value is brought into first: jackson, json-jackson, json-gson or json. Objects are accepted with or without it; a text value is read as JSON only without it."),
		key(camelUnmarshalConfig, str, nil, high, "Means the same as camel.sink.marshal, as in Camel 3.20.3."),
		key("camel.sink.component", str, nil, high, "A Camel component to send to. Has no effect on this sink, as in Camel."),
		key(camelContentLogLevelConfig, str, "OFF", high, "Logs every record with its value at this level: TRACE, DEBUG, INFO, WARN or ERROR. Any other value logs nothing."),
		key(camelAggregateConfig, str, nil, medium, "A bean that joins several records to one. Not supported: the sink writes in batches by itself."),
		key("camel.aggregation.size", connect.TypeInt, int64(10), medium, "The number of records that the aggregation bean joins. Has no effect without one."),
		key("camel.aggregation.timeout", connect.TypeLong, int64(500), medium, "How long the aggregation bean waits for records, in milliseconds. Has no effect without one."),
		key("camel.error.handler", str, "default", low, "The kind of Camel's error handler. Has no effect on this sink, as in Camel: throttling and outages are retried for ever."),
		key("camel.error.handler.max.redeliveries", connect.TypeInt, int64(0), medium, "The number of retries of Camel's error handler. Has no effect on this sink, as in Camel."),
		key("camel.error.handler.redelivery.delay", connect.TypeLong, int64(1000), medium, "The delay of Camel's error handler, in milliseconds. Has no effect on this sink, as in Camel."),
		key(camelIdempotencyConfig, flag, false, low, "Drops records that were seen before. Not supported: writing an item twice leaves the same item."),
		key("camel.idempotency.expression.type", str, "body", low, "What the idempotency filter compares: body or header."),
		key("camel.idempotency.expression.header", str, nil, low, "The header that the idempotency filter compares."),
		key("camel.idempotency.memory.dimension", connect.TypeInt, int64(100), low, "How many records the idempotency filter remembers."),
		key("camel.idempotency.repository.type", str, "memory", low, "Where the idempotency filter remembers records: memory or kafka."),
		key("camel.idempotency.kafka.topic", str, "kafka_idempotent_repository", low, "The topic in which the idempotency filter remembers records."),
		key("camel.idempotency.kafka.bootstrap.servers", str, "localhost:9092", low, "The brokers of the idempotency filter's topic."),
		key("camel.idempotency.kafka.max.cache.size", connect.TypeInt, int64(1000), low, "The cache size of the idempotency filter's topic."),
		key("camel.idempotency.kafka.poll.duration.ms", connect.TypeInt, int64(100), low, "How long the idempotency filter waits for its topic, in milliseconds."),
		key("camel.remove.headers.pattern", str, "", medium, "A pattern of headers to remove. The sink writes no headers."),
		key("camel.map.properties", flag, true, medium, "Whether headers that begin with CamelProperty. become properties of Camel's exchange. The sink has no use for them."),
		key(camelMapHeadersConfig, flag, true, medium, "Whether headers that begin with CamelHeader. count. CamelHeader.CamelAwsDdbTableName names the table of a record; one whose headers ask for another operation, an item or a condition is refused as bad data. Set to false, headers are ignored."),

		key(camelTableConfig, str, nil, high, "The name of the DynamoDB table. It must exist, unless "+tableCreateConfig+" is true."),
		key(camelAccessKeyConfig, secret, nil, medium, "The access key id, unless useDefaultCredentialsProvider is true."),
		key(camelSecretKeyConfig, secret, nil, medium, "The secret access key that goes with accessKey."),
		key(camelRegionConfig, str, nil, high, "The AWS region of the table, such as eu-west-1."),
		key(camelOperationConfig, str, "PutItem", medium, "What to do for each record: PutItem, UpdateItem or DeleteItem."),
		key(camelDefaultCredentialsConfig, flag, false, medium, "Whether credentials come from the SDK's default chain (environment, profile, web identity, container, instance) although accessKey is set."),
		key(camelEndpointConfig, str, nil, medium, "The URL of the service, such as http://localhost:8000. Counts only if overrideEndpoint is true."),
		key(camelOverrideEndpointConfig, flag, false, medium, "Whether uriEndpointOverride is used instead of the region's endpoint."),

		unlisted(key(camelReadCapacityConfig, str, nil, low, "Provisioned read units of a table that is made by "+tableCreateConfig+". Has no effect otherwise, as in Camel.")),
		unlisted(key(camelWriteCapacityConfig, str, nil, low, "Provisioned write units of a table that is made by "+tableCreateConfig+". Has no effect otherwise, as in Camel: it never bounds what is written.")),
		unlisted(key(camelProfileCredentialsConfig, flag, false, medium, "Whether credentials come from a profile of the SDK's files.")),
		unlisted(key(camelProfileNameConfig, str, nil, medium, "The name of that profile.")),
		unlisted(key(camelSessionCredentialsConfig, flag, false, medium, "Whether accessKey and secretKey are those of a session.")),
		unlisted(key(camelSessionTokenConfig, secret, nil, medium, "The token of that session.")),
		unlisted(key(camelProxyHostConfig, str, nil, low, "The host of a proxy in front of the service.")),
		unlisted(key(camelProxyPortConfig, connect.TypeInt, nil, low, "The port of the proxy.")),
		unlisted(key(camelProxyProtocolConfig, str, "HTTPS", low, "The protocol of the proxy: HTTP or HTTPS.")),
		unlisted(key(camelTrustAllConfig, flag, false, low, "Whether certificates are not checked. Anybody on the way can then read and change what is written.")),
	}
}

// unlisted makes a key one that validation does not list.
func unlisted(k connect.ConfigKey) connect.ConfigKey {
	k.Internal = true
	return k
}

// jsonFormats are the data formats of Camel that leave a JSON object one.
var jsonFormats = []string{"jackson", "json-jackson", "json-gson", "json"}

// camelRefusals names each setting whose effect Camel has and this sink has not. Validation and the start of a task use it.
func camelRefusals(c connect.Config) []*connect.ConfigError {
	var refused []*connect.ConfigError
	refuse := func(key, rule string) { refused = append(refused, wrongValue(c, key, rule)) }
	if _, ok := camelOperations[c.String(camelOperationConfig)]; !ok {
		refuse(camelOperationConfig, "String must be one of: PutItem, UpdateItem, DeleteItem")
	}
	for _, key := range []string{camelMarshalConfig, camelUnmarshalConfig} {
		if f := c.String(key); f != "" && !slices.Contains(jsonFormats, f) {
			refuse(key, "String must be one of: "+strings.Join(jsonFormats, ", "))
		}
	}
	if c.String(camelAggregateConfig) != "" {
		refuse(camelAggregateConfig, "aggregation of records is not supported, leave it out: the sink writes in batches by itself")
	}
	if c.Bool(camelIdempotencyConfig) {
		refuse(camelIdempotencyConfig, "the idempotency filter is not supported, leave it out: writing an item twice leaves the same item")
	}
	return refused
}

// readCamel puts what Camel's keys say into s.
func readCamel(c connect.Config, s *settings) []*connect.ConfigError {
	*s = settings{
		table:      c.String(camelTableConfig),
		operation:  camelOperations[c.String(camelOperationConfig)],
		handling:   handling{onlyKey: c.String(camelOperationConfig) == "DeleteItem"},
		region:     c.String(camelRegionConfig),
		regionKey:  camelRegionConfig,
		accessKey:  c.Password(camelAccessKeyConfig).Reveal(),
		secretKey:  c.Password(camelSecretKeyConfig).Reveal(),
		marshal:    c.String(camelMarshalConfig) != "" || c.String(camelUnmarshalConfig) != "",
		mapHeaders: c.Bool(camelMapHeadersConfig),
		contentLog: contentLogLevel(c.String(camelContentLogLevelConfig)),
		tables:     tableSpec{camelRead: c.String(camelReadCapacityConfig), camelWrite: c.String(camelWriteCapacityConfig)},
	}
	errs := camelRefusals(c)
	errs = append(errs, s.camelCredentials(c)...)
	errs = append(errs, s.camelProxy(c)...)
	if s.transport.trustsAll = c.Bool(camelTrustAllConfig); s.transport.trustsAll {
		s.notices = append(s.notices, camelTrustAllConfig+" is true: certificates are not checked, and anybody on the way can read and change what is written; "+caFileConfig+" names authorities to trust")
	}
	return append(errs, s.camelEndpoint(c)...)
}

// finishCamel looks for what is missing, and reads what depends on native keys.
func finishCamel(s *settings) []*connect.ConfigError {
	errs := s.camelCapacity()
	if s.table == "" && s.route == nil {
		errs = append(errs, &connect.ConfigError{Key: camelTableConfig, Missing: true})
	}
	return errs
}

// camelCredentials keeps Camel's precedence: the default provider if it is asked for, then a profile, then a session's keys, then static ones, and
// without keys the default provider again.
func (s *settings) camelCredentials(c connect.Config) []*connect.ConfigError {
	switch {
	case c.Bool(camelDefaultCredentialsConfig):
		return nil
	case c.Bool(camelProfileCredentialsConfig):
		s.credentials, s.profile = profileCredentials, c.String(camelProfileNameConfig)
		if s.profile == "" {
			return []*connect.ConfigError{givenEmpty(camelProfileNameConfig, "must be set if "+camelProfileCredentialsConfig+" is true")}
		}
		return nil
	case c.Bool(camelSessionCredentialsConfig):
		if s.token = c.Password(camelSessionTokenConfig).Reveal(); s.token == "" {
			return []*connect.ConfigError{givenEmpty(camelSessionTokenConfig, "must be set if "+camelSessionCredentialsConfig+" is true")}
		}
	case s.accessKey == "" && s.secretKey == "":
		return nil
	}
	switch {
	case s.accessKey == "":
		return []*connect.ConfigError{givenEmpty(camelAccessKeyConfig, "must be set together with "+camelSecretKeyConfig)}
	case s.secretKey == "":
		return []*connect.ConfigError{givenEmpty(camelSecretKeyConfig, "must be set together with "+camelAccessKeyConfig)}
	}
	s.credentials = staticCredentials
	return nil
}

// camelProxy reads the proxy of Camel's component.
func (s *settings) camelProxy(c connect.Config) []*connect.ConfigError {
	host := c.String(camelProxyHostConfig)
	if host == "" {
		return nil
	}
	port := c.Int(camelProxyPortConfig)
	if port < 1 || port > 65535 {
		return []*connect.ConfigError{wrongValue(c, camelProxyPortConfig, "must be a port if "+camelProxyHostConfig+" is set")}
	}
	s.transport.proxyURL = (&url.URL{Scheme: strings.ToLower(c.String(camelProxyProtocolConfig)), Host: net.JoinHostPort(host, strconv.FormatInt(port, 10))}).String()
	if _, err := parseProxyURL(s.transport.proxyURL); err != nil {
		return []*connect.ConfigError{wrongValue(c, camelProxyProtocolConfig, "must be HTTP or HTTPS, with a host in "+camelProxyHostConfig)}
	}
	return nil
}

func (s *settings) camelEndpoint(c connect.Config) []*connect.ConfigError {
	text := c.String(camelEndpointConfig)
	if !c.Bool(camelOverrideEndpointConfig) {
		if text != "" {
			s.notices = append(s.notices, camelEndpointConfig+" has no effect without "+camelOverrideEndpointConfig+"=true")
		}
		return nil
	}
	if text == "" {
		return []*connect.ConfigError{givenEmpty(camelEndpointConfig, "must be set if "+camelOverrideEndpointConfig+" is true")}
	}
	endpoint, err := parseEndpoint(text)
	if err != nil {
		return []*connect.ConfigError{wrongValue(c, camelEndpointConfig, err.Error())}
	}
	s.endpoint = endpoint
	return nil
}

// contentLogLevel returns the level of a name in Camel, nil for OFF and, as in Camel, for every other name.
func contentLogLevel(name string) *slog.Level {
	level, ok := map[string]slog.Level{
		"TRACE": slog.LevelDebug - 4, "DEBUG": slog.LevelDebug, "INFO": slog.LevelInfo, "WARN": slog.LevelWarn, "ERROR": slog.LevelError,
	}[strings.ToUpper(name)]
	if !ok {
		return nil
	}
	return &level
}
