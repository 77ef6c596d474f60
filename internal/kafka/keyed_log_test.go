package kafka_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"sluice/internal/kafka"
)

// newLog opens a keyed log on topic; state returns what OnRecord has seen so far.
func newLog(t *testing.T, b testBroker, cfg kafka.KeyedLogConfig) (log *kafka.KeyedLog, state func() map[string]string) {
	t.Helper()
	var mu sync.Mutex
	seen := make(map[string]string)
	cfg.Properties = b.properties()
	cfg.Logger = testLogger(t)
	cfg.OnRecord = func(m kafka.Message) {
		mu.Lock()
		defer mu.Unlock()
		if m.Value == nil {
			delete(seen, string(m.Key))
			return
		}
		seen[string(m.Key)] = string(m.Value)
	}
	log, err := kafka.NewKeyedLog(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := log.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	return log, func() map[string]string {
		mu.Lock()
		defer mu.Unlock()
		copied := make(map[string]string)
		for k, v := range seen {
			copied[k] = v
		}
		return copied
	}
}

func TestKeyedLogCreatesItsTopicAndReadsBackWhatItWrote(t *testing.T) {
	b := newBroker(t)
	ctx := testContext(t)
	topic := fresh("log")
	log, state := newLog(t, b, kafka.KeyedLogConfig{Topic: topic, Partitions: 3, ReplicationFactor: 1, TopicConfigs: map[string]string{"retention.ms": "-1"}})
	if err := log.Start(ctx); err != nil {
		t.Fatal(err)
	}
	for key, value := range map[string]string{"a": "1", "b": "2", "c": "3"} {
		if err := log.Send(ctx, key, []byte(value)); err != nil {
			t.Fatal(err)
		}
	}
	if err := log.Send(ctx, "b", nil); err != nil {
		t.Fatal(err)
	}
	if err := log.ReadToEnd(ctx); err != nil {
		t.Fatal(err)
	}
	if got := state(); len(got) != 2 || got["a"] != "1" || got["c"] != "3" {
		t.Errorf("after a tombstone for b: got %v, want a=1 c=3", got)
	}

	// A second reader finds the same at its start, and follows.
	other, otherState := newLog(t, b, kafka.KeyedLogConfig{Topic: topic})
	if err := other.Start(ctx); err != nil {
		t.Fatal(err)
	}
	if got := otherState(); len(got) != 2 || got["a"] != "1" || got["c"] != "3" {
		t.Errorf("second reader after start: got %v, want a=1 c=3", got)
	}
	if err := log.Send(ctx, "d", []byte("4")); err != nil {
		t.Fatal(err)
	}
	if err := other.ReadToEnd(ctx); err != nil {
		t.Fatal(err)
	}
	if got := otherState()["d"]; got != "4" {
		t.Errorf("second reader after a write of the first: got %q, want 4", got)
	}
	if n, err := newAdmin(t, b).PartitionCount(ctx, topic); err != nil || n != 3 {
		t.Errorf("partitions: got %d %v, want 3", n, err)
	}
}

func TestKeyedLogRefusesTopicsThatLoseRecords(t *testing.T) {
	b := newBroker(t)
	for _, policy := range []string{"delete", "compact,delete"} {
		topic := newTopic(t, b, 1, "cleanup.policy", policy)
		log, _ := newLog(t, b, kafka.KeyedLogConfig{Topic: topic})
		var refused *kafka.TopicPolicyError
		if err := log.Start(testContext(t)); !errors.As(err, &refused) || refused.Topic != topic {
			t.Errorf("policy %q: got %v, want a TopicPolicyError", policy, err)
		}
	}
	topic := newTopic(t, b, 2, "cleanup.policy", "compact")
	log, _ := newLog(t, b, kafka.KeyedLogConfig{Topic: topic, MaxPartitions: 1})
	var refused *kafka.TopicPolicyError
	if err := log.Start(testContext(t)); !errors.As(err, &refused) {
		t.Errorf("two partitions where one is allowed: got %v, want a TopicPolicyError", err)
	}
}
