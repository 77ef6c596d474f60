package distributed

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dlclark/regexp2"
	"github.com/twmb/franz-go/pkg/kgo"

	embedded "sluice/internal/embedded/kafka"
)

// A regular expression that would take for ever is cut, and its record is a bad one like others: it goes to the dead letter queue with the class
// of the transform, and the records that do not trouble the expression go on to the sink.
func TestARegularExpressionThatExplodes(t *testing.T) {
	defer regexp2.StopTimeoutClock() // the engine's goroutine, which ends a while after the last match
	broker, err := embedded.New(embedded.Options{Addr: "127.0.0.1:0", AutoCreateTopics: true})
	must(t, err)
	must(t, broker.Start(t.Context()))
	defer broker.Close()
	o := propertiesOf(t, broker.Addr())
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	long := strings.Repeat("a", 60) + "-x"
	client, err := kgo.NewClient(kgo.SeedBrokers(broker.Addr()), kgo.AllowAutoTopicCreation(), kgo.ConsumeTopics("dead"))
	must(t, err)
	defer client.Close()
	must(t, client.ProduceSync(ctx, &kgo.Record{Topic: long, Value: []byte("bad")}, &kgo.Record{Topic: "short", Value: []byte("good")},
		&kgo.Record{Topic: "dead", Value: []byte("the topic is there")}).FirstErr())

	r := start(t, o, Run)
	out := filepath.Join(t.TempDir(), "lines.txt")
	text := "org.apache.kafka.connect.storage.StringConverter"
	body := `{"name":"lines","config":{"connector.class":"FileStreamSink","topics":"` + long + `,short","file":"` + out + `",
		"key.converter":"` + text + `","value.converter":"` + text + `",
		"transforms":"r","transforms.r.type":"org.apache.kafka.connect.transforms.RegexRouter","transforms.r.regex":"(?!z)(a+)+b","transforms.r.replacement":"c",
		"errors.tolerance":"all","errors.deadletterqueue.topic.name":"dead","errors.deadletterqueue.context.headers.enable":"true"}}`
	resp, err := http.Post(strings.TrimSuffix(r.url, "/")+"/connectors", "application/json", strings.NewReader(body))
	must(t, err)
	answer, _ := io.ReadAll(resp.Body)
	resp.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	if resp.StatusCode != http.StatusCreated {
		t.Fatalf("got %d: %s", resp.StatusCode, answer)
	}
	var dead []*kgo.Record
	for len(dead) < 2 {
		fetches := client.PollFetches(ctx)
		must(t, fetches.Err0())
		dead = append(dead, fetches.Records()...)
	}
	headers := map[string]string{}
	for _, h := range dead[1].Headers {
		headers[strings.TrimPrefix(h.Key, "__connect.errors.")] = string(h.Value)
	}
	if string(dead[1].Value) != "bad" || headers["topic"] != long || headers["stage"] != "TRANSFORMATION" ||
		headers["class.name"] != "org.apache.kafka.connect.transforms.RegexRouter" ||
		headers["exception.class.name"] != "org.apache.kafka.connect.errors.DataException" || !strings.Contains(headers["exception.message"], "(?!z)(a+)+b") {
		t.Errorf("got value %q and headers %q", dead[1].Value, headers)
	}
	for {
		got, _ := os.ReadFile(out)
		if string(got) == "good\n" {
			break
		}
		select {
		case <-ctx.Done():
			t.Fatalf("got %q in the file", got)
		case <-time.After(20 * time.Millisecond): // the file is written by the sink, whose only event is the file
		}
	}
	r.stop()
	must(t, r.ended(t))
}
