package distributed_test

import (
	"encoding/json"
	"os"
	"slices"
	"testing"

	"sluice/internal/distributed"
	"sluice/sinks/dynamodb"
)

// The binary brings what Kafka Connect 3.9.2 brings, but for the source connector, and the DynamoDB sink.
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
		if p.Class == dynamodb.Plugin(dynamodb.Options{}).Class {
			ours++
			continue
		}
		got = append(got, entry{p.Class, string(p.Type), p.Version})
	}
	if !slices.Equal(got, want) || ours != 1 {
		t.Errorf("got %v and the DynamoDB sink %d times, want %v and it once", got, ours, want)
	}
}
