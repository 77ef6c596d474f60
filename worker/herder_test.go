package worker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
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

// A task that a connector had before it was stopped, or was given fewer, is in conflict, one that it never had is unknown, as with Kafka Connect 3.9.2.
func TestRestartOfATaskThatIsNoMore(t *testing.T) {
	const noLeader = "Cannot complete request momentarily due to no known leader URL, likely because a rebalance was underway."
	bubble(t, func(t *testing.T, r *rig) {
		ctx := t.Context()
		r.put("x", "topics", "a", "tasks.max", "2")
		synctest.Wait()
		r.put("x", "topics", "a", "tasks.max", "1")
		synctest.Wait()
		expectError[*ConflictError](t, r.h.RestartTask(ctx, connect.TaskID{Connector: "x", Task: 1}), noLeader)
		expectError[*NotFoundError](t, r.h.RestartTask(ctx, connect.TaskID{Connector: "x", Task: 2}), "Unknown task: x-2")
		if err := r.h.RestartTask(ctx, connect.TaskID{Connector: "x", Task: 0}); err != nil {
			t.Error(err)
		}
		if err := r.h.StopConnector(ctx, "x"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		expectError[*ConflictError](t, r.h.RestartTask(ctx, connect.TaskID{Connector: "x", Task: 0}), noLeader)
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
// Tasks that are stopped together share the time.
// Not even a plugin that ignores its context stops the others from being started and stopped.
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
