package rest_test

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"testing"
	"time"

	"sluice/rest"
	"sluice/worker"
)

// starting is a herder that has not read what there is.
type starting struct{ *model }

func (starting) Started(ctx context.Context) error {
	<-ctx.Done()
	return &worker.TimeoutError{Message: "Request timed out"}
}

func TestWorkerThatStarts(t *testing.T) {
	server, err := rest.New(rest.Options{Herder: starting{newModel(t)}, Logger: slog.New(slog.DiscardHandler), RequestTimeout: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		method, path string
		want         int
	}{
		{"GET", "/", 200},
		{"GET", "/connector-plugins", 200},
		{"GET", "/connectors", 500},
		{"GET", "/connectors?expand=status", 500},
		{"GET", "/connectors/x", 500},
		{"GET", "/connectors/x/status", 500},
		{"DELETE", "/connectors/x", 500},
		{"PUT", "/connectors/x/pause", 500},
		{"POST", "/connectors/x/restart", 500},
	} {
		w := httptest.NewRecorder()
		server.ServeHTTP(w, httptest.NewRequest(tc.method, tc.path, nil))
		if w.Code != tc.want {
			t.Errorf("%s %s: %d %s, want %d", tc.method, tc.path, w.Code, w.Body, tc.want)
		}
	}
}
