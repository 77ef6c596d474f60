package kafka_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"sluice/internal/kafka"
)

func TestGroupReaderReadsEveryPartitionInOrderAndResumesWhereItCommitted(t *testing.T) {
	b := newBroker(t)
	topic, group := newTopic(t, b, 2), fresh("group")
	produce(t, b, topic, 0, 1200)
	produce(t, b, topic, 1, 700)
	m := newMember(t, b, group, []string{topic})
	checkOrder(t, m.awaitMessages(1900), 0)
	if want := "assigned " + topic + "-0=0 " + topic + "-1=0"; m.eventList()[0] != want {
		t.Errorf("first event: got %q, want %q", m.eventList()[0], want)
	}
	zero, one := kafka.TopicPartition{Topic: topic, Partition: 0}, kafka.TopicPartition{Topic: topic, Partition: 1}
	m.do(func(r *kafka.GroupReader) {
		if got, ok := r.Position(zero); got != 1200 || !ok {
			t.Errorf("position: got %d %v, want 1200", got, ok)
		}
		if err := r.Commit(testContext(t), map[kafka.TopicPartition]kafka.OffsetAndMetadata{zero: {Offset: 1000, Metadata: "why"}}); err != nil {
			t.Error(err)
		}
		committed := make(chan error, 1)
		r.CommitAsync(map[kafka.TopicPartition]kafka.OffsetAndMetadata{one: {Offset: 699}}, func(err error) { committed <- err })
		if err := <-committed; err != nil {
			t.Error(err)
		}
	})
	m.close(5 * time.Second)
	offsets, err := newAdmin(t, b).GroupOffsets(testContext(t), group)
	if err != nil || offsets[zero] != (kafka.OffsetAndMetadata{Offset: 1000, Metadata: "why"}) || offsets[one].Offset != 699 {
		t.Errorf("committed: got %v %v", offsets, err)
	}

	again := newMember(t, b, group, []string{topic})
	got := again.awaitMessages(201)
	if want := "assigned " + topic + "-0=1000 " + topic + "-1=699"; again.eventList()[0] != want {
		t.Errorf("first event after restart: got %q, want %q", again.eventList()[0], want)
	}
	if len(got) != 201 {
		t.Errorf("after restart: got %d messages, want 201", len(got))
	}
}

func TestGroupReaderReturnsAtMostMaxPollRecords(t *testing.T) {
	b := newBroker(t)
	topic := newTopic(t, b, 3)
	for p := range int32(3) {
		produce(t, b, topic, p, 50)
	}
	r, err := kafka.NewGroupReader(kafka.GroupReaderConfig{
		Properties: b.properties("group.id", fresh("group"), "auto.offset.reset", "earliest", "max.poll.records", "7"),
		Topics:     []string{topic}, Logger: testLogger(t),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close(testContext(t))
	var all []kafka.Message
	ctx := testContext(t)
	for len(all) < 150 {
		messages, err := r.Poll(ctx, time.Second)
		if err != nil {
			t.Fatal(err)
		}
		if len(messages) > 7 {
			t.Fatalf("got %d messages in one poll, want at most 7", len(messages))
		}
		all = append(all, messages...)
	}
	checkOrder(t, all, 0)
}

func TestGroupReaderPausesOnePartitionAndResumesItWhereItWas(t *testing.T) {
	b := newBroker(t)
	topic := newTopic(t, b, 2)
	m := newMember(t, b, fresh("group"), []string{topic})
	m.awaitOwned(2)
	zero := kafka.TopicPartition{Topic: topic, Partition: 0}
	m.do(func(r *kafka.GroupReader) { r.Pause(zero) })
	produce(t, b, topic, 0, 10)
	produce(t, b, topic, 1, 10)
	for _, msg := range m.awaitMessages(10) {
		if msg.Partition != 1 {
			t.Fatalf("got offset %d of the paused partition", msg.Offset)
		}
	}
	m.do(func(r *kafka.GroupReader) { r.Resume(zero) })
	checkOrder(t, m.awaitMessages(20), 0)
}

func TestGroupReaderSeeks(t *testing.T) {
	b := newBroker(t)
	topic := newTopic(t, b, 1)
	produce(t, b, topic, 0, 100)
	m := newMember(t, b, fresh("group"), []string{topic})
	m.awaitMessages(100)
	zero := kafka.TopicPartition{Topic: topic, Partition: 0}
	m.do(func(r *kafka.GroupReader) {
		if err := r.Seek(zero, 40); err != nil {
			t.Error(err)
		}
		if got, _ := r.Position(zero); got != 40 {
			t.Errorf("position after seek: got %d, want 40", got)
		}
		if err := r.Seek(kafka.TopicPartition{Topic: topic, Partition: 9}, 0); err == nil {
			t.Error("seek of a partition that is not assigned: got no error")
		}
		if err := r.Seek(zero, -1); err == nil {
			t.Error("seek to -1: got no error")
		}
	})
	checkOrder(t, m.awaitMessages(160)[100:], 40)
}

func TestGroupReaderResetsAnOffsetOutOfRange(t *testing.T) {
	b := newBroker(t)
	topic := newTopic(t, b, 1)
	produce(t, b, topic, 0, 10)
	zero := kafka.TopicPartition{Topic: topic, Partition: 0}
	beyond := func(r *kafka.GroupReader) {
		if err := r.Seek(zero, 1000); err != nil {
			t.Error(err)
		}
	}

	earliest := newMember(t, b, fresh("group"), []string{topic})
	earliest.awaitMessages(10)
	earliest.do(beyond)
	checkOrder(t, earliest.awaitMessages(20)[10:], 0)

	none := newMember(t, b, fresh("group"), []string{topic}, "auto.offset.reset", "none")
	<-none.finished
	if none.err == nil || !strings.Contains(none.err.Error(), "auto.offset.reset is none") {
		t.Errorf("no committed offset and no reset policy: got %v", none.err)
	}

	group := fresh("group")
	if err := newAdmin(t, b).AlterGroupOffsets(testContext(t), group, map[kafka.TopicPartition]kafka.OffsetAndMetadata{zero: {Offset: 7}}); err != nil {
		t.Fatal(err)
	}
	none = newMember(t, b, group, []string{topic}, "auto.offset.reset", "none")
	checkOrder(t, none.awaitMessages(3), 7)
	none.do(beyond)
	<-none.finished
	if none.err == nil || !strings.Contains(none.err.Error(), topic+"-0 at offset 1000") {
		t.Errorf("out of range without a reset policy: got %v", none.err)
	}
}

func TestGroupReaderStartsAtTheEndWithLatest(t *testing.T) {
	b := newBroker(t)
	topic := newTopic(t, b, 1)
	produce(t, b, topic, 0, 10)
	m := newMember(t, b, fresh("group"), []string{topic}, "auto.offset.reset", "latest")
	m.awaitEvent("assigned " + topic + "-0=10")
	produce(t, b, topic, 0, 1)
	if got := m.awaitMessages(1); got[0].Offset != 10 {
		t.Errorf("got offset %d, want 10", got[0].Offset)
	}
}

func TestGroupReaderWakeupEndsPoll(t *testing.T) {
	b := newBroker(t)
	r, err := kafka.NewGroupReader(kafka.GroupReaderConfig{
		Properties: b.properties("group.id", fresh("group")), Topics: []string{newTopic(t, b, 1)}, Logger: testLogger(t),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close(testContext(t))
	ctx := testContext(t)
	for len(r.Assignment()) == 0 {
		if _, err := r.Poll(ctx, time.Second); err != nil {
			t.Fatal(err)
		}
	}
	polled := make(chan error, 1)
	go func() {
		_, err := r.Poll(t.Context(), time.Minute)
		polled <- err
	}()
	r.Wakeup()
	select {
	case err := <-polled:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("Poll does not return after Wakeup")
	}

	ctx, cancel := context.WithCancel(ctx)
	go func() {
		_, err := r.Poll(ctx, time.Minute)
		polled <- err
	}()
	cancel()
	if err := <-polled; !errors.Is(err, context.Canceled) {
		t.Errorf("Poll with a cancelled context: got %v", err)
	}
}

func TestGroupReaderReadsATopicThatIsCreatedLater(t *testing.T) {
	b := newBroker(t)
	topic := fresh("late")
	m := newMember(t, b, fresh("group"), []string{topic}, "allow.auto.create.topics", "false")
	m.await("a poll", func() bool { return true })
	admin := newAdmin(t, b)
	if _, err := admin.CreateTopic(testContext(t), kafka.TopicSpec{Name: topic, Partitions: 2, ReplicationFactor: 1}); err != nil {
		t.Fatal(err)
	}
	m.awaitOwned(2)
	produce(t, b, topic, 1, 5)
	checkOrder(t, m.awaitMessages(5), 0)
}

func TestGroupReaderReadsPartitionsThatAreAddedLater(t *testing.T) {
	for name, assignor := range assignors {
		t.Run(name, func(t *testing.T) {
			b := newBroker(t)
			topic, group := newTopic(t, b, 1), fresh("group")
			pairs := []string{"partition.assignment.strategy", assignor, "metadata.max.age.ms", "200"}
			first := newMember(t, b, group, []string{topic}, pairs...)
			first.awaitOwned(1)
			second := newMember(t, b, group, []string{topic}, pairs...)
			addPartitions(t, b, topic, 4)
			await(t, "two partitions each", func() bool { return len(ownedOf(first)) == 2 && len(ownedOf(second)) == 2 })
			for p := range int32(4) {
				produce(t, b, topic, p, 5)
			}
			await(t, "20 messages in all", func() bool { return count(first)+count(second) == 20 })
			checkOrder(t, append(first.awaitMessages(0), second.awaitMessages(0)...), 0)
		})
	}
}

// Records that were deleted before they were read are passed over, as auto.offset.reset says.
func TestGroupReaderIsOvertakenByRetention(t *testing.T) {
	b := newBroker(t)
	topic := newTopic(t, b, 1)
	produce(t, b, topic, 0, 10)
	zero := kafka.TopicPartition{Topic: topic}
	m := newMember(t, b, fresh("group"), []string{topic})
	m.awaitMessages(10)
	m.do(func(r *kafka.GroupReader) {
		r.Pause(zero)
		deleteRecords(t, b, zero, 7)
		if err := r.Seek(zero, 3); err != nil {
			t.Error(err)
		}
		r.Resume(zero)
	})
	checkOrder(t, m.awaitMessages(13)[10:], 7)
}

// A topic of the same name is another one: its offsets begin anew.
func TestGroupReaderReadsATopicThatWasDeletedAndMadeAnew(t *testing.T) {
	b := newBroker(t)
	topic := newTopic(t, b, 1)
	produce(t, b, topic, 0, 5)
	m := newMember(t, b, fresh("group"), []string{topic}, "metadata.max.age.ms", "200", "allow.auto.create.topics", "false")
	m.awaitMessages(5)
	deleteTopic(t, b, topic)
	again := kafka.TopicSpec{Name: topic, Partitions: 1, ReplicationFactor: 1}
	await(t, "the name of the topic is free again", func() bool {
		created, err := newAdmin(t, b).CreateTopic(testContext(t), again)
		return created && err == nil
	})
	produce(t, b, topic, 0, 2)
	checkOrder(t, m.awaitMessages(7)[5:], 0)
}

// deleteRecords makes offset the first one of a partition.
func deleteRecords(t *testing.T, b testBroker, tp kafka.TopicPartition, offset int64) {
	t.Helper()
	req := kmsg.NewPtrDeleteRecordsRequest()
	req.TimeoutMillis = 10_000
	part := kmsg.NewDeleteRecordsRequestTopicPartition()
	part.Partition, part.Offset = tp.Partition, offset
	of := kmsg.NewDeleteRecordsRequestTopic()
	of.Topic, of.Partitions = tp.Topic, append(of.Partitions, part)
	req.Topics = append(req.Topics, of)
	resp, err := req.RequestWith(testContext(t), otherClient(t, b))
	if err != nil || kerr.ErrorForCode(resp.Topics[0].Partitions[0].ErrorCode) != nil {
		t.Fatalf("delete the records of %s below %d: %v %+v", tp, offset, err, resp)
	}
}

func TestGroupReaderRefusesWhatTheGroupRefuses(t *testing.T) {
	b := newBroker(t)
	topic, group := newTopic(t, b, 1), fresh("group")
	m := newMember(t, b, group, []string{topic}, "session.timeout.ms", "2000000000")
	<-m.finished
	if m.err == nil || !strings.Contains(m.err.Error(), group) || kafka.IsRetriable(m.err) {
		t.Errorf("session timeout out of the broker's range: got %v, want a final error that names the group", m.err)
	}
}

func TestGroupReaderCloseWithoutPollAndTwice(t *testing.T) {
	r, err := kafka.NewGroupReader(kafka.GroupReaderConfig{
		Properties: kafka.Properties{"bootstrap.servers": "127.0.0.1:1", "group.id": "g"}, Topics: []string{"t"},
	})
	if err != nil {
		t.Fatal(err)
	}
	tp := kafka.TopicPartition{Topic: "t"}
	if err := r.Commit(t.Context(), map[kafka.TopicPartition]kafka.OffsetAndMetadata{tp: {Offset: 1}}); !errors.Is(err, kafka.ErrFenced) {
		t.Errorf("commit before joining: got %v, want ErrFenced", err)
	}
	for range 2 {
		if err := r.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if _, err := r.Poll(t.Context(), 0); !errors.Is(err, kafka.ErrClosed) {
		t.Errorf("poll after close: got %v, want ErrClosed", err)
	}
	if slices.Contains(r.Assignment(), tp) {
		t.Error("a closed reader owns partitions")
	}
}

func TestOwnerDecidesWhereToRead(t *testing.T) {
	b := newBroker(t)
	topic, group := newTopic(t, b, 2), fresh("group")
	produce(t, b, topic, 0, 10)
	produce(t, b, topic, 1, 10)
	m := newMemberOf(t, b, group, kafka.GroupReaderConfig{Topics: []string{topic}, Manual: true}, "auto.offset.reset", "none")
	m.awaitOwned(2)
	tp := kafka.TopicPartition{Topic: topic, Partition: 1}
	m.do(func(r *kafka.GroupReader) {
		if err := r.Seek(tp, 7); err != nil {
			t.Error(err)
		}
		r.Resume(tp)
	})
	for i, msg := range m.awaitMessages(3) {
		if msg.Partition != 1 || msg.Offset != int64(7+i) {
			t.Errorf("message %d is offset %d of partition %d", i, msg.Offset, msg.Partition)
		}
	}
}
