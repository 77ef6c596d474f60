package validate

import "sluice/connect"

// producerDef describes the settings of the producer that fills a dead letter queue.
//
// Kafka: org.apache.kafka.clients.producer.ProducerConfig (3.9).
var producerDef = clientDef(
	clientKey("client.id", connect.TypeString, "", connect.Medium, "Name of the client in requests."),
	clientKey("receive.buffer.bytes", connect.TypeInt, int64(32768), connect.Medium, "Size of the socket's receive buffer."),
	clientKey("connections.max.idle.ms", connect.TypeLong, int64(540000), connect.Medium, "Time after which an idle connection is closed in milliseconds."),
	clientKey("interceptor.classes", connect.TypeList, []string{}, connect.Low, "Java classes that see records before Connect does."),
	clientKey("buffer.memory", connect.TypeLong, int64(33554432), connect.High, "Bytes of records that may wait to be sent."),
	clientKey("retries", connect.TypeInt, int64(2147483647), connect.High, "Most times that a failed request is sent again."),
	clientKey("acks", connect.TypeString, "all", connect.Low, "Copies of a record that must be written before it counts as sent: 0, 1 or all."),
	clientKey("compression.type", connect.TypeString, "none", connect.High, "Compression of batches: none, gzip, snappy, lz4 or zstd."),
	clientKey("compression.gzip.level", connect.TypeInt, int64(-1), connect.Medium, "Level of gzip: 1 to 9, or -1 for the usual one."),
	clientKey("compression.lz4.level", connect.TypeInt, int64(9), connect.Medium, "Level of lz4: 1 to 17."),
	clientKey("compression.zstd.level", connect.TypeInt, int64(3), connect.Medium, "Level of zstd: -131072 to 22."),
	clientKey("batch.size", connect.TypeInt, int64(16384), connect.Medium, "Most bytes of a batch of records for one partition."),
	clientKey("partitioner.adaptive.partitioning.enable", connect.TypeBoolean, true, connect.Low, "Whether faster brokers get more of the records without a key."),
	clientKey("partitioner.availability.timeout.ms", connect.TypeLong, int64(0), connect.Low, "Time in milliseconds after which a partition that takes no records is avoided; 0 is never."),
	clientKey("partitioner.ignore.keys", connect.TypeBoolean, false, connect.Medium, "Whether the partition is chosen as for records without a key."),
	clientKey("linger.ms", connect.TypeLong, int64(0), connect.Medium, "Time in milliseconds to wait for more records of a batch."),
	clientKey("delivery.timeout.ms", connect.TypeInt, int64(120000), connect.Medium, "Longest time in milliseconds from send to success or failure of a record."),
	clientKey("max.request.size", connect.TypeInt, int64(1048576), connect.Medium, "Most bytes of a request, and so of a record."),
	clientKey("max.block.ms", connect.TypeLong, int64(60000), connect.Medium, "Longest wait in milliseconds for metadata or for memory before a send fails."),
	clientKey("metadata.max.idle.ms", connect.TypeLong, int64(300000), connect.Low, "Time in milliseconds after which metadata of a topic that is not used is forgotten."),
	clientKey("max.in.flight.requests.per.connection", connect.TypeInt, int64(5), connect.Low, "Most requests of a connection that are not answered yet."),
	requiredClientKey("key.serializer", connect.TypeClass, connect.High, "Serializer of keys. Connect writes bytes."),
	requiredClientKey("value.serializer", connect.TypeClass, connect.High, "Serializer of values. Connect writes bytes."),
	clientKey("partitioner.class", connect.TypeClass, nil, connect.Medium, "Java class that chooses the partition of a record."),
	clientKey("enable.idempotence", connect.TypeBoolean, true, connect.Low, "Whether a record that is sent again is written only once."),
	clientKey("transaction.timeout.ms", connect.TypeInt, int64(60000), connect.Low, "Longest time in milliseconds that a transaction stays open."),
	clientKey("transactional.id", connect.TypeString, nil, connect.Low, "Name of the producer in transactions."),
)
