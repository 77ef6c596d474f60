package kafka

import (
	"math"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/IBM/sarama"
)

// outgoing is one record on its way.
type outgoing struct {
	rec       OutRecord
	done      func(partition int32, offset int64, err error)
	size      int
	timestamp int64 // in milliseconds
	epoch     int
	deadline  time.Time // delivery.timeout.ms after it was handed over
}

// outPartition is the queue of one partition, guarded by Producer.mu.
type outPartition struct {
	tp     TopicPartition
	leader leader

	queue       []outgoing
	queuedBytes int
	ready       time.Time // when linger.ms is over
	maxBatch    int       // bytes; shrinks when the broker finds a batch too large

	batch    *outBatch // what is under way or waits to be sent again; before everything in queue
	sending  bool      // batch is in a request now
	sequence int32     // of the next record, for idempotence
}

// outBatch is a run of records that is sent, and sent again, as it is: brokers recognise a repeated
// batch by its first and last sequence number.
type outBatch struct {
	records  []outgoing
	encoded  *sarama.RecordBatch
	identity producerIdentity
}

// nextBatch cuts the next batch off the queue, of at most budget bytes.
func (part *outPartition) nextBatch(budget int) *outBatch {
	limit := min(part.maxBatch, budget)
	n, bytes := 0, batchOverhead
	for n < len(part.queue) && (n == 0 || bytes+part.queue[n].size <= limit) {
		bytes += part.queue[n].size
		n++
	}
	b := &outBatch{records: part.queue[:n:n]}
	part.queue = part.queue[n:]
	for i := range b.records {
		part.queuedBytes -= b.records[i].size
	}
	if len(part.queue) == 0 {
		part.queue = nil // lets go of the array
	}
	return b
}

// unsend puts the records of the batch back in front of the queue, to be cut anew.
func (part *outPartition) unsend() {
	for i := range part.batch.records {
		part.queuedBytes += part.batch.records[i].size
	}
	part.queue = append(part.batch.records, part.queue...)
	part.ready = time.Time{}
	part.batch = nil
}

// Sizes of record batch format 2, rounded up.
const (
	batchOverhead  = 61
	recordOverhead = 36
	headerOverhead = 10
)

// recordSize is how many bytes rec takes in a request, or a few more.
func recordSize(rec OutRecord) int {
	n := recordOverhead + len(rec.Key) + len(rec.Value)
	for _, h := range rec.Headers {
		n += headerOverhead + len(h.Key) + len(h.Value)
	}
	return n
}

// lastTimestamp is the last millisecond that fits in 64 bits of nanoseconds, with which sarama counts.
const lastTimestamp = math.MaxInt64 / int64(time.Millisecond)

// encode fills in the wire form of b. With an identity, sequence is that of the first record.
func (b *outBatch) encode(codec sarama.CompressionCodec, level int, identity producerIdentity, sequence int32) {
	b.identity = identity
	first, last := int64(math.MaxInt64), int64(0)
	for i := range b.records {
		first = min(first, b.records[i].timestamp)
		last = max(last, b.records[i].timestamp)
	}
	slab := make([]sarama.Record, len(b.records))
	records := make([]*sarama.Record, len(b.records))
	for i := range b.records {
		rec := &b.records[i].rec
		slab[i] = sarama.Record{
			Key: rec.Key, Value: rec.Value, OffsetDelta: int64(i),
			TimestampDelta: time.Duration(b.records[i].timestamp-first) * time.Millisecond,
		}
		for _, h := range rec.Headers {
			slab[i].Headers = append(slab[i].Headers, &sarama.RecordHeader{Key: []byte(h.Key), Value: h.Value})
		}
		records[i] = &slab[i]
	}
	b.encoded = &sarama.RecordBatch{
		Version: 2, Codec: codec, CompressionLevel: level,
		FirstTimestamp: time.UnixMilli(first), MaxTimestamp: time.UnixMilli(last),
		LastOffsetDelta: int32(len(records) - 1), Records: records,
		ProducerID: identity.id, ProducerEpoch: identity.epoch, FirstSequence: -1,
	}
	if identity.id >= 0 {
		b.encoded.FirstSequence = sequence
	}
}

// addSequence advances a sequence number by n; behind the largest int32 comes 0.
//
// Kafka: org.apache.kafka.common.record.DefaultRecordBatch.incrementSequence.
func addSequence(sequence, n int32) int32 {
	if sequence > math.MaxInt32-n {
		return n - (math.MaxInt32 - sequence) - 1
	}
	return sequence + n
}

// codecs maps compression.type.
var codecs = map[string]sarama.CompressionCodec{
	"none": sarama.CompressionNone, "gzip": sarama.CompressionGZIP, "snappy": sarama.CompressionSnappy,
	"lz4": sarama.CompressionLZ4, "zstd": sarama.CompressionZSTD,
}

// stickyPartitions chooses partitions for records without a key: one at random, kept until a batch is
// full, so that batches get large (KIP-480, KIP-794).
type stickyPartitions struct {
	mu     sync.Mutex
	topics map[string]*stickyPartition
}

type stickyPartition struct {
	partition int32
	bytes     int
}

func (s *stickyPartitions) next(topic string, partitions int32, size, batchSize int) int32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.topics == nil {
		s.topics = make(map[string]*stickyPartition)
	}
	current := s.topics[topic]
	if current == nil || current.partition >= partitions || current.bytes >= batchSize {
		current = &stickyPartition{partition: rand.Int32N(partitions)}
		s.topics[topic] = current
	}
	current.bytes += size
	return current.partition
}
