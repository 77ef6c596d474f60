package worker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"sluice/connect"
	"sluice/worker/store"
)

// bubble runs a test with a running worker in virtual time.
func bubble(t *testing.T, test func(t *testing.T, r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, &MemoryStorage{})
		r.run()
		test(t, r)
		r.shutdown()
	})
}

func expectError[E error](t *testing.T, err error, text string) {
	t.Helper()
	var want E
	if !errors.As(err, &want) || err.Error() != text {
		t.Errorf("error %T %v, want %T %s", err, err, want, text)
	}
}

func TestCreateAndReplace(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		ctx := t.Context()
		info, created, err := r.h.PutConnector(ctx, "x", config("x", "tasks.max", "2", "topics", "a"), nil, false)
		r.must(err)
		if !created || info.Type != "sink" || len(info.Tasks) != 0 || info.Tasks == nil {
			t.Errorf("created %t, %+v", created, info)
		}
		r.expectState("x", "RUNNING [RUNNING RUNNING]")

		_, _, err = r.h.PutConnector(ctx, "x", config("x", "topics", "b"), nil, false)
		expectError[*AlreadyExistsError](t, err, "Connector x already exists")

		info, created, err = r.h.PutConnector(ctx, "x", config("x", "tasks.max", "1", "topics", "b"), nil, true)
		r.must(err)
		if got := fmt.Sprint(info.Tasks); created || got != "[{x 0} {x 1}]" { // the tasks from before
			t.Errorf("created %t, tasks %s", created, got)
		}
		r.expectState("x", "RUNNING [RUNNING]")
		if got := r.task("x", 0).cfg.Topics; !slices.Equal(got, []string{"b"}) {
			t.Errorf("task reads %v", got)
		}
		tasks, err := r.h.TaskConfigs(ctx, "x")
		r.must(err)
		if class, _ := tasks[0].Config.Get("task.class"); len(tasks) != 1 || class != sinkTaskClass {
			t.Errorf("tasks %v", tasks)
		}
	})
}

func TestRefusedConfigurations(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		ctx := t.Context()
		_, _, err := r.h.PutConnector(ctx, "x", config("x", "invalid", "yes"), nil, false)
		expectError[*BadRequestError](t, err, "Connector configuration is invalid and contains the following 1 error(s):\nit is invalid\n"+
			"You can also find the above list of errors at the endpoint `/connector-plugins/{connectorType}/config/validate`")
		_, _, err = r.h.PutConnector(ctx, "x", config("x").Without("connector.class"), nil, false)
		expectError[*BadRequestError](t, err, "Connector config {name=x} contains no connector type")
		r.put("x", "topics", "a")
		yes := "yes"
		_, err = r.h.PatchConnector(ctx, "x", Properties{{Key: "invalid", Value: &yes}})
		var bad *BadRequestError
		if !errors.As(err, &bad) {
			t.Errorf("error %v", err)
		}
		if p, _ := r.h.ConnectorConfig(ctx, "x"); p.Has("invalid") {
			t.Error("an invalid patch was stored")
		}
	})
}

func TestUnknownConnectors(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		ctx := t.Context()
		for name, call := range map[string]func() error{
			"Connector x not found": func() error { _, err := r.h.ConnectorInfo(ctx, "x"); return err },
			"Unknown connector x":   func() error { return r.h.PauseConnector(ctx, "x") },
			"Unknown connector: x":  func() error { return r.h.RestartConnector(ctx, "x") },
		} {
			expectError[*NotFoundError](t, call(), name)
		}
		_, err := r.h.ConnectorConfig(ctx, "x")
		expectError[*NotFoundError](t, err, "Connector x not found")
		_, err = r.h.TaskConfigs(ctx, "x")
		expectError[*NotFoundError](t, err, "Connector x not found")
		_, err = r.h.PatchConnector(ctx, "x", nil)
		expectError[*NotFoundError](t, err, "Connector x not found")
		expectError[*NotFoundError](t, r.h.DeleteConnector(ctx, "x"), "Connector x not found")
		expectError[*NotFoundError](t, r.h.ResumeConnector(ctx, "x"), "Unknown connector x")
		expectError[*NotFoundError](t, r.h.StopConnector(ctx, "x"), "Unknown connector x")
		_, err = r.h.RestartConnectorAndTasks(ctx, RestartRequest{Connector: "x", IncludeTasks: true})
		expectError[*NotFoundError](t, err, "Unknown connector: x")
		expectError[*NotFoundError](t, r.h.RestartTask(ctx, connect.TaskID{Connector: "x", Task: 0}), "Unknown connector: x")
		_, err = r.h.ConnectorStatus("x")
		expectError[*NotFoundError](t, err, "No status found for connector x")
		_, err = r.h.TaskStatus(connect.TaskID{Connector: "x", Task: 3})
		expectError[*NotFoundError](t, err, "No status found for task x-3")

		r.put("x", "topics", "a")
		expectError[*NotFoundError](t, r.h.RestartTask(ctx, connect.TaskID{Connector: "x", Task: 1}), "Unknown task: x-1")
	})
}

// A class that this worker does not have is another worker's business: it shows and is kept.
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

// Tasks that are stopped together share the time.
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

// Not even a plugin that ignores its context stops the others from being started and stopped.
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
		time.Sleep(connectorStopTimeout)
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

func TestRemovedAndCreatedAgainAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		ctx := t.Context()
		r.put("x", "topics", "a", "tasks.max", "2")
		r.task("x", 0).deaf = true // holds up the round
		r.must(r.h.DeleteConnector(ctx, "x"))
		_, created, err := r.h.PutConnector(ctx, "x", config("x", "topics", "b"), nil, false)
		if err != nil || !created {
			t.Fatal(created, err)
		}
		time.Sleep(time.Minute)
		r.settle()
		r.expectState("x", "RUNNING [RUNNING]")
		if starts, stops := r.plugin.count("start x"), r.plugin.count("stop x"); starts-stops != 1 {
			t.Errorf("%d instances run (%d starts, %d stops)", starts-stops, starts, stops)
		}
		if got := r.task("x", 0).cfg.Topics; !slices.Equal(got, []string{"b"}) {
			t.Errorf("task reads %v", got)
		}
	})
}

func TestPausedConnectorsStayPaused(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		ctx := t.Context()
		r.put("x", "topics", "a", "tasks.max", "2")
		r.must(r.h.PauseConnector(ctx, "x"))
		r.expectState("x", "PAUSED [PAUSED PAUSED]")
		r.put("x", "topics", "b", "tasks.max", "2") // its tasks are told when it is resumed
		r.expectState("x", "PAUSED [PAUSED PAUSED]")
		r.must(r.h.RestartTask(ctx, connect.TaskID{Connector: "x", Task: 1}))
		r.expectState("x", "PAUSED [PAUSED PAUSED]")
		r.must(r.h.ResumeConnector(ctx, "x"))
		r.expectState("x", "RUNNING [RUNNING RUNNING]")
		if got := r.task("x", 1).cfg.Topics; !slices.Equal(got, []string{"b"}) {
			t.Errorf("task reads %v", got)
		}
		// A failed task stays failed through pause and resume.
		r.task("x", 0).fail(errors.New("broken"))
		r.settle()
		r.must(r.h.PauseConnector(ctx, "x"))
		r.expectState("x", "PAUSED [FAILED PAUSED]")
		r.must(r.h.ResumeConnector(ctx, "x"))
		r.expectState("x", "RUNNING [FAILED RUNNING]")
		_, err := r.h.RestartConnectorAndTasks(ctx, RestartRequest{Connector: "x", IncludeTasks: true, OnlyFailed: true})
		r.must(err)
		r.expectState("x", "RUNNING [RUNNING RUNNING]")
	})
}

func TestStoppedConnectorThatIsPausedGetsNoTasks(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		ctx := t.Context()
		r.put("x", "topics", "a")
		r.must(r.h.StopConnector(ctx, "x"))
		r.expectState("x", "STOPPED []")
		r.must(r.h.StopConnector(ctx, "x")) // again
		r.expectState("x", "STOPPED []")
		r.must(r.h.PauseConnector(ctx, "x"))
		r.expectState("x", "PAUSED []")
		r.must(r.h.ResumeConnector(ctx, "x"))
		r.expectState("x", "RUNNING [RUNNING]")
	})
}

func TestRestartAnswersItsPlan(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		ctx := t.Context()
		r.put("x", "topics", "a", "tasks.max", "2")
		r.task("x", 1).fail(errors.New("broken"))
		r.settle()
		for _, tc := range []struct {
			request RestartRequest
			want    string
		}{
			{RestartRequest{OnlyFailed: true}, "RUNNING [RUNNING FAILED]"},
			{RestartRequest{OnlyFailed: true, IncludeTasks: true}, "RUNNING [RUNNING RESTARTING]"},
			{RestartRequest{IncludeTasks: true}, "RESTARTING [RESTARTING RESTARTING]"},
		} {
			tc.request.Connector = "x"
			info, err := r.h.RestartConnectorAndTasks(ctx, tc.request)
			r.must(err)
			if got := fmt.Sprintf("%s [%s %s]", info.Connector.State, info.Tasks[0].State, info.Tasks[1].State); got != tc.want {
				t.Errorf("%+v: %s, want %s", tc.request, got, tc.want)
			}
		}
		r.expectState("x", "RUNNING [RUNNING RUNNING]")
	})
}

// Of the restarts that wait for the one under way, the one with the highest impact is carried out.
func TestRestartsThatWait(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		ctx := t.Context()
		r.put("x", "topics", "a")
		r.task("x", 0).deaf = true // the first restart takes 5 s
		for _, request := range []RestartRequest{
			{Connector: "x", IncludeTasks: true},
			{Connector: "x", OnlyFailed: true, IncludeTasks: true},
			{Connector: "x", IncludeTasks: true},
			{Connector: "x", OnlyFailed: true},
		} {
			_, err := r.h.RestartConnectorAndTasks(ctx, request)
			r.must(err)
		}
		time.Sleep(10 * time.Second)
		r.settle()
		if got := r.plugin.count("start x"); got != 3 { // creation, the first restart, one of the others
			t.Errorf("connector was started %d times, want 3", got)
		}
		r.expectState("x", "RUNNING [RUNNING]")
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
		r.put2Fails("x")
		broken.Store(false)
		time.Sleep(10 * time.Second) // the task configs are tried again
		r.settle()
		r.expectState("x", "RUNNING [RUNNING RUNNING]")
	})
}

// put2Fails checks that a connector whose task configs cannot be written goes on with the old ones.
func (r *rig) put2Fails(name string) {
	r.t.Helper()
	if err := r.h.StopConnector(r.t.Context(), name); err == nil {
		r.t.Error("a write to a broken log succeeded")
	}
	r.expectState(name, "RUNNING [RUNNING RUNNING]")
}

func TestTopicTrackingSwitches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, &MemoryStorage{}, "topic.tracking.enable", "false")
		r.run()
		r.put("x", "topics", "a")
		r.task("x", 0).see("a")
		r.settle()
		_, err := r.h.ActiveTopics("x")
		expectError[*ForbiddenError](t, err, "Topic tracking is disabled.")
		expectError[*ForbiddenError](t, r.h.ResetActiveTopics(t.Context(), "x"), "Topic tracking is disabled.")
		if slices.ContainsFunc(keys(&r.storage.Statuses), func(k string) bool { return strings.HasPrefix(k, "status-topic-") }) {
			t.Error("a topic was recorded")
		}
		r.shutdown()

		r = newRig(t, &MemoryStorage{}, "topic.tracking.allow.reset", "false")
		r.run()
		r.put("x", "topics", "a")
		r.task("x", 0).see("a")
		topics, err := r.h.ActiveTopics("x")
		r.must(err)
		if !slices.Equal(topics, []string{"a"}) {
			t.Errorf("topics %v", topics)
		}
		expectError[*ForbiddenError](t, r.h.ResetActiveTopics(t.Context(), "x"), "Topic tracking reset is disabled.")
	})
}

func TestHealth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, &MemoryStorage{})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		over := r.h.stages.begin("connecting to Kafka")
		health, err := r.h.Health(ctx)
		var late *TimeoutError
		if !errors.As(err, &late) || health.Ready || !strings.HasPrefix(health.Stage, "The worker is currently connecting to Kafka, which began at 2000-01-01T00:00:00Z") {
			t.Errorf("before the start: %+v, %v", health, err)
		}
		over()
		r.run()
		if health, err = r.h.Health(t.Context()); err != nil || !health.Ready {
			t.Errorf("running: %+v, %v", health, err)
		}
		r.shutdown()
		if _, err = r.h.Health(t.Context()); !errors.Is(err, ErrShuttingDown) {
			t.Errorf("after the end: %v", err)
		}
		if err := r.h.PauseConnector(t.Context(), "x"); !errors.Is(err, ErrShuttingDown) {
			t.Errorf("after the end: %v", err)
		}
	})
}

// Whatever is asked at the same time, the end is one that some order of the requests leads to, and every instance is accounted for.
func TestManyRequestsAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		ctx := t.Context()
		var wg sync.WaitGroup
		for i := range 8 {
			for j := range 6 {
				name := fmt.Sprintf("c%d", i)
				wg.Go(func() {
					switch j {
					case 0, 1:
						_, _, _ = r.h.PutConnector(ctx, name, config(name, "topics", "a", "tasks.max", fmt.Sprint(1+j)), nil, true)
					case 2:
						_ = r.h.PauseConnector(ctx, name)
					case 3:
						_ = r.h.ResumeConnector(ctx, name)
					case 4:
						_, _ = r.h.RestartConnectorAndTasks(ctx, RestartRequest{Connector: name, IncludeTasks: true})
					case 5:
						if i%2 == 0 {
							_ = r.h.DeleteConnector(ctx, name)
						} else {
							_ = r.h.RestartConnector(ctx, name)
						}
					}
				})
			}
		}
		wg.Wait()
		time.Sleep(time.Minute)
		r.settle()
		snapshot := r.h.configs.Snapshot()
		for i := range 8 {
			name := fmt.Sprintf("c%d", i)
			if !snapshot.Contains(name) {
				if got := r.state(name); got != "No status found for connector "+name {
					t.Errorf("%s was removed and shows as %s", name, got)
				}
				continue
			}
			want := "RUNNING"
			if snapshot.TargetState(name) == store.Paused {
				want = "PAUSED"
			}
			states := make([]string, len(snapshot.Tasks(name)))
			for n := range states {
				states[n] = want
			}
			r.expectState(name, fmt.Sprintf("%s %v", want, states))
			if running := r.plugin.count("start "+name) - r.plugin.count("stop "+name); (running == 1) != (want == "RUNNING") {
				t.Errorf("%d instances of %s run", running, name)
			}
		}
		if got, want := sorted(r.h.Connectors()), r.h.Connectors(); !slices.Equal(got, want) {
			t.Errorf("connectors are not sorted: %v", want)
		}
	})
}
