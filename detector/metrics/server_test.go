package metrics_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"sluice/detector"
	"sluice/detector/metrics"
	"sluice/internal/clientmetrics"
	"sluice/internal/listener"
)

// Given a detector, when it is asked over HTTP, then it shows its metrics and its health, and ends with its context.
func TestServe(t *testing.T) {
	now := everything()
	address, rule := listener.Parse("http://127.0.0.1:0")
	if rule != "" {
		t.Fatal(rule)
	}
	l, err := address.Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	phase := make(chan detector.Phase, 1)
	go func() {
		ended <- metrics.Serve(ctx, l, metrics.NewHandler(func() detector.Snapshot {
			s := now
			s.Shards = nil
			select {
			case s.Phase = <-phase:
			default:
			}
			return s
		}, clientmetrics.App{Version: "1"}))
	}()
	get := func(method, path string) (int, string) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), method, "http://"+l.Addr().String()+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode, string(body)
	}
	if code, body := get("GET", "/metrics"); code != 200 || !strings.Contains(body, "\nsluice_detector_results_total 70\n") {
		t.Errorf("metrics: got %d, %s", code, body)
	}
	if code, _ := get("POST", "/metrics"); code != http.StatusMethodNotAllowed {
		t.Errorf("POST: got %d", code)
	}
	var health struct{ Status, Message string }
	code, body := get("GET", "/health")
	if err := json.Unmarshal([]byte(body), &health); err != nil || code != 200 || health.Status != "healthy" {
		t.Errorf("health: got %d, %s", code, body)
	}
	phase <- detector.Stopping
	code, body = get("GET", "/health")
	if err := json.Unmarshal([]byte(body), &health); err != nil || code != 503 || health.Message != "the detector is stopping" {
		t.Errorf("health of one that stops: got %d, %s", code, body)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("got %v at the end", err)
	}
}
