package validate

import "sluice/connect"

// adminDef describes the settings of the admin client that creates the topic of a dead letter queue.
//
// Kafka: org.apache.kafka.clients.admin.AdminClientConfig (3.9).
var adminDef = clientDef(
	clientKey("client.id", connect.TypeString, "", connect.Medium, "Name of the client in requests."),
	clientKey("receive.buffer.bytes", connect.TypeInt, int64(65536), connect.Medium, "Size of the socket's receive buffer."),
	clientKey("default.api.timeout.ms", connect.TypeInt, int64(60000), connect.Medium, "Longest wait of a call, with all its tries, in milliseconds."),
	clientKey("connections.max.idle.ms", connect.TypeLong, int64(300000), connect.Medium, "Time after which an idle connection is closed in milliseconds."),
	clientKey("retries", connect.TypeInt, int64(2147483647), connect.Low, "Most times that a failed request is sent again."),
	clientKey("bootstrap.controllers", connect.TypeList, []string{}, connect.High, "Controllers to ask instead of brokers, as host:port separated by commas."),
)
