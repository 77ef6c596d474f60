package validate

import "sluice/connect"

// consumerDef describes Kafka's consumer settings, for the answers about consumer.override.* keys. The consumer itself checks
// values when it starts.
//
// Kafka: org.apache.kafka.clients.consumer.ConsumerConfig (3.9).
var consumerDef = connect.NewConfigDef(
	consumerKey("bootstrap.servers", connect.TypeList, []string{}, connect.High, "Brokers to ask first, as host:port separated by commas."),
	consumerKey("group.id", connect.TypeString, nil, connect.High, "Consumer group of the connector's tasks, instead of connect-<name>."),
	consumerKey("group.instance.id", connect.TypeString, nil, connect.Medium, "Name of a static member of the group."),
	consumerKey("group.protocol", connect.TypeString, "classic", connect.High, "Group protocol: classic or consumer."),
	consumerKey("group.remote.assignor", connect.TypeString, nil, connect.Medium, "Assignor of the broker, for the consumer protocol."),
	consumerKey("session.timeout.ms", connect.TypeInt, int64(45000), connect.High, "Time without a heartbeat, in milliseconds, after which a member counts as dead."),
	consumerKey("heartbeat.interval.ms", connect.TypeInt, int64(3000), connect.High, "Time between heartbeats in milliseconds."),
	consumerKey("max.poll.interval.ms", connect.TypeInt, int64(300000), connect.Medium, "Longest time between two polls in milliseconds, after which a member leaves the group."),
	consumerKey("max.poll.records", connect.TypeInt, int64(500), connect.Medium, "Most records of one poll, which are at most one batch of put."),
	consumerKey("partition.assignment.strategy", connect.TypeList, []string{
		"class org.apache.kafka.clients.consumer.RangeAssignor", "class org.apache.kafka.clients.consumer.CooperativeStickyAssignor",
	}, connect.Medium, "Assignors by preference, as Java classes."),
	consumerKey("auto.offset.reset", connect.TypeString, "latest", connect.Medium, "Where to start without a committed offset: earliest, latest, or none, which is an error."),
	consumerKey("isolation.level", connect.TypeString, "read_uncommitted", connect.Medium, "Whether records of transactions that are open or aborted are read: read_committed or read_uncommitted."),
	consumerKey("allow.auto.create.topics", connect.TypeBoolean, true, connect.Medium, "Whether a broker may create a topic that is subscribed to."),
	consumerKey("exclude.internal.topics", connect.TypeBoolean, true, connect.Medium, "Whether a pattern leaves internal topics out."),
	consumerKey("enable.auto.commit", connect.TypeBoolean, true, connect.Medium, "Whether offsets are committed by a timer. Connect turns it off."),
	consumerKey("auto.commit.interval.ms", connect.TypeInt, int64(5000), connect.Low, "Time between such commits in milliseconds."),
	consumerKey("fetch.min.bytes", connect.TypeInt, int64(1), connect.High, "Fewest bytes of an answer to a fetch."),
	consumerKey("fetch.max.bytes", connect.TypeInt, int64(52428800), connect.Medium, "Most bytes of an answer to a fetch."),
	consumerKey("fetch.max.wait.ms", connect.TypeInt, int64(500), connect.Low, "Longest wait for fetch.min.bytes in milliseconds."),
	consumerKey("max.partition.fetch.bytes", connect.TypeInt, int64(1048576), connect.High, "Most bytes of one partition in an answer to a fetch."),
	consumerKey("check.crcs", connect.TypeBoolean, true, connect.Low, "Whether check sums of batches are tested."),
	consumerKey("key.deserializer", connect.TypeClass, nil, connect.High, "Deserializer of keys. Connect reads bytes."),
	consumerKey("value.deserializer", connect.TypeClass, nil, connect.High, "Deserializer of values. Connect reads bytes."),
	consumerKey("interceptor.classes", connect.TypeList, []string{}, connect.Low, "Java classes that see records before Connect does."),

	consumerKey("client.id", connect.TypeString, "", connect.Low, "Name of the client in requests."),
	consumerKey("client.rack", connect.TypeString, "", connect.Low, "Rack of the client, to read from the nearest replica."),
	consumerKey("client.dns.lookup", connect.TypeString, "use_all_dns_ips", connect.Medium, "How names of brokers are looked up."),
	consumerKey("request.timeout.ms", connect.TypeInt, int64(30000), connect.Medium, "Longest wait for an answer in milliseconds."),
	consumerKey("default.api.timeout.ms", connect.TypeInt, int64(60000), connect.Medium, "Longest wait of a call, with all its tries, in milliseconds."),
	consumerKey("retry.backoff.ms", connect.TypeLong, int64(100), connect.Low, "First pause before a failed request is sent again in milliseconds."),
	consumerKey("retry.backoff.max.ms", connect.TypeLong, int64(1000), connect.Low, "Longest pause before a failed request is sent again in milliseconds."),
	consumerKey("reconnect.backoff.ms", connect.TypeLong, int64(50), connect.Low, "First pause before a broker is connected to again in milliseconds."),
	consumerKey("reconnect.backoff.max.ms", connect.TypeLong, int64(1000), connect.Low, "Longest pause before a broker is connected to again in milliseconds."),
	consumerKey("socket.connection.setup.timeout.ms", connect.TypeLong, int64(10000), connect.Medium, "First limit for setting up a connection in milliseconds."),
	consumerKey("socket.connection.setup.timeout.max.ms", connect.TypeLong, int64(30000), connect.Medium, "Highest limit for setting up a connection in milliseconds."),
	consumerKey("connections.max.idle.ms", connect.TypeLong, int64(540000), connect.Medium, "Time after which an idle connection is closed in milliseconds."),
	consumerKey("send.buffer.bytes", connect.TypeInt, int64(131072), connect.Medium, "Size of the socket's send buffer."),
	consumerKey("receive.buffer.bytes", connect.TypeInt, int64(65536), connect.Medium, "Size of the socket's receive buffer."),
	consumerKey("metadata.max.age.ms", connect.TypeLong, int64(300000), connect.Low, "Age in milliseconds at which topic metadata is read again."),
	consumerKey("metadata.recovery.strategy", connect.TypeString, "none", connect.Low, "What to do when no known broker answers."),
	consumerKey("metric.reporters", connect.TypeList, []string{}, connect.Low, "Java classes that report metrics."),
	consumerKey("metrics.num.samples", connect.TypeInt, int64(2), connect.Low, "Samples of a metric."),
	consumerKey("metrics.sample.window.ms", connect.TypeLong, int64(30000), connect.Low, "Window of a metric's sample in milliseconds."),
	consumerKey("metrics.recording.level", connect.TypeString, "INFO", connect.Low, "Level of metrics."),
	consumerKey("auto.include.jmx.reporter", connect.TypeBoolean, true, connect.Low, "Whether metrics are reported by JMX too."),
	consumerKey("enable.metrics.push", connect.TypeBoolean, true, connect.Low, "Whether metrics are pushed to the cluster."),

	consumerKey("security.protocol", connect.TypeString, "PLAINTEXT", connect.Medium, "How brokers are talked to: PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL."),
	consumerKey("security.providers", connect.TypeString, nil, connect.Low, "Java security providers."),
	consumerKey("sasl.mechanism", connect.TypeString, "GSSAPI", connect.Medium, "SASL mechanism."),
	consumerKey("sasl.jaas.config", connect.TypePassword, nil, connect.Medium, "JAAS configuration of the login."),
	consumerKey("ssl.keystore.key", connect.TypePassword, nil, connect.High, "Private key in PEM."),
	consumerKey("ssl.keystore.certificate.chain", connect.TypePassword, nil, connect.High, "Certificate chain in PEM."),
	consumerKey("ssl.keystore.password", connect.TypePassword, nil, connect.High, "Password of the key store."),
	consumerKey("ssl.key.password", connect.TypePassword, nil, connect.High, "Password of the private key."),
	consumerKey("ssl.truststore.certificates", connect.TypePassword, nil, connect.High, "Trusted certificates in PEM."),
	consumerKey("ssl.truststore.password", connect.TypePassword, nil, connect.High, "Password of the trust store."),
)

// consumerKey defines a key the way Kafka's clients do, without group and display name. Deserializers are the only ones without a default.
func consumerKey(name string, t connect.ConfigType, fallback any, i connect.Importance, doc string) connect.ConfigKey {
	return connect.ConfigKey{
		Name: name, Type: t, Default: fallback, Required: fallback == nil && t == connect.TypeClass, Importance: i, Doc: doc,
	}
}
