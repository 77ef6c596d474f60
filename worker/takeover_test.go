package worker

import (
	"errors"
	"slices"
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
