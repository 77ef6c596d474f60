package rest_test

import (
	"log/slog"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"sluice/rest"
)

// urlVariable names a running worker to play the scenarios against, with FileStreamSink, a topic "conformance" and nothing else in its group.
const urlVariable = "SLUICE_CONFORMANCE_URL"

// reference is the version that the scenarios were recorded from, and that ours reports.
const reference = "3.9.2"

func TestConformanceOfTheAPI(t *testing.T) {
	server, err := rest.New(rest.Options{Herder: newModel(t), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ts := httptest.NewServer(server)
	t.Cleanup(ts.Close)
	playAll(t, ts.URL, 0)
}

// TestConformanceOfARunningWorker plays the scenarios against whatever worker there is, of Java for instance, which passes too: a scenario that
// the reference fails asks for too much.
func TestConformanceOfARunningWorker(t *testing.T) {
	url := os.Getenv(urlVariable)
	if url == "" {
		t.Skipf("%s names no worker", urlVariable)
	}
	playTwice(t, url, 200*time.Millisecond)
}

// playTwice plays all scenarios two times in a row: what the first round leaves behind must not be in the way of the second.
func playTwice(t *testing.T, url string, look time.Duration) {
	for _, round := range []string{"first round", "second round"} {
		if !t.Run(round, func(t *testing.T) { playAll(t, url, look) }) {
			return
		}
	}
}

// playAll plays every scenario that is for the worker's version, with its steps in order.
func playAll(t *testing.T, url string, look time.Duration) {
	version := versionOf(t, url)
	for _, s := range readScenarios(t) {
		if !s.appliesTo(version) {
			continue
		}
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel() // each has names of its own
			r := newRun(url, look)
			r.ours = strings.Contains(version, "sluice")
			defer r.clean()
			for i, step := range s.Steps {
				if r.ours && step.Path == "/metrics" {
					continue // which Kafka does not have; see TestMetrics
				}
				diff := r.play(step, version)
				for _, d := range diff {
					t.Errorf("step %d %s %s %s\n%s", i+1, step.Method, step.Path, step.Note, d)
				}
				if len(diff) > 0 && step.Until != nil {
					return // what follows was not meant for this state
				}
			}
		})
	}
}

// versionOf is what a worker says it is, which decides what is expected of it.
func versionOf(t *testing.T, url string) string {
	t.Helper()
	rep, err := send(newRun(url, 0).url, "GET", "/", nil, nil, false)
	if err != nil {
		t.Fatal(err)
	}
	root, _ := rep.value.(map[string]any)
	version, ok := root["version"].(string)
	if !ok {
		t.Fatalf("GET / answers %d %s: want a version", rep.status, rep.raw)
	}
	return version
}

// The scenarios are all there, and nothing in them is passed over.
func TestConformanceScenariosAreComplete(t *testing.T) {
	scenarios, steps := 0, 0
	for _, s := range readScenarios(t) {
		if !s.appliesTo(reference) {
			continue
		}
		scenarios++
		for i, step := range s.Steps {
			steps++
			if step.expectedOf(reference) == nil {
				t.Errorf("%s: nothing was recorded for step %d", s.Name, i+1)
			}
			if step.View != "" && !knownView(step.View) {
				t.Errorf("%s: step %d has the view %q, which nobody knows", s.Name, i+1, step.View)
			}
		}
	}
	if scenarios != 79 || steps != 787 {
		t.Errorf("%d scenarios with %d steps, want 79 with 787", scenarios, steps)
	}
}
