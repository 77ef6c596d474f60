package kafka

import (
	"net"
	"sync"
	"sync/atomic"
	"time"

	"sluice/internal/sampled"
)

// ClientStats is what every client tells about itself. Times are in milliseconds, sizes in bytes.
//
// Kafka: org.apache.kafka.common.network.Selector.SelectorMetrics.
type ClientStats struct {
	ClientID    string
	Started     time.Time       // when the client was made
	Connections int64           // open now
	Opened      sampled.Reading // one for each connection that was opened
	Closed      sampled.Reading // the same for those that have ended
	In, Out     sampled.Reading // bytes on the wire, encryption included
	Requests    sampled.Reading // one for each that was sent
	Responses   sampled.Reading // one for each that was answered
}

// ReaderStats is what a [GroupReader] tells about itself since it was made.
//
// Kafka: the metrics of KafkaConsumer: FetchMetricsManager, ConsumerCoordinatorMetrics, GroupCoordinatorMetrics, KafkaConsumerMetrics.
type ReaderStats struct {
	ClientStats

	Fetches    sampled.Reading // how long each fetch took
	FetchBytes sampled.Reading // of the records in each answer to a fetch
	Fetched    sampled.Reading // records in each answer to a fetch
	Throttled  sampled.Reading // how long the broker held each answer back
	Consumed   sampled.Reading // records that each call of Poll took out of a partition
	Bytes      sampled.Reading // of keys and values that each call of Poll took out of a partition
	LagMax     sampled.Reading // lag of the partition, each time that something was taken out of one
	Topics     map[string]TopicStats
	Partitions map[TopicPartition]PartitionStats // those assigned

	Polls         sampled.Reading // how long the owner took between two polls
	Idle          sampled.Reading // 0 to 1: how much of the time from poll to poll was spent waiting in it
	LastPoll      time.Time       // zero if there was none
	Commits       sampled.Reading // how long each commit took
	Heartbeats    sampled.Reading // how long each answer to a heartbeat took
	LastHeartbeat time.Time       // when the last one was sent; zero if there was none
	Joins, Syncs  sampled.Reading // how long each of these requests took that succeeded
	Rebalances    sampled.Reading // how long each round of the group took this member
	LastRebalance time.Time       // when the last one was over; zero if there was none
	Failed        sampled.Reading // one for each try to join that has failed
}

// TopicStats is what was read of a topic; see [ReaderStats].
type TopicStats struct{ Consumed, Bytes sampled.Reading }

// PartitionStats is how far a reader is behind in a partition.
type PartitionStats struct {
	Lag     int64           // now; -1 while nothing is known of the partition's end
	History sampled.Reading // the lag each time that something was taken out
}

// ProducerStats is what a [Producer] tells about itself since it was made.
//
// Kafka: SenderMetricsRegistry, and BufferPool's metrics.
type ProducerStats struct {
	ClientStats

	Sent      sampled.Reading // records in each request
	Bytes     sampled.Reading // of the records in each request, before compression
	Latency   sampled.Reading // how long each request took
	Errors    sampled.Reading // records that have failed for good
	Retries   sampled.Reading // records that are to be sent again
	Buffer    int64           // buffer.memory
	Available int64           // what is left of it
}

// traffic counts what goes over the connections of a client.
type traffic struct {
	started                                    time.Time
	connections                                atomic.Int64
	opened, closed, in, out, requests, answers *sampled.Sensor
}

func newTraffic(w sampled.Window) *traffic {
	return &traffic{
		started: time.Now(),
		opened:  sampled.New(w), closed: sampled.New(w), in: sampled.New(w), out: sampled.New(w), requests: sampled.New(w), answers: sampled.New(w),
	}
}

func (t *traffic) stats(s *settings, now time.Time) ClientStats {
	return ClientStats{
		ClientID: s.clientID, Started: t.started, Connections: t.connections.Load(), Opened: t.opened.ReadAt(now), Closed: t.closed.ReadAt(now),
		In: t.in.ReadAt(now), Out: t.out.ReadAt(now), Requests: t.requests.ReadAt(now), Responses: t.answers.ReadAt(now),
	}
}

// watch counts a new connection until it is closed.
func (t *traffic) watch(socket net.Conn) net.Conn {
	t.connections.Add(1)
	t.opened.Record(1)
	return &watchedConn{Conn: socket, traffic: t}
}

// watchedConn counts what goes over it.
type watchedConn struct {
	net.Conn
	traffic *traffic
	end     sync.Once
}

func (c *watchedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.traffic.in.Record(float64(n))
	return n, err
}

func (c *watchedConn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.traffic.out.Record(float64(n))
	return n, err
}

func (c *watchedConn) Close() error {
	c.end.Do(func() {
		c.traffic.connections.Add(-1)
		c.traffic.closed.Record(1)
	})
	return c.Conn.Close()
}

// fetchMeter counts what a fetcher fetches and what is taken out of it.
type fetchMeter struct {
	window                                                           sampled.Window
	fetches, fetchBytes, fetched, throttled, consumed, bytes, lagMax *sampled.Sensor

	topics map[string]topicMeter // guarded by fetcher.mu
}

type topicMeter struct{ consumed, bytes *sampled.Sensor }

func newFetchMeter(w sampled.Window) fetchMeter {
	return fetchMeter{
		window: w, fetches: sampled.New(w), fetchBytes: sampled.New(w), fetched: sampled.New(w), throttled: sampled.New(w),
		consumed: sampled.New(w), bytes: sampled.New(w), lagMax: sampled.New(w), topics: map[string]topicMeter{},
	}
}

// topic returns the meter of a topic. fetcher.mu is held.
func (m *fetchMeter) topic(name string) topicMeter {
	t, ok := m.topics[name]
	if !ok {
		t = topicMeter{sampled.New(m.window), sampled.New(m.window)}
		m.topics[name] = t
	}
	return t
}

// took notes that n messages of a partition were given to the owner. fetcher.mu is held.
func (m *fetchMeter) took(p *partition, n, bytes int) {
	now := time.Now()
	records, size, lag := float64(n), float64(max(0, bytes-n*messageOverhead)), float64(p.lag())
	m.consumed.RecordAt(now, records)
	m.bytes.RecordAt(now, size)
	m.lagMax.RecordAt(now, lag)
	p.lags.RecordAt(now, lag)
	t := m.topic(p.tp.Topic)
	t.consumed.RecordAt(now, records)
	t.bytes.RecordAt(now, size)
}

// lag is how far the owner is behind the end of the partition, -1 while that is not known. fetcher.mu is held.
func (p *partition) lag() int64 {
	if p.highWater < 0 {
		return -1
	}
	return max(0, p.highWater-p.position)
}

// stats fills in what the fetcher knows.
func (f *fetcher) stats(into *ReaderStats, now time.Time) {
	m := &f.meter
	into.Fetches, into.FetchBytes, into.Fetched, into.Throttled = m.fetches.ReadAt(now), m.fetchBytes.ReadAt(now), m.fetched.ReadAt(now), m.throttled.ReadAt(now)
	into.Consumed, into.Bytes, into.LagMax = m.consumed.ReadAt(now), m.bytes.ReadAt(now), m.lagMax.ReadAt(now)
	f.mu.Lock()
	defer f.mu.Unlock()
	into.Topics = make(map[string]TopicStats, len(m.topics))
	for name, t := range m.topics {
		into.Topics[name] = TopicStats{t.consumed.ReadAt(now), t.bytes.ReadAt(now)}
	}
	into.Partitions = make(map[TopicPartition]PartitionStats, len(f.parts))
	for tp, p := range f.parts {
		into.Partitions[tp] = PartitionStats{p.lag(), p.lags.ReadAt(now)}
	}
}

// groupMeter counts what a membership does.
type groupMeter struct {
	heartbeats, joins, syncs, rebalances, failed *sampled.Sensor

	lastHeartbeat, lastRebalance atomic.Int64 // in milliseconds since 1970; 0: none
}

func newGroupMeter(w sampled.Window) groupMeter {
	return groupMeter{heartbeats: sampled.New(w), joins: sampled.New(w), syncs: sampled.New(w), rebalances: sampled.New(w), failed: sampled.New(w)}
}

// rebalanced notes the end of a round that this member has begun to take part in at a time.
func (m *groupMeter) rebalanced(began time.Time) {
	m.lastRebalance.Store(m.rebalances.Since(began).UnixMilli())
}

func (m *groupMeter) stats(into *ReaderStats, now time.Time) {
	into.Heartbeats, into.Joins, into.Syncs = m.heartbeats.ReadAt(now), m.joins.ReadAt(now), m.syncs.ReadAt(now)
	into.Rebalances, into.Failed = m.rebalances.ReadAt(now), m.failed.ReadAt(now)
	into.LastHeartbeat, into.LastRebalance = timeOf(m.lastHeartbeat.Load()), timeOf(m.lastRebalance.Load())
}

func timeOf(millis int64) time.Time {
	if millis == 0 {
		return time.Time{}
	}
	return time.UnixMilli(millis)
}

// pollMeter counts how an owner polls. Only the goroutine of Poll writes.
type pollMeter struct {
	polls, idle *sampled.Sensor
	last        atomic.Int64 // when the last poll began, in nanoseconds since 1970; 0: never
}

func newPollMeter(w sampled.Window) pollMeter {
	return pollMeter{polls: sampled.New(w), idle: sampled.New(w)}
}

// began notes the beginning of a poll; what it returns is for the end.
func (m *pollMeter) began() (at time.Time, between time.Duration) {
	at = time.Now()
	if last := m.last.Swap(at.UnixNano()); last != 0 {
		between = at.Sub(time.Unix(0, last))
	}
	m.polls.RecordAt(at, float64(between)/float64(time.Millisecond))
	return at, between
}

// ended notes the end of a poll.
//
// Kafka: KafkaConsumerMetrics.recordPollEnd.
func (m *pollMeter) ended(at time.Time, between time.Duration) {
	now := time.Now()
	if took := now.Sub(at); took+between > 0 {
		m.idle.RecordAt(now, float64(took)/float64(took+between))
	}
}

func (m *pollMeter) stats(into *ReaderStats, now time.Time) {
	into.Polls, into.Idle = m.polls.ReadAt(now), m.idle.ReadAt(now)
	if last := m.last.Load(); last != 0 {
		into.LastPoll = time.Unix(0, last)
	}
}

// Stats returns what the reader tells about itself. It may be called from any goroutine, also after Close.
func (r *GroupReader) Stats() ReaderStats {
	now := time.Now()
	s := ReaderStats{ClientStats: r.cluster.net.traffic.stats(r.cluster.settings, now), Commits: r.commits.took.ReadAt(now)}
	r.fetcher.stats(&s, now)
	r.member.meter.stats(&s, now)
	r.polled.stats(&s, now)
	return s
}

// Stats returns what the reader tells about itself; what only members of a group do is empty. It may be called from any goroutine, also after Close.
func (r *TopicReader) Stats() ReaderStats {
	now := time.Now()
	s := ReaderStats{ClientStats: r.cluster.net.traffic.stats(r.cluster.settings, now)}
	r.fetcher.stats(&s, now)
	return s
}

// sendMeter counts what a producer sends.
type sendMeter struct{ sent, bytes, latency, errors, retries *sampled.Sensor }

func newSendMeter(w sampled.Window) sendMeter {
	return sendMeter{sent: sampled.New(w), bytes: sampled.New(w), latency: sampled.New(w), errors: sampled.New(w), retries: sampled.New(w)}
}

// Stats returns what the producer tells about itself. It may be called from any goroutine, also after Close.
func (p *Producer) Stats() ProducerStats {
	now := time.Now()
	s := ProducerStats{
		ClientStats: p.cluster.net.traffic.stats(p.settings, now),
		Sent:        p.meter.sent.ReadAt(now), Bytes: p.meter.bytes.ReadAt(now), Latency: p.meter.latency.ReadAt(now), Errors: p.meter.errors.ReadAt(now), Retries: p.meter.retries.ReadAt(now),
		Buffer: p.settings.bufferMemory,
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	s.Available = max(0, s.Buffer-p.buffered)
	return s
}
