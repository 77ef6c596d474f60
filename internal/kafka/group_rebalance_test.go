package kafka_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"sluice/internal/kafka"
)

// assignors are the strategies under which sharing must work.
var assignors = map[string]string{
	"as Java does by default, eagerly": "org.apache.kafka.clients.consumer.RangeAssignor,org.apache.kafka.clients.consumer.CooperativeStickyAssignor",
	"cooperative-sticky":               "org.apache.kafka.clients.consumer.CooperativeStickyAssignor",
	"round robin, by its class name":   "org.apache.kafka.clients.consumer.RoundRobinAssignor",
}

// await polls cond, for what spans several members.
func await(t *testing.T, what string, cond func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !cond() {
		if time.Now().After(deadline) {
			t.Fatalf("no %s within 20 s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func TestMembersShareAGroup(t *testing.T) {
	for name, assignor := range assignors {
		t.Run(name, func(t *testing.T) {
			b := newBroker(t)
			topic, group := newTopic(t, b, 4), fresh("group")
			for p := range int32(4) {
				produce(t, b, topic, p, 10)
			}
			first := newMember(t, b, group, []string{topic}, "partition.assignment.strategy", assignor)
			first.awaitOwned(4)
			first.awaitMessages(40)
			second := newMember(t, b, group, []string{topic}, "partition.assignment.strategy", assignor)
			await(t, "fair share", func() bool {
				owners := ownedOf(first, second)
				one := 0
				for _, owner := range owners {
					if owner == first.name {
						one++
					}
					if owner != first.name && owner != second.name {
						return false
					}
				}
				return len(owners) == 4 && one == 2
			})
			if slices.ContainsFunc(first.eventList(), func(e string) bool { return strings.HasPrefix(e, "lost") }) {
				t.Errorf("a member joined: got %q, want no loss", first.eventList())
			}
			cooperative := name == "cooperative-sticky"
			revoked := first.eventList()[1]
			if n := len(strings.Fields(revoked)) - 1; cooperative != (n == 2) {
				t.Errorf("the first member gave up %d partitions (%q), cooperative = %v", n, revoked, cooperative)
			}

			second.close(5 * time.Second)
			first.awaitOwned(4)
			produce(t, b, topic, 3, 10)
			first.awaitMessages(50)
		})
	}
}

func TestPartitionsOfADeadMemberMove(t *testing.T) {
	b := newBroker(t)
	topic, group := newTopic(t, b, 2), fresh("group")
	dead := newMember(t, b, group, []string{topic})
	heir := newMember(t, b, group, []string{topic})
	await(t, "one partition each", func() bool { return len(ownedOf(dead)) == 1 && len(ownedOf(heir)) == 1 })
	dead.close(0) // without a goodbye
	heir.awaitOwned(2)
}

func TestRevokedPartitionsCanBeCommittedAndAreNotReadOn(t *testing.T) {
	b := newBroker(t)
	topic, group := newTopic(t, b, 2), fresh("group")
	produce(t, b, topic, 0, 100)
	produce(t, b, topic, 1, 100)
	first := newMember(t, b, group, []string{topic}, "max.poll.records", "1")
	first.onRevoked = func(ctx context.Context, parts []kafka.TopicPartition) error {
		offsets := make(map[kafka.TopicPartition]kafka.OffsetAndMetadata)
		for _, tp := range parts {
			position, ok := first.reader.Position(tp)
			if !ok {
				return fmt.Errorf("no position of %s inside Revoked", tp)
			}
			offsets[tp] = kafka.OffsetAndMetadata{Offset: position}
		}
		return first.reader.Commit(ctx, offsets)
	}
	first.awaitMessages(10)
	second := newMember(t, b, group, []string{topic}, "max.poll.records", "1")
	await(t, "200 messages in all", func() bool { return count(first)+count(second) >= 200 })
	first.close(5 * time.Second)
	second.close(5 * time.Second)
	// Every record once: what the first read was committed when it was revoked. That the first got
	// none of a partition it did not own is checked by the member itself.
	all := append(first.awaitMessages(0), second.awaitMessages(0)...)
	slices.SortFunc(all, func(a, b kafka.Message) int { return int(a.Partition-b.Partition)*1000 + int(a.Offset-b.Offset) })
	if len(all) != 200 {
		t.Errorf("got %d messages, want 200", len(all))
	}
	checkOrder(t, all, 0)
}

func count(m *member) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.messages)
}

func TestMemberThatStopsPollingLosesItsPartitionsAndComesBack(t *testing.T) {
	b := newBroker(t)
	topic, group := newTopic(t, b, 1), fresh("group")
	produce(t, b, topic, 0, 10)
	zero := kafka.TopicPartition{Topic: topic, Partition: 0}
	holder := newMember(t, b, group, []string{topic}, "max.poll.interval.ms", "1000")
	idle := newMember(t, b, group, []string{topic}, "max.poll.interval.ms", "1000")
	await(t, "10 messages", func() bool { return count(holder)+count(idle) >= 10 })
	await(t, "a stable group", func() bool {
		// In this order: who owns what counts only once both are in the group.
		return slices.Equal(groupStates(t, b, group), []string{"Stable 2"}) && len(ownedOf(holder, idle)) == 1
	})
	if len(ownedOf(idle)) == 1 {
		holder, idle = idle, holder
	}
	holder.do(func(r *kafka.GroupReader) {
		idle.awaitOwned(1) // happens while we do not poll
		err := r.Commit(testContext(t), map[kafka.TopicPartition]kafka.OffsetAndMetadata{zero: {Offset: 3}})
		if !errors.Is(err, kafka.ErrFenced) {
			t.Errorf("commit of a member that was left behind: got %v, want ErrFenced", err)
		}
	})
	holder.awaitEvent("lost " + topic + "-0")
	offsets, err := newAdmin(t, b).GroupOffsets(testContext(t), group)
	if _, moved := offsets[zero]; moved || err != nil {
		t.Errorf("offsets after a fenced commit: got %v %v, want none", offsets, err)
	}
	idle.close(5 * time.Second)
	holder.awaitOwned(1)
}

func TestCommitOfAnOldGenerationIsFenced(t *testing.T) {
	b := newBroker(t)
	topic, group := newTopic(t, b, 1), fresh("group")
	produce(t, b, topic, 0, 10)
	zero := kafka.TopicPartition{Topic: topic, Partition: 0}
	m := newMember(t, b, group, []string{topic}, "heartbeat.interval.ms", "1000")
	m.awaitMessages(10)
	m.do(func(r *kafka.GroupReader) {
		removeMembers(t, b, group)
		err := r.Commit(testContext(t), map[kafka.TopicPartition]kafka.OffsetAndMetadata{zero: {Offset: 3}})
		if !errors.Is(err, kafka.ErrFenced) {
			t.Errorf("commit of a removed member: got %v, want ErrFenced", err)
		}
	})
	m.awaitEvent("lost " + topic + "-0")
	m.await("the partition again", func() bool { return len(m.owned) == 1 && len(m.events) == 3 })
	checkOrder(t, m.awaitMessages(20)[10:], 0) // nothing was committed
}

// Members of another client library share the group, whoever leads it.
func TestMembersOfAnotherClientShareTheGroup(t *testing.T) {
	balancers := map[string]kgo.GroupBalancer{
		"org.apache.kafka.clients.consumer.RangeAssignor":             kgo.RangeBalancer(),
		"org.apache.kafka.clients.consumer.CooperativeStickyAssignor": kgo.CooperativeStickyBalancer(),
	}
	for assignor, balancer := range balancers {
		for _, ourFirst := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, ours leads %v", assignor, ourFirst), func(t *testing.T) {
				b := newBroker(t)
				topic, group := newTopic(t, b, 4), fresh("group")
				var ours *member
				if ourFirst {
					ours = newMember(t, b, group, []string{topic}, "partition.assignment.strategy", assignor)
					ours.awaitOwned(4)
				}
				var theirs atomic.Int64
				client := otherClient(t, b, kgo.ConsumerGroup(group), kgo.ConsumeTopics(topic), kgo.Balancers(balancer), kgo.HeartbeatInterval(100*time.Millisecond),
					kgo.OnPartitionsAssigned(func(_ context.Context, _ *kgo.Client, added map[string][]int32) { theirs.Add(int64(len(added[topic]))) }),
					kgo.OnPartitionsRevoked(func(_ context.Context, _ *kgo.Client, gone map[string][]int32) { theirs.Add(-int64(len(gone[topic]))) }))
				if !ourFirst {
					await(t, "all partitions at the other client", func() bool { return theirs.Load() == 4 })
					ours = newMember(t, b, group, []string{topic}, "partition.assignment.strategy", assignor)
				}
				await(t, "two partitions each", func() bool { return theirs.Load() == 2 && len(ownedOf(ours)) == 2 })
				client.Close()
				ours.awaitOwned(4)
			})
		}
	}
}
