package validate

import "sluice/connect"

// consumerDef describes the settings of the consumer that reads a connector's topics.
//
// Kafka: org.apache.kafka.clients.consumer.ConsumerConfig (3.9).
var consumerDef = clientDef(
	clientKey("group.id", connect.TypeString, nil, connect.High, "Consumer group of the connector's tasks, instead of connect-<name>."),
	clientKey("group.instance.id", connect.TypeString, nil, connect.Medium, "Name of a static member of the group."),
	clientKey("session.timeout.ms", connect.TypeInt, int64(45000), connect.High, "Time without a heartbeat, in milliseconds, after which a member counts as dead."),
	clientKey("heartbeat.interval.ms", connect.TypeInt, int64(3000), connect.High, "Time between heartbeats in milliseconds."),
	clientKey("partition.assignment.strategy", connect.TypeList, []string{"class org.apache.kafka.clients.consumer.RangeAssignor", "class org.apache.kafka.clients.consumer.CooperativeStickyAssignor"}, connect.Medium, "Assignors by preference, as Java classes."),
	clientKey("enable.auto.commit", connect.TypeBoolean, true, connect.Medium, "Whether offsets are committed by a timer. Connect turns it off."),
	clientKey("auto.commit.interval.ms", connect.TypeInt, int64(5000), connect.Low, "Time between such commits in milliseconds."),
	clientKey("client.id", connect.TypeString, "", connect.Low, "Name of the client in requests."),
	clientKey("client.rack", connect.TypeString, "", connect.Low, "Rack of the client, to read from the nearest replica."),
	clientKey("max.partition.fetch.bytes", connect.TypeInt, int64(1048576), connect.High, "Most bytes of one partition in an answer to a fetch."),
	clientKey("receive.buffer.bytes", connect.TypeInt, int64(65536), connect.Medium, "Size of the socket's receive buffer."),
	clientKey("fetch.min.bytes", connect.TypeInt, int64(1), connect.High, "Fewest bytes of an answer to a fetch."),
	clientKey("fetch.max.bytes", connect.TypeInt, int64(52428800), connect.Medium, "Most bytes of an answer to a fetch."),
	clientKey("fetch.max.wait.ms", connect.TypeInt, int64(500), connect.Low, "Longest wait for fetch.min.bytes in milliseconds."),
	clientKey("auto.offset.reset", connect.TypeString, "latest", connect.Medium, "Where to start without a committed offset: earliest, latest, or none, which is an error."),
	clientKey("check.crcs", connect.TypeBoolean, true, connect.Low, "Whether check sums of batches are tested."),
	requiredClientKey("key.deserializer", connect.TypeClass, connect.High, "Deserializer of keys. Connect reads bytes."),
	requiredClientKey("value.deserializer", connect.TypeClass, connect.High, "Deserializer of values. Connect reads bytes."),
	clientKey("default.api.timeout.ms", connect.TypeInt, int64(60000), connect.Medium, "Longest wait of a call, with all its tries, in milliseconds."),
	clientKey("connections.max.idle.ms", connect.TypeLong, int64(540000), connect.Medium, "Time after which an idle connection is closed in milliseconds."),
	clientKey("interceptor.classes", connect.TypeList, []string{}, connect.Low, "Java classes that see records before Connect does."),
	clientKey("max.poll.records", connect.TypeInt, int64(500), connect.Medium, "Most records of one poll, which are at most one batch of put."),
	clientKey("max.poll.interval.ms", connect.TypeInt, int64(300000), connect.Medium, "Longest time between two polls in milliseconds, after which a member leaves the group."),
	clientKey("exclude.internal.topics", connect.TypeBoolean, true, connect.Medium, "Whether a pattern leaves internal topics out."),
	clientKey("isolation.level", connect.TypeString, "read_uncommitted", connect.Medium, "Whether records of transactions that are open or aborted are read: read_committed or read_uncommitted."),
	clientKey("allow.auto.create.topics", connect.TypeBoolean, true, connect.Medium, "Whether a broker may create a topic that is subscribed to."),
	clientKey("group.protocol", connect.TypeString, "classic", connect.High, "Group protocol: classic or consumer."),
	clientKey("group.remote.assignor", connect.TypeString, nil, connect.Medium, "Assignor of the broker, for the consumer protocol."),
)
