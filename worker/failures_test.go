package worker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"sluice/connect"
	"sluice/worker/store"
)

// bubble runs a test with a running worker in virtual time.
func TestConnectorOfUnknownClass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		storage := &MemoryStorage{}
		storage.Configs.Append("connector-j", []byte(`{"properties":{"connector.class":"com.acme.JavaOnly","name":"j","tasks.max":"1"}}`))
		storage.Configs.Append("task-j-0", []byte(`{"properties":{"task.class":"com.acme.JavaOnlyTask"}}`))
		storage.Configs.Append("commit-j", []byte(`{"tasks":1}`))
		r := newRig(t, storage)
		r.run()
		r.expectState("j", "FAILED [FAILED]")
		info, err := r.h.ConnectorInfo(t.Context(), "j")
		r.must(err)
		if got := fmt.Sprint(info.Type, info.Tasks); got != "unknown[{j 0}]" {
			t.Errorf("shown as %s", got)
		}
		status, _ := r.h.ConnectorStatus("j")
		if !strings.Contains(status.Connector.Trace, "com.acme.JavaOnly") || !strings.Contains(status.Tasks[0].Trace, "com.acme.JavaOnly") {
			t.Errorf("traces %q and %q do not name the class", status.Connector.Trace, status.Tasks[0].Trace)
		}
		if n := len(storage.Configs.Records()); n != 3 {
			t.Errorf("%d records were written to the config topic", n-3)
		}
		expectError[*ConnectError](t, r.h.RestartConnector(t.Context(), "j"), "Failed to start connector: j")
		expectError[*ConnectError](t, r.h.RestartTask(t.Context(), connect.TaskID{Connector: "j", Task: 0}), "Failed to start task: j-0")

		r.put("j", "tasks.max", "1", "topics", "a") // another class, which is here
		r.expectState("j", "RUNNING [RUNNING]")
	})
}

func TestInconsistentConnectorIsWrittenAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		storage := &MemoryStorage{}
		for _, rec := range [][2]string{
			{"connector-x", `{"properties":{"connector.class":"` + sinkClass + `","name":"x","tasks.max":"1","topics":"a"}}`},
			{"task-x-0", `{"properties":{"connector.class":"` + sinkClass + `","name":"x","tasks.max":"1","topics":"a","task.class":"` + sinkTaskClass + `"}}`},
			{"commit-x", `{"tasks":1}`},
			{"commit-x", `{"tasks":1}`}, // without a fresh set of tasks
		} {
			storage.Configs.Append(rec[0], []byte(rec[1]))
		}
		r := newRig(t, storage)
		r.run()
		r.expectState("x", "RUNNING [RUNNING]")
		if got := keys(&storage.Configs)[4:]; !slices.Equal(got, []string{"task-x-0", "commit-x"}) {
			t.Errorf("written %v", got)
		}
	})
}

func TestConnectorThatCannotStart(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		ctx := t.Context()
		r.plugin.start = func(context.Context, string) error { return errors.New("no disk") }
		r.put("x", "topics", "a")
		r.expectState("x", "FAILED []")
		status, _ := r.h.ConnectorStatus("x")
		if !strings.Contains(status.Connector.Trace, "no disk") {
			t.Errorf("trace %q", status.Connector.Trace)
		}
		err := r.h.RestartConnector(ctx, "x")
		expectError[*ConnectError](t, err, "Failed to start connector: x")
		if !strings.Contains(errors.Unwrap(err).Error(), "no disk") {
			t.Errorf("cause %v", errors.Unwrap(err))
		}
		r.must(r.h.PauseConnector(ctx, "x"))
		r.expectState("x", "FAILED []") // a failed connector can only be stopped or restarted
		r.must(r.h.ResumeConnector(ctx, "x"))
		r.expectState("x", "FAILED []")
		r.must(r.h.StopConnector(ctx, "x"))
		r.expectState("x", "STOPPED []")
		r.plugin.start = nil
		r.must(r.h.ResumeConnector(ctx, "x"))
		r.expectState("x", "RUNNING [RUNNING]")
	})
}

func TestPluginThatPanics(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.plugin.start = func(_ context.Context, name string) error {
			if name == "x" {
				panic("index out of range")
			}
			return nil
		}
		r.put("x", "topics", "a")
		r.put("y", "topics", "a")
		r.expectState("x", "FAILED []")
		r.expectState("y", "RUNNING [RUNNING]")
		status, _ := r.h.ConnectorStatus("x")
		if !strings.Contains(status.Connector.Trace, "index out of range") {
			t.Errorf("trace %q", status.Connector.Trace)
		}
	})
}

func TestTaskConfigsAreGeneratedAgainAfterAFailure(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		var tries []time.Duration // in the end read when nothing happens any more
		var fixed atomic.Bool
		begin := time.Now()
		r.plugin.taskConfigs = func(props map[string]string, most int) ([]map[string]string, error) {
			if !fixed.Load() {
				tries = append(tries, time.Since(begin))
				return nil, errors.New("not now")
			}
			return []map[string]string{props}, nil
		}
		r.put("x", "topics", "a")
		time.Sleep(150 * time.Second)
		r.settle()
		r.expectState("x", "RUNNING []")
		var got []string
		for _, d := range tries {
			got = append(got, d.String())
		}
		want := "0s 250ms 750ms 1.75s 3.75s 7.75s 15.75s 31.75s 1m3.75s 2m3.75s"
		if strings.Join(got, " ") != want {
			t.Errorf("tried after %v, want %s", got, want)
		}
		fixed.Store(true)
		time.Sleep(time.Minute)
		r.settle()
		r.expectState("x", "RUNNING [RUNNING]")
	})
}

func TestTooManyTasks(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.plugin.taskConfigs = func(props map[string]string, most int) ([]map[string]string, error) {
			return []map[string]string{props, props, props}, nil
		}
		r.put("x", "topics", "a", "tasks.max", "2")
		time.Sleep(time.Hour)
		r.settle()
		r.expectState("x", "FAILED []")
		if n := r.plugin.count("taskConfigs x"); n != 1 {
			t.Errorf("asked %d times, want once", n)
		}
		status, _ := r.h.ConnectorStatus("x")
		if !strings.Contains(status.Connector.Trace, "The connector x has generated 3 tasks, which is greater than 2") {
			t.Errorf("trace %q", status.Connector.Trace)
		}
		r.put("x", "topics", "a", "tasks.max", "2", "tasks.max.enforce", "false")
		r.expectState("x", "RUNNING [RUNNING RUNNING RUNNING]")
		// The stored number counts at each start of a task.
		r.plugin.taskConfigs = func(map[string]string, int) ([]map[string]string, error) { return nil, errors.New("not now") }
		r.put("x", "topics", "a", "tasks.max", "2")
		expectError[*ConnectError](t, r.h.RestartTask(t.Context(), connect.TaskID{Connector: "x", Task: 0}), "Failed to start task: x-0")
	})
}

func TestTaskThatDoesNotStopIsAbandoned(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		ctx := t.Context()
		r.put("x", "topics", "a", "tasks.max", "2")
		old := r.task("x", 0)
		old.deaf = true
		begin := time.Now()
		r.must(r.h.RestartTask(ctx, connect.TaskID{Connector: "x", Task: 0}))
		if took := time.Since(begin); took != 5*time.Second {
			t.Errorf("the restart took %s, want task.shutdown.graceful.timeout.ms", took)
		}
		select {
		case <-old.gone:
		default:
			t.Error("the task was not cancelled")
		}
		n := len(r.storage.Statuses.Records())
		old.cfg.Listener.Failed(old.cfg.ID, errors.New("late"))
		old.cfg.Listener.Shutdown(old.cfg.ID)
		old.cfg.Listener.TopicSeen(old.cfg.ID, "late")
		r.settle()
		if got := len(r.storage.Statuses.Records()); got != n {
			t.Errorf("an abandoned task wrote %d statuses", got-n)
		}
		r.expectState("x", "RUNNING [RUNNING RUNNING]")
	})
}

func TestWorkerStopsWithinItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, &MemoryStorage{})
		r.run()
		for _, name := range []string{"x", "y", "z"} {
			r.put(name, "topics", "a", "tasks.max", "3")
			for n := range 3 {
				r.task(name, n).deaf = true
			}
		}
		begin := time.Now()
		r.shutdown()
		if took := time.Since(begin); took > 6*time.Second {
			t.Errorf("stopping took %s", took)
		}
	})
}

func TestConnectorThatHangsHoldsUpNobodyElse(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		ctx := t.Context()
		r.plugin.start = func(ctx context.Context, name string) error {
			if name != "slow" {
				return nil
			}
			<-ctx.Done()
			return ctx.Err()
		}
		r.put("slow", "topics", "a")
		r.put("x", "topics", "a")
		r.expectState("x", "RUNNING [RUNNING]")

		// A request that has to wait for it is answered in the end, and told why.
		begin := time.Now()
		_, err := ask(ctx, r.h, func(reply func(struct{}, error)) {
			r.h.startConnector(r.h.connectors["slow"], func(err error) { reply(struct{}{}, err) })
		})
		var late *TimeoutError
		if !errors.As(err, &late) || time.Since(begin) != 90*time.Second {
			t.Fatalf("after %s: %v", time.Since(begin), err)
		}
		want := "Request timed out. The worker is currently starting connector slow, which began at 2000-01-01T00:00:00Z."
		if err.Error() != want {
			t.Errorf("got  %s\nwant %s", err, want)
		}

		begin = time.Now()
		r.must(r.h.DeleteConnector(ctx, "slow"))
		if took := time.Since(begin); took != 0 {
			t.Errorf("the removal waited %s for the connector", took)
		}
		if got := r.state("slow"); got != "No status found for connector slow" {
			t.Errorf("after the removal: %s", got)
		}
	})
}

func TestConnectorThatCannotBeStoppedIsAbandoned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, &MemoryStorage{})
		release := make(chan struct{})
		r.plugin.halt = func(_ context.Context, name string) error {
			if name == "stuck" {
				<-release
			}
			return nil
		}
		r.run()
		r.put("stuck", "topics", "a")
		r.must(r.h.DeleteConnector(t.Context(), "stuck"))
		_, _, err := r.h.PutConnector(t.Context(), "x", config("x", "topics", "a"), nil, false)
		r.must(err)
		time.Sleep(r.h.stopLimit())
		r.settle()
		r.expectState("x", "RUNNING [RUNNING]")
		close(release)
		r.settle()
		if got := r.state("stuck"); got != "No status found for connector stuck" {
			t.Errorf("the abandoned connector shows as %s", got)
		}
		r.shutdown()
	})
}

func TestFailedWriteChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var broken atomic.Bool
		storage := &MemoryStorage{}
		storage.Configs.Fail = func(rec store.Record) error {
			if broken.Load() {
				return errors.New("not enough replicas")
			}
			return nil
		}
		r := newRig(t, storage)
		r.run()
		ctx := t.Context()
		r.put("x", "topics", "a")
		broken.Store(true)
		n := len(storage.Configs.Records())
		_, _, err := r.h.PutConnector(ctx, "y", config("y"), nil, false)
		expectError[*store.WriteError](t, err, "Error writing connector configuration to Kafka")
		_, _, err = r.h.PutConnector(ctx, "x", config("x", "topics", "b"), nil, true)
		expectError[*store.WriteError](t, err, "Error writing connector configuration to Kafka")
		expectError[*store.WriteError](t, r.h.PauseConnector(ctx, "x"), "Error writing target state to Kafka")
		expectError[*store.WriteError](t, r.h.StopConnector(ctx, "x"), "Error writing root configuration to Kafka")
		if got := len(storage.Configs.Records()); got != n {
			t.Errorf("%d records were written", got-n)
		}
		if got := r.h.Connectors(); !slices.Equal(got, []string{"x"}) {
			t.Errorf("connectors %v", got)
		}
		r.expectState("x", "RUNNING [RUNNING]")

		broken.Store(false)
		r.put("x", "topics", "b", "tasks.max", "2")
		broken.Store(true)
		r.expectBrokenLog("x")
		broken.Store(false)
		time.Sleep(10 * time.Second) // the task configs are tried again
		r.settle()
		r.expectState("x", "RUNNING [RUNNING RUNNING]")
	})
}

// expectBrokenLog checks that a connector whose task configs cannot be written goes on with the old ones.
func (r *rig) expectBrokenLog(name string) {
	r.t.Helper()
	if err := r.h.StopConnector(r.t.Context(), name); err == nil {
		r.t.Error("a write to a broken log succeeded")
	}
	r.expectState(name, "RUNNING [RUNNING RUNNING]")
}

// A worker that is stopped in the middle of a round and of restarts leaves nothing running.
func TestStoppingAmidEverything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, &MemoryStorage{})
		r.run()
		ctx := t.Context()
		for _, name := range []string{"x", "y"} {
			r.put(name, "topics", "a", "tasks.max", "2")
			r.task(name, 0).deaf = true // holds up what follows
		}
		_, err := r.h.RestartConnectorAndTasks(ctx, RestartRequest{Connector: "x", IncludeTasks: true})
		r.must(err)
		r.must(r.h.DeleteConnector(ctx, "y"))
		r.put("z", "topics", "a")
		time.Sleep(time.Second)
		r.shutdown()
		for _, name := range []string{"x", "y", "z"} {
			if running := r.plugin.count("start "+name) - r.plugin.count("stop "+name); running != 0 {
				t.Errorf("%d instances of %s are left", running, name)
			}
		}
	})
}
