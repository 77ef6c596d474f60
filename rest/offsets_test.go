package rest_test

import (
	"encoding/json"
	"os"
	"path/filepath"
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

func playOffsets(t *testing.T, url string, look time.Duration) {
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
