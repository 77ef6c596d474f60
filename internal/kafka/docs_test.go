package kafka_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/magiconair/properties"

	"sluice/internal/kafka"
)

// The examples of the page can be used as they are: for the worker's own clients, and for consumers where they have settings for them.
func TestTheExamplesOfThePageAreAccepted(t *testing.T) {
	page, err := os.ReadFile("../../docs/kafka-clients.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := 0
	for i, block := range strings.Split(string(page), "```properties\n")[1:] {
		text, _, ended := strings.Cut(block, "```")
		if !ended {
			t.Fatalf("example %d has no end", i+1)
		}
		loader := properties.Loader{Encoding: properties.UTF8, DisableExpansion: true}
		p, err := loader.LoadBytes([]byte(text))
		if err != nil {
			t.Fatalf("example %d: %v", i+1, err)
		}
		own, consumer := kafka.Properties{"bootstrap.servers": "localhost:9092"}, kafka.Properties{"bootstrap.servers": "localhost:9092"}
		for key, value := range p.Map() {
			if name, is := strings.CutPrefix(key, "consumer."); is {
				consumer[name] = value
			} else {
				own[key] = value
			}
		}
		if own["security.protocol"] == "" && own["ssl.keystore.type"] != "" {
			own["security.protocol"] = "SSL" // a part of the example before
		}
		for _, props := range []kafka.Properties{own, consumer} {
			if warnings, err := kafka.CheckProperties(props, kafka.Consumer); err != nil || len(warnings) > 0 {
				t.Errorf("example %d: got %q, %v\n%s", i+1, warnings, err, text)
			}
		}
		examples++
	}
	if examples < 7 {
		t.Errorf("the page has %d examples", examples)
	}
}

// legalValues are values of properties that Kafka takes and that are not its defaults.
var legalValues = map[string]string{
	"bootstrap.servers": "broker:9092", "security.protocol": "SASL_SSL", "client.dns.lookup": "resolve_canonical_bootstrap_servers_only",
	"metadata.recovery.strategy": "rebootstrap", "metrics.recording.level": "DEBUG", "metrics.num.samples": "3", "group.protocol": "consumer",
	"partition.assignment.strategy": "org.apache.kafka.clients.consumer.RoundRobinAssignor", "auto.offset.reset": "none", "isolation.level": "read_committed",
	"session.timeout.ms": "20000", "heartbeat.interval.ms": "1000", "acks": "1", "max.in.flight.requests.per.connection": "1", "compression.type": "zstd",
	"delivery.timeout.ms": "200000", "metadata.max.idle.ms": "6000", "sasl.mechanism": "SCRAM-SHA-512", "sasl.jaas.config": scramJAAS,
	"sasl.client.callback.handler.class": "org.apache.kafka.common.security.authenticator.SaslClientCallbackHandler",
	"sasl.login.callback.handler.class":  "org.apache.kafka.common.security.authenticator.AbstractLogin$DefaultLoginCallbackHandler",
	"sasl.login.class":                   "org.apache.kafka.common.security.authenticator.DefaultLogin",
	"sasl.login.refresh.window.factor":   "0.7", "sasl.login.refresh.window.jitter": "0.1", "sasl.oauthbearer.token.endpoint.url": "https://idp/token",
	"ssl.protocol": "TLSv1.2", "ssl.enabled.protocols": "TLSv1.2", "ssl.cipher.suites": "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ssl.endpoint.identification.algorithm": "",
	"ssl.keystore.type": "PKCS12", "ssl.truststore.type": "PKCS12", "enable.auto.commit": "true",
}

// The page says of every property of Kafka's clients what becomes of it, and so it does.
func TestThePageSaysWhatBecomesOfEveryProperty(t *testing.T) {
	page, err := os.ReadFile("../../docs/kafka-clients.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "## Every property\n")
	section, _, _ = strings.Cut(section, "\n## ")
	parts := strings.Split(section, "### ")[1:]
	said := map[string]string{}
	for _, part := range parts {
		title, rows, _ := strings.Cut(part, "\n")
		for line := range strings.Lines(rows) {
			cells := strings.Split(line, "|")
			if len(cells) < 3 {
				continue
			}
			for i, name := range strings.Split(cells[1], "`") {
				if i%2 == 1 {
					said[name] = title
				}
			}
		}
	}
	list, err := os.ReadFile("testdata/client-properties-3.9.2.txt")
	if err != nil {
		t.Fatal(err)
	}
	roles := map[string]kafka.Role{"consumer": kafka.Consumer, "producer": kafka.ProducerRole, "admin": kafka.AdminRole}
	checked := map[string]bool{}
	for line := range strings.Lines(string(list)) {
		roleName, property, _ := strings.Cut(strings.TrimSpace(line), " ")
		role, isProperty := roles[roleName]
		if !isProperty {
			continue
		}
		key, fallback, _ := strings.Cut(property, "=")
		checked[key] = true
		value, ok := legalValues[key]
		switch {
		case ok:
		case fallback == "true":
			value = "false"
		case fallback == "false":
			value = "true"
		default:
			value = "7" // a number, or some name
		}
		store := strings.HasPrefix(key, "ssl.keystore.") || strings.HasPrefix(key, "ssl.truststore.")
		if store && !strings.HasSuffix(key, ".type") && said[key] == "Honoured" {
			continue // they make sense together only; TestSecurityThatJavaClientsUseIsAccepted has them
		}
		props := kafka.Properties{"bootstrap.servers": "localhost:9092", "group.id": "g"}
		if strings.HasPrefix(key, "sasl.") || strings.HasPrefix(key, "ssl.") || key == "security.protocol" {
			props = secured("SASL_SSL", "sasl.mechanism", "SCRAM-SHA-256", "sasl.jaas.config", scramJAAS)
		}
		props[key] = value
		warnings, err := kafka.CheckProperties(props, role)
		got := "Honoured"
		var refused *kafka.PropertyError
		switch {
		case errors.As(err, &refused) && refused.Key == key:
			got = "Refused"
		case err != nil:
			got = err.Error()
		case len(warnings) > 0:
			got = strings.Join(warnings, "; ")
			if strings.Contains(got, "without effect here: "+key) {
				got = "Without effect"
			}
		}
		if got != said[key] {
			t.Errorf("%s %s=%s: %s; the page says %q", role, key, value, got, said[key])
		}
	}
	for key := range said {
		if !checked[key] {
			t.Errorf("the page names %s, which is no property of Kafka's clients", key)
		}
	}
}
