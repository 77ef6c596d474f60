// Package clientmetrics shows what Kafka clients tell about themselves, under the names that the metrics of Java's clients have. The worker and
// the detector have the same ones.
package clientmetrics

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"time"

	"sluice/internal/exposition"
	"sluice/internal/kafka"
)

var clientTags = []string{"client-id"}

// Reader is a consumer at a moment.
type Reader struct {
	*kafka.ReaderStats
	Member bool // of a group: false leaves out what only members have
}

// reader is a consumer, and the moment to look at it from.
type reader struct {
	*kafka.ReaderStats
	now time.Time
}

// producer is a producer at a moment.
type producer struct{ *kafka.ProducerStats }

// topic is what a reader has read of a topic, and partition how far behind it is in a partition.
type (
	topic     struct{ kafka.TopicStats }
	partition struct{ kafka.PartitionStats }
)

var fetchGroup = exposition.Group[reader]{
	Domain: "kafka.consumer", Bean: "consumer-fetch-manager-metrics", Tags: clientTags,
	Rows: []exposition.Row[reader]{
		exposition.Gauge("bytes-consumed-rate", exposition.BytesPerS, "Bytes of keys and values that were consumed.", func(r *reader) float64 { return r.Bytes.Rate }),
		exposition.Counter("bytes-consumed-total", exposition.Bytes, "Bytes of keys and values that were consumed.", func(r *reader) float64 { return r.Bytes.Total }),
		exposition.Gauge("records-consumed-rate", exposition.PerSecond, "Records that were consumed.", func(r *reader) float64 { return r.Consumed.Rate }),
		exposition.Counter("records-consumed-total", exposition.Records, "Records that were consumed.", func(r *reader) float64 { return r.Consumed.Total }),
		exposition.Gauge("records-per-request-avg", exposition.Records, "Records in the recent answers to fetches on average, empty ones left out.", func(r *reader) float64 { return r.Fetched.Avg }),
		exposition.Gauge("fetch-size-avg", exposition.Bytes, "Bytes of keys and values in the recent answers to fetches on average, empty ones left out.", func(r *reader) float64 { return r.FetchBytes.Avg }),
		exposition.Gauge("fetch-size-max", exposition.Bytes, "Bytes of keys and values in the largest of the recent answers to fetches.", func(r *reader) float64 { return r.FetchBytes.Max }),
		exposition.Gauge("fetch-latency-avg", exposition.Millis, "How long the recent fetches took on average. A broker holds one back for up to fetch.max.wait.ms when there is nothing new.", func(r *reader) float64 { return r.Fetches.Avg }),
		exposition.Gauge("fetch-latency-max", exposition.Millis, "How long the longest of the recent fetches took.", func(r *reader) float64 { return r.Fetches.Max }),
		exposition.Gauge("fetch-rate", exposition.PerSecond, "Fetches.", func(r *reader) float64 { return r.Fetches.CountRate }),
		exposition.Counter("fetch-total", "", "Fetches.", func(r *reader) float64 { return float64(r.Fetches.Count) }),
		exposition.Gauge("fetch-throttle-time-avg", exposition.Millis, "How long brokers held recent answers back because of a quota, on average.", func(r *reader) float64 { return r.Throttled.Avg }),
		exposition.Gauge("fetch-throttle-time-max", exposition.Millis, "How long brokers held a recent answer back because of a quota at most.", func(r *reader) float64 { return r.Throttled.Max }),
		exposition.Gauge("records-lag-max", exposition.Records, "Largest lag of any partition recently, each looked at when something was consumed of it.", func(r *reader) float64 { return r.LagMax.Max }),
	},
}

var topicGroup = exposition.Group[topic]{
	Domain: "kafka.consumer", Bean: "consumer-fetch-manager-metrics", Tags: []string{"client-id", "topic"},
	Rows: []exposition.Row[topic]{
		exposition.Gauge("bytes-consumed-rate", exposition.BytesPerS, "Bytes of keys and values that were consumed.", func(t *topic) float64 { return t.Bytes.Rate }),
		exposition.Counter("bytes-consumed-total", exposition.Bytes, "Bytes of keys and values that were consumed.", func(t *topic) float64 { return t.Bytes.Total }),
		exposition.Gauge("records-consumed-rate", exposition.PerSecond, "Records that were consumed.", func(t *topic) float64 { return t.Consumed.Rate }),
		exposition.Counter("records-consumed-total", exposition.Records, "Records that were consumed.", func(t *topic) float64 { return t.Consumed.Total }),
	},
}

var partitionGroup = exposition.Group[partition]{
	Domain: "kafka.consumer", Bean: "consumer-fetch-manager-metrics", Tags: []string{"client-id", "topic", "partition"},
	Rows: []exposition.Row[partition]{
		exposition.Gauge("records-lag", exposition.Records, "Records between the consumer's position and the end of the partition, as of the last fetch; -1 before the first one.", func(p *partition) float64 { return float64(p.Lag) }),
		exposition.Gauge("records-lag-max", exposition.Records, "Largest lag of any partition recently, each looked at when something was consumed of it.", func(p *partition) float64 { return p.History.Max }),
		exposition.Gauge("records-lag-avg", exposition.Records, "Average of the partition's recent lags.", func(p *partition) float64 { return p.History.Avg }),
	},
}

var membershipGroup = exposition.Group[reader]{
	Domain: "kafka.consumer", Bean: "consumer-coordinator-metrics", Tags: clientTags,
	Rows: []exposition.Row[reader]{
		exposition.Gauge("assigned-partitions", "", "Partitions that the consumer has.", func(r *reader) float64 { return float64(len(r.Partitions)) }),
		exposition.Gauge("commit-latency-avg", exposition.Millis, "How long brokers took for the recent commits on average.", func(r *reader) float64 { return r.Commits.Avg }),
		exposition.Gauge("commit-latency-max", exposition.Millis, "How long a broker took for one of the recent commits at most.", func(r *reader) float64 { return r.Commits.Max }),
		exposition.Gauge("commit-rate", exposition.PerSecond, "Commits that brokers have accepted.", func(r *reader) float64 { return r.Commits.CountRate }),
		exposition.Counter("commit-total", "", "Commits that brokers have accepted.", func(r *reader) float64 { return float64(r.Commits.Count) }),
		exposition.Gauge("heartbeat-rate", exposition.PerSecond, "Heartbeats that were answered.", func(r *reader) float64 { return r.Heartbeats.CountRate }),
		exposition.Counter("heartbeat-total", "", "Heartbeats that were answered.", func(r *reader) float64 { return float64(r.Heartbeats.Count) }),
		exposition.Gauge("heartbeat-response-time-max", exposition.Millis, "How long the answer to one of the recent heartbeats took at most.", func(r *reader) float64 { return r.Heartbeats.Max }),
		exposition.Gauge("last-heartbeat-seconds-ago", exposition.Seconds, "Whole seconds since a heartbeat was sent; -1 if none was.", func(r *reader) float64 { return ago(r.now, r.LastHeartbeat) }),
		exposition.Gauge("join-rate", exposition.PerSecond, "Joins of the group that have succeeded.", func(r *reader) float64 { return r.Joins.CountRate }),
		exposition.Counter("join-total", "", "Joins of the group that have succeeded.", func(r *reader) float64 { return float64(r.Joins.Count) }),
		exposition.Gauge("join-time-avg", exposition.Millis, "How long the recent joins took on average.", func(r *reader) float64 { return r.Joins.Avg }),
		exposition.Gauge("join-time-max", exposition.Millis, "How long one of the recent joins took at most.", func(r *reader) float64 { return r.Joins.Max }),
		exposition.Gauge("sync-rate", exposition.PerSecond, "Assignments that were got.", func(r *reader) float64 { return r.Syncs.CountRate }),
		exposition.Counter("sync-total", "", "Assignments that were got.", func(r *reader) float64 { return float64(r.Syncs.Count) }),
		exposition.Gauge("sync-time-avg", exposition.Millis, "How long the recent assignments took on average.", func(r *reader) float64 { return r.Syncs.Avg }),
		exposition.Gauge("sync-time-max", exposition.Millis, "How long one of the recent assignments took at most.", func(r *reader) float64 { return r.Syncs.Max }),
		exposition.Counter("rebalance-total", "", "Rounds of the group that this member has gone through.", func(r *reader) float64 { return float64(r.Rebalances.Count) }),
		exposition.Gauge("rebalance-rate-per-hour", exposition.PerHour, "Rounds of the group that this member has gone through.", func(r *reader) float64 { return r.Rebalances.CountRate * 3600 }),
		exposition.Gauge("rebalance-latency-avg", exposition.Millis, "How long the recent rounds took on average, from the first try to join on.", func(r *reader) float64 { return r.Rebalances.Avg }),
		exposition.Gauge("rebalance-latency-max", exposition.Millis, "How long one of the recent rounds took at most.", func(r *reader) float64 { return r.Rebalances.Max }),
		exposition.Counter("rebalance-latency-total", exposition.Millis, "How long all rounds took together.", func(r *reader) float64 { return r.Rebalances.Total }),
		exposition.Counter("failed-rebalance-total", "", "Tries to join the group that have failed.", func(r *reader) float64 { return float64(r.Failed.Count) }),
		exposition.Gauge("failed-rebalance-rate-per-hour", exposition.PerHour, "Tries to join the group that have failed.", func(r *reader) float64 { return r.Failed.CountRate * 3600 }),
		exposition.Gauge("last-rebalance-seconds-ago", exposition.Seconds, "Whole seconds since the last round was over; -1 before the first one.", func(r *reader) float64 { return ago(r.now, r.LastRebalance) }),
	},
}

var consumerGroup = exposition.Group[reader]{
	Domain: "kafka.consumer", Bean: "consumer-metrics", Tags: clientTags,
	Rows: append([]exposition.Row[reader]{
		exposition.Gauge("last-poll-seconds-ago", exposition.Seconds, "Whole seconds since the task has polled; -1 if it has not.", func(r *reader) float64 { return ago(r.now, r.LastPoll) }),
		exposition.Gauge("time-between-poll-avg", exposition.Millis, "Average time between the beginnings of recent polls.", func(r *reader) float64 { return r.Polls.Avg }),
		exposition.Gauge("time-between-poll-max", exposition.Millis, "Longest time between the beginnings of recent polls. max.poll.interval.ms bounds it.", func(r *reader) float64 { return r.Polls.Max }),
		exposition.Gauge("poll-idle-ratio-avg", exposition.Ratio, "Fraction of the recent time that the task has spent in polls.", func(r *reader) float64 { return r.Idle.Avg }),
	}, network(func(r *reader) *kafka.ClientStats { return &r.ClientStats })...),
}

var producerGroup = exposition.Group[producer]{
	Domain: "kafka.producer", Bean: "producer-metrics", Tags: clientTags,
	Rows: append([]exposition.Row[producer]{
		exposition.Gauge("record-send-rate", exposition.PerSecond, "Records that were sent, each try counted.", func(p *producer) float64 { return p.Sent.Rate }),
		exposition.Counter("record-send-total", exposition.Records, "Records that were sent, each try counted.", func(p *producer) float64 { return p.Sent.Total }),
		exposition.Gauge("record-error-rate", exposition.PerSecond, "Records that have failed for good.", func(p *producer) float64 { return p.Errors.Rate }),
		exposition.Counter("record-error-total", exposition.Records, "Records that have failed for good.", func(p *producer) float64 { return p.Errors.Total }),
		exposition.Gauge("record-retry-rate", exposition.PerSecond, "Records that had to be sent again.", func(p *producer) float64 { return p.Retries.Rate }),
		exposition.Counter("record-retry-total", exposition.Records, "Records that had to be sent again.", func(p *producer) float64 { return p.Retries.Total }),
		exposition.Gauge("records-per-request-avg", exposition.Records, "Records in the recent requests on average.", func(p *producer) float64 { return p.Sent.Avg }),
		exposition.Gauge("request-latency-avg", exposition.Millis, "How long the recent requests took on average.", func(p *producer) float64 { return p.Latency.Avg }),
		exposition.Gauge("request-latency-max", exposition.Millis, "How long one of the recent requests took at most.", func(p *producer) float64 { return p.Latency.Max }),
		exposition.Gauge("buffer-total-bytes", exposition.Bytes, "Memory for records that wait, buffer.memory.", func(p *producer) float64 { return float64(p.Buffer) }),
		exposition.Gauge("buffer-available-bytes", exposition.Bytes, "What is left of it.", func(p *producer) float64 { return float64(p.Available) }),
	}, network(func(p *producer) *kafka.ClientStats { return &p.ClientStats })...),
}

// network makes the rows that all clients have.
func network[T any](of func(*T) *kafka.ClientStats) []exposition.Row[T] {
	return []exposition.Row[T]{
		exposition.Gauge("connection-count", "", "Open connections to brokers.", func(t *T) float64 { return float64(of(t).Connections) }),
		exposition.Gauge("connection-creation-rate", exposition.PerSecond, "Connections to brokers that were opened.", func(t *T) float64 { return of(t).Opened.CountRate }),
		exposition.Counter("connection-creation-total", "", "Connections to brokers that were opened.", func(t *T) float64 { return float64(of(t).Opened.Count) }),
		exposition.Gauge("connection-close-rate", exposition.PerSecond, "Connections to brokers that have ended.", func(t *T) float64 { return of(t).Closed.CountRate }),
		exposition.Counter("connection-close-total", "", "Connections to brokers that have ended.", func(t *T) float64 { return float64(of(t).Closed.Count) }),
		exposition.Gauge("incoming-byte-rate", exposition.BytesPerS, "Bytes read from brokers, encryption included.", func(t *T) float64 { return of(t).In.Rate }),
		exposition.Counter("incoming-byte-total", exposition.Bytes, "Bytes read from brokers, encryption included.", func(t *T) float64 { return of(t).In.Total }),
		exposition.Gauge("outgoing-byte-rate", exposition.BytesPerS, "Bytes written to brokers, encryption included.", func(t *T) float64 { return of(t).Out.Rate }),
		exposition.Counter("outgoing-byte-total", exposition.Bytes, "Bytes written to brokers, encryption included.", func(t *T) float64 { return of(t).Out.Total }),
		exposition.Gauge("request-rate", exposition.PerSecond, "Requests to brokers.", func(t *T) float64 { return of(t).Requests.CountRate }),
		exposition.Counter("request-total", "", "Requests to brokers.", func(t *T) float64 { return float64(of(t).Requests.Count) }),
		exposition.Gauge("response-rate", exposition.PerSecond, "Requests to brokers that were answered.", func(t *T) float64 { return of(t).Responses.CountRate }),
		exposition.Counter("response-total", "", "Requests to brokers that were answered.", func(t *T) float64 { return float64(of(t).Responses.Count) }),
	}
}

// ago is how many whole seconds something is past, -1 for what never was.
func ago(now, at time.Time) float64 {
	if at.IsZero() {
		return -1
	}
	return float64(max(0, now.Sub(at)) / time.Second)
}

// App is the program that the clients are of.
type App struct{ Version, Commit string }

// Write adds what there is to say of some clients, whose ids must differ.
func Write(p *exposition.Page, app App, now time.Time, readers []Reader, producers []*kafka.ProducerStats) {
	var all, members []reader
	var writers []producer
	var topics []topic
	var partitions []partition
	var atReader, atMember, atProducer, atTopic, atPartition []string
	for _, r := range readers {
		at := exposition.Labels("client_id", r.ClientID)
		all, atReader = append(all, reader{r.ReaderStats, now}), append(atReader, at)
		if r.Member {
			members, atMember = append(members, reader{r.ReaderStats, now}), append(atMember, at)
		}
		exposition.WriteAppInfo(p, "consumer", r.ClientID, app.Version, app.Commit, r.Started)
		for _, name := range slices.Sorted(maps.Keys(r.Topics)) {
			topics, atTopic = append(topics, topic{r.Topics[name]}), append(atTopic, exposition.With(at, "topic", name))
		}
		for _, tp := range slices.SortedFunc(maps.Keys(r.Partitions), comparePartitions) {
			partitions = append(partitions, partition{r.Partitions[tp]})
			atPartition = append(atPartition, exposition.With(at, "topic", tp.Topic, "partition", strconv.Itoa(int(tp.Partition))))
		}
	}
	for _, w := range producers {
		writers, atProducer = append(writers, producer{w}), append(atProducer, exposition.Labels("client_id", w.ClientID))
		exposition.WriteAppInfo(p, "producer", w.ClientID, app.Version, app.Commit, w.Started)
	}
	fetchGroup.Write(p, all, atReader)
	topicGroup.Write(p, topics, atTopic)
	partitionGroup.Write(p, partitions, atPartition)
	membershipGroup.Write(p, members, atMember)
	consumerGroup.Write(p, all, atReader)
	producerGroup.Write(p, writers, atProducer)
}

// Definitions lists the metrics of clients, in the order of the page.
func Definitions() []exposition.Definition {
	return slices.Concat(
		[]exposition.Definition{exposition.AppInfo("consumer"), exposition.AppInfo("producer")},
		fetchGroup.Definitions(), topicGroup.Definitions(), partitionGroup.Definitions(), membershipGroup.Definitions(), consumerGroup.Definitions(),
		producerGroup.Definitions(),
	)
}

func comparePartitions(a, b kafka.TopicPartition) int {
	return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition))
}
