package dynamodb

import (
	"bytes"
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
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/logging"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"sluice/connect"
)

const (
	credentialsTimeout = 5 * time.Second // of the first ones: the default chain asks addresses that may not exist
	connectTimeout     = 3 * time.Second

	sdkLogger = "software.amazon.awssdk" // the name that Java's SDK logs under
)

// session is who a task is and whom it talks to: region, endpoint, credentials and HTTP connections, as the SDK finds them.
type session struct {
	region      string
	credentials *keeper
	http        *http.Client
	transport   *http.Transport // of http, if it is ours
	api         *dynamodb.Client

	// Set by the first request: what the SDK chose to send it to.
	observed      sync.Once
	endpoint      string
	signingRegion string

	wired sync.Once // sets wire, when endpoint is known
	wire  *wire     // nil: calls go by http
}

// newSession does no I/O but to read the SDK's files.
func newSession(ctx context.Context, s *settings, o Options, log *slog.Logger) (*session, error) {
	sdk := log.With("logger", sdkLogger) // see connect.SinkTaskContext
	load := []func(*config.LoadOptions) error{
		config.WithLogger(logging.LoggerFunc(func(_ logging.Classification, format string, args ...any) {
			sdk.Debug("AWS SDK: " + fmt.Sprintf(format, args...)) // it would write to stderr
		})),
		config.WithRetryer(func() aws.Retryer { return aws.NopRetryer{} }), // retries are ours: they must keep the order of keys
	}
	var metadata aws.HTTPClient = metadataClient()
	if o.HTTPClient != nil {
		metadata = o.HTTPClient
		load = append(load, config.WithHTTPClient(o.HTTPClient))
	} else {
		load = append(load, config.WithHTTPClient(s.transport.client(s.policy.maxInFlight)))
		authorities, err := s.transport.authorities()
		if err != nil {
			return nil, err
		}
		if authorities != nil {
			load = append(load, config.WithCustomCABundle(bytes.NewReader(authorities)))
		}
	}
	if region := s.region; region != "" {
		load = append(load, config.WithRegion(region))
	} else if o.Region != "" {
		load = append(load, config.WithRegion(o.Region))
	}
	load = append(append(load, s.transport.endpoints()...), loadCredentials(s, o, metadata)...)
	cfg, err := config.LoadDefaultConfig(ctx, load...)
	if err != nil {
		return nil, fmt.Errorf("load the AWS configuration: %w", err)
	}
	if cfg.Region == "" {
		return nil, &connect.ConfigError{Key: s.regionKey, Value: `""`, Rule: "must be set"}
	}
	keeper, err := newCredentials(log, s, cfg, metadata)
	if err != nil {
		return nil, fmt.Errorf("find credentials: %w", err)
	}
	cfg.Credentials = keeper
	ses := &session{region: cfg.Region, credentials: keeper, http: o.HTTPClient}
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

// close ends a request for credentials, and lets go of idle connections.
func (s *session) close() {
	s.credentials.close()
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

// findCredentials makes sure that there are credentials, within seconds. An error is transient if their source is known and does not answer now.
func (s *session) findCredentials(ctx context.Context, tableName string) (class, error) {
	ctx, cancel := context.WithTimeout(ctx, credentialsTimeout)
	defer cancel()
	class, err := s.credentials.find(ctx)
	if err != nil {
		return class, fmt.Errorf("find credentials for table %q in region %s: %w", tableName, s.region, err)
	}
	return done, nil
}

// identity says who talks to whom, for errors.
func (s *session) identity() string {
	endpoint := s.endpoint
	if endpoint == "" {
		endpoint = "not known yet"
	}
	return fmt.Sprintf("region %s, endpoint %s, %s", s.region, endpoint, s.credentials.principal())
}

// describe asks the service for the table. The class tells what an error means: transient to ask again, fatal to give up.
func (s *session) describe(ctx context.Context, name string) (*table, class, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	in := &dynamodb.DescribeTableInput{TableName: &name}
	began := time.Now()
	out, err := s.api.DescribeTable(ctx, in)
	var refused smithy.APIError
	if errors.As(err, &refused) && (isClockError(refused.ErrorCode()) || isExpired(refused.ErrorCode()) && s.credentials.reject(began)) {
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
	var none *credentialsError
	if errors.As(err, &none) { // whatever code it has is another service's
		return none.class, none
	}
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
		case c == rejected, isExpired(api.ErrorCode()) && !s.credentials.renewable(): // there is no item to blame, and nothing newer to sign with
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
	var refusedByProxy *proxyError
	if errors.As(err, &refusedByProxy) {
		return refusedByProxy.class(), err
	}
	if s.endpoint == "" && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
		return fatal, err // no request could be made of it: there is no such endpoint
	}
	return transient, err
}
