package task_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"

	"sluice/connect"
)

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
