package kafka_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	embedded "sluice/internal/embedded/kafka"
	"sluice/internal/kafka"
)

func newTransactional(t *testing.T, b testBroker, id string, pairs ...string) *kafka.TransactionalProducer {
	t.Helper()
	p, err := kafka.NewTransactionalProducer(kafka.TransactionalProducerConfig{Properties: b.properties(pairs...), TransactionalID: id, Logger: testLogger(t)})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(testContext(t)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

// committed returns the values of a topic that a read_committed reader sees, sorted.
func committed(t *testing.T, b testBroker, topic string) []string {
	t.Helper()
	var values []string
	for _, messages := range readAll(t, b, topic, "isolation.level", "read_committed") {
		for _, m := range messages {
			values = append(values, string(m.Value))
		}
	}
	slices.Sort(values)
	return values
}

func mustSend(t *testing.T, p *kafka.TransactionalProducer, topic string, values ...string) {
	t.Helper()
	for i, v := range values {
		if err := p.Send(testContext(t), kafka.OutRecord{Topic: topic, Partition: -1, Key: fmt.Appendf(nil, "k%d", i), Value: []byte(v)}); err != nil {
			t.Fatal(err)
		}
	}
}

// offsetOf is one committed offset.
func offsetOf(tp kafka.TopicPartition, offset int64, metadata string) map[kafka.TopicPartition]kafka.OffsetAndMetadata {
	return map[kafka.TopicPartition]kafka.OffsetAndMetadata{tp: {Offset: offset, Metadata: metadata}}
}

func checkOffset(t *testing.T, b testBroker, group string, tp kafka.TopicPartition, offset int64, metadata string) {
	t.Helper()
	offsets, err := newAdmin(t, b).GroupOffsets(testContext(t), group)
	if err != nil {
		t.Fatal(err)
	}
	if got := offsets[tp]; got.Offset != offset || got.Metadata != metadata {
		t.Errorf("committed %+v, want %d and %q", got, offset, metadata)
	}
}

func TestTransactionIsAllOrNothing(t *testing.T) {
	b := newBroker(t)
	in, out, group, id := newTopic(t, b, 1), newTopic(t, b, 3), fresh("group"), fresh("id")
	tp := kafka.TopicPartition{Topic: in}
	p := newTransactional(t, b, id)
	mustSend(t, p, out, "a", "b", "c", "d")
	if got := committed(t, b, out); len(got) != 0 {
		t.Errorf("before the commit there is %q", got)
	}
	if err := p.Commit(testContext(t), group, offsetOf(tp, 7, "seven")); err != nil {
		t.Fatal(err)
	}
	if p.Bytes() != 0 {
		t.Errorf("%d bytes left behind", p.Bytes())
	}
	mustSend(t, p, out, "dropped")
	p.Discard()
	for i := range 5 { // transactions follow each other closely
		mustSend(t, p, out, fmt.Sprint("e", i))
		if err := p.Commit(testContext(t), group, offsetOf(tp, int64(8+i), "eight")); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Commit(testContext(t), group, offsetOf(tp, 20, "only an offset")); err != nil {
		t.Fatal(err)
	}
	if got, want := committed(t, b, out), []string{"a", "b", "c", "d", "e0", "e1", "e2", "e3", "e4"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	checkOffset(t, b, group, tp, 20, "only an offset")
}

func TestTransactionalIDIsTakenOver(t *testing.T) {
	b := newBroker(t)
	in, out, group, id := newTopic(t, b, 1), newTopic(t, b, 1), fresh("group"), fresh("id")
	tp := kafka.TopicPartition{Topic: in}
	zombie := newTransactional(t, b, id)
	mustSend(t, zombie, out, "first")
	if err := zombie.Commit(testContext(t), group, offsetOf(tp, 1, "zombie")); err != nil {
		t.Fatal(err)
	}
	mustSend(t, zombie, out, "zombie")
	successor := newTransactional(t, b, id)
	if err := zombie.Commit(testContext(t), group, offsetOf(tp, 2, "zombie")); !errors.Is(err, kafka.ErrProducerFenced) {
		t.Fatalf("the zombie commits: %v", err)
	}
	mustSend(t, successor, out, "second")
	if err := successor.Commit(testContext(t), group, offsetOf(tp, 2, "successor")); err != nil {
		t.Fatal(err)
	}
	if got, want := committed(t, b, out), []string{"first", "second"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	checkOffset(t, b, group, tp, 2, "successor")
	if err := zombie.Commit(testContext(t), group, offsetOf(tp, 3, "zombie")); err == nil {
		t.Error("a producer that was fenced commits without a start")
	}
	if err := zombie.Start(testContext(t)); err != nil {
		t.Fatal(err)
	}
	if err := zombie.Commit(testContext(t), group, offsetOf(tp, 4, "back")); err != nil {
		t.Fatal(err)
	}
	checkOffset(t, b, group, tp, 4, "back")
}

// A transaction larger than a request takes several; many partitions share them.
func TestTransactionLargerThanARequest(t *testing.T) {
	b := newBroker(t)
	out := newTopic(t, b, 4)
	p := newTransactional(t, b, fresh("id"), "max.request.size", "1000")
	var want []string
	for i := range 300 {
		want = append(want, fmt.Sprintf("value %03d", i))
	}
	mustSend(t, p, out, want...)
	if err := p.Commit(testContext(t), "", nil); err != nil {
		t.Fatal(err)
	}
	if got := committed(t, b, out); !slices.Equal(got, want) {
		t.Errorf("got %d values, want %d", len(got), len(want))
	}
	var tooLarge *kafka.RecordTooLargeError
	if err := p.Send(testContext(t), kafka.OutRecord{Topic: out, Partition: -1, Value: make([]byte, 2000)}); !errors.As(err, &tooLarge) {
		t.Errorf("a record of 2000 bytes: %v", err)
	}
}

// Whatever is lost or refused on the way, each value is there once and the offset is the last one.
func TestTransactionSurvivesLostAnswersAndErrors(t *testing.T) {
	b := newFakeBroker(t, embedded.Options{})
	in, out, group := newTopic(t, b, 1), newTopic(t, b, 2), fresh("group")
	tp := kafka.TopicPartition{Topic: in}
	faults := b.fake.Cluster().Fault(
		kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: out, Err: kerr.RequestTimedOut, Count: 3}, // written all the same
		kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: out, Err: kerr.NotLeaderForPartition, Count: 3},
	)
	drops := dropEvery(b, 4, kmsg.Produce, kmsg.AddPartitionsToTxn, kmsg.AddOffsetsToTxn, kmsg.TxnOffsetCommit, kmsg.EndTxn, kmsg.FindCoordinator)
	p := newTransactional(t, b, fresh("id"), "retry.backoff.ms", "2", "reconnect.backoff.ms", "2", "retry.backoff.max.ms", "5", "reconnect.backoff.max.ms", "5")
	var want []string
	for i := range 60 {
		value := fmt.Sprintf("value %03d", i)
		want = append(want, value)
		mustSend(t, p, out, value)
		if err := p.Commit(testContext(t), group, offsetOf(tp, int64(i), value)); err != nil {
			t.Fatalf("commit %d: %v", i, err)
		}
	}
	if got := committed(t, b, out); !slices.Equal(got, want) {
		t.Errorf("got %d values, want %d", len(got), len(want))
	}
	checkOffset(t, b, group, tp, 59, "value 059")
	if faults.Hits() != 6 || drops.Load() < 10 {
		t.Errorf("only %d faults and %d drops happened", faults.Hits(), drops.Load())
	}
}

func TestTransactionalProducerNeedsAnID(t *testing.T) {
	_, err := kafka.NewTransactionalProducer(kafka.TransactionalProducerConfig{Properties: kafka.Properties{"bootstrap.servers": "localhost:1"}})
	if err == nil {
		t.Error("no id")
	}
	_, err = kafka.NewTransactionalProducer(kafka.TransactionalProducerConfig{
		Properties: kafka.Properties{"bootstrap.servers": "localhost:1", "enable.idempotence": "false"}, TransactionalID: "a",
	})
	var refused *kafka.PropertyError
	if !errors.As(err, &refused) {
		t.Errorf("without idempotence: %v", err)
	}
}
