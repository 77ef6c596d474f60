package dynamodb

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/logging"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"sluice/connect"
)

const (
	credentialsTimeout = 5 * time.Second // the default chain asks addresses that may not exist
	connectTimeout     = 3 * time.Second
)

// session is who a task is and whom it talks to: region, endpoint, credentials and HTTP connections, as the SDK finds them.
type session struct {
	region      string
	credentials aws.CredentialsProvider
	http        *http.Client
	transport   *http.Transport // of http, if it is ours
	api         *dynamodb.Client

	// Set by the first request: what the SDK chose to send it to.
	observed      sync.Once
	endpoint      string
	signingRegion string
	principal     string

	wired sync.Once // sets wire, when endpoint is known
	wire  *wire     // nil: calls go by http
}

// newSession does no I/O but to read the SDK's files.
func newSession(ctx context.Context, s *settings, o Options, log *slog.Logger) (*session, error) {
	sdk := log.With("logger", "software.amazon.awssdk") // where Java's SDK has its loggers
	load := []func(*config.LoadOptions) error{
		config.WithLogger(logging.LoggerFunc(func(_ logging.Classification, format string, args ...any) {
			sdk.Debug("AWS SDK: " + fmt.Sprintf(format, args...)) // it would write to stderr
		})),
		config.WithRetryer(func() aws.Retryer { return aws.NopRetryer{} }), // retries are ours: they must keep the order of keys
	}
	if o.HTTPClient != nil {
		load = append(load, config.WithHTTPClient(o.HTTPClient))
	} else {
		load = append(load, config.WithHTTPClient(awshttp.NewBuildableClient().
			WithDialerOptions(func(d *net.Dialer) { d.Timeout = connectTimeout }).
			WithTransportOptions(func(t *http.Transport) {
				t.MaxIdleConns, t.MaxIdleConnsPerHost = s.policy.maxInFlight, s.policy.maxInFlight // a call that finds no idle connection pays a handshake
				t.DisableCompression = true                                                        // answers are tiny
				if through := s.proxy.through(); through != nil {
					t.Proxy = through
				}
				t.ForceAttemptHTTP2 = false
			})))
	}
	if region := s.region; region != "" {
		load = append(load, config.WithRegion(region))
	} else if o.Region != "" {
		load = append(load, config.WithRegion(o.Region))
	}
	switch {
	case s.credentials == staticCredentials:
		load = append(load, config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(s.accessKey, s.secretKey, s.token)))
	case s.credentials == profileCredentials:
		load = append(load, config.WithSharedConfigProfile(s.profile))
	case o.Credentials != nil:
		load = append(load, config.WithCredentialsProvider(o.Credentials))
	}
	cfg, err := config.LoadDefaultConfig(ctx, load...)
	if err != nil {
		return nil, fmt.Errorf("load the AWS configuration: %w", err)
	}
	if cfg.Region == "" {
		return nil, &connect.ConfigError{Key: s.regionKey, Value: `""`, Rule: "must be set"}
	}
	if s.role.arn != "" {
		cfg.Credentials = s.role.credentials(cfg)
	}
	ses := &session{region: cfg.Region, credentials: cfg.Credentials, http: o.HTTPClient}
	if ours, ok := cfg.HTTPClient.(*awshttp.BuildableClient); ok {
		ses.transport = ours.GetTransport() // with the SDK's proxy and CA settings
		ses.http = &http.Client{Transport: ses.transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	ses.api = dynamodb.NewFromConfig(cfg, func(options *dynamodb.Options) {
		options.HTTPClient = ses.http
		options.APIOptions = append(options.APIOptions, ses.observe)
		if s.endpoint != "" {
			options.BaseEndpoint = aws.String(s.endpoint)
		} else if o.Endpoint != "" {
			options.BaseEndpoint = aws.String(o.Endpoint)
		}
	})
	if ses.api.Options().BaseEndpoint == nil && !regionNames.MatchString(ses.region) {
		return nil, &connect.ConfigError{Key: s.regionKey, Value: ses.region, Rule: regionRule}
	}
	return ses, nil
}

// close lets go of idle connections.
func (s *session) close() {
	if s.transport != nil {
		s.transport.CloseIdleConnections()
	}
	if w := s.direct(); w != nil {
		w.close()
	}
}

// direct returns the connections of the write path, nil if its calls have to go by net/http. The endpoint must be known.
func (s *session) direct() *wire {
	s.wired.Do(func() { s.wire = newWire(s.transport, s.endpoint, s.signingRegion) })
	return s.wire
}

// observe adds a step that keeps what the SDK decided about a request once it is signed. The write path then sends to the same place, so
// every rule of the SDK for endpoints (environment, profile, FIPS, account) holds for it too.
func (s *session) observe(stack *middleware.Stack) error {
	return stack.Finalize.Insert(middleware.FinalizeMiddlewareFunc("ObserveEndpoint",
		func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
			// Only the first request, before there are others: what it was told holds for all.
			if r, ok := in.Request.(*smithyhttp.Request); ok && s.endpoint == "" {
				s.observed.Do(func() { // later requests go to the same place, and calls may be reading it
					s.endpoint = r.URL.String()
					s.signingRegion = signingRegion(r.Header.Get("Authorization"), s.region)
				})
			}
			return next.HandleFinalize(ctx, in)
		}), "Signing", middleware.After)
}

// signingRegion reads the region from a signature, which begins AWS4-HMAC-SHA256 Credential=KEY/20261123/eu-west-1/dynamodb/aws4_request.
func signingRegion(authorization, fallback string) string {
	if _, scope, ok := strings.Cut(authorization, "Credential="); ok {
		if parts := strings.Split(scope, "/"); len(parts) > 3 && parts[2] != "" {
			return parts[2]
		}
	}
	return fallback
}

// findCredentials makes sure that there are credentials, within seconds.
func (s *session) findCredentials(ctx context.Context, tableName string) error {
	if s.credentials == nil {
		return fmt.Errorf("find credentials for table %q: none are set", tableName)
	}
	ctx, cancel := context.WithTimeout(ctx, credentialsTimeout)
	defer cancel()
	found, err := s.credentials.Retrieve(ctx)
	if err != nil {
		return fmt.Errorf("find credentials for table %q in region %s (environment, profile, web identity, container, instance): %w", tableName, s.region, err)
	}
	s.principal = principal(found)
	return nil
}

// principal says whose credentials they are without showing them.
func principal(c aws.Credentials) string {
	text := "credentials from " + c.Source
	if n := len(c.AccessKeyID); n >= 16 {
		text += ", access key …" + c.AccessKeyID[n-4:]
	}
	return text
}

// identity says who talks to whom, for errors.
func (s *session) identity() string {
	endpoint := s.endpoint
	if endpoint == "" {
		endpoint = "not known yet"
	}
	return fmt.Sprintf("region %s, endpoint %s, %s", s.region, endpoint, s.principal)
}

// describe asks the service for the table. The class tells what an error means: transient to ask again, fatal to give up.
func (s *session) describe(ctx context.Context, name string) (*table, class, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	in := &dynamodb.DescribeTableInput{TableName: &name}
	out, err := s.api.DescribeTable(ctx, in)
	var refused smithy.APIError
	if errors.As(err, &refused) && (isClockError(refused.ErrorCode()) || isExpired(refused.ErrorCode())) {
		s.renewCredentials()
		out, err = s.api.DescribeTable(ctx, in) // the SDK has learnt the service's time from the answer
	}
	if err != nil {
		c, cause := s.classifyDescribe(err)
		return nil, c, fmt.Errorf("DescribeTable of table %q (%s): %w", name, s.identity(), cause)
	}
	if out.Table == nil { // something else has answered
		return nil, transient, fmt.Errorf("DescribeTable of table %q (%s): the answer says nothing of a table", name, s.identity())
	}
	switch status := out.Table.TableStatus; status {
	case types.TableStatusActive, types.TableStatusUpdating:
	case types.TableStatusCreating:
		return nil, transient, fmt.Errorf("table %q (%s) is being created", name, s.identity())
	default:
		return nil, fatal, fmt.Errorf("table %q (%s) has status %s", name, s.identity(), status)
	}
	t, err := newTable(out.Table)
	if err != nil {
		return nil, fatal, err
	}
	return t, done, nil
}

func (s *session) classifyDescribe(err error) (class, error) {
	var api smithy.APIError
	if errors.As(err, &api) {
		status := 0
		cause := &serviceError{code: api.ErrorCode(), message: api.ErrorMessage()}
		var response *awshttp.ResponseError
		if errors.As(err, &response) {
			status = response.HTTPStatusCode()
			cause.requestID = response.ServiceRequestID()
		}
		cause.status = status
		switch c := classify(status, api.ErrorCode()); {
		case c == throttled:
			return transient, cause
		case c == rejected, isExpired(api.ErrorCode()): // there is no item to blame, and nothing newer to sign with
			return fatal, cause
		default:
			return c, cause
		}
	}
	var unknownHost *net.DNSError
	if errors.As(err, &unknownHost) && unknownHost.IsNotFound {
		return fatal, unknownHost
	}
	var untrusted *tls.CertificateVerificationError
	if errors.As(err, &untrusted) {
		return fatal, untrusted
	}
	return transient, err
}

// renewCredentials makes the next request fetch credentials anew, if they can be.
func (s *session) renewCredentials() {
	if cache, ok := s.credentials.(interface{ Invalidate() }); ok {
		cache.Invalidate()
	}
}
