package worker

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"sluice/connect"
	"sluice/worker/store"
)

type goldenRecord struct {
	Step, Topic, Key string
	Value            *string
	Control          bool // a transaction's marker, which readers do not see
}

func goldenTopic(t *testing.T, version, suffix string) []goldenRecord {
	t.Helper()
	f, err := os.Open("store/testdata/" + version + ".jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []goldenRecord
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r goldenRecord
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(r.Topic, suffix) && !r.Control {
			out = append(out, r)
		}
	}
	return out
}

// The script of the captured session (see store/testdata), step by step, without what this version does not write: session keys and
// logger levels. The source connector of the session is run as a sink; to herder and topics that makes no difference.
func playCapturedLife(r *rig) {
	ctx := r.t.Context()
	paused, stopped := store.Paused, store.Stopped
	c1 := func(tasks string, more ...string) {
		r.put("c1", append([]string{"tasks.max", tasks, "topics", "v392-c1", "file", "out-c1.txt"}, more...)...)
	}
	create := func(name string, initial *TargetState, pairs ...string) {
		r.t.Helper()
		_, created, err := r.h.PutConnector(ctx, name, config(name, pairs...), initial, false)
		r.must(err)
		if !created {
			r.t.Errorf("%s was not created", name)
		}
	}
	converterSettings := []string{"value.converter", "org.apache.kafka.connect.json.JsonConverter", "value.converter.schemas.enable", "true"}

	create("c1", nil, "tasks.max", "2", "topics", "v392-c1", "file", "out-c1.txt")
	r.task("c1", 0).see("v392-c1")
	c1("4")
	c1("1")
	c1("1")
	c1("1", "errors.log.enable", "true")
	two := "2"
	_, err := r.h.PatchConnector(ctx, "c1", Properties{{Key: "tasks.max", Value: &two}, {Key: "errors.log.enable"}})
	r.must(err)
	r.must(r.h.PauseConnector(ctx, "c1"))
	r.must(r.h.ResumeConnector(ctx, "c1"))
	r.must(r.h.RestartConnector(ctx, "c1"))
	_, err = r.h.RestartConnectorAndTasks(ctx, RestartRequest{Connector: "c1", IncludeTasks: true})
	r.must(err)
	_, err = r.h.RestartConnectorAndTasks(ctx, RestartRequest{Connector: "c1", IncludeTasks: true, OnlyFailed: true})
	r.must(err)
	r.must(r.h.RestartTask(ctx, connect.TaskID{Connector: "c1", Task: 0}))
	r.must(r.h.StopConnector(ctx, "c1"))
	r.must(r.h.ResumeConnector(ctx, "c1"))
	create("c2", &paused, "tasks.max", "1", "topics", "v392-c2", "file", "out-c2.txt")
	create("c3", &stopped, "tasks.max", "1", "topics", "v392-c3", "file", "out-c3.txt")
	create("bad", nil, append([]string{"tasks.max", "1", "topics", "v392-bad", "file", "out-bad.txt"}, converterSettings...)...)
	r.task("bad", 0).fail(errors.New("tolerance exceeded"))
	r.settle()
	create("bad2", nil, "tasks.max", "1", "topics", "v392-bad2", "file", "no-such-dir/out.txt")
	_, err = r.h.RestartConnectorAndTasks(ctx, RestartRequest{Connector: "bad", IncludeTasks: true, OnlyFailed: true})
	r.must(err)
	r.task("bad", 0).fail(errors.New("tolerance exceeded"))
	r.settle()
	create("src", nil, "connector.class", otherClass, "tasks.max", "1", "topic", "v392-src", "file", "src-in-3.9.2.txt")
	r.task("src", 0).see("v392-src")
	r.must(r.h.StopConnector(ctx, "src"))
	r.must(r.h.ResetActiveTopics(ctx, "c1"))
	r.task("c1", 0).see("v392-c1")
	r.must(r.h.DeleteConnector(ctx, "c1"))
	r.must(r.h.DeleteConnector(ctx, "c2"))
	r.must(r.h.DeleteConnector(ctx, "bad"))
	r.shutdown()
}

// What this worker writes through the captured session is what the Java worker wrote: the config topic record by record, the
// status topic key by key, generations included.
func TestLifeCycleWritesWhatJavaWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		storage := &MemoryStorage{}
		r := newRig(t, storage)
		// bad2's task cannot start, as its file cannot be made.
		r.failStart = "no-such-dir/out.txt"
		r.run()
		playCapturedLife(r)
		compareConfigTopics(t, goldenTopic(t, "3.9.2", "-configs"), storage.Configs.Records())
		compareStatusTopics(t, goldenTopic(t, "3.9.2", "-status"), storage.Statuses.Records())
	})
}

func compareConfigTopics(t *testing.T, golden []goldenRecord, got []store.Record) {
	t.Helper()
	golden = slices.DeleteFunc(golden, func(g goldenRecord) bool {
		return g.Key == "session-key" || strings.HasPrefix(g.Key, "logger-cluster-")
	})
	for i := range max(len(golden), len(got)) {
		if i >= len(golden) || i >= len(got) {
			t.Fatalf("%d records, want %d", len(got), len(golden))
		}
		g := golden[i]
		if got[i].Key != g.Key {
			t.Fatalf("record %d (%s) has key %s, want %s", i, g.Step, got[i].Key, g.Key)
		}
		want := ""
		if g.Value != nil {
			want = *g.Value
		}
		// Java writes the keys of merged and of generated settings in the order of a hash map.
		if unordered := strings.HasPrefix(g.Key, "task-") || g.Step == "patch-config"; unordered && sameJSON(t, string(got[i].Value), want) {
			continue
		}
		if string(got[i].Value) != want {
			t.Errorf("record %d (%s) %s:\n got %s\nwant %s", i, g.Step, g.Key, got[i].Value, want)
		}
	}
}

func sameJSON(t *testing.T, a, b string) bool {
	t.Helper()
	var x, y any
	if json.Unmarshal([]byte(a), &x) != nil || json.Unmarshal([]byte(b), &y) != nil {
		return false
	}
	return reflect.DeepEqual(x, y)
}

var (
	tracePattern = regexp.MustCompile(`"trace":".*","worker_id"`)
	timePattern  = regexp.MustCompile(`"discoverTimestamp":\d+`)
)

// statusesByKey lists the values of each key. Traces and times are left out; a tombstone or topic that Java wrote twice in a row counts
// once.
func statusesByKey[R any](records []R, read func(R) (key string, value *string)) map[string][]string {
	out := map[string][]string{}
	for _, r := range records {
		key, value := read(r)
		text := "null"
		if value != nil {
			text = timePattern.ReplaceAllString(tracePattern.ReplaceAllString(*value, `"trace":"...","worker_id"`), `"discoverTimestamp":0`)
		}
		known := out[key]
		repeatable := value == nil || strings.HasPrefix(key, "status-topic-")
		if repeatable && len(known) > 0 && known[len(known)-1] == text {
			continue
		}
		out[key] = append(known, text)
	}
	return out
}

func compareStatusTopics(t *testing.T, golden []goldenRecord, records []store.Record) {
	t.Helper()
	want := statusesByKey(golden, func(g goldenRecord) (string, *string) { return g.Key, g.Value })
	got := statusesByKey(records, func(r store.Record) (string, *string) {
		if r.Value == nil {
			return r.Key, nil
		}
		s := string(r.Value)
		return r.Key, &s
	})
	for _, key := range slices.Sorted(maps.Keys(want)) {
		if !slices.Equal(got[key], want[key]) {
			t.Errorf("%s:\n got %s\nwant %s", key, strings.Join(got[key], "\n     "), strings.Join(want[key], "\n     "))
		}
		delete(got, key)
	}
	if len(got) > 0 {
		t.Errorf("written and not by Java: %v", fmt.Sprint(slices.Sorted(maps.Keys(got))))
	}
}
