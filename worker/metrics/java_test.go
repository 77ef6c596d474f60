package metrics_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"sluice/worker/metrics"
)

// javaValue is a line of what a Java worker told by JMX; see testdata/README.md.
type javaValue struct{ bean, attribute, value string }

func javaValues(t *testing.T) []javaValue {
	t.Helper()
	text, err := os.ReadFile("testdata/java-3.9.2.tsv")
	if err != nil {
		t.Fatal(err)
	}
	var out []javaValue
	for line := range strings.Lines(string(text)) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(fields) != 3 {
			t.Fatalf("got %q, want three fields", line)
		}
		out = append(out, javaValue{fields[0], fields[1], fields[2]})
	}
	return out
}

// beanType is an MBean without the values of its tags: "kafka.connect:type=sink-task-metrics,connector=*,task=*".
func beanType(bean string) string {
	domain, tags, _ := strings.Cut(bean, ":")
	parts := strings.Split(tags, ",")
	for i, part := range parts[1:] {
		key, _, _ := strings.Cut(part, "=")
		parts[i+1] = key + "=*"
	}
	return domain + ":" + strings.Join(parts, ",")
}

// leftOut is what a Java worker tells and ours does not: by the beginning of MBean and attribute, with the reason.
var leftOut = map[string]string{
	"kafka.connect:type=connect-metrics,":                                                             "the network of the member of the group of workers: see docs/metrics.md",
	"kafka.connect:type=app-info commit-id":                                                           "once, with a client id, is enough",
	"kafka.connect:type=app-info start-time-ms":                                                       "once, with a client id, is enough",
	"kafka.connect:type=app-info version":                                                             "once, with a client id, is enough",
	"kafka.connect:type=connect-coordinator-metrics,client-id=* failed-":                              "of the group of workers: see docs/metrics.md",
	"kafka.connect:type=connect-coordinator-metrics,client-id=* heartbeat-":                           "of the group of workers: see docs/metrics.md",
	"kafka.connect:type=connect-coordinator-metrics,client-id=* join-":                                "of the group of workers: see docs/metrics.md",
	"kafka.connect:type=connect-coordinator-metrics,client-id=* last-":                                "of the group of workers: see docs/metrics.md",
	"kafka.connect:type=connect-coordinator-metrics,client-id=* rebalance-":                           "of the group of workers: see docs/metrics.md",
	"kafka.connect:type=connect-coordinator-metrics,client-id=* sync-":                                "of the group of workers: see docs/metrics.md",
	"kafka.consumer:type=consumer-coordinator-metrics,client-id=* partition-":                         "how long callbacks took; the task's part shows in put-batch and offset-commit",
	"kafka.consumer:type=consumer-fetch-manager-metrics,client-id=* records-lead-min":                 "how far the consumer is from losing records to retention needs the start of the log",
	"kafka.consumer:type=consumer-fetch-manager-metrics,client-id=*,topic=* fetch-":                   "by topic what is there by client",
	"kafka.consumer:type=consumer-fetch-manager-metrics,client-id=*,topic=* records-per-request-avg":  "by topic what is there by client",
	"kafka.consumer:type=consumer-fetch-manager-metrics,client-id=*,topic=*,partition=* preferred-":   "partitions are read from their leaders",
	"kafka.consumer:type=consumer-fetch-manager-metrics,client-id=*,topic=*,partition=* records-lead": "see records-lead-min",
	"kafka.consumer:type=consumer-metrics,client-id=* commit":                                         "nanoseconds spent in calls of Java's client",
	"kafka.consumer:type=consumer-metrics,client-id=* failed-":                                        "a login that fails ends the task, with the reason in its trace",
	"kafka.consumer:type=consumer-metrics,client-id=* successful-":                                    "see failed-",
	"kafka.consumer:type=consumer-metrics,client-id=* reauthentication-":                              "see failed-",
	"kafka.consumer:type=consumer-metrics,client-id=* io":                                             "of Java's selector",
	"kafka.consumer:type=consumer-metrics,client-id=* select-":                                        "of Java's selector",
	"kafka.consumer:type=consumer-metrics,client-id=* network-io-":                                    "the sum of requests and responses",
	"kafka.consumer:type=consumer-metrics,client-id=* request-size-":                                  "outgoing-byte-total over request-total",
	"kafka.producer:type=producer-topic-metrics,":                                                     "there is one topic",
	"kafka.producer:type=producer-metrics,client-id=* batch-":                                         "batches are what a request holds",
	"kafka.producer:type=producer-metrics,client-id=* buffer-exhausted-":                              "a record waits for room, for ever",
	"kafka.producer:type=producer-metrics,client-id=* bufferpool-":                                    "of Java's buffer pool",
	"kafka.producer:type=producer-metrics,client-id=* compression-rate-avg":                           "records of a dead letter queue are few",
	"kafka.producer:type=producer-metrics,client-id=* failed-":                                        "a login that fails ends the task, with the reason in its trace",
	"kafka.producer:type=producer-metrics,client-id=* successful-":                                    "see failed-",
	"kafka.producer:type=producer-metrics,client-id=* reauthentication-":                              "see failed-",
	"kafka.producer:type=producer-metrics,client-id=* flush-time-ns-total":                            "nanoseconds spent in calls of Java's client",
	"kafka.producer:type=producer-metrics,client-id=* io":                                             "of Java's selector",
	"kafka.producer:type=producer-metrics,client-id=* select-":                                        "of Java's selector",
	"kafka.producer:type=producer-metrics,client-id=* metadata-":                                      "of Java's client",
	"kafka.producer:type=producer-metrics,client-id=* network-io-":                                    "the sum of requests and responses",
	"kafka.producer:type=producer-metrics,client-id=* produce-throttle-time-":                         "records of a dead letter queue are few",
	"kafka.producer:type=producer-metrics,client-id=* record-queue-time-":                             "records of a dead letter queue are few",
	"kafka.producer:type=producer-metrics,client-id=* record-size-":                                   "records of a dead letter queue are few",
	"kafka.producer:type=producer-metrics,client-id=* request-size-":                                  "outgoing-byte-total over request-total",
	"kafka.producer:type=producer-metrics,client-id=* requests-in-flight":                             "one at a time",
	"kafka.producer:type=producer-metrics,client-id=* txn-":                                           "there are no transactions",
	"kafka.producer:type=producer-metrics,client-id=* waiting-threads":                                "of Java's buffer pool",
}

// Every attribute that a Java worker has is here, under the MBean's name, or left out for a reason; and none is here that Java has not.
func TestMetricsAreJavas(t *testing.T) {
	ours := map[string]bool{} // MBean and attribute, and whether Java has it
	for _, d := range metrics.Definitions() {
		for attribute := range strings.SplitSeq(d.Attribute, ", ") {
			ours[d.Bean+" "+attribute] = false
		}
	}
	used := map[string]bool{}
	for _, v := range javaValues(t) {
		key := beanType(v.bean) + " " + v.attribute
		if _, ok := ours[key]; ok {
			ours[key] = true
			continue
		}
		reason := ""
		for beginning := range leftOut {
			if strings.HasPrefix(key, beginning) {
				reason, used[beginning] = leftOut[beginning], true
			}
		}
		if reason == "" {
			t.Errorf("%s is missing", key)
		}
	}
	for key, javas := range ours {
		if !javas {
			t.Errorf("%s is none of Java's", key)
		}
	}
	for beginning := range leftOut {
		if !used[beginning] {
			t.Errorf("nothing begins with %q", beginning)
		}
	}
}

// The names are those of the JMX exporter, as public dashboards have them.
func TestNamesOfPublicDashboards(t *testing.T) {
	var names []string
	for _, d := range metrics.Definitions() {
		names = append(names, d.Name)
	}
	for _, name := range []string{ // from Confluent's and Strimzi's dashboards and alerts
		"kafka_connect_app_info",
		"kafka_connect_connect_worker_metrics_connector_count",
		"kafka_connect_connect_worker_metrics_connector_failed_task_count",
		"kafka_connect_connect_worker_metrics_connector_startup_failure_total",
		"kafka_connect_connect_worker_metrics_connector_total_task_count",
		"kafka_connect_connect_worker_metrics_task_startup_success_total",
		"kafka_connect_connect_worker_rebalance_metrics_completed_rebalances_total",
		"kafka_connect_connect_worker_rebalance_metrics_time_since_last_rebalance_ms",
		"kafka_connect_connector_metrics",
		"kafka_connect_connector_status",
		"kafka_connect_connector_task_metrics_batch_size_avg",
		"kafka_connect_connector_task_metrics_offset_commit_success_percentage",
		"kafka_connect_connector_task_metrics_pause_ratio",
		"kafka_connect_connector_task_metrics_status",
		"kafka_connect_sink_task_metrics_offset_commit_skip_rate",
		"kafka_connect_sink_task_metrics_partition_count",
		"kafka_connect_sink_task_metrics_put_batch_max_time_ms",
		"kafka_connect_sink_task_metrics_sink_record_active_count_max",
		"kafka_connect_sink_task_metrics_sink_record_read_total",
		"kafka_connect_task_error_metrics_deadletterqueue_produce_failures",
		"kafka_connect_task_error_metrics_total_records_skipped",
		"kafka_consumer_app_info",
		"kafka_consumer_consumer_coordinator_metrics_commit_latency_avg",
		"kafka_consumer_consumer_coordinator_metrics_rebalance_rate_per_hour",
		"kafka_consumer_consumer_fetch_manager_metrics_fetch_total",
		"kafka_consumer_consumer_fetch_manager_metrics_records_consumed_total",
		"kafka_consumer_consumer_fetch_manager_metrics_records_lag",
		"kafka_consumer_consumer_fetch_manager_metrics_records_lag_max",
		"kafka_consumer_consumer_metrics_connection_count",
		"kafka_consumer_consumer_metrics_incoming_byte_total",
		"kafka_consumer_consumer_metrics_poll_idle_ratio_avg",
		"kafka_producer_producer_metrics_outgoing_byte_total",
		"kafka_producer_producer_metrics_record_send_total",
	} {
		if !slices.Contains(names, name) {
			t.Errorf("%s is missing", name)
		}
	}
}
