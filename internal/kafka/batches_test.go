package kafka_test

import (
	"encoding/binary"
	"hash/crc32"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	embedded "sluice/internal/embedded/kafka"
	"sluice/internal/kafka"
)

// emptyBatch is what log compaction leaves of a producer's last batch: offsets from first to last and no records.
func emptyBatch(first, last int64) []byte {
	batch := kmsg.RecordBatch{
		FirstOffset: first, Length: 49, PartitionLeaderEpoch: 0, Magic: 2, LastOffsetDelta: int32(last - first),
		FirstTimestamp: 1000, MaxTimestamp: 1000, ProducerID: 7, ProducerEpoch: 0, FirstSequence: 0,
	}
	raw := batch.AppendTo(nil)
	binary.BigEndian.PutUint32(raw[17:], crc32.Checksum(raw[21:], crc32.MakeTable(crc32.Castagnoli)))
	return raw
}

// serveFetches answers the fetches of partition 0 of topic with records, as long as they are for an
// offset below end. It returns the number of fetches it saw.
func serveFetches(b testBroker, topic string, end int64, records []byte) *atomic.Int64 {
	var seen atomic.Int64
	b.fake.ControlKey(int16(kmsg.Fetch), func(req kmsg.Request) (kmsg.Response, error, bool) {
		fetch := req.(*kmsg.FetchRequest)
		if len(fetch.Topics) != 1 || fetch.Topics[0].Topic != topic {
			return nil, nil, false
		}
		seen.Add(1)
		if fetch.Topics[0].Partitions[0].FetchOffset >= end {
			return nil, nil, false
		}
		b.fake.Cluster().KeepControl()
		part := kmsg.NewFetchResponseTopicPartition()
		part.HighWatermark, part.LastStableOffset, part.RecordBatches = end, end, records
		answered := kmsg.NewFetchResponseTopic()
		answered.Topic, answered.Partitions = topic, append(answered.Partitions, part)
		resp := req.ResponseKind().(*kmsg.FetchResponse)
		resp.Topics = append(resp.Topics, answered)
		return resp, nil, true
	})
	return &seen
}

func TestReaderPassesBatchesThatCompactionEmptied(t *testing.T) {
	b := newFakeBroker(t, embedded.Options{})
	topic := newTopic(t, b, 1)
	tp := kafka.TopicPartition{Topic: topic}
	produce(t, b, topic, 0, 12)
	seen := serveFetches(b, topic, 10, append(emptyBatch(0, 4), emptyBatch(5, 9)...))
	r := newTopicReader(t, b, nil, []string{topic})
	got := read(t, r, 2)
	if got[0].Offset != 10 || r.Position()[tp] != 12 {
		t.Errorf("got offset %d, position %d; want 10 and 12", got[0].Offset, r.Position()[tp])
	}
	if n := seen.Load(); n > 4 {
		t.Errorf("%d fetches to get past two empty batches", n)
	}
}

func TestReaderNamesWhereABatchCannotBeRead(t *testing.T) {
	broken := emptyBatch(0, 4)
	broken[30]++ // breaks the checksum
	// One record is promised and none is there.
	short := emptyBatch(0, 4)
	binary.BigEndian.PutUint32(short[57:], 1)
	binary.BigEndian.PutUint32(short[17:], crc32.Checksum(short[21:], crc32.MakeTable(crc32.Castagnoli)))
	for name, records := range map[string][]byte{"wrong checksum": broken, "missing record": short} {
		t.Run(name, func(t *testing.T) {
			b := newFakeBroker(t, embedded.Options{})
			topic := newTopic(t, b, 1)
			produce(t, b, topic, 0, 5)
			serveFetches(b, topic, 5, records)
			r := newTopicReader(t, b, nil, []string{topic})
			_, err := r.Poll(testContext(t), 10*time.Second)
			if err == nil || !strings.Contains(err.Error(), topic+"-0 at offset 0") || kafka.IsRetriable(err) {
				t.Errorf("got %v, want a final error that names %s-0 at offset 0", err, topic)
			}
		})
	}
}
