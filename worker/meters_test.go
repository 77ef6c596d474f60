package worker

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"sluice/connect"
	"sluice/worker/metrics"
)

// figures prints what the metrics say of connectors and tasks: "x running 2/1/0/1; x-0 running x-1 failed".
func (r *rig) figures() string {
	s := r.h.Metrics()
	var connectors, tasks []string
	counts := map[string]metrics.TaskCount{}
	for _, c := range s.Counts {
		counts[c.Connector] = c
	}
	for _, c := range s.Connectors {
		n := counts[c.Name]
		connectors = append(connectors, fmt.Sprintf("%s %s %d/%d/%d/%d", c.Name, c.Status, n.Total, n.Running, n.Paused, n.Failed))
	}
	for _, t := range s.Tasks {
		tasks = append(tasks, t.ID.String()+" "+t.Status)
	}
	return strings.Join(connectors, " ") + "; " + strings.Join(tasks, " ")
}

func (r *rig) expectFigures(want string) {
	r.t.Helper()
	r.settle()
	if got := r.figures(); got != want {
		r.t.Errorf("the metrics say %q, want %q", got, want)
	}
}

func starts(s metrics.Starts) string {
	yes, no := s.Outcomes.Share()
	return fmt.Sprintf("%d+%d %.2f+%.2f", s.Succeeded, s.Failed, yes, no)
}

// Through a connector's life its metrics are what is there, and when it is gone nothing is left of it.
func TestMetricsOfAConnectorsLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		r := newRig(t, &MemoryStorage{})
		r.h.url = "http://" + javaWorkerID + "/"
		if s := r.h.Metrics(); s.Rebalance.Leader != "" || !s.Rebalance.Last.IsZero() || s.Worker.Connectors != 0 { // before the loop runs
			t.Errorf("got %+v", s)
		}
		r.run()
		r.put("x", "tasks.max", "2")
		r.expectFigures("x running 2/2/0/0; x-0 running x-1 running")
		time.Sleep(time.Minute)
		r.must(r.h.PauseConnector(ctx, "x"))
		r.expectFigures("x paused 2/0/2/0; x-0 paused x-1 paused")
		time.Sleep(3 * time.Minute)
		if task := r.h.Metrics().Tasks[0]; task.Running != 0.25 || task.Paused != 0.75 || task.Made {
			t.Errorf("got %+v, want a quarter of the time running, and no figures of a task that tells none", task)
		}
		r.must(r.h.ResumeConnector(ctx, "x"))
		r.expectFigures("x running 2/2/0/0; x-0 running x-1 running")
		r.task("x", 1).ask <- func() error { return errors.New("bad record") }
		r.expectFigures("x running 2/1/0/1; x-0 running x-1 failed") // a failed task keeps its metrics
		r.must(r.h.RestartTask(ctx, connect.TaskID{Connector: "x", Task: 1}))
		r.expectFigures("x running 2/2/0/0; x-0 running x-1 running")

		s := r.h.Metrics()
		if got := starts(s.Worker.ConnectorStarts); got != "1+0 0.00+0.00" { // the only one was too long ago
			t.Errorf("starts of connectors: got %s", got)
		}
		if got := starts(s.Worker.TaskStarts); got != "3+0 1.00+0.00" {
			t.Errorf("starts of tasks: got %s", got)
		}
		if w := s.Worker; w.Connectors != 1 || w.Tasks != 2 || w.AssignedConnectors != 1 || w.AssignedTasks != 2 || w.ID != javaWorkerID || w.Version != "3.9.2-test" || w.ClientID != "connect-"+javaWorkerID {
			t.Errorf("got %+v", w)
		}
		if reb := s.Rebalance; reb.Leader != r.h.url || reb.Protocol != "SESSIONED" || reb.Active || reb.Times.Count < 2 || int64(reb.Epoch) != r.h.generation.Load() || reb.Last.IsZero() {
			t.Errorf("got %+v", reb)
		}
		if c := s.Connectors[0]; c.Class != sinkClass || c.Type != "sink" || c.Version != "3.9.2" {
			t.Errorf("got %+v", c)
		}

		r.must(r.h.StopConnector(ctx, "x"))
		r.expectFigures("x stopped 0/0/0/0; ")
		r.must(r.h.DeleteConnector(ctx, "x"))
		r.expectFigures("; ")
	})
}

// What cannot be made or started counts as a failed start; a task that cannot even be made is told as one that has failed.
func TestMetricsOfWhatCannotStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, &MemoryStorage{})
		r.run()
		r.put("unmade", "fail", "new")
		r.put("unstarted", "fail", "start")
		r.expectFigures("unmade running 1/0/0/1 unstarted running 1/0/0/1; unmade-0 failed unstarted-0 failed")
		if got := starts(r.h.Metrics().Worker.TaskStarts); got != "0+2 0.00+1.00" {
			t.Errorf("starts of tasks: got %s", got)
		}
		r.put("strange", "connector.class", "NoSuchClass")
		s := r.h.Metrics()
		if got := starts(s.Worker.ConnectorStarts); got != "2+1 0.67+0.33" || s.Worker.Connectors != 2 {
			t.Errorf("starts of connectors: got %s, %d connectors", got, s.Worker.Connectors)
		}
		for _, name := range []string{"unmade", "unstarted", "strange"} {
			r.must(r.h.DeleteConnector(t.Context(), name))
		}
		r.expectFigures("; ")
	})
}

// The metrics do not wait for a loop that is busy.
func TestMetricsDoNotWaitForTheLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, &MemoryStorage{})
		r.run()
		r.put("x")
		free := make(chan struct{})
		go r.h.post(timerDue{func() { <-free }})
		r.settle()
		r.expectFigures("x running 1/1/0/0; x-0 running")
		close(free)
	})
}

func TestSettingsOfTheMetrics(t *testing.T) {
	if got := mustLoad(t, minimal()); got.window.Samples != 2 || got.window.Length != 30*time.Second || got.REST.MetricsListeners != nil {
		t.Errorf("got %+v, %v by default", got.window, got.REST.MetricsListeners)
	}
	got := mustLoad(t, minimal("metrics.num.samples", "5", "metrics.sample.window.ms", "1000", "metrics.listeners", "http://127.0.0.1:9404"))
	if got.window.Samples != 5 || got.window.Length != time.Second || len(got.REST.MetricsListeners) != 1 {
		t.Errorf("got %+v, %v", got.window, got.REST.MetricsListeners)
	}
	if got := mustLoad(t, minimal("metrics.listeners", "")).REST.MetricsListeners; got == nil || len(got) != 0 {
		t.Errorf("got %v for an empty list, want one that is empty", got)
	}
	for value, want := range map[string]string{"https://:9404": "no TLS", "127.0.0.1:9404": "right format"} {
		if _, _, err := LoadConfig(minimal("metrics.listeners", value), nil); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "metrics.listeners") {
			t.Errorf("%s: got %v, want an error that says %q", value, err, want)
		}
	}
}
