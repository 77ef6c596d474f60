package metrics_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"sluice/detector/metrics"
)

var update = flag.Bool("update", false, "write the table of docs/detector.md")

const (
	docsPage   = "../../docs/detector.md"
	tableBegin = "<!-- metrics: written by go test ./detector/metrics -run TestMetricsPage -update -->\n"
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
		t.Fatalf("%s has no place for the table", docsPage)
	}
	var b strings.Builder
	b.WriteString("\n| metric | kind | unit | what it is |\n|---|---|---|---|\n")
	for _, d := range metrics.Definitions() {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", d.Name, d.Kind, d.Unit, d.Help)
	}
	want := before + tableBegin + b.String() + "\n" + tableEnd + after
	if *update {
		if err := os.WriteFile(docsPage, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(text) != want {
		t.Errorf("%s is not what the definitions say: go test ./detector/metrics -run TestMetricsPage -update", docsPage)
	}
}
