package kafka_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"sluice/internal/kafka"
)

// newPatternMember starts a member that reads all topics with a prefix, and looks for them often.
func newPatternMember(t *testing.T, b testBroker, group, prefix string, pairs ...string) *member {
	t.Helper()
	match := func(topic string) (bool, error) { return strings.HasPrefix(topic, prefix), nil }
	return newMemberOf(t, b, group, kafka.GroupReaderConfig{Match: match}, append([]string{"metadata.max.age.ms", "200"}, pairs...)...)
}

func createTopic(t *testing.T, b testBroker, name string, partitions int32) {
	t.Helper()
	spec := kafka.TopicSpec{Name: name, Partitions: partitions, ReplicationFactor: 1}
	if created, err := newAdmin(t, b).CreateTopic(testContext(t), spec); err != nil || !created {
		t.Fatalf("create topic %s: created=%v err=%v", name, created, err)
	}
}

func deleteTopic(t *testing.T, b testBroker, name string) {
	t.Helper()
	req := kmsg.NewPtrDeleteTopicsRequest()
	req.TimeoutMillis = 10_000
	req.TopicNames = []string{name}
	topic := kmsg.NewDeleteTopicsRequestTopic()
	topic.Topic = &name
	req.Topics = append(req.Topics, topic)
	resp, err := req.RequestWith(testContext(t), otherClient(t, b))
	if err != nil || kerr.ErrorForCode(resp.Topics[0].ErrorCode) != nil {
		t.Fatalf("delete topic %s: %v %+v", name, err, resp)
	}
}

func TestPatternFollowsTopicsAsTheyComeGrowAndGo(t *testing.T) {
	for name, assignor := range assignors {
		t.Run(name, func(t *testing.T) {
			b := newBroker(t)
			group, prefix := fresh("group"), fresh("orders")
			m := newPatternMember(t, b, group, prefix, "partition.assignment.strategy", assignor)
			await(t, "a member without partitions", func() bool { return groupStates(t, b, group)[0] == "Stable 1" })
			createTopic(t, b, prefix+".eu", 2)
			m.awaitOwned(2)
			createTopic(t, b, "not-"+prefix, 1)
			createTopic(t, b, prefix+".us", 1)
			m.awaitOwned(3)
			addPartitions(t, b, prefix+".us", 2)
			m.awaitOwned(4)
			produce(t, b, prefix+".us", 1, 5)
			checkOrder(t, m.awaitMessages(5), 0)

			second := newPatternMember(t, b, group, prefix, "partition.assignment.strategy", assignor)
			await(t, "two partitions each", func() bool { return len(ownedOf(m)) == 2 && len(ownedOf(second)) == 2 })
			deleteTopic(t, b, prefix+".eu")
			await(t, "one partition each", func() bool { return len(ownedOf(m)) == 1 && len(ownedOf(second)) == 1 })
		})
	}
}

// Members of one group may subscribe to different topics; the leader deals out the union, to each what it wants.
func TestMembersSubscribeToDifferentTopics(t *testing.T) {
	b := newBroker(t)
	group, prefix := fresh("group"), fresh("orders")
	createTopic(t, b, prefix+".eu", 2)
	createTopic(t, b, prefix+".us", 2)
	named := newMember(t, b, group, []string{prefix + ".eu"})
	named.awaitOwned(2)
	all := newPatternMember(t, b, group, prefix)
	await(t, "three partitions for the pattern and one for the name", func() bool { return len(ownedOf(all)) == 3 && len(ownedOf(named)) == 1 })
	createTopic(t, b, prefix+".as", 1)
	await(t, "the new topic for the pattern", func() bool {
		return ownedOf(all)[kafka.TopicPartition{Topic: prefix + ".as"}] != "" && len(ownedOf(named)) == 1
	})
}

// The brokers' own topics match no pattern unless exclude.internal.topics is false.
func TestPatternLeavesInternalTopicsOut(t *testing.T) {
	b := newBroker(t)
	const internal = "__consumer_offsets"
	if b.fake != nil {
		t.Skip("kfake has no topics of its own: set SLUICE_TEST_KAFKA to the address of a broker that has")
	}
	match := func(topic string) (bool, error) { return topic == internal, nil }
	out := newMemberOf(t, b, fresh("group"), kafka.GroupReaderConfig{Match: match})
	in := newMemberOf(t, b, fresh("group"), kafka.GroupReaderConfig{Match: match}, "exclude.internal.topics", "false")
	in.await("a partition of "+internal, func() bool { return len(in.owned) > 0 })
	if got := out.eventList(); len(got) > 0 {
		t.Errorf("got %q without exclude.internal.topics=false, want nothing", got)
	}
}

func TestPatternThatCannotBeTriedEndsTheReader(t *testing.T) {
	b := newBroker(t)
	newTopic(t, b, 1)
	group, cause := fresh("group"), errors.New("it takes too long")
	m := newMemberOf(t, b, group, kafka.GroupReaderConfig{Match: func(string) (bool, error) { return false, cause }})
	<-m.finished
	if !errors.Is(m.err, cause) || kafka.IsRetriable(m.err) || !strings.Contains(m.err.Error(), group) {
		t.Errorf("got %v, want a final error with the group and the cause", m.err)
	}
}

func TestGroupReaderTakesTopicsOrAPattern(t *testing.T) {
	match := func(string) (bool, error) { return true, nil }
	for name, cfg := range map[string]kafka.GroupReaderConfig{"neither": {}, "both": {Topics: []string{"t"}, Match: match}} {
		cfg.Properties = kafka.Properties{"bootstrap.servers": "127.0.0.1:1", "group.id": "g"}
		if _, err := kafka.NewGroupReader(cfg); err == nil || !strings.Contains(err.Error(), `"g"`) {
			t.Errorf("%s: got %v, want an error that names the group", name, err)
		}
	}
}
