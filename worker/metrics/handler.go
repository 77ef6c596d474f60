package metrics

import (
	"bytes"
	"net/http"
	"strconv"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/common/expfmt"

	"sluice/connect"
)

// PluginPrefix stands before the names of the metrics that plugins keep about themselves.
//
// Kafka: the MBean type plugins of KIP-877.
const PluginPrefix = "kafka_connect_plugins_"

// contentType is of Prometheus' text format, which every scraper takes.
const contentType = "text/plain; version=0.0.4; charset=utf-8"

// Handler answers with a page of metrics. Requests do not wait for each other. The memory of one page is kept for the next: a scraper comes every few
// seconds, for as long as the worker lives.
//
// The page is not compressed: that would take more time than all the rest.
type Handler struct {
	read    func() Snapshot
	process prometheus.Gatherer
	spare   atomic.Pointer[page] // nil while it is in use
}

// NewHandler returns a handler that shows what read returns, which must not block, and the process.
func NewHandler(read func() Snapshot) *Handler {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{})) // known not to fail: the registry is empty
	return &Handler{read: read, process: r}
}

// ServeHTTP implements [http.Handler].
func (h *Handler) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	process, err := h.gather()
	if err != nil {
		http.Error(w, "gather the metrics of the process: "+err.Error(), http.StatusInternalServerError)
		return
	}
	p := h.spare.Swap(nil)
	if p == nil {
		p = newPage()
	}
	defer h.spare.Store(p)
	snapshot := h.read()
	p.reset()
	write(p, &snapshot)
	w.Header().Set("Content-Type", contentType)
	if p.writeTo(w) == nil { // a scraper that has gone needs no answer
		_, _ = w.Write(process)
	}
}

// gather returns the part of the page that is about the process.
func (h *Handler) gather() ([]byte, error) {
	families, err := h.process.Gather()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	for _, f := range families {
		if _, err := expfmt.MetricFamilyToText(&b, f); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
}

// write adds all of a snapshot.
func write(p *page, s *Snapshot) {
	everywhere := []string{""}
	writeAppInfo(p, "connect", s.Worker.ID, s.Worker.Version, s.Worker.Commit, s.Worker.Started)
	workerGroup.write(p, []Worker{s.Worker}, everywhere)
	coordinatorGroup.write(p, []Worker{s.Worker}, []string{labels("client_id", s.Worker.ClientID)})
	rebalanceGroup.write(p, []rebalanceAt{{s.Rebalance, s.Now}}, everywhere)
	writeConnectors(p, s.Connectors)
	at := make([]string, len(s.Counts))
	for i, c := range s.Counts {
		at[i] = labels("connector", c.Connector)
	}
	countGroup.write(p, s.Counts, at)
	writeTasks(p, s.Tasks)
	writeClients(p, s)
}

func writeTasks(p *page, tasks []Task) {
	at := make([]string, len(tasks))
	made, atMade := make([]Task, 0, len(tasks)), make([]string, 0, len(tasks))
	for i := range tasks {
		at[i] = labels("connector", tasks[i].ID.Connector, "task", strconv.Itoa(tasks[i].ID.Task))
		if tasks[i].Made {
			made, atMade = append(made, tasks[i]), append(atMade, at[i])
		}
	}
	statusGroup.write(p, tasks, at)
	taskGroup.write(p, made, atMade)
	sinkTaskGroup.write(p, made, atMade)
	errorGroup.write(p, made, atMade)
	for i := range made {
		for _, f := range made[i].Plugin {
			writePlugin(p, f, atMade[i])
		}
	}
}

// writePlugin adds a family of a plugin's own metrics. Where the tasks of several plugins have different kinds of one name, the first one counts:
// a page that calls a metric both would be refused as a whole.
func writePlugin(p *page, from connect.MetricFamily, at string) {
	f := p.family(PluginPrefix+from.Name, string(from.Kind), from.Help)
	if f.kind != string(from.Kind) {
		return
	}
	for _, s := range from.Samples {
		var pairs []string
		for _, l := range s.Labels {
			pairs = append(pairs, l.Name, l.Value)
		}
		own := with(at, pairs...)
		if from.Kind != connect.MetricHistogram {
			f.add("", own, s.Value)
			continue
		}
		for _, b := range s.Bounds() {
			f.add("_bucket", with(own, "le", string(appendValue(nil, b))), float64(s.Buckets[b]))
		}
		f.add("_bucket", with(own, "le", "+Inf"), float64(s.Count))
		f.add("_sum", own, s.Sum)
		f.add("_count", own, float64(s.Count))
	}
}

// Definitions lists all metrics of the worker, in the order of the page. Those of plugins and of the process are not among them.
func Definitions() []Definition {
	out := []Definition{}
	for _, of := range [][]Definition{
		{appInfo("connect")},
		workerGroup.definitions(), coordinatorGroup.definitions(), rebalanceGroup.definitions(),
		{{connectorInfo, []string{"connector", "status", "connector_type", "connector_class", "connector_version"}, gauge, "always 1", connectorInfoHelp,
			"kafka.connect:type=connector-metrics,connector=*", "status, connector-type, connector-class, connector-version"}},
		connectorGroup.definitions(), countGroup.definitions(),
		statusGroup.definitions(), taskGroup.definitions(), sinkTaskGroup.definitions(), errorGroup.definitions(),
		{appInfo("consumer"), appInfo("producer")},
		fetchGroup.definitions(), topicGroup.definitions(), partitionGroup.definitions(), membershipGroup.definitions(), consumerGroup.definitions(),
		producerGroup.definitions(),
	} {
		out = append(out, of...)
	}
	return out
}

func appInfo(domain string) Definition {
	return Definition{"kafka_" + domain + "_app_info", []string{"client_id", "version", "commit_id", "start_time_ms"}, gauge, "always 1", appInfoHelp,
		"kafka." + domain + ":type=app-info,client-id=*", "version, commit-id, start-time-ms"}
}
