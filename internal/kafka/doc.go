// Package kafka is the Kafka client of this project, in the shape of Kafka's own clients: GroupReader and
// TopicReader (KafkaConsumer with and without a group), Producer (KafkaProducer), Admin, and KeyedLog
// (Connect's KafkaBasedLog). It is the only package that knows sarama; sarama's types do not leave it.
// Clients are configured with Properties under Java's names and with Java's defaults.
//
// It is not for more than these need: no transactions, no Kerberos, no serializers (records are
// bytes), no offsets committed by timers.
//
// How the parts fit:
//
//	GroupReader ── membership ── consumerProtocol     joins, heartbeats; who gets which partition
//	     │    └─── committer                          offset commits, in order
//	     ├──────── positionSearch                     where to start
//	TopicReader ── fetcher ── fetchWorker per broker  reads ahead, bounded
//	Producer ───── produceWorker per broker           batches, order, idempotence
//	Admin
//	   every one of them ── cluster                   metadata, leaders, coordinators
//	                           └── conn               one connection to one broker for one purpose
//	                                └── channel       TLS and the login, before sarama sees the socket
//
// sarama encodes and decodes the protocol, compresses, negotiates versions and plans assignments; its own
// Client, Consumer, ConsumerGroup and AsyncProducer are not used. DESIGN.md says why, and which rules
// keep records from being lost.
//
// The rules for all of it: constructors check and do nothing else; every call that waits ends with its
// context; Close waits for every goroutine; trouble with brokers is retried for ever where an owner
// has no better idea, and logged when it starts and when it ends.
package kafka
