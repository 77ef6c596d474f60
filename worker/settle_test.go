package worker

import (
	"context"
	"testing"
	"time"

	"sluice/connect"
)

// The answer to a change comes when what follows from it is done: whoever asks next is told the new state, without any wait between.
func TestAnswersWaitForWhatTheyBringAbout(t *testing.T) {
	for _, tc := range []struct {
		name    string
		request func(ctx context.Context, h *Herder) error
		want    string
		starts  int // of the connector, in all
		tasks   int // that were made, in all
	}{
		{"replace", func(ctx context.Context, h *Herder) error {
			_, _, err := h.PutConnector(ctx, "x", config("x", "tasks.max", "3", "topics", "a"), nil, true)
			return err
		}, "RUNNING [RUNNING RUNNING RUNNING]", 2, 5},
		{"patch", func(ctx context.Context, h *Herder) error {
			one := "1"
			_, err := h.PatchConnector(ctx, "x", Properties{{Key: "tasks.max", Value: &one}})
			return err
		}, "RUNNING [RUNNING]", 2, 3},
		{"delete", func(ctx context.Context, h *Herder) error { return h.DeleteConnector(ctx, "x") }, "No status found for connector x", 1, 2},
		{"stop", func(ctx context.Context, h *Herder) error { return h.StopConnector(ctx, "x") }, "STOPPED []", 1, 2},
		{"restart", func(ctx context.Context, h *Herder) error { return h.RestartConnector(ctx, "x") }, "RUNNING [RUNNING RUNNING]", 2, 2},
		{"restart with tasks", func(ctx context.Context, h *Herder) error {
			_, err := h.RestartConnectorAndTasks(ctx, RestartRequest{Connector: "x", IncludeTasks: true})
			return err
		}, "RUNNING [RUNNING RUNNING]", 2, 4},
		{"restart a task", func(ctx context.Context, h *Herder) error {
			return h.RestartTask(ctx, connect.TaskID{Connector: "x", Task: 1})
		}, "RUNNING [RUNNING RUNNING]", 1, 3},
	} {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rig) {
				slow := func(ctx context.Context, _ string) error { return linger(ctx, 300*time.Millisecond) }
				r.plugin.start, r.plugin.halt = slow, slow
				r.put("x", "tasks.max", "2", "topics", "a")
				time.Sleep(time.Second)
				r.settle()
				r.expectState("x", "RUNNING [RUNNING RUNNING]")
				if err := tc.request(t.Context(), r.h); err != nil {
					t.Fatal(err)
				}
				r.expectState("x", tc.want)
				if got := r.plugin.count("start x"); got != tc.starts {
					t.Errorf("the connector was started %d times, want %d", got, tc.starts)
				}
				r.mu.Lock()
				defer r.mu.Unlock()
				if len(r.built) != tc.tasks {
					t.Errorf("tasks made: %v, want %d", r.built, tc.tasks)
				}
			})
		})
	}
}

// A plugin that takes long holds an answer up for a moment, and others not at all.
func TestAnswersDoNotWaitForEver(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.put("x", "tasks.max", "1", "topics", "a")
		r.put("y", "tasks.max", "1", "topics", "a")
		r.plugin.start = func(ctx context.Context, name string) error {
			if name == "x" {
				return linger(ctx, time.Hour)
			}
			return nil
		}
		took := func(name string) time.Duration {
			t.Helper()
			began := time.Now()
			_, _, err := r.h.PutConnector(t.Context(), name, config(name, "tasks.max", "2", "topics", "a"), nil, true)
			r.must(err)
			return time.Since(began)
		}
		if d := took("x"); d != settleLimit {
			t.Errorf("the answer about x took %s", d)
		}
		if d := took("y"); d != 0 {
			t.Errorf("the answer about y took %s", d)
		}
		r.expectState("y", "RUNNING [RUNNING RUNNING]")
	})
}
