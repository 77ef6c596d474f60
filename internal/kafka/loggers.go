package kafka

import (
	"log/slog"

	"sluice/internal/loggers"
)

// The names under which the clients log, in an attribute that tells the loggers apart: those of the classes that do the same in Kafka.
const (
	adminLogger       = "org.apache.kafka.clients.admin.KafkaAdminClient"
	producerLogger    = "org.apache.kafka.clients.producer.KafkaProducer"
	consumerLogger    = "org.apache.kafka.clients.consumer.KafkaConsumer"
	fetcherLogger     = "org.apache.kafka.clients.consumer.internals.Fetcher"
	groupMemberLogger = "org.apache.kafka.connect.runtime.distributed.WorkerGroupMember"
	memberLogger      = "org.apache.kafka.clients.consumer.internals.ConsumerCoordinator"
	networkLogger     = "org.apache.kafka.clients.NetworkClient"
	keyedLogLogger    = "org.apache.kafka.connect.util.KafkaBasedLog"
)

// named returns a logger of one of these names; nil is silence.
func named(l *slog.Logger, name string) *slog.Logger {
	if l == nil {
		return slog.New(slog.DiscardHandler)
	}
	return l.With(loggers.Key, name)
}
