package kafka_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/internal/kafka"
)

func TestAdminTopics(t *testing.T) {
	b := newBroker(t)
	ctx, a := testContext(t), newAdmin(t, b)
	if id, err := a.ClusterID(ctx); err != nil || len(id) != 22 {
		t.Errorf("cluster id: got %q %v, want 22 characters", id, err)
	}
	topic := fresh("topic")
	spec := kafka.TopicSpec{Name: topic, Partitions: 3, ReplicationFactor: 1, Configs: map[string]string{"cleanup.policy": "compact"}}
	if created, err := a.CreateTopic(ctx, spec); err != nil || !created {
		t.Fatalf("create: got %v %v, want true", created, err)
	}
	if created, err := a.CreateTopic(ctx, spec); err != nil || created {
		t.Errorf("create again: got %v %v, want false", created, err)
	}
	if topics, err := a.Topics(ctx); err != nil || !slices.Contains(topics, topic) || !slices.IsSorted(topics) {
		t.Errorf("topics: got %v %v", topics, err)
	}
	if n, err := a.PartitionCount(ctx, topic); err != nil || n != 3 {
		t.Errorf("partitions: got %d %v, want 3", n, err)
	}
	byDefault := kafka.TopicSpec{Name: fresh("default"), Partitions: -1, ReplicationFactor: -1}
	if created, err := a.CreateTopic(ctx, byDefault); err != nil || !created {
		t.Errorf("create with the broker's defaults: got %v %v", created, err)
	}
	for name, bad := range map[string]struct {
		spec  kafka.TopicSpec
		class string
	}{
		"too many replicas": {kafka.TopicSpec{Name: fresh("bad"), Partitions: 1, ReplicationFactor: 99}, "InvalidReplicationFactorException"},
		"unknown policy":    {kafka.TopicSpec{Name: fresh("bad"), Partitions: 1, ReplicationFactor: 1, Configs: map[string]string{"cleanup.policy": "shrink"}}, "InvalidConfigurationException"},
		"unknown config":    {kafka.TopicSpec{Name: fresh("bad"), Partitions: 1, ReplicationFactor: 1, Configs: map[string]string{"cleanup": "delete"}}, "InvalidConfigurationException"},
		"not a number":      {kafka.TopicSpec{Name: fresh("bad"), Partitions: 1, ReplicationFactor: 1, Configs: map[string]string{"retention.ms": "soon"}}, "InvalidConfigurationException"},
	} {
		created, err := a.CreateTopic(ctx, bad.spec)
		if err == nil || created || kafka.IsRetriable(err) || !strings.Contains(err.Error(), bad.spec.Name) {
			t.Errorf("%s: got %v %v, want a final error that names the topic", name, created, err)
		}
		var refused *kafka.BrokerError
		if !errors.As(err, &refused) || refused.JavaClass() != "org.apache.kafka.common.errors."+bad.class {
			t.Errorf("%s: got %v, want what Java knows as %s", name, err, bad.class)
		}
	}
	missing := fresh("missing")
	var unknown *kafka.UnknownTopicError
	if _, err := a.PartitionCount(ctx, missing); !errors.As(err, &unknown) || unknown.Topic != missing {
		t.Errorf("partitions of a missing topic: got %v", err)
	}
	if _, err := a.EndOffsets(ctx, missing); !errors.As(err, &unknown) {
		t.Errorf("end offsets of a missing topic: got %v", err)
	}
}

func TestAdminOffsets(t *testing.T) {
	b := newBroker(t)
	ctx, a := testContext(t), newAdmin(t, b)
	topic := newTopic(t, b, 2)
	produce(t, b, topic, 1, 5)
	zero, one := kafka.TopicPartition{Topic: topic, Partition: 0}, kafka.TopicPartition{Topic: topic, Partition: 1}
	ends, err := a.EndOffsets(ctx, topic)
	if want := (map[kafka.TopicPartition]int64{zero: 0, one: 5}); err != nil || !maps.Equal(ends, want) {
		t.Errorf("end offsets: got %v %v, want %v", ends, err, want)
	}
	starts, err := a.EarliestOffsets(ctx, topic)
	if want := (map[kafka.TopicPartition]int64{zero: 0, one: 0}); err != nil || !maps.Equal(starts, want) {
		t.Errorf("earliest offsets: got %v %v, want %v", starts, err, want)
	}
}

func TestAdminGroups(t *testing.T) {
	b := newBroker(t)
	ctx, a := testContext(t), newAdmin(t, b)
	topic, group := newTopic(t, b, 2), fresh("group")
	zero, one := kafka.TopicPartition{Topic: topic, Partition: 0}, kafka.TopicPartition{Topic: topic, Partition: 1}
	offsets := func() map[kafka.TopicPartition]kafka.OffsetAndMetadata {
		t.Helper()
		got, err := a.GroupOffsets(ctx, group)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if got := offsets(); len(got) != 0 {
		t.Errorf("a group that does not exist: got %v, want nothing", got)
	}
	if err := a.DeleteGroup(ctx, group); !errors.Is(err, kafka.ErrGroupNotFound) {
		t.Errorf("delete a group that does not exist: %v", err)
	}
	if err := a.DeleteGroupOffsets(ctx, group, []kafka.TopicPartition{zero}); !errors.Is(err, kafka.ErrGroupNotFound) {
		t.Errorf("delete offsets of a group that does not exist: %v", err)
	}
	want := map[kafka.TopicPartition]kafka.OffsetAndMetadata{zero: {Offset: 3, Metadata: "m"}, one: {Offset: 4}}
	if err := a.AlterGroupOffsets(ctx, group, want); err != nil {
		t.Fatal(err)
	}
	if got := offsets(); !maps.Equal(got, want) {
		t.Errorf("offsets: got %v, want %v", got, want)
	}
	if err := a.DeleteGroupOffsets(ctx, group, []kafka.TopicPartition{zero}); err != nil {
		t.Fatal(err)
	}
	delete(want, zero)
	if got := offsets(); !maps.Equal(got, want) {
		t.Errorf("offsets after deleting one: got %v, want %v", got, want)
	}

	// What is wrong with one partition does not keep the others from being changed, and is told at once.
	unknown := kafka.TopicPartition{Topic: topic, Partition: 9}
	began := time.Now()
	if err := a.AlterGroupOffsets(ctx, group, map[kafka.TopicPartition]kafka.OffsetAndMetadata{one: {Offset: 5}, unknown: {Offset: 1}}); err == nil || errors.Is(err, kafka.ErrGroupHasMembers) {
		t.Errorf("alter the offset of a partition that does not exist: got %v", err)
	}
	want[one] = kafka.OffsetAndMetadata{Offset: 5}
	if got := offsets(); !maps.Equal(got, want) {
		t.Errorf("offsets after altering one of two: got %v, want %v", got, want)
	}
	if err := a.DeleteGroupOffsets(ctx, group, []kafka.TopicPartition{zero, unknown}); err == nil {
		t.Error("delete the offset of a partition that does not exist: got no error")
	}
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("three answers took %v: they must not be waited for to change", took)
	}

	m := newMember(t, b, group, []string{topic})
	m.awaitOwned(2)
	if err := a.AlterGroupOffsets(ctx, group, want); !errors.Is(err, kafka.ErrGroupHasMembers) || !strings.Contains(err.Error(), group) {
		t.Errorf("alter offsets of a group with members: got %v, want %v", err, kafka.ErrGroupHasMembers)
	}
	if err := a.DeleteGroupOffsets(ctx, group, []kafka.TopicPartition{one}); !errors.Is(err, kafka.ErrGroupHasMembers) {
		t.Errorf("delete offsets of a group with members: got %v, want %v", err, kafka.ErrGroupHasMembers)
	}
	if err := a.DeleteGroup(ctx, group); !errors.Is(err, kafka.ErrGroupHasMembers) {
		t.Errorf("delete a group with members: got %v, want %v", err, kafka.ErrGroupHasMembers)
	}
	m.close(5e9)
	if err := a.DeleteGroup(ctx, group); err != nil {
		t.Fatal(err)
	}
	if got := offsets(); len(got) != 0 {
		t.Errorf("offsets of the deleted group: got %v, want nothing", got)
	}

	// A group without members exists for as long as it has offsets.
	if err := a.AlterGroupOffsets(ctx, group, map[kafka.TopicPartition]kafka.OffsetAndMetadata{zero: {Offset: 1}}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []error{nil, kafka.ErrGroupNotFound} {
		if err := a.DeleteGroupOffsets(ctx, group, []kafka.TopicPartition{zero}); !errors.Is(err, want) {
			t.Errorf("delete the last offset of a group: got %v, want %v", err, want)
		}
	}
}
