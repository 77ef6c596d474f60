package dynamodb

import (
	"encoding/json"
	"log/slog"
	"os"
	"reflect"
	"strings"
	"testing"

	"sluice/connect"
)

// The settings of the captured validation are valid here too: no key has an error, and nothing is refused.
func TestCapturedSettingsAreValid(t *testing.T) {
	text, err := os.ReadFile("testdata/camel/validate.json")
	if err != nil {
		t.Fatal(err)
	}
	var captured struct {
		Configs []struct {
			Value struct {
				Name  string  `json:"name"`
				Value *string `json:"value"`
			} `json:"value"`
		} `json:"configs"`
	}
	if err := json.Unmarshal(text, &captured); err != nil {
		t.Fatal(err)
	}
	props := make(map[string]string)
	want := make(map[string]*string)
	for _, c := range captured.Configs {
		if strings.HasPrefix(c.Value.Name, "camel.") {
			want[c.Value.Name] = c.Value.Value
			if c.Value.Value != nil && *c.Value.Value != connect.Hidden {
				props[c.Value.Name] = *c.Value.Value
			}
		}
	}
	if len(want) != 31 {
		t.Fatalf("the capture has %d keys of Camel, want 31", len(want))
	}
	for _, v := range connect.NewConfigDef(camelKeys()...).Validate(props) {
		k, _ := camel().configDef().Key(v.Name)
		if k.Internal {
			continue
		}
		var got *string
		if v.Value != nil {
			text := connect.ConfigText(v.Value, k.Type)
			got = &text
		}
		if len(v.Errors) > 0 || !reflect.DeepEqual(got, want[v.Name]) && !hidden(want[v.Name]) {
			t.Errorf("%s: got %v, want %v, errors %v", v.Name, v.Value, want[v.Name], v.Errors)
		}
	}
	if refused := camel().together(props); len(refused) > 0 {
		t.Errorf("refused: %v", refused[0])
	}
}

func hidden(s *string) bool { return s != nil && *s == connect.Hidden }

func TestSettingsWithoutEffectAreRefusedByName(t *testing.T) {
	for _, c := range []struct{ key, value, want string }{
		{camelOperationConfig, "Nope", "Invalid value Nope for configuration camel.kamelet.aws-ddb-sink.operation: String must be one of: PutItem, UpdateItem, DeleteItem"},
		{camelMarshalConfig, "avro", "Invalid value avro for configuration camel.sink.marshal: String must be one of: jackson, json-jackson, json-gson, json"},
		{camelUnmarshalConfig, "csv", "Invalid value csv for configuration camel.sink.unmarshal: String must be one of: jackson, json-jackson, json-gson, json"},
		{camelAggregateConfig, "#class:x.Y", "Invalid value #class:x.Y for configuration camel.beans.aggregate: aggregation of records is not supported"},
		{camelIdempotencyConfig, "true", "Invalid value true for configuration camel.idempotency.enabled: the idempotency filter is not supported"},
	} {
		refused := camel().together(map[string]string{c.key: c.value})
		if len(refused) != 1 || !strings.HasPrefix(refused[0].Error(), c.want) {
			t.Errorf("%s=%s: got %v, want %s", c.key, c.value, refused, c.want)
		}
		if _, err := camel().settings(map[string]string{camelTableConfig: "t", c.key: c.value}); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("a task with %s=%s: got %v, want %s", c.key, c.value, err, c.want)
		}
	}
}

func TestCamelSettingsAreRead(t *testing.T) {
	debug := slog.LevelDebug
	for name, c := range map[string]struct {
		props map[string]string
		want  settings
	}{
		"the usual ones": {
			map[string]string{camelTableConfig: "t", camelRegionConfig: "eu-west-1", camelDefaultCredentialsConfig: "true", camelUnmarshalConfig: "jackson", "camel.kamelet.aws-ddb-sink.writeCapacity": "1"},
			settings{table: "t", regionKey: camelRegionConfig, region: "eu-west-1", marshal: true, mapHeaders: true, tables: tableSpec{camelWrite: "1"}},
		},
		"keys of their own": {
			map[string]string{camelTableConfig: "t", camelAccessKeyConfig: "a", camelSecretKeyConfig: "s", camelMapHeadersConfig: "false", camelContentLogLevelConfig: "debug"},
			settings{table: "t", regionKey: camelRegionConfig, credentials: staticCredentials, accessKey: "a", secretKey: "s", contentLog: &debug},
		},
		"the default provider beats keys": {
			map[string]string{camelTableConfig: "t", camelAccessKeyConfig: "a", camelSecretKeyConfig: "s", camelDefaultCredentialsConfig: "true"},
			settings{table: "t", regionKey: camelRegionConfig, accessKey: "a", secretKey: "s", mapHeaders: true},
		},
		"an endpoint": {
			map[string]string{camelTableConfig: "t", camelEndpointConfig: "http://localhost:8000", camelOverrideEndpointConfig: "true", camelOperationConfig: "DeleteItem"},
			settings{table: "t", regionKey: camelRegionConfig, endpoint: "http://localhost:8000", operation: deleteItem, handling: handling{onlyKey: true}, mapHeaders: true},
		},
		"an endpoint without its switch": {
			map[string]string{camelTableConfig: "t", camelEndpointConfig: "http://localhost:8000"},
			settings{table: "t", regionKey: camelRegionConfig, mapHeaders: true, notices: []string{camelEndpointConfig + " has no effect without " + camelOverrideEndpointConfig + "=true"}},
		},
	} {
		got, err := camel().settings(c.props)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		c.want.policy = defaultPolicy()
		if !reflect.DeepEqual(*got, c.want) {
			t.Errorf("%s:\ngot  %+v\nwant %+v", name, *got, c.want)
		}
	}
}

func TestRegionsAreKnownByName(t *testing.T) {
	for _, name := range []string{
		"us-east-1", "us-west-2", "ap-southeast-2", "ap-southeast-7", "eu-central-2", "me-central-1", "il-central-1", "mx-central-1", "ca-west-1", "af-south-1", "sa-east-1",
		"cn-north-1", "cn-northwest-1", "us-gov-west-1", "us-iso-east-1", "us-isob-east-1", "eu-isoe-west-1", "us-isof-south-1", "eusc-de-east-1",
	} {
		if !regionNames.MatchString(name) {
			t.Errorf("%s is not known", name)
		}
	}
	for _, name := range []string{"", "ap-southeast-22", "ap-southest-2", "eu-west", "eu-west-0", "xx-east-1", "us_east_1", "US-EAST-1", "us-east-1 ", "local"} {
		if regionNames.MatchString(name) {
			t.Errorf("%q is taken for a region", name)
		}
	}
}

// Every key that some version of Camel's connector from 3.18 to 4.18 defines is accepted with a value that it may have there, and those that nothing
// is wrong with are not listed beside the ones of 3.20.3.
func TestKeysOfEveryVersionOfCamelAreAccepted(t *testing.T) {
	const kamelet = "camel.kamelet.aws-ddb-sink."
	props := map[string]string{
		kamelet + "table": "t", kamelet + "accessKey": "a", kamelet + "secretKey": "s", kamelet + "region": "eu-west-1", kamelet + "operation": "PutItem", kamelet + "writeCapacity": "1",
		kamelet + "useDefaultCredentialsProvider": "false", kamelet + "useProfileCredentialsProvider": "false", kamelet + "useSessionCredentials": "true",
		kamelet + "profileCredentialsName": "p", kamelet + "sessionToken": "t", kamelet + "uriEndpointOverride": "http://localhost:8000", kamelet + "overrideEndpoint": "true",
		"camel.sink.url": "x:y", "camel.sink.marshal": "jackson", "camel.sink.unmarshal": "json-jackson", "camel.sink.component": "x", "camel.sink.contentLogLevel": "DEBUG",
		"camel.sink.path.x": "1", "camel.sink.endpoint.x": "1", "camel.main.streamCachingEnabled": "false", "camel.component.aws2-ddb.trustAllCertificates": "false",
		"camel.beans.aggregate": "", "camel.aggregation.size": "10", "camel.aggregation.timeout": "500", "camel.error.handler": "no", "camel.error.handler.max.redeliveries": "3",
		"camel.error.handler.redelivery.delay": "10", "camel.idempotency.enabled": "false", "camel.idempotency.expression.type": "header", "camel.idempotency.expression.header": "h",
		"camel.idempotency.memory.dimension": "1", "camel.idempotency.repository.type": "kafka", "camel.idempotency.kafka.topic": "t", "camel.idempotency.kafka.bootstrap.servers": "h:1",
		"camel.idempotency.kafka.max.cache.size": "1", "camel.idempotency.kafka.poll.duration.ms": "1", "camel.remove.headers.pattern": "x*", "camel.map.properties": "false", "camel.map.headers": "false",
	}
	s, err := camel().settings(props)
	if err != nil {
		t.Fatal(err)
	}
	if s.token != "t" || s.credentials != staticCredentials || len(s.notices) > 0 {
		t.Errorf("got %+v", s)
	}
	for _, k := range camel().configDef().Keys() {
		if !k.Internal && (strings.Contains(k.Name, "Session") || strings.Contains(k.Name, "rofile") || strings.HasPrefix(k.Name, "aws.")) {
			t.Errorf("%s is listed", k.Name)
		}
	}
}
