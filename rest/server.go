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

	"sluice/internal/loggers"
	"sluice/worker"
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

	// Forward is how requests reach the other workers of the cluster when one of them has to carry them out; it must not follow redirects. nil: there
	// are no others.
	Forward *http.Client

	// AdminListeners is admin.listeners: nil serves the admin endpoints beside the others, an empty list nowhere, and any other only on the
	// listeners that [ListenerOptions.AdminListeners] names, which then serve nothing else.
	AdminListeners []string

	// Metrics serves /metrics, as text; nil: there is none. It is beside the endpoints for those whom BasicAuth lets in, unless MetricsListeners
	// says otherwise, which is to metrics.listeners what AdminListeners is to admin.listeners.
	Metrics          http.Handler
	MetricsListeners []string

	AllowedOrigins  []string            // access.control.allow.origin; none adds no headers
	AllowedMethods  []string            // access.control.allow.methods; none is GET, POST and HEAD
	ResponseHeaders []worker.HeaderRule // response.http.headers.config
	BasicAuth       *BasicAuth          // who may call; nil is everybody. Admin listeners do not ask
}

const (
	// maxHeaderBytes bounds the request line and the headers together, with the 4096 bytes that net/http adds: 8 KiB, as Jetty does.
	maxHeaderBytes = 4 << 10

	// idleTimeout is how long a connection may be kept without a request; Jetty's.
	idleTimeout = 30 * time.Second
)

// Server is the REST API as an http.Handler, and what serves it. It holds no state but the herder.
type Server struct {
	herder   Herder
	logger   *slog.Logger
	failures *slog.Logger // of requests
	others   *http.Client // to other workers; nil if there are none
	router   http.Handler // for the listeners
	admin    http.Handler // for the admin listeners; nil if there are none
	metrics  http.Handler // for the listeners of the metrics; nil if there are none

	origins *crossOrigin // nil: no headers about origins
	headers []worker.HeaderRule

	requestTimeout, healthTimeout, readTimeout, shutdownTimeout time.Duration
	bodyLimit                                                   int64

	large chan struct{} // slots of bodies that are large
}

// New returns a server that does not serve yet.
func New(o Options) (*Server, error) {
	if o.Herder == nil || o.Logger == nil {
		return nil, errors.New("make a REST server: a herder and a logger are needed")
	}
	s := &Server{
		herder:          o.Herder,
		logger:          o.Logger.With(loggers.Key, "org.apache.kafka.connect.runtime.rest.RestServer"), // the names are those of the classes that do the same in Kafka
		failures:        o.Logger.With(loggers.Key, "org.apache.kafka.connect.runtime.rest.errors.ConnectExceptionMapper"),
		others:          o.Forward,
		requestTimeout:  cmp.Or(o.RequestTimeout, 90*time.Second),
		healthTimeout:   cmp.Or(o.HealthTimeout, 10*time.Second),
		readTimeout:     cmp.Or(o.ReadTimeout, 30*time.Second),
		shutdownTimeout: cmp.Or(o.ShutdownTimeout, 5*time.Second),
		bodyLimit:       cmp.Or(o.BodyLimit, 10<<20),
		large:           make(chan struct{}, largeBodies),
	}
	table := routes
	switch {
	case o.AdminListeners == nil:
		table = slices.Concat(routes, adminRoutes)
	case len(o.AdminListeners) > 0:
		s.admin = s.newRouter(adminRoutes, nil, nil)
	}
	var metrics http.Handler // beside the endpoints
	switch {
	case o.MetricsListeners == nil:
		metrics = o.Metrics
	case len(o.MetricsListeners) > 0 && o.Metrics != nil:
		s.metrics = s.newRouter(nil, nil, o.Metrics)
	}
	s.origins, s.headers = newCrossOrigin(o.AllowedOrigins, o.AllowedMethods), o.ResponseHeaders
	s.router = s.decorate(s.newRouter(table, o.BasicAuth, metrics))
	return s, nil
}

// ServeHTTP answers one request, as the listeners do that are not the admin's.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.router.ServeHTTP(w, r) }

// Run serves the API on the listeners until ctx ends, lets the requests under way finish within the shutdown timeout, cuts off the others,
// and closes the listeners. It returns nil after that, or the error that made serving impossible.
func (s *Server) Run(ctx context.Context, l *Listeners) error {
	requests, cutOff := context.WithCancel(context.WithoutCancel(ctx))
	defer cutOff()
	serving, stop := errgroup.WithContext(ctx)
	var servers []*http.Server
	serve := func(h http.Handler, listeners []net.Listener) {
		srv := s.httpServer(requests, h)
		servers = append(servers, srv)
		for _, b := range listeners {
			serving.Go(func() error {
				if err := srv.Serve(b); !errors.Is(err, http.ErrServerClosed) {
					return fmt.Errorf("serve the REST API on %s: %w", b.Addr(), err)
				}
				return nil
			})
		}
	}
	serve(s, l.bound)
	if s.admin != nil {
		serve(s.admin, l.admin)
	}
	if s.metrics != nil {
		serve(s.metrics, l.metrics)
	}
	<-stop.Done() // ctx, or a listener that failed
	s.shutDown(requests, cutOff, servers)
	return errors.Join(serving.Wait(), l.Close())
}

// httpServer makes what serves a handler, with the limits on clients. What net/http answers itself, before any handler, is a plain text and
// not Jetty's page; the status is the same. There is no Server header: it would have to name Jetty to be Kafka's.
func (s *Server) httpServer(requests context.Context, h http.Handler) *http.Server {
	return &http.Server{
		Handler:                      h,
		ReadHeaderTimeout:            s.readTimeout / 3,
		ReadTimeout:                  s.readTimeout,
		WriteTimeout:                 s.readTimeout + s.requestTimeout + 10*time.Second, // after the herder's limit there is time to say so
		IdleTimeout:                  idleTimeout,
		MaxHeaderBytes:               maxHeaderBytes,
		DisableGeneralOptionsHandler: true,                                                   // OPTIONS * is an unknown path
		ErrorLog:                     slog.NewLogLogger(s.logger.Handler(), slog.LevelDebug), // clients that break off, mostly
		BaseContext:                  func(net.Listener) context.Context { return context.WithValue(requests, serving{}, requests) },
	}
}

// serving is the key of the context that ends when the server cuts off what is under way.
type serving struct{}

// outliving returns the context of a request without its client: as in Kafka, what was asked for is done even if the client has gone, or has
// closed its side of the connection after the request. It ends after the limit, or when the server cuts off what is under way.
func outliving(client context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	until, served := client.Value(serving{}).(context.Context)
	if !served {
		return context.WithTimeout(client, limit)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(client), limit)
	stop := context.AfterFunc(until, cancel)
	return ctx, func() { stop(); cancel() }
}

// shutDown lets the requests under way finish on all servers at once, and cuts off those that do not within the limit.
func (s *Server) shutDown(requests context.Context, cutOff func(), servers []*http.Server) {
	grace, cancel := context.WithTimeout(requests, s.shutdownTimeout)
	defer cancel()
	var closing errgroup.Group
	for _, srv := range servers {
		closing.Go(func() error { return srv.Shutdown(grace) })
	}
	if closing.Wait() == nil {
		return
	}
	s.logger.Warn("REST requests are cut off because the worker stops", "after", s.shutdownTimeout)
	cutOff()
	for _, srv := range servers {
		_ = srv.Close() // the listeners are closed already; what is left are connections to be dropped
	}
}
