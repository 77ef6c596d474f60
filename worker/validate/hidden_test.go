package validate_test

import (
	"strings"
	"testing"
)

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
