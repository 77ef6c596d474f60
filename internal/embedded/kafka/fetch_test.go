package kafka_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"sluice/internal/embedded/kafka"
)

// transact writes a record of so many bytes to a partition in a transaction of its own.
func transact(t *testing.T, cl *kgo.Client, topic string, partition int32, size int, end kgo.TransactionEndTry) {
	t.Helper()
	if err := cl.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	record := &kgo.Record{Topic: topic, Partition: partition, Value: bytes.Repeat([]byte("v"), size)}
	if err := cl.ProduceSync(testContext(t), record).FirstErr(); err != nil {
		t.Fatal(err)
	}
	if err := cl.EndTransaction(testContext(t), end); err != nil {
		t.Fatal(err)
	}
}

// A reader with read_committed is told of aborted transactions however little it asks for at a time.
func TestFetchesNameAbortedTransactionsWhateverTheirLimit(t *testing.T) {
	const size, rounds = 1000, 6
	b := start(t, kafka.Options{Partitions: 2})
	id := createTopic(t, b, "t").TopicID
	writer := client(t, b, kgo.TransactionalID("writer"), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerBatchCompression(kgo.NoCompression()))
	for range rounds {
		for partition := range int32(2) {
			transact(t, writer, "t", partition, size, kgo.TryAbort)
			transact(t, writer, "t", partition, size, kgo.TryCommit)
		}
	}
	cl := client(t, b)
	for _, limit := range []int32{1, size / 2, 2 * size, 3 * size, 5 * size, 50 * size} {
		t.Run(fmt.Sprintf("limit %d", limit), func(t *testing.T) {
			req := kmsg.NewPtrFetchRequest()
			req.MaxBytes, req.IsolationLevel, req.MaxWaitMillis = limit, 1, 10
			topic := kmsg.NewFetchRequestTopic()
			topic.Topic, topic.TopicID = "t", id
			for partition := range int32(2) {
				p := kmsg.NewFetchRequestTopicPartition()
				p.Partition, p.PartitionMaxBytes = partition, 1<<20
				topic.Partitions = append(topic.Partitions, p)
			}
			req.Topics = append(req.Topics, topic)
			resp, err := req.RequestWith(testContext(t), cl)
			if err != nil || resp.ErrorCode != 0 {
				t.Fatalf("fetch: %v, code %d", err, resp.ErrorCode)
			}
			got := 0
			for _, p := range resp.Topics[0].Partitions {
				got += len(p.RecordBatches)
				if len(p.RecordBatches) > 0 && (len(p.AbortedTransactions) == 0 || p.AbortedTransactions[0].FirstOffset != 0) {
					t.Errorf("partition %d: %d bytes, of which the first are aborted, with the aborted transactions %v", p.Partition, len(p.RecordBatches), p.AbortedTransactions)
				}
			}
			if got == 0 || got > max(int(limit), 2*size) {
				t.Errorf("got %d bytes", got)
			}
		})
	}
}
