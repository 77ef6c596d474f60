package kafka_test

import (
	"os"
	"strings"
	"testing"

	"github.com/magiconair/properties"

	"sluice/internal/kafka"
)

// The examples of the page can be used as they are: for the worker's own clients, and for consumers where they have settings for them.
func TestTheExamplesOfThePageAreAccepted(t *testing.T) {
	page, err := os.ReadFile("../../docs/kafka-clients.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := 0
	for i, block := range strings.Split(string(page), "```properties\n")[1:] {
		text, _, ended := strings.Cut(block, "```")
		if !ended {
			t.Fatalf("example %d has no end", i+1)
		}
		loader := properties.Loader{Encoding: properties.UTF8, DisableExpansion: true}
		p, err := loader.LoadBytes([]byte(text))
		if err != nil {
			t.Fatalf("example %d: %v", i+1, err)
		}
		own, consumer := kafka.Properties{"bootstrap.servers": "localhost:9092"}, kafka.Properties{"bootstrap.servers": "localhost:9092"}
		for key, value := range p.Map() {
			if name, is := strings.CutPrefix(key, "consumer."); is {
				consumer[name] = value
			} else {
				own[key] = value
			}
		}
		if own["security.protocol"] == "" && own["ssl.keystore.type"] != "" {
			own["security.protocol"] = "SSL" // a part of the example before
		}
		for _, props := range []kafka.Properties{own, consumer} {
			if warnings, err := kafka.CheckProperties(props, kafka.Consumer); err != nil || len(warnings) > 0 {
				t.Errorf("example %d: got %q, %v\n%s", i+1, warnings, err, text)
			}
		}
		examples++
	}
	if examples < 7 {
		t.Errorf("the page has %d examples", examples)
	}
}
