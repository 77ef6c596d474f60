package integration

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"
)

const (
	smts         = "org.apache.kafka.connect.transforms."
	intConverter = "org.apache.kafka.connect.converters.IntegerConverter"
)

// poisonCases are connectors that read the same records. What is set comes on top of a tolerant connector with everything turned on.
var poisonCases = []struct {
	name string
	set  map[string]string
}{
	{"converters", map[string]string{"value.converter.schemas.enable": "true"}},
	{"keys", map[string]string{"key.converter": intConverter}},
	{"headers", map[string]string{"header.converter": intConverter}},
	{"no-context", map[string]string{"key.converter": intConverter, "errors.deadletterqueue.context.headers.enable": "false"}},
	{"intolerant", map[string]string{"errors.tolerance": "none"}},
	{"chain", map[string]string{
		"transforms": "at,route,cast", "predicates": "gone,named",
		"transforms.at.type": smts + "InsertField$Value", "transforms.at.offset.field": "at", "transforms.at.predicate": "gone", "transforms.at.negate": "true",
		"transforms.route.type": smts + "RegexRouter", "transforms.route.regex": "(.*)", "transforms.route.replacement": "$1-routed",
		"transforms.cast.type": smts + "Cast$Value", "transforms.cast.spec": "n:int8,at:string", "transforms.cast.predicate": "named",
		"predicates.gone.type": smts + "predicates.RecordIsTombstone", "predicates.named.type": smts + "predicates.TopicNameMatches", "predicates.named.pattern": ".*-routed",
	}},
	{"masked", map[string]string{"transforms": "m", "transforms.m.type": smts + "MaskField$Value", "transforms.m.fields": "n", "transforms.m.replacement": "x"}},
	{"keyed", map[string]string{"transforms": "k", "transforms.k.type": smts + "ValueToKey", "transforms.k.fields": "n"}},
	{"group", map[string]string{"transforms": "r", "transforms.r.type": smts + "RegexRouter", "transforms.r.regex": "(.*)", "transforms.r.replacement": "$2"}},
	{"format", map[string]string{"transforms": "f", "transforms.f.type": smts + "TimestampRouter", "transforms.f.timestamp.format": "QQ"}},
	{"filtered", map[string]string{"transforms": "f", "transforms.f.type": smts + "Filter", "transforms.f.predicate": "h", "predicates": "h",
		"predicates.h.type": smts + "predicates.HasHeaderKey", "predicates.h.name": "n"}},
}

// poisonRecords are good and bad in turn.
func poisonRecords(topic string) (all []*sarama.ProducerMessage) {
	for i, r := range []struct{ key, value, header string }{
		{"\x00\x00\x00\x01", `{"n":1}`, "\x00\x00\x00\x05"},
		{"key", `{"n":300.7,"s":"x"}`, "text"},
		{"\x00\x00\x00\x02", "not json", ""},
		{"", `{"n":"abc"}`, ""},
		{"key", `[1,2]`, "text"},
		{"\x00\x00\x00\x03", "", ""},
		{"\x00\x00\x00\x04", `{"schema":{"type":"struct","fields":[{"field":"n","type":"int32"}]},"payload":{"n":7}}`, ""},
		{"\x00\x00\x00\x04", `{"schema":{"type":"struct","fields":[{"field":"n","type":"int32"}]},"payload":{"n":null}}`, ""},
		{"\x00\x00\x00\x05", `"just text"`, ""},
	} {
		m := &sarama.ProducerMessage{Topic: topic, Timestamp: time.UnixMilli(1795424107372 + int64(i)), Partition: 0}
		if r.key != "" {
			m.Key = sarama.StringEncoder(r.key)
		}
		if r.value != "" {
			m.Value = sarama.StringEncoder(r.value)
		}
		if r.header != "" {
			m.Headers = []sarama.RecordHeader{{Key: []byte("n"), Value: []byte(r.header)}}
		}
		all = append(all, m)
	}
	return all
}

// Java's worker and ours read the same bad records with the same connectors and leave the same behind: records in the dead letter queue with all
// headers but the frames of the stack trace, lines in the file, committed offsets and states.
func TestBadRecordsAsInJava(t *testing.T) {
	kafka := sharedKafka(t)
	admin, topic := mustAdmin(t, kafka), uniqueName("poison")
	mustCreateTopic(t, kafka, topic, 1)
	config := clientConfig()
	config.Producer.Partitioner = sarama.NewManualPartitioner
	config.Producer.Retry.Max, config.Producer.Retry.Backoff = 100, 200*time.Millisecond // the topic is a new one
	producer, err := sarama.NewSyncProducer([]string{kafka}, config)
	if err != nil {
		t.Fatal(err)
	}
	defer producer.Close()
	messages := poisonRecords(topic)
	for _, m := range messages {
		if _, _, err := producer.SendMessage(m); err != nil {
			t.Fatal(err)
		}
	}

	java, ours := sharedConnect(t), startWorker(t, newWorkerConfig(t, kafka, nil)).rest
	dir := t.TempDir()
	left := map[string]map[string]string{}
	for side, worker := range map[string]rest{"java": java, "ours": ours} {
		left[side] = map[string]string{}
		for _, c := range poisonCases {
			name := topic + "-" + c.name + "-" + side
			settings := map[string]string{
				"connector.class": "org.apache.kafka.connect.file.FileStreamSinkConnector", "topics": topic, "file": filepath.Join(dir, name),
				"key.converter":   "org.apache.kafka.connect.storage.StringConverter",
				"value.converter": "org.apache.kafka.connect.json.JsonConverter", "value.converter.schemas.enable": "false",
				"errors.tolerance": "all", "errors.log.enable": "true", "errors.log.include.messages": "true",
				"errors.deadletterqueue.topic.name": "dlq-" + name, "errors.deadletterqueue.topic.replication.factor": "1",
				"errors.deadletterqueue.context.headers.enable": "true", "consumer.override.max.poll.records": "100",
			}
			maps.Copy(settings, c.set)
			worker.create(t, mustJSON(t, map[string]any{"name": name, "config": settings}))
		}
		for _, c := range poisonCases {
			name := topic + "-" + c.name + "-" + side
			state := ""
			eventually(t, time.Minute, name+" has read all", func() error {
				s, err := worker.status(name)
				if err != nil || len(s.Tasks) != 1 {
					return fmt.Errorf("status %v, error %v", s, err)
				}
				if state = s.Tasks[0].State; state == "FAILED" {
					return nil
				}
				if n := len(readDeadLetters(t, kafka, "dlq-"+name)); n == 0 && c.name != "filtered" {
					return fmt.Errorf("%d records in the queue, state %s", n, state)
				}
				return nil
			})
			if state != "FAILED" { // Java commits once a minute, and when it is stopped
				worker.must(t, "PUT", "/connectors/"+name+"/stop", "")
				eventually(t, time.Minute, name+" has committed", func() error {
					if at := committed(t, admin, "connect-"+name, topic, 1)[0]; at != int64(len(messages)) {
						return fmt.Errorf("committed %d", at)
					}
					return nil
				})
			}
			text := []string{state, fmt.Sprint("committed ", committed(t, admin, "connect-"+name, topic, 1)[0])}
			text = append(text, readDeadLetters(t, kafka, "dlq-"+name)...)
			for _, line := range readLines(t, filepath.Join(dir, name)) {
				text = append(text, fieldsOf(line))
			}
			left[side][c.name] = strings.ReplaceAll(strings.Join(text, "\n"), name, topic+"-"+c.name)
			worker.must(t, "DELETE", "/connectors/"+name, "")
		}
	}
	for _, c := range poisonCases {
		t.Run(c.name, func(t *testing.T) {
			if got, want := left["ours"][c.name], left["java"][c.name]; got != want {
				t.Errorf("ours leaves\n%s\n\nJava leaves\n%s", got, want)
			}
		})
	}
}

// fieldsOf returns what is in the text of a map, sorted: Java's order is that of its hash tables, whose sizes differ from place to place.
func fieldsOf(line string) string {
	fields := strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune("{}[], ", r) })
	slices.Sort(fields)
	return strings.Join(fields, " ")
}

// readDeadLetters prints the records of a topic, without their offsets. Of a stack trace it is the first line: the others are Java's own.
func readDeadLetters(t *testing.T, kafka, topic string) (all []string) {
	t.Helper()
	client := mustClient(t, kafka)
	if topics, err := client.Topics(); err != nil || !slices.Contains(topics, topic) {
		return nil
	}
	end := endOffsets(t, client, topic)[0]
	if end == 0 {
		return nil
	}
	consumer, err := sarama.NewConsumerFromClient(client)
	if err != nil {
		t.Fatal(err)
	}
	defer consumer.Close()
	pc, err := consumer.ConsumePartition(topic, 0, sarama.OffsetOldest)
	if err != nil {
		t.Fatal(err)
	}
	defer pc.Close()
	deadline := time.After(time.Minute)
	for next := int64(0); next < end; next++ {
		select {
		case m := <-pc.Messages():
			text := fmt.Sprintf("%q: %q null=%v,%v at %d", m.Key, m.Value, m.Key == nil, m.Value == nil, m.Timestamp.UnixMilli())
			for _, h := range m.Headers {
				value := string(h.Value)
				if strings.HasSuffix(string(h.Key), ".stacktrace") {
					value, _, _ = strings.Cut(value, "\n")
				}
				text += fmt.Sprintf("\n  %s=%q null=%v", h.Key, value, h.Value == nil)
			}
			all = append(all, text)
		case <-deadline:
			t.Fatalf("read %s: at %d of %d after a minute", topic, next, end)
		}
	}
	return all
}
