package integration

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"sluice/internal/kafka"
)

// record is one record of a topic. A nil key or value is an absent one.
type record struct {
	partition  int32
	offset     int64
	key, value []byte
}

func clientConfig() *sarama.Config {
	c := sarama.NewConfig()
	c.ClientID = "sluice-integration"
	c.Version = sarama.V2_8_0_0
	c.Consumer.Return.Errors = true
	c.Producer.Return.Successes = true
	c.Producer.RequiredAcks = sarama.WaitForAll
	c.Producer.Flush.Frequency = 5 * time.Millisecond
	c.Producer.Partitioner = sarama.NewMurmur2Partitioner
	return c
}

// kafkaAnswers reports whether a broker is there and knows its cluster.
func kafkaAnswers(addr string) error {
	config := clientConfig()
	config.Net.DialTimeout = time.Second
	config.Metadata.Retry.Max = 0
	client, err := sarama.NewClient([]string{addr}, config)
	if err != nil {
		return err
	}
	defer client.Close()
	_, err = client.RefreshController()
	return err
}

func mustClient(t *testing.T, addr string) sarama.Client {
	t.Helper()
	client, err := sarama.NewClient([]string{addr}, clientConfig())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

func mustAdmin(t *testing.T, addr string) sarama.ClusterAdmin {
	t.Helper()
	admin, err := sarama.NewClusterAdmin([]string{addr}, clientConfig())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { admin.Close() })
	return admin
}

func mustCreateTopic(t *testing.T, addr, topic string, partitions int32) {
	t.Helper()
	err := mustAdmin(t, addr).CreateTopic(topic, &sarama.TopicDetail{NumPartitions: partitions, ReplicationFactor: 1}, false)
	if err != nil {
		t.Fatalf("create topic %s: %v", topic, err)
	}
}

// deleteTopics returns when none of the topics is left.
func deleteTopics(t *testing.T, addr string, topics ...string) {
	t.Helper()
	admin := mustAdmin(t, addr)
	eventually(t, 30*time.Second, "delete topics", func() error {
		existing, err := admin.ListTopics()
		if err != nil {
			return err
		}
		for _, topic := range topics {
			if _, ok := existing[topic]; ok {
				if err := admin.DeleteTopic(topic); err != nil {
					return err
				}
				return fmt.Errorf("%s is still there", topic)
			}
		}
		return nil
	})
}

// produce writes records in the given order and waits until the broker has them. A record with a partition of -1 goes
// where its key's hash sends it.
func produce(t *testing.T, addr, topic string, records ...record) {
	t.Helper()
	config := clientConfig()
	config.Producer.Partitioner = func(topic string) sarama.Partitioner {
		return keyOrPartition{sarama.NewMurmur2Partitioner(topic)}
	}
	config.Net.MaxOpenRequests = 1 // a retried request must not overtake the next
	producer, err := sarama.NewAsyncProducer([]string{addr}, config)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for _, r := range records {
			m := &sarama.ProducerMessage{Topic: topic, Partition: r.partition}
			if r.key != nil {
				m.Key = sarama.ByteEncoder(r.key)
			}
			if r.value != nil {
				m.Value = sarama.ByteEncoder(r.value)
			}
			producer.Input() <- m
		}
		producer.AsyncClose()
	}()
	written := 0
	successes, failures := producer.Successes(), producer.Errors()
	for successes != nil || failures != nil {
		select {
		case _, ok := <-successes:
			if !ok {
				successes = nil
				continue
			}
			written++
		case e, ok := <-failures:
			if !ok {
				failures = nil
				continue
			}
			t.Errorf("produce to %s: %v", topic, e.Err)
		}
	}
	if written != len(records) {
		t.Fatalf("%d of %d records were written to %s", written, len(records), topic)
	}
}

// keyOrPartition sends a record to its partition, or by its key if the partition is -1.
type keyOrPartition struct{ sarama.Partitioner }

func (p keyOrPartition) Partition(m *sarama.ProducerMessage, n int32) (int32, error) {
	if m.Partition >= 0 {
		return m.Partition, nil
	}
	return p.Partitioner.Partition(m, n)
}

// endOffsets are the offsets after the last record of each partition.
func endOffsets(t *testing.T, client sarama.Client, topic string) map[int32]int64 {
	t.Helper()
	if err := client.RefreshMetadata(topic); err != nil {
		t.Fatalf("metadata of %s: %v", topic, err)
	}
	partitions, err := client.Partitions(topic)
	if err != nil {
		t.Fatalf("partitions of %s: %v", topic, err)
	}
	ends := map[int32]int64{}
	for _, p := range partitions {
		if ends[p], err = client.GetOffset(topic, p, sarama.OffsetNewest); err != nil {
			t.Fatalf("end of %s-%d: %v", topic, p, err)
		}
	}
	return ends
}

// readTopic reads every record that is committed in the topic now, partition by partition, in order. Not every offset
// has one: the end of a transaction takes an offset, too.
func readTopic(t *testing.T, addr, topic string) []record {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	reader, err := kafka.NewTopicReader(kafka.TopicReaderConfig{
		Properties: kafka.Properties{"bootstrap.servers": addr, "isolation.level": "read_committed"}, Topics: []string{topic},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if err := reader.Start(ctx); err != nil {
		t.Fatalf("read %s: %v", topic, err)
	}
	ends, err := reader.EndOffsets(ctx)
	if err != nil {
		t.Fatalf("ends of %s: %v", topic, err)
	}
	var all []record
	behind := func() bool {
		at := reader.Position()
		for tp, end := range ends {
			if at[tp] < end {
				return true
			}
		}
		return false
	}
	for behind() {
		messages, err := reader.Poll(ctx, 100*time.Millisecond)
		if err != nil {
			t.Fatalf("read %s: at %v of %v: %v", topic, reader.Position(), ends, err)
		}
		for _, m := range messages {
			all = append(all, record{partition: m.Partition, offset: m.Offset, key: m.Key, value: m.Value})
		}
	}
	slices.SortFunc(all, func(a, b record) int {
		return cmp.Or(cmp.Compare(a.partition, b.partition), cmp.Compare(a.offset, b.offset))
	})
	return all
}

// committed are the offsets a consumer group has committed for a topic; -1 where it has not.
func committed(t *testing.T, admin sarama.ClusterAdmin, group, topic string, partitions int32) map[int32]int64 {
	t.Helper()
	ask := map[string][]int32{}
	for p := range partitions {
		ask[topic] = append(ask[topic], p)
	}
	answer, err := admin.ListConsumerGroupOffsets(group, ask)
	if err != nil {
		t.Fatalf("offsets of group %s: %v", group, err)
	}
	offsets := map[int32]int64{}
	for p := range partitions {
		offsets[p] = -1
		if block := answer.GetBlock(topic, p); block != nil {
			offsets[p] = block.Offset
		}
	}
	return offsets
}
