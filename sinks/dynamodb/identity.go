package dynamodb

import (
	"net/http"
	"net/url"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// credentials are those of the role, taken on with the credentials that the configuration has so far, and anew before they expire.
func (r assumedRole) credentials(cfg aws.Config) aws.CredentialsProvider {
	provider := stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), r.arn, func(o *stscreds.AssumeRoleOptions) {
		if r.externalID != "" {
			o.ExternalID = aws.String(r.externalID)
		}
		if r.sessionName != "" {
			o.RoleSessionName = r.sessionName
		}
	})
	return aws.NewCredentialsCache(provider)
}

// through is the proxy for a transport, nil if there is none.
func (p proxy) through() func(*http.Request) (*url.URL, error) {
	if p.url == "" {
		return nil
	}
	u, err := url.Parse(p.url)
	if err != nil {
		return nil // was checked with the settings
	}
	if p.user != "" {
		u.User = url.UserPassword(p.user, p.password)
	}
	return http.ProxyURL(u)
}
