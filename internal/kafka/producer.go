package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/IBM/sarama"
)

// ProducerConfig is what NewProducer needs.
type ProducerConfig struct {
	Properties Properties
	// Logger may be nil: silence.
	Logger *slog.Logger
}

// Producer writes records. Its methods may be called from any goroutine after Start.
//
// Records of one partition are written in the order in which they were handed over, retries
// included: at most one batch per partition is under way, holding everything that had gathered by then.
// With enable.idempotence (the default) a retry never writes a record twice. A record is retried
// until delivery.timeout.ms after it was handed over; brokers may be unreachable meanwhile. Records
// that wait take at most buffer.memory bytes.
//
// Kafka: org.apache.kafka.clients.producer.KafkaProducer. Differs: max.in.flight.requests.per.connection
// is accepted, but never more than one request per broker is under way, because larger batches make up for it.
type Producer struct {
	cluster  *cluster
	settings *settings
	sticky   stickyPartitions
	meter    sendMeter

	route chan struct{} // told when a partition may need a leader, or a new producer id is needed
	group sync.WaitGroup
	stop  context.CancelFunc

	mu       sync.Mutex
	state    producerState
	parts    map[TopicPartition]*outPartition
	workers  map[string]*produceWorker
	changed  chan struct{} // closed and replaced when bytes or counts shrink
	buffered int64         // bytes of all records that are not done
	epoch    int           // Flush starts a new one
	pending  map[int]int   // records that are not done, by the epoch they came in
	identity producerIdentity
	err      error // fatal
}

type producerState int8

const (
	producerNew producerState = iota
	producerRunning
	producerClosed
)

// producerIdentity lets brokers recognise a batch that was sent twice. id -1 means none: a new one is needed.
type producerIdentity struct {
	id    int64
	epoch int16
}

// NewProducer checks cfg. It connects to nothing and starts nothing.
func NewProducer(cfg ProducerConfig) (*Producer, error) {
	s, err := parseProperties(cfg.Properties, ProducerRole)
	if err != nil {
		return nil, err
	}
	return &Producer{
		cluster: newCluster(s, cfg.Logger, producerLogger), settings: s, meter: newSendMeter(s.window),
		route: make(chan struct{}, 1), changed: make(chan struct{}),
		parts: make(map[TopicPartition]*outPartition), workers: make(map[string]*produceWorker),
		pending: make(map[int]int), identity: producerIdentity{-1, -1},
	}, nil
}

// Start connects and, with idempotence, gets a producer id. It waits for unreachable brokers until
// ctx ends. It must be called once, before the other methods.
func (p *Producer) Start(ctx context.Context) error {
	p.mu.Lock()
	state := p.state
	p.mu.Unlock()
	if state != producerNew {
		return errors.New("start producer: it was started or closed before")
	}
	err := p.cluster.retry(ctx, func() error {
		if p.settings.idempotent {
			return p.renewIdentity(ctx)
		}
		return p.cluster.ask(ctx, func(b *sarama.Broker) error {
			_, err := b.ApiVersions(&sarama.ApiVersionsRequest{})
			return err
		})
	})
	if err != nil {
		return fmt.Errorf("start producer: %w", err)
	}
	run, cancel := context.WithCancel(context.Background())
	p.mu.Lock()
	p.state, p.stop = producerRunning, cancel
	p.mu.Unlock()
	p.group.Go(func() { p.runRouter(run) })
	return nil
}

// Send writes one record and returns when it is acknowledged. If ctx ends first the record may or
// may not be written.
func (p *Producer) Send(ctx context.Context, rec OutRecord) error {
	return p.SendBatch(ctx, []OutRecord{rec})
}

// SendBatch writes records and returns when all of them are acknowledged or have failed; the error
// joins the failures. If ctx ends first, any of them may or may not be written.
func (p *Producer) SendBatch(ctx context.Context, recs []OutRecord) error {
	var mu sync.Mutex
	var failures []error
	var waiting atomic.Int64
	waiting.Store(int64(len(recs)) + 1)
	finished := make(chan struct{})
	finish := func() {
		if waiting.Add(-1) == 0 {
			close(finished)
		}
	}
	done := func(_ int32, _ int64, err error) {
		if err != nil {
			mu.Lock()
			failures = append(failures, err)
			mu.Unlock()
		}
		finish()
	}
	for _, rec := range recs {
		if err := p.SendAsync(ctx, rec, done); err != nil {
			done(0, 0, err)
		}
	}
	finish()
	select {
	case <-finished:
		return errors.Join(failures...)
	case <-ctx.Done():
		return fmt.Errorf("send %d records: %w", len(recs), ctx.Err())
	}
}

// SendAsync hands a record over. One that is larger than max.request.size is refused with a [*RecordTooLargeError]. It blocks while buffer.memory is exhausted and while the topic's
// partitions are not known yet (at most max.block.ms), and fails if ctx ends meanwhile. Key, value and
// headers must not be changed until done was called.
//
// done, which may be nil, is called exactly once on a goroutine of the producer, unless SendAsync
// returned an error: with partition and offset (-1 when the broker does not tell, as with acks=0), or
// with the error. It must return quickly and not call the producer's blocking methods.
func (p *Producer) SendAsync(ctx context.Context, rec OutRecord, done func(partition int32, offset int64, err error)) error {
	out := outgoing{rec: rec, done: done, size: recordSize(rec)}
	if size := batchOverhead + out.size; size > p.settings.maxRequestSize {
		return fmt.Errorf("send to topic %q: %w", rec.Topic, &RecordTooLargeError{Size: size, Limit: p.settings.maxRequestSize})
	}
	if ms := rec.Timestamp.UnixMilli(); ms < 0 && !rec.Timestamp.IsZero() {
		return fmt.Errorf("send to topic %q: the timestamp %d is negative", rec.Topic, ms)
	}
	tp, err := p.choosePartition(ctx, rec)
	if err != nil {
		return fmt.Errorf("send to topic %q: %w", rec.Topic, err)
	}
	if err := p.enqueue(ctx, tp, out); err != nil {
		return fmt.Errorf("send to topic %q: %w", rec.Topic, err)
	}
	return nil
}

// enqueue waits for room and appends out to the queue of tp.
func (p *Producer) enqueue(ctx context.Context, tp TopicPartition, out outgoing) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		switch {
		case p.state == producerClosed:
			return ErrClosed
		case p.state == producerNew:
			return errors.New("the producer was not started")
		case p.err != nil:
			return p.err
		case ctx.Err() != nil:
			return ctx.Err()
		}
		if p.buffered == 0 || p.buffered+int64(out.size) <= p.settings.bufferMemory {
			break
		}
		if err := p.waitForChange(ctx); err != nil {
			return err
		}
	}
	now := time.Now()
	out.deadline, out.epoch = now.Add(p.settings.deliveryTimeout), p.epoch
	if out.timestamp = min(out.rec.Timestamp.UnixMilli(), lastTimestamp); out.rec.Timestamp.IsZero() {
		out.timestamp = now.UnixMilli()
	}
	part := p.parts[tp]
	if part == nil {
		part = &outPartition{tp: tp, maxBatch: p.settings.maxRequestSize}
		p.parts[tp] = part
		tell(p.route)
	}
	if len(part.queue) == 0 {
		part.ready = now.Add(p.settings.linger)
	}
	part.queue = append(part.queue, out)
	part.queuedBytes += out.size
	p.buffered += int64(out.size)
	p.pending[p.epoch]++
	if len(part.queue) == 1 || p.settings.linger > 0 && part.queuedBytes >= p.settings.batchSize {
		p.wakeWorker(part.leader.addr)
	}
	return nil
}

// waitForChange waits until changed is closed. p.mu is held on entry and on return, not in between.
func (p *Producer) waitForChange(ctx context.Context) error {
	changed := p.changed
	p.mu.Unlock()
	defer p.mu.Lock()
	select {
	case <-changed:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Flush waits until every record handed over before the call was acknowledged or has failed. Their
// linger.ms is cut short.
func (p *Producer) Flush(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	epoch := p.epoch
	p.epoch++
	for _, part := range p.parts {
		part.ready = time.Time{}
	}
	for _, w := range p.workers {
		tell(w.wake)
	}
	for {
		left := 0
		for e, n := range p.pending {
			if e <= epoch {
				left += n
			}
		}
		if left == 0 {
			return nil
		}
		if err := p.waitForChange(ctx); err != nil {
			return fmt.Errorf("flush %d records: %w", left, err)
		}
	}
}

// Close flushes, for as long as ctx lives, and stops the producer's goroutines. Records that are
// still not acknowledged then fail with ErrClosed. It may be called twice, and without Start.
func (p *Producer) Close(ctx context.Context) error {
	p.mu.Lock()
	state := p.state
	p.mu.Unlock()
	var err error
	if state == producerRunning {
		err = p.Flush(ctx)
	}
	p.mu.Lock()
	if p.state == producerClosed {
		p.mu.Unlock()
		return err
	}
	p.state = producerClosed
	stop := p.stop
	p.mu.Unlock()
	if stop != nil {
		stop()
		p.group.Wait()
	}
	p.failAll(ErrClosed)
	p.cluster.close()
	return err
}

// choosePartition settles where rec goes, looking up the topic's partitions when they are needed.
func (p *Producer) choosePartition(ctx context.Context, rec OutRecord) (TopicPartition, error) {
	tp := TopicPartition{rec.Topic, rec.Partition}
	partitions, err := p.cluster.partitions(rec.Topic)
	if err != nil || len(partitions) == 0 {
		if partitions, err = p.awaitTopic(ctx, rec.Topic); err != nil {
			return tp, err
		}
	}
	n := int32(len(partitions))
	switch {
	case rec.Partition >= n:
		return tp, fmt.Errorf("partition %d does not exist, there are %d: %w", rec.Partition, n, sarama.ErrUnknownTopicOrPartition)
	case rec.Partition >= 0:
	case rec.Key != nil:
		tp.Partition = Murmur2Partition(rec.Key, n)
	default:
		tp.Partition = p.sticky.next(rec.Topic, n, recordSize(rec), p.settings.batchSize)
	}
	return tp, nil
}

// awaitTopic asks for a topic's metadata until the topic is there, for at most max.block.ms. The
// broker may create it, if it is configured to.
func (p *Producer) awaitTopic(ctx context.Context, topic string) ([]int32, error) {
	bounded, cancel := context.WithTimeout(ctx, p.settings.maxBlock)
	defer cancel()
	pause := p.settings.newBackoff()
	for {
		err := p.cluster.refresh(bounded, []string{topic}, true)
		if err == nil {
			var partitions []int32
			if partitions, err = p.cluster.partitions(topic); err == nil && len(partitions) > 0 {
				return partitions, nil
			}
		}
		var unknown *UnknownTopicError
		if err != nil && !IsRetriable(err) && !errors.As(err, &unknown) && bounded.Err() == nil {
			return nil, err
		}
		if pause.wait(bounded) != nil {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			return nil, fmt.Errorf("no metadata within max.block.ms = %d: %w", p.settings.maxBlock.Milliseconds(), err)
		}
	}
}

// renewIdentity gets a producer id.
func (p *Producer) renewIdentity(ctx context.Context) error {
	req := &sarama.InitProducerIDRequest{Version: 4, ProducerID: -1, ProducerEpoch: -1}
	resp, err := exchange(ctx, p.cluster.ask, (*sarama.Broker).InitProducerID, req)
	if err == nil && resp.Err != sarama.ErrNoError {
		err = resp.Err
	}
	if err != nil {
		return fmt.Errorf("get a producer id: %w", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.identity = producerIdentity{resp.ProducerID, resp.ProducerEpoch}
	for _, part := range p.parts {
		part.sequence = 0
		p.wakeWorker(part.leader.addr)
	}
	return nil
}
