package worker

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"sluice/connect"
	"sluice/worker/store"
)

// broker stands for one that may stop to answer.
type broker struct {
	mu     sync.Mutex
	silent bool
	waits  int           // writes that wait
	back   chan struct{} // closed when it answers again
}

func (b *broker) hold(ctx context.Context, _ string) error {
	b.mu.Lock()
	silent, back := b.silent, b.back
	if silent {
		b.waits++
	}
	b.mu.Unlock()
	if !silent {
		return nil
	}
	select {
	case <-back:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (b *broker) stop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.silent, b.back = true, make(chan struct{})
}

func (b *broker) answer() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.silent = false
	close(b.back)
}

// silenced runs a worker with the connectors a, b and c, each with two tasks, and a config topic that may hang.
func silenced(t *testing.T, test func(t *testing.T, r *rig, b *broker)) {
	synctest.Test(t, func(t *testing.T) {
		b := &broker{}
		storage := &MemoryStorage{}
		storage.Configs.Hold = b.hold
		r := newRig(t, storage)
		r.run()
		for _, name := range []string{"a", "b", "c"} {
			r.put(name, "tasks.max", "2", "topics", "t")
		}
		test(t, r, b)
	})
}

func TestWriteThatDoesNotReachKafka(t *testing.T) {
	for _, tc := range []struct {
		name, want string
		request    func(ctx context.Context, h *Herder) error
	}{
		{"create", "Error writing connector configuration to Kafka", func(ctx context.Context, h *Herder) error {
			_, _, err := h.PutConnector(ctx, "new", config("new", "tasks.max", "1"), nil, false)
			return err
		}},
		{"replace", "Error writing connector configuration to Kafka", func(ctx context.Context, h *Herder) error {
			_, _, err := h.PutConnector(ctx, "a", config("a", "tasks.max", "1"), nil, true)
			return err
		}},
		{"patch", "Error writing connector configuration to Kafka", func(ctx context.Context, h *Herder) error {
			one := "1"
			_, err := h.PatchConnector(ctx, "a", Properties{{Key: "tasks.max", Value: &one}})
			return err
		}},
		{"delete", "Error removing connector configuration from Kafka", func(ctx context.Context, h *Herder) error { return h.DeleteConnector(ctx, "a") }},
		{"pause", "Error writing target state to Kafka", func(ctx context.Context, h *Herder) error { return h.PauseConnector(ctx, "a") }},
		{"resume", "Error writing target state to Kafka", func(ctx context.Context, h *Herder) error { return h.ResumeConnector(ctx, "a") }},
		{"stop", "Error writing root configuration to Kafka", func(ctx context.Context, h *Herder) error { return h.StopConnector(ctx, "a") }},
		{"restart", "Error writing restart-connector-a to Kafka", func(ctx context.Context, h *Herder) error {
			_, err := h.RestartConnectorAndTasks(ctx, RestartRequest{Connector: "a", IncludeTasks: true})
			return err
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			silenced(t, func(t *testing.T, r *rig, b *broker) {
				records := len(r.storage.Configs.Records())
				b.stop()
				began := time.Now()
				err := tc.request(t.Context(), r.h)
				var failed *store.WriteError
				if !errors.As(err, &failed) || err.Error() != tc.want || !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("error %v, want %s", err, tc.want)
				}
				if took := time.Since(began); took != 30*time.Second {
					t.Errorf("it took %s", took)
				}
				r.settle()
				if n := len(r.storage.Configs.Records()) - records; n > 0 {
					t.Errorf("%d records were written", n)
				}
				if got := r.h.Connectors(); !slices.Equal(got, []string{"a", "b", "c"}) {
					t.Errorf("connectors %v", got)
				}
				r.expectState("a", "RUNNING [RUNNING RUNNING]")

				// Nothing has to be done for the worker to go on when Kafka is back.
				b.answer()
				if err := tc.request(t.Context(), r.h); err != nil {
					t.Errorf("the same when Kafka is back: %v", err)
				}
				r.settle()
				if n := len(r.storage.Configs.Records()) - records; n == 0 {
					t.Error("nothing was written")
				}
			})
		})
	}
}

// While one write hangs, only requests that write wait.
func TestHerderIsNotHeldUpByAWrite(t *testing.T) {
	silenced(t, func(t *testing.T, r *rig, b *broker) {
		ctx, h := t.Context(), r.h
		b.stop()
		var writes sync.WaitGroup
		write := func(f func() error) {
			writes.Go(func() {
				if err := f(); err != nil {
					t.Errorf("a write: %v", err)
				}
			})
			r.settle()
		}
		write(func() error {
			_, _, err := h.PutConnector(ctx, "a", config("a", "tasks.max", "1"), nil, true)
			return err
		})
		write(func() error { return h.PauseConnector(ctx, "c") })
		if b.waits != 1 {
			t.Errorf("%d writes are under way, want one at a time", b.waits)
		}

		began := time.Now()
		if health, err := h.Health(ctx); err != nil || !health.Ready || !strings.Contains(health.Stage, "writing the configuration of connector a") {
			t.Errorf("health %+v, %v", health, err)
		}
		if info, err := h.ConnectorInfo(ctx, "a"); err != nil || len(info.Tasks) != 2 {
			t.Errorf("info %+v, %v", info, err)
		}
		if tasks, err := h.TaskConfigs(ctx, "a"); err != nil || len(tasks) != 2 {
			t.Errorf("tasks %+v, %v", tasks, err)
		}
		r.expectState("a", "RUNNING [RUNNING RUNNING]")
		r.must(h.RestartConnector(ctx, "b"))
		r.must(h.RestartTask(ctx, connect.TaskID{Connector: "b", Task: 1}))
		r.task("b", 0).fail(errors.New("broken"))
		r.settle()
		r.expectState("b", "RUNNING [FAILED RUNNING]")
		r.must(h.RestartTask(ctx, connect.TaskID{Connector: "b", Task: 0}))
		r.expectState("b", "RUNNING [RUNNING RUNNING]")
		if took := time.Since(began); took > 0 {
			t.Errorf("requests that write nothing took %s", took)
		}

		time.Sleep(20 * time.Second) // within the time that a write may take
		b.answer()
		writes.Wait()
		r.settle()
		r.expectState("a", "RUNNING [RUNNING]")
		r.expectState("c", "PAUSED [PAUSED PAUSED]")
	})
}

// A request that gives up before its write's turn has come is not carried out.
func TestRequestThatGivesUpBehindAnotherWrite(t *testing.T) {
	silenced(t, func(t *testing.T, r *rig, b *broker) {
		b.stop()
		var first sync.WaitGroup
		first.Go(func() {
			if err := r.h.PauseConnector(t.Context(), "a"); err != nil {
				t.Error(err)
			}
		})
		r.settle()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var late *TimeoutError
		if err := r.h.DeleteConnector(ctx, "b"); !errors.As(err, &late) || !strings.HasPrefix(err.Error(), "Request timed out. The worker is currently writing the target state of connector a") {
			t.Errorf("error %v", err)
		}
		b.answer()
		first.Wait()
		r.settle()
		r.expectState("a", "PAUSED [PAUSED PAUSED]")
		r.expectState("b", "RUNNING [RUNNING RUNNING]")
	})
}
