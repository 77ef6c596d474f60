package metrics_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"sluice/worker/metrics"
)

var update = flag.Bool("update", false, "write the tables of docs/metrics.md")

const (
	docsPage   = "../../docs/metrics.md"
	tableBegin = "<!-- metrics: written by go test ./worker/metrics -run TestMetricsPage -update -->\n"
	tableEnd   = "<!-- end of metrics -->"
)

// The page lists just the metrics that there are.
func TestMetricsPage(t *testing.T) {
	text, err := os.ReadFile(docsPage)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), tableBegin)
	_, after, ended := strings.Cut(rest, tableEnd)
	if !ok || !ended {
		t.Fatalf("%s has no place for the tables", docsPage)
	}
	want := before + tableBegin + tables() + tableEnd + after
	if *update {
		if err := os.WriteFile(docsPage, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(text) != want {
		t.Errorf("%s is not what the definitions say: go test ./worker/metrics -run TestMetricsPage -update", docsPage)
	}
}

// tables writes a table for each MBean.
func tables() string {
	var b strings.Builder
	bean := ""
	for _, d := range metrics.Definitions() {
		if d.Bean != bean {
			bean = d.Bean
			fmt.Fprintf(&b, "\n### `%s`\n\n| metric | kind | unit | what it is | attribute |\n|---|---|---|---|---|\n", bean)
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", d.Name, d.Kind, d.Unit, d.Help, d.Attribute)
	}
	return b.String() + "\n"
}
