package bench

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Starting the program: the binary is built, and started on a Kafka whose config topic holds 1,000 connectors with one task each. From the
// start of the process it takes root-ms until GET / is answered with 200, list-ms until GET /connectors is answered (with all of them:
// before, it is held back), and running-ms until every connector and task has told that it runs.
func BenchmarkStart(b *testing.B) {
	bootstrap := newBroker(b)
	fill(b, bootstrap)
	binary := filepath.Join(b.TempDir(), "sluice")
	if out, err := exec.Command("go", "build", "-o", binary, "sluice/cmd/sluice").CombinedOutput(); err != nil {
		b.Fatalf("build: %v\n%s", err, out)
	}
	for b.Loop() {
		url, file := freeURL(b), filepath.Join(b.TempDir(), "worker.properties")
		var text strings.Builder
		props := settings(bootstrap)
		props["listeners"] = strings.TrimSuffix(url, "/")
		for k, v := range props {
			fmt.Fprintf(&text, "%s=%s\n", k, v)
		}
		must(b, os.WriteFile(file, []byte(text.String()), 0o644))

		cmd := exec.Command(binary, "worker", file)
		began := time.Now()
		must(b, cmd.Start())
		awaitRoot(b, url)
		b.ReportMetric(milliseconds(time.Since(began)), "root-ms")
		var names []string
		must(b, json.Unmarshal(call(b, "GET", url+"connectors", "", 200), &names))
		if len(names) != connectors {
			b.Fatalf("%d connectors are listed", len(names))
		}
		b.ReportMetric(milliseconds(time.Since(began)), "list-ms")
		awaitRunning(b, url)
		b.ReportMetric(milliseconds(time.Since(began)), "running-ms")

		must(b, cmd.Process.Signal(os.Interrupt))
		must(b, cmd.Wait())
	}
}

// freeURL is where nobody listens.
func freeURL(tb testing.TB) string {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(tb, err)
	defer l.Close()
	return "http://" + l.Addr().String() + "/"
}

func awaitRoot(tb testing.TB, url string) {
	tb.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		res, err := http.Get(url)
		if err == nil {
			res.Body.Close()
			if res.StatusCode == 200 {
				return
			}
		}
		if time.Now().After(end) {
			tb.Fatal("no answer", err)
		}
	}
}

// awaitRunning waits until all connectors and tasks run.
func awaitRunning(tb testing.TB, url string) {
	tb.Helper()
	type state struct{ State string }
	for end := time.Now().Add(2 * time.Minute); ; time.Sleep(20 * time.Millisecond) {
		var all map[string]struct {
			Status struct {
				Connector state
				Tasks     []state
			}
		}
		must(tb, json.Unmarshal(call(tb, "GET", url+"connectors?expand=status", "", 200), &all))
		running := 0
		for _, c := range all {
			if c.Status.Connector.State == "RUNNING" && len(c.Status.Tasks) == 1 && c.Status.Tasks[0].State == "RUNNING" {
				running++
			}
		}
		switch {
		case running == connectors:
			return
		case time.Now().After(end):
			tb.Fatalf("%d connectors run", running)
		}
	}
}
