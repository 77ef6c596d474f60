package metrics

var taskTags = []string{"connector", "task"}

var taskGroup = group[Task]{
	domain: "kafka.connect", bean: "connector-task-metrics", tags: taskTags,
	rows: []row[Task]{
		{"running-ratio", gauge, ratio, "Fraction of its life that the task has spent running.", func(t *Task) float64 { return t.Running }},
		{"pause-ratio", gauge, ratio, "Fraction of its life that the task has spent paused.", func(t *Task) float64 { return t.Paused }},
		{"offset-commit-max-time-ms", gauge, ms, "Longest of the recent offset commits, from the question to the plugin to the broker's answer.", func(t *Task) float64 { return t.Recent.CommitTimes.Max }},
		{"offset-commit-avg-time-ms", gauge, ms, "Average of the recent offset commits.", func(t *Task) float64 { return t.Recent.CommitTimes.Avg }},
		{"batch-size-max", gauge, "records", "Largest of the recent batches that the plugin has accepted.", func(t *Task) float64 { return t.Recent.Puts.Max }},
		{"batch-size-avg", gauge, "records", "Average of the recent batches that the plugin has accepted, empty ones included.", func(t *Task) float64 { return t.Recent.Puts.Avg }},
		{"offset-commit-failure-percentage", gauge, ratio, "Fraction of the recent offset commits that have failed.", func(t *Task) float64 { _, no := t.Recent.CommitOutcomes.Share(); return no }},
		{"offset-commit-success-percentage", gauge, ratio, "Fraction of the recent offset commits that have succeeded.", func(t *Task) float64 { yes, _ := t.Recent.CommitOutcomes.Share(); return yes }},
	},
}

// statusGroup is the part of connector-task-metrics that every task has, whether or not it could be made.
var statusGroup = group[Task]{
	domain: "kafka.connect", bean: "connector-task-metrics", tags: taskTags,
	infos: []info[Task]{
		{"status", "State of the task on this worker.", func(t *Task) string { return t.Status }, "kafka_connect_connector_status"},
	},
}

var sinkTaskGroup = group[Task]{
	domain: "kafka.connect", bean: "sink-task-metrics", tags: taskTags,
	rows: []row[Task]{
		{"sink-record-read-rate", gauge, perSec, "Records read from Kafka, before transforms.", func(t *Task) float64 { return t.Recent.Reads.Rate }},
		{"sink-record-read-total", counter, "records", "Records read from Kafka since the task was started.", func(t *Task) float64 { return t.Recent.Reads.Total }},
		{"sink-record-send-rate", gauge, perSec, "Records that the plugin has accepted, after transforms.", func(t *Task) float64 { return t.Recent.Puts.Rate }},
		{"sink-record-send-total", counter, "records", "Records that the plugin has accepted since the task was started.", func(t *Task) float64 { return t.Recent.Puts.Total }},
		{"partition-count", gauge, "", "Partitions that the task has.", func(t *Task) float64 { return float64(t.Stats.Partitions) }},
		{"offset-commit-seq-no", gauge, "", "Number of the last offset commit.", func(t *Task) float64 { return float64(t.Recent.CommitSequence) }},
		{"offset-commit-completion-rate", gauge, perSec, "Offset commits that have succeeded.", func(t *Task) float64 { return t.Recent.CommitTimes.CountRate }},
		{"offset-commit-completion-total", counter, "", "Offset commits that have succeeded, those with nothing to send included.", func(t *Task) float64 { return float64(t.Recent.CommitTimes.Count) }},
		{"offset-commit-skip-rate", gauge, perSec, "Answers to offset commits that came too late to count.", func(t *Task) float64 { return t.Recent.SkippedCommits.CountRate }},
		{"offset-commit-skip-total", counter, "", "Answers to offset commits that came too late to count.", func(t *Task) float64 { return float64(t.Recent.SkippedCommits.Count) }},
		{"put-batch-max-time-ms", gauge, ms, "Longest that the plugin took for one of the recent batches.", func(t *Task) float64 { return t.Recent.PutTimes.Max }},
		{"put-batch-avg-time-ms", gauge, ms, "What the plugin took for the recent batches on average, empty ones included.", func(t *Task) float64 { return t.Recent.PutTimes.Avg }},
		{"sink-record-active-count", gauge, "records", "Records that were read and are not committed.", func(t *Task) float64 { return t.Recent.Active.Last }},
		{"sink-record-active-count-max", gauge, "records", "Most of them that there were recently.", func(t *Task) float64 { return t.Recent.Active.Max }},
		{"sink-record-active-count-avg", gauge, "records", "How many of them there were recently on average.", func(t *Task) float64 { return t.Recent.Active.Avg }},
	},
}

var errorGroup = group[Task]{
	domain: "kafka.connect", bean: "task-error-metrics", tags: taskTags,
	rows: []row[Task]{
		{"total-record-failures", counter, "", "Conversions and transforms that have failed and records that the plugin has reported, each try counted.", func(t *Task) float64 { return float64(t.Stats.Failures) }},
		{"total-record-errors", counter, "records", "Records that could not be converted or transformed, or were reported and not tolerated.", func(t *Task) float64 { return float64(t.Stats.Errors) }},
		{"total-records-skipped", counter, "records", "Records that were dropped because they could not be converted or transformed.", func(t *Task) float64 { return float64(t.Stats.Skipped) }},
		{"total-retries", counter, "", "Conversions and transforms that were tried again.", func(t *Task) float64 { return float64(t.Stats.Retries) }},
		{"total-errors-logged", counter, "records", "Records that were logged because of errors.log.enable.", func(t *Task) float64 { return float64(t.Stats.ErrorsLogged) }},
		{"deadletterqueue-produce-requests", counter, "records", "Records handed to the dead letter queue.", func(t *Task) float64 { return float64(t.Stats.DLQRequests) }},
		{"deadletterqueue-produce-failures", counter, "records", "Those of them that it did not get.", func(t *Task) float64 { return float64(t.Stats.DLQFailures) }},
		{"last-error-timestamp", gauge, "ms since 1970", "When a record has failed for good last; 0 if none has.", func(t *Task) float64 {
			if t.Stats.LastFailure.IsZero() {
				return 0
			}
			return float64(t.Stats.LastFailure.UnixMilli())
		}},
	},
}
