package kafka_test

import (
	"bytes"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"sluice/internal/kafka"
)

// The level shows in the ninth byte of a gzip stream: 2 for the slowest, 4 for the fastest (RFC 1952).
func TestCompressionLevelsReachTheWriter(t *testing.T) {
	for level, want := range map[string]byte{"9": 2, "1": 4, "-1": 0, "": 0} {
		c, addr := newKfake(t)
		var got []byte
		c.ControlKey(0, func(req kmsg.Request) (kmsg.Response, error, bool) {
			got = bytes.Clone(req.(*kmsg.ProduceRequest).Topics[0].Partitions[0].Records)
			return nil, nil, false
		})
		p := at(addr, kafka.Properties{"compression.type": "gzip", "compression.zstd.level": "22"})
		if level != "" {
			p["compression.gzip.level"] = level
		}
		producer, err := kafka.NewProducer(kafka.ProducerConfig{Properties: p})
		if err != nil {
			t.Fatal(err)
		}
		if err := producer.Start(testContext(t)); err != nil {
			t.Fatal(err)
		}
		if err := producer.SendBatch(testContext(t), []kafka.OutRecord{{Topic: "topic", Value: bytes.Repeat([]byte("v"), 1000)}}); err != nil {
			t.Fatal(err)
		}
		if err := producer.Close(testContext(t)); err != nil {
			t.Fatal(err)
		}
		if i := bytes.Index(got, []byte{0x1f, 0x8b}); i < 0 || got[i+8] != want {
			t.Errorf("level %q: got % x, want a gzip stream with %d", level, got, want)
		}
	}
}
