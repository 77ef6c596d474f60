package rest

import (
	"errors"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"
)

// metricsPath is where the metrics are, which are no endpoint of the API: what they answer with is not negotiated.
const metricsPath = "/metrics"

// newRouter makes a router of a table and, unless they are nil, of the metrics, for those whom auth lets in; nil is everybody.
func (s *Server) newRouter(table []route, auth *BasicAuth, metrics http.Handler) http.Handler {
	mux := chi.NewRouter()
	mux.Use(s.recoverPanics, s.routeRawPath)
	mux.NotFound(func(w http.ResponseWriter, r *http.Request) { s.fail(w, r, errNotFound) })
	mux.MethodNotAllowed(func(w http.ResponseWriter, r *http.Request) { s.fail(w, r, errMethodNotAllowed) })
	allowed := map[string][]string{}
	for _, rt := range table {
		methods := []string{rt.method}
		if rt.method == http.MethodGet {
			methods = append(methods, http.MethodHead)
		}
		for _, m := range methods {
			mux.Method(m, rt.pattern, s.serve(rt, auth))
		}
		allowed[rt.pattern] = append(allowed[rt.pattern], methods...)
	}
	if metrics != nil {
		methods := []string{http.MethodGet, http.MethodHead}
		for _, m := range methods {
			mux.Method(m, metricsPath, s.guard(auth, metrics.ServeHTTP))
		}
		allowed[metricsPath] = methods
	}
	for pattern, methods := range allowed {
		mux.Method(http.MethodOptions, pattern, s.options(append(methods, http.MethodOptions), auth))
	}
	return mux
}

// serve puts the rules for all endpoints around a handler.
func (s *Server) serve(rt route, auth *BasicAuth) http.HandlerFunc {
	handle := func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := outliving(r.Context(), s.requestTimeout)
		defer cancel()
		r = r.WithContext(ctx)
		body := measure(ctx, r.Body, s.large)
		defer body.release()
		r.Body = http.MaxBytesReader(w, body, s.bodyLimit)
		sent := s.remember(r)
		err := s.awaitStart(ctx, rt)
		if err == nil {
			err = rt.handle(s, w, r)
		}
		if target, elsewhere := s.mayForward(err); elsewhere {
			err = s.forward(w, r, target, sent)
		}
		if err != nil {
			s.fail(w, r, err)
		}
	}
	guarded := s.guard(auth, handle)
	return func(w http.ResponseWriter, r *http.Request) {
		if body, err := contentType(r); !rt.anyType && (err != nil || body != nil && !body.takes("application", "json")) {
			s.fail(w, r, errUnsupportedMediaType)
			return
		}
		mediaType, err := negotiate(r)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		w.Header().Set("Content-Type", mediaType)
		if amongWorkers(rt, r) {
			handle(w, r)
		} else {
			guarded(w, r)
		}
	}
}

// routeRawPath makes the router match the path as it was sent, so that an escaped slash stays inside a name. One slash at the end is
// dropped, and so is what follows a semicolon in a segment (matrix parameters); an empty segment matches nothing.
// A method that HTTP does not know is routed as one that no endpoint has. What Jetty refuses and net/http lets pass is refused here.
func (s *Server) routeRawPath(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p := r.URL.EscapedPath()
		if !r.ProtoAtLeast(1, 0) || r.ProtoAtLeast(1, 2) {
			w.Header().Set("Connection", "close")
			s.fail(w, r, &statusError{http.StatusHTTPVersionNotSupported, "Unknown Version"})
			return
		}
		if strings.Contains(r.URL.Path, "\x00") {
			w.Header().Set("Connection", "close")
			s.fail(w, r, &statusError{http.StatusBadRequest, "the path has a NUL character"})
			return
		}
		if _, err := contentType(r); err != nil { // Jersey reads it before it looks for the endpoint
			s.fail(w, r, err)
			return
		}
		if len(p) > 1 {
			p = strings.TrimSuffix(p, "/")
		}
		if strings.ContainsRune(p, ';') {
			segments := strings.Split(p, "/")
			for i, seg := range segments {
				segments[i], _, _ = strings.Cut(seg, ";")
			}
			p = strings.Join(segments, "/")
		}
		if strings.Contains(p, "//") || len(p) > 1 && strings.HasSuffix(p, "/") {
			s.fail(w, r, errNotFound)
			return
		}
		rctx := chi.RouteContext(r.Context())
		rctx.RoutePath = p
		if !slices.Contains(knownMethods, r.Method) {
			rctx.RouteMethod = http.MethodTrace
		}
		next.ServeHTTP(w, r)
	})
}

var knownMethods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions, http.MethodTrace,
}

// recoverPanics answers 500 in place of a handler that panicked, and logs where.
func (s *Server) recoverPanics(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(v) // net/http's way to cut a connection
			}
			s.logger.Error("a REST handler panicked", "method", r.Method, "path", r.URL.Path, "panic", v, "stack", string(debug.Stack()))
			writeJSON(w, http.StatusInternalServerError, errorMessage{http.StatusInternalServerError, "internal error, see the worker's log"})
		}()
		next.ServeHTTP(w, r)
	})
}

// options answers OPTIONS with the methods of a path: in Allow, and as text for a client that takes text.
func (s *Server) options(methods []string, auth *BasicAuth) http.HandlerFunc {
	slices.Sort(methods)
	allow, text := strings.Join(methods, ","), strings.Join(methods, ", ")
	answer := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Allow", allow)
		if !takesText(r) {
			w.Header().Del("Content-Type")
			w.Header().Set("Content-Length", "0")
			return
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(text)))
		_, _ = w.Write([]byte(text)) // a client that went away is no concern of ours
	}
	guarded := s.guard(auth, answer)
	return func(w http.ResponseWriter, r *http.Request) {
		if _, err := acceptRanges(r); err != nil {
			s.fail(w, r, err)
			return
		}
		w.Header().Set("Content-Type", "text/plain")
		guarded(w, r)
	}
}

// takesText reports whether the client takes plain text.
func takesText(r *http.Request) bool {
	ranges, err := acceptRanges(r)
	return err == nil && slices.ContainsFunc(ranges, func(m mediaRange) bool { return m.takes("text", "plain") })
}

// param returns a decoded segment of the path; bytes that are no UTF-8 become U+FFFD, as in Java.
func param(r *http.Request, name string) string {
	raw := chi.URLParam(r, name)
	if s, err := url.PathUnescape(raw); err == nil {
		return unicodeText(s)
	}
	return raw
}

// taskParam returns the number of the task in the path, which is a 32-bit integer or the path does not exist.
func taskParam(r *http.Request) (int, error) {
	n, err := strconv.ParseInt(param(r, "task"), 10, 32)
	if err != nil {
		return 0, errNotFound
	}
	return int(n), nil
}

// boolParam returns a query parameter: true in any case is true, no text at all is the fallback, and any other text is false.
func boolParam(query url.Values, name string, fallback bool) bool {
	if v := query.Get(name); v != "" {
		return strings.EqualFold(v, "true")
	}
	return fallback
}
