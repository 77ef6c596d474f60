package kafka_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/internal/kafka"
)

// member is a GroupReader in a test: it polls on a goroutine of its own and remembers what happened.
type member struct {
	t      *testing.T
	name   string
	reader *kafka.GroupReader

	stop     chan struct{}
	finished chan struct{}
	jobs     chan func(r *kafka.GroupReader)

	mu       sync.Mutex
	changed  chan struct{} // closed and replaced with every change below
	owned    map[kafka.TopicPartition]bool
	events   []string // "assigned topic-0=5 topic-1=0", "revoked topic-0", "lost topic-0"
	messages []kafka.Message
	err      error

	// onRevoked may be set by do, to run inside the callback.
	onRevoked func(ctx context.Context, parts []kafka.TopicPartition) error
}

// sessionTimeout is the shortest that the broker under test allows.
func sessionTimeout() string {
	if os.Getenv("SLUICE_TEST_KAFKA") != "" {
		return "6000"
	}
	return "1500"
}

// newMember starts a member that reads from the beginning unless properties say otherwise.
func newMember(t *testing.T, b testBroker, group string, topics []string, pairs ...string) *member {
	t.Helper()
	return newMemberOf(t, b, group, kafka.GroupReaderConfig{Topics: topics}, pairs...)
}

// newMemberOf starts a member that reads what cfg says.
func newMemberOf(t *testing.T, b testBroker, group string, cfg kafka.GroupReaderConfig, pairs ...string) *member {
	t.Helper()
	m := &member{
		t: t, name: fresh("member"), stop: make(chan struct{}), finished: make(chan struct{}),
		jobs: make(chan func(*kafka.GroupReader)), changed: make(chan struct{}), owned: make(map[kafka.TopicPartition]bool),
	}
	p := b.properties("group.id", group, "auto.offset.reset", "earliest", "heartbeat.interval.ms", "100",
		"session.timeout.ms", sessionTimeout(), "client.id", m.name)
	for i := 0; i < len(pairs); i += 2 {
		p[pairs[i]] = pairs[i+1]
	}
	cfg.Properties, cfg.Listener, cfg.Logger = p, m, testLogger(t)
	var err error
	m.reader, err = kafka.NewGroupReader(cfg)
	if err != nil {
		t.Fatal(err)
	}
	go m.run()
	t.Cleanup(func() { m.close(5 * time.Second) })
	return m
}

func (m *member) run() {
	defer close(m.finished)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for {
		select {
		case <-m.stop:
			return
		case job := <-m.jobs:
			job(m.reader)
			continue
		default:
		}
		messages, err := m.reader.Poll(ctx, 50*time.Millisecond)
		m.change(func() {
			m.messages = append(m.messages, messages...)
			for _, msg := range messages {
				if !m.owned[msg.TopicPartition()] {
					m.err = errors.Join(m.err, fmt.Errorf("got offset %d of %s, which is not assigned", msg.Offset, msg.TopicPartition()))
				}
			}
			if err != nil {
				m.err = err
			}
		})
		if err != nil {
			return
		}
	}
}

// do runs job on the polling goroutine, between two polls, and waits for it.
func (m *member) do(job func(r *kafka.GroupReader)) {
	m.t.Helper()
	done := make(chan struct{})
	m.begin(func(r *kafka.GroupReader) { defer close(done); job(r) })
	<-done
}

// begin is do that does not wait for the end of job.
func (m *member) begin(job func(r *kafka.GroupReader)) {
	m.t.Helper()
	select {
	case m.jobs <- job:
	case <-m.finished:
		m.t.Fatalf("%s has ended: %v", m.name, m.err)
	case <-time.After(20 * time.Second):
		m.t.Fatalf("%s does not return from Poll", m.name)
	}
}

// close stops polling and closes the reader; with no time, it goes without saying goodbye.
func (m *member) close(within time.Duration) {
	m.t.Helper()
	m.end(within, (*kafka.GroupReader).Close)
}

// handOver stops polling and leaves the member's place to a successor.
func (m *member) handOver() {
	m.t.Helper()
	m.end(5*time.Second, (*kafka.GroupReader).HandOver)
}

func (m *member) end(within time.Duration, end func(*kafka.GroupReader, context.Context) error) {
	m.t.Helper()
	select {
	case <-m.stop:
		return
	default:
		close(m.stop)
	}
	<-m.finished
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	if err := end(m.reader, ctx); err != nil {
		m.t.Errorf("close %s: %v", m.name, err)
	}
}

func (m *member) change(f func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f()
	close(m.changed)
	m.changed = make(chan struct{})
}

// await waits until cond, which is called with m.mu held, is true.
func (m *member) await(what string, cond func() bool) {
	m.t.Helper()
	timeout := time.After(20 * time.Second)
	for {
		m.mu.Lock()
		ok, changed, err := cond(), m.changed, m.err
		m.mu.Unlock()
		if ok {
			return
		}
		if err != nil {
			m.t.Fatalf("%s, waiting for %s: %v", m.name, what, err)
		}
		select {
		case <-changed:
		case <-timeout:
			m.mu.Lock()
			defer m.mu.Unlock()
			m.t.Fatalf("%s: no %s within 20 s; events %q, %d messages", m.name, what, m.events, len(m.messages))
		}
	}
}

func (m *member) awaitMessages(n int) []kafka.Message {
	m.t.Helper()
	m.await(fmt.Sprintf("%d messages", n), func() bool { return len(m.messages) >= n })
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.messages)
}

func (m *member) awaitOwned(n int) {
	m.t.Helper()
	m.await(fmt.Sprintf("%d partitions", n), func() bool { return len(m.owned) == n })
}

func (m *member) awaitEvent(prefix string) {
	m.t.Helper()
	m.await("event "+prefix, func() bool {
		return slices.ContainsFunc(m.events, func(e string) bool { return strings.HasPrefix(e, prefix) })
	})
}

func (m *member) eventList() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.events)
}

func (m *member) Assigned(_ context.Context, added map[kafka.TopicPartition]int64) error {
	m.change(func() {
		var list []string
		for tp, offset := range added {
			m.owned[tp] = true
			list = append(list, fmt.Sprintf("%s=%d", tp, offset))
		}
		slices.Sort(list)
		m.events = append(m.events, "assigned "+strings.Join(list, " "))
	})
	return nil
}

func (m *member) Revoked(ctx context.Context, parts []kafka.TopicPartition) error {
	var err error
	if m.onRevoked != nil {
		err = m.onRevoked(ctx, parts)
	}
	m.drop("revoked", parts)
	return err
}

func (m *member) Lost(_ context.Context, parts []kafka.TopicPartition) error {
	m.drop("lost", parts)
	return nil
}

func (m *member) drop(how string, parts []kafka.TopicPartition) {
	m.change(func() {
		var list []string
		for _, tp := range parts {
			delete(m.owned, tp)
			list = append(list, tp.String())
		}
		m.events = append(m.events, how+" "+strings.Join(list, " "))
	})
}

// checkOrder fails if offsets of a partition do not go up by one from first, per partition.
func checkOrder(t *testing.T, messages []kafka.Message, first int64) {
	t.Helper()
	next := make(map[kafka.TopicPartition]int64)
	for _, msg := range messages {
		tp := msg.TopicPartition()
		if _, seen := next[tp]; !seen {
			next[tp] = first
		}
		if msg.Offset != next[tp] {
			t.Fatalf("partition %s: got offset %d, want %d", tp, msg.Offset, next[tp])
		}
		if want := fmt.Sprintf("v%d", msg.Offset); string(msg.Value) != want {
			t.Fatalf("partition %s, offset %d: got value %q, want %q", tp, msg.Offset, msg.Value, want)
		}
		next[tp]++
	}
}

func ownedOf(members ...*member) map[kafka.TopicPartition]string {
	owners := make(map[kafka.TopicPartition]string)
	for _, m := range members {
		m.mu.Lock()
		for _, tp := range slices.Collect(maps.Keys(m.owned)) {
			owners[tp] += m.name
		}
		m.mu.Unlock()
	}
	return owners
}
