package dynamodb

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"

	"sluice/connect"
)

// transport is the way to the service and to those that give credentials for it. The zero value leaves everything to the SDK: environment and profile.
type transport struct {
	proxyURL, proxyUser, proxyPassword string // "": as the environment says

	caFile    string // of the authorities to trust, in place of the system's
	caPEM     string // or they themselves
	trustsAll bool   // certificates are not checked

	fips, dualStack *bool                     // nil: as environment and profile say
	accountMode     aws.AccountIDEndpointMode // likewise if empty
}

// client makes requests to the service, and to those that give credentials. The SDK adds what the environment says of authorities.
func (t *transport) client(connections int) *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().
		WithTimeout(renewTimeout). // of requests for credentials, to which the SDK's cache gives no end; those for the table have their own
		WithDialerOptions(func(d *net.Dialer) { d.Timeout = connectTimeout }).
		WithTransportOptions(func(h *http.Transport) {
			h.MaxIdleConns, h.MaxIdleConnsPerHost = connections, connections // a call that finds no idle connection pays a handshake
			h.DisableCompression = true                                      // answers are tiny
			h.ForceAttemptHTTP2 = false
			h.Proxy = t.proxy()
			h.OnProxyConnectResponse = proxyAnswer
			if t.trustsAll {
				if h.TLSClientConfig == nil {
					h.TLSClientConfig = &tls.Config{}
				}
				h.TLSClientConfig.InsecureSkipVerify = true // asked for by the settings, with a line in the log
			}
		})
}

// metadataClient makes requests to the agents of ECS and EKS, which are never behind a proxy.
func metadataClient() *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().
		WithTimeout(credentialsTimeout).
		WithDialerOptions(func(d *net.Dialer) { d.Timeout = connectTimeout }).
		WithTransportOptions(func(h *http.Transport) { h.Proxy = nil })
}

// proxy returns the rule for which requests go through which proxy: none for the metadata of the machine, all others through the one that is set, or
// else as HTTPS_PROXY, HTTP_PROXY and NO_PROXY say.
func (t *transport) proxy() func(*http.Request) (*url.URL, error) {
	through := http.ProxyFromEnvironment
	if t.proxyURL != "" {
		u, err := url.Parse(t.proxyURL)
		if err != nil {
			return func(*http.Request) (*url.URL, error) { return nil, errors.New(proxyURLConfig + " is not a URL") } // was checked with the settings
		}
		if t.proxyUser != "" {
			u.User = url.UserPassword(t.proxyUser, t.proxyPassword)
		}
		through = http.ProxyURL(u)
	}
	return func(r *http.Request) (*url.URL, error) {
		if isMetadata(r.URL.Hostname()) {
			return nil, nil
		}
		return through(r)
	}
}

// metadataV6 is where EC2 and EKS have their services for one machine in IPv6; in IPv4 they are link-local.
var metadataV6 = netip.MustParsePrefix("fd00:ec2::/32")

// isMetadata reports whether a host is a service of the machine itself, to which no proxy knows a way.
func isMetadata(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && (ip.IsLinkLocalUnicast() || metadataV6.Contains(ip))
}

// endpoints are the options of the SDK's configuration for the hosts of services.
func (t *transport) endpoints() []func(*config.LoadOptions) error {
	var load []func(*config.LoadOptions) error
	if t.fips != nil {
		state := aws.FIPSEndpointStateDisabled
		if *t.fips {
			state = aws.FIPSEndpointStateEnabled
		}
		load = append(load, config.WithUseFIPSEndpoint(state))
	}
	if t.dualStack != nil {
		state := aws.DualStackEndpointStateDisabled
		if *t.dualStack {
			state = aws.DualStackEndpointStateEnabled
		}
		load = append(load, config.WithUseDualStackEndpoint(state))
	}
	if t.accountMode != "" {
		load = append(load, config.WithAccountIDEndpointMode(t.accountMode))
	}
	return load
}

// authorities returns the certificates to trust as PEM, nil if none are set.
func (t *transport) authorities() ([]byte, error) {
	if t.caPEM != "" {
		return []byte(t.caPEM), nil // was checked with the settings
	}
	if t.caFile == "" {
		return nil, nil
	}
	text, err := os.ReadFile(t.caFile)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", caFileConfig, err)
	}
	if _, err := parseAuthorities(string(text)); err != nil {
		return nil, &connect.ConfigError{Key: caFileConfig, Value: t.caFile, Rule: "the file " + err.Error()}
	}
	return text, nil
}

// parseAuthorities checks PEM certificates. An empty text stands for none.
func parseAuthorities(text string) (string, error) {
	if text != "" && !x509.NewCertPool().AppendCertsFromPEM([]byte(text)) {
		return "", errors.New("must hold certificates as PEM, -----BEGIN CERTIFICATE-----")
	}
	return text, nil
}

// proxyError is the answer of a proxy that does not let a connection through.
type proxyError struct {
	status string
	code   int
}

func (e *proxyError) Error() string { return "the proxy refuses the connection: " + e.status }

// class tells a proxy that wants another user, or does not allow the way, from one that has no way now.
func (e *proxyError) class() class {
	if e.code == http.StatusProxyAuthRequired || e.code == http.StatusForbidden || e.code == http.StatusUnauthorized {
		return fatal
	}
	return transient
}

// proxyAnswer is [http.Transport.OnProxyConnectResponse].
func proxyAnswer(_ context.Context, _ *url.URL, _ *http.Request, answer *http.Response) error {
	if answer.StatusCode == http.StatusOK {
		return nil
	}
	return &proxyError{answer.Status, answer.StatusCode}
}

// mendable reports whether a call has no answer for a reason that stays until somebody changes settings or rights.
func mendable(err error) bool {
	var none *credentialsError
	var refused *proxyError
	return errors.As(err, &none) && none.class == fatal || errors.As(err, &refused) && refused.class() == fatal
}
