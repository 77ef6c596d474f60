package metrics

import "sluice/internal/exposition"

var taskTags = []string{"connector", "task"}

var taskGroup = exposition.Group[Task]{
	Domain: "kafka.connect", Bean: "connector-task-metrics", Tags: taskTags,
	Rows: []exposition.Row[Task]{
		exposition.Gauge("running-ratio", exposition.Ratio, "Fraction of its life that the task has spent running.", func(t *Task) float64 { return t.Running }),
		exposition.Gauge("pause-ratio", exposition.Ratio, "Fraction of its life that the task has spent paused.", func(t *Task) float64 { return t.Paused }),
		exposition.Gauge("offset-commit-max-time-ms", exposition.Millis, "Longest of the recent offset commits, from the question to the plugin to the broker's answer.", func(t *Task) float64 { return t.Recent.CommitTimes.Max }),
		exposition.Gauge("offset-commit-avg-time-ms", exposition.Millis, "Average of the recent offset commits.", func(t *Task) float64 { return t.Recent.CommitTimes.Avg }),
		exposition.Gauge("batch-size-max", exposition.Records, "Largest of the recent batches that the plugin has accepted.", func(t *Task) float64 { return t.Recent.Puts.Max }),
		exposition.Gauge("batch-size-avg", exposition.Records, "Average of the recent batches that the plugin has accepted, empty ones included.", func(t *Task) float64 { return t.Recent.Puts.Avg }),
		exposition.Gauge("offset-commit-failure-percentage", exposition.Ratio, "Fraction of the recent offset commits that have failed.", func(t *Task) float64 { _, no := t.Recent.CommitOutcomes.Share(); return no }),
		exposition.Gauge("offset-commit-success-percentage", exposition.Ratio, "Fraction of the recent offset commits that have succeeded.", func(t *Task) float64 { yes, _ := t.Recent.CommitOutcomes.Share(); return yes }),
	},
}

// statusGroup is the part of connector-task-metrics that every task has, whether or not it could be made.
var statusGroup = exposition.Group[Task]{
	Domain: "kafka.connect", Bean: "connector-task-metrics", Tags: taskTags,
	Infos: []exposition.Info[Task]{
		exposition.Text("status", "State of the task on this worker.", func(t *Task) string { return t.Status }, "kafka_connect_connector_status"),
	},
}

var sinkTaskGroup = exposition.Group[Task]{
	Domain: "kafka.connect", Bean: "sink-task-metrics", Tags: taskTags,
	Rows: []exposition.Row[Task]{
		exposition.Gauge("sink-record-read-rate", exposition.PerSecond, "Records read from Kafka, before transforms.", func(t *Task) float64 { return t.Recent.Reads.Rate }),
		exposition.Counter("sink-record-read-total", exposition.Records, "Records read from Kafka since the task was started.", func(t *Task) float64 { return t.Recent.Reads.Total }),
		exposition.Gauge("sink-record-send-rate", exposition.PerSecond, "Records that the plugin has accepted, after transforms.", func(t *Task) float64 { return t.Recent.Puts.Rate }),
		exposition.Counter("sink-record-send-total", exposition.Records, "Records that the plugin has accepted since the task was started.", func(t *Task) float64 { return t.Recent.Puts.Total }),
		exposition.Gauge("partition-count", "", "Partitions that the task has.", func(t *Task) float64 { return float64(t.Stats.Partitions) }),
		exposition.Gauge("offset-commit-seq-no", "", "Number of the last offset commit.", func(t *Task) float64 { return float64(t.Recent.CommitSequence) }),
		exposition.Gauge("offset-commit-completion-rate", exposition.PerSecond, "Offset commits that have succeeded.", func(t *Task) float64 { return t.Recent.CommitTimes.CountRate }),
		exposition.Counter("offset-commit-completion-total", "", "Offset commits that have succeeded, those with nothing to send included.", func(t *Task) float64 { return float64(t.Recent.CommitTimes.Count) }),
		exposition.Gauge("offset-commit-skip-rate", exposition.PerSecond, "Answers to offset commits that came too late to count.", func(t *Task) float64 { return t.Recent.SkippedCommits.CountRate }),
		exposition.Counter("offset-commit-skip-total", "", "Answers to offset commits that came too late to count.", func(t *Task) float64 { return float64(t.Recent.SkippedCommits.Count) }),
		exposition.Gauge("put-batch-max-time-ms", exposition.Millis, "Longest that the plugin took for one of the recent batches.", func(t *Task) float64 { return t.Recent.PutTimes.Max }),
		exposition.Gauge("put-batch-avg-time-ms", exposition.Millis, "What the plugin took for the recent batches on average, empty ones included.", func(t *Task) float64 { return t.Recent.PutTimes.Avg }),
		exposition.Gauge("sink-record-active-count", exposition.Records, "Records that were read and are not committed.", func(t *Task) float64 { return t.Recent.Active.Last }),
		exposition.Gauge("sink-record-active-count-max", exposition.Records, "Most of them that there were recently.", func(t *Task) float64 { return t.Recent.Active.Max }),
		exposition.Gauge("sink-record-active-count-avg", exposition.Records, "How many of them there were recently on average.", func(t *Task) float64 { return t.Recent.Active.Avg }),
	},
}

var errorGroup = exposition.Group[Task]{
	Domain: "kafka.connect", Bean: "task-error-metrics", Tags: taskTags,
	Rows: []exposition.Row[Task]{
		exposition.Counter("total-record-failures", "", "Conversions and transforms that have failed and records that the plugin has reported, each try counted.", func(t *Task) float64 { return float64(t.Stats.Failures) }),
		exposition.Counter("total-record-errors", exposition.Records, "Records that could not be converted or transformed, or were reported and not tolerated.", func(t *Task) float64 { return float64(t.Stats.Errors) }),
		exposition.Counter("total-records-skipped", exposition.Records, "Records that were dropped because they could not be converted or transformed.", func(t *Task) float64 { return float64(t.Stats.Skipped) }),
		exposition.Counter("total-retries", "", "Conversions and transforms that were tried again.", func(t *Task) float64 { return float64(t.Stats.Retries) }),
		exposition.Counter("total-errors-logged", exposition.Records, "Records that were logged because of errors.log.enable.", func(t *Task) float64 { return float64(t.Stats.ErrorsLogged) }),
		exposition.Counter("deadletterqueue-produce-requests", exposition.Records, "Records handed to the dead letter queue.", func(t *Task) float64 { return float64(t.Stats.DLQRequests) }),
		exposition.Counter("deadletterqueue-produce-failures", exposition.Records, "Those of them that it did not get.", func(t *Task) float64 { return float64(t.Stats.DLQFailures) }),
		exposition.Gauge("last-error-timestamp", exposition.MillisDate, "When a record has failed for good last; 0 if none has.", func(t *Task) float64 {
			if t.Stats.LastFailure.IsZero() {
				return 0
			}
			return float64(t.Stats.LastFailure.UnixMilli())
		}),
	},
}
