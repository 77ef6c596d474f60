package dynamodb

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/url"
	"os"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/ec2rolecreds"
	"github.com/aws/aws-sdk-go-v2/credentials/endpointcreds"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// loadCredentials are the options of the SDK's configuration for what a task signs with, as far as the SDK can find it by itself.
func loadCredentials(s *settings, o Options, metadata aws.HTTPClient) []func(*config.LoadOptions) error {
	load := []func(*config.LoadOptions) error{config.WithEndpointCredentialOptions(func(c *endpointcreds.Options) { c.HTTPClient = metadata })}
	switch {
	case s.credentials == staticCredentials:
		return append(load, config.WithCredentialsProvider(credentials.StaticCredentialsProvider{Value: aws.Credentials{
			AccessKeyID: s.accessKey, SecretAccessKey: s.secretKey, SessionToken: s.token, AccountID: s.accountID, Source: credentials.StaticCredentialsName,
		}}))
	case s.credentials == profileCredentials:
		return append(load, config.WithSharedConfigProfile(s.profile))
	case s.credentials != defaultCredentials:
		return append(load, config.WithCredentialsProvider(aws.AnonymousCredentials{})) // for the moment, see newCredentials
	case o.Credentials != nil:
		return append(load, config.WithCredentialsProvider(o.Credentials))
	}
	return load
}

// newCredentials returns what a task signs with: what the SDK has found, or the source that the settings name, and the role that is taken on with it.
func newCredentials(log *slog.Logger, s *settings, cfg aws.Config, metadata aws.HTTPClient) (*keeper, error) {
	found := cfg.Credentials
	var err error
	switch s.credentials {
	case webIdentityCredentials:
		found, err = s.webIdentity.provider(cfg)
	case containerCredentials:
		found, err = containerProvider(metadata)
	case instanceCredentials:
		found = ec2rolecreds.New(func(o *ec2rolecreds.Options) { o.Client = imds.NewFromConfig(cfg) })
	}
	if err != nil {
		return nil, err
	}
	if found == nil {
		return nil, errors.New("none are set")
	}
	k := newKeeper(log, found, nil)
	if s.role.arn != "" {
		cfg.Credentials = k
		k = newKeeper(log, s.role.provider(cfg), k)
	}
	return k, nil
}

// provider takes the role on with the credentials that the configuration has.
func (r assumedRole) provider(cfg aws.Config) aws.CredentialsProvider {
	return stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), r.arn, func(o *stscreds.AssumeRoleOptions) {
		if r.externalID != "" {
			o.ExternalID = aws.String(r.externalID)
		}
		o.RoleSessionName, o.Duration = r.sessionName, r.duration // empty: made up, 15 minutes
	})
}

// provider takes a role on with the token in a file, which is read anew each time. What is not set is in the environment, where EKS puts it.
func (w webIdentity) provider(cfg aws.Config) (aws.CredentialsProvider, error) {
	file, arn, name := w.tokenFile, w.roleARN, w.sessionName
	if file == "" {
		file = os.Getenv("AWS_WEB_IDENTITY_TOKEN_FILE")
	}
	if arn == "" {
		arn = os.Getenv("AWS_ROLE_ARN")
	}
	if name == "" {
		name = os.Getenv("AWS_ROLE_SESSION_NAME")
	}
	switch {
	case file == "":
		return nil, errors.New(tokenFileConfig + " is not set, and neither is AWS_WEB_IDENTITY_TOKEN_FILE in the environment")
	case arn == "":
		return nil, errors.New(tokenRoleConfig + " is not set, and neither is AWS_ROLE_ARN in the environment")
	}
	return stscreds.NewWebIdentityRoleProvider(sts.NewFromConfig(cfg), arn, stscreds.IdentityTokenFile(file), func(o *stscreds.WebIdentityRoleOptions) {
		o.RoleSessionName = name
	}), nil
}

// containerProvider asks the agent of ECS or EKS, which the environment names.
func containerProvider(metadata aws.HTTPClient) (aws.CredentialsProvider, error) {
	endpoint, err := containerEndpoint(os.Getenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"), os.Getenv("AWS_CONTAINER_CREDENTIALS_FULL_URI"))
	if err != nil {
		return nil, err
	}
	return endpointcreds.New(endpoint, func(o *endpointcreds.Options) {
		o.HTTPClient, o.Retryer = metadata, aws.NopRetryer{}
		o.AuthorizationToken = os.Getenv("AWS_CONTAINER_AUTHORIZATION_TOKEN")
		if file := os.Getenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"); file != "" {
			o.AuthorizationTokenProvider = endpointcreds.TokenProviderFunc(func() (string, error) {
				token, err := os.ReadFile(file) // it changes
				return string(token), err
			})
		}
	}), nil
}

const containerHost = "169.254.170.2" // of ECS

// containerAgents are the addresses that may be asked for credentials without TLS, as AWS's SDKs have it.
var containerAgents = []string{containerHost, "169.254.170.23", "fd00:ec2::23"}

// containerEndpoint returns the URL that the variables for containers name.
func containerEndpoint(relative, full string) (string, error) {
	if relative != "" {
		return "http://" + containerHost + relative, nil
	}
	if full == "" {
		return "", errors.New("neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor AWS_CONTAINER_CREDENTIALS_FULL_URI is set in the environment")
	}
	u, err := url.Parse(full)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return "", errors.New("AWS_CONTAINER_CREDENTIALS_FULL_URI is not a URL with http or https and a host")
	}
	ip := net.ParseIP(u.Hostname())
	if u.Scheme == "http" && u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback() && !slices.Contains(containerAgents, ip.String())) {
		return "", errors.New("AWS_CONTAINER_CREDENTIALS_FULL_URI: http is allowed only for this machine and for the agents of ECS and EKS, use https")
	}
	return full, nil
}

// find makes sure that there are credentials. Of an error the class tells what it means: transient that their source is there, and does not answer
// now; fatal that there are none.
func (k *keeper) find(ctx context.Context) (class, error) {
	_, err := k.Retrieve(ctx)
	var why *credentialsError
	switch {
	case err == nil:
		return done, nil
	case !errors.As(err, &why), why.class == fatal, !why.outage, k.lastResort() && !why.answered:
		return fatal, err
	}
	return transient, err
}

// lastResort reports whether the SDK has found nothing configured and tries if it is on an EC2 instance.
func (k *keeper) lastResort() bool {
	if k.base != nil {
		return k.base.lastResort()
	}
	found, ok := k.source.(*aws.CredentialsCache)
	return ok && slices.Equal(found.ProviderSources(), []aws.CredentialSource{aws.CredentialSourceIMDS})
}
