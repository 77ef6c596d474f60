package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"
)

// While a connector moves from a Java worker to ours, tasks of both may be in its consumer group: Java's are dynamic members, ours static ones.
// They share the partitions, the Java task does not notice when our worker is killed and comes back, and nobody stays behind.
func TestJavaAndOurTasksShareAGroup(t *testing.T) {
	kafka, java := sharedKafka(t), sharedConnect(t)
	admin := mustAdmin(t, kafka)
	topic, name, dir := uniqueName("lines"), uniqueName("shared"), t.TempDir()
	theirFile, ourFile := filepath.Join(dir, "java.txt"), filepath.Join(dir, "ours.txt")
	mustCreateTopic(t, kafka, topic, 2)
	written := 0
	write := func() {
		t.Helper()
		var records []record
		for range 10 {
			records = append(records, record{partition: int32(written % 2), value: fmt.Appendf(nil, "line %d", written)})
			written++
		}
		produce(t, kafka, topic, records...)
	}
	text := func(file string) string {
		b, _ := os.ReadFile(file) // there is none before the first record
		return string(b)
	}
	awaitAll := func(what string, deadline time.Duration) {
		t.Helper()
		eventually(t, deadline, what, func() error {
			both := "\n" + text(theirFile) + text(ourFile)
			for i := range written {
				if !strings.Contains(both, fmt.Sprintf("\nline %d\n", i)) {
					return fmt.Errorf("line %d is missing", i)
				}
			}
			return nil
		})
	}
	group := func() *sarama.GroupDescription {
		t.Helper()
		groups, err := admin.DescribeConsumerGroups([]string{"connect-" + name})
		if err != nil {
			t.Fatal(err)
		}
		return groups[0]
	}
	awaitGroup := func(state string, members int) *sarama.GroupDescription {
		t.Helper()
		var g *sarama.GroupDescription
		eventually(t, 30*time.Second, fmt.Sprintf("a group of %d members", members), func() error {
			if g = group(); g.State != state || len(g.Members) != members {
				return fmt.Errorf("group %s with %d members", g.State, len(g.Members))
			}
			return nil
		})
		return g
	}

	(&worker{rest: java}).create(t, fileSink(t, name, topic, theirFile))
	write()
	awaitAll("the Java task reads", time.Minute)

	config := newWorkerConfig(t, kafka, map[string]string{
		"key.converter": "org.apache.kafka.connect.storage.StringConverter", "value.converter": "org.apache.kafka.connect.storage.StringConverter",
	})
	w := startWorker(t, config)
	w.create(t, fileSink(t, name, topic, ourFile))
	before := awaitGroup("Stable", 2)
	write()
	awaitAll("both read", time.Minute)
	if text(ourFile) == "" {
		t.Error("our task has read nothing, want the records of one partition")
	}

	w.kill()
	w = startWorker(t, config)
	write()
	awaitAll("both read on at once", 5*time.Second)
	after := awaitGroup("Stable", 2)
	for id, member := range before.Members {
		if _, there := after.Members[id]; there == (member.GroupInstanceId != nil) {
			t.Errorf("member %s, static %v: there after the kill %v, want the Java one alone to be the same", id, member.GroupInstanceId != nil, there)
		}
	}

	java.must(t, "DELETE", "/connectors/"+name, "")
	awaitGroup("Stable", 1)
	theirs := text(theirFile)
	write()
	awaitAll("our task has all partitions", 30*time.Second)
	if text(theirFile) != theirs {
		t.Error("the Java task reads on after its connector was deleted")
	}
	if status, answer := w.call(t, "DELETE", "/connectors/"+name, ""); status != 204 {
		t.Fatalf("delete: %d %s", status, answer)
	}
	awaitGroup("Empty", 0)
	stopCleanly(t, w.process)
}
