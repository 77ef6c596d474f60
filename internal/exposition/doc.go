// Package exposition makes pages of metrics in Prometheus' text format.
//
//	what there is to tell ─> Group, or Family.Add ─> Page ─> Handler ─> GET /metrics
//
// A [Group] is an MBean of Kafka's with its attributes, each with a line that says what it is called, what it means and which field of T it is;
// the names are those that Prometheus' JMX exporter makes of MBeans. docs/metrics.md is written from the same lines. What has no MBean is added
// to a [Family] by hand. Nothing is counted here: whoever does something sees to that.
//
// The page is written by this package, and the part about the process (go_*, process_*) by Prometheus' client: a page of a thousand connectors
// has a hundred thousand lines, which take the client's registry half a second of CPU, and this package a tenth of that and less.
package exposition
