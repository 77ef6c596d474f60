package dynamodb

import (
	"errors"
	"net/url"

	"sluice/connect"
)

// The native keys for where the table is. The names are those of Confluent's sink, which has them with other defaults.
const (
	regionConfig   = "aws.dynamodb.region"
	endpointConfig = "aws.dynamodb.endpoint"

	proxyURLConfig      = "aws.dynamodb.proxy.url"
	proxyUserConfig     = "aws.dynamodb.proxy.user"
	proxyPasswordConfig = "aws.dynamodb.proxy.password"

	tableFormatConfig   = "table.name.format"
	topicTableMapConfig = "aws.dynamodb.topic.table.map"
)

func nativeConnection() nativeGroup {
	return nativeGroup{title: "Connection", check: checkProxy, keys: []nativeKey{
		textKey(regionConfig, nil, "name of an AWS region", "The AWS region of the table, such as eu-west-1. Without it the environment, the profile and the instance are asked.",
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
		textKey(proxyURLConfig, nil, "URL with http or https and a host, or empty", "The URL of a proxy in front of the service, such as http://proxy:3128. Without it HTTPS_PROXY and its kin in the environment count.",
			parseProxyURL, func(s *settings, url string) { s.proxy.url = url }).hidden(),
		textKey(proxyUserConfig, nil, "text", "The user name for the proxy.",
			func(text string) (string, error) { return text, nil }, func(s *settings, user string) { s.proxy.user = user }),
		{
			ConfigKey: connect.ConfigKey{Name: proxyPasswordConfig, Type: connect.TypePassword, Importance: connect.Medium, Doc: "The password for the proxy."},
			put:       func(s *settings, v any) { s.proxy.password = v.(connect.Password).Reveal() },
		},
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

// checkProxy wants a proxy for its user.
func checkProxy(_ connect.Config, s *settings) []*connect.ConfigError {
	if s.proxy.url == "" && (s.proxy.user != "" || s.proxy.password != "") {
		return []*connect.ConfigError{givenEmpty(proxyURLConfig, "must be set if there is a user or a password for it")}
	}
	return nil
}

const endpointRule = "must be a URL with http or https and a host, such as http://localhost:8000"

// givenEmpty is the error of a setting that must not be empty where another one has a certain value.
func givenEmpty(key, rule string) *connect.ConfigError {
	return &connect.ConfigError{Key: key, Value: `""`, Rule: rule}
}
