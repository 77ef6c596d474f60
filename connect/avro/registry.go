package avro

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/sr"

	"sluice/connect"
	"sluice/internal/tlsconfig"
)

// Bounds on what a registry may answer.
const (
	maxAnswer     = 64 << 20 // bytes
	maxReferences = 1000     // schemas that one schema needs
	maxMessage    = 500      // bytes of its words in an error
)

// registry asks a schema registry. It is used by one goroutine.
type registry struct {
	clients   []*sr.Client    // one for each URL
	current   int             // of the client that is asked first: the one that has answered last
	ctx       context.Context // ends all waits
	addresses string          // for errors, without credentials
	timeout   time.Duration
	retries   int
	wait      time.Duration
	maxWait   time.Duration
	normalize bool
	pause     func(context.Context, time.Duration) // between tries
}

// newRegistry makes a client from the settings. It sends nothing.
func newRegistry(c connect.Config, props map[string]string) (*registry, error) {
	r := &registry{
		timeout: c.Millis(ConnectTimeoutConfig) + c.Millis(ReadTimeoutConfig), retries: int(c.Int(MaxRetriesConfig)),
		wait: c.Millis(RetryWaitConfig), maxWait: c.Millis(RetryMaxWaitConfig), normalize: c.Bool(NormalizeConfig), pause: pause, ctx: context.Background(),
	}
	auth, err := authorization(c)
	if err != nil {
		return nil, err
	}
	var urls, shown []string
	userInfo := map[string]string{} // by host
	for _, text := range c.List(URLConfig) {
		bare, info := splitUserInfo(text)
		u, err := url.Parse(bare)
		if err != nil { // the definition has checked it
			return nil, &connect.ConfigError{Key: URLConfig, Value: connect.Hidden, Rule: "not a URL"}
		}
		if info != "" {
			userInfo[u.Host] = info
		}
		urls = append(urls, strings.TrimSuffix(u.String(), "/"))
		shown = append(shown, u.Scheme+"://"+u.Host)
	}
	r.addresses = strings.Join(shown, ", ")
	transport, err := newTransport(c, props)
	if err != nil {
		return nil, err
	}
	headers := map[string]string{}
	for k, v := range props {
		if name, ok := strings.CutPrefix(k, headerPrefix); ok && name != "" {
			headers[name] = v
		}
	}
	httpClient := &http.Client{Transport: boundedTransport{transport}, Timeout: r.timeout, CheckRedirect: sameHost}
	for _, u := range urls {
		client, err := sr.NewClient(
			sr.URLs(u),
			sr.UserAgent("sluice"),
			sr.HTTPClient(httpClient),
			sr.PreReq(func(req *http.Request) error {
				for _, name := range slices.Sorted(maps.Keys(headers)) {
					req.Header.Set(name, headers[name])
				}
				auth(req, userInfo[req.URL.Host])
				return nil
			}),
		)
		if err != nil {
			return nil, err
		}
		r.clients = append(r.clients, client)
	}
	return r, nil
}

// pause waits for d, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// sameHost follows redirects to the same host only: others are not to see the headers.
func sameHost(req *http.Request, via []*http.Request) error {
	if req.URL.Host != via[0].URL.Host || req.URL.Scheme != via[0].URL.Scheme || len(via) >= 10 {
		return http.ErrUseLastResponse
	}
	return nil
}

// authorization returns what adds credentials to a request.
func authorization(c connect.Config) (func(req *http.Request, inURL string), error) {
	switch {
	case c.Given(BearerSourceConfig):
		if c.Given(CredentialsConfig) {
			return nil, &connect.ConfigError{Key: BearerSourceConfig, Value: c.String(BearerSourceConfig),
				Rule: "only one of basic.auth.credentials.source and bearer.auth.credentials.source may be given"}
		}
		token := c.Password(BearerTokenConfig).Reveal()
		if token == "" {
			return nil, &connect.ConfigError{Key: BearerTokenConfig, Missing: true}
		}
		cluster, pool := c.String(BearerClusterConfig), c.String(BearerPoolConfig)
		return func(req *http.Request, _ string) {
			req.Header.Set("Authorization", "Bearer "+token)
			if cluster != "" {
				req.Header.Set("target-sr-cluster", cluster)
			}
			if pool != "" {
				req.Header.Set("Confluent-Identity-Pool-Id", pool)
			}
		}, nil
	case c.String(CredentialsConfig) == fromUserInfo:
		info := c.Password(OldUserInfoConfig).Reveal()
		if info == "" {
			info = c.Password(UserInfoConfig).Reveal()
		}
		if info == "" {
			return nil, &connect.ConfigError{Text: "UserInfo must be provided when basic.auth.credentials.source is set to USER_INFO"}
		}
		return func(req *http.Request, _ string) { basicAuth(req, info) }, nil
	}
	return func(req *http.Request, inURL string) {
		if inURL != "" {
			basicAuth(req, inURL)
		}
	}, nil
}

func basicAuth(req *http.Request, userInfo string) {
	req.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(userInfo)))
}

// splitUserInfo takes user name and password out of a URL. They count as they are written, without percent encoding being read, as in
// Confluent's client.
func splitUserInfo(text string) (bare, info string) {
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok {
		return text, ""
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	at := strings.LastIndexByte(rest[:end], '@')
	if at < 0 {
		return text, ""
	}
	return scheme + "://" + rest[at+1:], rest[:at]
}

func newTransport(c connect.Config, props map[string]string) (*http.Transport, error) {
	t := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: c.Millis(ConnectTimeoutConfig)}).DialContext,
		TLSHandshakeTimeout:   c.Millis(ConnectTimeoutConfig),
		ResponseHeaderTimeout: c.Millis(ReadTimeoutConfig),
		MaxIdleConns:          2,
		IdleConnTimeout:       30 * time.Second, // a converter is not told when it is no longer needed
		ForceAttemptHTTP2:     true,
	}
	if host := c.String(ProxyHostConfig); host != "" {
		port := c.Int(ProxyPortConfig)
		if port <= 0 {
			return nil, &connect.ConfigError{Key: ProxyPortConfig, Value: strconv.FormatInt(port, 10), Rule: "the port of the proxy must be given along with proxy.host"}
		}
		t.Proxy = http.ProxyURL(&url.URL{Scheme: "http", Host: net.JoinHostPort(host, strconv.FormatInt(port, 10))})
	}
	given := map[string]string{}
	for k, v := range props {
		if strings.HasPrefix(k, tlsPrefix+"ssl.") {
			given[k] = v
		}
	}
	if len(given) == 0 {
		return t, nil
	}
	tls, err := tlsconfig.Parse(given, tlsPrefix)
	if err != nil {
		return nil, err
	}
	t.TLSClientConfig, err = tls.Client()
	return t, err
}

// boundedTransport cuts an answer that is too long to be one of a registry.
type boundedTransport struct{ next http.RoundTripper }

func (b boundedTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := b.next.RoundTrip(req)
	if err == nil {
		resp.Body = http.MaxBytesReader(nil, resp.Body, maxAnswer)
	}
	return resp, err
}

// registered is a schema in the registry: its text, and the texts of those that it refers to, in the order in which they need each other.
type registered struct {
	schema     sr.Schema
	references []string
}

// unknownError says that the registry does not have what was asked for.
type unknownError struct{ error }

func isUnknown(err error) bool {
	var unknown unknownError
	return errors.As(err, &unknown)
}

// schema returns the schema with an id, as it is known under the subject if that is not empty.
func (r *registry) schema(id int32, subject string) (registered, error) {
	var out registered
	err := r.do(func(ctx context.Context, client *sr.Client) error {
		if subject != "" {
			ctx = sr.WithParams(ctx, sr.Subject(subject))
		}
		var err error
		out.schema, err = client.SchemaByID(ctx, int(id))
		return err
	})
	if err != nil {
		return out, err
	}
	if out.schema.Type != sr.TypeAvro {
		return out, fmt.Errorf("the schema is one of %s, not of Avro", out.schema.Type)
	}
	seen := map[string]bool{}
	out.references, err = r.references(out.schema.References, seen, nil)
	return out, err
}

// references fetches what schemas refer to, deepest first.
func (r *registry) references(refs []sr.SchemaReference, seen map[string]bool, out []string) ([]string, error) {
	for _, ref := range refs {
		key := ref.Subject + "\x00" + strconv.Itoa(ref.Version)
		if seen[key] {
			continue
		}
		if seen[key] = true; len(seen) > maxReferences {
			return nil, fmt.Errorf("the schema needs more than %d others", maxReferences)
		}
		var s sr.SubjectSchema
		err := r.do(func(ctx context.Context, client *sr.Client) error {
			var err error
			s, err = client.SchemaByVersion(sr.WithParams(ctx, sr.ShowDeleted), ref.Subject, ref.Version)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("fetch version %d of %s, which it refers to: %w", ref.Version, ref.Subject, err)
		}
		if out, err = r.references(s.References, seen, out); err != nil {
			return nil, err
		}
		out = append(out, s.Schema.Schema)
	}
	return out, nil
}

// version returns the version that a schema has under a subject, nil if the subject does not have it.
func (r *registry) version(subject string, s sr.Schema) (*int, error) {
	var found sr.SubjectSchema
	err := r.do(func(ctx context.Context, client *sr.Client) error {
		var err error
		found, err = client.LookupSchema(sr.WithParams(ctx, sr.ShowDeleted), subject, s)
		return err
	})
	if isUnknown(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &found.Version, nil
}

// id returns the id of a schema under a subject, and registers it if asked to.
func (r *registry) id(subject, text string, register bool) (int32, error) {
	var found sr.SubjectSchema
	err := r.do(func(ctx context.Context, client *sr.Client) error {
		if r.normalize {
			ctx = sr.WithParams(ctx, sr.Normalize)
		}
		s := sr.Schema{Schema: text}
		var err error
		if register {
			found.ID, err = client.RegisterSchema(ctx, subject, s, -1, -1)
		} else {
			found, err = client.LookupSchema(ctx, subject, s)
		}
		return err
	})
	return int32(found.ID), err
}

// do sends a request, again if the registry cannot be reached or is overloaded. Such an error is a [connect.RetriableError] in the end. The
// wait between tries and the time for a request are bounded by the settings; both end with the context of the converter.
func (r *registry) do(request func(context.Context, *sr.Client) error) error {
	wait := r.wait
	for try := 0; ; try++ {
		err := r.ask(request)
		if !connect.IsRetriable(err) || try >= r.retries || r.ctx.Err() != nil {
			return err
		}
		r.pause(r.ctx, min(wait, r.maxWait))
		wait *= 2
	}
}

// ask sends a request to one URL after the other until one of them can answer it.
//
// Kafka: io.confluent.kafka.schemaregistry.client.rest.RestService.httpRequest, which makes all tries with a URL before it goes to the next one.
func (r *registry) ask(request func(context.Context, *sr.Client) error) (err error) {
	for range r.clients {
		ctx, cancel := context.WithTimeout(r.ctx, r.timeout)
		err = r.classify(request(ctx, r.clients[r.current]))
		cancel()
		if !connect.IsRetriable(err) || r.ctx.Err() != nil {
			return err
		}
		r.current = (r.current + 1) % len(r.clients)
	}
	return err
}

// classify says what an error of a request means for the record.
//
// Kafka: io.confluent.kafka.serializers.AbstractKafkaSchemaSerDe.toKafkaException.
func (r *registry) classify(err error) error {
	if err == nil {
		return nil
	}
	var answer *sr.ResponseError
	if !errors.As(err, &answer) {
		var tooLong *http.MaxBytesError
		if errors.As(err, &tooLong) {
			return fmt.Errorf("schema registry at %s: the answer has more than %d bytes", r.addresses, maxAnswer)
		}
		if garbled := jsonError(err); garbled != nil {
			return fmt.Errorf("schema registry at %s: the answer is not one of a schema registry: %w", r.addresses, garbled)
		}
		return connect.Unavailable(&unreachableError{r.addresses, rootCause(err)})
	}
	message := answer.Message
	if message == "" {
		message = http.StatusText(answer.StatusCode)
	}
	if len(message) > maxMessage {
		message = strings.ToValidUTF8(message[:maxMessage], "") + "..."
	}
	described := fmt.Errorf("schema registry at %s: %s; error code: %d", r.addresses, message, max(answer.ErrorCode, answer.StatusCode))
	switch code := answer.StatusCode; {
	case code == http.StatusNotFound && answer.ErrorCode > http.StatusNotFound: // 40401 and its kin; without it the URL is wrong
		return unknownError{described}
	case slices.Contains(unavailable, code):
		return connect.Unavailable(described)
	}
	return described
}

// unavailable are the statuses after which a request is sent again, and to the next URL.
//
// Kafka: io.confluent.kafka.schemaregistry.client.rest.RestService.isRestClientExceptionRetriable.
var unavailable = []int{
	http.StatusRequestTimeout, http.StatusTooManyRequests,
	http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout,
}

// jsonError returns why an answer that came as a whole could not be understood, nil if that was not the trouble.
func jsonError(err error) error {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return syntax
	}
	var shape *json.UnmarshalTypeError
	if errors.As(err, &shape) {
		return shape
	}
	return nil
}

// rootCause takes off the URL, which can be long and which an address stands for already.
func rootCause(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
