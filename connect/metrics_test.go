package connect_test

import (
	"fmt"
	"math"
	"reflect"
	"strings"
	"sync"
	"testing"

	"sluice/connect"
)

func TestMetricsAreReadAsTheyStand(t *testing.T) {
	m := connect.NewMetrics(func(err error) { t.Error(err) })
	write := connect.MetricLabel{Name: "operation", Value: "write"}
	read := connect.MetricLabel{Name: "operation", Value: "read"}
	m.Counter("store_calls_total", "Calls.", write).Add(2.5)
	m.Counter("store_calls_total", "Calls.", read).Inc()
	m.Counter("store_calls_total", "Calls.", write).Inc() // the same one
	m.Gauge("store_open", "Open calls.", func() float64 { return 1 })
	m.Gauge("store_open", "Open calls.", func() float64 { return 7 }) // in place of the first
	took := m.Histogram("store_seconds", "Time.", []float64{1, 2})
	for _, v := range []float64{0.5, 1, 1.5, 3, math.NaN()} {
		took.Observe(v)
	}

	want := []connect.MetricFamily{
		{Name: "store_calls_total", Help: "Calls.", Kind: connect.MetricCounter, Samples: []connect.MetricSample{
			{Labels: []connect.MetricLabel{write}, Value: 3.5}, {Labels: []connect.MetricLabel{read}, Value: 1},
		}},
		{Name: "store_open", Help: "Open calls.", Kind: connect.MetricGauge, Samples: []connect.MetricSample{{Value: 7}}},
		{Name: "store_seconds", Help: "Time.", Kind: connect.MetricHistogram, Samples: []connect.MetricSample{
			{Count: 4, Sum: 6, Buckets: map[float64]uint64{1: 2, 2: 3}},
		}},
	}
	if got := m.Read(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}

	m.Close() // the plugin has stopped: its gauges may be asked no more
	if got := m.Read(); len(got) != 2 || got[0].Name != "store_calls_total" || got[1].Name != "store_seconds" {
		t.Errorf("got %+v after Close, want the counters and the histogram", got)
	}
}

// A plugin that breaks a rule is told so, and runs all the same.
func TestMetricsThatAreRefused(t *testing.T) {
	label := func(name string) connect.MetricLabel { return connect.MetricLabel{Name: name, Value: "x"} }
	for _, c := range []struct {
		name string
		make func(m *connect.Metrics)
		want string
	}{
		{"a name with a dash", func(m *connect.Metrics) { m.Counter("a-total", "A.").Inc() }, "letters, digits and underscores"},
		{"no name", func(m *connect.Metrics) { m.Gauge("", "A.", func() float64 { return 0 }) }, "letters, digits and underscores"},
		{"no help", func(m *connect.Metrics) { m.Counter("a_total", "").Inc() }, "no help text"},
		{"a counter without _total", func(m *connect.Metrics) { m.Counter("a", "A.").Inc() }, "ends in _total"},
		{"a gauge without a function", func(m *connect.Metrics) { m.Gauge("a", "A.", nil) }, "no function"},
		{"bounds that fall", func(m *connect.Metrics) { m.Histogram("a", "A.", []float64{2, 1}).Observe(3) }, "do not rise"},
		{"an infinite bound", func(m *connect.Metrics) { m.Histogram("a", "A.", []float64{math.Inf(1)}).Observe(3) }, "not finite"},
		{"a label of the worker's", func(m *connect.Metrics) { m.Counter("a_total", "A.", label("task")).Inc() }, "not for plugins"},
		{"a label with a space", func(m *connect.Metrics) { m.Counter("a_total", "A.", label("a b")).Inc() }, `label "a b"`},
		{"a label of Prometheus'", func(m *connect.Metrics) { m.Counter("a_total", "A.", label("__a")).Inc() }, `label "__a"`},
		{"a label twice", func(m *connect.Metrics) { m.Counter("a_total", "A.", label("b"), label("b")).Inc() }, "twice"},
	} {
		var got []string
		m := connect.NewMetrics(func(err error) { got = append(got, err.Error()) })
		c.make(m)
		if len(got) != 1 || !strings.Contains(got[0], c.want) || len(m.Read()) != 0 {
			t.Errorf("%s: got %q and %+v, want one refusal with %q and nothing shown", c.name, got, m.Read(), c.want)
		}
	}

	for _, c := range []struct {
		name string
		make func(m *connect.Metrics)
		want string
	}{
		{"another kind", func(m *connect.Metrics) { m.Histogram("a_total", "A.", nil).Observe(1) }, "is a counter already"},
		{"another help", func(m *connect.Metrics) { m.Counter("a_total", "B.").Inc() }, `help is "A." already`},
		{"other labels", func(m *connect.Metrics) { m.Counter("a_total", "A.", label("b")).Inc() }, "labels are [] already"},
	} {
		var got []string
		m := connect.NewMetrics(func(err error) { got = append(got, err.Error()) })
		m.Counter("a_total", "A.").Inc()
		c.make(m)
		if all := m.Read(); len(got) != 1 || !strings.Contains(got[0], c.want) || len(all) != 1 || all[0].Samples[0].Value != 1 {
			t.Errorf("%s: got %q and %+v, want one refusal with %q and the first counter", c.name, got, all, c.want)
		}
	}
}

// A label that takes a value of each record does not fill the memory of whoever reads, and is complained of once.
func TestMetricsOfOneNameAreBounded(t *testing.T) {
	refused := 0
	m := connect.NewMetrics(func(error) { refused++ })
	for i := range connect.MaxMetricsPerName + 50 {
		m.Counter("a_total", "A.", connect.MetricLabel{Name: "key", Value: fmt.Sprint(i)}).Inc()
	}
	if got := len(m.Read()[0].Samples); got != connect.MaxMetricsPerName || refused != 1 {
		t.Errorf("got %d metrics and %d complaints, want %d and 1", got, refused, connect.MaxMetricsPerName)
	}
}

func TestMetricsOfNobody(t *testing.T) {
	var m *connect.Metrics
	c := m.Counter("a_total", "A.")
	c.Inc()
	c.Add(-1)
	c.Add(math.Inf(1))
	if c.Value() != 1 {
		t.Errorf("got %v, want 1", c.Value())
	}
	m.Histogram("a", "A.", nil).Observe(1)
	m.Gauge("b", "B.", func() float64 { return 0 })
	m.Gauge("b", "B.", nil)
	m.Close()
	if got := m.Read(); got != nil {
		t.Errorf("got %+v, want nothing", got)
	}
	var none *connect.Counter
	none.Inc()
	var nothing *connect.Histogram
	nothing.Observe(1)
	if none.Value() != 0 {
		t.Error("a counter that is not there has a value")
	}
}

// A gauge that panics is left out.
func TestMetricsOfABadGauge(t *testing.T) {
	m := connect.NewMetrics(nil)
	m.Gauge("a", "A.", func() float64 { panic("not ready") })
	m.Counter("b_total", "B.")
	if got := m.Read(); len(got) != 1 || got[0].Name != "b_total" {
		t.Errorf("got %+v, want b_total alone", got)
	}
}

func TestMetricsAreCountedFromAnywhere(t *testing.T) {
	m := connect.NewMetrics(func(err error) { t.Error(err) })
	const routines, times = 8, 1000
	var work sync.WaitGroup
	for range routines {
		work.Go(func() {
			for range times {
				m.Counter("a_total", "A.").Inc()
				m.Histogram("b", "B.", nil).Observe(1)
				m.Gauge("c", "C.", func() float64 { return 0 })
				m.Read()
			}
		})
	}
	work.Wait()
	all := m.Read()
	if all[0].Samples[0].Value != routines*times || all[1].Samples[0].Count != routines*times || all[1].Samples[0].Sum != routines*times {
		t.Errorf("got %+v, want %d of each", all, routines*times)
	}
}
