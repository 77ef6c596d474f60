package rest_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestOffsetsAsJavaAnswers plays what Kafka Connect 3.9.2 answered to some 200 requests about offsets, good and bad, on the worker with the
// embedded Kafka.
func TestOffsetsAsJavaAnswers(t *testing.T) {
	if testing.Short() {
		t.Skip("starts connectors and waits for their tasks")
	}
	playOffsets(t, startWorker(t), 20*time.Millisecond)
}

// TestOffsetsOfARunningWorker plays the same against any worker, on a real Kafka.
func TestOffsetsOfARunningWorker(t *testing.T) {
	url := os.Getenv(urlVariable)
	if url == "" {
		t.Skipf("%s names no worker", urlVariable)
	}
	playOffsets(t, url, 200*time.Millisecond)
}

// Java's JSON library has limits; without them a request of digits alone would cost seconds.
func TestOffsetBodiesHaveLimits(t *testing.T) {
	s, _ := newServer(t, fake{})
	body := func(offset string) string {
		return `{"offsets":[{"partition":{"kafka_topic":"t","kafka_partition":0},"offset":{"kafka_offset":` + offset + `}}]}`
	}
	for name, offset := range map[string]string{
		"a number of 1001 digits": strings.Repeat("7", 1001),
		"a megabyte of digits":    strings.Repeat("7", 1_000_000),
		"1000 levels":             strings.Repeat("[", 1000) + strings.Repeat("]", 1000),
		"9000 levels of objects":  strings.Repeat(`{"a":`, 9000) + "1" + strings.Repeat("}", 9000),
		"100000 levels":           strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000),
	} {
		if w := call(s, "PATCH", "/connectors/x/offsets", body(offset)); w.Code != 500 || strings.Contains(w.Body.String(), "internal error") {
			t.Errorf("%s: got %d %.200s, want 500", name, w.Code, w.Body)
		}
	}
}

func FuzzOffsetBodies(f *testing.F) {
	for _, s := range readOffsetScenarios(f) {
		for _, step := range s.Steps {
			if step.Body != nil {
				f.Add(*step.Body)
			}
		}
	}
	m := newModel(f)
	s, _ := newServer(f, m)
	m.connectors["x"] = &modelConnector{state: "STOPPED"}
	f.Fuzz(func(t *testing.T, body string) {
		w := call(s, "PATCH", "/connectors/x/offsets", body, "Content-Type", "application/json")
		if strings.Contains(w.Body.String(), "internal error") {
			t.Errorf("a handler panicked: %s", w.Body)
		}
		if !json.Valid(w.Body.Bytes()) || w.Code != 200 && w.Code != 400 && w.Code != 500 {
			t.Errorf("got %d %q", w.Code, w.Body)
		}
		if w.Code != 500 && !json.Valid([]byte(strings.TrimPrefix(body, "\ufeff"))) {
			t.Errorf("got %d for what is not JSON", w.Code)
		}
	})
}

func readOffsetScenarios(t testing.TB) (all []scenario) {
	files, err := filepath.Glob(filepath.Join("testdata", "offsets", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var s scenario
		if err := json.Unmarshal(data, &s); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all = append(all, s)
	}
	return all
}

func playOffsets(t *testing.T, url string, look time.Duration) {
	for _, s := range readOffsetScenarios(t) {
		t.Run(s.Name, func(t *testing.T) {
			r := newRun(url, look)
			defer r.clean()
			for i, step := range s.Steps {
				diff := r.play(step, "3.9.2")
				body := ""
				if step.Body != nil {
					body = *step.Body
				}
				for _, d := range diff {
					t.Errorf("step %d %s %s %s %s\n%s", i+1, step.Method, step.Path, step.Note, body, d)
				}
				if len(diff) > 0 && step.Until != nil {
					return // what follows was not meant for this state
				}
			}
		})
	}
}
