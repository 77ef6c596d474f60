package kafka_test

import (
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	embedded "sluice/internal/embedded/kafka"
	"sluice/internal/kafka"
)

func newTopicReader(t *testing.T, b testBroker, start map[string]kafka.StartAt, topics []string, pairs ...string) *kafka.TopicReader {
	t.Helper()
	r, err := kafka.NewTopicReader(kafka.TopicReaderConfig{Properties: b.properties(pairs...), Topics: topics, Start: start, Logger: testLogger(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	if err := r.Start(testContext(t)); err != nil {
		t.Fatal(err)
	}
	return r
}

func read(t *testing.T, r *kafka.TopicReader, n int) (all []kafka.Message) {
	t.Helper()
	ctx := testContext(t)
	for len(all) < n {
		messages, err := r.Poll(ctx, time.Second)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, messages...)
	}
	return all
}

func TestTopicReaderStartsWhereItIsTold(t *testing.T) {
	b := newBroker(t)
	early, late, at, after := newTopic(t, b, 1), newTopic(t, b, 1), newTopic(t, b, 1), newTopic(t, b, 1)
	p := newProducer(t, b)
	for _, topic := range []string{early, late, at, after} {
		for i := range 10 {
			if err := p.Send(testContext(t), kafka.OutRecord{Topic: topic, Value: fmt.Appendf(nil, "v%d", i), Timestamp: time.UnixMilli(int64(1000000 + i))}); err != nil {
				t.Fatal(err)
			}
		}
	}
	r := newTopicReader(t, b, map[string]kafka.StartAt{
		late: kafka.StartLatest(), at: kafka.StartTimestamp(1000007), after: kafka.StartTimestamp(2000000),
	}, []string{early, late, at, after})
	for topic, want := range map[string]int64{early: 0, late: 10, at: 7, after: 10} {
		if got := r.Position()[kafka.TopicPartition{Topic: topic}]; got != want {
			t.Errorf("start: got %d, want %d", got, want)
		}
	}
	read(t, r, 13)
	for tp, end := range r.Position() {
		if end != 10 {
			t.Errorf("position of %s after reading: got %d, want 10", tp, end)
		}
	}
}

func TestTopicReaderNamesAMissingTopic(t *testing.T) {
	b := newBroker(t)
	topic := fresh("missing")
	r, err := kafka.NewTopicReader(kafka.TopicReaderConfig{Properties: b.properties(), Topics: []string{topic}})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var unknown *kafka.UnknownTopicError
	if err := r.Start(testContext(t)); !errors.As(err, &unknown) || unknown.Topic != topic {
		t.Errorf("got %v, want an UnknownTopicError", err)
	}
}

// Transactions are written by another client; the offsets in between are their markers.
func TestTopicReaderHonoursIsolation(t *testing.T) {
	b := newBroker(t)
	topic := newTopic(t, b, 1)
	client := otherClient(t, b, kgo.TransactionalID(fresh("txn")), kgo.DefaultProduceTopic(topic))
	transaction := func(value string, end kgo.TransactionEndTry) {
		t.Helper()
		if err := client.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		for i := range 3 {
			if err := client.ProduceSync(testContext(t), kgo.StringRecord(fmt.Sprint(value, i))).FirstErr(); err != nil {
				t.Fatal(err)
			}
		}
		if err := client.EndTransaction(testContext(t), end); err != nil {
			t.Fatal(err)
		}
	}
	transaction("committed", kgo.TryCommit)
	transaction("aborted", kgo.TryAbort)
	transaction("again", kgo.TryCommit)
	transaction("gone", kgo.TryAbort)

	values := func(messages []kafka.Message) (values []string) {
		for _, m := range messages {
			values = append(values, string(m.Value))
		}
		return values
	}
	got := fmt.Sprint(values(readAll(t, b, topic, "isolation.level", "read_committed")[0]))
	if want := "[committed0 committed1 committed2 again0 again1 again2]"; got != want {
		t.Errorf("read_committed: got %s, want %s", got, want)
	}
	if got := readAll(t, b, topic)[0]; len(got) != 12 {
		t.Errorf("read_uncommitted: got %d records, want 12", len(got))
	}

	// Of an open transaction nothing is readable, and the end is before it.
	if err := client.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	if err := client.ProduceSync(testContext(t), kgo.StringRecord("open")).FirstErr(); err != nil {
		t.Fatal(err)
	}
	r := newTopicReader(t, b, nil, []string{topic}, "isolation.level", "read_committed")
	ends, err := r.EndOffsets(testContext(t))
	if want := int64(16); err != nil || ends[kafka.TopicPartition{Topic: topic}] != want {
		t.Errorf("end under read_committed: got %v %v, want %d", ends, err, want)
	}
	read(t, r, 6)
	if err := client.EndTransaction(testContext(t), kgo.TryCommit); err != nil {
		t.Fatal(err)
	}
	if got := read(t, r, 1); string(got[0].Value) != "open" {
		t.Errorf("after the commit: got %q", got[0].Value)
	}
}

// What is fetched ahead stays bounded although nobody takes it.
func TestTopicReaderDoesNotFetchWithoutBound(t *testing.T) {
	b := newFakeBroker(t, embedded.Options{DataDir: t.TempDir()})
	topic := newTopic(t, b, 20)
	p := newProducer(t, b)
	value := make([]byte, 50_000)
	for i := range 1600 { // 80 MB
		if err := p.SendAsync(testContext(t), kafka.OutRecord{Topic: topic, Partition: int32(i % 20), Value: value}, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Flush(testContext(t)); err != nil {
		t.Fatal(err)
	}
	var fetches atomic.Int64
	b.fake.ControlKey(int16(kmsg.Fetch), func(kmsg.Request) (kmsg.Response, error, bool) {
		fetches.Add(1)
		return nil, nil, false
	})
	before := heap()
	r := newTopicReader(t, b, nil, []string{topic}, "fetch.max.wait.ms", "10")
	total := len(read(t, r, 1))
	quiet, last := time.Now(), int64(-1)
	await(t, "pause in fetching", func() bool {
		if n := fetches.Load(); n != last {
			quiet, last = time.Now(), n
		}
		return time.Since(quiet) > 300*time.Millisecond
	})
	if grown := heap() - before; grown > 40<<20 {
		t.Errorf("the heap grew by %d MB", grown>>20)
	}
	for total < 1600 {
		total += len(read(t, r, 1))
	}
}

func heap() int64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}
