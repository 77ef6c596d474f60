package connect

import (
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// Metrics are the figures that a plugin keeps about itself, beside those that the worker keeps about every task. A task gets its own from
// [SinkTaskContext].Metrics, makes what it needs in Start, and counts; the worker shows all of it at GET /metrics as
//
//	kafka_connect_plugins_<name>{connector="…",task="…"}
//
// The figures begin at zero with each start of the task, and are gone when the worker no longer has it.
//
//	calls := tc.Metrics().Counter("dynamodb_calls_total", "Calls of the service.", connect.MetricLabel{Name: "operation", Value: "BatchWriteItem"})
//	took := tc.Metrics().Histogram("dynamodb_call_seconds", "How long a call took.", nil)
//	tc.Metrics().Gauge("dynamodb_calls_in_flight", "Calls that wait for their answer.", func() float64 { return float64(t.inFlight.Load()) })
//
// A name is made of letters, digits and underscores and should begin with what the plugin is about and end with the unit, in seconds or bytes; that
// of a counter ends in _total. Labels tell apart metrics of one name, which then all have the same labels, help, and kind; there are at
// most [MaxMetricsPerName] of them, so a label is for an operation or a reason and never for a key or an offset. The worker adds connector and
// task. Asking again for a counter or histogram returns the one there is. What breaks a rule works all the same and is not shown; the worker
// logs why, and connecttest fails the test.
//
// All methods may be called from any goroutine, and on nil, which makes metrics that nobody sees.
//
// Kafka: org.apache.kafka.common.metrics.PluginMetrics, KIP-877.
type Metrics struct {
	refused func(error)

	mu       sync.Mutex // guards what follows; not held while a gauge is asked
	families map[string]*metricFamily
	closed   bool
}

// MaxMetricsPerName is how many metrics of one name a task may have.
const MaxMetricsPerName = 100

// MetricLabel tells apart metrics of the same name.
type MetricLabel struct{ Name, Value string }

// MetricKind is what a metric's values mean.
type MetricKind string

// The kinds.
const (
	MetricCounter   MetricKind = "counter"   // a sum that only grows
	MetricGauge     MetricKind = "gauge"     // a value of now
	MetricHistogram MetricKind = "histogram" // how values are distributed
)

// metricFamily is all metrics of a name.
type metricFamily struct {
	name, help string
	kind       MetricKind
	labels     []string  // their names
	bounds     []float64 // of histograms
	members    []*metricMember
	full       bool // somebody was told that there is no room
}

type metricMember struct {
	labels    []MetricLabel
	counter   *Counter
	gauge     func() float64
	histogram *Histogram
}

// NewMetrics returns metrics without any. Refused, which may be nil, is told of each that breaks a rule. Workers and tests make them; a
// plugin is given its own.
func NewMetrics(refused func(error)) *Metrics {
	if refused == nil {
		refused = func(error) {}
	}
	return &Metrics{refused: refused, families: map[string]*metricFamily{}}
}

// Counter returns the counter with a name and labels.
func (m *Metrics) Counter(name, help string, labels ...MetricLabel) *Counter {
	made := &metricMember{labels: labels, counter: &Counter{}}
	return m.member(&metricFamily{name: name, help: help, kind: MetricCounter}, made).counter
}

// Gauge shows what value returns, in place of what it has shown before. Value is called from any goroutine while metrics are read, for the
// last time about when Stop of the task returns, so it must cope with a task that has stopped. It must be quick; a panic leaves the metric out.
func (m *Metrics) Gauge(name, help string, value func() float64, labels ...MetricLabel) {
	made := &metricMember{labels: labels, gauge: value}
	if value == nil {
		m.refuse(fmt.Errorf("metric %q: there is no function to ask for its value", name))
		return
	}
	if there := m.member(&metricFamily{name: name, help: help, kind: MetricGauge}, made); there != made {
		m.mu.Lock()
		defer m.mu.Unlock()
		there.gauge = value
	}
}

// Histogram returns the histogram with a name and labels. Bounds are the upper ends of its buckets, rising; there is always one more
// without an end. nil means from 5 ms to 10 s, for metrics in seconds.
func (m *Metrics) Histogram(name, help string, bounds []float64, labels ...MetricLabel) *Histogram {
	if bounds == nil {
		bounds = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
	}
	bounds = slices.Clone(bounds)
	made := &metricMember{labels: labels, histogram: &Histogram{bounds: bounds, counts: make([]atomic.Uint64, len(bounds)+1)}}
	return m.member(&metricFamily{name: name, help: help, kind: MetricHistogram, bounds: bounds}, made).histogram
}

// member returns the metric of a family that has the labels of made; made itself if it is new, or not allowed.
func (m *Metrics) member(family *metricFamily, made *metricMember) *metricMember {
	if m == nil {
		return made
	}
	made.labels = slices.Clone(made.labels)
	for _, l := range made.labels {
		family.labels = append(family.labels, l.Name)
	}
	there, err := m.join(family, made)
	if err != nil {
		m.refuse(err)
	}
	return there
}

func (m *Metrics) join(family *metricFamily, made *metricMember) (*metricMember, error) {
	if err := family.check(); err != nil {
		return made, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	known := m.families[family.name]
	if known == nil {
		m.families[family.name], known = family, family
	}
	if err := known.sameAs(family); err != nil {
		return made, err
	}
	for _, there := range known.members {
		if slices.Equal(there.labels, made.labels) {
			return there, nil
		}
	}
	switch {
	case len(known.members) < MaxMetricsPerName:
		known.members = append(known.members, made)
	case !known.full:
		known.full = true
		return made, fmt.Errorf("metric %q: there are more than %d of this name; the others are not shown", family.name, MaxMetricsPerName)
	}
	return made, nil
}

func (m *Metrics) refuse(err error) {
	if m != nil {
		m.refused(err)
	}
}

var metricName = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

// check finds what no metric may be.
func (f *metricFamily) check() error {
	switch {
	case !metricName.MatchString(f.name):
		return fmt.Errorf("metric %q: a name is made of letters, digits and underscores", f.name)
	case f.help == "":
		return fmt.Errorf("metric %q: it has no help text", f.name)
	case f.kind == MetricCounter && !strings.HasSuffix(f.name, "_total"):
		return fmt.Errorf("metric %q: the name of a counter ends in _total", f.name)
	case f.kind == MetricHistogram && !rising(f.bounds):
		return fmt.Errorf("metric %q: the bounds %v of its buckets do not rise, or are not finite", f.name, f.bounds)
	}
	for i, l := range f.labels {
		switch {
		case !metricName.MatchString(l), strings.HasPrefix(l, "__"):
			return fmt.Errorf("metric %q: label %q: a name is made of letters, digits and underscores, and does not begin with two", f.name, l)
		case l == "connector" || l == "task" || l == "le":
			return fmt.Errorf("metric %q: label %q is not for plugins", f.name, l)
		case slices.Contains(f.labels[:i], l):
			return fmt.Errorf("metric %q: label %q is there twice", f.name, l)
		}
	}
	return nil
}

// sameAs says how another family of the same name differs.
func (f *metricFamily) sameAs(other *metricFamily) error {
	switch {
	case f.kind != other.kind:
		return fmt.Errorf("metric %q: it is a %s already, and cannot be a %s", f.name, f.kind, other.kind)
	case f.help != other.help:
		return fmt.Errorf("metric %q: its help is %q already, and cannot be %q", f.name, f.help, other.help)
	case !slices.Equal(f.labels, other.labels):
		return fmt.Errorf("metric %q: its labels are %q already, and cannot be %q", f.name, f.labels, other.labels)
	case !slices.Equal(f.bounds, other.bounds):
		return fmt.Errorf("metric %q: the bounds of its buckets are %v already, and cannot be %v", f.name, f.bounds, other.bounds)
	}
	return nil
}

func rising(bounds []float64) bool {
	for i, b := range bounds {
		if math.IsInf(b, 0) || math.IsNaN(b) || i > 0 && b <= bounds[i-1] {
			return false
		}
	}
	return true
}

// Counter is a sum that only grows. nil counts nothing.
type Counter struct{ bits atomic.Uint64 }

// Add adds n. A negative n, and one that is not finite, adds nothing.
func (c *Counter) Add(n float64) {
	if c != nil && n > 0 && !math.IsInf(n, 1) {
		addFloat(&c.bits, n)
	}
}

// Inc adds one.
func (c *Counter) Inc() { c.Add(1) }

// Value returns the sum so far.
func (c *Counter) Value() float64 {
	if c == nil {
		return 0
	}
	return math.Float64frombits(c.bits.Load())
}

// Histogram counts values by their size. nil counts nothing.
type Histogram struct {
	bounds []float64
	counts []atomic.Uint64 // per bucket, not summed up
	sum    atomic.Uint64   // bits of a float64
}

// Observe counts a value. One that is not a number is left out.
func (h *Histogram) Observe(v float64) {
	if h == nil || math.IsNaN(v) {
		return
	}
	i, _ := slices.BinarySearch(h.bounds, v) // a bound belongs to the bucket that it ends
	h.counts[i].Add(1)
	addFloat(&h.sum, v)
}

func addFloat(bits *atomic.Uint64, n float64) {
	for {
		old := bits.Load()
		if bits.CompareAndSwap(old, math.Float64bits(math.Float64frombits(old)+n)) {
			return
		}
	}
}

// MetricFamily is all metrics of one name, as they stand.
type MetricFamily struct {
	Name, Help string
	Kind       MetricKind
	Samples    []MetricSample
}

// MetricSample is one metric as it stands.
type MetricSample struct {
	Labels  []MetricLabel
	Value   float64            // of a counter or gauge
	Count   uint64             // of a histogram: how many values there were
	Sum     float64            // of a histogram: their sum
	Buckets map[float64]uint64 // of a histogram: how many values were at most a bound, for each bound
}

// Bounds are the upper ends of a histogram's buckets, rising.
func (s *MetricSample) Bounds() []float64 { return slices.Sorted(maps.Keys(s.Buckets)) }

// Read returns all metrics as they stand, sorted by name, those of one name in the order in which they were made.
func (m *Metrics) Read() []MetricFamily {
	if m == nil {
		return nil
	}
	families := m.snapshot()
	out := make([]MetricFamily, 0, len(families))
	for _, f := range families {
		family := MetricFamily{Name: f.name, Help: f.help, Kind: f.kind}
		for _, member := range f.members {
			if s, ok := member.read(); ok {
				family.Samples = append(family.Samples, s)
			}
		}
		if len(family.Samples) > 0 {
			out = append(out, family)
		}
	}
	return out
}

// snapshot copies what Read has to look at; after Close, without gauges.
func (m *Metrics) snapshot() []metricFamily {
	m.mu.Lock()
	defer m.mu.Unlock()
	var families []metricFamily
	for _, f := range m.families {
		if f.kind == MetricGauge && m.closed {
			continue
		}
		families = append(families, metricFamily{name: f.name, help: f.help, kind: f.kind})
		into := &families[len(families)-1]
		for _, member := range f.members {
			into.members = append(into.members, &metricMember{member.labels, member.counter, member.gauge, member.histogram})
		}
	}
	slices.SortFunc(families, func(a, b metricFamily) int { return strings.Compare(a.name, b.name) })
	return families
}

func (m *metricMember) read() (s MetricSample, ok bool) {
	defer func() {
		if recover() != nil {
			ok = false // one bad gauge must not take the worker along
		}
	}()
	s.Labels = m.labels
	switch {
	case m.counter != nil:
		s.Value = m.counter.Value()
	case m.gauge != nil:
		s.Value = m.gauge()
	default:
		s.Buckets = make(map[float64]uint64, len(m.histogram.bounds))
		for i := range m.histogram.counts {
			if s.Count += m.histogram.counts[i].Load(); i < len(m.histogram.bounds) {
				s.Buckets[m.histogram.bounds[i]] = s.Count
			}
		}
		s.Sum = math.Float64frombits(m.histogram.sum.Load())
	}
	return s, true
}

// Close ends the gauges: a Read that begins later asks none of them. The worker calls it when the plugin has stopped.
func (m *Metrics) Close() {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
}
