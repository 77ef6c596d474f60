package distributed_test

import (
	"encoding/json"
	"os"
	"slices"
	"testing"

	"sluice/connect/avro"
	"sluice/internal/distributed"
	"sluice/sinks/dynamodb"
)

// The binary brings what Kafka Connect 3.9.2 brings, but for the source connector, and Confluent's AvroConverter and the DynamoDB sink.
func TestPluginsAreThoseOfKafkaConnect(t *testing.T) {
	type entry struct{ Class, Type, Version string }
	data, err := os.ReadFile("testdata/connector-plugins-all.json")
	if err != nil {
		t.Fatal(err)
	}
	var want, got []entry
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	want = slices.DeleteFunc(want, func(e entry) bool { return e.Type == "source" })
	plugins, err := distributed.Plugins(dynamodb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ours := 0
	for _, p := range plugins.All() {
		if p.Class == dynamodb.Plugin(dynamodb.Options{}).Class || p.Class == avro.Class {
			ours++
			continue
		}
		got = append(got, entry{p.Class, string(p.Type), p.Version})
	}
	if !slices.Equal(got, want) || ours != 2 {
		t.Errorf("got %v and %d others, want %v and the DynamoDB sink and the Avro converter", got, ours, want)
	}
}
