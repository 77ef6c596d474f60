package kafka_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	embedded "sluice/internal/embedded/kafka"
	"sluice/internal/kafka"
)

// dropEvery makes the broker close the connection instead of answering every nth request of the
// given kinds.
func dropEvery(b testBroker, n int64, keys ...kmsg.Key) *atomic.Int64 {
	var seen, drops atomic.Int64
	for _, key := range keys {
		b.fake.ControlKey(key.Int16(), func(kmsg.Request) (kmsg.Response, error, bool) {
			if seen.Add(1)%n != 0 {
				return nil, nil, false
			}
			drops.Add(1)
			b.fake.Cluster().KeepControl()
			return nil, errors.New("dropped by the test"), true
		})
	}
	return &drops
}

func TestReaderGetsEverythingThroughDroppedConnections(t *testing.T) {
	b := newFakeBroker(t, embedded.Options{})
	topic, group := newTopic(t, b, 2), fresh("group")
	produce(t, b, topic, 0, 3000, "max.request.size", "2000")
	produce(t, b, topic, 1, 3000, "max.request.size", "2000")
	drops := dropEvery(b, 4, kmsg.Fetch, kmsg.Metadata, kmsg.OffsetFetch, kmsg.ListOffsets, kmsg.FindCoordinator, kmsg.Heartbeat, kmsg.OffsetCommit)
	m := newMember(t, b, group, []string{topic}, "max.partition.fetch.bytes", "4000", "retry.backoff.ms", "5", "reconnect.backoff.ms", "5", "heartbeat.interval.ms", "20")
	checkOrder(t, m.awaitMessages(6000), 0)
	tp := kafka.TopicPartition{Topic: topic}
	m.do(func(r *kafka.GroupReader) {
		for i := range int64(10) {
			if err := r.Commit(testContext(t), map[kafka.TopicPartition]kafka.OffsetAndMetadata{tp: {Offset: i}}); err != nil {
				t.Error(err)
			}
		}
	})
	if len(m.eventList()) != 1 {
		t.Errorf("events: got %q, want one assignment", m.eventList())
	}
	if drops.Load() < 10 {
		t.Errorf("only %d connections were dropped", drops.Load())
	}
	offsets, err := newAdmin(t, b).GroupOffsets(testContext(t), group)
	if err != nil || offsets[tp].Offset != 9 {
		t.Errorf("committed: got %v %v, want 9", offsets, err)
	}
}

func TestMemberJoinsThroughDroppedConnections(t *testing.T) {
	b := newFakeBroker(t, embedded.Options{})
	topic, group := newTopic(t, b, 4), fresh("group")
	dropEvery(b, 7, kmsg.JoinGroup, kmsg.SyncGroup, kmsg.FindCoordinator)
	first := newMember(t, b, group, []string{topic}, "retry.backoff.ms", "5", "reconnect.backoff.ms", "5")
	second := newMember(t, b, group, []string{topic}, "retry.backoff.ms", "5", "reconnect.backoff.ms", "5")
	await(t, "two partitions each", func() bool { return len(ownedOf(first)) == 2 && len(ownedOf(second)) == 2 })
}

func TestReaderAndProducerFollowLeadersAndCoordinators(t *testing.T) {
	c, err := kfake.NewCluster(kfake.NumBrokers(3), kfake.GroupMinSessionTimeout(100*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	b := testBroker{addr: strings.Join(c.ListenAddrs(), ",")}
	topic, group := newTopic(t, b, 3), fresh("group")
	m := newMember(t, b, group, []string{topic}, "retry.backoff.ms", "5", "reconnect.backoff.ms", "5", "fetch.max.wait.ms", "20")
	m.awaitOwned(3)
	p := newProducer(t, b, "retry.backoff.ms", "5", "reconnect.backoff.ms", "5")
	tp := kafka.TopicPartition{Topic: topic}
	for i := range 12 {
		if err := c.MoveTopicPartition(topic, 0, int32(i%3)); err != nil {
			t.Fatal(err)
		}
		if i%5 == 3 {
			c.RehashCoordinators()
		}
		if err := p.Send(testContext(t), kafka.OutRecord{Topic: topic, Value: fmt.Appendf(nil, "v%d", i)}); err != nil {
			t.Fatal(err)
		}
		m.awaitMessages(i + 1)
		m.do(func(r *kafka.GroupReader) {
			if err := r.Commit(testContext(t), map[kafka.TopicPartition]kafka.OffsetAndMetadata{tp: {Offset: int64(i + 1)}}); err != nil && !errors.Is(err, kafka.ErrFenced) {
				t.Error(err) // fenced: kfake forgets groups when their coordinator moves
			}
		})
	}
}

// logLines collects what is logged at info and above.
type logLines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logLines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logLines) lines() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Split(strings.TrimSpace(l.b.String()), "\n")
}

func TestBrokerRestartIsSurvivedAndLoggedOnce(t *testing.T) {
	dir := t.TempDir()
	b := newFakeBroker(t, embedded.Options{DataDir: dir})
	topic, group := newTopic(t, b, 1), fresh("group")
	produce(t, b, topic, 0, 10)
	var logged logLines
	r, err := kafka.NewGroupReader(kafka.GroupReaderConfig{
		Properties: b.properties("group.id", group, "auto.offset.reset", "earliest", "retry.backoff.ms", "20", "reconnect.backoff.ms", "20", "heartbeat.interval.ms", "50"),
		Topics:     []string{topic}, Logger: slog.New(slog.NewTextHandler(&logged, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close(testContext(t))
	p := newProducer(t, b, "retry.backoff.ms", "20", "reconnect.backoff.ms", "20")
	read := func(n int) (all []kafka.Message) {
		t.Helper()
		ctx := testContext(t)
		for len(all) < n {
			messages, err := r.Poll(ctx, 100*time.Millisecond)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, messages...)
		}
		return all
	}
	checkOrder(t, read(10), 0)

	b.fake.Close()
	sent := make(chan error, 1)
	go func() { // handed over while there is no broker
		sent <- p.Send(testContext(t), kafka.OutRecord{Topic: topic, Value: []byte("v10")})
	}()
	await(t, "a log line about the outage", func() bool {
		if _, err := r.Poll(testContext(t), 10*time.Millisecond); err != nil {
			t.Fatal(err)
		}
		return strings.Contains(logged.lines()[0], "cannot reach Kafka at "+b.addr)
	})
	b = newFakeBroker(t, embedded.Options{DataDir: dir, Addr: b.addr})
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
	checkOrder(t, read(1), 10)
	await(t, "a log line about its end", func() bool {
		if _, err := r.Poll(testContext(t), 10*time.Millisecond); err != nil {
			t.Fatal(err)
		}
		return strings.Contains(logged.lines()[len(logged.lines())-1], "Kafka can be reached again")
	})
	var outages int
	for _, line := range logged.lines() {
		if strings.Contains(line, "cannot reach") {
			outages++
		}
	}
	if outages != 1 {
		t.Errorf("logged %d times that Kafka cannot be reached, want once:\n%s", outages, strings.Join(logged.lines(), "\n"))
	}
}

func TestStartWithoutBrokerWaitsNamesTheAddressAndEndsWithItsContext(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := testBroker{addr: l.Addr().String()}
	l.Close() // nobody listens there now
	starts := map[string]func(ctx context.Context, log *slog.Logger) error{
		"admin": func(ctx context.Context, log *slog.Logger) error {
			a, err := kafka.NewAdmin(kafka.AdminConfig{Properties: b.properties(), Logger: log})
			if err != nil {
				return err
			}
			defer a.Close()
			_, err = a.ClusterID(ctx)
			return err
		},
		"keyed log": func(ctx context.Context, log *slog.Logger) error {
			l, err := kafka.NewKeyedLog(kafka.KeyedLogConfig{Topic: "t", Properties: b.properties(), OnRecord: func(kafka.Message) {}, Logger: log})
			if err != nil {
				return err
			}
			defer l.Close(ctx)
			return l.Start(ctx)
		},
		"producer": func(ctx context.Context, log *slog.Logger) error {
			p, err := kafka.NewProducer(kafka.ProducerConfig{Properties: b.properties(), Logger: log})
			if err != nil {
				return err
			}
			defer p.Close(ctx)
			return p.Start(ctx)
		},
		"topic reader": func(ctx context.Context, log *slog.Logger) error {
			r, err := kafka.NewTopicReader(kafka.TopicReaderConfig{Properties: b.properties(), Topics: []string{"t"}, Logger: log})
			if err != nil {
				return err
			}
			defer r.Close()
			return r.Start(ctx)
		},
		"group reader": func(ctx context.Context, log *slog.Logger) error {
			r, err := kafka.NewGroupReader(kafka.GroupReaderConfig{Properties: b.properties("group.id", "g"), Topics: []string{"t"}, Logger: log})
			if err != nil {
				return err
			}
			defer r.Close(ctx)
			if _, err := r.Poll(ctx, time.Minute); !errors.Is(err, context.DeadlineExceeded) {
				return err
			}
			return fmt.Errorf("%s: %w", b.addr, context.DeadlineExceeded) // Poll has nothing to add to ctx's error
		},
	}
	for name, start := range starts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var logged logLines
			ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
			defer cancel()
			begin := time.Now()
			err := start(ctx, slog.New(slog.NewTextHandler(&logged, nil)))
			if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), b.addr) {
				t.Errorf("got %v, want a deadline error that names %s", err, b.addr)
			}
			if took := time.Since(begin); took > 5*time.Second {
				t.Errorf("took %s", took)
			}
			if lines := logged.lines(); len(lines) != 1 || !strings.Contains(lines[0], "cannot reach Kafka at "+b.addr+", retrying") {
				t.Errorf("log: got %q, want one line that names the address", lines)
			}
		})
	}
}
