package kafka_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	embedded "sluice/internal/embedded/kafka"
	"sluice/internal/kafka"
)

// readAll returns what topic holds, per partition, in order.
func readAll(t *testing.T, b testBroker, topic string, pairs ...string) map[int32][]kafka.Message {
	t.Helper()
	ctx := testContext(t)
	r, err := kafka.NewTopicReader(kafka.TopicReaderConfig{Properties: b.properties(pairs...), Topics: []string{topic}, Logger: testLogger(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := r.Start(ctx); err != nil {
		t.Fatal(err)
	}
	ends, err := r.EndOffsets(ctx)
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[int32][]kafka.Message)
	for {
		behind := false
		for tp, position := range r.Position() {
			behind = behind || position < ends[tp]
		}
		if !behind {
			return all
		}
		messages, err := r.Poll(ctx, 20*time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range messages {
			all[m.Partition] = append(all[m.Partition], m)
		}
	}
}

func TestProducerWritesWhatIsReadBack(t *testing.T) {
	b := newBroker(t)
	for _, compression := range []string{"none", "gzip", "snappy", "lz4", "zstd"} {
		for _, idempotent := range []string{"true", "false"} {
			t.Run(compression+", idempotent "+idempotent, func(t *testing.T) {
				topic := newTopic(t, b, 2)
				p := newProducer(t, b, "compression.type", compression, "enable.idempotence", idempotent)
				sent := kafka.OutRecord{
					Topic: topic, Partition: 1, Key: []byte("k"), Value: []byte(strings.Repeat("value ", 100)), Timestamp: time.UnixMilli(1234567890123),
					Headers: []kafka.Header{{Key: "h", Value: []byte("1")}, {Key: "h", Value: []byte{}}, {Key: "none"}},
				}
				if err := p.Send(testContext(t), sent); err != nil {
					t.Fatal(err)
				}
				if err := p.Send(testContext(t), kafka.OutRecord{Topic: topic, Partition: 1, Key: []byte{}}); err != nil {
					t.Fatal(err)
				}
				got := readAll(t, b, topic)[1]
				if len(got) != 2 {
					t.Fatalf("got %d records, want 2", len(got))
				}
				first := got[0]
				if string(first.Key) != "k" || string(first.Value) != string(sent.Value) || first.Timestamp != 1234567890123 || first.TimestampType != kafka.CreateTime {
					t.Errorf("got %+v", first)
				}
				if len(first.Headers) != 3 || first.Headers[1].Value == nil || len(first.Headers[1].Value) != 0 || first.Headers[2].Value != nil {
					t.Errorf("headers: got %#v, want an empty and a null value kept apart", first.Headers)
				}
				if second := got[1]; second.Key == nil || len(second.Key) != 0 || second.Value != nil {
					t.Errorf("got key %#v value %#v, want an empty key and a null value", second.Key, second.Value)
				}
				if age := time.Since(time.UnixMilli(got[1].Timestamp)); age < 0 || age > time.Minute {
					t.Errorf("timestamp of a record without one: %s ago", age)
				}
			})
		}
	}
}

func TestProducerKeepsTimestamps(t *testing.T) {
	b := newBroker(t)
	topic := newTopic(t, b, 1)
	p := newProducer(t, b, "linger.ms", "100") // all in one batch
	var recs []kafka.OutRecord
	times := map[string]int64{"the first": 0, "1970": 1, "2026": 1795424107371, "2262": 9223372036854}
	for name, ms := range times {
		recs = append(recs, kafka.OutRecord{Topic: topic, Value: []byte(name), Timestamp: time.UnixMilli(ms)})
	}
	recs = append(recs, kafka.OutRecord{Topic: topic, Value: []byte("microseconds"), Timestamp: time.UnixMilli(1795424107371000)})
	if err := p.SendBatch(testContext(t), recs); err != nil {
		t.Fatal(err)
	}
	times["microseconds"] = 9223372036854
	for _, m := range readAll(t, b, topic)[0] {
		if want := times[string(m.Value)]; m.Timestamp != want {
			t.Errorf("%s: got timestamp %d, want %d", m.Value, m.Timestamp, want)
		}
	}
	err := p.Send(testContext(t), kafka.OutRecord{Topic: topic, Timestamp: time.UnixMilli(-2)})
	if err == nil || !strings.Contains(err.Error(), "timestamp -2 is negative") {
		t.Errorf("before 1970: got %v", err)
	}
}

func TestProducerPartitionsByKeyAsJavaDoes(t *testing.T) {
	b := newBroker(t)
	topic := newTopic(t, b, 5)
	var recs []kafka.OutRecord
	for _, key := range []string{"status-connector-foo", "status-task-foo-0", "status-task-foo-1", "status-topic-orders:connector-foo"} {
		recs = append(recs, kafka.OutRecord{Topic: topic, Partition: -1, Key: []byte(key)})
	}
	if err := newProducer(t, b).SendBatch(testContext(t), recs); err != nil {
		t.Fatal(err)
	}
	got := readAll(t, b, topic)
	for partition, key := range map[int32]string{3: "status-connector-foo", 1: "status-task-foo-0", 2: "status-task-foo-1", 4: "status-topic-orders:connector-foo"} {
		if len(got[partition]) != 1 || string(got[partition][0].Key) != key {
			t.Errorf("partition %d: got %v, want %s", partition, got[partition], key)
		}
	}
}

func TestProducerSpreadsRecordsWithoutKey(t *testing.T) {
	b := newBroker(t)
	topic := newTopic(t, b, 3)
	p := newProducer(t, b, "batch.size", "500")
	for range 200 {
		if err := p.SendAsync(testContext(t), kafka.OutRecord{Topic: topic, Partition: -1, Value: []byte("0123456789")}, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Flush(testContext(t)); err != nil {
		t.Fatal(err)
	}
	if got := readAll(t, b, topic); len(got) != 3 {
		t.Errorf("200 records without key went to %d partitions, want 3", len(got))
	}
}

func TestProducerReportsEveryRecordOnceWithItsOffset(t *testing.T) {
	b := newBroker(t)
	topic := newTopic(t, b, 1)
	p := newProducer(t, b, "linger.ms", "5")
	var mu sync.Mutex
	offsets := make(map[int]int64)
	for i := range 5000 {
		err := p.SendAsync(testContext(t), kafka.OutRecord{Topic: topic, Value: fmt.Appendf(nil, "v%d", i)}, func(partition int32, offset int64, err error) {
			mu.Lock()
			defer mu.Unlock()
			if _, twice := offsets[i]; twice || err != nil || partition != 0 {
				t.Errorf("record %d: reported twice=%v partition=%d err=%v", i, twice, partition, err)
			}
			offsets[i] = offset
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Flush(testContext(t)); err != nil {
		t.Fatal(err)
	}
	for i := range 5000 {
		if offsets[i] != int64(i) {
			t.Fatalf("record %d: got offset %d", i, offsets[i])
		}
	}
	checkOrder(t, readAll(t, b, topic)[0], 0)
}

// Answers that are lost after the broker has written the batch: without idempotence those records
// would be there twice, and with more than one request under way they could change places.
func TestProducerKeepsOrderAndWritesOnceThroughLostAnswersAndErrors(t *testing.T) {
	b := newFakeBroker(t, embedded.Options{})
	topic := newTopic(t, b, 2)
	faults := b.fake.Cluster().Fault(
		kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: topic, Err: kerr.RequestTimedOut, Count: 5}, // written all the same
		kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: topic, Err: kerr.NotLeaderForPartition, Count: 5},
		kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: topic, Err: kerr.NotEnoughReplicasAfterAppend, Count: 5}, // written all the same
	)
	drops := dropEvery(b, 5, kmsg.Produce)
	p := newProducer(t, b, "retry.backoff.ms", "2", "reconnect.backoff.ms", "2", "retry.backoff.max.ms", "5", "reconnect.backoff.max.ms", "5", "max.request.size", "2000", "linger.ms", "1")
	for i := range 2000 {
		for partition := range int32(2) {
			if err := p.SendAsync(testContext(t), kafka.OutRecord{Topic: topic, Partition: partition, Value: fmt.Appendf(nil, "v%d", i)}, func(_ int32, _ int64, err error) {
				if err != nil {
					t.Errorf("record %d: %v", i, err)
				}
			}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := p.Flush(testContext(t)); err != nil {
		t.Fatal(err)
	}
	for partition, messages := range readAll(t, b, topic) {
		if len(messages) != 2000 {
			t.Errorf("partition %d: got %d records, want 2000", partition, len(messages))
		}
		checkOrder(t, messages, 0)
	}
	if faults.Hits() != 15 || drops.Load() < 10 {
		t.Errorf("only %d faults and %d drops happened", faults.Hits(), drops.Load())
	}
}

func TestProducerGetsANewIdWhenTheBrokerForgotTheOldOne(t *testing.T) {
	b := newFakeBroker(t, embedded.Options{})
	topic := newTopic(t, b, 1)
	p := newProducer(t, b, "retry.backoff.ms", "2", "reconnect.backoff.ms", "2")
	for i, code := range []*kerr.Error{nil, kerr.UnknownProducerID, kerr.OutOfOrderSequenceNumber, nil} {
		if code != nil {
			b.fake.Cluster().Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: topic, Err: code})
		}
		if err := p.Send(testContext(t), kafka.OutRecord{Topic: topic, Value: fmt.Appendf(nil, "v%d", i)}); err != nil {
			t.Fatal(err)
		}
	}
	checkOrder(t, readAll(t, b, topic)[0], 0)
}

func TestProducerSplitsABatchThatIsTooLargeForTheTopic(t *testing.T) {
	b := newBroker(t)
	topic := newTopic(t, b, 1, "max.message.bytes", "3000")
	p := newProducer(t, b, "linger.ms", "20", "batch.size", "100000")
	var recs []kafka.OutRecord
	for i := range 500 {
		recs = append(recs, kafka.OutRecord{Topic: topic, Value: fmt.Appendf(nil, "v%d", i)})
	}
	if err := p.SendBatch(testContext(t), recs); err != nil {
		t.Fatal(err)
	}
	checkOrder(t, readAll(t, b, topic)[0], 0)
	large := kafka.OutRecord{Topic: topic, Value: make([]byte, 5000)}
	err := p.Send(testContext(t), large)
	if err == nil || kafka.IsRetriable(err) || !strings.Contains(err.Error(), topic) {
		t.Errorf("a record larger than max.message.bytes: got %v, want a final error that names the topic", err)
	}
	if err := p.Send(testContext(t), kafka.OutRecord{Topic: topic, Value: []byte("v500")}); err != nil {
		t.Errorf("after a refused record: %v", err)
	}
	large.Value = make([]byte, 2<<20)
	var tooLarge *kafka.RecordTooLargeError
	if err := p.Send(testContext(t), large); !errors.As(err, &tooLarge) || tooLarge.Limit != 1048576 {
		t.Errorf("a record larger than max.request.size: got %v", err)
	}
}

func TestProducerGivesUpAfterDeliveryTimeout(t *testing.T) {
	b := newFakeBroker(t, embedded.Options{})
	topic := newTopic(t, b, 1)
	p := newProducer(t, b, "retry.backoff.ms", "20", "reconnect.backoff.ms", "20", "delivery.timeout.ms", "300", "request.timeout.ms", "200")
	b.fake.Cluster().Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: topic, Err: kerr.NotEnoughReplicas, Count: -1})
	err := p.Send(testContext(t), kafka.OutRecord{Topic: topic, Value: []byte("v")})
	if err == nil || !strings.Contains(err.Error(), topic) {
		t.Errorf("got %v, want an error that names the topic", err)
	}
	b.fake.Close()
	err = p.Send(testContext(t), kafka.OutRecord{Topic: topic, Value: []byte("v")})
	if err == nil || !strings.Contains(err.Error(), "delivery.timeout.ms = 300") {
		t.Errorf("without a broker: got %v, want an error about delivery.timeout.ms", err)
	}
}

func TestProducerBlocksWhenItsBufferIsFull(t *testing.T) {
	b := newFakeBroker(t, embedded.Options{})
	topic := newTopic(t, b, 1)
	p := newProducer(t, b, "buffer.memory", "10000", "retry.backoff.ms", "5", "reconnect.backoff.ms", "5")
	fault := b.fake.Cluster().Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: topic, Err: kerr.NotEnoughReplicas, Count: -1})
	rec := kafka.OutRecord{Topic: topic, Value: make([]byte, 4000)}
	for range 2 {
		if err := p.SendAsync(testContext(t), rec, nil); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := p.SendAsync(ctx, rec, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("third record: got %v, want a deadline error", err)
	}
	fault.Remove()
	if err := p.SendAsync(testContext(t), rec, nil); err != nil {
		t.Errorf("third record once there is room: %v", err)
	}
}

func TestProducerFailsWhatIsLeftWhenClosed(t *testing.T) {
	b := newFakeBroker(t, embedded.Options{})
	topic := newTopic(t, b, 1)
	p := newProducer(t, b)
	b.fake.Cluster().Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: topic, Err: kerr.NotEnoughReplicas, Count: -1})
	failed := make(chan error, 1)
	if err := p.SendAsync(testContext(t), kafka.OutRecord{Topic: topic, Value: []byte("v")}, func(_ int32, _ int64, err error) { failed <- err }); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := p.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("close: got %v, want a deadline error", err)
	}
	if err := <-failed; !errors.Is(err, kafka.ErrClosed) {
		t.Errorf("record: got %v, want ErrClosed", err)
	}
	if err := p.Send(testContext(t), kafka.OutRecord{Topic: topic}); !errors.Is(err, kafka.ErrClosed) {
		t.Errorf("send after close: got %v, want ErrClosed", err)
	}
}

func TestProducerWaitsForATopicAndThenSaysThatItIsMissing(t *testing.T) {
	b := newFakeBroker(t, embedded.Options{})
	p := newProducer(t, b, "max.block.ms", "100", "retry.backoff.ms", "10", "reconnect.backoff.ms", "10")
	topic := fresh("missing")
	err := p.Send(testContext(t), kafka.OutRecord{Topic: topic, Value: []byte("v")})
	var unknown *kafka.UnknownTopicError
	if !errors.As(err, &unknown) || unknown.Topic != topic {
		t.Errorf("got %v, want an UnknownTopicError for %s", err, topic)
	}
	err = p.Send(testContext(t), kafka.OutRecord{Topic: newTopic(t, b, 2), Partition: 2})
	if err == nil || !strings.Contains(err.Error(), "partition 2 does not exist") {
		t.Errorf("a partition that does not exist: got %v", err)
	}

	creating := newFakeBroker(t, embedded.Options{AutoCreateTopics: true, Partitions: 3})
	if err := newProducer(t, creating).Send(testContext(t), kafka.OutRecord{Topic: topic, Partition: 2}); err != nil {
		t.Errorf("on a broker that creates topics: %v", err)
	}
}

func TestProducerWithoutAcknowledgements(t *testing.T) {
	b := newBroker(t)
	topic := newTopic(t, b, 1)
	p := newProducer(t, b, "acks", "0")
	if err := p.SendBatch(testContext(t), slices.Repeat([]kafka.OutRecord{{Topic: topic, Value: []byte("v")}}, 10)); err != nil {
		t.Fatal(err)
	}
	await(t, "10 records", func() bool { return len(readAll(t, b, topic)[0]) == 10 })
}
