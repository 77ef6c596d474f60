package detector_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"sluice/detector"
	embedded "sluice/internal/embedded/kafka"
	"sluice/internal/kafka"
)

func TestMain(m *testing.M) {
	if settings := os.Getenv(childVariable); settings != "" {
		os.Exit(runChild(settings))
	}
	// go-metrics, which sarama counts with, starts one ticker per process and never stops it.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/rcrowley/go-metrics.(*meterArbiter).tick"))
}

const patience = 30 * time.Second // of a test that waits for an event

func newBroker(t testing.TB, opts embedded.Options) *embedded.Broker {
	t.Helper()
	if opts.Addr == "" {
		opts.Addr = "127.0.0.1:0"
	}
	b, err := embedded.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

// client is what the tests themselves do to Kafka.
type client struct {
	t        testing.TB
	addr     string
	producer *kafka.Producer
	admin    *kafka.Admin
}

func newClient(t testing.TB, addr string) *client {
	t.Helper()
	properties := kafka.Properties{"bootstrap.servers": addr}
	p, err := kafka.NewProducer(kafka.ProducerConfig{Properties: properties})
	if err != nil {
		t.Fatal(err)
	}
	a, err := kafka.NewAdmin(kafka.AdminConfig{Properties: properties})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := errors.Join(p.Close(ctx), a.Close()); err != nil {
			t.Error(err)
		}
	})
	return &client{t, addr, p, a}
}

func (c *client) createTopics(partitions int32, topics ...string) {
	c.t.Helper()
	for _, topic := range topics {
		if _, err := c.admin.CreateTopic(c.t.Context(), kafka.TopicSpec{Name: topic, Partitions: partitions, ReplicationFactor: -1}); err != nil {
			c.t.Fatal(err)
		}
	}
}

// send writes values, in turn over the partitions of a topic. A nil value is a tombstone. A timestamp of 0 is now.
func (c *client) send(topic string, partitions int32, timestamp int64, values ...[]byte) {
	c.t.Helper()
	var at time.Time
	if timestamp != 0 {
		at = time.UnixMilli(timestamp)
	}
	var recs []kafka.OutRecord
	for i, v := range values {
		recs = append(recs, kafka.OutRecord{Topic: topic, Partition: int32(i) % partitions, Key: []byte("ignored"), Value: v, Timestamp: at})
	}
	if err := c.producer.SendBatch(c.t.Context(), recs); err != nil {
		c.t.Fatal(err)
	}
}

// readAs returns all records of a topic that an isolation.level shows as outputs, sorted.
func (c *client) readAs(topic, isolation string) []output {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), patience)
	defer cancel()
	r, err := kafka.NewTopicReader(kafka.TopicReaderConfig{Properties: kafka.Properties{"bootstrap.servers": c.addr, "isolation.level": isolation}, Topics: []string{topic}})
	if err != nil {
		c.t.Fatal(err)
	}
	defer r.Close()
	if err := r.Start(ctx); err != nil {
		c.t.Fatal(err)
	}
	ends, err := r.EndOffsets(ctx)
	if err != nil {
		c.t.Fatal(err)
	}
	var outputs []output
	for behind := true; behind; {
		messages, err := r.Poll(ctx, 10*time.Millisecond)
		if err != nil {
			c.t.Fatal(err)
		}
		for _, m := range messages {
			if len(m.Headers) != 0 {
				c.t.Errorf("%s has headers %v", m.Key, m.Headers)
			}
			outputs = append(outputs, output{m.Partition, string(m.Key), string(m.Value)})
		}
		behind = false
		for tp, position := range r.Position() {
			behind = behind || position < ends[tp]
		}
	}
	slices.SortFunc(outputs, compareOutputs)
	return outputs
}

// running is a detector that runs.
type running struct {
	*detector.Detector
	t      testing.TB
	cancel context.CancelFunc
	result chan error
}

func config(addr string) detector.Config {
	return detector.Config{
		Flags:            detector.Source{Topic: "flags"},
		Transactions:     detector.Source{Topic: "transactions"},
		Output:           detector.Sink{Topic: "flagged", Partitions: 3},
		BootstrapServers: addr,
		StatsInterval:    20 * time.Millisecond,
	}
}

func start(t testing.TB, cfg detector.Config) *running {
	t.Helper()
	return newStarted(t, cfg, func(*detector.Detector) {})
}

// newStarted is start that lets the detector be changed before.
func newStarted(t testing.TB, cfg detector.Config, change func(*detector.Detector)) *running {
	t.Helper()
	d, err := detector.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	change(d)
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{d, t, cancel, make(chan error, 1)}
	go func() { r.result <- d.Run(ctx) }()
	t.Cleanup(func() { r.stop() })
	return r
}

// stop stops the detector and returns what Run returned. It may be called twice.
func (r *running) stop() error {
	r.t.Helper()
	r.cancel()
	select {
	case err := <-r.result:
		r.result <- err
		return err
	case <-time.After(patience):
		r.t.Fatal("Run does not return")
		return nil
	}
}

// wait waits until the detector has joined so many rows, of flags any number if it is negative, and Kafka has so many results.
func (r *running) wait(flags, transactions int64, matches int) detector.Stats {
	r.t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		s := r.Stats()
		if (s.Flags == flags || flags < 0) && s.Transactions == transactions && s.Acknowledged == int64(matches) && s.Lag() == 0 && len(s.Partitions) > 0 {
			return s
		}
		select {
		case <-tick.C:
		case err := <-r.result:
			r.result <- err
			r.t.Fatalf("Run returned early: %v", err)
		case <-deadline:
			r.t.Fatalf("still %+v, waiting for %d flags, %d transactions and %d results", s, flags, transactions, matches)
		}
	}
}

func (r *running) ready() {
	r.t.Helper()
	select {
	case <-r.Ready():
	case err := <-r.result:
		r.result <- err
		r.t.Fatalf("Run returned early: %v", err)
	case <-time.After(patience):
		r.t.Fatal("not ready")
	}
}

// lockedBuffer collects log lines.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// await waits for a text in the log.
func (l *lockedBuffer) await(t testing.TB, text string) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !strings.Contains(l.String(), text) {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%q is not in the log:\n%s", text, l.String())
		}
	}
}
