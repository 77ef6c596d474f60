package kafka

import (
	"math"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// limitByPartition makes sure that an answer to a read_committed reader says which transactions were aborted. kfake leaves that out for the
// partition at which an answer reaches the request's MaxBytes, so that a reader that asks for little takes aborted records for committed ones;
// where a partition's own limit ends the answer, it does not. So the limit of the request becomes one of its partitions.
//
// Kafka: ReplicaManager.readFromLog, UnifiedLog.read, where each partition has its aborted transactions.
func limitByPartition(req *kmsg.FetchRequest, c *kfake.Cluster) {
	const readCommitted = 1
	if req.IsolationLevel != readCommitted {
		return
	}
	limit := req.MaxBytes
	req.MaxBytes = math.MaxInt32
	if req.SessionEpoch != -1 {
		return // the partitions, and their limits, are those of earlier requests, too
	}
	var with, all int32 // partitions that have something
	for _, t := range req.Topics {
		topic := t.Topic
		if req.Version >= 13 { // topics go by their ids
			if info := c.TopicIDInfo(t.TopicID); info != nil {
				topic = info.Topic
			}
		}
		for _, p := range t.Partitions {
			all++
			if info := c.PartitionInfo(topic, p.Partition); info != nil && p.FetchOffset < info.LastStableOffset {
				with++
			}
		}
	}
	if with == 0 {
		with = all // what comes while the request waits
	}
	for i := range req.Topics {
		for j := range req.Topics[i].Partitions {
			p := &req.Topics[i].Partitions[j]
			p.PartitionMaxBytes = min(p.PartitionMaxBytes, limit/with)
		}
	}
}
