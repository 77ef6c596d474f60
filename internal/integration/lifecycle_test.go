package integration

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"sluice/internal/kafka"
)

var updateLifecycles = os.Getenv("SLUICE_TEST_UPDATE_LIFECYCLES") == "1" // write what Kafka Connect does

// Kafka Connect calls a task's methods in the order that worker/task/testdata/lifecycle has on record; what our tasks do is compared with it in
// worker/task.
func TestLifecyclesOfJava(t *testing.T) {
	brokers := sharedKafka(t)
	folder := filepath.Join(root, "worker", "task", "testdata", "lifecycle")
	scripts, err := filepath.Glob(filepath.Join(folder, "*.txt"))
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	url := startScriptedConnect(t, brokers, filepath.Join(folder, "ScriptedSink.java"))
	for _, file := range scripts {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := playLifecycle(t, brokers, rest{url}, string(b))
			if updateLifecycles {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if got != string(b) {
				t.Errorf("got\n%s\nwant\n%s", got, b)
			}
		})
	}
}

// startScriptedConnect starts a Java worker that has the scripted sink.
func startScriptedConnect(t *testing.T, brokers, source string) (url string) {
	t.Helper()
	javac, err := exec.LookPath("javac")
	if err != nil {
		t.Skip("javac (a JDK) is not in PATH")
	}
	ctx, cancel := context.WithTimeout(t.Context(), startDeadline)
	defer cancel()
	jars := mustFind(t, func() (string, error) { return javaConnect.fetch(ctx) })
	plugins := filepath.Join(t.TempDir(), "plugins", "scripted")
	if err := commandOutput(ctx, ".", javac, "-nowarn", "-cp", filepath.Join(jars, "*"), "-d", plugins, source); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(ctx, "jar", "cf", filepath.Join(plugins, "scripted.jar"), "-C", plugins, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	config := newWorkerConfig(t, brokers, map[string]string{
		"key.converter": "org.apache.kafka.connect.storage.StringConverter", "value.converter": "org.apache.kafka.connect.storage.StringConverter",
		"plugin.path": filepath.Dir(plugins), "offset.flush.interval.ms": "60000", "status.storage.topic": "lifecycle-status", "status.storage.partitions": "1",
	})
	p, err := startJavaConnect(ctx, config.file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	return awaitWorker(t, p, config.url).url
}

// lifecycle is one connector with one task while it goes through a script.
type lifecycle struct {
	t       *testing.T
	rest    rest
	brokers string
	name    string
	config  map[string]string
	events  string // the file that the task writes
	seen    int    // lines of it
	at      string // committed offsets, as last seen

	mu       sync.Mutex
	statuses []string
	changed  time.Time
}

// playLifecycle does what the lines that begin with ">" say and returns them, each followed by what happened.
func playLifecycle(t *testing.T, brokers string, r rest, script string) string {
	t.Helper()
	name := uniqueName("life")
	l := &lifecycle{t: t, rest: r, brokers: brokers, name: name, events: filepath.Join(t.TempDir(), "events.txt")}
	l.config = map[string]string{
		"connector.class": "ScriptedSink", "tasks.max": "1", "topics": name, "events": l.events,
		"errors.log.enable": "true",
	}
	mustCreateTopic(t, brokers, name, 2)
	l.followStatuses()
	var other *secondMember
	defer func() {
		if other != nil {
			other.leave()
		}
		_, _, _ = r.try("DELETE", "/connectors/"+name, "")
	}()
	var out strings.Builder
	for line := range strings.Lines(script) {
		line = strings.TrimSuffix(line, "\n")
		step, is := strings.CutPrefix(line, "> ")
		switch {
		case strings.HasPrefix(line, "#"), line == "":
			out.WriteString(line + "\n")
			continue
		case !is:
			continue // what was recorded
		}
		words := strings.Fields(step)
		switch words[0] {
		case "set":
			key, value, _ := strings.Cut(words[1], "=")
			l.config[key] = value
		case "start":
			r.create(t, mustJSON(t, map[string]any{"name": name, "config": l.config}))
		case "start-paused":
			r.create(t, mustJSON(t, map[string]any{"name": name, "config": l.config, "initial_state": "PAUSED"}))
		case "produce":
			l.produce(words[1], words[2:])
		case "pause", "resume", "stop":
			l.ask("PUT", "/"+words[0])
		case "restart":
			l.ask("POST", "/tasks/0/restart")
		case "delete":
			l.ask("DELETE", "")
		case "join":
			other = joinGroup(t, brokers, name, l.config["consumer.override.partition.assignment.strategy"])
		case "leave":
			other.leave()
			other = nil
		default:
			t.Fatalf("unknown step %q", step)
		}
		out.WriteString(line + "\n")
		if words[0] != "set" {
			for _, event := range l.settled() {
				out.WriteString(event + "\n")
			}
		}
	}
	return out.String()
}

func (l *lifecycle) ask(method, path string) {
	l.t.Helper()
	if status, answer := l.rest.settled(l.t, method, "/connectors/"+l.name+path, ""); status >= 300 {
		l.t.Fatalf("%s %s: %d %s", method, path, status, answer)
	}
}

func (l *lifecycle) produce(partition string, values []string) {
	n, err := strconv.Atoi(partition)
	if err != nil {
		l.t.Fatal(err)
	}
	var records []record
	for _, v := range values {
		records = append(records, record{partition: int32(n), value: []byte(v)})
	}
	produce(l.t, l.brokers, l.name, records...)
}

// followStatuses remembers the states that are written for the task.
func (l *lifecycle) followStatuses() {
	client := mustClient(l.t, l.brokers)
	consumer, err := sarama.NewConsumerFromClient(client)
	if err != nil {
		l.t.Fatal(err)
	}
	messages, err := consumer.ConsumePartition("lifecycle-status", 0, sarama.OffsetNewest)
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { _ = messages.Close(); _ = consumer.Close() })
	go func() {
		for m := range messages.Messages() {
			if string(m.Key) != "status-task-"+l.name+"-0" {
				continue
			}
			var s struct {
				State string `json:"state"`
			}
			if m.Value == nil {
				s.State = "none"
			} else if err := json.Unmarshal(m.Value, &s); err != nil {
				s.State = err.Error()
			}
			l.mu.Lock()
			l.changed = time.Now()
			if status := "status " + s.State; m.Value != nil || len(l.statuses) == 0 || l.statuses[len(l.statuses)-1] != status {
				l.statuses = append(l.statuses, status) // Kafka Connect takes a status away once or twice, as it comes
			}
			l.mu.Unlock()
		}
	}()
}

// quiet is how long nothing must have happened for a step to be over.
const quiet = 2500 * time.Millisecond

// settled waits until nothing happens any more, and returns what has: calls of the task, states, and where the group stands.
func (l *lifecycle) settled() (events []string) {
	l.mu.Lock()
	l.changed = time.Now()
	l.mu.Unlock()
	lines := l.seen
	for {
		time.Sleep(50 * time.Millisecond) // there is nothing to wait for but that nothing comes
		n := len(l.called())
		l.mu.Lock()
		if n != lines {
			lines, l.changed = n, time.Now()
		}
		over := time.Since(l.changed) > quiet
		l.mu.Unlock()
		if over {
			break
		}
	}
	events = l.called()[l.seen:]
	l.seen += len(events)
	l.mu.Lock()
	events = append(events, l.statuses...)
	l.statuses = nil
	l.mu.Unlock()
	if committed := l.committed(); committed != l.at {
		l.at = committed
		events = append(events, "committed "+committed)
	}
	return events
}

// called returns what the task has written down, which is nothing before it was started.
func (l *lifecycle) called() []string {
	b, err := os.ReadFile(l.events)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		l.t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")[:strings.Count(string(b), "\n")]
}

func (l *lifecycle) committed() string {
	answer, err := mustAdmin(l.t, l.brokers).ListConsumerGroupOffsets("connect-"+l.name, map[string][]int32{l.name: {0, 1}})
	if err != nil {
		l.t.Fatal(err)
	}
	at := map[int32]int64{}
	for p, block := range answer.Blocks[l.name] {
		if block.Offset >= 0 {
			at[p] = block.Offset
		}
	}
	var words []string
	for _, p := range slices.Sorted(maps.Keys(at)) {
		words = append(words, fmt.Sprintf("p%d=%d", p, at[p]))
	}
	return strings.Join(words, " ")
}

// secondMember takes partition 1 of the connector's two.
type secondMember struct {
	stop context.CancelFunc
	done chan struct{}
}

func joinGroup(t *testing.T, brokers, name, strategy string) *secondMember {
	t.Helper()
	p := kafka.Properties{
		"bootstrap.servers": brokers, "group.id": "connect-" + name, "client.id": "zz", // behind connector-consumer-…
		"partition.assignment.strategy": "org.apache.kafka.clients.consumer.RangeAssignor,org.apache.kafka.clients.consumer.CooperativeStickyAssignor",
	}
	if strategy != "" {
		p["partition.assignment.strategy"] = strategy
	}
	reader, err := kafka.NewGroupReader(kafka.GroupReaderConfig{Properties: p, Topics: []string{name}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	m := &secondMember{cancel, make(chan struct{})}
	go func() {
		defer close(m.done)
		for ctx.Err() == nil {
			_, _ = reader.Poll(ctx, time.Second)
		}
		closing, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = reader.Close(closing)
	}()
	return m
}

func (m *secondMember) leave() {
	m.stop()
	<-m.done
}
