package validate_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
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

// capture is one recorded request; the answer stands in its file.
type capture struct {
	File, Method, Path string
	Body               map[string]*string
}

func captures(t *testing.T) []capture {
	t.Helper()
	var index struct{ Captures []capture }
	if err := json.Unmarshal(golden(t, "index.json"), &index); err != nil || len(index.Captures) == 0 {
		t.Fatalf("read the index: %v", err)
	}
	return index.Captures
}

func TestValidateAnswersAsKafka(t *testing.T) {
	cases := []capture{
		{File: "camel-validate.json", Method: "PUT", Body: props("connector.class", camelSink, "name", "transactions-sink", "tasks.max", "2", "topics", "flagged-transactions",
			"key.converter", stringConverter, "value.converter", jsonConverter, "value.converter.schemas.enable", "false",
			"camel.sink.unmarshal", "jackson", "camel.kamelet.aws-ddb-sink.table", "flagged-transactions", "camel.kamelet.aws-ddb-sink.region", "ap-southeast-2",
			"camel.kamelet.aws-ddb-sink.useDefaultCredentialsProvider", "true", "camel.kamelet.aws-ddb-sink.writeCapacity", "1")},
	}
	for _, c := range append(cases, captures(t)...) {
		if c.Method != "PUT" {
			continue
		}
		t.Run(c.File, func(t *testing.T) {
			infos, err := newValidator(t).Validate(c.Body)
			if err != nil {
				t.Fatal(err)
			}
			for _, info := range infos.Configs {
				if d := info.Definition; d != nil && d.Documentation == "" {
					t.Errorf("%s has no documentation", d.Name)
				}
			}
			blank(infos)
			diff(t, compact(t, infos), goldenText(t, c.File))
		})
	}
}

func TestPluginConfigAnswersAsKafka(t *testing.T) {
	cases := []capture{
		{File: "plugin-config-FileStreamSinkConnector.json", Path: "/connector-plugins/" + fileSink + "/config"},
		{File: "plugin-config-FileStreamSinkConnector.json", Path: "/connector-plugins/FileStreamSink/config"},
		{File: "plugin-config-StringConverter.json", Path: "/connector-plugins/StringConverter/config"},
		{File: "camel-plugin-config.json", Path: "/connector-plugins/" + camelSink + "/config"},
	}
	for _, c := range append(cases, captures(t)...) {
		path, ok := strings.CutSuffix(c.Path, "/config")
		if !ok {
			continue
		}
		plugin, err := url.PathUnescape(strings.TrimPrefix(path, "/connector-plugins/"))
		if err != nil {
			t.Fatal(err)
		}
		t.Run(plugin, func(t *testing.T) {
			infos, err := newValidator(t).PluginConfig(plugin)
			if err != nil {
				t.Fatal(err)
			}
			for i := range infos {
				infos[i].Documentation = "…"
			}
			diff(t, compact(t, infos), goldenText(t, c.File))
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

func TestPluginConfigOfAnAbstractClass(t *testing.T) {
	_, err := newValidator(t).PluginConfig("org.apache.kafka.connect.transforms.Cast")
	if broken := (*validate.ExceptionError)(nil); !errors.As(err, &broken) || broken.Message != "Instantiation error" {
		t.Errorf("got error %v", err)
	}
}
