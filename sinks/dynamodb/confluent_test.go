package dynamodb

import (
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"sluice/connect"
)

// The defaults are those of Confluent's definition, but for the two that docs/dynamodb-sink.md names.
func TestConfluentsDefaults(t *testing.T) {
	def := confluent().configDef()
	for key, want := range map[string]any{
		"aws.dynamodb.pk.hash": "partition", "aws.dynamodb.pk.sort": "offset", "aws.dynamodb.region": "us-east-1", "aws.dynamodb.endpoint": nil,
		"aws.access.key.id": nil, "aws.secret.access.key": nil, "table.name.format": "${topic}", "max.pk.depth": int64(-1), "aws.dynamodb.instant.flush": false,
		"aws.dynamodb.credentials.provider.class": "software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider",
		"aws.dynamodb.proxy.url":                  nil, "aws.dynamodb.proxy.user": nil, "aws.dynamodb.proxy.password": nil,
		"behavior.on.null.values":             "upsert",
		"aws.dynamodb.max.retry.time.seconds": int64(0), // Confluent: 5
	} {
		k, ok := def.Key(key)
		if !ok || !reflect.DeepEqual(k.Default, want) || k.Internal {
			t.Errorf("%s: defined %v, default %v, want %v", key, ok, k.Default, want)
		}
	}
	s, err := confluent().settings(map[string]string{})
	if err != nil {
		t.Fatal(err)
	}
	if s.region != "us-east-1" || s.route == nil || s.credentials != defaultCredentials || s.mapping.body != flatBody || len(s.notices) > 0 {
		t.Errorf("got %+v", s)
	}
	if d := s.mapping.derived; d.hash.name != "partition" || d.sort.name != "offset" {
		t.Errorf("keys are %s and %s", d.hash.name, d.sort.name)
	}
}

func TestConfluentSettingsAreRead(t *testing.T) {
	const assume = "io.confluent.connect.aws.dynamodb.auth.AwsAssumeRoleCredentialsProvider"
	for name, c := range map[string]struct {
		props []string
		check func(s *settings) bool
		fail  string
	}{
		"keys of their own": {
			[]string{accessKeyConfig, "a", secretKeyConfig, "s"},
			func(s *settings) bool {
				return s.credentials == staticCredentials && s.accessKey == "a" && s.secretKey == "s"
			}, "",
		},
		"half of them":    {[]string{accessKeyConfig, "a"}, nil, "Invalid value \"\" for configuration aws.secret.access.key: must be set together with aws.access.key.id"},
		"the other half":  {[]string{secretKeyConfig, "s"}, nil, "Invalid value \"\" for configuration aws.access.key.id: must be set together with aws.secret.access.key"},
		"an old provider": {[]string{confluentProviderConfig, "com.amazonaws.auth.DefaultAWSCredentialsProviderChain"}, func(s *settings) bool { return s.credentials == defaultCredentials }, ""},
		"a role": {
			[]string{confluentProviderConfig, assume, confluentRoleConfig, "arn:r", confluentExternalIDConfig, "e", confluentSessionNameConfig, "n"},
			func(s *settings) bool { return s.role == assumedRole{arn: "arn:r", externalID: "e", sessionName: "n"} }, "",
		},
		"a role without its name":   {[]string{confluentProviderConfig, assume}, nil, "sts.role.arn: must be set for " + assume},
		"a role without a provider": {[]string{confluentRoleConfig, "arn:r"}, nil, "has no effect unless aws.dynamodb.credentials.provider.class is an AwsAssumeRoleCredentialsProvider"},
		"an unknown provider":       {[]string{confluentProviderConfig, "x.Mine"}, nil, "Invalid value x.Mine for configuration aws.dynamodb.credentials.provider.class: no such class is known"},
		"no sort key":               {[]string{hashKeyConfig, "value.id:pk", sortKeyConfig, ""}, func(s *settings) bool { return s.mapping.derived.hash.name == "pk" && s.mapping.derived.sort == nil }, ""},
		"a licence":                 {[]string{"confluent.license", "x", "confluent.topic.replication.factor", "1", "confluent.topic.security.protocol", "SSL"}, func(*settings) bool { return true }, ""},
		"a proxy": {
			[]string{proxyURLConfig, "http://proxy:3128", proxyUserConfig, "u", proxyPasswordConfig, "p"},
			func(s *settings) bool {
				u, err := s.transport.proxy()(&http.Request{URL: &url.URL{Host: "dynamodb.eu-west-1.amazonaws.com"}})
				return err == nil && u.String() == "http://u:p@proxy:3128"
			}, "",
		},
		"a proxy that is none":      {[]string{proxyURLConfig, "u:hunter2@proxy"}, nil, "Invalid value [hidden] for configuration aws.dynamodb.proxy.url: must be a URL"},
		"a user without a proxy":    {[]string{proxyUserConfig, "u"}, nil, "aws.dynamodb.proxy.url: must be set if there is a user or a password for it"},
		"a table with another name": {[]string{tableFormatConfig, "orders"}, func(s *settings) bool { return s.table == "orders" && s.route == nil }, ""},
	} {
		props := map[string]string{}
		for i := 0; i < len(c.props); i += 2 {
			props[c.props[i]] = c.props[i+1]
		}
		s, err := confluent().settings(props)
		switch {
		case c.fail != "":
			if err == nil || !strings.Contains(err.Error(), c.fail) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%s: got %v, want %s", name, err, c.fail)
			}
		case err != nil || !c.check(s):
			t.Errorf("%s: got %+v, %v", name, s, err)
		}
	}
}

// A record as Confluent's own examples have it: the key of the item is its place in Kafka, and a business field called key is nothing special.
func TestConfluentStoresTheWholeValueUnderPartitionAndOffset(t *testing.T) {
	tab := &table{name: "in", keys: 2, attributes: []keyAttribute{
		{name: "partition", escaped: "partition", kind: kindN, role: "hash key", maxSize: maxHashSize},
		{name: "offset", escaped: "offset", kind: kindN, role: "range key", maxSize: maxRangeSize},
	}}
	s, err := confluent().settings(map[string]string{})
	if err != nil {
		t.Fatal(err)
	}
	item, _, err := newEncoder(tab, s).encode(&connect.SinkRecord{Topic: "in", Partition: 3, Offset: 5, Value: connect.RawJSON(`{"key":{"a":1},"f":1.50}`)})
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"key":{"M":{"a":{"N":"1"}}},"f":{"N":"1.50"},"partition":{"N":"3"},"offset":{"N":"5"}}`; string(item) != want {
		t.Errorf("got  %s\nwant %s", item, want)
	}
}
