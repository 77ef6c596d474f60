package task_test

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"sluice/internal/kafka"
	"sluice/worker/task"
)

// fakeDLQ is the topic of a dead letter queue with its producer and admin client, in memory.
type fakeDLQ struct {
	mu      sync.Mutex
	topics  []string
	spec    string // of the topic that was created
	records []kafka.OutRecord

	listing, creating, starting error // what the clients answer
	failing                     error // what becomes of records later on
	refusing                    error // what is said of records at once
	largest                     int   // bytes of a record; 0 means that there is no bound
	hold                        bool  // acknowledgements wait for release
	held                        []func(error)
	blocking                    bool // there is no room for further records
	closed                      bool
	onAck                       func(m kafka.OutRecord)
}

// config returns the settings of a queue named dlq.
func (q *fakeDLQ) config(contextHeaders bool) task.DLQ {
	return task.DLQ{
		Topic: "dlq", ReplicationFactor: 2, ContextHeaders: contextHeaders,
		NewProducer: func(kafka.ProducerConfig) (task.DLQProducer, error) { return fakeDLQProducer{q}, nil },
		NewAdmin:    func(kafka.AdminConfig) (task.DLQAdmin, error) { return fakeDLQAdmin{q}, nil },
	}
}

func (q *fakeDLQ) set(change func()) {
	q.mu.Lock()
	defer q.mu.Unlock()
	change()
}

// taken prints the values of the records since the last call.
func (q *fakeDLQ) taken() string {
	q.mu.Lock()
	defer q.mu.Unlock()
	var values []string
	for _, r := range q.records {
		values = append(values, string(r.Value))
	}
	q.records = nil
	return strings.Join(values, ",")
}

// release gives the answers that were held back.
func (q *fakeDLQ) release(err error) {
	q.mu.Lock()
	held := q.held
	q.held, q.hold = nil, false
	q.mu.Unlock()
	for _, answer := range held {
		answer(err)
	}
}

type fakeDLQProducer struct{ q *fakeDLQ }

func (p fakeDLQProducer) Start(context.Context) error { return p.q.starting }

func (p fakeDLQProducer) SendAsync(ctx context.Context, rec kafka.OutRecord, done func(int32, int64, error)) error {
	q := p.q
	q.mu.Lock()
	blocking, refusing := q.blocking, q.refusing
	q.mu.Unlock()
	if blocking {
		<-ctx.Done()
		return ctx.Err()
	}
	if refusing != nil {
		return refusing
	}
	if size := sizeOf(rec); q.largest > 0 && size > q.largest {
		return &kafka.RecordTooLargeError{Size: size, Limit: q.largest}
	}
	answer := func(err error) {
		if err == nil && q.onAck != nil {
			q.onAck(rec)
		}
		done(0, 0, err)
	}
	q.mu.Lock()
	q.records = append(q.records, rec)
	hold, failing := q.hold, q.failing
	if hold {
		q.held = append(q.held, answer)
	}
	q.mu.Unlock()
	if !hold {
		go answer(failing) // a goroutine of the producer
	}
	return nil
}

func sizeOf(rec kafka.OutRecord) int {
	n := len(rec.Key) + len(rec.Value)
	for _, h := range rec.Headers {
		n += len(h.Key) + len(h.Value)
	}
	return n
}

// Close fails what waits, as a producer does whose broker cannot be reached.
func (p fakeDLQProducer) Close(context.Context) error {
	p.q.set(func() { p.q.closed = true })
	p.q.release(kafka.ErrClosed)
	return nil
}

type fakeDLQAdmin struct{ q *fakeDLQ }

func (a fakeDLQAdmin) Topics(context.Context) ([]string, error) { return a.q.topics, a.q.listing }

func (a fakeDLQAdmin) CreateTopic(_ context.Context, spec kafka.TopicSpec) (bool, error) {
	a.q.spec = fmt.Sprintf("%s %dx%d %v", spec.Name, spec.Partitions, spec.ReplicationFactor, spec.Configs)
	return true, a.q.creating
}

func (fakeDLQAdmin) Close() error { return nil }
