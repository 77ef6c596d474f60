package kafka

import (
	"slices"
	"sync/atomic"
	"testing"

	"github.com/IBM/sarama"
)

// Batches that were not compressed are slices of the broker's answer; each of the others was unpacked into memory of its own.
func TestMessagesNameTheBufferTheyAreIn(t *testing.T) {
	batch := func(first int64, codec sarama.CompressionCodec) *sarama.Records {
		return &sarama.Records{RecordBatch: &sarama.RecordBatch{
			FirstOffset: first, LastOffsetDelta: 1, Codec: codec, Records: []*sarama.Record{{Value: []byte("a")}, {OffsetDelta: 1, Value: []byte("b")}},
		}}
	}
	for _, c := range []struct {
		name   string
		codecs []sarama.CompressionCodec
		want   []uint32
	}{
		{"plain", []sarama.CompressionCodec{sarama.CompressionNone, sarama.CompressionNone}, []uint32{8, 8, 8, 8}},
		{"compressed", []sarama.CompressionCodec{sarama.CompressionGZIP, sarama.CompressionZSTD}, []uint32{9, 9, 10, 10}},
	} {
		t.Run(c.name, func(t *testing.T) {
			block := &sarama.FetchResponseBlock{}
			for i, codec := range c.codecs {
				block.RecordsSet = append(block.RecordsSet, batch(int64(2*i), codec))
			}
			var buffers atomic.Uint32
			buffers.Store(7)
			messages, _, err := readBlock(TopicPartition{"t", 0}, block, 0, false, &buffers)
			if err != nil {
				t.Fatal(err)
			}
			var got []uint32
			for _, m := range messages {
				got = append(got, m.Buffer)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got buffers %v, want %v", got, c.want)
			}
		})
	}
}
