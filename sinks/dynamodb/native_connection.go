package dynamodb

import (
	"errors"
	"net/url"

	"github.com/aws/aws-sdk-go-v2/aws"

	"sluice/connect"
)

// The native keys for where the table is. The names are those of Confluent's sink, which has them with other defaults.
const (
	regionConfig   = "aws.dynamodb.region"
	endpointConfig = "aws.dynamodb.endpoint"

	proxyURLConfig      = "aws.dynamodb.proxy.url"
	proxyUserConfig     = "aws.dynamodb.proxy.user"
	proxyPasswordConfig = "aws.dynamodb.proxy.password"

	caFileConfig = "aws.dynamodb.ca.file"
	caPEMConfig  = "aws.dynamodb.ca.pem"

	fipsConfig        = "aws.dynamodb.use.fips.endpoint"
	dualStackConfig   = "aws.dynamodb.use.dualstack.endpoint"
	accountModeConfig = "aws.dynamodb.account.id.endpoint.mode"

	tableFormatConfig   = "table.name.format"
	topicTableMapConfig = "aws.dynamodb.topic.table.map"
)

func nativeConnection() nativeGroup {
	return nativeGroup{title: "Connection", check: checkTransport, keys: []nativeKey{
		textKey(regionConfig, nil, "name of an AWS region", "The AWS region of the table, such as eu-west-1. Without it the environment (AWS_REGION) and the profile are asked.",
			func(text string) (string, error) { return text, nil },
			func(s *settings, region string) {
				if region != "" {
					s.region, s.regionKey = region, regionConfig
				}
			}).beats(camelRegionConfig),
		textKey(endpointConfig, nil, "URL with http or https and a host, or empty", "The URL of the service, such as http://localhost:8000, in place of the region's.",
			parseEndpoint,
			func(s *settings, endpoint string) {
				if endpoint != "" {
					s.endpoint = endpoint
				}
			}).beats(camelEndpointConfig, camelOverrideEndpointConfig),
		switchKey(fipsConfig, "Whether the endpoints are those with cryptography validated by FIPS 140, of STS too. Without it the environment (AWS_USE_FIPS_ENDPOINT) and the profile decide.",
			func(s *settings, use bool) { s.transport.fips = &use }),
		switchKey(dualStackConfig, "Whether the endpoints are those that have IPv6 addresses too, of STS likewise. Without it the environment (AWS_USE_DUALSTACK_ENDPOINT) and the profile decide.",
			func(s *settings, use bool) { s.transport.dualStack = &use }),
		choiceKey(accountModeConfig, nil, "Whether the endpoint is the account's own, such as 111122223333.ddb.eu-west-1.amazonaws.com. With preferred it is if the credentials tell the account and FIPS is not wanted; with required the task fails otherwise; "+
			"with disabled it is the region's, which a firewall may know better. Without it the environment (AWS_ACCOUNT_ID_ENDPOINT_MODE) and the profile decide, and then it is preferred.",
			[]choice[aws.AccountIDEndpointMode]{{"preferred", aws.AccountIDEndpointModePreferred}, {"required", aws.AccountIDEndpointModeRequired}, {"disabled", aws.AccountIDEndpointModeDisabled}},
			func(s *settings, m aws.AccountIDEndpointMode) { s.transport.accountMode = m }),
		textKey(proxyURLConfig, nil, "URL with http or https and a host, or empty", "The URL of a proxy in front of the service and of STS, such as http://proxy:3128. Without it HTTPS_PROXY, HTTP_PROXY and NO_PROXY in the environment count. The metadata services of EC2, ECS and EKS are never asked through a proxy. "+
			"A user and a password may stand in the URL, as with Confluent's sink, but then everybody who may read the connector's settings sees them.",
			parseProxyURL, func(s *settings, url string) { s.transport.proxyURL = url }).hidden().beats(camelProxyHostConfig),
		textKey(proxyUserConfig, nil, "text", "The user name for the proxy.",
			func(text string) (string, error) { return text, nil }, func(s *settings, user string) { s.transport.proxyUser = user }),
		secretKey(proxyPasswordConfig, "The password for the proxy.", func(s *settings, password string) { s.transport.proxyPassword = password }),
		textKey(caFileConfig, nil, "path of a file", "A file with the certificates of the authorities that are trusted, as PEM, in place of the system's, for the service, STS and a proxy with https. Without it AWS_CA_BUNDLE in the environment and ca_bundle of the profile count.",
			func(text string) (string, error) { return text, nil }, func(s *settings, file string) { s.transport.caFile = file }),
		textKey(caPEMConfig, nil, "certificates as PEM, or empty", "These certificates themselves, as PEM.",
			parseAuthorities, func(s *settings, text string) { s.transport.caPEM = text }).hidden(),
		textKey(tableFormatConfig, nil, "name of a table, with placeholders", "The table of a record: a name, in which ${topic}, ${partition}, ${header:name}, ${key:path}, ${value:path} and ${timestamp:yyyyMMdd} (the record's, in UTC) stand for parts of the record. A record that lacks such a part is a bad one; a table that does not exist fails the task. Confluent's class has ${topic} as its default.",
			parseTableFormat, func(s *settings, f tableFormat) {
				s.table, s.route = f.fixed, nil
				if f.fixed == "" {
					s.route = &tableRoute{format: f.parts, text: f.text}
				}
			}).beats(camelTableConfig),
		textKey(topicTableMapConfig, nil, "list of topic:table", "The tables of topics, as a list such as orders:orders-table, users:people. Topics count by the names that transforms have given them. Those that are not in the list go where they would go without it.",
			parseTopicTables, func(s *settings, tables map[string]string) {
				if len(tables) > 0 {
					s.mapTopics(tables)
				}
			}),
	}}
}

// mapTopics gives topics tables of their own.
func (s *settings) mapTopics(tables map[string]string) {
	if s.route == nil {
		s.route = &tableRoute{text: s.table}
		if s.table != "" {
			s.route.format = []namePart{{literal: s.table}}
		}
		s.table = ""
	}
	s.route.byTopic = tables
}

// parseEndpoint checks the URL of a service. An empty text stands for none.
func parseEndpoint(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	if u, err := url.Parse(text); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return "", errors.New(endpointRule)
	}
	return text, nil
}

// parseProxyURL checks the URL of a proxy. What is wrong with it is said without it, since it may hold a password.
func parseProxyURL(text string) (string, error) {
	if _, err := parseEndpoint(text); err != nil {
		return "", errors.New("must be a URL with http or https and a host, such as http://proxy:3128")
	}
	return text, nil
}

// checkTransport finds settings for the way to the service that contradict each other.
func checkTransport(_ connect.Config, s *settings) []*connect.ConfigError {
	var errs []*connect.ConfigError
	t := &s.transport
	switch u, err := url.Parse(t.proxyURL); {
	case t.proxyURL == "" && (t.proxyUser != "" || t.proxyPassword != ""):
		errs = append(errs, givenEmpty(proxyURLConfig, "must be set if there is a user or a password for it"))
	case t.proxyUser == "" && t.proxyPassword != "":
		errs = append(errs, givenEmpty(proxyUserConfig, "must be set together with "+proxyPasswordConfig))
	case err == nil && u.User != nil:
		s.notices = append(s.notices, proxyURLConfig+" holds a user, which GET /connectors/{name}/config shows to everybody; "+proxyUserConfig+" and "+proxyPasswordConfig+" are meant for it")
	}
	if t.caFile != "" && t.caPEM != "" {
		errs = append(errs, &connect.ConfigError{Key: caFileConfig, Value: t.caFile, Rule: "must not be set together with " + caPEMConfig})
	}
	return errs
}

const endpointRule = "must be a URL with http or https and a host, such as http://localhost:8000"

// givenEmpty is the error of a setting that must not be empty where another one has a certain value.
func givenEmpty(key, rule string) *connect.ConfigError {
	return &connect.ConfigError{Key: key, Value: `""`, Rule: rule}
}
