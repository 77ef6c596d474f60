package metrics

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"time"

	"sluice/detector"
	"sluice/internal/clientmetrics"
	"sluice/internal/exposition"
)

// Limits of what a client may take.
const (
	readTimeout  = 10 * time.Second
	writeTimeout = 30 * time.Second
	idleTimeout  = 30 * time.Second
	maxHeader    = 8 << 10 // bytes
)

// NewHandler answers GET /metrics with the page, and GET /health with 200 or 503, by [detector.Snapshot.Health]. snapshot is called for each
// request, by several goroutines at once.
func NewHandler(snapshot func() detector.Snapshot, app clientmetrics.App) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", exposition.NewHandler(func(p *exposition.Page) {
		s := snapshot()
		Write(p, &s, app)
	}))
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) {
		s := snapshot()
		answer := struct {
			Status  string `json:"status"`
			Message string `json:"message"`
		}{"healthy", "The detector works."}
		code := http.StatusOK
		if err := s.Health(); err != nil {
			answer.Status, answer.Message, code = "unhealthy", err.Error(), http.StatusServiceUnavailable
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		_ = json.NewEncoder(w).Encode(answer) // the client may be gone
	})
	return mux
}

// Serve answers the requests of a listener, which it closes, until ctx ends, which is no error.
func Serve(ctx context.Context, l net.Listener, h http.Handler) error {
	server := &http.Server{
		Handler: h, ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader,
	}
	stopped := context.AfterFunc(ctx, func() { server.Close() })
	defer stopped()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
