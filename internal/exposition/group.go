package exposition

import (
	"strconv"
	"strings"
	"time"
)

// Group is an MBean of Kafka's: a domain, a type and the names of its tags, with its attributes. T is what their values are read from.
type Group[T any] struct {
	Domain, Bean string
	Tags         []string // as the MBean has them; the labels have underscores
	Rows         []Row[T]
	Infos        []Info[T]
}

// Row is an attribute that is a number; [Gauge] and [Counter] make one.
type Row[T any] struct {
	attribute, kind, unit, help string
	value                       func(*T) float64
}

// Gauge is an attribute that goes up and down. The unit is for docs/metrics.md, "" is a plain number.
func Gauge[T any](attribute, unit, help string, value func(*T) float64) Row[T] {
	return Row[T]{attribute, KindGauge, unit, help, value}
}

// Counter is an attribute that only grows.
func Counter[T any](attribute, unit, help string, value func(*T) float64) Row[T] {
	return Row[T]{attribute, KindCounter, unit, help, value}
}

// Info is an attribute that is a text; [Text] makes one.
type Info[T any] struct {
	attribute, help string
	value           func(*T) string
	also            string
}

// Text is an attribute that is shown as a label of a metric whose value is 1. also is another name under which the metric is known, or "".
func Text[T any](attribute, help string, value func(*T) string, also string) Info[T] {
	return Info[T]{attribute, help, value, also}
}

// The kinds.
const (
	KindGauge     = "gauge"
	KindCounter   = "counter"
	KindHistogram = "histogram"
)

// Units.
const (
	Millis     = "ms"
	Seconds    = "s"
	Bytes      = "bytes"
	BytesPerS  = "bytes per s"
	Records    = "records"
	Ratio      = "0 to 1"
	PerSecond  = "per s"
	PerHour    = "per h"
	AlwaysOne  = "always 1"
	MillisDate = "ms since 1970"
)

// name is what Prometheus' JMX exporter makes of an attribute without rules of its own.
func (g *Group[T]) name(attribute string) string {
	return NameOf(g.Domain + "_" + g.Bean + "_" + attribute)
}

// NameOf is what becomes of a text of MBeans in the name of a metric or a label.
func NameOf(text string) string { return strings.NewReplacer(".", "_", "-", "_").Replace(text) }

// Write adds the lines of some items; at returns the labels of each.
func (g *Group[T]) Write(p *Page, items []T, at []string) {
	if len(items) == 0 {
		return
	}
	for i := range g.Rows {
		r := &g.Rows[i]
		f := p.Family(g.name(r.attribute), r.kind, r.help)
		for n := range items {
			f.Add("", at[n], r.value(&items[n]))
		}
	}
	for i := range g.Infos {
		in := &g.Infos[i]
		names := []string{g.name(in.attribute)}
		if in.also != "" {
			names = append(names, in.also)
		}
		for _, name := range names {
			f := p.Family(name, KindGauge, in.help)
			for n := range items {
				f.Add("", With(at[n], NameOf(in.attribute), in.value(&items[n])), 1)
			}
		}
	}
}

// Definition says what a metric is, for the documentation.
type Definition struct {
	Name   string
	Labels []string
	Kind   string // gauge, counter or histogram
	Unit   string // "" for a plain number
	Help   string
	// Bean and Attribute are where the value is in Java. An attribute that is a text is a label here, and the metric 1.
	Bean, Attribute string
}

// Definitions lists the metrics of the group.
func (g *Group[T]) Definitions() []Definition {
	bean := g.Domain + ":type=" + g.Bean
	var names []string
	for _, tag := range g.Tags {
		bean += "," + tag + "=*"
		names = append(names, NameOf(tag))
	}
	var out []Definition
	for _, r := range g.Rows {
		out = append(out, Definition{g.name(r.attribute), names, r.kind, r.unit, r.help, bean, r.attribute})
	}
	for _, in := range g.Infos {
		withText := append(names[:len(names):len(names)], NameOf(in.attribute))
		out = append(out, Definition{g.name(in.attribute), withText, KindGauge, AlwaysOne, in.help, bean, in.attribute})
		if in.also != "" {
			out = append(out, Definition{in.also, withText, KindGauge, AlwaysOne, in.help, bean, in.attribute})
		}
	}
	return out
}

// appInfoHelp says what app-info is: of the worker, and of each client.
const appInfoHelp = "What runs: its version, its commit, and when it was started, in milliseconds since 1970."

// WriteAppInfo adds the app-info of a program or a client; domain is the last part of the MBean's, such as "consumer".
func WriteAppInfo(p *Page, domain, clientID, version, commit string, started time.Time) {
	p.Family("kafka_"+domain+"_app_info", KindGauge, appInfoHelp).Add("",
		Labels("client_id", clientID, "version", version, "commit_id", commit, "start_time_ms", strconv.FormatInt(started.UnixMilli(), 10)), 1)
}

// AppInfo defines what [WriteAppInfo] adds.
func AppInfo(domain string) Definition {
	return Definition{
		"kafka_" + domain + "_app_info", []string{"client_id", "version", "commit_id", "start_time_ms"}, KindGauge, AlwaysOne, appInfoHelp,
		"kafka." + domain + ":type=app-info,client-id=*", "version, commit-id, start-time-ms",
	}
}
