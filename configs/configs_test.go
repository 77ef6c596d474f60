package configs_test

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"testing"

	"github.com/magiconair/properties"

	"sluice/configs"
)

// sink is the connector as its users of Java Connect have it. Its booleans and its number are not quoted, which is
// part of what the worker must take.
const sink = `{"name":"transactions-sink","config":{"connector.class":"org.apache.camel.kafkaconnector.awsddbsink.CamelAwsddbsinkSinkConnector","tasks.max":"2",
"key.converter":"org.apache.kafka.connect.json.JsonConverter","key.converter.schemas.enable":false,
"value.converter":"org.apache.kafka.connect.json.JsonConverter","value.converter.schemas.enable":false,"topics":"flagged-transactions",
"camel.kamelet.aws-ddb-sink.table":"flagged-transactions","camel.kamelet.aws-ddb-sink.region":"ap-southeast-2","camel.kamelet.aws-ddb-sink.operation":"PutItem",
"camel.kamelet.aws-ddb-sink.writeCapacity":1,"camel.kamelet.aws-ddb-sink.useDefaultCredentialsProvider":true,"camel.sink.unmarshal":"jackson"}}`

const table = `{"TableName":"flagged-transactions",
"AttributeDefinitions":[{"AttributeName":"transaction_id","AttributeType":"S"},{"AttributeName":"account_id","AttributeType":"N"},{"AttributeName":"transaction_date","AttributeType":"S"}],
"KeySchema":[{"AttributeName":"transaction_id","KeyType":"HASH"},{"AttributeName":"transaction_date","KeyType":"RANGE"}],
"ProvisionedThroughput":{"ReadCapacityUnits":2,"WriteCapacityUnits":2},
"GlobalSecondaryIndexes":[{"IndexName":"account","KeySchema":[{"AttributeName":"account_id","KeyType":"HASH"},{"AttributeName":"transaction_date","KeyType":"RANGE"}],
"Projection":{"ProjectionType":"ALL"},"ProvisionedThroughput":{"ReadCapacityUnits":2,"WriteCapacityUnits":2}}]}`

const application = `[
{"PropertyGroupId":"consumer.config.0","PropertyMap":{"table.name":"flagged_accounts","topic.name":"flagged-accounts","bootstrap.servers":"localhost:9092","startup.mode":"earliest-offset"}},
{"PropertyGroupId":"consumer.config.1","PropertyMap":{"table.name":"transactions","topic.name":"transactions","bootstrap.servers":"localhost:9092","startup.mode":"earliest-offset"}},
{"PropertyGroupId":"producer.config.0","PropertyMap":{"table.name":"flagged_transactions","topic.name":"flagged-transactions","bootstrap.servers":"localhost:9092"}}]`

func TestJSONFiles(t *testing.T) {
	for file, want := range map[string]string{"sink.json": sink, "ddb.json": table, "application_properties.json": application} {
		t.Run(file, func(t *testing.T) {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := mustDecode(t, b), mustDecode(t, []byte(want)); !reflect.DeepEqual(got, want) {
				t.Errorf("%s holds\n%v\nwant\n%v", file, got, want)
			}
			if bytes.Count(b, []byte("\n")) < 10 {
				t.Errorf("%s is not pretty-printed", file)
			}
		})
	}
}

func TestWorkerProperties(t *testing.T) {
	b, err := os.ReadFile("worker.properties")
	if err != nil {
		t.Fatal(err)
	}
	loader := properties.Loader{Encoding: properties.ISO_8859_1, DisableExpansion: true}
	p, err := loader.LoadBytes(b)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"bootstrap.servers":                 "localhost:9092",
		"group.id":                          "connect-cluster",
		"config.storage.topic":              "connect-configs",
		"config.storage.replication.factor": "1",
		"offset.storage.topic":              "connect-offsets",
		"offset.storage.partitions":         "25",
		"offset.storage.replication.factor": "1",
		"status.storage.topic":              "connect-status",
		"status.storage.partitions":         "5",
		"status.storage.replication.factor": "1",
		"key.converter":                     "org.apache.kafka.connect.json.JsonConverter",
		"key.converter.schemas.enable":      "false",
		"value.converter":                   "org.apache.kafka.connect.json.JsonConverter",
		"value.converter.schemas.enable":    "false",
		"offset.flush.interval.ms":          "10000",
		"consumer.isolation.level":          "read_committed",
		"listeners":                         "http://:8083",
	}
	if got := p.Map(); !reflect.DeepEqual(got, want) {
		t.Errorf("worker.properties holds\n%v\nwant\n%v", got, want)
	}
	if !bytes.Contains(b, []byte("\n#plugin.path=")) {
		t.Error("worker.properties does not show plugin.path commented out")
	}
}

func TestFilesAreEmbedded(t *testing.T) {
	for _, file := range []string{"sink.json", "ddb.json", "application_properties.json", "worker.properties"} {
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		got, err := configs.Files.ReadFile(file)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("the copy of %s in the binary differs from the file (error %v)", file, err)
		}
	}
}

// mustDecode keeps numbers as they are written, and numbers apart from texts.
func mustDecode(t *testing.T, b []byte) any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}
