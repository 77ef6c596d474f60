package kafka_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"

	embedded "sluice/internal/embedded/kafka"
	"sluice/internal/kafka"
)

// longSession makes sure that nothing in a test happens because a session has ended.
const longSession = "30000"

// newStaticMember starts a member with an instance id, in a group whose sessions do not end.
func newStaticMember(t *testing.T, b testBroker, group, instance string, topics []string, pairs ...string) *member {
	t.Helper()
	return newMember(t, b, group, topics, append([]string{"group.instance.id", instance, "session.timeout.ms", longSession}, pairs...)...)
}

// newPair starts two static members that have one partition of the topic each.
func newPair(t *testing.T, b testBroker, group, topic string) (first, second *member) {
	t.Helper()
	first = newStaticMember(t, b, group, "one", []string{topic})
	first.awaitOwned(2)
	second = newStaticMember(t, b, group, "two", []string{topic})
	awaitShared(t, b, group, first, second)
	return first, second
}

// awaitShared waits until each member of a stable group owns one partition.
func awaitShared(t *testing.T, b testBroker, group string, members ...*member) {
	t.Helper()
	await(t, "one partition each", func() bool {
		for _, m := range members {
			if len(ownedOf(m)) != 1 {
				return false
			}
		}
		return groupStates(t, b, group)[0] == "Stable 2"
	})
}

func TestSuccessorOfAStaticMemberHasItsPartitionsAndTheOthersNoticeNothing(t *testing.T) {
	for name, end := range map[string]func(*member){
		"it was killed":   func(m *member) { m.close(0) },
		"it handed over":  (*member).handOver,
		"it still thinks": func(*member) {}, // a zombie
	} {
		t.Run(name, func(t *testing.T) {
			b := newBroker(t)
			topic, group := newTopic(t, b, 2), fresh("group")
			first, second := newPair(t, b, group, topic)
			before, had := first.eventList(), ownedOf(second)
			end(second)
			successor := newStaticMember(t, b, group, "two", []string{topic})
			successor.awaitOwned(1)
			for tp := range had {
				if ownedOf(successor)[tp] == "" {
					t.Errorf("the successor owns %v, want %v", ownedOf(successor), tp)
				}
			}
			produce(t, b, topic, 0, 1)
			produce(t, b, topic, 1, 1)
			successor.awaitMessages(1)
			first.awaitMessages(1)
			if after := first.eventList(); !slices.Equal(after, before) {
				t.Errorf("the other member: got events %q, want %q as before", after, before)
			}
		})
	}
}

func TestStaticMemberLeavesOnCloseAndStaysOnHandOver(t *testing.T) {
	b := newBroker(t)
	topic, group := newTopic(t, b, 2), fresh("group")
	first, second := newPair(t, b, group, topic)
	second.handOver()
	if got := groupStates(t, b, group)[0]; got != "Stable 2" {
		t.Errorf("group after a hand-over: got %s, want Stable 2", got)
	}
	successor := newStaticMember(t, b, group, "two", []string{topic})
	successor.awaitOwned(1)
	successor.close(5 * time.Second)
	first.awaitOwned(2)

	dynamic := newMember(t, b, group, []string{topic}, "session.timeout.ms", longSession)
	dynamic.awaitOwned(1)
	dynamic.handOver() // has nobody to hand over to
	first.awaitOwned(2)
}

func TestZombieOfAStaticMemberIsFenced(t *testing.T) {
	b := newBroker(t)
	topic, group := newTopic(t, b, 1), fresh("group")
	produce(t, b, topic, 0, 10)
	zero := kafka.TopicPartition{Topic: topic}
	zombie := newStaticMember(t, b, group, "one", []string{topic}, "heartbeat.interval.ms", "10000")
	zombie.awaitMessages(10)
	var successor *member
	zombie.do(func(r *kafka.GroupReader) { // it does not poll, so it holds what it has
		successor = newStaticMember(t, b, group, "one", []string{topic})
		successor.awaitMessages(10)
		err := r.Commit(testContext(t), map[kafka.TopicPartition]kafka.OffsetAndMetadata{zero: {Offset: 3}})
		if !errors.Is(err, kafka.ErrFenced) {
			t.Errorf("commit of a zombie: got %v, want ErrFenced", err)
		}
	})
	<-zombie.finished
	if !errors.Is(zombie.err, kafka.ErrFenced) || kafka.IsRetriable(zombie.err) || !strings.Contains(zombie.err.Error(), `"one"`) {
		t.Errorf("poll of a zombie: got %v, want ErrFenced with the instance id", zombie.err)
	}
	zombie.close(5 * time.Second)
	if got := zombie.eventList(); got[len(got)-1] != "lost "+topic+"-0" {
		t.Errorf("last event of the zombie: got %q, want its partition to be lost", got)
	}
	if got := groupStates(t, b, group)[0]; got != "Stable 1" {
		t.Errorf("group after the zombie has gone: got %s, want Stable 1", got)
	}
	offsets, err := newAdmin(t, b).GroupOffsets(testContext(t), group)
	if _, moved := offsets[zero]; moved || err != nil {
		t.Errorf("offsets after a fenced commit: got %v %v, want none", offsets, err)
	}
	successor.do(func(r *kafka.GroupReader) {
		if err := r.Commit(testContext(t), map[kafka.TopicPartition]kafka.OffsetAndMetadata{zero: {Offset: 10}}); err != nil {
			t.Errorf("commit of the successor: %v", err)
		}
	})
}

// The coordinator gives a successor what its predecessor had, whatever it asks for.
func TestSuccessorWithOtherTopicsGetsThem(t *testing.T) {
	b := newBroker(t)
	old, kept, added, group := newTopic(t, b, 2), newTopic(t, b, 2), newTopic(t, b, 2), fresh("group")
	first := newStaticMember(t, b, group, "one", []string{old, kept})
	second := newStaticMember(t, b, group, "two", []string{old, kept})
	awaitAll := func(n int, members ...*member) {
		await(t, "a share for each member", func() bool {
			return len(ownedOf(members...)) == n && groupStates(t, b, group)[0] == "Stable 2"
		})
	}
	awaitAll(4, first, second)
	first.handOver()
	second.handOver()
	first = newStaticMember(t, b, group, "one", []string{kept, added})
	second = newStaticMember(t, b, group, "two", []string{kept, added})
	awaitAll(4, first, second)
	for _, m := range []*member{first, second} {
		for _, e := range m.eventList() {
			if strings.Contains(e, old) {
				t.Errorf("got %q of a topic that is not subscribed", e)
			}
		}
	}
}

// A leader that comes back is not asked to assign, so it has to see by itself what has happened meanwhile, and goes on watching.
func TestTopicsGrowWhileAStaticLeaderIsAway(t *testing.T) {
	b := newBroker(t)
	topic, group := newTopic(t, b, 1), fresh("group")
	m := newStaticMember(t, b, group, "one", []string{topic}, "metadata.max.age.ms", "200")
	m.awaitOwned(1)
	m.close(0)
	addPartitions(t, b, topic, 2)
	m = newStaticMember(t, b, group, "one", []string{topic}, "metadata.max.age.ms", "200")
	m.awaitOwned(2)
	addPartitions(t, b, topic, 3)
	m.awaitOwned(3)
}

// addPartitions makes a topic have n partitions.
func addPartitions(t *testing.T, b testBroker, topic string, n int32) {
	t.Helper()
	req := kmsg.NewPtrCreatePartitionsRequest()
	req.TimeoutMillis = 10_000
	of := kmsg.NewCreatePartitionsRequestTopic()
	of.Topic, of.Count = topic, n
	req.Topics = append(req.Topics, of)
	resp, err := req.RequestWith(testContext(t), otherClient(t, b))
	if err != nil || kerr.ErrorForCode(resp.Topics[0].ErrorCode) != nil {
		t.Fatalf("give topic %s %d partitions: %v %+v", topic, n, err, resp)
	}
}

func TestOldBrokersGetADynamicMember(t *testing.T) {
	for name, start := range map[string]func(t *testing.T) testBroker{
		"the request has no place for an instance id": func(t *testing.T) testBroker {
			old, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.MaxVersions(kversion.V2_2_0()), kfake.GroupMinSessionTimeout(100*time.Millisecond))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(old.Close)
			return testBroker{addr: old.ListenAddrs()[0]}
		},
		"the brokers speak an older protocol among themselves": func(t *testing.T) testBroker {
			b := newFakeBroker(t, embedded.Options{})
			b.fake.ControlKey(int16(kmsg.JoinGroup), func(req kmsg.Request) (kmsg.Response, error, bool) {
				join := req.(*kmsg.JoinGroupRequest)
				b.fake.Cluster().KeepControl()
				if join.InstanceID == nil {
					return nil, nil, false
				}
				resp := join.ResponseKind().(*kmsg.JoinGroupResponse)
				resp.ErrorCode = kerr.UnsupportedVersion.Code
				return resp, nil, true
			})
			return b
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := start(t)
			topic, group := newTopic(t, b, 1), fresh("group")
			produce(t, b, topic, 0, 3)
			m := newStaticMember(t, b, group, "one", []string{topic})
			m.awaitMessages(3)
			m.do(func(r *kafka.GroupReader) {
				offsets := map[kafka.TopicPartition]kafka.OffsetAndMetadata{{Topic: topic}: {Offset: 3}}
				if err := r.Commit(testContext(t), offsets); err != nil {
					t.Error(err)
				}
			})
			m.handOver() // a dynamic member leaves
			await(t, "the group to be empty", func() bool { return strings.HasSuffix(groupStates(t, b, group)[0], " 0") })
		})
	}
}

// A member that is stopped while it joins has a place, though it was not told.
func TestStaticMemberLeavesWithoutHavingSeenTheAnswerToItsJoin(t *testing.T) {
	b := newBroker(t)
	topic, group := newTopic(t, b, 1), fresh("group")
	first := newStaticMember(t, b, group, "one", []string{topic}, "heartbeat.interval.ms", "10000")
	first.awaitOwned(1)
	// The first one does not join again, so that the second waits for the answer.
	var second *member
	first.do(func(*kafka.GroupReader) {
		second = newStaticMember(t, b, group, "two", []string{topic})
		await(t, "two members", func() bool { return strings.HasSuffix(groupStates(t, b, group)[0], " 2") })
		second.close(5 * time.Second)
		await(t, "one member", func() bool { return strings.HasSuffix(groupStates(t, b, group)[0], " 1") })
	})
}

// A place that was handed over is given up by a successor that is stopped before it has joined, or even before it was started.
func TestSuccessorThatNeverJoinedGivesUpThePlace(t *testing.T) {
	b := newBroker(t)
	topic, group := newTopic(t, b, 1), fresh("group")
	first := newStaticMember(t, b, group, "one", []string{topic})
	first.awaitOwned(1)
	first.handOver()
	if got := groupStates(t, b, group)[0]; got != "Stable 1" {
		t.Fatalf("group after the hand-over: got %s, want Stable 1", got)
	}
	successor, err := kafka.NewGroupReader(kafka.GroupReaderConfig{
		Properties: b.properties("group.id", group, "group.instance.id", "one", "session.timeout.ms", longSession),
		Topics:     []string{topic}, Logger: testLogger(t),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := successor.Close(testContext(t)); err != nil {
		t.Fatal(err)
	}
	if got := groupStates(t, b, group)[0]; !strings.HasSuffix(got, " 0") {
		t.Errorf("group after the successor's end: got %s, want no members", got)
	}
}

// A reader whose owner is stuck commits nothing, and does its successor no harm when the owner comes back.
func TestAbandonedMember(t *testing.T) {
	b := newBroker(t)
	topic, group := newTopic(t, b, 2), fresh("group")
	stuck := newStaticMember(t, b, group, "one", []string{topic})
	stuck.awaitOwned(2)
	release, inside := make(chan struct{}), make(chan struct{})
	stuck.begin(func(*kafka.GroupReader) { close(inside); <-release })
	<-inside

	stuck.reader.Abandon()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	one := map[kafka.TopicPartition]kafka.OffsetAndMetadata{{Topic: topic}: {Offset: 1}}
	if err := stuck.reader.Commit(ctx, one); !errors.Is(err, kafka.ErrFenced) {
		t.Errorf("commit of an abandoned member: got %v, want ErrFenced", err)
	}
	if got := groupStates(t, b, group)[0]; got != "Stable 1" {
		t.Errorf("group of the abandoned member: got %s, want it to be there", got)
	}
	heir := newStaticMember(t, b, group, "one", []string{topic})
	heir.awaitOwned(2)

	close(release) // the owner comes back
	<-stuck.finished
	stuck.mu.Lock()
	err := stuck.err
	stuck.mu.Unlock()
	if !errors.Is(err, kafka.ErrClosed) {
		t.Errorf("poll of an abandoned member: got %v, want ErrClosed", err)
	}
	stuck.close(5 * time.Second)
	produce(t, b, topic, 0, 1)
	heir.awaitMessages(1)
	if events := heir.eventList(); len(events) != 1 {
		t.Errorf("the heir's events %q, want it to be left alone", events)
	}
}

// An abandoned member that has not even joined could only name its place, in which its successor is.
func TestAbandonedMemberThatHasNotJoinedLeavesItsSuccessorAlone(t *testing.T) {
	b := newBroker(t)
	topic, group := newTopic(t, b, 1), fresh("group")
	reader, err := kafka.NewGroupReader(kafka.GroupReaderConfig{
		Properties: b.properties("group.id", group, "group.instance.id", "one"), Topics: []string{topic}, Logger: testLogger(t),
	})
	if err != nil {
		t.Fatal(err)
	}
	reader.Abandon()
	heir := newStaticMember(t, b, group, "one", []string{topic})
	heir.awaitOwned(1)
	if _, err := reader.Poll(t.Context(), time.Second); !errors.Is(err, kafka.ErrClosed) {
		t.Errorf("poll: got %v, want ErrClosed", err)
	}
	if err := reader.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if got := groupStates(t, b, group)[0]; got != "Stable 1" {
		t.Errorf("group: got %s, want Stable 1", got)
	}
}

func TestPlaceThatWasHandedOverCanBeGivenUp(t *testing.T) {
	b := newBroker(t)
	topic, group := newTopic(t, b, 2), fresh("group")
	first, second := newPair(t, b, group, topic)
	second.handOver()
	place := b.properties("group.id", group, "group.instance.id", "two")
	for range 2 { // the second time there is nobody
		if err := kafka.LeavePlace(t.Context(), place, testLogger(t)); err != nil {
			t.Fatal(err)
		}
	}
	first.awaitOwned(2)
	delete(place, "group.instance.id")
	if err := kafka.LeavePlace(t.Context(), place, testLogger(t)); err != nil {
		t.Errorf("without an instance id: %v", err)
	}
}

// An operator may take a live member out of its group, or a coordinator forget the group: the member comes back.
func TestMemberThatIsRemovedFromItsGroupComesBack(t *testing.T) {
	b := newBroker(t)
	topic, group := newTopic(t, b, 1), fresh("group")
	m := newStaticMember(t, b, group, "one", []string{topic})
	m.awaitOwned(1)
	if err := kafka.LeavePlace(t.Context(), b.properties("group.id", group, "group.instance.id", "one"), testLogger(t)); err != nil {
		t.Fatal(err)
	}
	m.awaitEvent("lost ")
	m.awaitOwned(1)
	produce(t, b, topic, 0, 1)
	m.awaitMessages(1)
}

func TestMemberThatIsToldNotToLeaveStays(t *testing.T) {
	b := newBroker(t)
	topic, group := newTopic(t, b, 1), fresh("group")
	m := newStaticMember(t, b, group, "one", []string{topic}, "internal.leave.group.on.close", "false")
	m.awaitOwned(1)
	m.close(5 * time.Second)
	if got := groupStates(t, b, group)[0]; got != "Stable 1" {
		t.Errorf("group after the end of its member: got %s, want Stable 1", got)
	}
}
