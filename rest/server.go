package rest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

// Options make a [Server]. Herder and Logger are needed; the rest has defaults for zero.
type Options struct {
	Herder Herder
	Logger *slog.Logger

	RequestTimeout  time.Duration // how long the herder may take for a request; 90 s, as in Kafka
	HealthTimeout   time.Duration // the same for /health; 10 s, as in Kafka
	ReadTimeout     time.Duration // how long a client may take to send a request; 30 s, a third of it for the headers
	ShutdownTimeout time.Duration // how long requests may go on after Run was told to stop; 5 s
	BodyLimit       int64         // largest body in bytes; 10 MiB. A config topic holds 1 MB per record by default
}

// maxHeaderBytes bounds the request line and the headers together.
const maxHeaderBytes = 16 << 10

// loggerKey is the attribute that holds a logger's name. The names are those of the classes that do the same in Kafka.
const loggerKey = "logger"

// Server is the REST API as an http.Handler, and what serves it. It holds no state but the herder.
type Server struct {
	herder   Herder
	logger   *slog.Logger
	failures *slog.Logger // of requests
	router   http.Handler

	requestTimeout, healthTimeout, readTimeout, shutdownTimeout time.Duration
	bodyLimit                                                   int64
}

// New returns a server that does not serve yet.
func New(o Options) (*Server, error) {
	if o.Herder == nil || o.Logger == nil {
		return nil, errors.New("make a REST server: a herder and a logger are needed")
	}
	s := &Server{
		herder:          o.Herder,
		logger:          o.Logger.With(loggerKey, "org.apache.kafka.connect.runtime.rest.RestServer"),
		failures:        o.Logger.With(loggerKey, "org.apache.kafka.connect.runtime.rest.errors.ConnectExceptionMapper"),
		requestTimeout:  cmp.Or(o.RequestTimeout, 90*time.Second),
		healthTimeout:   cmp.Or(o.HealthTimeout, 10*time.Second),
		readTimeout:     cmp.Or(o.ReadTimeout, 30*time.Second),
		shutdownTimeout: cmp.Or(o.ShutdownTimeout, 5*time.Second),
		bodyLimit:       cmp.Or(o.BodyLimit, 10<<20),
	}
	s.router = s.newRouter(slices.Concat(routes, adminRoutes))
	return s, nil
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.router.ServeHTTP(w, r) }

// Run serves the API on the listeners until ctx ends, lets the requests under way finish within the shutdown timeout, cuts off the others,
// and closes the listeners. It returns nil after that, or the error that made serving impossible.
func (s *Server) Run(ctx context.Context, l *Listeners) error {
	requests, cutOff := context.WithCancel(context.WithoutCancel(ctx))
	defer cutOff()
	srv := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: s.readTimeout / 3,
		ReadTimeout:       s.readTimeout,
		WriteTimeout:      s.readTimeout + s.requestTimeout + 10*time.Second, // after the herder's limit there is time to say so
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(s.logger.Handler(), slog.LevelDebug), // clients that break off, mostly
		BaseContext:       func(net.Listener) context.Context { return requests },
	}
	serving, stop := errgroup.WithContext(ctx)
	for _, b := range l.bound {
		serving.Go(func() error {
			if err := srv.Serve(b); !errors.Is(err, http.ErrServerClosed) {
				return fmt.Errorf("serve the REST API on %s: %w", b.Addr(), err)
			}
			return nil
		})
	}
	<-stop.Done() // ctx, or a listener that failed
	grace, cancel := context.WithTimeout(requests, s.shutdownTimeout)
	defer cancel()
	if err := srv.Shutdown(grace); err != nil {
		s.logger.Warn("REST requests are cut off because the worker stops", "after", s.shutdownTimeout)
		cutOff()
		_ = srv.Close() // the listeners are closed already; what is left are connections to be dropped
	}
	return errors.Join(serving.Wait(), l.Close())
}
