package integration

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// deadLetterSink is a connector that takes JSON and sends all else to a dead letter queue.
func deadLetterSink(t *testing.T, name, topic, file string, set map[string]string) string {
	t.Helper()
	config := map[string]string{
		"connector.class": "org.apache.kafka.connect.file.FileStreamSinkConnector", "topics": topic, "file": file,
		"key.converter":   "org.apache.kafka.connect.storage.StringConverter",
		"value.converter": "org.apache.kafka.connect.json.JsonConverter", "value.converter.schemas.enable": "false",
		"errors.tolerance": "all", "errors.deadletterqueue.topic.name": "dlq-" + name, "errors.deadletterqueue.topic.replication.factor": "1",
		"errors.deadletterqueue.context.headers.enable": "true",
	}
	maps.Copy(config, set)
	return mustJSON(t, map[string]any{"name": name, "config": config})
}

// The queue is on a broker of its own, which is killed in the middle. The connector goes on with what is good, but commits nothing beyond what the queue
// has not got; then its worker is killed too. When both are back everything is where it belongs.
func TestTheBrokerOfTheDeadLetterQueueIsKilled(t *testing.T) {
	kafka := sharedKafka(t)
	own, err := newBroker()
	if err != nil {
		t.Fatal(err)
	}
	startOrSkip(t, own)
	admin, name := mustAdmin(t, kafka), uniqueName("away")
	mustCreateTopic(t, kafka, name, 2)
	file := filepath.Join(t.TempDir(), "lines")
	config := newWorkerConfig(t, kafka, nil)
	w := startWorker(t, config)
	w.create(t, deadLetterSink(t, name, name, file, map[string]string{
		"producer.override.bootstrap.servers": own.addr, "admin.override.bootstrap.servers": own.addr,
	}))
	w.awaitRunning(t, name, 1)

	var good, bad []string
	send := func(partition int32, values ...string) {
		t.Helper()
		var records []record
		for _, v := range values {
			records = append(records, record{partition: partition, value: []byte(v)})
			if strings.HasPrefix(v, "bad") {
				bad = append(bad, v)
			} else {
				good = append(good, v)
			}
		}
		produce(t, kafka, name, records...)
	}
	awaitCommitted := func(partition int32, want int64) {
		t.Helper()
		eventually(t, time.Minute, fmt.Sprintf("partition %d is committed", partition), func() error {
			if at := committed(t, admin, "connect-"+name, name, 2)[partition]; at != want {
				return fmt.Errorf("committed %d, want %d", at, want)
			}
			return nil
		})
	}
	send(0, "1", "bad-1", "2")
	awaitCommitted(0, 3)
	own.proc.kill()
	send(0, "3", "bad-2", "4", "bad-3", "5")
	awaitLines(t, file, len(good))
	awaitCommitted(0, 4) // what is good before the first bad one
	for n := range int64(3) {
		send(1, fmt.Sprint(100+n)) // commits of the other partition show that there were chances
		awaitCommitted(1, n+1)
	}
	if at := committed(t, admin, "connect-"+name, name, 2)[0]; at != 4 {
		t.Errorf("committed %d while the queue does not have the record at 4", at)
	}

	w.kill()
	if err := own.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(own.proc.kill)
	w = startWorker(t, config)
	awaitCommitted(0, 8)
	values := func() (all []string) {
		for _, r := range readPoison(t, own.addr, "dlq-"+name) {
			all = append(all, *r.Value)
		}
		return all
	}
	if got := slices.Compact(slices.Sorted(slices.Values(values()))); !slices.Equal(got, bad) {
		t.Errorf("the queue has %q, want %q", got, bad)
	}
	lines := readLines(t, file)
	slices.Sort(lines)
	slices.Sort(good)
	if got := slices.Compact(lines); !slices.Equal(got, good) {
		t.Errorf("the file has %q, want %q", got, good)
	}
	stopCleanly(t, w.process)
}

// A queue whose topic cannot be created fails the task, with the same reason as in Java.
func TestDeadLetterQueuesThatCannotBeMade(t *testing.T) {
	kafka := sharedKafka(t)
	topic := uniqueName("unmade")
	mustCreateTopic(t, kafka, topic, 1)
	java, ours := sharedConnect(t), startWorker(t, newWorkerConfig(t, kafka, nil)).rest
	for _, c := range []struct {
		name string
		set  map[string]string
	}{
		{"more-replicas-than-brokers", map[string]string{"errors.deadletterqueue.topic.replication.factor": "3"}},
		{"no-replicas", map[string]string{"errors.deadletterqueue.topic.replication.factor": "0"}},
		{"a-name-with-a-blank", map[string]string{"errors.deadletterqueue.topic.name": "dead letters"}},
		{"a-long-name", map[string]string{"errors.deadletterqueue.topic.name": strings.Repeat("a", 250)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			traces := map[string]string{}
			for side, worker := range map[string]rest{"java": java, "ours": ours} {
				name := topic + "-" + c.name
				worker.create(t, deadLetterSink(t, name, topic, filepath.Join(t.TempDir(), side), c.set))
				traces[side] = strings.Join(javaCauses(worker.awaitFailure(t, name, time.Minute)), "\n")
				worker.must(t, "DELETE", "/connectors/"+name, "")
			}
			if traces["ours"] != traces["java"] {
				t.Errorf("ours fails with\n%s\nJava with\n%s", traces["ours"], traces["java"])
			}
		})
	}
}
