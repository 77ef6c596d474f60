package validate

import (
	"slices"

	"sluice/connect"
)

// What Kafka's clients can be set to, for the answers about consumer.override.*, producer.override.* and admin.override.* keys: types,
// defaults and importance are those of Kafka 3.9. Here values are only parsed; the clients check them when they start.

// clientKinds are the clients that a sink's configuration may have settings for, in the order of an answer.
var clientKinds = [...]clientKind{
	producerKind: {ProducerOverridePrefix, producerDef, true},
	consumerKind: {ConsumerOverridePrefix, consumerDef, false},
	adminKind:    {AdminOverridePrefix, adminDef, true},
}

const (
	producerKind = iota
	consumerKind
	adminKind
)

// clientKind is a client whose settings stand behind a prefix.
type clientKind struct {
	prefix  string
	def     *connect.ConfigDef
	dlqOnly bool // a sink has it only to fill its dead letter queue
}

// clientDef makes a definition of what all clients have and what one of them has besides. Clients are not described in groups.
func clientDef(own ...connect.ConfigKey) *connect.ConfigDef {
	return connect.NewConfigDef(slices.Concat(sharedClientKeys(), securityKeys(), own)...)
}

func clientKey(name string, t connect.ConfigType, fallback any, i connect.Importance, doc string) connect.ConfigKey {
	return connect.ConfigKey{Name: name, Type: t, Default: fallback, Importance: i, Doc: doc}
}

func requiredClientKey(name string, t connect.ConfigType, i connect.Importance, doc string) connect.ConfigKey {
	return connect.ConfigKey{Name: name, Type: t, Required: true, Importance: i, Doc: doc}
}

// sharedClientKeys are defined alike for every client.
//
// Kafka: org.apache.kafka.clients.CommonClientConfigs.
func sharedClientKeys() []connect.ConfigKey {
	return []connect.ConfigKey{
		clientKey("bootstrap.servers", connect.TypeList, []string{}, connect.High, "Brokers to ask first, as host:port separated by commas."),
		clientKey("client.dns.lookup", connect.TypeString, "use_all_dns_ips", connect.Medium, "How names of brokers are looked up."),
		clientKey("metadata.max.age.ms", connect.TypeLong, int64(300000), connect.Low, "Age in milliseconds at which topic metadata is read again."),
		clientKey("send.buffer.bytes", connect.TypeInt, int64(131072), connect.Medium, "Size of the socket's send buffer."),
		clientKey("reconnect.backoff.ms", connect.TypeLong, int64(50), connect.Low, "First pause before a broker is connected to again in milliseconds."),
		clientKey("reconnect.backoff.max.ms", connect.TypeLong, int64(1000), connect.Low, "Longest pause before a broker is connected to again in milliseconds."),
		clientKey("retry.backoff.ms", connect.TypeLong, int64(100), connect.Low, "First pause before a failed request is sent again in milliseconds."),
		clientKey("retry.backoff.max.ms", connect.TypeLong, int64(1000), connect.Low, "Longest pause before a failed request is sent again in milliseconds."),
		clientKey("enable.metrics.push", connect.TypeBoolean, true, connect.Low, "Whether metrics are pushed to the cluster."),
		clientKey("metrics.sample.window.ms", connect.TypeLong, int64(30000), connect.Low, "Window of a metric's sample in milliseconds."),
		clientKey("metrics.num.samples", connect.TypeInt, int64(2), connect.Low, "Samples of a metric."),
		clientKey("metrics.recording.level", connect.TypeString, "INFO", connect.Low, "Level of metrics."),
		clientKey("metric.reporters", connect.TypeList, []string{}, connect.Low, "Java classes that report metrics."),
		clientKey("auto.include.jmx.reporter", connect.TypeBoolean, true, connect.Low, "Whether metrics are reported by JMX too."),
		clientKey("request.timeout.ms", connect.TypeInt, int64(30000), connect.Medium, "Longest wait for an answer in milliseconds."),
		clientKey("socket.connection.setup.timeout.ms", connect.TypeLong, int64(10000), connect.Medium, "First limit for setting up a connection in milliseconds."),
		clientKey("socket.connection.setup.timeout.max.ms", connect.TypeLong, int64(30000), connect.Medium, "Highest limit for setting up a connection in milliseconds."),
		clientKey("metadata.recovery.strategy", connect.TypeString, "none", connect.Low, "What to do when no known broker answers."),
	}
}

// securityKeys are how clients reach brokers that want to know them.
//
// Kafka: org.apache.kafka.common.config.SslConfigs, SaslConfigs.
func securityKeys() []connect.ConfigKey {
	return []connect.ConfigKey{
		clientKey("sasl.client.callback.handler.class", connect.TypeClass, nil, connect.Medium, "Java class that answers the SASL client's questions."),
		clientKey("sasl.jaas.config", connect.TypePassword, nil, connect.Medium, "JAAS configuration of the login."),
		clientKey("sasl.kerberos.kinit.cmd", connect.TypeString, "/usr/bin/kinit", connect.Low, "Path of Kerberos' kinit."),
		clientKey("sasl.kerberos.min.time.before.relogin", connect.TypeLong, int64(60000), connect.Low, "Pause between two logins at Kerberos in milliseconds."),
		clientKey("sasl.kerberos.service.name", connect.TypeString, nil, connect.Medium, "Kerberos principal that brokers run as."),
		clientKey("sasl.kerberos.ticket.renew.jitter", connect.TypeDouble, 0.05, connect.Low, "Share of random time added to the renewal of a Kerberos ticket."),
		clientKey("sasl.kerberos.ticket.renew.window.factor", connect.TypeDouble, 0.8, connect.Low, "Share of a Kerberos ticket's life after which it is renewed."),
		clientKey("sasl.login.callback.handler.class", connect.TypeClass, nil, connect.Medium, "Java class that answers the login's questions."),
		clientKey("sasl.login.class", connect.TypeClass, nil, connect.Medium, "Java class of the login."),
		clientKey("sasl.login.connect.timeout.ms", connect.TypeInt, nil, connect.Low, "Longest wait for a connection to the identity provider in milliseconds."),
		clientKey("sasl.login.read.timeout.ms", connect.TypeInt, nil, connect.Low, "Longest wait for an answer of the identity provider in milliseconds."),
		clientKey("sasl.login.refresh.buffer.seconds", connect.TypeShort, int64(300), connect.Low, "Time before a credential's end, in seconds, in which it is not renewed."),
		clientKey("sasl.login.refresh.min.period.seconds", connect.TypeShort, int64(60), connect.Low, "Least time between two renewals of a credential in seconds."),
		clientKey("sasl.login.refresh.window.factor", connect.TypeDouble, 0.8, connect.Low, "Share of a credential's life after which it is renewed."),
		clientKey("sasl.login.refresh.window.jitter", connect.TypeDouble, 0.05, connect.Low, "Share of random time added to the renewal of a credential."),
		clientKey("sasl.login.retry.backoff.max.ms", connect.TypeLong, int64(10000), connect.Low, "Longest pause before the identity provider is asked again in milliseconds."),
		clientKey("sasl.login.retry.backoff.ms", connect.TypeLong, int64(100), connect.Low, "First pause before the identity provider is asked again in milliseconds."),
		clientKey("sasl.mechanism", connect.TypeString, "GSSAPI", connect.Medium, "SASL mechanism."),
		clientKey("sasl.oauthbearer.clock.skew.seconds", connect.TypeInt, int64(30), connect.Low, "Difference of clocks that is allowed when a token is checked, in seconds."),
		clientKey("sasl.oauthbearer.expected.audience", connect.TypeList, nil, connect.Low, "Audiences, of which a token must name one."),
		clientKey("sasl.oauthbearer.expected.issuer", connect.TypeString, nil, connect.Low, "Issuer that a token must name."),
		clientKey("sasl.oauthbearer.header.urlencode", connect.TypeBoolean, false, connect.Low, "Whether client id and secret are URL-encoded in the request for a token."),
		clientKey("sasl.oauthbearer.jwks.endpoint.refresh.ms", connect.TypeLong, int64(3600000), connect.Low, "Time between two fetches of the provider's keys in milliseconds."),
		clientKey("sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms", connect.TypeLong, int64(10000), connect.Low, "Longest pause before the provider's keys are fetched again in milliseconds."),
		clientKey("sasl.oauthbearer.jwks.endpoint.retry.backoff.ms", connect.TypeLong, int64(100), connect.Low, "First pause before the provider's keys are fetched again in milliseconds."),
		clientKey("sasl.oauthbearer.jwks.endpoint.url", connect.TypeString, nil, connect.Medium, "Where the provider's keys are."),
		clientKey("sasl.oauthbearer.scope.claim.name", connect.TypeString, "scope", connect.Low, "Claim of a token that holds its scope."),
		clientKey("sasl.oauthbearer.sub.claim.name", connect.TypeString, "sub", connect.Low, "Claim of a token that holds its subject."),
		clientKey("sasl.oauthbearer.token.endpoint.url", connect.TypeString, nil, connect.Medium, "Where the provider gives out tokens."),
		clientKey("security.protocol", connect.TypeString, "PLAINTEXT", connect.Medium, "How brokers are talked to: PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL."),
		clientKey("security.providers", connect.TypeString, nil, connect.Low, "Java security providers."),
		clientKey("ssl.cipher.suites", connect.TypeList, nil, connect.Low, "Cipher suites that may be used."),
		clientKey("ssl.enabled.protocols", connect.TypeList, []string{"TLSv1.2", "TLSv1.3"}, connect.Medium, "Versions of TLS that may be used."),
		clientKey("ssl.endpoint.identification.algorithm", connect.TypeString, "https", connect.Low, "How a broker's name is checked against its certificate; empty is not at all."),
		clientKey("ssl.engine.factory.class", connect.TypeClass, nil, connect.Low, "Java class that makes TLS engines."),
		clientKey("ssl.key.password", connect.TypePassword, nil, connect.High, "Password of the private key."),
		clientKey("ssl.keymanager.algorithm", connect.TypeString, "SunX509", connect.Low, "Algorithm of Java's key manager."),
		clientKey("ssl.keystore.certificate.chain", connect.TypePassword, nil, connect.High, "Certificate chain in PEM."),
		clientKey("ssl.keystore.key", connect.TypePassword, nil, connect.High, "Private key in PEM."),
		clientKey("ssl.keystore.location", connect.TypeString, nil, connect.High, "File of the key store."),
		clientKey("ssl.keystore.password", connect.TypePassword, nil, connect.High, "Password of the key store."),
		clientKey("ssl.keystore.type", connect.TypeString, "JKS", connect.Medium, "Format of the key store: JKS, PKCS12 or PEM."),
		clientKey("ssl.protocol", connect.TypeString, "TLSv1.3", connect.Medium, "Version of TLS for a connection."),
		clientKey("ssl.provider", connect.TypeString, nil, connect.Medium, "Java provider of TLS."),
		clientKey("ssl.secure.random.implementation", connect.TypeString, nil, connect.Low, "Java's source of random numbers."),
		clientKey("ssl.trustmanager.algorithm", connect.TypeString, "PKIX", connect.Low, "Algorithm of Java's trust manager."),
		clientKey("ssl.truststore.certificates", connect.TypePassword, nil, connect.High, "Trusted certificates in PEM."),
		clientKey("ssl.truststore.location", connect.TypeString, nil, connect.High, "File of the trust store."),
		clientKey("ssl.truststore.password", connect.TypePassword, nil, connect.High, "Password of the trust store."),
		clientKey("ssl.truststore.type", connect.TypeString, "JKS", connect.Medium, "Format of the trust store: JKS, PKCS12 or PEM."),
	}
}
