package kafka

import (
	"encoding/binary"
	"fmt"
	"reflect"
	"slices"
	"sync/atomic"
	"time"

	"github.com/IBM/sarama"
)

// readBlock turns what a broker returned for one partition into messages from offset on, and the
// offset to fetch next. Records before offset (a broker returns whole batches), control records and,
// with readCommitted, records of aborted transactions are left out; next is behind them all the same.
// buffers counts the pieces of memory that messages are slices of.
func readBlock(tp TopicPartition, block *sarama.FetchResponseBlock, offset int64, readCommitted bool, buffers *atomic.Uint32) (messages []Message, next int64, err error) {
	next = offset
	buffer := buffers.Add(1)
	var aborted abortedTransactions
	if readCommitted {
		aborted.load(block.AbortedTransactions)
	}
	count := 0
	for _, set := range block.RecordsSet {
		if set.RecordBatch != nil {
			count += len(set.RecordBatch.Records)
		}
	}
	messages = make([]Message, 0, count)
	for _, set := range block.RecordsSet {
		switch {
		case set.RecordBatch != nil:
			batch := set.RecordBatch
			if batch.PartialTrailingRecord {
				continue
			}
			skip, err := aborted.covers(batch)
			if err != nil {
				return nil, offset, fmt.Errorf("partition %s, batch at offset %d: %w", tp, batch.FirstOffset, err)
			}
			if !skip && !batch.Control {
				if batch.Codec != sarama.CompressionNone {
					buffer = buffers.Add(1)
				}
				messages = appendBatch(messages, tp, batch, offset, buffer)
			}
			next = max(next, batch.LastOffset()+1)
		case set.MsgSet != nil:
			messages = appendMessageSet(messages, tp, set.MsgSet, offset, buffers)
			if n := len(messages); n > 0 {
				next = max(next, messages[n-1].Offset+1)
			}
		}
	}
	return messages, max(next, nextOffsetOf(block)), nil
}

// appendBatch appends the records of batch from offset on.
func appendBatch(messages []Message, tp TopicPartition, batch *sarama.RecordBatch, offset int64, buffer uint32) []Message {
	first := milliseconds(batch.FirstTimestamp)
	for _, r := range batch.Records {
		m := Message{
			Topic: tp.Topic, Partition: tp.Partition, Offset: batch.FirstOffset + r.OffsetDelta,
			Timestamp: -1, Buffer: buffer, Key: r.Key, Value: r.Value,
		}
		if m.Offset < offset {
			continue
		}
		switch {
		case batch.LogAppendTime:
			m.Timestamp, m.TimestampType = milliseconds(batch.MaxTimestamp), LogAppendTime
		case first >= 0:
			m.Timestamp = first + r.TimestampDelta.Milliseconds()
		}
		if len(r.Headers) > 0 {
			m.Headers = make([]Header, len(r.Headers))
			for i, h := range r.Headers {
				m.Headers[i] = Header{string(h.Key), h.Value}
			}
		}
		messages = append(messages, m)
	}
	return messages
}

// appendMessageSet appends the messages of the formats before Kafka 0.11, which old segments still
// hold on brokers before 4.0. A compressed set is one message that holds the others, with offsets
// relative to its own (version 1) or absolute ones (version 0).
func appendMessageSet(messages []Message, tp TopicPartition, set *sarama.MessageSet, offset int64, buffers *atomic.Uint32) []Message {
	for _, outer := range set.Messages {
		buffer := buffers.Add(1) // it may be compressed, or not
		inner := outer.Messages()
		base := int64(0)
		if outer.Msg.Version >= 1 && outer.Msg.Set != nil && len(inner) > 0 {
			base = outer.Offset - inner[len(inner)-1].Offset
		}
		for _, block := range inner {
			m := Message{
				Topic: tp.Topic, Partition: tp.Partition, Offset: base + block.Offset,
				Timestamp: milliseconds(block.Msg.Timestamp), Buffer: buffer, Key: block.Msg.Key, Value: block.Msg.Value,
			}
			if block.Msg.LogAppendTime || outer.Msg.LogAppendTime {
				m.Timestamp, m.TimestampType = milliseconds(outer.Msg.Timestamp), LogAppendTime
			}
			if m.Offset >= offset {
				messages = append(messages, m)
			}
		}
	}
	return messages
}

// milliseconds is t since the epoch; -1 for the times that sarama uses for "none".
func milliseconds(t time.Time) int64 {
	if t.IsZero() || t.Unix() < 0 {
		return -1
	}
	return t.UnixMilli()
}

// abortedTransactions says which batches belong to transactions that were rolled back.
//
// Kafka: org.apache.kafka.clients.consumer.internals.CompletedFetch.
type abortedTransactions struct {
	pending []*sarama.AbortedTransaction // by first offset
	open    map[int64]bool               // producer ids inside an aborted transaction
}

func (a *abortedTransactions) load(list []*sarama.AbortedTransaction) {
	a.pending = slices.SortedFunc(slices.Values(list), func(x, y *sarama.AbortedTransaction) int {
		return int(x.FirstOffset - y.FirstOffset)
	})
	a.open = make(map[int64]bool)
}

// covers reports whether batch is part of an aborted transaction. Batches come in log order.
func (a *abortedTransactions) covers(batch *sarama.RecordBatch) (bool, error) {
	if a.open == nil || !batch.IsTransactional {
		return false, nil
	}
	for len(a.pending) > 0 && a.pending[0].FirstOffset <= batch.LastOffset() {
		a.open[a.pending[0].ProducerID] = true
		a.pending = a.pending[1:]
	}
	if batch.Control {
		abort, err := isAbortMarker(batch)
		if abort {
			delete(a.open, batch.ProducerID)
		}
		return false, err
	}
	return a.open[batch.ProducerID], nil
}

// isAbortMarker reads the key of a control record: int16 version, int16 type (0 abort, 1 commit).
func isAbortMarker(batch *sarama.RecordBatch) (bool, error) {
	if len(batch.Records) == 0 {
		return false, nil // compacted away together with its transaction
	}
	key := batch.Records[0].Key
	if len(key) < 4 {
		return false, fmt.Errorf("control record with a key of %d bytes: 4 expected", len(key))
	}
	return binary.BigEndian.Uint16(key[2:]) == 0, nil
}

// nextOffsetOf is the offset behind the last batch of block even if that batch is empty, as the last
// batch of a producer is after compaction removed its records: sarama drops empty batches, and a
// reader that does not get past them asks for the same offset for ever. sarama keeps what is needed
// in a field it does not export; TestReadBlockPassesEmptyBatches fails if it goes away.
func nextOffsetOf(block *sarama.FetchResponseBlock) int64 {
	if len(block.RecordsSet) > 0 || block.Partial {
		return -1 // with records beside it, the field may be behind a batch that came only in part
	}
	field := reflect.ValueOf(block).Elem().FieldByName("recordsNextOffset")
	if !field.IsValid() || field.Kind() != reflect.Pointer || field.IsNil() {
		return -1
	}
	return field.Elem().Int()
}
