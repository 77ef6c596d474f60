package distributed_test

import (
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"sluice/connect"
	"sluice/connect/avro"
	"sluice/internal/distributed"
	"sluice/sinks/dynamodb"
)

// The binary brings what Kafka Connect 3.9.2 brings, but for the source connector, and Confluent's AvroConverter, the DynamoDB sink and the transforms of its package.
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
		if p.Class == dynamodb.Plugin(dynamodb.Options{}).Class || p.Class == dynamodb.ConfluentPlugin(dynamodb.Options{}).Class || p.Class == avro.Class || strings.HasPrefix(p.Class, "org.apache.camel.kafkaconnector.transforms.") {
			ours++
			continue
		}
		got = append(got, entry{p.Class, string(p.Type), p.Version})
	}
	if !slices.Equal(got, want) || ours != 9 {
		t.Errorf("got %v and %d others, want %v and the two names of the DynamoDB sink, the Avro converter and six transforms of Camel", got, ours, want)
	}
}

// The transforms of Camel get what they need of the converters.
func TestTransformsOfCamelWork(t *testing.T) {
	plugins, err := distributed.Plugins(dynamodb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := &connect.SinkRecord{ValueSchema: connect.StringSchema, Value: "é"}
	for _, step := range []struct {
		class    string
		settings map[string]string
		want     any
	}{
		{"SchemaAndStructToJsonTransform", map[string]string{"schemas.enable": "false"}, []byte(`"é"`)},
		{"CamelTypeConverterTransform$Value", map[string]string{"target.type": "java.lang.String"}, `"é"`},
	} {
		p, err := plugins.Find("org.apache.camel.kafkaconnector.transforms."+step.class, connect.TransformationPluginType)
		if err != nil {
			t.Fatal(err)
		}
		smt := p.NewTransform()
		if err := smt.Configure(step.settings); err != nil {
			t.Fatal(err)
		}
		if r, err = smt.Apply(r); err != nil || !reflect.DeepEqual(r.Value, step.want) {
			t.Fatalf("%s: got %v, %v, want %v", step.class, r.Value, err, step.want)
		}
	}
}
