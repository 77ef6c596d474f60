// Package metrics shows what a worker, its connectors and its tasks do, for Prometheus and under the names that dashboards for Java workers know.
//
//	Snapshot ─> groups (group_*.go) ─> page (internal/exposition) ─> GET /metrics
//
// A group is an MBean of Kafka's with its attributes: each has a line in a table that says what it is called, what it means and which field of
// the [Snapshot] it is. The names are those that Prometheus' JMX exporter makes of MBeans:
//
//	kafka.connect:type=sink-task-metrics,connector=orders,task=0   attribute sink-record-read-total
//	kafka_connect_sink_task_metrics_sink_record_read_total{connector="orders",task="0"} 1008
//
// docs/metrics.md is written from the same tables. It is not for counting, which whoever does something sees to.
package metrics
