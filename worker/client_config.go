package worker

import (
	"fmt"
	"maps"
	"strings"

	"sluice/connect"
	"sluice/internal/kafka"
	"sluice/internal/tlsconfig"
	"sluice/worker/store"
	"sluice/worker/validate"
)

// Each Kafka client is given its settings in layers, of which the later ones win:
//
//	task consumer     what a sink needs ─> worker's consumer.* ─> connector's consumer.override.*
//	dead letter queue what it needs ─> worker's producer.* ─> connector's producer.override.*
//	internal topics   the worker's settings without prefix ─> what the log needs
//
// Settings without a prefix do not reach task consumers and dead letter queues, security included; Kafka has it so.
//
// Kafka: org.apache.kafka.connect.runtime.Worker.baseConsumerConfigs, ConnectUtils.

// The internal topics, by the last part of their clients' ids.
const (
	configTopic = "configs"
	statusTopic = "statuses"
	offsetTopic = "offsets"
)

// withPrefix returns the worker's settings behind a prefix, without it.
func (c *Config) withPrefix(prefix string) map[string]string { return withPrefix(c.props, prefix) }

func withPrefix(props map[string]string, prefix string) map[string]string {
	out := map[string]string{}
	for k, v := range props {
		if name, ok := strings.CutPrefix(k, prefix); ok && name != "" {
			out[name] = v
		}
	}
	return out
}

// withDefaults returns props with the defaults below them.
func withDefaults(props, defaults map[string]string) kafka.Properties {
	out := maps.Clone(defaults)
	maps.Copy(out, props)
	return out
}

func (c *Config) bootstrap() map[string]string {
	return map[string]string{BootstrapServersConfig: connect.ConfigText(c.parsed.Value(BootstrapServersConfig), connect.TypeList)}
}

// consumerProperties returns the settings of a task's consumer. connector holds the connector's settings.
func (c *Config) consumerProperties(id connect.TaskID, connector map[string]string) kafka.Properties {
	p := c.bootstrap()
	maps.Copy(p, map[string]string{
		"group.id":           "connect-" + id.Connector,
		"client.id":          fmt.Sprintf("connector-consumer-%s-%d", id.Connector, id.Task),
		"auto.offset.reset":  "earliest",
		"enable.auto.commit": "false",
	})
	maps.Copy(p, c.withPrefix(consumerPrefix))
	maps.Copy(p, withPrefix(connector, validate.ConsumerOverridePrefix))
	p[groupInstanceIDConfig] = c.instanceID(id, p)
	return p
}

// dlqProducerProperties returns the settings of the producer of a task's dead letter queue: it tries for ever, one request at a time, and
// has all replicas acknowledge.
//
// Kafka: Worker.baseProducerConfigs.
func (c *Config) dlqProducerProperties(id connect.TaskID, connector map[string]string) kafka.Properties {
	p := c.bootstrap()
	maps.Copy(p, map[string]string{
		"client.id":                             fmt.Sprintf("connector-dlq-producer-%s-%d", id.Connector, id.Task),
		"max.block.ms":                          "9223372036854775807",
		"enable.idempotence":                    "false",
		"acks":                                  "all",
		"max.in.flight.requests.per.connection": "1",
		"delivery.timeout.ms":                   "2147483647",
	})
	maps.Copy(p, c.withPrefix(producerPrefix))
	maps.Copy(p, withPrefix(connector, validate.ProducerOverridePrefix))
	return p
}

// dlqAdminProperties returns the settings of the client that sees to the topic of a dead letter queue.
//
// Kafka: Worker.adminConfigs.
func (c *Config) dlqAdminProperties(connector map[string]string) kafka.Properties {
	return c.connectorAdmin("connector-dlq-adminclient-", connector)
}

// internalClientID is <group.id>[-<client.id>]-<suffix>.
func (c *Config) internalClientID(suffix string) string {
	id := c.GroupID + "-"
	if own := c.parsed.String(ClientIDConfig); own != "" {
		id += own + "-"
	}
	return id + suffix
}

// internalClient returns the settings that all of the worker's own clients share. Those without effect are left out, because each of the
// clients would say so: notices has said it once for all.
func (c *Config) internalClient(suffix string) kafka.Properties {
	p := c.givenToClients()
	for _, k := range idleClientKeys {
		delete(p, k)
	}
	p[ClientIDConfig] = c.internalClientID(suffix)
	return p
}

// givenToClients returns all that the worker's settings say to its own clients.
func (c *Config) givenToClients() kafka.Properties {
	p := c.bootstrap()
	for _, k := range clientKeys() {
		if v, given := c.props[k.Name]; given {
			p[k.Name] = v
		}
	}
	encrypted := strings.HasSuffix(strings.ToUpper(c.parsed.String(SecurityProtocolConfig)), "SSL") // else ssl.* is for the REST API alone
	for k, v := range c.props {
		if encrypted && strings.HasPrefix(k, "ssl.") && k != tlsconfig.ClientAuth || strings.HasPrefix(k, "sasl.") {
			p[k] = v
		}
	}
	return p
}

func (c *Config) internalReader(topic string) kafka.Properties {
	p := c.internalClient(topic)
	p["auto.offset.reset"] = "earliest"
	p["enable.auto.commit"] = "false"
	return p
}

// internalProducer waits for ever where Kafka's would; whoever writes sets the limit. The statuses' producer gives up soon, because
// their store has its own way of trying again.
func (c *Config) internalProducer(topic string) kafka.Properties {
	p := c.internalClient(topic)
	p["acks"] = "all"
	p["enable.idempotence"] = "false"
	p["max.in.flight.requests.per.connection"] = "1"
	if topic == statusTopic {
		p["retries"] = "0"
	} else {
		p["delivery.timeout.ms"] = "2147483647"
	}
	return p
}

func (c *Config) internalAdmin() kafka.Properties { return c.internalClient("shared-admin") }

// internalTopic describes an internal topic to its store. prefix is that of its settings.
func (c *Config) internalTopic(topic, prefix string) store.Topic {
	settings := c.withPrefix(prefix)
	name := settings["topic"]
	for _, k := range []string{"topic", "replication.factor", "partitions", "cleanup.policy"} {
		delete(settings, k)
	}
	return store.Topic{
		Name:              strings.TrimSpace(name),
		Partitions:        int32(c.parsed.Int(prefix + "partitions")),
		ReplicationFactor: int16(c.parsed.Int(prefix + "replication.factor")),
		Configs:           settings,
		Reader:            c.internalReader(topic),
		Producer:          c.internalProducer(topic),
		Admin:             c.internalAdmin(),
	}
}

// converterSettings is the class of a converter and its own settings, without prefix.
type converterSettings struct {
	class string
	props map[string]string
}

// converter decides which converter serves key ([KeyConverterConfig] and its kin) for a connector: its own with its settings alone, or else
// the worker's with the worker's settings alone. They are never mixed.
//
// Kafka: org.apache.kafka.connect.runtime.isolation.Plugins.newConverter.
func (c *Config) converter(key string, connector map[string]string) converterSettings {
	if class := strings.TrimSpace(connector[key]); class != "" {
		return converterSettings{class, withPrefix(connector, key+".")}
	}
	return converterSettings{c.parsed.String(key), c.withPrefix(key + ".")}
}
