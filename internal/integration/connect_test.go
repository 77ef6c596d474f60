package integration

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

var javaConnect = java{
	name: "connect-" + kafkaVersion,
	artifacts: []artifact{
		"org.apache.kafka:connect-runtime:" + kafkaVersion, "org.apache.kafka:connect-json:" + kafkaVersion,
		"org.apache.kafka:connect-transforms:" + kafkaVersion, "org.apache.kafka:connect-file:" + kafkaVersion, slf4j,
	},
	main: "org.apache.kafka.connect.cli.ConnectDistributed",
	heap: "512m",
}

// sharedConnect is the REST API of a Java worker that the tests share. There is no image to start it from.
func sharedConnect(t *testing.T) rest {
	t.Helper()
	needReal(t)
	return rest{mustFind(t, findConnect)}
}

var findConnect = sync.OnceValues(func() (string, error) {
	if url := os.Getenv("SLUICE_TEST_CONNECT"); url != "" {
		return url, nil
	}
	kafka, err := findKafka()
	if err != nil {
		return "", err
	}
	port, err := freePort()
	if err != nil {
		return "", err
	}
	url, file := "http://127.0.0.1:"+port, filepath.Join(scratch, "java-connect.properties")
	if err := os.WriteFile(file, []byte(strings.Join([]string{
		"bootstrap.servers=" + kafka, "group.id=java-connect", "listeners=" + url,
		"config.storage.topic=java-connect-configs", "config.storage.replication.factor=1",
		"offset.storage.topic=java-connect-offsets", "offset.storage.replication.factor=1",
		"status.storage.topic=java-connect-status", "status.storage.replication.factor=1",
		"key.converter=org.apache.kafka.connect.storage.StringConverter", "value.converter=org.apache.kafka.connect.storage.StringConverter",
	}, "\n")+"\n"), 0o644); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.Background(), startDeadline)
	defer cancel()
	p, err := startJavaConnect(ctx, file)
	if err != nil {
		return "", err
	}
	if err := p.until(ctx, func() error { return answers(url+"/", 200) }); err != nil {
		return "", fmt.Errorf("Kafka Connect %s: %w", kafkaVersion, err)
	}
	return url, nil
})

func startJavaConnect(ctx context.Context, properties string) (*process, error) {
	cmd, err := javaConnect.command(ctx, properties)
	if err != nil {
		return nil, err
	}
	return startProcess("java-connect", cmd)
}

// A cluster moves from the Java worker to ours and back, with the same properties file: each finds the connectors, target
// states and offsets that the other left.
func TestTakeover(t *testing.T) {
	kafka := sharedKafka(t)
	config := newWorkerConfig(t, kafka, map[string]string{
		"key.converter": "org.apache.kafka.connect.storage.StringConverter", "value.converter": "org.apache.kafka.connect.storage.StringConverter",
	})
	java := func() *worker {
		ctx, cancel := context.WithTimeout(t.Context(), startDeadline)
		defer cancel()
		var p *process
		mustFind(t, func() (_ string, err error) {
			p, err = startJavaConnect(ctx, config.file)
			return "", err
		})
		t.Cleanup(p.kill)
		return awaitWorker(t, p, config.url)
	}
	ours := func() *worker { return startWorker(t, config) }
	topic, running, paused := uniqueName("lines"), uniqueName("running"), uniqueName("paused")
	file := filepath.Join(t.TempDir(), "lines.txt")
	mustCreateTopic(t, kafka, topic, 2)

	w := java()
	w.create(t, fileSink(t, running, topic, file))
	w.create(t, fileSink(t, paused, topic, filepath.Join(t.TempDir(), "paused.txt")))
	if status, answer := w.call(t, "PUT", "/connectors/"+paused+"/pause", ""); status != 202 {
		t.Fatalf("pause: %d %s", status, answer)
	}
	written := 0
	for turn, next := range []func() *worker{nil, ours, java, ours} {
		if next != nil {
			if code := w.stop(time.Minute); code == -1 {
				t.Fatalf("turn %d: %s had to be killed; %s", turn, w.name, w.tail())
			}
			w = next()
		}
		w.awaitRunning(t, running, 1)
		eventually(t, time.Minute, "the other one is paused", func() error {
			s, err := w.rest.status(paused)
			if err != nil || s.Connector.State != "PAUSED" {
				return fmt.Errorf("status %+v, error %v", s, err)
			}
			return nil
		})
		var records []record
		for range 10 {
			records = append(records, record{partition: int32(written % 2), value: []byte(fmt.Sprintf("line %d", written))})
			written++
		}
		produce(t, kafka, topic, records...)
		awaitLines(t, file, written)
	}
	// Each line is there once: every worker began where the one before it had stopped.
	lines := readLines(t, file)
	slices.Sort(lines)
	if unique := slices.Compact(slices.Clone(lines)); len(unique) != len(lines) {
		t.Errorf("the file holds %d lines, %d of them different: want none twice", len(lines), len(unique))
	}
	stopCleanly(t, w.process)
}

// The same calls get the same answers from both workers, but for what names the worker.
func TestSameAnswersAsJava(t *testing.T) {
	theirs := sharedConnect(t)
	w := startWorker(t, newWorkerConfig(t, sharedKafka(t), map[string]string{
		"key.converter": "org.apache.kafka.connect.storage.StringConverter", "value.converter": "org.apache.kafka.connect.storage.StringConverter",
	}))
	name, topic := uniqueName("same"), uniqueName("same")
	mustCreateTopic(t, sharedKafka(t), topic, 1)
	for _, r := range []rest{theirs, w.rest} {
		r.create(t, fileSink(t, name, topic, os.DevNull))
		r.awaitRunning(t, name, 1)
	}
	config := func(connector string) string {
		var c struct {
			Config map[string]any `json:"config"`
		}
		if err := json.Unmarshal([]byte(connector), &c); err != nil {
			t.Fatal(err)
		}
		return mustJSON(t, c.Config)
	}
	for _, c := range []struct{ method, path, body string }{
		{"GET", "/connectors/" + name, ""},
		{"GET", "/connectors/" + name + "/config", ""},
		{"GET", "/connectors/" + name + "/status", ""},
		{"GET", "/connectors/" + name + "/tasks", ""},
		{"GET", "/connectors/" + name + "/tasks/0/status", ""},
		{"GET", "/connectors/" + name + "/tasks/7/status", ""},
		{"GET", "/connectors/" + name + "/topics", ""},
		{"GET", "/connectors/no-such-connector", ""},
		{"GET", "/connectors/no-such-connector/status", ""},
		{"POST", "/connectors", fileSink(t, name, topic, os.DevNull)}, // it exists
		{"POST", "/connectors", `{"name":"x"`},
		{"PUT", "/connector-plugins/FileStreamSink/config/validate", config(fileSink(t, name, topic, os.DevNull))},
		{"PUT", "/connector-plugins/FileStreamSink/config/validate", `{"connector.class":"FileStreamSink","name":"n","tasks.max":"none"}`},
		{"PUT", "/connectors/" + name + "/pause", ""},
		{"DELETE", "/connectors/" + name, ""},
		{"DELETE", "/connectors/no-such-connector", ""},
	} {
		t.Run(c.method+" "+c.path, func(t *testing.T) {
			wantStatus, want := theirs.settled(t, c.method, c.path, c.body)
			gotStatus, got := w.settled(t, c.method, c.path, c.body)
			if gotStatus != wantStatus || got != want {
				t.Errorf("ours answers %d\n%s\nJava %d\n%s", gotStatus, got, wantStatus, want)
			}
		})
	}
	stopCleanly(t, w.process)
}

// settled makes a request until no rebalance is in its way, and returns the answer in a form that compares: keys sorted,
// and left out what each worker has in words of its own: its id, the documentation of settings, a parser's complaint.
func (r rest) settled(t *testing.T, method, path, body string) (status int, answer string) {
	t.Helper()
	eventually(t, 30*time.Second, method+" "+path, func() error {
		if status, answer = r.call(t, method, path, body); strings.Contains(answer, "rebalance") {
			return errors.New(answer)
		}
		return nil
	})
	var v any
	if json.Unmarshal([]byte(answer), &v) != nil {
		return status, answer
	}
	return status, mustJSON(t, withoutOwn(v))
}

func withoutOwn(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := maps.Clone(v)
		for key, value := range v {
			out[key] = withoutOwn(value)
		}
		for _, own := range []string{"worker_id", "documentation"} {
			if _, ok := out[own]; ok {
				out[own] = "..."
			}
		}
		if v["error_code"] == 500.0 { // of the calls compared here, malformed JSON alone
			out["message"] = "..."
		}
		return out
	case []any:
		out := slices.Clone(v)
		for i := range out {
			out[i] = withoutOwn(out[i])
		}
		return out
	default:
		return v
	}
}

func fileSink(t *testing.T, name, topic, file string) string {
	t.Helper()
	return mustJSON(t, map[string]any{"name": name, "config": map[string]string{
		"connector.class": "org.apache.kafka.connect.file.FileStreamSinkConnector", "tasks.max": "1", "topics": topic, "file": file,
	}})
}

func readLines(t *testing.T, file string) []string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
}

// awaitLines waits until a file ends in all of the n lines that were sent.
func awaitLines(t *testing.T, file string, n int) {
	t.Helper()
	eventually(t, time.Minute, fmt.Sprintf("%d lines in the file", n), func() error {
		b, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if got := strings.Count(string(b), "\n"); got < n {
			return fmt.Errorf("%d lines", got)
		}
		return nil
	})
}
