package metrics

import "strings"

// group is an MBean of Kafka's: a domain, a type and the names of its tags, with its attributes. T is what their values are read from.
type group[T any] struct {
	domain, bean string
	tags         []string // as the MBean has them; the labels have underscores
	rows         []row[T]
	infos        []info[T]
}

// row is an attribute that is a number.
type row[T any] struct {
	attribute string
	kind      string
	unit      string // as docs/metrics.md shows it; "" is a plain number
	help      string
	value     func(*T) float64
}

// info is an attribute that is a text. It is shown as a label of a metric whose value is 1.
type info[T any] struct {
	attribute string
	help      string
	value     func(*T) string
	also      string // another name under which the metric is known
}

// The kinds.
const (
	gauge   = "gauge"
	counter = "counter"
)

// Units.
const (
	ms      = "ms"
	seconds = "s"
	inBytes = "bytes"
	ratio   = "0 to 1"
	perSec  = "per s"
	perHour = "per h"
)

// name is what Prometheus' JMX exporter makes of an attribute without rules of its own.
func (g *group[T]) name(attribute string) string {
	return nameOf(g.domain + "_" + g.bean + "_" + attribute)
}

func nameOf(text string) string { return strings.NewReplacer(".", "_", "-", "_").Replace(text) }

// write adds the lines of some items; at returns the labels of each.
func (g *group[T]) write(p *page, items []T, at []string) {
	if len(items) == 0 {
		return
	}
	for i := range g.rows {
		r := &g.rows[i]
		f := p.family(g.name(r.attribute), r.kind, r.help)
		for n := range items {
			f.add("", at[n], r.value(&items[n]))
		}
	}
	for i := range g.infos {
		in := &g.infos[i]
		names := []string{g.name(in.attribute)}
		if in.also != "" {
			names = append(names, in.also)
		}
		for _, name := range names {
			f := p.family(name, gauge, in.help)
			for n := range items {
				f.add("", with(at[n], nameOf(in.attribute), in.value(&items[n])), 1)
			}
		}
	}
}

// Definition says what a metric is, for the documentation.
type Definition struct {
	Name   string
	Labels []string
	Kind   string // gauge or counter
	Unit   string // "" for a plain number
	Help   string
	// Bean and Attribute are where the value is in Java. An attribute that is a text is a label here, and the metric 1.
	Bean, Attribute string
}

func (g *group[T]) definitions() []Definition {
	bean := g.domain + ":type=" + g.bean
	var names []string
	for _, tag := range g.tags {
		bean += "," + tag + "=*"
		names = append(names, nameOf(tag))
	}
	var out []Definition
	for _, r := range g.rows {
		out = append(out, Definition{g.name(r.attribute), names, r.kind, r.unit, r.help, bean, r.attribute})
	}
	for _, in := range g.infos {
		withText := append(names[:len(names):len(names)], nameOf(in.attribute))
		out = append(out, Definition{g.name(in.attribute), withText, gauge, "always 1", in.help, bean, in.attribute})
		if in.also != "" {
			out = append(out, Definition{in.also, withText, gauge, "always 1", in.help, bean, in.attribute})
		}
	}
	return out
}
