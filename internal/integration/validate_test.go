package integration

import (
	"bufio"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
)

// Java is asked again what it said to the configurations that the validator is tested with, and our worker is asked too: both answers are
// the same but for the documentation, errors with their texts and the order of keys included.
func TestSameValidationAsJava(t *testing.T) {
	theirs := sharedConnect(t)
	w := startWorker(t, newWorkerConfig(t, sharedKafka(t), nil))
	file, err := os.Open("../../worker/validate/testdata/differential.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	compared := 0
	for lines.Scan() {
		var c struct {
			Body   json.RawMessage
			Policy string
		}
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		if c.Policy != "" || strings.Contains(string(c.Body), `"connect-cluster"`) {
			continue // these workers let everything be overridden, and are in groups of other names
		}
		compared++
		const path = "/connector-plugins/FileStreamSink/config/validate"
		wantStatus, want := theirs.call(t, "PUT", path, string(c.Body))
		gotStatus, got := w.call(t, "PUT", path, string(c.Body))
		if gotStatus != wantStatus || undocumented(t, got) != undocumented(t, want) {
			t.Errorf("%s\nours answers %d\n%s\nJava %d\n%s", c.Body, gotStatus, got, wantStatus, want)
		}
	}
	if compared == 0 {
		t.Error("no configurations were compared")
	}
	stopCleanly(t, w.process)
}

// undocumented is an answer without the texts that each worker has in words of its own, and without the transforms of Camel's package, which is
// not installed in this Java worker.
func undocumented(t *testing.T, answer string) string {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(answer), &v); err != nil {
		t.Fatalf("%v in %s", err, answer)
	}
	configs, _ := v["configs"].([]any)
	for _, c := range configs {
		if definition, ok := c.(map[string]any)["definition"].(map[string]any); ok {
			definition["documentation"] = "..."
		}
		if value, ok := c.(map[string]any)["value"].(map[string]any); ok {
			recommended, _ := value["recommended_values"].([]any)
			value["recommended_values"] = slices.DeleteFunc(recommended, func(r any) bool {
				name, _ := r.(string)
				return strings.HasPrefix(name, "org.apache.camel.kafkaconnector.transforms.")
			})
		}
	}
	return mustJSON(t, v)
}
