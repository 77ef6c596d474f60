package avro_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"sluice/connect/avro"
)

// The example in docs/avro.md is one that the converter takes.
func TestTheExampleOfTheDocumentation(t *testing.T) {
	page, err := os.ReadFile("../../docs/avro.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "```json\n")
	example, _, _ := strings.Cut(rest, "```")
	var connector struct {
		Config map[string]string `json:"config"`
	}
	if err := json.Unmarshal([]byte(example), &connector); err != nil {
		t.Fatalf("%v in %s", err, example)
	}
	if connector.Config["value.converter"] != avro.Class {
		t.Errorf("got converter %s", connector.Config["value.converter"])
	}
	def := avro.New().Config()
	props := map[string]string{}
	for k, v := range connector.Config {
		if name, ok := strings.CutPrefix(k, "value.converter."); ok {
			props[name] = v
			if _, known := def.Key(name); !known {
				t.Errorf("%s is not a setting", name)
			}
		}
	}
	if err := avro.New().Configure(props, false); err != nil {
		t.Error(err)
	}
}
