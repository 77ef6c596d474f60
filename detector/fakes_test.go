package detector

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"sluice/internal/kafka"
)

// fakeReader serves one partition, of which more may be appended at any time.
type fakeReader struct {
	topic  string
	starts []error // answers of the first calls of Start

	mu       sync.Mutex
	messages []kafka.Message
	position int
	more     chan struct{}
	closed   bool
}

func newFakeReader(topic string, values ...string) *fakeReader {
	r := &fakeReader{topic: topic, more: make(chan struct{}, 1)}
	r.append(values...)
	return r
}

func (r *fakeReader) append(values ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, v := range values {
		r.messages = append(r.messages, kafka.Message{Topic: r.topic, Offset: int64(len(r.messages)), Value: []byte(v)})
	}
	select {
	case r.more <- struct{}{}:
	default:
	}
}

func (r *fakeReader) Start(context.Context) error {
	if len(r.starts) == 0 {
		return nil
	}
	err := r.starts[0]
	if len(r.starts) > 1 {
		r.starts = r.starts[1:]
	}
	return err
}

func (r *fakeReader) Poll(ctx context.Context, wait time.Duration) ([]kafka.Message, error) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		r.mu.Lock()
		messages := r.messages[r.position:]
		r.position = len(r.messages)
		r.mu.Unlock()
		if len(messages) > 0 {
			return messages, nil
		}
		select {
		case <-r.more:
		case <-timer.C:
			return nil, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (r *fakeReader) Position() map[kafka.TopicPartition]int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return map[kafka.TopicPartition]int64{{Topic: r.topic}: int64(r.position)}
}

func (r *fakeReader) EndOffsets(context.Context) (map[kafka.TopicPartition]int64, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return map[kafka.TopicPartition]int64{{Topic: r.topic}: int64(len(r.messages))}, nil
}

func (r *fakeReader) Close() error { r.closed = true; return nil }

// fakeProducer answers each record as answer says; nil acknowledges. Answers
// come from a goroutine of its own, after latency.
type fakeProducer struct {
	latency time.Duration
	answer  func(attempt int) error

	mu       sync.Mutex
	attempts int
	stored   []kafka.OutRecord
	open     sync.WaitGroup
	closed   bool
}

func (p *fakeProducer) Start(context.Context) error { return nil }

func (p *fakeProducer) SendAsync(_ context.Context, rec kafka.OutRecord, done func(int32, int64, error)) error {
	p.open.Go(func() {
		time.Sleep(p.latency) // virtual
		p.mu.Lock()
		p.attempts++
		var err error
		if p.answer != nil {
			err = p.answer(p.attempts)
		}
		if err == nil {
			p.stored = append(p.stored, rec)
		}
		p.mu.Unlock()
		done(0, 0, err)
	})
	return nil
}

func (p *fakeProducer) Flush(ctx context.Context) error {
	flushed := make(chan struct{})
	go func() { p.open.Wait(); close(flushed) }()
	select {
	case <-flushed:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *fakeProducer) Close(context.Context) error { p.closed = true; return nil }

func (p *fakeProducer) values() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var values []string
	for _, rec := range p.stored {
		values = append(values, string(rec.Value))
	}
	slices.Sort(values)
	return values
}

type fakeAdmin struct {
	exists  bool
	created []kafka.TopicSpec
	closed  bool
}

func (a *fakeAdmin) PartitionCount(_ context.Context, topic string) (int32, error) {
	if a.exists {
		return 1, nil
	}
	return 0, fmt.Errorf("describe: %w", &kafka.UnknownTopicError{Topic: topic})
}

func (a *fakeAdmin) CreateTopic(_ context.Context, spec kafka.TopicSpec) (bool, error) {
	a.created = append(a.created, spec)
	return true, nil
}

func (a *fakeAdmin) Close() error { a.closed = true; return nil }

// fixture is a detector on fakes.
type fixture struct {
	*Detector
	flags, transactions *fakeReader
	producer            *fakeProducer
	admin               *fakeAdmin
	log                 bytes.Buffer
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	f := &fixture{producer: &fakeProducer{}, admin: &fakeAdmin{exists: true}}
	cfg, err := Config{
		Flags:            Source{Topic: "flags"},
		Transactions:     Source{Topic: "transactions"},
		Output:           Sink{Topic: "flagged", Partitions: 3},
		BootstrapServers: "unused:1",
		Logger:           slog.New(slog.NewTextHandler(&f.log, nil)),
	}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	f.flags, f.transactions = newFakeReader("flags"), newFakeReader("transactions")
	f.Detector = assemble(cfg, f.flags, f.transactions, f.producer, f.admin)
	return f
}
