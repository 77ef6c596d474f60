package kafka

import (
	"bytes"
	"context"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"
)

// held is what a reader keeps for its owner, in bytes.
func (f *fetcher) held() (bytes int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, p := range f.parts {
		for _, c := range p.queue {
			bytes += sizeOf(c.messages)
		}
	}
	return bytes
}

// Given 16 partitions that are full, when the owner polls once and never again, then the reader keeps a bounded number of bytes, however well they
// were compressed, and no more some minutes later.
func TestAReaderWhoseOwnerIsStuckHoldsLittle(t *testing.T) {
	for _, c := range []struct {
		name, compression string
		size, count       int // of records, for each partition
	}{
		{"plain", "none", 3_000, 500},
		{"compressed", "gzip", 3_000, 600},
		{"big records", "none", 1_000_000, 4},
		{"big and compressed", "gzip", 900_000, 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const partitions = 16
				cluster := newVirtualCluster(t)
				defer cluster.broker.Close()
				if err := cluster.broker.Cluster().CreateTopic("full", partitions, nil); err != nil {
					t.Fatal(err)
				}
				cluster.fill(t, "full", partitions, c.compression, c.size, c.count)
				reader, err := NewGroupReader(GroupReaderConfig{
					Properties: Properties{"bootstrap.servers": cluster.broker.Addr(), "group.id": "g", "auto.offset.reset": "earliest"},
					Topics:     []string{"full"},
				})
				if err != nil {
					t.Fatal(err)
				}
				reader.cluster.net.dial = cluster.network.DialContext
				defer reader.Close(context.Background())
				for got := 0; got == 0; {
					messages, err := reader.Poll(t.Context(), time.Second)
					if err != nil {
						t.Fatal(err)
					}
					got = len(messages)
				}
				time.Sleep(time.Second)
				synctest.Wait()
				before := reader.fetcher.held()
				if before == 0 || before > bufferedBytesLimit {
					t.Errorf("%d bytes are held, want some, and at most %d", before, bufferedBytesLimit)
				}
				time.Sleep(4 * time.Minute) // after five the member would leave
				synctest.Wait()
				if after := reader.fetcher.held(); after != before {
					t.Errorf("%d bytes are held four minutes later, %d before", after, before)
				}
			})
		})
	}
}

// fill writes records of which a twentieth is random.
func (c *virtualCluster) fill(t *testing.T, topic string, partitions int32, compression string, size, count int) {
	t.Helper()
	p, err := NewProducer(ProducerConfig{Properties: Properties{"bootstrap.servers": c.broker.Addr(), "compression.type": compression, "linger.ms": "5"}})
	if err != nil {
		t.Fatal(err)
	}
	p.cluster.net.dial = c.network.DialContext
	if err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	random := rand.NewChaCha8([32]byte{})
	for i := range int(partitions) * count {
		value := bytes.Repeat([]byte("x"), size)
		_, _ = random.Read(value[:size/20])
		if err := p.SendAsync(t.Context(), OutRecord{Topic: topic, Partition: int32(i) % partitions, Value: value}, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := p.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// Partitions that a plugin has paused do not pile up what was fetched of them, and go on from where they were.
func TestPausedPartitionsLetGoOfWhatIsTooMuch(t *testing.T) {
	f := &fetcher{parts: map[TopicPartition]*partition{}, ready: make(chan struct{}, 1)}
	var all []TopicPartition
	for i := range int32(20) {
		p := &partition{
			tp: TopicPartition{"t", i}, position: 100, fetchOffset: 200, queuedBytes: bufferedBytesLimit / 10,
			queue: []chunk{{messages: []Message{{Offset: 150}}, next: 200, bytes: bufferedBytesLimit / 10}},
		}
		all = append(all, p.tp)
		f.parts[p.tp] = p
		f.order = append(f.order, p)
		f.setPaused(all[i:], true)
	}
	kept := 0
	for _, p := range f.order {
		if kept += p.queuedBytes; p.position != 100 {
			t.Errorf("%s goes on at %d, want 100", p.tp, p.position)
		}
		if len(p.queue) == 0 && (p.fetchOffset != 100 || p.epoch != 1) {
			t.Errorf("%s has let go of what it had and is fetched from %d on, epoch %d; want 100 and 1", p.tp, p.fetchOffset, p.epoch)
		}
	}
	if kept > bufferedBytesLimit || kept < bufferedBytesLimit*8/10 {
		t.Errorf("%d bytes are kept, want about %d", kept, bufferedBytesLimit)
	}
}
