package kafka

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"sluice/internal/tlsconfig"
)

// endpointTokens asks a server for tokens, by OAuth's client credentials, or reads them from a file where the URL is one (file:///path).
// A token is kept until most of its life is over. Those of a file are read anew each time, since somebody else renews it.
//
// Differs: Java's client asks when it is made and renews in the background. Here a token is asked for when a connection needs one, so
// nothing runs while nothing is to be done.
//
// Kafka: org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginCallbackHandler, HttpAccessTokenRetriever, FileTokenRetriever,
// ExpiringCredentialRefreshingLogin.
type endpointTokens struct {
	url                        *url.URL
	clientID, secret, scope    string
	urlencode                  bool
	subClaim, scopeClaim       string
	connectTimeout, timeout    time.Duration
	retryBackoff, retryEnds    time.Duration
	windowFactor, windowJitter float64
	minPeriod, buffer          time.Duration
	tls                        *tlsconfig.Settings // nil for http

	turn      chan struct{} // held by whoever looks at what follows
	kept      token
	refreshAt time.Time
}

func newEndpointTokens(p Properties, options map[string]string) (s *endpointTokens, key, rule string) {
	const urlKey = "sasl.oauthbearer.token.endpoint.url"
	text := p.get(urlKey)
	if text == "" {
		return nil, urlKey, "must be set for " + p.get("sasl.login.callback.handler.class")
	}
	u, err := url.Parse(text)
	if err != nil {
		return nil, urlKey, "is not a URL"
	}
	s = &endpointTokens{
		url: u, clientID: options["clientId"], secret: options["clientSecret"], scope: options["scope"],
		urlencode: p.boolean("sasl.oauthbearer.header.urlencode"),
		subClaim:  p.get("sasl.oauthbearer.sub.claim.name"), scopeClaim: p.get("sasl.oauthbearer.scope.claim.name"),
		connectTimeout: p.duration("sasl.login.connect.timeout.ms"), timeout: p.duration("sasl.login.read.timeout.ms"),
		retryBackoff: p.duration("sasl.login.retry.backoff.ms"), retryEnds: p.duration("sasl.login.retry.backoff.max.ms"),
		windowFactor: p.fraction("sasl.login.refresh.window.factor"), windowJitter: p.fraction("sasl.login.refresh.window.jitter"),
		minPeriod: time.Duration(p.number("sasl.login.refresh.min.period.seconds")) * time.Second,
		buffer:    time.Duration(p.number("sasl.login.refresh.buffer.seconds")) * time.Second,
		turn:      make(chan struct{}, 1),
	}
	switch {
	case u.Scheme == "file" && u.Path != "":
		return s, "", ""
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return nil, urlKey, "must be a URL of https, http or file"
	case s.clientID == "" || s.secret == "":
		return nil, "sasl.jaas.config", tokenModule + " needs clientId and clientSecret"
	}
	if u.Scheme == "https" { // how to trust that server is said among the module's options
		if s.tls, err = tlsconfig.Parse(options, ""); err != nil {
			return nil, "sasl.jaas.config", err.Error()
		}
	}
	return s, "", ""
}

func (s *endpointTokens) token(ctx context.Context, _ string) (token, error) {
	if s.url.Scheme == "file" {
		return s.readFile()
	}
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return token{}, ctx.Err()
	}
	now := time.Now()
	if now.Before(s.refreshAt) {
		return s.kept, nil
	}
	fresh, err := s.fetch(ctx)
	switch {
	case err == nil:
		s.kept, s.refreshAt = fresh, s.refreshTime(now, fresh.expires, rand.Float64())
		return fresh, nil
	case ctx.Err() != nil:
		return token{}, ctx.Err()
	case now.Before(s.kept.expires): // the server is away, but the token is good for a while
		s.refreshAt = now.Add(min(s.minPeriod, s.kept.expires.Sub(now)))
		return s.kept, nil
	}
	return token{}, fmt.Errorf("get a token from %s: %w", s.url.Redacted(), err)
}

// refreshTime is when a token that was given out now should be renewed.
//
// Kafka: ExpiringCredentialRefreshingLogin.refreshMs.
func (s *endpointTokens) refreshTime(now, expires time.Time, random float64) time.Time {
	life := expires.Sub(now)
	at := now.Add(time.Duration(float64(life) * (s.windowFactor + s.windowJitter*random)))
	if s.minPeriod+s.buffer > life {
		return at
	}
	if latest := expires.Add(-s.buffer); at.After(latest) {
		at = latest
	}
	if soonest := now.Add(s.minPeriod); at.Before(soonest) {
		at = soonest
	}
	return at
}

func (s *endpointTokens) readFile() (token, error) {
	path := s.url.Path
	f, err := os.Open(path)
	if err != nil {
		return token{}, fmt.Errorf("read the token: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxTokenBytes))
	if err != nil {
		return token{}, fmt.Errorf("read the token: %w", err)
	}
	t, err := readToken(strings.TrimSpace(string(text)), s.subClaim, s.scopeClaim)
	if err != nil {
		return token{}, fmt.Errorf("read the token in %s: %w", path, err)
	}
	return t, nil
}

// maxTokenBytes bounds what is read as a token, or as the answer that holds it.
const maxTokenBytes = 1 << 20

// fetch asks the server, again and again for a while if it cannot be reached.
func (s *endpointTokens) fetch(ctx context.Context) (token, error) {
	client, done, err := s.client()
	if err != nil {
		return token{}, err
	}
	defer done()
	end := time.Now().Add(s.retryEnds)
	for pause := s.retryBackoff; ; pause *= 2 {
		t, err := s.ask(ctx, client)
		var final *finalError
		left := time.Until(end)
		if err == nil || errors.As(err, &final) || left <= 0 {
			return t, err
		}
		if sleep(ctx, min(max(pause, time.Millisecond), left)) != nil {
			return t, err
		}
	}
}

// client returns an HTTP client and what gives back its connections.
func (s *endpointTokens) client() (*http.Client, func(), error) {
	var config *tls.Config
	if s.tls != nil {
		var err error
		if config, err = s.tls.Client(); err != nil {
			return nil, nil, err
		}
	}
	transport := &http.Transport{
		Proxy:           http.ProxyFromEnvironment,
		DialContext:     (&net.Dialer{Timeout: s.connectTimeout}).DialContext,
		TLSClientConfig: config,
	}
	return &http.Client{
		Transport: transport,
		Timeout:   s.connectTimeout + s.timeout,
		// The secret is for the server in the setting, and for nobody that it names.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, transport.CloseIdleConnections, nil
}

// finalError marks an answer that would be the same next time.
type finalError struct{ error }

func (s *endpointTokens) ask(ctx context.Context, client *http.Client) (token, error) {
	form := url.Values{"grant_type": {"client_credentials"}}
	if s.scope != "" {
		form.Set("scope", s.scope)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url.String(), strings.NewReader(form.Encode()))
	if err != nil {
		return token{}, &finalError{err}
	}
	id, secret := s.clientID, s.secret
	if s.urlencode { // RFC 6749, 2.3.1; off by default, as many servers do not expect it
		id, secret = url.QueryEscape(id), url.QueryEscape(secret)
	}
	request.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(id+":"+secret)))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Accept", "application/json")
	request.Header.Set("Cache-Control", "no-cache")
	response, err := client.Do(request)
	if err != nil {
		return token{}, plainCause(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxTokenBytes))
	if err != nil {
		return token{}, err
	}
	if response.StatusCode != http.StatusOK && response.StatusCode != http.StatusCreated {
		err := fmt.Errorf("%s%s", response.Status, oauthError(body))
		if response.StatusCode < 500 && response.StatusCode != http.StatusRequestTimeout && response.StatusCode != http.StatusTooManyRequests {
			return token{}, &finalError{err}
		}
		return token{}, err
	}
	var answer struct {
		AccessToken string `json:"access_token"`
		IDToken     string `json:"id_token"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return token{}, &finalError{errors.New("the answer is not JSON")}
	}
	if answer.AccessToken == "" {
		answer.AccessToken = answer.IDToken
	}
	if answer.AccessToken == "" {
		return token{}, &finalError{errors.New("the answer holds no access_token")}
	}
	t, err := readToken(answer.AccessToken, s.subClaim, s.scopeClaim)
	if err != nil {
		return token{}, &finalError{err}
	}
	return t, nil
}

// plainCause leaves out method and URL, which the caller names.
func plainCause(err error) error {
	var failed *url.Error
	if errors.As(err, &failed) {
		err = failed.Err
	}
	var certificate *tls.CertificateVerificationError
	if errors.As(err, &certificate) || errors.Is(err, fs.ErrNotExist) {
		return &finalError{err}
	}
	return err
}

// oauthError is what RFC 6749 lets a server say about a refusal; other bodies stay out of errors and logs.
func oauthError(body []byte) string {
	var e struct {
		Code        string `json:"error"`
		Description string `json:"error_description"`
	}
	if json.Unmarshal(body, &e) != nil || e.Code == "" {
		return ""
	}
	text := ": " + e.Code
	if e.Description != "" {
		text += " (" + e.Description + ")"
	}
	return text[:min(len(text), 500)]
}
