package metrics

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"time"

	"sluice/internal/kafka"
)

var clientTags = []string{"client-id"}

// reader is the consumer of a task at a moment.
type reader struct {
	*kafka.ReaderStats
	now time.Time
}

// producer is the producer of a dead letter queue at a moment.
type producer struct{ *kafka.ProducerStats }

// topic is what a reader has read of a topic, and partition how far behind it is in a partition.
type (
	topic     struct{ kafka.TopicStats }
	partition struct{ kafka.PartitionStats }
)

var fetchGroup = group[reader]{
	domain: "kafka.consumer", bean: "consumer-fetch-manager-metrics", tags: clientTags,
	rows: []row[reader]{
		{"bytes-consumed-rate", gauge, "bytes per s", "Bytes of keys and values that were consumed.", func(r *reader) float64 { return r.Bytes.Rate }},
		{"bytes-consumed-total", counter, inBytes, "Bytes of keys and values that were consumed.", func(r *reader) float64 { return r.Bytes.Total }},
		{"records-consumed-rate", gauge, perSec, "Records that were consumed.", func(r *reader) float64 { return r.Consumed.Rate }},
		{"records-consumed-total", counter, "records", "Records that were consumed.", func(r *reader) float64 { return r.Consumed.Total }},
		{"records-per-request-avg", gauge, "records", "Records in the recent answers to fetches on average, empty ones left out.", func(r *reader) float64 { return r.Fetched.Avg }},
		{"fetch-size-avg", gauge, inBytes, "Bytes of keys and values in the recent answers to fetches on average, empty ones left out.", func(r *reader) float64 { return r.FetchBytes.Avg }},
		{"fetch-size-max", gauge, inBytes, "Bytes of keys and values in the largest of the recent answers to fetches.", func(r *reader) float64 { return r.FetchBytes.Max }},
		{"fetch-latency-avg", gauge, ms, "How long the recent fetches took on average. A broker holds one back for up to fetch.max.wait.ms when there is nothing new.", func(r *reader) float64 { return r.Fetches.Avg }},
		{"fetch-latency-max", gauge, ms, "How long the longest of the recent fetches took.", func(r *reader) float64 { return r.Fetches.Max }},
		{"fetch-rate", gauge, perSec, "Fetches.", func(r *reader) float64 { return r.Fetches.CountRate }},
		{"fetch-total", counter, "", "Fetches.", func(r *reader) float64 { return float64(r.Fetches.Count) }},
		{"fetch-throttle-time-avg", gauge, ms, "How long brokers held recent answers back because of a quota, on average.", func(r *reader) float64 { return r.Throttled.Avg }},
		{"fetch-throttle-time-max", gauge, ms, "How long brokers held a recent answer back because of a quota at most.", func(r *reader) float64 { return r.Throttled.Max }},
		{"records-lag-max", gauge, "records", "Largest lag of any partition recently, each looked at when something was consumed of it.", func(r *reader) float64 { return r.LagMax.Max }},
	},
}

var topicGroup = group[topic]{
	domain: "kafka.consumer", bean: "consumer-fetch-manager-metrics", tags: []string{"client-id", "topic"},
	rows: []row[topic]{
		{"bytes-consumed-rate", gauge, "bytes per s", "Bytes of keys and values that were consumed.", func(t *topic) float64 { return t.Bytes.Rate }},
		{"bytes-consumed-total", counter, inBytes, "Bytes of keys and values that were consumed.", func(t *topic) float64 { return t.Bytes.Total }},
		{"records-consumed-rate", gauge, perSec, "Records that were consumed.", func(t *topic) float64 { return t.Consumed.Rate }},
		{"records-consumed-total", counter, "records", "Records that were consumed.", func(t *topic) float64 { return t.Consumed.Total }},
	},
}

var partitionGroup = group[partition]{
	domain: "kafka.consumer", bean: "consumer-fetch-manager-metrics", tags: []string{"client-id", "topic", "partition"},
	rows: []row[partition]{
		{"records-lag", gauge, "records", "Records between the consumer's position and the end of the partition, as of the last fetch; -1 before the first one.", func(p *partition) float64 { return float64(p.Lag) }},
		{"records-lag-max", gauge, "records", "Largest lag of any partition recently, each looked at when something was consumed of it.", func(p *partition) float64 { return p.History.Max }},
		{"records-lag-avg", gauge, "records", "Average of the partition's recent lags.", func(p *partition) float64 { return p.History.Avg }},
	},
}

var membershipGroup = group[reader]{
	domain: "kafka.consumer", bean: "consumer-coordinator-metrics", tags: clientTags,
	rows: []row[reader]{
		{"assigned-partitions", gauge, "", "Partitions that the consumer has.", func(r *reader) float64 { return float64(len(r.Partitions)) }},
		{"commit-latency-avg", gauge, ms, "How long brokers took for the recent commits on average.", func(r *reader) float64 { return r.Commits.Avg }},
		{"commit-latency-max", gauge, ms, "How long a broker took for one of the recent commits at most.", func(r *reader) float64 { return r.Commits.Max }},
		{"commit-rate", gauge, perSec, "Commits that brokers have accepted.", func(r *reader) float64 { return r.Commits.CountRate }},
		{"commit-total", counter, "", "Commits that brokers have accepted.", func(r *reader) float64 { return float64(r.Commits.Count) }},
		{"heartbeat-rate", gauge, perSec, "Heartbeats that were answered.", func(r *reader) float64 { return r.Heartbeats.CountRate }},
		{"heartbeat-total", counter, "", "Heartbeats that were answered.", func(r *reader) float64 { return float64(r.Heartbeats.Count) }},
		{"heartbeat-response-time-max", gauge, ms, "How long the answer to one of the recent heartbeats took at most.", func(r *reader) float64 { return r.Heartbeats.Max }},
		{"last-heartbeat-seconds-ago", gauge, seconds, "Whole seconds since a heartbeat was sent; -1 if none was.", func(r *reader) float64 { return ago(r.now, r.LastHeartbeat) }},
		{"join-rate", gauge, perSec, "Joins of the group that have succeeded.", func(r *reader) float64 { return r.Joins.CountRate }},
		{"join-total", counter, "", "Joins of the group that have succeeded.", func(r *reader) float64 { return float64(r.Joins.Count) }},
		{"join-time-avg", gauge, ms, "How long the recent joins took on average.", func(r *reader) float64 { return r.Joins.Avg }},
		{"join-time-max", gauge, ms, "How long one of the recent joins took at most.", func(r *reader) float64 { return r.Joins.Max }},
		{"sync-rate", gauge, perSec, "Assignments that were got.", func(r *reader) float64 { return r.Syncs.CountRate }},
		{"sync-total", counter, "", "Assignments that were got.", func(r *reader) float64 { return float64(r.Syncs.Count) }},
		{"sync-time-avg", gauge, ms, "How long the recent assignments took on average.", func(r *reader) float64 { return r.Syncs.Avg }},
		{"sync-time-max", gauge, ms, "How long one of the recent assignments took at most.", func(r *reader) float64 { return r.Syncs.Max }},
		{"rebalance-total", counter, "", "Rounds of the group that this member has gone through.", func(r *reader) float64 { return float64(r.Rebalances.Count) }},
		{"rebalance-rate-per-hour", gauge, perHour, "Rounds of the group that this member has gone through.", func(r *reader) float64 { return r.Rebalances.CountRate * 3600 }},
		{"rebalance-latency-avg", gauge, ms, "How long the recent rounds took on average, from the first try to join on.", func(r *reader) float64 { return r.Rebalances.Avg }},
		{"rebalance-latency-max", gauge, ms, "How long one of the recent rounds took at most.", func(r *reader) float64 { return r.Rebalances.Max }},
		{"rebalance-latency-total", counter, ms, "How long all rounds took together.", func(r *reader) float64 { return r.Rebalances.Total }},
		{"failed-rebalance-total", counter, "", "Tries to join the group that have failed.", func(r *reader) float64 { return float64(r.Failed.Count) }},
		{"failed-rebalance-rate-per-hour", gauge, perHour, "Tries to join the group that have failed.", func(r *reader) float64 { return r.Failed.CountRate * 3600 }},
		{"last-rebalance-seconds-ago", gauge, seconds, "Whole seconds since the last round was over; -1 before the first one.", func(r *reader) float64 { return ago(r.now, r.LastRebalance) }},
	},
}

var consumerGroup = group[reader]{
	domain: "kafka.consumer", bean: "consumer-metrics", tags: clientTags,
	rows: append([]row[reader]{
		{"last-poll-seconds-ago", gauge, seconds, "Whole seconds since the task has polled; -1 if it has not.", func(r *reader) float64 { return ago(r.now, r.LastPoll) }},
		{"time-between-poll-avg", gauge, ms, "Average time between the beginnings of recent polls.", func(r *reader) float64 { return r.Polls.Avg }},
		{"time-between-poll-max", gauge, ms, "Longest time between the beginnings of recent polls. max.poll.interval.ms bounds it.", func(r *reader) float64 { return r.Polls.Max }},
		{"poll-idle-ratio-avg", gauge, ratio, "Fraction of the recent time that the task has spent in polls.", func(r *reader) float64 { return r.Idle.Avg }},
	}, network(func(r *reader) *kafka.ClientStats { return &r.ClientStats })...),
}

var producerGroup = group[producer]{
	domain: "kafka.producer", bean: "producer-metrics", tags: clientTags,
	rows: append([]row[producer]{
		{"record-send-rate", gauge, perSec, "Records that were sent, each try counted.", func(p *producer) float64 { return p.Sent.Rate }},
		{"record-send-total", counter, "records", "Records that were sent, each try counted.", func(p *producer) float64 { return p.Sent.Total }},
		{"record-error-rate", gauge, perSec, "Records that have failed for good.", func(p *producer) float64 { return p.Errors.Rate }},
		{"record-error-total", counter, "records", "Records that have failed for good.", func(p *producer) float64 { return p.Errors.Total }},
		{"record-retry-rate", gauge, perSec, "Records that had to be sent again.", func(p *producer) float64 { return p.Retries.Rate }},
		{"record-retry-total", counter, "records", "Records that had to be sent again.", func(p *producer) float64 { return p.Retries.Total }},
		{"records-per-request-avg", gauge, "records", "Records in the recent requests on average.", func(p *producer) float64 { return p.Sent.Avg }},
		{"request-latency-avg", gauge, ms, "How long the recent requests took on average.", func(p *producer) float64 { return p.Latency.Avg }},
		{"request-latency-max", gauge, ms, "How long one of the recent requests took at most.", func(p *producer) float64 { return p.Latency.Max }},
		{"buffer-total-bytes", gauge, inBytes, "Memory for records that wait, buffer.memory.", func(p *producer) float64 { return float64(p.Buffer) }},
		{"buffer-available-bytes", gauge, inBytes, "What is left of it.", func(p *producer) float64 { return float64(p.Available) }},
	}, network(func(p *producer) *kafka.ClientStats { return &p.ClientStats })...),
}

// network makes the rows that all clients have.
func network[T any](of func(*T) *kafka.ClientStats) []row[T] {
	return []row[T]{
		{"connection-count", gauge, "", "Open connections to brokers.", func(t *T) float64 { return float64(of(t).Connections) }},
		{"connection-creation-rate", gauge, perSec, "Connections to brokers that were opened.", func(t *T) float64 { return of(t).Opened.CountRate }},
		{"connection-creation-total", counter, "", "Connections to brokers that were opened.", func(t *T) float64 { return float64(of(t).Opened.Count) }},
		{"connection-close-rate", gauge, perSec, "Connections to brokers that have ended.", func(t *T) float64 { return of(t).Closed.CountRate }},
		{"connection-close-total", counter, "", "Connections to brokers that have ended.", func(t *T) float64 { return float64(of(t).Closed.Count) }},
		{"incoming-byte-rate", gauge, "bytes per s", "Bytes read from brokers, encryption included.", func(t *T) float64 { return of(t).In.Rate }},
		{"incoming-byte-total", counter, inBytes, "Bytes read from brokers, encryption included.", func(t *T) float64 { return of(t).In.Total }},
		{"outgoing-byte-rate", gauge, "bytes per s", "Bytes written to brokers, encryption included.", func(t *T) float64 { return of(t).Out.Rate }},
		{"outgoing-byte-total", counter, inBytes, "Bytes written to brokers, encryption included.", func(t *T) float64 { return of(t).Out.Total }},
		{"request-rate", gauge, perSec, "Requests to brokers.", func(t *T) float64 { return of(t).Requests.CountRate }},
		{"request-total", counter, "", "Requests to brokers.", func(t *T) float64 { return float64(of(t).Requests.Count) }},
		{"response-rate", gauge, perSec, "Requests to brokers that were answered.", func(t *T) float64 { return of(t).Responses.CountRate }},
		{"response-total", counter, "", "Requests to brokers that were answered.", func(t *T) float64 { return float64(of(t).Responses.Count) }},
	}
}

// ago is how many whole seconds something is past, -1 for what never was.
func ago(now, at time.Time) float64 {
	if at.IsZero() {
		return -1
	}
	return float64(max(0, now.Sub(at)) / time.Second)
}

// The app-info of the worker and of its tasks' clients.
const appInfoHelp = "What runs: its version, its commit, and when it was started, in milliseconds since 1970."

func writeAppInfo(p *page, domain, clientID, version, commit string, started time.Time) {
	p.family("kafka_"+domain+"_app_info", gauge, appInfoHelp).add("",
		labels("client_id", clientID, "version", version, "commit_id", commit, "start_time_ms", strconv.FormatInt(started.UnixMilli(), 10)), 1)
}

// writeClients adds what there is to say of the clients of tasks.
func writeClients(p *page, s *Snapshot) {
	var readers []reader
	var producers []producer
	var topics []topic
	var partitions []partition
	var atReader, atProducer, atTopic, atPartition []string
	for i := range s.Tasks {
		if r := s.Tasks[i].Recent.Reader; r != nil {
			at := labels("client_id", r.ClientID)
			readers, atReader = append(readers, reader{r, s.Now}), append(atReader, at)
			writeAppInfo(p, "consumer", r.ClientID, s.Worker.Version, s.Worker.Commit, r.Started)
			for _, name := range slices.Sorted(maps.Keys(r.Topics)) {
				topics, atTopic = append(topics, topic{r.Topics[name]}), append(atTopic, with(at, "topic", name))
			}
			for _, tp := range slices.SortedFunc(maps.Keys(r.Partitions), comparePartitions) {
				partitions = append(partitions, partition{r.Partitions[tp]})
				atPartition = append(atPartition, with(at, "topic", tp.Topic, "partition", strconv.Itoa(int(tp.Partition))))
			}
		}
		if w := s.Tasks[i].Recent.Producer; w != nil {
			producers, atProducer = append(producers, producer{w}), append(atProducer, labels("client_id", w.ClientID))
			writeAppInfo(p, "producer", w.ClientID, s.Worker.Version, s.Worker.Commit, w.Started)
		}
	}
	fetchGroup.write(p, readers, atReader)
	topicGroup.write(p, topics, atTopic)
	partitionGroup.write(p, partitions, atPartition)
	membershipGroup.write(p, readers, atReader)
	consumerGroup.write(p, readers, atReader)
	producerGroup.write(p, producers, atProducer)
}

func comparePartitions(a, b kafka.TopicPartition) int {
	return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition))
}
