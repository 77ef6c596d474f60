package worker

import (
	"strings"
	"testing"

	"sluice/connect"
	"sluice/internal/kafka"
)

const login = `org.apache.kafka.common.security.plain.PlainLoginModule required username="%" password="hush";`

func loginOf(user string) string { return strings.Replace(login, "%", user, 1) }

// Security is layered as everything else: the worker's own clients have it without a prefix, consumers behind theirs, and connectors may
// override it.
//
// Kafka: org.apache.kafka.connect.runtime.Worker.baseConsumerConfigs, adminConfigs; DistributedConfig for the internal topics.
func TestSecurityOfEachClient(t *testing.T) {
	c := mustLoad(t, minimal(
		"security.protocol", "SASL_SSL", "sasl.mechanism", "PLAIN", "sasl.jaas.config", loginOf("worker"), "ssl.truststore.location", "/worker.jks",
		"ssl.client.auth", "required", // of the REST API
		"consumer.security.protocol", "SASL_SSL", "consumer.sasl.mechanism", "PLAIN", "consumer.sasl.jaas.config", loginOf("consumer"), "consumer.ssl.truststore.location", "/consumer.jks",
		"admin.sasl.jaas.config", loginOf("admin"),
		"producer.security.protocol", "SASL_SSL", "producer.sasl.mechanism", "PLAIN", "producer.sasl.jaas.config", loginOf("producer"), "producer.ssl.truststore.location", "/producer.jks",
	))
	connector := map[string]string{"consumer.override.sasl.jaas.config": loginOf("connector"), "admin.override.ssl.truststore.location": "/connector.jks"}
	id := connect.TaskID{Connector: "x"}
	admin, err := c.adminProperties("x", connector)
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		props       kafka.Properties
		role        kafka.Role
		user, store string
	}{
		"reader of an internal topic":    {c.internalReader(configTopic), kafka.Consumer, "worker", "/worker.jks"},
		"producer of an internal topic":  {c.internalProducer(configTopic), kafka.ProducerRole, "worker", "/worker.jks"},
		"admin of internal topics":       {c.internalAdmin(), kafka.AdminRole, "worker", "/worker.jks"},
		"membership of the worker":       {c.givenToClients(), kafka.Consumer, "worker", "/worker.jks"},
		"consumer":                       {c.consumerProperties(id, nil), kafka.Consumer, "consumer", "/consumer.jks"},
		"consumer with an override":      {c.consumerProperties(id, connector), kafka.Consumer, "connector", "/consumer.jks"},
		"producer of dead letters":       {c.dlqProducerProperties(id, connector), kafka.ProducerRole, "producer", "/producer.jks"},
		"admin of dead letters":          {c.dlqAdminProperties(nil), kafka.AdminRole, "admin", "/worker.jks"},
		"admin of a connector's offsets": {admin, kafka.AdminRole, "admin", "/connector.jks"},
	} {
		if tc.props["sasl.jaas.config"] != loginOf(tc.user) || tc.props["ssl.truststore.location"] != tc.store || tc.props["security.protocol"] != "SASL_SSL" || tc.props["ssl.client.auth"] != "" {
			t.Errorf("%s: got %v, want the login of %s and %s", name, tc.props, tc.user, tc.store)
		}
		if warnings, err := kafka.CheckProperties(tc.props, tc.role); err != nil || len(warnings) != 0 {
			t.Errorf("%s: got %q, %v", name, warnings, err)
		}
	}
}

// The keys of ssl.* are for the REST API alone while Kafka is talked to in the clear.
func TestStoresOfTheRestAPIDoNotReachKafka(t *testing.T) {
	for _, protocol := range []string{"PLAINTEXT", "plaintext", "SASL_PLAINTEXT"} {
		c := mustLoad(t, minimal("security.protocol", protocol, "sasl.mechanism", "PLAIN", "sasl.jaas.config", loginOf("worker"), "ssl.keystore.location", "/rest.jks", "ssl.keystore.password", "hush"))
		if p := c.internalAdmin(); p["ssl.keystore.location"] != "" {
			t.Errorf("%s: got %v", protocol, p)
		}
	}
}

func TestASecretDoesNotShowInARefusal(t *testing.T) {
	for name, props := range map[string]map[string]string{
		"of the worker":    minimal("security.protocol", "SASL_SSL", "sasl.mechanism", "PLAIN", "sasl.jaas.config", strings.TrimSuffix(loginOf("a"), ";")),
		"of consumers":     minimal("consumer.security.protocol", "SASL_SSL", "consumer.sasl.mechanism", "PLAIN", "consumer.sasl.jaas.config", "a.B "+loginOf("a")),
		"of a key store":   minimal("security.protocol", "SSL", "ssl.keystore.password", "hush"),
		"of a trust store": minimal("consumer.security.protocol", "SSL", "consumer.ssl.truststore.certificates", "hush"),
	} {
		_, _, err := LoadConfig(props, nil)
		if err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
