package rest

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

// crossOrigin tells browsers which pages of other origins may use the API. It only adds headers: a request that no browser should have made
// is answered all the same.
//
// Kafka: org.eclipse.jetty.servlets.CrossOriginFilter of Jetty 9.4 as RestServer sets it up, headers and the requests that get none included.
type crossOrigin struct {
	any      bool
	origins  []string
	patterns []*regexp.Regexp
	methods  []string
}

// corsHeaders are the request headers that pages may set beyond the harmless ones. Kafka has no setting for them.
var corsHeaders = []string{"X-Requested-With", "Content-Type", "Accept", "Origin"}

// newCrossOrigin returns nil for no origins. A star in an origin stands for any text, alone for every origin.
func newCrossOrigin(origins, methods []string) *crossOrigin {
	if len(origins) == 0 {
		return nil
	}
	c := &crossOrigin{methods: methods}
	if len(methods) == 0 {
		c.methods = []string{http.MethodGet, http.MethodPost, http.MethodHead}
	}
	for _, o := range origins {
		switch {
		case o == "*":
			c.any = true
		case strings.Contains(o, "*"):
			pattern := strings.ReplaceAll(regexp.QuoteMeta(o), `\*`, ".*")
			c.patterns = append(c.patterns, regexp.MustCompile("^(?:"+pattern+")$"))
		default:
			c.origins = append(c.origins, o)
		}
	}
	return c
}

// addTo puts the headers into the answer to a request.
func (c *crossOrigin) addTo(h http.Header, r *http.Request) {
	origins, given := r.Header["Origin"]
	if !given || opensWebSocket(r) || !c.allows(origins[0]) {
		return
	}
	if r.Method == http.MethodOptions && len(r.Header["Access-Control-Request-Method"]) > 0 {
		c.addPreflight(h, r, origins[0])
		return
	}
	h.Set("Access-Control-Allow-Origin", origins[0])
	h.Add("Vary", "Origin")
	h.Set("Access-Control-Allow-Credentials", "true")
}

// addPreflight answers the question of a browser whether it may make a request. No headers mean no.
func (c *crossOrigin) addPreflight(h http.Header, r *http.Request, origin string) {
	if !slices.Contains(c.methods, r.Header.Get("Access-Control-Request-Method")) {
		return
	}
	for asked := range strings.SplitSeq(r.Header.Get("Access-Control-Request-Headers"), ",") {
		asked = strings.TrimSpace(asked)
		if asked != "" && !slices.ContainsFunc(corsHeaders, func(a string) bool { return strings.EqualFold(a, asked) }) {
			return
		}
	}
	h.Set("Access-Control-Allow-Origin", origin)
	if !c.any {
		h.Add("Vary", "Origin")
	}
	h.Set("Access-Control-Allow-Credentials", "true")
	h.Set("Access-Control-Max-Age", "1800")
	h.Set("Access-Control-Allow-Methods", strings.Join(c.methods, ","))
	h.Set("Access-Control-Allow-Headers", strings.Join(corsHeaders, ","))
}

// allows reports whether one of the origins that a browser names, separated by blanks, is among those of the setting.
func (c *crossOrigin) allows(list string) bool {
	if c.any {
		return true
	}
	return slices.ContainsFunc(strings.Fields(list), func(origin string) bool {
		return slices.Contains(c.origins, origin) ||
			slices.ContainsFunc(c.patterns, func(p *regexp.Regexp) bool { return p.MatchString(origin) })
	})
}

func opensWebSocket(r *http.Request) bool {
	is := func(header, value string) bool {
		return slices.ContainsFunc(r.Header.Values(header), func(v string) bool { return strings.EqualFold(v, value) })
	}
	return is("Connection", "Upgrade") && is("Upgrade", "WebSocket")
}

// decorate puts the headers of the settings into every answer: those about origins, and then those of response.http.headers.config. What an
// endpoint sets itself comes later and wins, as in Kafka.
func (s *Server) decorate(next http.Handler) http.Handler {
	if s.origins == nil && len(s.headers) == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.origins != nil {
			s.origins.addTo(w.Header(), r)
		}
		now := time.Now()
		for _, rule := range s.headers {
			rule.Apply(w.Header(), now)
		}
		next.ServeHTTP(w, r)
	})
}
