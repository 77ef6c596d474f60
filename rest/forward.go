package rest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"sluice/worker"
)

// A request that another worker has to carry out is sent on to that one: to the leader, which may send it on once more, to the worker that runs what
// is asked for. After two hops it is refused, as somebody is wrong about who that is.
//
// Kafka: org.apache.kafka.connect.runtime.rest.HerderRequestHandler and RestClient.

// forwardParam tells a worker how often a request was forwarded: not there, not at all; true, once; false, twice.
const forwardParam = "forward"

// The texts of what cannot be forwarded.
const (
	noLeader    = "Cannot complete request momentarily due to no known leader URL, likely because a rebalance was underway."
	tooManyHops = "Cannot complete request because of a conflicting operation (e.g. worker rebalance)"
)

// userAgent is that of requests among workers.
const userAgent = "kafka-connect"

// remember returns what is read of a request's body from now on, in case that it has to be forwarded.
func (s *Server) remember(r *http.Request) *bytes.Buffer {
	var sent bytes.Buffer
	if s.others != nil {
		r.Body = struct {
			io.Reader
			io.Closer
		}{io.TeeReader(r.Body, &sent), r.Body}
	}
	return &sent
}

// mayForward reports whether an error means that another worker has to carry out the request.
func (s *Server) mayForward(err error) (target string, elsewhere bool) {
	var e *worker.RequestTargetError
	if s.others == nil || !errors.As(err, &e) || e.URL == "" {
		return "", false
	}
	return e.URL, true
}

// forward sends a request to another worker and hands on what that one answers. Of the headers only the media type and the caller's credentials are
// sent: a signature is for the worker that it was sent to.
func (s *Server) forward(w http.ResponseWriter, r *http.Request, target string, sent *bytes.Buffer) error {
	hops, forwarded := r.URL.Query()[forwardParam]
	if forwarded && !strings.EqualFold(hops[0], "true") {
		s.logger.Error("a request was forwarded twice and has not found the worker that is to carry it out", "method", r.Method, "path", r.URL.Path)
		return &statusError{http.StatusConflict, tooManyHops}
	}
	out, err := forwardedRequest(r, target, forwarded, sent.Bytes())
	if err != nil {
		return forwardingFailed(err)
	}
	answer, err := s.others.Do(out)
	if err != nil {
		return forwardingFailed(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return forwardingFailed(err)
	}
	header := w.Header()
	header.Del("Content-Type")
	if given := answer.Header.Get("Content-Type"); given != "" {
		header.Set("Content-Type", given)
	}
	if where, err := answer.Location(); err == nil { // on the listener that was asked
		where.Scheme, where.Host = "http", r.Host
		if r.TLS != nil {
			where.Scheme = "https"
		}
		header.Set("Location", where.String())
	}
	w.WriteHeader(answer.StatusCode)
	_, _ = w.Write(body) // a client that went away is no concern of ours
	return nil
}

// forwardedRequest is the request that the other worker gets: the same path on its URL, with the hops before what was asked.
func forwardedRequest(r *http.Request, target string, forwarded bool, body []byte) (*http.Request, error) {
	base, err := url.Parse(target)
	if err != nil {
		return nil, err
	}
	query := fmt.Sprintf("%s=%t", forwardParam, !forwarded)
	for part := range strings.SplitSeq(r.URL.RawQuery, "&") {
		if name, _, _ := strings.Cut(part, "="); part != "" && name != forwardParam {
			query += "&" + part
		}
	}
	path := strings.TrimSuffix(base.EscapedPath(), "/") + r.URL.EscapedPath()
	out, err := http.NewRequestWithContext(r.Context(), r.Method, base.Scheme+"://"+base.Host+path+"?"+query, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	out.Close = true // as in Java; no connection is left behind
	out.Header.Set("User-Agent", userAgent)
	out.Header.Set("Accept", jsonType)
	for _, name := range []string{"Authorization", "Content-Type"} {
		if values := r.Header.Values(name); len(values) > 0 && (name != "Content-Type" || len(body) > 0) {
			out.Header[name] = values
		}
	}
	return out, nil
}

// forwardingFailed has Kafka's text. The cause names the other worker; a URL in a cluster's group holds no secrets.
func forwardingFailed(err error) error {
	return &worker.ConnectError{Message: "IO Error trying to forward REST request: " + err.Error(), Err: err}
}
