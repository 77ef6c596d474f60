package integration

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// A cluster that ours has run through everything that a client can ask for is handed to the Java worker and back. Each finds the same
// connectors, configurations, task configs and states.
func TestHandover(t *testing.T) {
	kafka := sharedKafka(t)
	config := newWorkerConfig(t, kafka, map[string]string{
		"key.converter": "org.apache.kafka.connect.storage.StringConverter", "value.converter": "org.apache.kafka.connect.storage.StringConverter",
	})
	topic := uniqueName("handover")
	mustCreateTopic(t, kafka, topic, 2)
	w := startWorker(t, config)
	want := liveThroughEverything(t, w, topic)
	awaitCluster(t, w, want)
	told := w.describe(t, slices.Collect(maps.Keys(want)))

	if code := w.stop(time.Minute); code != 0 {
		t.Fatalf("ours ended with %d; %s", code, w.tail())
	}
	java, err := startJavaConnect(t.Context(), config.file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(java.kill)
	w = awaitWorker(t, java, config.url)
	awaitCluster(t, w, want)
	if got := w.describe(t, slices.Collect(maps.Keys(want))); got != told {
		t.Errorf("the Java worker tells\n%s\nours told\n%s", got, told)
	}
	// What the Java worker changes, ours finds, also if the Java worker dies.
	for _, c := range []struct{ method, path, body, state string }{
		{"PUT", "/connectors/grown/pause", "", "PAUSED[PAUSED PAUSED PAUSED]"},
		{"PUT", "/connectors/shrunk/stop", "", "STOPPED[]"},
		{"PUT", "/connectors/created-stopped/resume", "", "RUNNING[RUNNING RUNNING]"},
	} {
		w.must(t, c.method, c.path, c.body)
		want[strings.Split(c.path, "/")[2]] = c.state
	}
	w.must(t, "DELETE", "/connectors/patched", "")
	delete(want, "patched")
	awaitCluster(t, w, want)
	told = w.describe(t, slices.Collect(maps.Keys(want)))
	w.kill()

	w = startWorker(t, config)
	awaitCluster(t, w, want)
	if got := w.describe(t, slices.Collect(maps.Keys(want))); got != told {
		t.Errorf("ours tells\n%s\nthe Java worker told\n%s", got, told)
	}
	stopCleanly(t, w.process)
}

// liveThroughEverything makes connectors of all kinds and returns the states that they have to come to.
func liveThroughEverything(t *testing.T, w *worker, topic string) map[string]string {
	t.Helper()
	connector := func(tasks int, more ...string) map[string]string {
		c := map[string]string{
			"connector.class": "org.apache.kafka.connect.file.FileStreamSinkConnector", "topics": topic, "file": os.DevNull, "tasks.max": fmt.Sprint(tasks),
		}
		for i := 0; i < len(more); i += 2 {
			c[more[i]] = more[i+1]
		}
		return c
	}
	create := func(name, initial string, c map[string]string) {
		t.Helper()
		body := map[string]any{"name": name, "config": c}
		if initial != "" {
			body["initial_state"] = initial
		}
		w.must(t, "POST", "/connectors", mustJSON(t, body))
	}
	put := func(name string, c map[string]string) {
		t.Helper()
		w.must(t, "PUT", "/connectors/"+name+"/config", mustJSON(t, c))
	}
	running := func(name string, tasks int) {
		t.Helper()
		w.awaitRunning(t, name, tasks)
	}
	create("plain", "", connector(1))
	create("grown", "", connector(1))
	create("shrunk", "", connector(3))
	create("paused", "", connector(2))
	create("stopped", "", connector(2))
	create("resumed", "", connector(2))
	create("restarted", "", connector(2))
	create("patched", "", connector(1, "unused", "1"))
	create("deleted", "", connector(1))
	create("made-anew", "", connector(3))
	create("created-running", "RUNNING", connector(1))
	create("created-paused", "PAUSED", connector(2))
	create("created-stopped", "STOPPED", connector(2))
	create("name with spaces, ünïcode-1", "", connector(1))
	create("transformed", "STOPPED", connector(2,
		"transforms", "a,b", "transforms.a.type", "org.apache.kafka.connect.transforms.InsertField$Value", "transforms.a.static.field", "f", "transforms.a.static.value", "v",
		"transforms.a.predicate", "p", "transforms.a.negate", "true",
		"transforms.b.type", "org.apache.kafka.connect.transforms.RegexRouter", "transforms.b.regex", "(.*)-x", "transforms.b.replacement", "$1",
		"predicates", "p", "predicates.p.type", "org.apache.kafka.connect.transforms.predicates.RecordIsTombstone"))
	running("shrunk", 3)
	put("grown", connector(3))
	put("shrunk", connector(1))
	put("plain", connector(1)) // the same again
	running("paused", 2)
	w.must(t, "PUT", "/connectors/paused/pause", "")
	w.must(t, "PUT", "/connectors/stopped/stop", "")
	w.must(t, "PUT", "/connectors/resumed/stop", "")
	w.must(t, "PUT", "/connectors/resumed/resume", "")
	running("restarted", 2)
	w.must(t, "POST", "/connectors/restarted/restart?includeTasks=true", "")
	w.must(t, "POST", "/connectors/restarted/tasks/1/restart", "")
	w.must(t, "PATCH", "/connectors/patched/config", `{"tasks.max":"2","unused":null,"added":"1"}`)
	w.must(t, "DELETE", "/connectors/deleted", "")
	w.must(t, "DELETE", "/connectors/made-anew", "")
	create("made-anew", "", connector(1))
	return map[string]string{
		"plain": "RUNNING[RUNNING]", "grown": "RUNNING[RUNNING RUNNING RUNNING]", "shrunk": "RUNNING[RUNNING]",
		"paused": "PAUSED[PAUSED PAUSED]", "stopped": "STOPPED[]", "resumed": "RUNNING[RUNNING RUNNING]",
		"restarted": "RUNNING[RUNNING RUNNING]", "patched": "RUNNING[RUNNING RUNNING]", "made-anew": "RUNNING[RUNNING]",
		"created-running": "RUNNING[RUNNING]", "created-paused": "PAUSED[]", "created-stopped": "STOPPED[]",
		"name with spaces, ünïcode-1": "RUNNING[RUNNING]", "transformed": "STOPPED[]",
	}
}

// must makes a request that has to succeed.
func (r rest) must(t *testing.T, method, path, body string) string {
	t.Helper()
	var answer string
	eventually(t, 30*time.Second, method+" "+path, func() error {
		var status int
		if status, answer = r.call(t, method, strings.NewReplacer(" ", "%20", ",", "%2C", "ü", "%C3%BC", "ï", "%C3%AF").Replace(path), body); status/100 != 2 {
			return fmt.Errorf("%d %s", status, answer) // Java refuses while a rebalance is under way
		}
		return nil
	})
	return answer
}

// awaitCluster waits until there are these connectors and no others, in these states.
func awaitCluster(t *testing.T, w *worker, want map[string]string) {
	t.Helper()
	eventually(t, time.Minute, "the cluster to be as it should", func() error {
		_, body, err := w.try("GET", "/connectors?expand=status", "")
		if err != nil {
			return err
		}
		var all map[string]struct{ Status connectorStatus }
		if err := json.Unmarshal([]byte(body), &all); err != nil {
			return fmt.Errorf("%s: %w", body, err)
		}
		got := map[string]string{}
		for name, c := range all {
			states := []string{}
			for _, task := range c.Status.Tasks {
				states = append(states, task.State)
			}
			got[name] = c.Status.Connector.State + fmt.Sprint(states)
		}
		if !maps.Equal(got, want) {
			return fmt.Errorf("got %v, want %v", got, want)
		}
		return nil
	})
}

// describe returns what a worker tells of connectors' configurations, in a form that compares.
func (r rest) describe(t *testing.T, names []string) string {
	t.Helper()
	slices.Sort(names)
	var out strings.Builder
	for _, name := range names {
		for _, path := range []string{"/connectors/" + name, "/connectors/" + name + "/tasks"} {
			var v any
			if err := json.Unmarshal([]byte(r.must(t, "GET", path, "")), &v); err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&out, "%s %s\n", path, mustJSON(t, v))
		}
	}
	return out.String()
}
