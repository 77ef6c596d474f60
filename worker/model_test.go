package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"sluice/connect"
	"sluice/worker/store"
)

// The tests below do at random what clients may do, and compare with what Connect's rules say must come of it. A failure names the seed
// that leads to it again.

// sequences is how many are played of each kind. They take no time but the processor's.
const sequences = 60

// modelled is what the rules say of one connector.
type modelled struct {
	target TargetState
	wanted int  // tasks that its configuration asks for
	tasks  int  // tasks that are configured
	most   int  // tasks that it had at most since it was created
	stale  bool // its configuration was written since the tasks were configured
	failed map[int]bool
}

// state prints it as [rig.state] does.
func (m *modelled) state() string {
	running := map[TargetState]State{store.Started: store.Running, store.Paused: store.StatePaused, store.Stopped: store.StateStopped}[m.target]
	tasks := make([]State, m.tasks)
	for i := range tasks {
		if tasks[i] = running; m.failed[i] {
			tasks[i] = store.Failed
		}
	}
	return fmt.Sprint(running, " ", tasks)
}

// configure is what a connector that runs does with its tasks.
func (m *modelled) configure() {
	if m.target == store.Started && (m.stale || m.tasks != m.wanted) {
		m.tasks, m.stale, m.failed = m.wanted, false, map[int]bool{}
		m.most = max(m.most, m.tasks)
	}
}

// start is what becomes of a task that is started: it fails if the connector may not have as many.
func (m *modelled) start(task int) (ok bool) {
	if ok = m.tasks <= m.wanted; ok {
		delete(m.failed, task)
	} else {
		m.failed[task] = true
	}
	return ok
}

// random draws operations.
type random struct {
	*rand.Rand
	writes int // makes each configuration another one
}

func (r *random) of(n int) bool { return r.IntN(n) == 0 }

func (r *random) config(name string, tasks int) Properties {
	r.writes++
	return config(name, "tasks.max", fmt.Sprint(tasks), "topics", "a", "write", fmt.Sprint(r.writes))
}

func TestSequencesOfRequestsEndAsTheRulesSay(t *testing.T) {
	for seed := range uint64(sequences) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { playSequence(t, &random{Rand: rand.New(rand.NewPCG(seed, 1))}) })
		})
	}
}

func playSequence(t *testing.T, rnd *random) {
	storage := &MemoryStorage{}
	r := newRig(t, storage)
	r.plugin.start = func(ctx context.Context, _ string) error { return linger(ctx, time.Millisecond) }
	r.plugin.halt = func(ctx context.Context, _ string) error { return linger(ctx, time.Millisecond) }
	r.run()
	connectors := map[string]*modelled{}
	var done []string
	for range 40 {
		name := string("ab"[rnd.IntN(2)])
		done = append(done, playOne(t, r, rnd, name, connectors))
		if rnd.of(3) {
			r.settle()
		}
		checkModel(t, r, connectors, done)
		if t.Failed() {
			return
		}
	}
	checkStatusLog(t, storage)

	// A worker that takes over from one that was killed comes to the same, but for the tasks that failed: they have another try.
	taken := &MemoryStorage{}
	for _, rec := range storage.Configs.Records() {
		taken.Configs.Append(rec.Key, rec.Value)
	}
	for _, rec := range storage.Statuses.Records() {
		taken.Statuses.Append(rec.Key, rec.Value)
	}
	next := newRig(t, taken)
	next.run()
	for _, m := range connectors {
		for n := range m.tasks {
			m.start(n)
		}
		m.configure()
	}
	checkModel(t, next, connectors, append(done, "kill"))
}

// linger takes some time.
func linger(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// playOne sends one request, or breaks something, and notes what has to come of it.
func playOne(t *testing.T, r *rig, rnd *random, name string, connectors map[string]*modelled) (did string) {
	t.Helper()
	m, n := connectors[name], 1+rnd.IntN(3)
	var err error
	switch kind := rnd.IntN(10); kind {
	case 0, 1:
		var initial *TargetState
		if target := []TargetState{"", store.Started, store.Paused, store.Stopped}[rnd.IntN(4)]; m == nil && target != "" {
			initial = &target
		}
		var created bool
		_, created, err = r.h.PutConnector(t.Context(), name, rnd.config(name, n), initial, true)
		did = fmt.Sprintf("put %s %d", name, n)
		if created != (m == nil) {
			t.Errorf("%s: created is %t", did, created)
		}
		if m == nil {
			m = &modelled{target: store.Started, failed: map[int]bool{}}
			connectors[name] = m
			if initial != nil {
				m.target = *initial
				did += " " + string(*initial)
			}
			r.settle() // the answer to a creation does not wait
			time.Sleep(10 * time.Millisecond)
			r.settle()
		}
		m.wanted, m.stale = n, true
		m.configure()
		if err != nil {
			t.Errorf("%s: %v", did, err)
		}
		return did
	case 2:
		did, err = "pause "+name, r.h.PauseConnector(t.Context(), name)
		if m != nil {
			m.target = store.Paused
		}
	case 3:
		did, err = "resume "+name, r.h.ResumeConnector(t.Context(), name)
		if m != nil {
			m.target = store.Started
			m.configure()
		}
	case 4:
		did, err = "stop "+name, r.h.StopConnector(t.Context(), name)
		if m != nil {
			m.target, m.tasks, m.failed, m.stale = store.Stopped, 0, map[int]bool{}, true
		}
	case 5:
		did, err = "delete "+name, r.h.DeleteConnector(t.Context(), name)
		delete(connectors, name)
	case 6:
		did, err = "restart "+name, r.h.RestartConnector(t.Context(), name)
	case 7:
		request := RestartRequest{Connector: name, IncludeTasks: rnd.of(2), OnlyFailed: rnd.of(2)}
		did = fmt.Sprintf("restart %+v", request)
		_, err = r.h.RestartConnectorAndTasks(t.Context(), request)
		if m != nil && request.IncludeTasks {
			for n := range m.tasks {
				if m.failed[n] || !request.OnlyFailed {
					m.start(n)
				}
			}
		}
	case 8:
		did, err = fmt.Sprint("restart task ", name, " ", n-1), r.h.RestartTask(t.Context(), connect.TaskID{Connector: name, Task: n - 1})
		switch {
		case m == nil:
		case n > m.tasks && n <= m.most:
			var conflict *ConflictError
			if !errors.As(err, &conflict) {
				t.Errorf("%s: error %v, want a conflict for a task that is no more", did, err)
			}
			return did
		case n > m.tasks:
			m = nil // not found
		case !m.start(n - 1):
			var failed *ConnectError
			if !errors.As(err, &failed) {
				t.Errorf("%s: error %v", did, err)
			}
			return did
		}
	case 9:
		did = fmt.Sprint("fail task ", name, " ", n-1)
		if m != nil && n <= m.tasks && !m.failed[n-1] {
			r.settle()
			r.task(name, n-1).fail(errors.New("broken"))
			m.failed[n-1] = true
			r.settle()
		}
		return did
	}
	var missing *NotFoundError
	if (m == nil) != errors.As(err, &missing) || m != nil && err != nil {
		t.Errorf("%s: error %v, the connector or task exists: %t", did, err, m != nil)
	}
	return did
}

// checkModel compares what a client is told right now with the model: first the connectors' own states, which no answer lags behind, then
// those of tasks, which pause and go on by themselves.
func checkModel(t *testing.T, r *rig, connectors map[string]*modelled, done []string) {
	t.Helper()
	for _, name := range []string{"a", "b"} {
		m := connectors[name]
		want := "No status found for connector " + name
		if m != nil {
			want = m.state()
		}
		if got := r.state(name); !strings.HasPrefix(got, strings.Split(want, " [")[0]) {
			t.Errorf("%s is at once %s, want %s, after\n%s", name, got, want, strings.Join(done, "\n"))
		}
		r.settle()
		if got := r.state(name); got != want {
			t.Errorf("%s is %s, want %s, after\n%s", name, got, want, strings.Join(done, "\n"))
		}
		if listed := slices.Contains(r.h.Connectors(), name); listed != (m != nil) {
			t.Errorf("%s is listed: %t, after\n%s", name, listed, strings.Join(done, "\n"))
		}
	}
}

// checkStatusLog looks at everything that was ever written: generations never go back, and nothing says farewell that was not there.
func checkStatusLog(t *testing.T, storage *MemoryStorage) {
	t.Helper()
	last := map[string]store.Status{}
	for _, rec := range storage.Statuses.Records() {
		if !strings.HasPrefix(rec.Key, "status-connector-") && !strings.HasPrefix(rec.Key, "status-task-") {
			continue
		}
		was, known := last[rec.Key]
		if rec.Value == nil {
			delete(last, rec.Key)
			continue
		}
		now := parseStatus(t, rec.Value)
		if known && now.Generation < was.Generation {
			t.Errorf("record %d, %s: generation %d comes after %d", rec.Offset, rec.Key, now.Generation, was.Generation)
		}
		if !known && (now.State == store.Unassigned || now.State == store.Restarting) {
			t.Errorf("record %d, %s: %s of what was not there", rec.Offset, rec.Key, now.State)
		}
		last[rec.Key] = now
	}
}

func TestRequestsAtTheSameTimeEndAsTheConfigTopicSays(t *testing.T) {
	for seed := range uint64(sequences) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { playCrowd(t, &random{Rand: rand.New(rand.NewPCG(seed, 2))}) })
		})
	}
}

// playCrowd sends requests about two connectors without waiting for answers. Which of them wins is open; what counts is what the config
// topic says in the end.
func playCrowd(t *testing.T, rnd *random) {
	storage := &MemoryStorage{}
	r := newRig(t, storage)
	slow := func(ctx context.Context, _ string) error { return linger(ctx, 3*time.Millisecond) }
	r.plugin.start, r.plugin.halt = slow, slow
	r.run()
	var wg sync.WaitGroup
	for range 60 {
		name, kind, n := string("ab"[rnd.IntN(2)]), rnd.IntN(8), 1+rnd.IntN(3)
		props := rnd.config(name, n)
		request := RestartRequest{Connector: name, IncludeTasks: rnd.of(2), OnlyFailed: rnd.of(2)}
		wg.Go(func() {
			var err error
			switch kind {
			case 0, 1:
				_, _, err = r.h.PutConnector(t.Context(), name, props, nil, true)
			case 2:
				err = r.h.PauseConnector(t.Context(), name)
			case 3:
				err = r.h.ResumeConnector(t.Context(), name)
			case 4:
				err = r.h.StopConnector(t.Context(), name)
			case 5:
				err = r.h.DeleteConnector(t.Context(), name)
			case 6:
				_, err = r.h.RestartConnectorAndTasks(t.Context(), request)
			case 7:
				err = r.h.RestartTask(t.Context(), connect.TaskID{Connector: name, Task: n - 1})
			}
			var missing *NotFoundError
			var conflict *ConflictError
			var failed *ConnectError // a restart that another request has cut short
			if err != nil && !errors.As(err, &missing) && !errors.As(err, &conflict) && !errors.As(err, &failed) {
				t.Errorf("request %d about %s: %v", kind, name, err)
			}
		})
		if rnd.of(2) {
			time.Sleep(time.Duration(rnd.IntN(8)) * time.Millisecond)
		}
	}
	wg.Wait()
	time.Sleep(time.Second)
	r.settle()

	snapshot := r.h.configs.Snapshot()
	for _, name := range []string{"a", "b"} {
		want := "No status found for connector " + name
		if p, ok := snapshot.ConnectorConfig(name); ok {
			m := &modelled{target: snapshot.TargetState(name), tasks: snapshot.TaskCount(name)}
			want = m.state()
			most, _ := p.Get("tasks.max")
			if m.target == store.Started && most != fmt.Sprint(m.tasks) {
				t.Errorf("%s has %d tasks, want %s", name, m.tasks, most)
			}
			if m.target == store.Paused && most < fmt.Sprint(m.tasks) {
				continue // its tasks are more than it may have now: those that a request has restarted have failed
			}
			if m.target == store.Stopped && m.tasks > 0 {
				t.Errorf("%s is stopped and has %d tasks", name, m.tasks)
			}
		}
		r.expectState(name, want)
		running := 0
		for _, task := range r.running() {
			if task.Connector == name {
				running++
			}
		}
		if running != snapshot.TaskCount(name) {
			t.Errorf("%d tasks of %s run, want %d", running, name, snapshot.TaskCount(name))
		}
	}
	checkStatusLog(t, storage)
}

func parseStatus(t *testing.T, value []byte) store.Status {
	t.Helper()
	var s struct {
		State      store.State
		Generation int
	}
	if err := json.Unmarshal(value, &s); err != nil {
		t.Fatal(err)
	}
	return store.Status{State: s.State, Generation: s.Generation}
}
