package worker

import (
	"log/slog"
	"maps"
	"os"
	"strings"
	"testing"
	"time"

	"sluice/connect"
	"sluice/internal/kafka"
	"sluice/worker/properties"
)

// minimal are the settings that have no default.
func minimal(pairs ...string) map[string]string {
	p := map[string]string{
		"group.id":             "cluster",
		"config.storage.topic": "c", "offset.storage.topic": "o", "status.storage.topic": "s",
		"key.converter":   "org.apache.kafka.connect.json.JsonConverter",
		"value.converter": "org.apache.kafka.connect.json.JsonConverter",
	}
	for i := 0; i < len(pairs); i += 2 {
		p[pairs[i]] = pairs[i+1]
	}
	return p
}

func mustLoad(t *testing.T, props map[string]string, environ ...string) *Config {
	t.Helper()
	c, _, err := LoadConfig(props, environ)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestConfigDefaults(t *testing.T) {
	c := mustLoad(t, minimal())
	if c.GroupID != "cluster" || len(c.Listeners) != 1 || c.Listeners[0] != "http://:8083" || c.AdvertisedPort != 0 || c.OverridePolicy != "All" {
		t.Errorf("got %+v", c)
	}
	if c.TaskShutdownTimeout != 5*time.Second || c.OffsetFlushInterval != time.Minute || c.OffsetFlushTimeout != 5*time.Second || c.APITimeout != time.Minute {
		t.Errorf("times %s %s %s %s", c.TaskShutdownTimeout, c.OffsetFlushInterval, c.OffsetFlushTimeout, c.APITimeout)
	}
	if !c.TopicTracking || !c.TopicTrackingReset {
		t.Error("topic tracking is off")
	}
	for topic, want := range map[string][2]int{configStoragePrefix: {0, 3}, offsetStoragePrefix: {25, 3}, statusStoragePrefix: {5, 3}} {
		got := c.internalTopic(configTopic, topic)
		if int(got.Partitions) != want[0] || int(got.ReplicationFactor) != want[1] {
			t.Errorf("%s: %d partitions, replication factor %d", topic, got.Partitions, got.ReplicationFactor)
		}
	}
}

func TestTheFileOfThisRepositoryIsValid(t *testing.T) {
	f, err := os.Open("../configs/worker.properties")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	props, err := properties.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	c, notices, err := LoadConfig(props, nil)
	if err != nil || len(notices) > 0 {
		t.Fatalf("%v, notices %v", err, notices)
	}
	if got := c.consumerProperties(connect.TaskID{Connector: "x"}, nil)["isolation.level"]; got != "read_committed" {
		t.Errorf("isolation.level of a task's consumer is %q", got)
	}
}

// Java's own sample, as many workers run with it, without its comments.
func TestJavasSampleFileIsAccepted(t *testing.T) {
	_, notices, err := LoadConfig(map[string]string{
		"bootstrap.servers": "localhost:9092", "group.id": "connect-cluster",
		"key.converter": "org.apache.kafka.connect.json.JsonConverter", "value.converter": "org.apache.kafka.connect.json.JsonConverter",
		"key.converter.schemas.enable": "true", "value.converter.schemas.enable": "true",
		"offset.storage.topic": "connect-offsets", "offset.storage.replication.factor": "1",
		"config.storage.topic": "connect-configs", "config.storage.replication.factor": "1",
		"status.storage.topic": "connect-status", "status.storage.replication.factor": "1",
		"offset.flush.interval.ms": "10000",
		"plugin.path":              "/usr/local/share/java",
		"plugin.discovery":         "hybrid_warn", "metric.reporters": "a.B",
		"internal.key.converter": "x", "internal.key.converter.schemas.enable": "false",
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var levels []string
	for _, n := range notices {
		levels = append(levels, n.Level.String()+" "+strings.SplitN(n.Text, " ", 2)[0])
	}
	want := "WARN internal.key.converter, WARN internal.key.converter.schemas.enable, INFO plugin.path, DEBUG settings"
	if got := strings.Join(levels, ", "); got != want {
		t.Errorf("notices %s, want %s", got, want)
	}
}

func TestUnknownPropertiesGiveOneWarning(t *testing.T) {
	_, notices, err := LoadConfig(minimal("max.poll.records", "5", "colour", "red"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(notices) != 1 || notices[0].Level != slog.LevelWarn || !strings.Contains(notices[0].Text, "colour, max.poll.records") || !strings.Contains(notices[0].Text, `"consumer."`) {
		t.Errorf("notices %v", notices)
	}
	_, notices, err = LoadConfig(minimal("consumer.colour", "red"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(notices) != 1 || !strings.Contains(notices[0].Text, "colour") {
		t.Errorf("notices %v", notices)
	}
}

func TestBadWorkerSettings(t *testing.T) {
	for _, tc := range []struct{ name, key, value, want string }{
		{"no number", "offset.flush.interval.ms", "soon", "Invalid value soon for configuration offset.flush.interval.ms: Not a number of type LONG"},
		{"too small", "task.shutdown.graceful.timeout.ms", "-1", "Invalid value -1 for configuration task.shutdown.graceful.timeout.ms: Value must be at least 0"},
		{"no replicas", "status.storage.replication.factor", "0", "Invalid value 0 for configuration status.storage.replication.factor: Value must be positive, or -1"},
		{"blank topic", "config.storage.topic", " ", "for configuration config.storage.topic"},
		{"no boolean", "topic.tracking.enable", "yes", "Invalid value yes for configuration topic.tracking.enable: Expected value to be either true or false"},
		{"a policy of another class", "connector.client.config.override.policy", "com.acme.Policy", "connector.client.config.override.policy"},
		{"a protocol that is not known", "connect.protocol", "quantum", "connect.protocol"},
		{"no listener", "listeners", "", "listeners"},
		{"a listener of another protocol", "listeners", "ftp://:21", "Listener protocol must be either \"http\" or \"https\"."},
		{"a bad header rule", "response.http.headers.config", "put A:b", "Invalid header config action: 'put'. Expected one of [set, add, setDate, addDate]"},
		{"client auth", "ssl.client.auth", "Required", "Invalid value Required for configuration ssl.client.auth: String must be one of: required, requested, none"},
		{"a listener without scheme", "listeners", ":8083", "Invalid value [:8083] for configuration listeners: Listener doesn't have the right format (protocol://hostname:port)."},
		{"a broker without port", "bootstrap.servers", "kafka", "bootstrap.servers"},
		{"a consumer setting", "consumer.max.poll.records", "0", "Invalid value 0 for configuration consumer.max.poll.records"},
		// what is not built
		{"another protocol to Kafka", "security.protocol", "TLS", "Invalid value TLS for configuration security.protocol"},
		{"another protocol of consumers", "consumer.security.protocol", "TLS", "Invalid value TLS for configuration consumer.security.protocol"},
		{"Kerberos", "security.protocol", "SASL_SSL", "Invalid value GSSAPI for configuration sasl.mechanism: Kerberos is not supported"},
		{"Kerberos of consumers", "consumer.security.protocol", "SASL_SSL", "Invalid value GSSAPI for configuration consumer.sasl.mechanism"},
		{"extensions", "rest.extension.classes", "com.acme.Auth", "rest.extension.classes"},
		{"a config provider without class", "config.providers", "file", "config.providers.file.class"},
		{"exactly once", "exactly.once.source.support", "enabled", "exactly.once.source.support"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, _, err := LoadConfig(minimal(tc.key, tc.value), nil)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Fatalf("error %v, want one with %q", err, tc.want)
			}
			if strings.Contains(err.Error(), "hush") {
				t.Errorf("the error tells a secret: %v", err)
			}
		})
	}
	_, _, err := LoadConfig(map[string]string{"offset.flush.interval.ms": "x"}, nil)
	for _, want := range []string{`Missing required configuration "group.id" which has no default value.`, "config.storage.topic", "value.converter", "offset.flush.interval.ms"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not name %s: all that is wrong is to be told at once", err, want)
		}
	}
}

func TestHarmlessSecuritySettingsPass(t *testing.T) {
	mustLoad(t, minimal("security.protocol", "PLAINTEXT", "admin.listeners", "", "rest.extension.classes", " ",
		"exactly.once.source.support", "DISABLED", "ssl.client.auth", "none", "ssl.protocol", "TLSv1.3"))
}

func TestEnvironmentWins(t *testing.T) {
	c := mustLoad(t, minimal("group.id", "file"),
		"CONNECT_GROUP_ID=env", "CONNECT_BOOTSTRAP_SERVERS=k1:9092,k2:9092", "CONNECT_OFFSET_FLUSH_INTERVAL_MS=1500", "PATH=/bin", "CONNECT_=x", "CONNECTED=1",
		"CONNECT_CONSUMER_MAX_POLL_RECORDS=7")
	if c.GroupID != "env" || c.OffsetFlushInterval != 1500*time.Millisecond {
		t.Errorf("group.id %s, interval %s", c.GroupID, c.OffsetFlushInterval)
	}
	p := c.consumerProperties(connect.TaskID{Connector: "x"}, nil)
	if p["bootstrap.servers"] != "k1:9092,k2:9092" || p["max.poll.records"] != "7" {
		t.Errorf("consumer %v", p)
	}
}

func TestVariableNames(t *testing.T) {
	for name, want := range map[string]string{
		"BOOTSTRAP_SERVERS":       "bootstrap.servers",
		"A__B":                    "a_b",
		"A___B_C":                 "a-b.c",
		"A____B":                  "a-.b",
		"VALUE_CONVERTER_X__Y___": "value.converter.x_y-",
	} {
		if got := propertyName(name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}

func TestClientSettingsInLayers(t *testing.T) {
	c := mustLoad(t, minimal(
		"bootstrap.servers", "w:9092", "request.timeout.ms", "1234", "session.timeout.ms", "11111", "client.id", "",
		"consumer.max.poll.records", "10", "consumer.fetch.min.bytes", "5", "consumer.session.timeout.ms", "20000",
	))
	id := connect.TaskID{Connector: "orders", Task: 3}
	got := c.consumerProperties(id, map[string]string{"consumer.override.max.poll.records": "20", "consumer.override.group.id": "own", "topics": "a"})
	want := kafka.Properties{
		"bootstrap.servers": "w:9092", "group.id": "own", "client.id": "connector-consumer-orders-3",
		"auto.offset.reset": "earliest", "enable.auto.commit": "false",
		"max.poll.records": "20", "fetch.min.bytes": "5", "session.timeout.ms": "20000",
		"group.instance.id": "connect-orders-721364b6-3", // another id would leave the old one's place empty after an upgrade
	}
	if !maps.Equal(got, want) {
		t.Errorf("task consumer:\n got %v\nwant %v", got, want)
	}
	if got := c.consumerProperties(id, nil)["group.id"]; got != "connect-orders" {
		t.Errorf("group.id %s, want connect-orders", got)
	}

	reader := c.internalReader(configTopic)
	wantReader := kafka.Properties{
		"bootstrap.servers": "w:9092", "client.id": "cluster-configs", "request.timeout.ms": "1234",
		"auto.offset.reset": "earliest", "enable.auto.commit": "false",
	}
	if !maps.Equal(reader, wantReader) {
		t.Errorf("internal reader:\n got %v\nwant %v", reader, wantReader)
	}
	if p := c.internalProducer(configTopic); p["acks"] != "all" || p["max.in.flight.requests.per.connection"] != "1" || p["delivery.timeout.ms"] != "2147483647" {
		t.Errorf("internal producer %v", p)
	}
	if p := c.internalProducer(statusTopic); p["retries"] != "0" || p["client.id"] != "cluster-statuses" {
		t.Errorf("producer of statuses %v", p)
	}
	named := mustLoad(t, minimal("client.id", "w1"))
	if got := named.internalAdmin()["client.id"]; got != "cluster-w1-shared-admin" {
		t.Errorf("client.id %s", got)
	}
}

func TestInternalTopicSettings(t *testing.T) {
	c := mustLoad(t, minimal("status.storage.retention.ms", "-1", "status.storage.cleanup.policy", "delete", "status.storage.partitions", "7", "status.storage.replication.factor", "-1"))
	got := c.internalTopic(statusTopic, statusStoragePrefix)
	if got.Name != "s" || got.Partitions != 7 || got.ReplicationFactor != -1 || !maps.Equal(got.Configs, map[string]string{"retention.ms": "-1"}) {
		t.Errorf("got %+v", got)
	}
}

func TestConverterSettingsAreNeverMixed(t *testing.T) {
	c := mustLoad(t, minimal("value.converter", "W", "value.converter.a", "worker", "value.converter.b", "worker"))
	for _, tc := range []struct {
		name      string
		connector map[string]string
		class     string
		props     map[string]string
	}{
		{"the worker's", nil, "W", map[string]string{"a": "worker", "b": "worker"}},
		{"the worker's, with the connector's settings ignored", map[string]string{"value.converter.a": "connector"}, "W", map[string]string{"a": "worker", "b": "worker"}},
		{"the connector's", map[string]string{"value.converter": "C", "value.converter.a": "connector"}, "C", map[string]string{"a": "connector"}},
		{"the connector's, be it the same class", map[string]string{"value.converter": "W"}, "W", map[string]string{}},
	} {
		if got := c.converter(ValueConverterConfig, tc.connector); got.class != tc.class || !maps.Equal(got.props, tc.props) {
			t.Errorf("%s: got %s %v", tc.name, got.class, got.props)
		}
	}
	if got := c.converter(HeaderConverterConfig, nil).class; got != "org.apache.kafka.connect.storage.SimpleHeaderConverter" {
		t.Errorf("header converter %s", got)
	}
}

// Every definition has what the reference page needs.
func TestDefinitionsAreComplete(t *testing.T) {
	for _, k := range ConfigDef().Keys() {
		if k.Doc == "" || !strings.HasSuffix(k.Doc, ".") || k.Importance == "" {
			t.Errorf("%s lacks documentation", k.Name)
		}
	}
}
