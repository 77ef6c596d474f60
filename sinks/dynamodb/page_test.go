package dynamodb

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"sluice/connect"
)

var update = flag.Bool("update", false, "write docs/dynamodb-settings.md from the definitions")

// docs/dynamodb-settings.md is written from the tables of native keys, which docs/settings.md leaves out for Camel's class since validation does
// not list them there. After a change: go test ./sinks/dynamodb -run TestNativeSettingsPage -update
func TestNativeSettingsPage(t *testing.T) {
	const path = "../../docs/dynamodb-settings.md"
	var b bytes.Buffer
	b.WriteString("# Settings of the DynamoDB sink that are our own\n\nWritten from the definitions in the code (`go test ./sinks/dynamodb -run TestNativeSettingsPage -update`).\n" +
		"They are valid beside the keys of Camel's connector and beside those of Confluent's, which [settings.md](settings.md) lists.\n" +
		"Where one says the same as a key of the other connector, it counts, and the log says so. How they work together is told in [dynamodb-sink.md](dynamodb-sink.md).\n")
	for _, g := range nativeGroups() {
		if len(g.keys) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n## %s\n\n| key | type | default | what it does |\n|---|---|---|---|\n", g.title)
		for _, k := range g.keys {
			doc, def := k.Doc, ""
			if k.Validator != nil {
				doc += " Valid: " + k.Validator.String() + "."
			}
			if k.Default != nil {
				def = "`" + connect.ConfigText(k.Default, k.Type) + "`"
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", k.Name, strings.ToLower(string(k.Type)), def, strings.ReplaceAll(doc, "|", "\\|"))
		}
	}
	if *update {
		if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, b.Bytes()) {
		t.Errorf("%s is not what the definitions say; run go test ./sinks/dynamodb -run TestNativeSettingsPage -update", path)
	}
}
