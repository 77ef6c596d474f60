package kafka_test

import (
	"errors"
	"strings"
	"testing"

	"sluice/internal/kafka"
)

func TestCheckPropertiesAcceptsWhatJavaClientsUse(t *testing.T) {
	cases := map[string]struct {
		role  kafka.Role
		props kafka.Properties
	}{
		"consumer as Connect configures it": {kafka.Consumer, kafka.Properties{
			"group.id": "connect-x", "client.id": "connector-consumer-x-0", "enable.auto.commit": "false", "auto.offset.reset": "earliest",
			"key.deserializer":   "org.apache.kafka.common.serialization.ByteArrayDeserializer",
			"value.deserializer": "org.apache.kafka.common.serialization.ByteArrayDeserializer",
			"isolation.level":    "read_committed",
		}},
		"producer as Connect configures it": {kafka.ProducerRole, kafka.Properties{
			"acks": "all", "enable.idempotence": "false", "max.in.flight.requests.per.connection": "1",
			"delivery.timeout.ms": "2147483647", "max.block.ms": "9223372036854775807",
			"key.serializer": "org.apache.kafka.common.serialization.ByteArraySerializer",
		}},
		"several servers, spaces, a protocol": {kafka.AdminRole, kafka.Properties{"bootstrap.servers": " a:1 , PLAINTEXT://b:2,[::1]:9092 "}},
		"TLS keys at Java's defaults":         {kafka.AdminRole, kafka.Properties{"security.protocol": "PLAINTEXT", "ssl.protocol": "TLSv1.3", "ssl.endpoint.identification.algorithm": "https", "ssl.keystore.location": ""}},
		"another client's keys in the file":   {kafka.AdminRole, kafka.Properties{"group.id": "g", "acks": "1", "session.timeout.ms": "abc"}},
		"cooperative only":                    {kafka.Consumer, kafka.Properties{"partition.assignment.strategy": "org.apache.kafka.clients.consumer.CooperativeStickyAssignor"}},
		"classic protocol, in capitals":       {kafka.Consumer, kafka.Properties{"group.protocol": "CLASSIC"}},
		"acks other than all":                 {kafka.ProducerRole, kafka.Properties{"acks": "1"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if c.props["bootstrap.servers"] == "" {
				c.props["bootstrap.servers"] = "localhost:9092"
			}
			warnings, err := kafka.CheckProperties(c.props, c.role)
			if err != nil || len(warnings) != 0 {
				t.Errorf("got warnings %q, error %v; want none", warnings, err)
			}
		})
	}
}

func TestCheckPropertiesNamesKeyValueAndRule(t *testing.T) {
	cases := []struct {
		role             kafka.Role
		key, value, rule string
	}{
		{kafka.Consumer, "bootstrap.servers", "", "at least one server"},
		{kafka.Consumer, "bootstrap.servers", "nohost", "Invalid url"},
		{kafka.Consumer, "bootstrap.servers", "a:99999", "Invalid port"},
		{kafka.Consumer, "max.poll.records", "many", "Not a number of type INT"},
		{kafka.Consumer, "max.poll.records", "0", "Value must be at least 1"},
		{kafka.Consumer, "max.poll.records", "3000000000", "Not a number of type INT"},
		{kafka.Consumer, "auto.offset.reset", "first", "String must be one of: latest, earliest, none"},
		{kafka.Consumer, "isolation.level", "committed", "String must be one of: read_committed, read_uncommitted"},
		{kafka.Consumer, "enable.auto.commit", "true", "never by a timer"},
		{kafka.Consumer, "heartbeat.interval.ms", "45000", "Heartbeat must be set lower than the session timeout"},
		{kafka.Consumer, "group.protocol", "consumer", "String must be one of: classic"},
		{kafka.Consumer, "group.instance.id", "a b", "ASCII letters, digits"},
		{kafka.Consumer, "group.instance.id", "..", "cannot be"},
		{kafka.Consumer, "group.instance.id", strings.Repeat("a", 250), "longer than 249"},
		{kafka.Consumer, "interceptor.classes", "a.B", "interceptors"},
		{kafka.Consumer, "key.deserializer", "org.apache.kafka.common.serialization.StringDeserializer", "byte array"},
		{kafka.Consumer, "partition.assignment.strategy", "com.example.Mine", "not known"},
		{kafka.Consumer, "partition.assignment.strategy", "range,RangeAssignor", "named twice"},
		{kafka.ProducerRole, "acks", "2", "String must be one of: all, -1, 0, 1"},
		{kafka.ProducerRole, "compression.type", "rar", "String must be one of"},
		{kafka.ProducerRole, "compression.gzip.level", "0", "Value must be between 1 and 9 or equal to -1"},
		{kafka.ProducerRole, "compression.lz4.level", "18", "Value must be no more than 17"},
		{kafka.ProducerRole, "compression.zstd.level", "23", "Value must be no more than 22"},
		{kafka.ProducerRole, "transactional.id", "t", "transactions are not supported"},
		{kafka.ProducerRole, "delivery.timeout.ms", "1", "linger.ms + request.timeout.ms"},
		{kafka.ProducerRole, "partitioner.class", "a.B", "partitioners"},
		{kafka.AdminRole, "security.protocol", "TLS", "String must be one of (case insensitive): SASL_SSL, PLAINTEXT, SSL, SASL_PLAINTEXT"},
		{kafka.AdminRole, "request.timeout.ms", "-5", "Value must be at least 1"},
	}
	for _, c := range cases {
		t.Run(c.key+"="+c.value, func(t *testing.T) {
			props := kafka.Properties{"bootstrap.servers": "localhost:9092", "group.id": "g", c.key: c.value}
			_, err := kafka.CheckProperties(props, c.role)
			var refused *kafka.PropertyError
			if !errors.As(err, &refused) || refused.Key != c.key || refused.Value != c.value || !strings.Contains(refused.Rule, c.rule) {
				t.Fatalf("got %v, want a PropertyError for %s=%s about %q", err, c.key, c.value, c.rule)
			}
			if want := "Invalid value " + c.value + " for configuration " + c.key + ": "; !strings.HasPrefix(err.Error(), want) {
				t.Errorf("text: got %q, want the prefix %q", err, want)
			}
		})
	}
}

func TestCheckPropertiesRefusesContradictionsToIdempotence(t *testing.T) {
	for key, value := range map[string]string{"acks": "1", "retries": "0", "max.in.flight.requests.per.connection": "6"} {
		props := kafka.Properties{"bootstrap.servers": "localhost:9092", key: value}
		if _, err := kafka.CheckProperties(props, kafka.ProducerRole); err != nil {
			t.Errorf("%s=%s alone turns idempotence off: got %v", key, value, err)
		}
		props["enable.idempotence"] = "true"
		var refused *kafka.PropertyError
		if _, err := kafka.CheckProperties(props, kafka.ProducerRole); !errors.As(err, &refused) || refused.Key != key {
			t.Errorf("%s=%s with enable.idempotence=true: got %v, want a PropertyError", key, value, err)
		}
	}
}

func TestCheckPropertiesWarnsOncePerKind(t *testing.T) {
	props := kafka.Properties{"bootstrap.servers": "localhost:9092", "tpyo": "1", "zzz": "2", "client.rack": "r1", "check.crcs": "true"}
	warnings, err := kafka.CheckProperties(props, kafka.Consumer)
	if err != nil || len(warnings) != 2 || !strings.Contains(warnings[0], "tpyo, zzz") || !strings.Contains(warnings[1], "client.rack") {
		t.Errorf("got %q %v, want one warning about tpyo and zzz, one about client.rack", warnings, err)
	}
	if strings.Contains(strings.Join(warnings, " "), "check.crcs") {
		t.Errorf("a key at its default is reported: %q", warnings)
	}
}

func FuzzCheckPropertiesNeverPanics(f *testing.F) {
	f.Add("bootstrap.servers", "a:1,[::1]:2")
	f.Add("partition.assignment.strategy", "range,")
	f.Add("fetch.max.bytes", "-1")
	f.Fuzz(func(t *testing.T, key, value string) {
		for _, role := range []kafka.Role{kafka.Consumer, kafka.ProducerRole, kafka.AdminRole} {
			props := kafka.Properties{"bootstrap.servers": "localhost:9092", key: value}
			_, err := kafka.CheckProperties(props, role)
			var refused *kafka.PropertyError
			if err != nil && !errors.As(err, &refused) {
				t.Errorf("%q=%q: %v is not a PropertyError", key, value, err)
			}
		}
	})
}
