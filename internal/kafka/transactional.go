package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/IBM/sarama"
)

// ErrProducerFenced says that another producer has taken over the transactional id, or that the broker has ended a
// transaction that took longer than transaction.timeout.ms. What became of a commit that it is returned for is not
// known: [TransactionalProducer.Start] finds out, and the group's offsets say it afterwards.
//
// Kafka: ProducerFencedException, InvalidProducerEpochException.
var ErrProducerFenced = errors.New("the transactional id is another producer's now")

// TransactionalProducerConfig is what NewTransactionalProducer needs.
type TransactionalProducerConfig struct {
	// Properties are a producer's; transaction.timeout.ms and max.request.size are among those that matter. Kafka's key for
	// TransactionalID is refused in them.
	Properties Properties
	// TransactionalID names this producer across processes: one that starts ends what an earlier one of that name has begun.
	TransactionalID string
	// Logger may be nil: silence.
	Logger *slog.Logger
}

// TransactionalProducer writes records and commits offsets of a group, all or nothing: a reader with read_committed
// sees the records once Commit has succeeded, and never those of a commit that has not.
//
//	Start ─> Send ... Send ─> Commit ─> Send ...
//	  ▲                          │ any error
//	  └──────────────────────────┘
//
// Records gather in memory until Commit, which does all the talking, so that a transaction is open for as long as
// that takes and no longer. Commit repeats what can be repeated, as it was, until it is done or ctx ends. After any
// other error only Start helps, which ends the broken transaction, whatever its state.
//
// Its methods belong to one goroutine.
//
// Kafka: KafkaProducer with initTransactions, beginTransaction, send, sendOffsetsToTransaction, commitTransaction.
// Differs: no group metadata is sent with the offsets (KIP-447); who has the transactional id has the offsets.
type TransactionalProducer struct {
	id       string
	producer *Producer // never started: it chooses partitions
	cluster  *cluster
	settings *settings

	identity producerIdentity // id -1: Start is needed
	parts    map[TopicPartition]*outPartition
	order    []*outPartition // of parts
	bytes    int
	conns    map[string]*conn
	txn      string // address of the coordinator of the id; "" unknown
	offsets  string // address of the coordinator of the group
}

// NewTransactionalProducer checks cfg. It connects to nothing and starts nothing.
func NewTransactionalProducer(cfg TransactionalProducerConfig) (*TransactionalProducer, error) {
	p, err := NewProducer(ProducerConfig{Properties: cfg.Properties, Logger: cfg.Logger})
	if err != nil {
		return nil, err
	}
	switch {
	case cfg.TransactionalID == "":
		return nil, errors.New("transactional producer: no transactional id")
	case !p.settings.idempotent:
		return nil, &PropertyError{"enable.idempotence", "false", "must be true, with acks = all, for transactions"}
	}
	return &TransactionalProducer{
		id: cfg.TransactionalID, producer: p, cluster: p.cluster, settings: p.settings, identity: producerIdentity{-1, -1},
		parts: make(map[TopicPartition]*outPartition), conns: make(map[string]*conn),
	}, nil
}

// Start takes the transactional id over: it fences whoever had it, and ends the transaction that may be open, so
// that the group's offsets are settled once it returns. Records that have gathered are dropped. It waits for
// unreachable brokers until ctx ends.
func (p *TransactionalProducer) Start(ctx context.Context) error {
	p.Discard()
	p.identity = producerIdentity{-1, -1}
	req := &sarama.InitProducerIDRequest{Version: 4, TransactionalID: &p.id, TransactionTimeout: p.settings.transactionTimeout, ProducerID: -1, ProducerEpoch: -1}
	var resp *sarama.InitProducerIDResponse
	err := p.atCoordinator(ctx, func(send sender) (err error) {
		if resp, err = exchange(ctx, send, (*sarama.Broker).InitProducerID, req); err == nil && resp.Err != sarama.ErrNoError {
			err = resp.Err
		}
		return err
	})
	if err != nil {
		return p.explain("start", err)
	}
	p.identity = producerIdentity{resp.ProducerID, resp.ProducerEpoch}
	for _, part := range p.order {
		part.sequence = 0
	}
	return nil
}

// Send adds a record to the transaction. Key and value must not be changed until Commit has returned. It asks for the
// topic's partitions if they are not known yet, for at most max.block.ms.
func (p *TransactionalProducer) Send(ctx context.Context, rec OutRecord) error {
	size := recordSize(rec)
	if size+batchOverhead > p.settings.maxRequestSize {
		return fmt.Errorf("send to topic %q: %w", rec.Topic, &RecordTooLargeError{Size: size + batchOverhead, Limit: p.settings.maxRequestSize})
	}
	tp, err := p.producer.choosePartition(ctx, rec)
	if err != nil {
		return fmt.Errorf("send to topic %q: %w", rec.Topic, err)
	}
	part := p.parts[tp]
	if part == nil {
		part = &outPartition{tp: tp, maxBatch: p.settings.maxRequestSize}
		p.parts[tp] = part
		p.order = append(p.order, part)
	}
	timestamp := time.Now().UnixMilli()
	if !rec.Timestamp.IsZero() {
		timestamp = min(rec.Timestamp.UnixMilli(), lastTimestamp)
	}
	part.queue = append(part.queue, outgoing{rec: rec, size: size, timestamp: timestamp})
	part.queuedBytes += size
	p.bytes += size
	return nil
}

// Bytes returns how much has gathered since the last Commit.
func (p *TransactionalProducer) Bytes() int { return p.bytes }

// Stats returns what the producer tells about itself; that of records it sent again is empty. It may be called from any goroutine, also after Close.
func (p *TransactionalProducer) Stats() ProducerStats { return p.producer.Stats() }

// Discard drops what has gathered.
func (p *TransactionalProducer) Discard() {
	for _, part := range p.order {
		part.queue, part.queuedBytes, part.batch = nil, 0, nil
	}
	p.bytes = 0
}

// Commit writes the records that have gathered together with offsets of group, in one transaction. [ErrProducerFenced]
// says that the transactional id has been taken over.
func (p *TransactionalProducer) Commit(ctx context.Context, group string, offsets map[TopicPartition]OffsetAndMetadata) error {
	if p.identity.id < 0 {
		return errors.New("commit a transaction: the producer was not started, or has failed")
	}
	err := p.commit(ctx, group, offsets)
	if err != nil {
		p.identity = producerIdentity{-1, -1}
		return p.explain("commit a transaction", err)
	}
	p.bytes = 0
	return nil
}

func (p *TransactionalProducer) commit(ctx context.Context, group string, offsets map[TopicPartition]OffsetAndMetadata) error {
	if err := p.addPartitions(ctx); err != nil {
		return fmt.Errorf("add partitions: %w", err)
	}
	if err := p.produce(ctx); err != nil {
		return err
	}
	if len(offsets) > 0 {
		if err := p.addOffsets(ctx, group, offsets); err != nil {
			return fmt.Errorf("offsets of group %q: %w", group, err)
		}
	}
	req := &sarama.EndTxnRequest{Version: 3, TransactionalID: p.id, ProducerID: p.identity.id, ProducerEpoch: p.identity.epoch, TransactionResult: true}
	return p.atCoordinator(ctx, func(send sender) error {
		resp, err := exchange(ctx, send, (*sarama.Broker).EndTxn, req)
		if err == nil && resp.Err != sarama.ErrNoError {
			err = resp.Err
		}
		return err
	})
}

// Close closes the connections. A transaction that Commit has left open is ended by the next Start of its id, or by the
// broker after transaction.timeout.ms.
func (p *TransactionalProducer) Close() error {
	for _, c := range p.conns {
		c.close()
	}
	clear(p.conns)
	return p.producer.Close(context.Background())
}

// addPartitions tells the coordinator where the transaction writes.
func (p *TransactionalProducer) addPartitions(ctx context.Context) error {
	topics := make(map[string][]int32)
	for _, part := range p.order {
		if len(part.queue) > 0 {
			topics[part.tp.Topic] = append(topics[part.tp.Topic], part.tp.Partition)
		}
	}
	if len(topics) == 0 {
		return nil
	}
	return p.atCoordinator(ctx, func(send sender) error {
		req := &sarama.AddPartitionsToTxnRequest{Version: 3, TransactionalID: p.id, ProducerID: p.identity.id, ProducerEpoch: p.identity.epoch, TopicPartitions: topics}
		resp, err := exchange(ctx, send, (*sarama.Broker).AddPartitionsToTxn, req)
		if err != nil {
			return err
		}
		return worstOf(resp.Errors)
	})
}

// worstOf returns the error of an answer that names partitions: one that stays rather than one that passes, and
// rather than that other partitions were not tried because of it.
func worstOf(errs map[string][]*sarama.PartitionError) error {
	var worst error
	for topic, parts := range errs {
		for _, part := range parts {
			if part.Err == sarama.ErrNoError {
				continue
			}
			err := fmt.Errorf("partition %s: %w", TopicPartition{topic, part.Partition}, part.Err)
			if worst == nil || part.Err != sarama.ErrOperationNotAttempted && (errors.Is(worst, sarama.ErrOperationNotAttempted) || IsRetriable(worst)) {
				worst = err
			}
		}
	}
	return worst
}

// addOffsets makes the offsets part of the transaction.
func (p *TransactionalProducer) addOffsets(ctx context.Context, group string, offsets map[TopicPartition]OffsetAndMetadata) error {
	err := p.atCoordinator(ctx, func(send sender) error {
		req := &sarama.AddOffsetsToTxnRequest{Version: 3, TransactionalID: p.id, ProducerID: p.identity.id, ProducerEpoch: p.identity.epoch, GroupID: group}
		resp, err := exchange(ctx, send, (*sarama.Broker).AddOffsetsToTxn, req)
		if err == nil && resp.Err != sarama.ErrNoError {
			err = resp.Err
		}
		return err
	})
	if err != nil {
		return err
	}
	req := &sarama.TxnOffsetCommitRequest{
		Version: 3, TransactionalID: p.id, GroupID: group, ProducerID: p.identity.id, ProducerEpoch: p.identity.epoch,
		GenerationID: sarama.GroupGenerationUndefined, Topics: make(map[string][]*sarama.PartitionOffsetMetadata),
	}
	for tp, o := range offsets {
		req.Topics[tp.Topic] = append(req.Topics[tp.Topic], &sarama.PartitionOffsetMetadata{Partition: tp.Partition, Offset: o.Offset, LeaderEpoch: -1, Metadata: &o.Metadata})
	}
	return p.cluster.retry(ctx, func() error {
		if p.offsets == "" {
			addr, err := p.cluster.coordinator(ctx, group)
			if err != nil {
				return err
			}
			p.offsets = addr
		}
		resp, err := exchange(ctx, p.at(p.offsets), (*sarama.Broker).TxnOffsetCommit, req)
		if err == nil {
			err = worstOf(resp.Topics)
		}
		if err != nil {
			p.offsets = ""
		}
		return err
	})
}

// atCoordinator repeats a request to the coordinator of the transactional id until it succeeds or fails for good.
func (p *TransactionalProducer) atCoordinator(ctx context.Context, request func(sender) error) error {
	return p.cluster.retry(ctx, func() error {
		if p.txn == "" {
			addr, err := p.cluster.transactionCoordinator(ctx, p.id)
			if err != nil {
				return err
			}
			p.txn = addr
		}
		err := request(p.at(p.txn))
		if err != nil && !errors.Is(err, sarama.ErrConcurrentTransactions) {
			p.txn = ""
		}
		return err
	})
}

// at is the sender to one broker. Each has a connection of its own.
func (p *TransactionalProducer) at(addr string) sender {
	c := p.conns[addr]
	if c == nil {
		c = p.cluster.net.conn(addr)
		p.conns[addr] = c
	}
	return func(ctx context.Context, request func(*sarama.Broker) error) error {
		err := c.do(ctx, p.settings.requestTimeout, request)
		switch {
		case err == nil:
			p.cluster.outage.worked(addr)
		case ctx.Err() == nil && isConnectionError(err):
			p.cluster.outage.failed(err, addr)
		}
		return err
	}
}

// produce writes what has gathered.
func (p *TransactionalProducer) produce(ctx context.Context) error {
	refresh := false
	return p.cluster.retry(ctx, func() error {
		for {
			requests, topics := p.nextRequests()
			if refresh || len(topics) > 0 {
				if err := p.refresh(ctx, requests, topics); err != nil {
					return err
				}
				refresh = false
				continue
			}
			if len(requests) == 0 {
				return nil
			}
			for addr, parts := range requests {
				if err := p.write(ctx, addr, parts); err != nil {
					refresh = true
					return err
				}
			}
		}
	})
}

// nextRequests makes batches of what waits, at most a request's worth for each leader. topics are those without a leader somewhere.
func (p *TransactionalProducer) nextRequests() (requests map[string][]*outPartition, topics []string) {
	budgets := make(map[string]int)
	requests = make(map[string][]*outPartition)
	for _, part := range p.order {
		if part.batch == nil && len(part.queue) == 0 {
			continue
		}
		addr := p.cluster.leader(part.tp).addr
		if addr == "" {
			topics = appendOnce(topics, part.tp.Topic)
			continue
		}
		left, known := budgets[addr]
		if !known {
			left = p.settings.maxRequestSize
		}
		if part.batch == nil {
			if known && part.queue[0].size+batchOverhead > left {
				continue
			}
			part.batch = part.nextBatch(left)
			part.batch.encode(codecs[p.settings.compression], p.settings.compressionLevel, p.identity, part.sequence)
			part.batch.encoded.IsTransactional = true
			part.sequence = addSequence(part.sequence, int32(len(part.batch.records)))
		}
		for i := range part.batch.records {
			left -= part.batch.records[i].size
		}
		budgets[addr] = left
		requests[addr] = append(requests[addr], part)
	}
	return requests, topics
}

// refresh looks the leaders up again.
func (p *TransactionalProducer) refresh(ctx context.Context, requests map[string][]*outPartition, topics []string) error {
	for _, parts := range requests {
		for _, part := range parts {
			topics = appendOnce(topics, part.tp.Topic)
		}
	}
	if err := p.cluster.refresh(ctx, topics, false); err != nil {
		return err
	}
	for _, part := range p.order {
		if slices.Contains(topics, part.tp.Topic) && (part.batch != nil || len(part.queue) > 0) && p.cluster.leader(part.tp).addr == "" {
			return fmt.Errorf("partition %s: %w", part.tp, sarama.ErrLeaderNotAvailable)
		}
	}
	return nil
}

// write sends one request. Batches that were written, now or by an earlier attempt, are done.
func (p *TransactionalProducer) write(ctx context.Context, addr string, parts []*outPartition) error {
	req := &sarama.ProduceRequest{
		TransactionalID: &p.id, Version: 8, RequiredAcks: sarama.WaitForAll, Timeout: int32(p.settings.requestTimeout / time.Millisecond),
	}
	records, bytes := 0, 0
	for _, part := range parts {
		req.AddBatch(part.tp.Topic, part.tp.Partition, part.batch.encoded)
		records += len(part.batch.records)
		for i := range part.batch.records {
			bytes += part.batch.records[i].size
		}
	}
	meter := &p.producer.meter
	meter.sent.Record(float64(records))
	meter.bytes.Record(float64(bytes))
	began := time.Now()
	resp, err := exchange(ctx, p.at(addr), (*sarama.Broker).Produce, req)
	if err != nil {
		return err
	}
	meter.latency.Since(began)
	var failures []error
	for _, part := range parts {
		block := resp.GetBlock(part.tp.Topic, part.tp.Partition)
		switch {
		case block == nil:
			failures = append(failures, fmt.Errorf("partition %s: the broker's answer does not name it", part.tp))
		case block.Err == sarama.ErrNoError, block.Err == sarama.ErrDuplicateSequenceNumber:
			part.batch = nil
		default:
			failures = append(failures, fmt.Errorf("write to partition %s: %w", part.tp, brokerError(block.Err, block.ErrorMessage)))
		}
	}
	for _, err := range failures {
		if !IsRetriable(err) {
			return err
		}
	}
	return errors.Join(failures...)
}

// explain names what was done, and tells a producer that was fenced.
func (p *TransactionalProducer) explain(what string, err error) error {
	if anyKError(err, sarama.ErrProducerFenced, sarama.ErrInvalidProducerEpoch, sarama.ErrInvalidProducerIDMapping, sarama.ErrInvalidTxnState) {
		return fmt.Errorf("%s of id %q: %w (%w)", what, p.id, ErrProducerFenced, err)
	}
	return fmt.Errorf("%s of id %q: %w", what, p.id, err)
}
