package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/IBM/sarama"
)

// runRouter gives partitions a leader, renews the producer id when it became unusable, and fails
// records that were not delivered in time.
func (p *Producer) runRouter(ctx context.Context) {
	pause := p.settings.newBackoff()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		again, err := p.repair(ctx)
		if ctx.Err() != nil {
			return
		}
		if err != nil && !IsRetriable(err) {
			p.mu.Lock()
			p.err = err
			p.mu.Unlock()
			p.failAll(err)
			again = false
		}
		p.expire(time.Now())
		if again {
			if pause.wait(ctx) != nil {
				return
			}
			continue
		}
		pause.reset()
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-p.route:
		}
	}
}

// repair does one round of what runRouter is for. again says that something is left to do.
func (p *Producer) repair(ctx context.Context) (again bool, err error) {
	var topics []string
	p.mu.Lock()
	for tp, part := range p.parts {
		if part.leader.addr == "" {
			topics = appendOnce(topics, tp.Topic)
		}
	}
	needIdentity := p.settings.idempotent && p.identity.id < 0 && p.err == nil
	p.mu.Unlock()
	if needIdentity {
		if err := p.renewIdentity(ctx); err != nil {
			return true, err
		}
	}
	if topics = p.staleTopics(topics); len(topics) == 0 {
		return false, nil
	}
	if err := p.cluster.refresh(ctx, topics, false); err != nil {
		return true, err
	}
	return p.applyLeaders(ctx), nil
}

// staleTopics adds the topics in use to topics when their metadata is older than metadata.max.age.ms,
// so that new partitions are found.
func (p *Producer) staleTopics(topics []string) []string {
	p.cluster.mu.Lock()
	stale := time.Since(p.cluster.refreshed) > p.settings.metadataMaxAge
	p.cluster.mu.Unlock()
	if stale {
		p.mu.Lock()
		for tp := range p.parts {
			topics = appendOnce(topics, tp.Topic)
		}
		p.mu.Unlock()
	}
	return topics
}

// applyLeaders takes over the leaders of the last metadata and starts a worker for each new one.
func (p *Producer) applyLeaders(ctx context.Context) (missing bool) {
	var failed []outgoing
	var failure error
	p.mu.Lock()
	for _, part := range p.parts {
		if part.leader.addr != "" {
			continue
		}
		if _, err := p.cluster.partitions(part.tp.Topic); err != nil && IsAuthorization(err) {
			failure = fmt.Errorf("send to topic %q: %w", part.tp.Topic, err)
			failed = append(failed, p.drop(part)...)
			continue
		}
		part.leader = p.cluster.leader(part.tp)
		if part.leader.addr == "" {
			missing = missing || part.batch != nil || len(part.queue) > 0
			continue
		}
		w := p.workers[part.leader.addr]
		if w == nil {
			w = &produceWorker{p: p, conn: p.cluster.net.conn(part.leader.addr), wake: make(chan struct{}, 1)}
			p.workers[part.leader.addr] = w
			p.group.Go(func() { w.run(ctx) })
		}
		tell(w.wake)
	}
	p.mu.Unlock()
	p.finish(failed, -1, -1, failure)
	return missing
}

// drop takes everything out of part that is not in a request right now. p.mu is held.
func (p *Producer) drop(part *outPartition) []outgoing {
	var dropped []outgoing
	if part.batch != nil && !part.sending {
		dropped = part.batch.records
		p.abandon(part)
	}
	dropped = append(dropped, part.queue...)
	part.queue, part.queuedBytes = nil, 0
	return dropped
}

// abandon gives up on the batch of part. It may have been written all the same, so that later
// sequence numbers would not fit: a new producer id is needed. p.mu is held.
func (p *Producer) abandon(part *outPartition) {
	if part.batch.identity == p.identity && p.settings.idempotent {
		p.identity = producerIdentity{-1, -1}
		tell(p.route)
	}
	part.batch = nil
}

// expire fails the records whose delivery.timeout.ms is over.
func (p *Producer) expire(now time.Time) {
	var expired []outgoing
	p.mu.Lock()
	for _, part := range p.parts {
		if part.sending {
			continue
		}
		if b := part.batch; b != nil && now.After(b.records[0].deadline) {
			expired = append(expired, b.records...)
			p.abandon(part)
		}
		n := 0
		for n < len(part.queue) && now.After(part.queue[n].deadline) {
			part.queuedBytes -= part.queue[n].size
			n++
		}
		expired = append(expired, part.queue[:n]...)
		part.queue = part.queue[n:]
	}
	p.mu.Unlock()
	for _, out := range expired {
		p.finish([]outgoing{out}, -1, -1, p.lateError(out.rec.Topic, sarama.ErrRequestTimedOut))
	}
}

// lateError is the fate of a record whose delivery.timeout.ms is over; cause is what stood in the way last.
func (p *Producer) lateError(topic string, cause error) error {
	return fmt.Errorf("send to topic %q: not acknowledged within delivery.timeout.ms = %d: %w", topic, p.settings.deliveryTimeout.Milliseconds(), cause)
}

// failAll fails everything that waits.
func (p *Producer) failAll(err error) {
	var failed []outgoing
	p.mu.Lock()
	for _, part := range p.parts {
		failed = append(failed, p.drop(part)...)
	}
	p.mu.Unlock()
	p.finish(failed, -1, -1, err)
}

// finish reports the fate of records and frees their room. base is the offset of the first, or -1.
func (p *Producer) finish(records []outgoing, partition int32, base int64, err error) {
	if len(records) == 0 {
		return
	}
	if err != nil {
		p.meter.errors.Record(float64(len(records)))
	}
	for i := range records {
		if done := records[i].done; done != nil {
			offset := base
			if base >= 0 {
				offset += int64(i)
			}
			done(partition, offset, err)
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range records {
		p.buffered -= int64(records[i].size)
		epoch := records[i].epoch
		if p.pending[epoch]--; p.pending[epoch] == 0 {
			delete(p.pending, epoch)
		}
	}
	close(p.changed)
	p.changed = make(chan struct{})
}

// wakeWorker tells a worker that it may have something to do. p.mu is held.
func (p *Producer) wakeWorker(addr string) {
	if w := p.workers[addr]; w != nil {
		tell(w.wake)
	}
}

// produceWorker writes to one broker the partitions that it leads, one request at a time.
type produceWorker struct {
	p    *Producer
	conn *conn
	wake chan struct{}
}

func (w *produceWorker) run(ctx context.Context) {
	defer w.conn.close()
	pause := w.p.settings.newBackoff()
	for ctx.Err() == nil {
		parts, wait := w.collect(time.Now())
		if len(parts) == 0 {
			w.rest(ctx, wait)
			continue
		}
		if w.send(ctx, parts) {
			pause.reset()
		} else if pause.wait(ctx) != nil {
			return
		}
	}
}

// rest waits until woken, or for linger.ms to be over when something waits for that.
func (w *produceWorker) rest(ctx context.Context, wait time.Duration) {
	var over <-chan time.Time
	if wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		over = timer.C
	}
	select {
	case <-ctx.Done():
	case <-w.wake:
	case <-over:
	}
}

// collect makes a batch of each partition that has something to send, and marks it as being sent.
// When there is none, wait is the time until linger.ms is over somewhere, 0 if nothing waits at all.
func (w *produceWorker) collect(now time.Time) (parts []*outPartition, wait time.Duration) {
	p := w.p
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.settings.idempotent && p.identity.id < 0 {
		return nil, 0 // the router wakes us with a new one
	}
	budget := p.settings.maxRequestSize
	for _, part := range p.parts { // in no particular order, so that none is always last
		if part.leader.addr != w.conn.addr || part.sending || budget <= 0 {
			continue
		}
		if part.batch == nil {
			if len(part.queue) == 0 {
				continue
			}
			if left := part.ready.Sub(now); left > 0 && part.queuedBytes < p.settings.batchSize {
				if wait == 0 || left < wait {
					wait = left
				}
				continue
			}
			if len(parts) > 0 && part.queue[0].size > budget {
				continue
			}
			part.batch = part.nextBatch(budget)
		}
		if part.batch.encoded == nil {
			part.batch.encode(codecs[p.settings.compression], p.settings.compressionLevel, p.identity, part.sequence)
			if p.settings.idempotent {
				part.sequence = addSequence(part.sequence, int32(len(part.batch.records)))
			}
		}
		for i := range part.batch.records {
			budget -= part.batch.records[i].size
		}
		part.sending = true
		parts = append(parts, part)
	}
	return parts, wait
}

// send writes the batches of parts and deals with the outcome. ok is false after trouble that a pause may heal.
func (w *produceWorker) send(ctx context.Context, parts []*outPartition) (ok bool) {
	p := w.p
	req := &sarama.ProduceRequest{
		Version: 8, RequiredAcks: sarama.RequiredAcks(p.settings.acks), Timeout: int32(p.settings.requestTimeout / time.Millisecond),
	}
	records, bytes := 0, 0
	for _, part := range parts {
		req.AddBatch(part.tp.Topic, part.tp.Partition, part.batch.encoded)
		records += len(part.batch.records)
		for i := range part.batch.records {
			bytes += part.batch.records[i].size
		}
	}
	p.meter.sent.Record(float64(records))
	p.meter.bytes.Record(float64(bytes))
	began := time.Now()
	resp, err := exchange(ctx, w.conn.sender(p.settings.requestTimeout), (*sarama.Broker).Produce, req)
	if err != nil {
		if ctx.Err() == nil && isConnectionError(err) {
			p.cluster.outage.failed(err, w.conn.addr)
		}
		for _, part := range parts {
			p.settle(part, -1, err)
		}
		return false
	}
	p.meter.latency.Since(began)
	p.cluster.outage.worked(w.conn.addr)
	ok = true
	for _, part := range parts {
		var result error
		offset := int64(-1)
		if p.settings.acks != 0 {
			block := resp.GetBlock(part.tp.Topic, part.tp.Partition)
			switch {
			case block == nil:
				result = errors.New("the broker's answer does not name the partition")
			case block.Err != sarama.ErrNoError:
				result = brokerError(block.Err, block.ErrorMessage)
			default:
				offset = block.Offset
			}
		}
		ok = p.settle(part, offset, result) && ok
	}
	return ok
}

// settle ends the sending of part's batch: it is done, failed, or stays to be sent again. ok is false
// when it should not be sent again at once.
func (p *Producer) settle(part *outPartition, offset int64, err error) (ok bool) {
	p.mu.Lock()
	part.sending = false
	b := part.batch
	switch {
	case err == nil, errors.Is(err, sarama.ErrDuplicateSequenceNumber):
		part.batch, err = nil, nil // a duplicate was written by an earlier attempt
		ok = true
	case errors.Is(err, sarama.ErrMessageSizeTooLarge) && len(b.records) > 1:
		p.split(part)
		p.mu.Unlock()
		return true
	case p.settings.idempotent && (errors.Is(err, sarama.ErrOutOfOrderSequenceNumber) || errors.Is(err, sarama.ErrUnknownProducerID) ||
		errors.Is(err, sarama.ErrInvalidProducerEpoch) || errors.Is(err, sarama.ErrInvalidProducerIDMapping)):
		// The broker no longer knows what we wrote, for example because retention removed it.
		p.cluster.logger.Warn("the broker does not recognise the producer id, getting a new one",
			"topic", part.tp.Topic, "partition", part.tp.Partition, "err", err)
		part.unsend()
		p.meter.retries.Record(float64(len(b.records)))
		if b.identity == p.identity {
			p.identity = producerIdentity{-1, -1}
		}
		tell(p.route)
		p.mu.Unlock()
		return false
	case p.state != producerClosed && IsRetriable(err) && time.Now().Before(b.records[0].deadline) && p.settings.retries > 0:
		part.leader = leader{} // it may have moved
		p.meter.retries.Record(float64(len(b.records)))
		tell(p.route)
		p.mu.Unlock()
		return false
	case p.state == producerClosed:
		part.batch, err = nil, ErrClosed
	case IsRetriable(err) && !time.Now().Before(b.records[0].deadline):
		p.abandon(part)
		err = p.lateError(part.tp.Topic, err)
	default:
		p.abandon(part)
		err = fmt.Errorf("send to topic %q, partition %d: %w", part.tp.Topic, part.tp.Partition, err)
	}
	p.mu.Unlock()
	p.finish(b.records, part.tp.Partition, offset, err)
	return ok
}

// split makes the records of a batch that the broker found too large go in smaller ones. It was not
// written, so its sequence numbers are used again. p.mu is held.
func (p *Producer) split(part *outPartition) {
	b, bytes := part.batch, 0
	for i := range b.records {
		bytes += b.records[i].size
	}
	part.maxBatch = max(1, bytes/2)
	if b.identity.id >= 0 && b.identity == p.identity {
		part.sequence = b.encoded.FirstSequence
	}
	part.unsend()
}
