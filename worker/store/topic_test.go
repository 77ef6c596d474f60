package store_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/uuid"
	"go.uber.org/goleak"

	embedded "sluice/internal/embedded/kafka"
	"sluice/internal/kafka"
	"sluice/worker/store"
)

func TestMain(m *testing.M) {
	// go-metrics, which sarama counts with, starts one ticker per process and never stops it.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/rcrowley/go-metrics.(*meterArbiter).tick"))
}

// newBroker returns the address of kfake, or of the real broker that SLUICE_TEST_KAFKA names.
func newBroker(t *testing.T) string {
	t.Helper()
	if addr := os.Getenv("SLUICE_TEST_KAFKA"); addr != "" {
		return addr
	}
	b, err := embedded.New(embedded.Options{Addr: "127.0.0.1:0"})
	must(t, err)
	must(t, b.Start(t.Context()))
	t.Cleanup(func() { b.Close() })
	return b.Addr()
}

func newTopic(bootstrap, name string) store.Topic {
	return store.Topic{
		Name: fmt.Sprintf("%s-%s", name, uuid.NewString()[:8]), Partitions: 5, ReplicationFactor: 1,
		Reader: kafka.Properties{"bootstrap.servers": bootstrap, "client.id": "test-" + name},
	}
}

// topics is a medium of Kafka topics that are made by the first store that starts.
func topics(bootstrap string) func(t *testing.T) medium {
	return func(t *testing.T) medium {
		configs, statuses := newTopic(bootstrap, "configs"), newTopic(bootstrap, "status")
		return medium{
			configs: func(t *testing.T) *store.ConfigStore {
				s, err := store.NewTopicConfigStore(configs, nil)
				must(t, err)
				return s
			},
			statuses: func(t *testing.T) *store.StatusStore {
				s, err := store.NewTopicStatusStore(statuses, nil)
				must(t, err)
				return s
			},
			appendConfig: func(t *testing.T, key, value string) {
				p, err := kafka.NewProducer(kafka.ProducerConfig{Properties: kafka.Properties{"bootstrap.servers": bootstrap}})
				must(t, err)
				must(t, p.Start(t.Context()))
				must(t, p.Send(t.Context(), kafka.OutRecord{Topic: configs.Name, Partition: 0, Key: []byte(key), Value: []byte(value)}))
				must(t, p.Close(t.Context()))
			},
		}
	}
}

func TestTopicStores(t *testing.T) {
	bootstrap := newBroker(t)
	t.Run("configs", func(t *testing.T) { configContract(t, topics(bootstrap)) })
	t.Run("statuses", func(t *testing.T) { statusContract(t, topics(bootstrap)) })
}

func TestTopicsAreMadeAsJavaMakesThem(t *testing.T) {
	ctx, bootstrap := t.Context(), newBroker(t)
	admin, err := kafka.NewAdmin(kafka.AdminConfig{Properties: kafka.Properties{"bootstrap.servers": bootstrap}})
	must(t, err)
	t.Cleanup(func() { admin.Close() })
	partitions := func(topic store.Topic) int32 {
		t.Helper()
		n, err := admin.PartitionCount(ctx, topic.Name)
		must(t, err)
		return n
	}

	configs := newTopic(bootstrap, "configs") // its 5 partitions are ignored
	cs, err := store.NewTopicConfigStore(configs, nil)
	must(t, err)
	must(t, cs.Start(ctx, nil))
	t.Cleanup(func() { closeStore(t, cs) })
	if got := partitions(configs); got != 1 {
		t.Errorf("config topic has %d partitions, want 1", got)
	}

	offsets := newTopic(bootstrap, "offsets")
	offsets.Partitions = 25
	ot, err := store.NewOffsetsTopic(offsets, nil)
	must(t, err)
	for range 2 { // made, then found
		must(t, ot.Ensure(ctx))
	}
	if got := partitions(offsets); got != 25 {
		t.Errorf("offsets topic has %d partitions, want 25", got)
	}
}

func TestUnsuitableTopicsAreRefused(t *testing.T) {
	ctx, bootstrap := t.Context(), newBroker(t)
	admin, err := kafka.NewAdmin(kafka.AdminConfig{Properties: kafka.Properties{"bootstrap.servers": bootstrap}})
	must(t, err)
	t.Cleanup(func() { admin.Close() })

	wide := newTopic(bootstrap, "configs")
	_, err = admin.CreateTopic(ctx, kafka.TopicSpec{Name: wide.Name, Partitions: 2, ReplicationFactor: 1, Configs: map[string]string{"cleanup.policy": "compact"}})
	must(t, err)
	cs, err := store.NewTopicConfigStore(wide, nil)
	must(t, err)
	var policy *kafka.TopicPolicyError
	if err := cs.Start(ctx, nil); !errors.As(err, &policy) || policy.Topic != wide.Name {
		t.Errorf("config topic of two partitions: %v", err)
	}

	deleting := newTopic(bootstrap, "status")
	_, err = admin.CreateTopic(ctx, kafka.TopicSpec{Name: deleting.Name, Partitions: 5, ReplicationFactor: 1, Configs: map[string]string{"cleanup.policy": "delete"}})
	must(t, err)
	ss, err := store.NewTopicStatusStore(deleting, nil)
	must(t, err)
	if err := ss.Start(ctx); !errors.As(err, &policy) || policy.Topic != deleting.Name {
		t.Errorf("status topic that is not compacted: %v", err)
	}
}

func TestBadClientPropertiesShowWithoutConnecting(t *testing.T) {
	topic := newTopic("localhost:1", "configs")
	topic.Reader["security.protocol"] = "TLS"
	if _, err := store.NewTopicConfigStore(topic, nil); err == nil || !strings.Contains(err.Error(), "security.protocol") {
		t.Errorf("error %v, want one that names security.protocol", err)
	}
}
