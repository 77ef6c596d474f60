package detector_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"sluice/detector"
)

const goodProperties = `[
  {"PropertyGroupId": "kinesis.analytics.flink.run.options", "PropertyMap": {"python": "main.py", "jarfile": ["odd", 1]}},
  {"PropertyGroupId": "consumer.config.0", "PropertyMap": {"table.name": "flagged_accounts", "topic.name": "flagged-accounts", "bootstrap.servers": "a:1,b:2", "startup.mode": "earliest-offset", "unknown": {"x": 1}, "sasl.jaas.config": null}},
  {"PropertyGroupId": "consumer.config.1", "PropertyMap": {"table.name": "transactions", "topic.name": "transactions", "bootstrap.servers": "c:3", "startup.mode": "timestamp", "startup.timestamp.millis": "1692014400000"}},
  {"PropertyGroupId": "consumer.config.1", "PropertyMap": {"table.name": "second group of the name"}},
  {"PropertyGroupId": "producer.config.0", "PropertyMap": {"table.name": "flagged_transactions", "topic.name": "flagged-transactions", "bootstrap.servers": "d:4", "security.protocol": "SASL_SSL", "linger.ms": 5, "enable.idempotence": true, "ssl.endpoint.identification.algorithm": ""}}
]`

func TestParseProperties(t *testing.T) {
	got, err := detector.ParseProperties(strings.NewReader(goodProperties))
	if err != nil {
		t.Fatal(err)
	}
	want := detector.Config{
		Flags:        detector.Source{Table: "flagged_accounts", Topic: "flagged-accounts", BootstrapServers: "a:1,b:2", Startup: detector.Startup{Mode: "earliest-offset"}, Properties: map[string]string{}},
		Transactions: detector.Source{Table: "transactions", Topic: "transactions", BootstrapServers: "c:3", Startup: detector.Startup{Mode: "timestamp", Timestamp: 1692014400000}, Properties: map[string]string{}},
		Output: detector.Sink{Table: "flagged_transactions", Topic: "flagged-transactions", BootstrapServers: "d:4", Properties: map[string]string{
			"security.protocol": "SASL_SSL", "linger.ms": "5", "enable.idempotence": "true", "ssl.endpoint.identification.algorithm": ""}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestPropertiesThatAreRefused(t *testing.T) {
	for _, c := range []struct{ name, old, new, message string }{
		{"no flags group", `"consumer.config.0"`, `"consumer.config.9"`, `property group "consumer.config.0": must be present`},
		{"no output group", `"producer.config.0"`, `"x"`, `property group "producer.config.0": must be present`},
		{"no table", `"table.name": "transactions", `, ``, `property group "consumer.config.1", key "table.name": must be set`},
		{"empty topic", `"topic.name": "flagged-transactions"`, `"topic.name": " "`, `property group "producer.config.0", key "topic.name": must be set`},
		{"null servers", `"bootstrap.servers": "d:4"`, `"bootstrap.servers": null`, `property group "producer.config.0", key "bootstrap.servers": must be set`},
		{"no mode", `, "startup.mode": "earliest-offset"`, ``, `property group "consumer.config.0", key "startup.mode": must be set`},
		{"specific offsets", `"earliest-offset"`, `"specific-offsets"`, `property group "consumer.config.0", key "startup.mode", value "specific-offsets": must be one of earliest-offset, latest-offset, timestamp, group-offsets`},
		{"timestamp alone", `, "startup.timestamp.millis": "1692014400000"`, ``, `property group "consumer.config.1", key "startup.timestamp.millis": must be set`},
		{"timestamp in words", `"1692014400000"`, `"yesterday"`, `property group "consumer.config.1", key "startup.timestamp.millis", value "yesterday": must be milliseconds since 1970, not negative`},
		{"negative timestamp", `"1692014400000"`, `-1`, `property group "consumer.config.1", key "startup.timestamp.millis", value "-1": must be milliseconds since 1970, not negative`},
		{"a login of another type", `"sasl.jaas.config": null`, `"sasl.jaas.config": {"password": "hunter2"}`, `property group "consumer.config.0", key "sasl.jaas.config": must be a string`},
		{"topic of another type", `"topic.name": "transactions"`, `"topic.name": ["transactions"]`, `property group "consumer.config.1", key "topic.name", value "[\"transactions\"]": must be a string`},
	} {
		text := strings.Replace(goodProperties, c.old, c.new, 1)
		if text == goodProperties {
			t.Fatalf("%s: nothing to replace", c.name)
		}
		_, err := detector.ParseProperties(strings.NewReader(text))
		var property *detector.PropertyError
		if !errors.As(err, &property) || err.Error() != c.message {
			t.Errorf("%s\n got %v\nwant %s", c.name, err, c.message)
		}
	}
	for _, text := range []string{``, `{}`, `[`, goodProperties + "x", `"x"`, `[{"PropertyGroupId": 5}]`} {
		if _, err := detector.ParseProperties(strings.NewReader(text)); err == nil {
			t.Errorf("%.40q was accepted", text)
		}
	}
	for _, text := range []string{`[{"PropertyGroupId":"consumer.config.0"}]`, `[{"PropertyGroupId":"consumer.config.0","PropertyMap":"x"}]`, `[{"PropertyGroupId":"consumer.config.0","PropertyMap":null}]`} {
		_, err := detector.ParseProperties(strings.NewReader(text))
		var property *detector.PropertyError
		if !errors.As(err, &property) || property.Key != "PropertyMap" {
			t.Errorf("%s: got %v", text, err)
		}
	}
}

func TestTimestampMayBeANumber(t *testing.T) {
	c, err := detector.ParseProperties(strings.NewReader(strings.Replace(goodProperties, `"1692014400000"`, `1692014400000`, 1)))
	if err != nil || c.Transactions.Startup.Timestamp != 1692014400000 {
		t.Errorf("got %d, %v", c.Transactions.Startup.Timestamp, err)
	}
}

func TestLoadPropertiesNamesTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "application_properties.json")
	if _, err := detector.LoadProperties(path); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), path) {
		t.Errorf("missing file: %v", err)
	}
	if err := os.WriteFile(path, []byte(`[]`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := detector.LoadProperties(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("file without groups: %v", err)
	}
}

func TestTheFileThatUsersEditLoads(t *testing.T) {
	if _, err := detector.LoadProperties("../configs/application_properties.json"); err != nil {
		t.Error(err)
	}
}

func FuzzParseProperties(f *testing.F) {
	f.Add(goodProperties)
	f.Add(`[{"PropertyGroupId":"consumer.config.0","PropertyMap":{"table.name":1}}]`)
	f.Fuzz(func(t *testing.T, text string) {
		c, err := detector.ParseProperties(strings.NewReader(text))
		if err == nil && (c.Flags.Topic == "" || c.Transactions.Topic == "" || c.Output.Topic == "") {
			t.Errorf("accepted without topics: %+v", c)
		}
	})
}

func TestNewRefusesAnIncompleteConfig(t *testing.T) {
	good, err := detector.ParseProperties(strings.NewReader(goodProperties))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		change  func(*detector.Config)
		message string
	}{
		{func(c *detector.Config) { c.Flags.Topic = "" }, `property group "consumer.config.0", key "topic.name": must be set`},
		{func(c *detector.Config) { c.Output.BootstrapServers = "" }, `property group "producer.config.0", key "bootstrap.servers": must be set`},
		{func(c *detector.Config) { c.Guarantee = "exactly-twice" }, `guarantee "exactly-twice": must be exactly-once or at-least-once`},
		{func(c *detector.Config) { c.CommitInterval = -1 }, `commit interval -1ns: must be at least a millisecond`},
		{func(c *detector.Config) { c.Output.Partitions = -2 }, `output topic "flagged-transactions": -2 partitions: must be positive, or 0 for the broker's default`},
	} {
		cfg := good
		c.change(&cfg)
		if _, err := detector.New(cfg); err == nil || err.Error() != c.message {
			t.Errorf("got %v, want %s", err, c.message)
		}
	}
}
