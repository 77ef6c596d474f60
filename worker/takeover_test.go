package worker

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"sluice/connect"
	"sluice/worker/store"
)

// leftBehind copies what a running worker has written so far: what the next one finds if the first one dies now.
func (r *rig) leftBehind() *MemoryStorage {
	var s MemoryStorage
	for _, rec := range r.storage.Configs.Records() {
		s.Configs.Append(rec.Key, rec.Value)
	}
	for _, rec := range r.storage.Statuses.Records() {
		s.Statuses.Append(rec.Key, rec.Value)
	}
	return &s
}

func TestNextWorkerGoesOnAfterACrash(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		r := newRig(t, &MemoryStorage{})
		r.run()
		r.put("running", "topics", "a", "tasks.max", "2")
		r.put("paused", "topics", "a")
		r.must(r.h.PauseConnector(ctx, "paused"))
		r.put("stopped", "topics", "a")
		r.must(r.h.StopConnector(ctx, "stopped"))
		r.put("failing", "topics", "a")
		r.task("failing", 0).fail(errors.New("broken"))
		r.put("removed", "topics", "a")
		r.must(r.h.DeleteConnector(ctx, "removed"))
		storage := r.leftBehind()
		r.shutdown()

		// The next worker has another address, as a container has after its restart.
		next := newRig(t, storage)
		next.h.workerID = "other:8083"
		configs, statuses := len(storage.Configs.Records()), len(storage.Statuses.Records())
		generation := next.worker.statuses
		next.run()
		if got := next.h.Connectors(); !slices.Equal(got, []string{"failing", "paused", "running", "stopped"}) {
			t.Errorf("connectors %v", got)
		}
		next.expectState("running", "RUNNING [RUNNING RUNNING]")
		next.expectState("paused", "PAUSED [PAUSED]")
		next.expectState("stopped", "STOPPED []")
		next.expectState("failing", "RUNNING [RUNNING]")
		if got := storage.Configs.Records()[configs:]; len(got) > 0 {
			t.Errorf("the committed configs were good, and yet %d records were written", len(got))
		}
		for _, rec := range storage.Statuses.Records()[statuses:] {
			if !strings.Contains(string(rec.Value), `"worker_id":"other:8083"`) {
				t.Errorf("%s was written as %s", rec.Key, rec.Value)
			}
		}
		// Its generation is above all that it found, so that a failure is not taken for old news.
		if got := generation.MaxGeneration(); int(next.h.generation.Load()) < got {
			t.Errorf("generation %d, found %d", next.h.generation.Load(), got)
		}
		next.task("running", 1).fail(errors.New("broken"))
		next.settle()
		next.expectState("running", "RUNNING [RUNNING FAILED]")
		next.shutdown()
	})
}

// What three versions of the Java worker have left is taken over.
func TestTakingOverFromJava(t *testing.T) {
	for _, tc := range []struct {
		version, until string // the step after which the Java worker dies
		connector      string
		want           string
		file           string // of the running task
	}{
		{"2.8.1", "patch-config", "", "", ""}, // a step that 2.8.1 does not know: everything
		{"2.8.1", "reconfigure-2-to-4", "c1", "RUNNING [RUNNING RUNNING RUNNING RUNNING]", "out-c1.txt"},
		{"2.8.1", "pause", "c1", "PAUSED [PAUSED]", "out-c1.txt"},
		{"3.9.2", "create-c1", "c1", "RUNNING [RUNNING RUNNING]", "out-c1.txt"},
		{"3.9.2", "put-same-config", "c1", "RUNNING [RUNNING]", "out-c1.txt"},
		{"3.9.2", "stop", "c1", "STOPPED []", ""},
		{"3.9.2", "create-paused", "c2", "PAUSED []", ""},
		{"3.9.2", "create-stopped", "c3", "STOPPED []", ""},
		{"3.9.2", "delete-c1", "c1", "No status found for connector c1", ""},
		{"4.3.1", "create-c1", "c1", "RUNNING [RUNNING RUNNING]", "out-c1.txt"},
		{"4.3.1", "stop", "c1", "STOPPED []", ""},
	} {
		t.Run(tc.version+" "+tc.until, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				storage := &MemoryStorage{}
				if fill(t, storage, tc.version, tc.until) == 0 {
					t.Fatal("no records")
				}
				r := newRig(t, storage)
				r.run()
				if tc.connector == "" {
					return
				}
				r.expectState(tc.connector, tc.want)
				if tc.file != "" {
					task := r.task(tc.connector, 0)
					if got := task.cfg.TaskProps["file"]; got != tc.file {
						t.Errorf("task writes %q, want %q", got, tc.file)
					}
					if got := task.cfg.ConsumerProperties["group.id"]; got != "connect-"+tc.connector {
						t.Errorf("task reads as %s", got)
					}
				}
			})
		})
	}
}

// A Java worker may die after any step of its life: the next one, ours, has the same connectors, configurations and target states, the same
// task configs if they are good, and states that follow from that. What must be there is worked out from the last value of each key.
func TestTakingOverFromJavaAfterEveryStep(t *testing.T) {
	for _, version := range []string{"2.8.1", "3.9.2", "3.9.2-eos", "4.3.1"} {
		for _, step := range stepsOf(t, version) {
			t.Run(version+" "+step, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					storage := &MemoryStorage{}
					fill(t, storage, version, step)
					written := len(storage.Configs.Records())
					want := lastValues(t, storage)
					r := newRig(t, storage)
					r.run()
					if got, want := r.h.Connectors(), slices.Sorted(maps.Keys(want)); !slices.Equal(got, want) {
						t.Fatalf("connectors %v, want %v", got, want)
					}
					for name, c := range want {
						c.check(t, r, name, version != "2.8.1") // 2.8.1 gives tasks less than later versions do: they are written anew
					}
					if version == "2.8.1" {
						return
					}
					for _, rec := range storage.Configs.Records()[written:] {
						if name, ok := strings.CutPrefix(rec.Key, "commit-"); ok && want[name].committed {
							t.Errorf("%s was written although the task configs were good", rec.Key)
						}
					}
				})
			})
		}
	}
}

// stepsOf returns the steps of a captured session that wrote to the config topic.
func stepsOf(t *testing.T, version string) []string {
	t.Helper()
	var steps []string
	for _, row := range goldenTopic(t, version, "-configs") {
		if !slices.Contains(steps, row.Step) {
			steps = append(steps, row.Step)
		}
	}
	return steps
}

// left is what the last values of the keys say of a connector.
type left struct {
	config    map[string]string
	target    TargetState
	tasks     []map[string]string
	committed bool // the tasks were made from this configuration
}

// lastValues reads a config topic the simple way.
func lastValues(t *testing.T, storage *MemoryStorage) map[string]left {
	t.Helper()
	last, at := map[string][]byte{}, map[string]int64{}
	for _, r := range storage.Configs.Records() {
		last[r.Key], at[r.Key] = r.Value, r.Offset
	}
	properties := func(key string) map[string]string {
		var v struct{ Properties map[string]string }
		if err := json.Unmarshal(last[key], &v); err != nil {
			t.Fatalf("%s: %v", key, err)
		}
		return v.Properties
	}
	out := map[string]left{}
	for key, value := range last {
		name, ok := strings.CutPrefix(key, "connector-")
		if !ok || value == nil {
			continue
		}
		c := left{config: properties(key), target: store.Started}
		var target struct {
			State TargetState
			V2    TargetState `json:"state.v2"`
		}
		if v := last["target-state-"+name]; v != nil {
			if err := json.Unmarshal(v, &target); err != nil {
				t.Fatal(err)
			}
			c.target = cmp.Or(target.V2, target.State)
		}
		var commit struct{ Tasks int }
		if v := last["commit-"+name]; v != nil {
			if err := json.Unmarshal(v, &commit); err != nil {
				t.Fatal(err)
			}
		}
		for n := range commit.Tasks {
			c.tasks = append(c.tasks, properties(fmt.Sprintf("task-%s-%d", name, n)))
		}
		c.committed = at["commit-"+name] > at["connector-"+name]
		out[name] = c
	}
	return out
}

// check compares a connector that was taken over with what was left of it.
func (c left) check(t *testing.T, r *rig, name string, exactTasks bool) {
	t.Helper()
	config, err := r.h.ConnectorConfig(t.Context(), name)
	if err != nil || !maps.Equal(config.Map(), c.config) {
		t.Errorf("%s: config %v, %v, want %v", name, config.Map(), err, c.config)
	}
	if got := r.h.configs.Snapshot().TargetState(name); got != c.target {
		t.Errorf("%s: target state %s, want %s", name, got, c.target)
	}
	tasks, err := r.h.TaskConfigs(t.Context(), name)
	if err != nil {
		t.Error(err)
	}
	count := len(c.tasks)
	if c.target == store.Started {
		if count, err = strconv.Atoi(cmp.Or(c.config["tasks.max"], "1")); err != nil {
			t.Fatal(err)
		}
	}
	if len(tasks) != count {
		t.Fatalf("%s: %d tasks, want %d", name, len(tasks), count)
	}
	if exactTasks && c.committed {
		for n, want := range c.tasks {
			if !maps.Equal(tasks[n].Config.Map(), want) {
				t.Errorf("%s: task %d\n got %v\nwant %v", name, n, tasks[n].Config.Map(), want)
			}
		}
	}
	r.expectState(name, (&modelled{target: c.target, tasks: count}).state())
}

// fill copies captured records of a version up to the end of a step, or all of them if there is no such step.
func fill(t *testing.T, storage *MemoryStorage, version, until string) int {
	t.Helper()
	n := 0
	for _, topic := range []struct {
		suffix string
		log    *store.MemoryLog
	}{{"-configs", &storage.Configs}, {"-status", &storage.Statuses}} {
		rows := goldenTopic(t, version, topic.suffix)
		last := len(rows)
		for i, g := range rows {
			if g.Step == until {
				last = i + 1
			}
		}
		for _, g := range rows[:last] {
			var value []byte
			if g.Value != nil {
				value = []byte(*g.Value)
			}
			topic.log.Append(g.Key, value)
			n++
		}
	}
	return n
}

func TestReplayedRestartRequestsAreIgnored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		storage := &MemoryStorage{}
		fill(t, storage, "3.9.2", "restart-only-failed")
		r := newRig(t, storage)
		r.run()
		if got := r.plugin.count("start c1"); got != 1 {
			t.Errorf("connector was started %d times", got)
		}
		if len(r.built) != 2 {
			t.Errorf("tasks were made: %v", r.built)
		}
		r.expectState("c1", "RUNNING [RUNNING RUNNING]")
		// A request of another worker of the cluster is carried out.
		storage.Configs.Append("restart-connector-c1", []byte(`{"include-tasks":true,"only-failed":false}`))
		r.settle()
		if got := r.plugin.count("start c1"); got != 2 || len(r.built) != 4 {
			t.Errorf("connector was started %d times, tasks made: %v", got, r.built)
		}
	})
}

// The broker keeps a group's generation; a cluster of one finds it in the statuses.
func TestGenerationGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		storage := &MemoryStorage{}
		store := connect.TaskID{Connector: "x", Task: 0}
		storage.Statuses.Append("status-task-"+store.String(), []byte(`{"state":"RUNNING","trace":null,"worker_id":"old:1","generation":41}`))
		r := newRig(t, storage)
		r.run()
		if got := r.h.generation.Load(); got != 42 {
			t.Errorf("generation %d, want 42", got)
		}
		// A status of something that is not configured is tidied up.
		if _, err := r.h.TaskStatus(store); err == nil {
			t.Error("the status of an unknown task is still there")
		}
	})
}
