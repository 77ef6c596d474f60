package kafka

import (
	"sync"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// offsetDeletes repairs OffsetDelete. Kafka tells of partitions that do not exist, and a group without members ends to exist with its last
// offset, so that the next request gets GROUP_ID_NOT_FOUND; kfake knows neither.
//
// Kafka: KafkaApis.handleOffsetDeleteRequest, GroupMetadataManager.cleanupGroupMetadata.
type offsetDeletes struct {
	cluster *kfake.Cluster

	mu sync.Mutex // guards the fields below
	// bare are the groups that exist through their offsets alone: they had no member since they were made or lost their last offset.
	bare map[string]bool
	// faults answer for the partitions of the last request that do not exist.
	faults *kfake.FaultHandle
}

func (d *offsetDeletes) install() {
	d.bare = map[string]bool{}
	d.cluster.ControlKey(int16(kmsg.JoinGroup), func(req kmsg.Request) (kmsg.Response, error, bool) {
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(d.bare, req.(*kmsg.JoinGroupRequest).Group)
		return nil, nil, false
	})
	d.cluster.ControlKey(int16(kmsg.OffsetCommit), func(req kmsg.Request) (kmsg.Response, error, bool) {
		if group := req.(*kmsg.OffsetCommitRequest).Group; d.cluster.GroupInfo(group) == nil {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.bare[group] = true
		}
		return nil, nil, false
	})
	d.cluster.ControlKey(int16(kmsg.OffsetDelete), func(req kmsg.Request) (kmsg.Response, error, bool) {
		resp := d.handle(req.(*kmsg.OffsetDeleteRequest))
		if resp == nil {
			return nil, nil, false
		}
		d.cluster.KeepControl()
		return resp, nil, true
	})
}

// handle answers for a group that Kafka would not know any more. nil means that kfake may answer, with the faults for what does not exist.
func (d *offsetDeletes) handle(req *kmsg.OffsetDeleteRequest) kmsg.Response {
	info := d.cluster.GroupInfo(req.Group)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.faults != nil {
		d.faults.Remove()
		d.faults = nil
	}
	if info == nil {
		return nil
	}
	if d.bare[req.Group] && len(info.Members) == 0 && offsetCount(info.Commits) == 0 {
		resp := req.ResponseKind().(*kmsg.OffsetDeleteResponse)
		resp.ErrorCode = kerr.GroupIDNotFound.Code
		return resp
	}
	var unknown []kfake.Fault
	left := offsetCount(info.Commits)
	for _, t := range req.Topics {
		topic := d.cluster.TopicInfo(t.Topic)
		for _, p := range t.Partitions {
			if _, committed := info.Commits[t.Topic][p.Partition]; committed {
				left--
			}
			if topic == nil || d.cluster.PartitionInfo(t.Topic, p.Partition) == nil {
				unknown = append(unknown, kfake.Fault{
					Keys: []kmsg.Key{kmsg.OffsetDelete}, Group: req.Group, Topic: t.Topic, Partitions: []int32{p.Partition},
					Err: kerr.UnknownTopicOrPartition, When: func(r kmsg.Request) bool { return r == kmsg.Request(req) },
				})
			}
		}
	}
	if len(info.Members) == 0 && left == 0 {
		d.bare[req.Group] = true
	}
	if len(unknown) > 0 {
		d.faults = d.cluster.Fault(unknown...)
	}
	return nil
}

func offsetCount(commits map[string]map[int32]kfake.GroupCommit) int {
	n := 0
	for _, partitions := range commits {
		n += len(partitions)
	}
	return n
}
