package validate_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"sluice/worker/validate"
)

// compact is the text of an answer as it goes over the wire, with the documentation blanked as in the golden files.
func compact(t *testing.T, v any) string {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	return string(bytes.TrimSpace(b.Bytes()))
}

func goldenText(t *testing.T, file string) string {
	t.Helper()
	var b bytes.Buffer
	if err := json.Compact(&b, golden(t, file)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// diff points at the first difference.
func diff(t *testing.T, got, want string) {
	t.Helper()
	if got == want {
		return
	}
	i := 0
	for i < len(got) && i < len(want) && got[i] == want[i] {
		i++
	}
	from := max(0, i-300)
	t.Errorf("differs at %d\n got …%s\nwant …%s", i, got[from:min(len(got), i+200)], want[from:min(len(want), i+200)])
}

func TestValidateAnswersAsKafka(t *testing.T) {
	for _, c := range []struct {
		file  string
		props map[string]*string
	}{
		{"validate-valid.json", props("connector.class", fileSink, "name", "golden", "topics", "conformance", "file", "/dev/null")},
		{"validate-class-only.json", props("connector.class", fileSink)},
		{"validate-alias-class-only.json", props("connector.class", "FileStreamSink")},
		{"validate-many-errors.json", props("connector.class", fileSink, "name", "", "tasks.max", "x", "errors.tolerance", "some", "key.converter", "nope.Nope",
			"topics", "a", "topics.regex", "b", "errors.log.enable", "perhaps", "nothing", "<null>")},
		{"validate-dlq.json", props("connector.class", fileSink, "name", "golden", "topics", "conformance", "file", "/dev/null",
			"errors.deadletterqueue.topic.name", "conformance", "errors.tolerance", "all")},
		{"validate-converters.json", props("connector.class", fileSink, "name", "golden", "topics", "conformance", "file", "/dev/null",
			"key.converter", stringConverter, "value.converter", jsonConverter, "value.converter.schemas.enable", "false", "header.converter", simpleHeader)},
		{"validate-overrides.json", props("connector.class", fileSink, "name", "golden", "topics", "conformance", "file", "/dev/null",
			"consumer.override.max.poll.records", "7", "consumer.override.auto.offset.reset", "earliest")},
		{"camel-validate.json", props("connector.class", camelSink, "name", "transactions-sink", "tasks.max", "2", "topics", "flagged-transactions",
			"key.converter", stringConverter, "value.converter", jsonConverter, "value.converter.schemas.enable", "false",
			"camel.sink.unmarshal", "jackson", "camel.kamelet.aws-ddb-sink.table", "flagged-transactions", "camel.kamelet.aws-ddb-sink.region", "ap-southeast-2",
			"camel.kamelet.aws-ddb-sink.useDefaultCredentialsProvider", "true", "camel.kamelet.aws-ddb-sink.writeCapacity", "1")},
	} {
		t.Run(c.file, func(t *testing.T) {
			infos, err := newValidator(t).Validate(c.props)
			if err != nil {
				t.Fatal(err)
			}
			for i := range infos.Configs {
				if d := infos.Configs[i].Definition; d != nil {
					if len(d.Documentation) == 0 {
						t.Errorf("%s has no documentation", d.Name)
					}
					d.Documentation = "…"
				}
			}
			diff(t, compact(t, infos), goldenText(t, c.file))
		})
	}
}

func TestPluginConfigAnswersAsKafka(t *testing.T) {
	for _, c := range []struct{ plugin, file string }{
		{fileSink, "plugin-config-FileStreamSinkConnector.json"},
		{"FileStreamSinkConnector", "plugin-config-FileStreamSinkConnector.json"},
		{"FileStreamSink", "plugin-config-FileStreamSinkConnector.json"},
		{jsonConverter, "plugin-config-JsonConverter.json"},
		{"StringConverter", "plugin-config-StringConverter.json"},
		{camelSink, "camel-plugin-config.json"},
	} {
		t.Run(c.plugin, func(t *testing.T) {
			infos, err := newValidator(t).PluginConfig(c.plugin)
			if err != nil {
				t.Fatal(err)
			}
			for i := range infos {
				infos[i].Documentation = "…"
			}
			diff(t, compact(t, infos), goldenText(t, c.file))
		})
	}
}

func TestPluginConfigOfAnUnknownPlugin(t *testing.T) {
	for _, name := range []string{"nope.Nope", "filestreamsink", "", "Json Converter"} {
		_, err := newValidator(t).PluginConfig(name)
		if want := (&validate.UnknownPluginError{Name: name}).Error(); err == nil || err.Error() != want {
			t.Errorf("%q: got error %v, want %s", name, err, want)
		}
	}
}
