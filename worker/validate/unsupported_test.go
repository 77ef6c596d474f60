package validate_test

import (
	"strings"
	"testing"

	"sluice/worker/validate"
)

// What tasks cannot do yet is refused where a task starts, and nowhere before: a client gets Kafka's answers.
func TestUnsupportedSettingsAreRefusedByName(t *testing.T) {
	for _, c := range []struct {
		name  string
		props map[string]*string
		key   string // of the one error; "" for none
	}{
		{"transforms", valid("transforms", "a", "transforms.a.type", "org.apache.kafka.connect.transforms.Filter"), ""},
		{"a regex of topics", valid("topics", "<none>", "topics.regex", "t.*"), "topics.regex"},
		{"a dead letter queue", valid("errors.deadletterqueue.topic.name", "dlq"), ""},
		{"settings of a dead letter queue that is not there", valid("errors.deadletterqueue.context.headers.enable", "true"), ""},
		{"what the consumer decides about", valid("consumer.override.security.protocol", "SSL", "consumer.override.interceptor.classes", "a.B"), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			infos, err := newValidator(t).Validate(c.props)
			if err != nil || infos.ErrorCount != 0 {
				t.Errorf("Validate: got error %v, errors %q", err, errorsOf(infos))
			}
			given := map[string]string{}
			for k, v := range c.props {
				given[k] = *v
			}
			_, err = validate.SinkTaskConfigDef().Parse(given)
			switch {
			case c.key == "" && err != nil:
				t.Errorf("Parse: got error %v", err)
			case c.key != "" && (err == nil || !strings.Contains(err.Error(), " for configuration "+c.key+": ") ||
				!strings.Contains(err.Error(), "not supported by this version")):
				t.Errorf("Parse: got error %v, want one of %q", err, c.key)
			}
		})
	}
}

// A configuration that another worker has written is refused by whoever parses it.
func TestUnsupportedSettingsAreRefusedAtStart(t *testing.T) {
	for key, value := range map[string]string{
		"topics.regex": "t.*", "topics": "t", "tasks.max": "2",
	} {
		config := map[string]string{"name": "x", "connector.class": fileSink, key: value}
		_, err := validate.SinkTaskConfigDef().Parse(config)
		refused := err != nil && strings.Contains(err.Error(), " for configuration "+key+": ") && strings.Contains(err.Error(), "not supported by this version")
		if supported := key == "topics" || key == "tasks.max"; refused == supported || (err != nil) == supported {
			t.Errorf("%s=%s: got error %v", key, value, err)
		}
		config[key] = map[string]string{"topics": "t", "tasks.max": "1"}[key]
		if _, err := validate.SinkTaskConfigDef().Parse(config); err != nil {
			t.Errorf("blank %s: got error %v", key, err)
		}
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
