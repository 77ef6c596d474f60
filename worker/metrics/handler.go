package metrics

import (
	"strconv"

	"sluice/connect"
	"sluice/internal/clientmetrics"
	"sluice/internal/exposition"
	"sluice/internal/kafka"
)

// PluginPrefix stands before the names of the metrics that plugins keep about themselves.
//
// Kafka: the MBean type plugins of KIP-877.
const PluginPrefix = "kafka_connect_plugins_"

// NewHandler returns a handler that shows what read returns, which must not block, and the process.
func NewHandler(read func() Snapshot) *exposition.Handler {
	return exposition.NewHandler(func(p *exposition.Page) {
		s := read()
		write(p, &s)
	})
}

// write adds all of a snapshot.
func write(p *exposition.Page, s *Snapshot) {
	everywhere := []string{""}
	exposition.WriteAppInfo(p, "connect", s.Worker.ID, s.Worker.Version, s.Worker.Commit, s.Worker.Started)
	workerGroup.Write(p, []Worker{s.Worker}, everywhere)
	coordinatorGroup.Write(p, []Worker{s.Worker}, []string{exposition.Labels("client_id", s.Worker.ClientID)})
	rebalanceGroup.Write(p, []rebalanceAt{{s.Rebalance, s.Now}}, everywhere)
	writeConnectors(p, s.Connectors)
	at := make([]string, len(s.Counts))
	for i, c := range s.Counts {
		at[i] = exposition.Labels("connector", c.Connector)
	}
	countGroup.Write(p, s.Counts, at)
	writeTasks(p, s.Tasks)
	writeClients(p, s)
}

func writeTasks(p *exposition.Page, tasks []Task) {
	at := make([]string, len(tasks))
	made, atMade := make([]Task, 0, len(tasks)), make([]string, 0, len(tasks))
	for i := range tasks {
		at[i] = exposition.Labels("connector", tasks[i].ID.Connector, "task", strconv.Itoa(tasks[i].ID.Task))
		if tasks[i].Made {
			made, atMade = append(made, tasks[i]), append(atMade, at[i])
		}
	}
	statusGroup.Write(p, tasks, at)
	taskGroup.Write(p, made, atMade)
	sinkTaskGroup.Write(p, made, atMade)
	errorGroup.Write(p, made, atMade)
	for i := range made {
		for _, f := range made[i].Plugin {
			writePlugin(p, f, atMade[i])
		}
	}
}

// writePlugin adds a family of a plugin's own metrics. Where the tasks of several plugins have different kinds of one name, the first one counts:
// a page that calls a metric both would be refused as a whole.
func writePlugin(p *exposition.Page, from connect.MetricFamily, at string) {
	f := p.Family(PluginPrefix+from.Name, string(from.Kind), from.Help)
	if f.Kind() != string(from.Kind) {
		return
	}
	for _, s := range from.Samples {
		var pairs []string
		for _, l := range s.Labels {
			pairs = append(pairs, l.Name, l.Value)
		}
		own := exposition.With(at, pairs...)
		if from.Kind != connect.MetricHistogram {
			f.Add("", own, s.Value)
			continue
		}
		for _, b := range s.Bounds() {
			f.Add("_bucket", exposition.With(own, "le", string(exposition.AppendValue(nil, b))), float64(s.Buckets[b]))
		}
		f.Add("_bucket", exposition.With(own, "le", "+Inf"), float64(s.Count))
		f.Add("_sum", own, s.Sum)
		f.Add("_count", own, float64(s.Count))
	}
}

// Definitions lists all metrics of the worker, in the order of the page. Those of plugins and of the process are not among them.
func Definitions() []exposition.Definition {
	out := []exposition.Definition{}
	for _, of := range [][]exposition.Definition{
		{exposition.AppInfo("connect")},
		workerGroup.Definitions(), coordinatorGroup.Definitions(), rebalanceGroup.Definitions(),
		{{
			Name: connectorInfo, Labels: []string{"connector", "status", "connector_type", "connector_class", "connector_version"}, Kind: exposition.KindGauge,
			Unit: exposition.AlwaysOne, Help: connectorInfoHelp,
			Bean: "kafka.connect:type=connector-metrics,connector=*", Attribute: "status, connector-type, connector-class, connector-version",
		}},
		connectorGroup.Definitions(), countGroup.Definitions(),
		statusGroup.Definitions(), taskGroup.Definitions(), sinkTaskGroup.Definitions(), errorGroup.Definitions(),
		clientmetrics.Definitions(),
	} {
		out = append(out, of...)
	}
	return out
}

// writeClients adds what there is to say of the clients of tasks.
func writeClients(p *exposition.Page, s *Snapshot) {
	var readers []clientmetrics.Reader
	var producers []*kafka.ProducerStats
	for i := range s.Tasks {
		if r := s.Tasks[i].Recent.Reader; r != nil {
			readers = append(readers, clientmetrics.Reader{ReaderStats: r, Member: true})
		}
		if w := s.Tasks[i].Recent.Producer; w != nil {
			producers = append(producers, w)
		}
	}
	clientmetrics.Write(p, clientmetrics.App{Version: s.Worker.Version, Commit: s.Worker.Commit}, s.Now, readers, producers)
}
