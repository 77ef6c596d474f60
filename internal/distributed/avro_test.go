package distributed

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	embedded "sluice/internal/embedded/kafka"
)

// Avro from a topic reaches a sink, with the settings that a connector has in Java.
func TestAvroFromTopicToSink(t *testing.T) {
	registry := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "kim" || password != "s3cret" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		io.WriteString(w, `{"subject":"notes-value","version":3,"id":258,"schema":"{\"type\":\"record\",\"name\":\"Note\",\"fields\":[{\"name\":\"text\",\"type\":\"string\"},{\"name\":\"n\",\"type\":[\"null\",\"long\"]}]}"}`)
	}))
	defer registry.Close()
	broker, err := embedded.New(embedded.Options{Addr: "127.0.0.1:0", AutoCreateTopics: true})
	must(t, err)
	must(t, broker.Start(t.Context()))
	defer broker.Close()
	o := propertiesOf(t, broker.Addr())
	client, err := kgo.NewClient(kgo.SeedBrokers(broker.Addr()), kgo.AllowAutoTopicCreation())
	must(t, err)
	defer client.Close()
	value := append([]byte{0, 0, 0, 1, 2, 10}, "hello"...)
	must(t, client.ProduceSync(t.Context(), &kgo.Record{Topic: "notes", Value: append(value, 2, 14)}).FirstErr())

	r := start(t, o, Run)
	out := filepath.Join(t.TempDir(), "notes.txt")
	body := `{"name":"notes","config":{"connector.class":"FileStreamSink","topics":"notes","file":"` + out + `",
		"key.converter":"org.apache.kafka.connect.storage.StringConverter","value.converter":"io.confluent.connect.avro.AvroConverter",
		"value.converter.schema.registry.url":"` + strings.Replace(registry.URL, "http://", "http://kim:s3cret@", 1) + `"}}`
	resp, err := http.Post(strings.TrimSuffix(r.url, "/")+"/connectors", "application/json", strings.NewReader(body))
	must(t, err)
	answer, _ := io.ReadAll(resp.Body)
	resp.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	if resp.StatusCode != http.StatusCreated {
		t.Fatalf("got %d: %s", resp.StatusCode, answer)
	}
	const want = "Struct{text=hello,n=7}\n"
	deadline := time.Now().Add(20 * time.Second)
	for {
		got, _ := os.ReadFile(out)
		if string(got) == want {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("got %q in the file, want %q", got, want)
		}
		time.Sleep(20 * time.Millisecond) // the file is written by the sink, whose only event is the file
	}
	r.stop()
	must(t, r.ended(t))
}
