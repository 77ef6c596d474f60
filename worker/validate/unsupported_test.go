package validate_test

import (
	"strings"
	"testing"

	"sluice/worker/validate"
)

func TestUnsupportedSettingsAreRefusedByName(t *testing.T) {
	for _, c := range []struct {
		name  string
		props map[string]*string
		key   string // of the one error; "" for none
	}{
		{"transforms", valid("transforms", "a", "transforms.a.type", "org.apache.kafka.connect.transforms.RegexRouter"), "transforms"},
		{"blank transforms", valid("transforms", " "), ""},
		{"predicates", valid("predicates", "p"), "predicates"},
		{"a regex of topics", valid("topics", "<none>", "topics.regex", "t.*"), "topics.regex"},
		{"a dead letter queue", valid("errors.deadletterqueue.topic.name", "dlq"), "errors.deadletterqueue.topic.name"},
		{"settings of a dead letter queue that is not there", valid("errors.deadletterqueue.context.headers.enable", "true"), ""},
		{"an interceptor", valid("consumer.override.interceptor.classes", "a.B"), "consumer.override.interceptor.classes"},
		{"TLS", valid("consumer.override.security.protocol", "SSL"), "consumer.override.security.protocol"},
		{"plain text by name", valid("consumer.override.security.protocol", "PLAINTEXT"), ""},
		{"any SASL", valid("consumer.override.sasl.login.class", "a.B"), "consumer.override.sasl.login.class"},
		{"a static member", valid("consumer.override.group.instance.id", "m1"), "consumer.override.group.instance.id"},
		{"commits by timer", valid("consumer.override.enable.auto.commit", "true"), "consumer.override.enable.auto.commit"},
		{"no commits by timer", valid("consumer.override.enable.auto.commit", "false"), ""},
		{"where to start", valid("consumer.override.auto.offset.reset", "latest"), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			infos, err := newValidator(t).Validate(c.props)
			if err != nil {
				t.Fatal(err)
			}
			got := errorsOf(infos)
			if c.key == "" && len(got) > 0 || c.key != "" && (len(got) != 1 || !strings.HasPrefix(got[0], c.key+": Invalid value ") || !strings.Contains(got[0], "not supported by this version")) {
				t.Errorf("got errors %q, want one of %q", got, c.key)
			}
			if infos.ErrorCount != len(got) {
				t.Errorf("error_count %d for %q", infos.ErrorCount, got)
			}
		})
	}
}

// A configuration that another worker has written is refused by whoever parses it.
func TestUnsupportedSettingsAreRefusedAtStart(t *testing.T) {
	for key, value := range map[string]string{
		"transforms": "a,b", "predicates": "p", "topics.regex": "t.*", "errors.deadletterqueue.topic.name": "dlq", "topics": "t", "tasks.max": "2",
	} {
		config := map[string]string{"name": "x", "connector.class": fileSink, key: value}
		_, err := validate.SinkConnectorConfigDef().Parse(config)
		refused := err != nil && strings.Contains(err.Error(), " for configuration "+key+": ") && strings.Contains(err.Error(), "not supported by this version")
		if supported := key == "topics" || key == "tasks.max"; refused == supported || (err != nil) == supported {
			t.Errorf("%s=%s: got error %v", key, value, err)
		}
		config[key] = map[string]string{"topics": "t", "tasks.max": "1"}[key]
		if _, err := validate.SinkConnectorConfigDef().Parse(config); err != nil {
			t.Errorf("blank %s: got error %v", key, err)
		}
	}
}

// Kafka's own complaints come first and alone.
func TestUnsupportedSettingsOfAnInvalidConfiguration(t *testing.T) {
	infos, err := newValidator(t).Validate(valid("tasks.max", "0", "transforms", "a"))
	if err != nil {
		t.Fatal(err)
	}
	if got := errorsOf(infos); len(got) != 1 || !strings.HasPrefix(got[0], "tasks.max") {
		t.Errorf("got %q", got)
	}
}

func TestSecretsStayHidden(t *testing.T) {
	const secret = "p4ssw0rd"
	for _, props := range []map[string]*string{
		valid("consumer.override.sasl.jaas.config", secret),
		valid("consumer.override.ssl.keystore.password", secret, "consumer.override.ssl.truststore.password", secret, "consumer.override.my.own.password", secret),
		valid("connector.class", camelSink, "camel.kamelet.aws-ddb-sink.secretKey", secret, "camel.kamelet.aws-ddb-sink.accessKey", secret),
		valid("connector.class", camelSink, "camel.kamelet.aws-ddb-sink.secretKey", secret, "camel.aggregation.size", "x"),
		valid("connector.class", "<none>", "camel.kamelet.aws-ddb-sink.secretKey", secret, "database.password", secret),
	} {
		infos, err := newValidator(t).Validate(props)
		if err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("error shows a secret: %v", err)
		}
		if text := compact(t, infos); strings.Contains(text, secret) {
			t.Errorf("answer shows a secret: %s", text)
		}
		if err := infos.Err(); err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("summary shows a secret: %v", err)
		}
	}
}

// Whatever a configuration holds, the check ends with an answer or an error, and the count agrees with the list.
func FuzzValidate(f *testing.F) {
	f.Add("connector.class", "FileStreamSink", "topics", ",")
	f.Add("topics.regex", "(", "errors.deadletterqueue.topic.name", "\x00")
	f.Add("value.converter", "JsonConverter", "value.converter.schemas.enable", "\xff")
	f.Add("consumer.override.", "", "consumer.override.fetch.min.bytes", "9")
	v := newValidator(f)
	f.Fuzz(func(t *testing.T, k1, v1, k2, v2 string) {
		infos, err := v.Validate(valid(k1, v1, k2, v2))
		if err == nil && (infos.ErrorCount == 0) != (len(errorsOf(infos)) == 0) {
			t.Errorf("error_count %d for %q", infos.ErrorCount, errorsOf(infos))
		}
	})
}
