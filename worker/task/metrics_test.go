package task_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"sluice/connect"
)

// Given a task, when it reads, puts and commits, then it tells what a Java worker's sink-task-metrics and connector-task-metrics tell.
func TestATaskTellsWhatItDidOfLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &fakeSink{}
		fake.put = func(context.Context, []connect.SinkRecord) error {
			time.Sleep(250 * time.Millisecond)
			return nil
		}
		h := run(t, fake, nil, nil)
		synctest.Wait()
		if r := h.task.Recent(); r.CommitSequence != 0 || r.Reads.Total != 0 || !math.IsNaN(r.Active.Max) || !math.IsNaN(r.CommitTimes.Avg) {
			t.Errorf("before there is anything: got %+v", r)
		}
		h.reader.produce(tp0, "a", "b", "c")
		h.reader.assign(tp0)
		time.Sleep(time.Second)
		synctest.Wait()
		r := h.task.Recent()
		if r.Reads.Total != 3 || r.Reads.Max != 3 || r.Puts.Total != 3 || r.Puts.Max != 3 || r.PutTimes.Max != 250 || r.Active.Last != 3 || r.Active.Max != 3 {
			t.Errorf("after three records: got %+v", r)
		}
		if r.Reads.Rate < 3.0/40 || r.Reads.Rate > 3.0/30 {
			t.Errorf("got a rate of %v, want 3 per 30 s and a little more", r.Reads.Rate)
		}
		if r.Reader != nil || r.Producer != nil {
			t.Errorf("the fake clients have figures: %+v", r)
		}
		fake.ctx.RequestCommit()
		time.Sleep(time.Second)
		synctest.Wait()
		if r := h.task.Recent(); r.CommitSequence != 1 || r.CommitTimes.Count != 1 || r.CommitOutcomes.Avg != 1 || r.Active.Last != 0 || r.SkippedCommits.Count != 0 {
			t.Errorf("after a commit: got %+v", r)
		}
		fake.ctx.RequestCommit() // there is nothing new
		time.Sleep(time.Second)
		synctest.Wait()
		if r := h.task.Recent(); r.CommitSequence != 2 || r.CommitTimes.Count != 2 || h.task.Stats().Commits != 1 {
			t.Errorf("after a commit of nothing, which counts: got %+v", r)
		}
		h.reader.produce(tp0, "d")
		h.reader.set(func() { h.reader.refuse = errors.New("not now") })
		fake.ctx.RequestCommit()
		time.Sleep(time.Second)
		synctest.Wait()
		fake.ctx.RequestCommit()
		time.Sleep(time.Second)
		synctest.Wait()
		if r := h.task.Recent(); r.CommitOutcomes.Avg >= 1 || r.CommitTimes.Count == r.CommitSequence || r.Active.Last != 1 {
			t.Errorf("after a refused commit: got %+v", r)
		}
		h.reader.set(func() { h.reader.refuse = nil })
		h.stop()
		if r := h.task.Recent(); r.Active.Last != 0 || h.task.Stats().Partitions != 0 {
			t.Errorf("after the stop: got %+v", r)
		}
		time.Sleep(time.Hour)
		if r := h.task.Recent(); r.Reads.Total != 4 || r.Reads.Rate != 0 || !math.IsNaN(r.PutTimes.Max) {
			t.Errorf("long after: got %+v", r)
		}
	})
}

// An answer to a commit that came after the next one was begun is skipped.
func TestLateAnswersToCommitsAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &fakeSink{}
		h := run(t, fake, nil, nil)
		late := overtakenCommit(h, fake)
		late()
		synctest.Wait()
		fake.ctx.Wake()
		synctest.Wait()
		if r := h.task.Recent(); r.SkippedCommits.Count != 1 || r.CommitOutcomes.Avg != 1 {
			t.Errorf("got %+v, want one that was skipped, and no failure", r)
		}
		h.stop()
	})
}

// Given a plugin that keeps figures of its own, when its task has stopped, then its counters are still told, and its gauges are asked no more.
func TestThePluginsOwnMetrics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &fakeSink{}
		fake.put = func(_ context.Context, records []connect.SinkRecord) error {
			metrics := fake.ctx.Metrics()
			metrics.Counter("store_written_total", "Records written.").Add(float64(len(records)))
			metrics.Counter("store-written", "A name that is not allowed.").Inc()
			metrics.Gauge("store_open", "Open calls.", func() float64 { return 7 })
			return nil
		}
		h := run(t, fake, nil, nil)
		h.reader.produce(tp0, "a", "b")
		h.reader.assign(tp0)
		synctest.Wait()
		if got := h.task.Metrics().Read(); len(got) != 2 || got[0].Name != "store_open" || got[0].Samples[0].Value != 7 || got[1].Samples[0].Value != 2 {
			t.Errorf("got %+v, want the gauge and the counter", got)
		}
		h.stop()
		if got := h.task.Metrics().Read(); len(got) != 1 || got[0].Name != "store_written_total" {
			t.Errorf("got %+v after the stop, want the counter alone", got)
		}
		if log := h.log.String(); !strings.Contains(log, "a metric of the plugin is not shown") || !strings.Contains(log, "store-written") {
			t.Errorf("the log does not say which metric is not shown: %s", log)
		}
	})
}
